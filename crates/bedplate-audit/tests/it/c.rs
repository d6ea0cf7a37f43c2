//! Rules and traps in C and C++.

use bedplate_audit::Class;

use crate::assert_class;

#[test]
fn a_counter_that_is_printed_is_telemetry() {
    let text = "static _Atomic(size_t) calls;\nvoid hit(void) { atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed); }\n\
        void show(void) { printf(\"%zu\", atomic_load_explicit(&calls, memory_order_relaxed)); }\n";
    assert_class("a.c", text, "calls", Class::Telemetry);
}

#[test]
fn a_counter_that_decides_is_correctness() {
    let text = "static mi_decl_cache_align _Atomic(size_t)count;\nvoid hit(void) { mi_atomic_increment_relaxed(&count); }\n\
        void f(void) { if mi_likely(mi_atomic_load_relaxed(&count) > 1) { commit(); } }\n";
    assert_class("a.c", text, "count", Class::Correctness);
}

#[test]
fn a_plain_field_is_a_location_by_its_operations() {
    let text = "struct stats_s { long total; };\nvoid add(struct stats_s* s) { __atomic_fetch_add(&s->total, 1, __ATOMIC_RELAXED); }\n\
        void show(struct stats_s* s) { printf(\"%ld\", s->total); }\n";
    assert_class("a.c", text, "total", Class::Telemetry);
}

#[test]
fn a_pointer_is_correctness() {
    let text = "static _Atomic(void*) hook;\nvoid set(void* f) { atomic_store_explicit(&hook, f, memory_order_release); }\n\
        void* get(void) { return atomic_load_explicit(&hook, memory_order_acquire); }\n";
    assert_class("a.c", text, "hook", Class::Correctness);
}

#[test]
fn a_limit_of_messages_is_diagnostic() {
    let text = "static _Atomic(size_t) warnings;\nvoid warning_message(const char* fmt) {\n\
        if (mi_atomic_increment_acq_rel(&warnings) > 16) return;\n  fprintf(stderr, \"%s\", fmt);\n}\n";
    assert_class("a.c", text, "warnings", Class::DiagControl);
}

#[test]
fn an_implicit_load_in_cpp_is_a_read() {
    let text = "#include <atomic>\nstatic std::atomic<int> level;\nvoid f() { if (level > 3) { stop(); } }\nvoid g() { level++; }\n";
    assert_class("a.cpp", text, "level", Class::Correctness);
}

#[test]
fn the_value_of_a_macro_is_followed_out_of_it() {
    let text = "#define LARGER(a, b) ((a) > (b) ? (a) : (b))\n\
        struct link { _Atomic(long) last; };\n\
        void heard(struct link *l) { atomic_store(&l->last, now()); }\n\
        static void check(struct link *l) {\n\
        long last = LARGER(0, atomic_load(&l->last));\n\
        if (last < 10) return;\n hang_up(l); }\n";
    assert_class("a.c", text, "link.last", Class::Correctness);
}

#[test]
fn a_structure_named_by_its_member_alone_holds_its_fields() {
    let text = "struct link { struct { _Atomic(long) sent; } counts; };\n\
        void send(struct link *l) { atomic_fetch_add(&l->counts.sent, 1); }\n\
        void show(struct link *l) { printf(\"%ld\", atomic_load(&l->counts.sent)); }\n";
    assert_class("a.c", text, "counts.sent", Class::Telemetry);
}

#[test]
fn a_message_without_a_text_is_no_diagnostic() {
    let text = "static _Atomic(long) open;\n\
        void on(void) { atomic_fetch_add(&open, 1); }\n\
        void off(void *m) { if (atomic_load(&open) > 3) free_message(m); }\n";
    assert_class("a.c", text, "open", Class::Correctness);
}

#[test]
fn what_a_function_about_messages_returns_is_followed() {
    let text = "static _Atomic(long) open;\n\
        void on(void) { atomic_fetch_add(&open, 1); }\n\
        static int may_print(void) { return atomic_load(&open) > 3; }\n\
        void put(void *m) { if (may_print()) enqueue(m); }\n";
    assert_class("a.c", text, "open", Class::Correctness);
}

#[test]
fn what_is_returned_to_callers_by_address_is_unknown() {
    let text = "static _Atomic(long) ready;\n\
        void on(void) { atomic_fetch_add(&ready, 1); }\n\
        static int is_ready(void) { return atomic_load(&ready) > 0; }\n\
        struct provider p = { .ready = is_ready };\n";
    assert_class("a.c", text, "ready", Class::Unknown);
}

#[test]
fn a_setter_that_answers_the_old_value_decides() {
    let text = "typedef struct { int v; } my_atomic32_t;\nstruct s { my_atomic32_t once; };\n\
        void reset(struct s *s) { my_atomic32_set(&s->once, 0); }\n\
        void start(struct s *s) { if (my_atomic32_set(&s->once, 1) == 0) begin(s); }\n";
    assert_class("a.c", text, "s.once", Class::Correctness);
}

#[test]
fn a_loop_that_waits_decides_whatever_it_says_meanwhile() {
    let text = "static atomic_int ready;\nvoid done(void) { atomic_fetch_add(&ready, 1); }\n\
        void wait_all(int n) { while (atomic_load(&ready) < n) { fprintf(stderr, \"waiting\\n\"); } }\n";
    assert_class("a.c", text, "ready", Class::Correctness);
}

#[test]
fn a_function_of_the_tree_is_no_message_by_its_name() {
    let text = "static atomic_int level;\nstatic void debug(int n) { if (n > 3) abort(); }\n\
        void f(void) { atomic_fetch_add(&level, 1); debug(atomic_load(&level)); }\n";
    assert_class("a.c", text, "level", Class::Correctness);
}

#[test]
fn a_text_in_a_buffer_is_followed() {
    let with = |end: &str| {
        format!(
            "static atomic_int key;\nvoid f(void) {{ char b[64]; atomic_fetch_add(&key, 1);\n\
             snprintf(b, 64, \"/tmp/%d\", atomic_load(&key)); {end} }}\n"
        )
    };
    assert_class("a.c", &with("remove(b);"), "key", Class::Unknown);
    assert_class("a.c", &with("puts(b);"), "key", Class::Telemetry);
}

/// A counter that is added to, with code that reads it.
fn counted(reader: &str) -> String {
    format!(
        "static std::atomic<long> calls;\nvoid hit() {{ calls.fetch_add(1); }}\n\
         long seen() {{ long n; n = calls.load(); return n; }}\n{reader}\n"
    )
}

fn assert_counted(reader: &str, class: Class) {
    let text = format!(
        "static std::atomic<long> calls;\nvoid hit() {{ calls.fetch_add(1); }}\n{reader}\n"
    );
    assert_class("a.cpp", &text, "calls", class);
}

#[test]
fn what_is_put_to_standard_output_is_shown() {
    assert_counted(
        "void show() { std::cout << \"calls \" << calls.load() << std::endl; }",
        Class::Telemetry,
    );
    assert_counted(
        "void show() { std::cerr << calls.load(); }",
        Class::Telemetry,
    );
}

#[test]
fn what_is_put_elsewhere_may_be_read_again() {
    let keep = "void keep() { std::ofstream file(\"state\"); file << calls.load(); }";
    assert_counted(keep, Class::Unknown);
    assert_counted(
        "void send(std::ostream& to) { to << calls.load(); }",
        Class::Unknown,
    );
    let text =
        |end: &str| format!("void f() {{ std::ostringstream out; out << calls.load(); {end} }}");
    assert_counted(&text("puts(out.str().c_str());"), Class::Telemetry);
    assert_counted(&text("find(out.str());"), Class::Unknown);
}

#[test]
fn what_is_put_out_under_a_condition_is_what_the_condition_decides() {
    let at = |to: &str| {
        format!("void f() {{ std::ofstream file(\"x\"); if (calls.load() > 3) {to} << 1; }}")
    };
    assert_counted(&at("std::cerr"), Class::DiagControl);
    assert_counted(&at("file"), Class::Correctness);
}

#[test]
fn what_throws_frees_or_constructs_is_decided() {
    for code in [
        "if (calls.load() > 3) throw 1;",
        "if (calls.load() > 3) delete p;",
        "if (calls.load() > 3) { std::lock_guard<std::mutex> held(m); }",
        "if (calls.load() > 3) asm volatile(\"ud2\");",
    ] {
        assert_counted(&format!("void f(int* p) {{ {code} }}"), Class::Correctness);
    }
}

#[test]
fn shifts_are_numbers() {
    assert_counted("void f() { grow(1 << calls.load()); }", Class::Unknown);
    assert_counted(
        "void f() { long n = calls.load() << 3; if (n > 8) grow(); }",
        Class::Correctness,
    );
}

#[test]
fn a_file_that_is_opened_may_be_data() {
    let with = |stream: &str| {
        format!(
            "static atomic_int calls;\nvoid hit(void) {{ atomic_fetch_add(&calls, 1); }}\n\
             void put(void) {{ {stream} fprintf(to, \"%d\", atomic_load(&calls)); }}\n"
        )
    };
    let class = |stream: &str, class| assert_class("a.c", &with(stream), "calls", class);
    class("FILE *to = fopen(\"state\", \"w\");", Class::Unknown);
    class("FILE *to; to = fopen(\"state\", \"w\");", Class::Unknown);
    class("FILE *to = stderr;", Class::Telemetry);
    class("FILE *to = is_error ? stderr : stdout;", Class::Telemetry);
}

#[test]
fn a_stream_is_what_the_callers_hand_over() {
    let with = |callers: &str| {
        format!(
            "static atomic_int calls;\nvoid hit(void) {{ atomic_fetch_add(&calls, 1); }}\n\
             static void put(FILE *to) {{ fprintf(to, \"%d\", atomic_load(&calls)); }}\n{callers}\n"
        )
    };
    let class = |callers: &str, class| assert_class("a.c", &with(callers), "calls", class);
    class("void f(void) { put(stdout); }", Class::Telemetry);
    class(
        "void f(void) { put(stdout); put(fopen(\"state\", \"w\")); }",
        Class::Unknown,
    );
    class(
        "void f(void) { FILE *to = fopen(\"x\", \"w\"); if (atomic_load(&calls) > 3) put(to); }",
        Class::Correctness,
    );
}

#[test]
fn a_local_without_a_value_is_no_variable_of_others() {
    let other = "void g(long n) { if (n > 3) start_thread(); }";
    let shown = "void show() { printf(\"%ld\", seen()); }";
    assert_class(
        "a.cpp",
        &counted(&format!("{other}\n{shown}")),
        "calls",
        Class::Telemetry,
    );
    let global = "static long n;\nstatic std::atomic<long> calls;\n\
                  void hit() { calls.fetch_add(1); n = calls.load(); }\n\
                  void g() { if (n > 3) start_thread(); }\n";
    assert_class("a.cpp", global, "calls", Class::Correctness);
    let announced = "static std::atomic<long> calls;\n\
                     void hit() { extern long n; calls.fetch_add(1); n = calls.load(); }\n\
                     long n;\nvoid g() { if (n > 3) start_thread(); }\n";
    assert_class("a.cpp", announced, "calls", Class::Correctness);
}

#[test]
fn a_parameter_that_is_written_is_the_callers_only_by_reference() {
    let with = |parameter: &str| {
        format!(
            "static std::atomic<long> calls;\nvoid hit() {{ calls.fetch_add(1); }}\n\
             void take(long{parameter} n) {{ n = calls.load(); printf(\"%ld\", n); }}\n\
             void f() {{ long n = 0; take(n); if (n > 3) start_thread(); }}\n"
        )
    };
    assert_class("a.cpp", &with(""), "calls", Class::Telemetry);
    assert_class("a.cpp", &with("&"), "calls", Class::Correctness);
}

#[test]
fn a_member_of_the_union_that_an_atomic_is_is_the_atomic() {
    let text = |read: &str| {
        format!(
            "typedef union {{ volatile uint64_t weak; _Atomic uint64_t c11; }} mdb_atomic_u64_t;\n\
             typedef struct pgops {{ mdb_atomic_u64_t newly; }} pgops_t;\n\
             struct info {{ struct {{ uint64_t newly; }} ops; }};\n\
             void add(pgops_t *ops) {{ ops->newly.weak += 1; }}\n{read}\n"
        )
    };
    let given = "int info(const pgops_t *ops, struct info *out) { out->ops.newly = atomic_load64(&ops->newly); return 0; }";
    let plain = "void f(const pgops_t *ops) { if (ops->newly.weak > 3) stop(); }";
    let behind = format!("{given}\nvoid g(struct info *i) {{ if (i->ops.newly > 3) stop(); }}");
    assert_class("a.c", &text(given), "newly", Class::Exported);
    assert_class("a.c", &text(plain), "newly", Class::Correctness);
    assert_class("a.c", &text(&behind), "newly", Class::Correctness);
    // Nobody outside of the tree gives the record.
    let hidden =
        format!("static {given}\nvoid h(pgops_t *ops) {{ struct info own; info(ops, &own); }}");
    assert_class("a.c", &text(&hidden), "newly", Class::Unknown);
}

#[test]
fn a_class_that_stands_for_an_atomic_is_one() {
    let text = |code: &str| {
        format!(
            "class atomic_counter_t {{ public:\n\
             uint32_t add(uint32_t n) {{ uint32_t old; asm(\"xadd\"); old = __atomic_fetch_add(&_value, n, 5); return old; }}\n\
             uint32_t get() const {{ return _value; }}\n private: uint32_t _value; }};\n\
             class trie_t {{ public:\n void rm() {{ _prefixes.add(1); }}\n {code}\n private: atomic_counter_t _prefixes; }};\n"
        )
    };
    let shows = "void show() { printf(\"%u\", _prefixes.get()); }";
    let decides = "void f() { if (_prefixes.get() > 3) stop(); }";
    assert_class("a.cpp", &text(shows), "trie_t._prefixes", Class::Telemetry);
    assert_class(
        "a.cpp",
        &text(decides),
        "trie_t._prefixes",
        Class::Correctness,
    );
}

#[test]
fn a_header_that_is_only_of_cpp_is_read_as_such() {
    let text = "namespace db {\nclass Db { void stop() { if (done_.load()) { end(); } }\n std::atomic<bool> done_; };\n}\n";
    assert_class("a.h", text, "Db.done_", Class::Correctness);
}
