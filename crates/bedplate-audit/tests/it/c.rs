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
