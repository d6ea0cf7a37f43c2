//! Rules and traps in Rust.

use bedplate_audit::Class;

use crate::assert_class;

fn assert_static(body: &str, class: Class) {
    let text = format!("static X: AtomicUsize = AtomicUsize::new(0);\n{body}\n");
    assert_class("a.rs", &text, "X", class);
}

#[test]
fn what_is_only_printed_is_telemetry() {
    assert_static(
        "fn hit() { X.fetch_add(1, Relaxed); }\nfn show() { let n = X.load(Relaxed); println!(\"{n} {}\", n); }",
        Class::Telemetry,
    );
}

#[test]
fn what_is_counted_and_never_read_is_telemetry() {
    assert_static("fn hit() { X.fetch_add(1, Relaxed); }", Class::Telemetry);
}

#[test]
fn a_figure_that_decides_is_correctness() {
    assert_static(
        "fn hit() { X.fetch_add(1, Relaxed); }\n\
         fn spawn_more() { if X.load(Relaxed) < 3 { start_thread(); } }",
        Class::Correctness,
    );
}

#[test]
fn a_decision_two_calls_away_is_found() {
    assert_static(
        "fn hit() { X.fetch_add(1, Relaxed); }\nfn count() -> usize { X.load(Relaxed) }\n\
         fn is_full() -> bool { count() > 7 }\nfn push() { if is_full() { start_thread(); } }",
        Class::Correctness,
    );
}

#[test]
fn an_early_return_decides_what_follows() {
    assert_static(
        "fn close() { X.store(1, Relaxed); }\n\
         fn run() { if X.load(Relaxed) == 1 { return; } work(); }",
        Class::Correctness,
    );
}

#[test]
fn a_getter_alone_exports() {
    assert_static(
        "fn hit() { X.fetch_add(1, Relaxed); }\npub fn hits() -> usize { X.load(Relaxed) }",
        Class::Exported,
    );
}

#[test]
fn a_flag_that_is_handed_out_is_correctness() {
    let text = "struct T { done: AtomicBool }\nimpl T {\n\
        fn finish(&self) { self.done.store(true, Release); }\n\
        pub fn is_done(&self) -> bool { self.done.load(Acquire) } }";
    assert_class("a.rs", text, "T.done", Class::Correctness);
}

#[test]
fn a_number_handed_out_once_is_correctness() {
    assert_static(
        "pub fn id() -> usize { X.fetch_add(1, Relaxed) }",
        Class::Correctness,
    );
}

#[test]
fn a_branch_that_only_warns_is_diagnostic() {
    assert_static(
        "fn f() { if X.fetch_add(1, Relaxed) < 10 { warn!(\"again\"); } }",
        Class::DiagControl,
    );
}

#[test]
fn a_round_robin_choice_is_heuristic() {
    assert_static(
        "fn f(v: &[u8]) -> u8 { let i = X.fetch_add(1, Relaxed) % 8; v[i] }",
        Class::Heuristic,
    );
}

#[test]
fn a_number_in_the_name_of_a_file_is_correctness() {
    assert_static(
        "fn path() -> String { let n = X.fetch_add(1, SeqCst); format!(\"/tmp/store-{n}-{}\", n) }",
        Class::Correctness,
    );
}

#[test]
fn a_lock_is_correctness() {
    let text = "struct L { held: AtomicBool }\nimpl L {\n\
        fn lock(&self) { while self.held.compare_exchange(false, true, Acquire, Relaxed).is_err() {} }\n\
        fn unlock(&self) { self.held.store(false, Release); } }";
    assert_class("a.rs", text, "L.held", Class::Correctness);
}

#[test]
fn a_reference_count_is_correctness() {
    let text = "struct I { rc: AtomicUsize }\nimpl Drop for H { fn drop(&mut self) {\n\
        if self.inner.rc.fetch_sub(1, Release) == 1 { unsafe { free(self.p) } } } }";
    assert_class("a.rs", text, "I.rc", Class::Correctness);
}

#[test]
fn the_release_of_a_counter_hands_nothing_over() {
    assert_static(
        "fn hit() { X.fetch_add(1, Release); }\nfn show() { println!(\"{}\", X.load(Acquire)); }",
        Class::Telemetry,
    );
}

#[test]
fn adding_nothing_is_a_barrier() {
    assert_static("fn fence() { X.fetch_add(0, SeqCst); }", Class::Correctness);
}

#[test]
fn an_address_given_away_is_unknown() {
    assert_static(
        "fn f() { X.fetch_add(1, Relaxed); elsewhere(&X); }",
        Class::Unknown,
    );
}

#[test]
fn macro_bodies_are_read() {
    assert_static(
        "cfg_thing! { fn hit() { X.fetch_add(1, Relaxed); }\nfn f() { if X.load(Relaxed) > 2 { stop(); } } }",
        Class::Correctness,
    );
}

#[test]
fn a_helper_has_the_class_of_each_caller_apart() {
    let text = "struct M { shown: AtomicUsize, decides: AtomicUsize }\n\
        fn bump(c: &AtomicUsize) -> usize { c.fetch_add(1, Relaxed) }\n\
        impl M { fn f(&self) { bump(&self.shown); if bump(&self.decides) > 3 { stop(); } }\n\
        fn show(&self) { println!(\"{}\", self.shown.load(Relaxed)); } }";
    assert_class("a.rs", text, "M.shown", Class::Telemetry);
    assert_class("a.rs", text, "M.decides", Class::Correctness);
}

#[test]
fn what_feeds_a_decision_decides() {
    let text = "struct M { a: AtomicUsize, b: AtomicUsize }\nimpl M {\n\
        fn f(&self) { self.a.fetch_add(1, Relaxed); self.b.store(self.a.load(Relaxed), Relaxed); }\n\
        fn g(&self) { if self.b.load(Relaxed) > 9 { stop(); } } }";
    assert_class("a.rs", text, "M.a", Class::Correctness);
}

#[test]
fn tests_are_left_out() {
    let text = "#[cfg(test)]\nmod tests { static X: AtomicUsize = AtomicUsize::new(0); }";
    assert!(crate::audited("a.rs", text).locations.is_empty());
}

#[test]
fn a_loop_that_waits_decides_whatever_it_says_meanwhile() {
    let done = "fn done() { X.fetch_add(1, Relaxed); }\n";
    for wait in [
        "fn wait() { while X.load(Relaxed) < 4 { eprintln!(\"waiting\"); } }",
        "fn wait() { while { let n = X.load(Relaxed); log::info!(\"{}\", n); n < 8 } {} }",
        "fn wait() { loop { if X.load(Relaxed) > 3 { break; } eprintln!(\"waiting\"); } }",
        "fn wait() { loop { match X.load(Relaxed) { 4 => break, n => eprintln!(\"{}\", n) } } }",
    ] {
        assert_static(&format!("{done}{wait}"), Class::Correctness);
    }
}

#[test]
fn a_body_in_the_tree_tells_more_than_its_name() {
    let hit = "fn hit() { X.fetch_add(1, Relaxed); }\n";
    for body in [
        "impl R { fn warn(&self, n: usize) { if n > 3 { std::process::exit(1); } }\n\
         fn run(&self) { self.warn(X.load(Relaxed)); } }",
        "impl R { fn trace(&self, n: usize) -> bool { n > 3 }\n\
         fn run(&self) { if self.trace(X.load(Relaxed)) { return; } work(); } }",
        "fn assert_owner(n: usize) -> bool { n == 7 }\n\
         fn run() { if !assert_owner(X.load(Relaxed)) { std::process::exit(1); } }",
        "fn dump_heap_if(n: usize) { if n > 3 { std::process::abort(); } }\n\
         fn run() { dump_heap_if(X.load(Relaxed)); }",
        "fn parse_json(s: &str) -> Option<u8> { if X.load(Relaxed) > 100 { return None; } Some(1) }\n\
         fn run(s: &str) { if parse_json(s).is_none() { work(); } }",
        "impl R { fn debug(&self) { std::process::abort(); }\n\
         fn run(&self) { if X.load(Relaxed) > 3 { self.debug(); } } }",
    ] {
        assert_static(&format!("{hit}{body}"), Class::Correctness);
    }
}

#[test]
fn a_macro_of_the_tree_is_no_message_by_its_name() {
    assert_static(
        "macro_rules! trace { ($e:expr) => { if $e > 3 { std::process::exit(1) } } }\n\
         fn hit() { X.fetch_add(1, Relaxed); }\nfn run() { trace!(X.load(Relaxed)); }",
        Class::Correctness,
    );
}

#[test]
fn an_answer_that_is_gone_by_is_no_message() {
    assert_static(
        "fn hit() { X.fetch_add(1, Relaxed); }\n\
         fn run() { if trace(X.load(Relaxed)) { work(); } }",
        Class::Unknown,
    );
}

#[test]
fn a_text_that_is_a_key_or_a_name_is_no_message() {
    let hit = "fn hit() { X.fetch_add(1, Relaxed); }\n\
        fn show() { println!(\"{}\", X.load(Relaxed)); }\n";
    for (body, class) in [
        (
            "fn find(c: &HashMap<String, u8>) { let key = format!(\"o-{}\", X.load(Relaxed)); c.get(&key); }",
            Class::Correctness,
        ),
        (
            "fn find(c: &HashMap<String, u8>) { let n = X.load(Relaxed); c.get(&format!(\"o-{n}\")); }",
            Class::Correctness,
        ),
        (
            "fn fresh(tag: &str) { if tag != format!(\"{}\", X.load(Relaxed)) { std::process::exit(1) } }",
            Class::Correctness,
        ),
        (
            "fn path() { File::create(format!(\"/tmp/{}\", X.load(Relaxed))); }",
            Class::Unknown,
        ),
        (
            "fn head(w: &mut impl Write) { writeln!(w, \"Length: {}\", X.load(Relaxed)).unwrap(); }",
            Class::Unknown,
        ),
        (
            "fn name() { let mut s = String::new(); write!(s, \"{}\", X.load(Relaxed)).unwrap(); remove_file(&s); }",
            Class::Unknown,
        ),
    ] {
        assert_static(&format!("{hit}{body}"), class);
    }
}

#[test]
fn a_text_that_is_read_is_a_message() {
    let hit = "fn hit() { X.fetch_add(1, Relaxed); }\n";
    for body in [
        "fn show() { let s = format!(\"{}\", X.load(Relaxed)); println!(\"{}\", s); }",
        "fn show() { let n = X.load(Relaxed); println!(\"{n:>4}\"); }",
        "fn show() { writeln!(io::stderr(), \"{}\", X.load(Relaxed)).ok(); }",
        "fn show() { let mut out = io::stdout().lock(); writeln!(out, \"{}\", X.load(Relaxed)).ok(); }",
        "fn show(f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, \"{}\", X.load(Relaxed)) }",
    ] {
        assert_static(&format!("{hit}{body}"), Class::Telemetry);
    }
}

#[test]
fn a_claim_that_releases_check_decides() {
    let hit = "fn hit() { X.fetch_add(1, Relaxed); }\n";
    for (body, class) in [
        (
            "fn f() { assert!(X.load(Relaxed) < 10, \"full\"); }",
            Class::Correctness,
        ),
        (
            "fn f(n: usize) { assert_eq!(n, X.load(Relaxed)); }",
            Class::Correctness,
        ),
        (
            "fn f(n: u8) { if X.load(Relaxed) > 3 { assert!(n > 1); } }",
            Class::Correctness,
        ),
        (
            "fn f(n: u8) { assert!(n > 1, \"{}\", X.load(Relaxed)); }",
            Class::Telemetry,
        ),
        (
            "fn f() { debug_assert!(X.load(Relaxed) < 10); }",
            Class::Telemetry,
        ),
    ] {
        assert_static(&format!("{hit}{body}"), class);
    }
}

/// Two counters that share a helper, the second of which decides.
fn shared_helper(helper: &str) -> String {
    format!(
        "struct S {{ hits: AtomicU64, gate: AtomicU64 }}\n{helper}\n\
         fn hit(s: &S) {{ add(&s.hits, 1); }}\nfn open(s: &S) {{ add(&s.gate, 1); }}\n\
         fn show(s: &S) {{ println!(\"{{}}\", s.hits.load(Relaxed)); }}\n\
         fn grow(s: &S) {{ if s.gate.load(Relaxed) > 3 {{ start_thread(); }} }}\n"
    )
}

#[test]
fn what_a_helper_adds_to_one_counter_is_not_added_to_another() {
    let helper = "fn add(to: &AtomicU64, n: u64) { let now = to.load(Relaxed); to.store(now + n, Relaxed); }";
    assert_class("a.rs", &shared_helper(helper), "hits", Class::Telemetry);
    assert_class("a.rs", &shared_helper(helper), "gate", Class::Correctness);
}

#[test]
fn what_is_copied_from_one_to_another_in_a_helper_shares_its_fate() {
    let text = "struct S { from: AtomicU64, to: AtomicU64 }\n\
        fn copy(a: &AtomicU64, b: &AtomicU64) { let now = a.load(Relaxed); b.store(now, Relaxed); }\n\
        fn hit(s: &S) { s.from.fetch_add(1, Relaxed); copy(&s.from, &s.to); }\n\
        fn grow(s: &S) { if s.to.load(Relaxed) > 3 { start_thread(); } }\n";
    assert_class("a.rs", text, "from", Class::Correctness);
}

#[test]
fn the_number_of_a_turn_is_not_what_is_gone_through() {
    let with = |body: &str| {
        format!(
            "fn hit() {{ X.fetch_add(1, Relaxed); }}\nfn show(out: &mut [u8]) {{\n\
             for (i, n) in [X.load(Relaxed)].into_iter().enumerate() {{ {body} }}\n}}"
        )
    };
    assert_static(&with("println!(\"{} {}\", i, n);"), Class::Telemetry);
    assert_static(&with("out[n] = 0;"), Class::Correctness);
}

#[test]
fn methods_of_one_name_are_told_apart_by_how_much_they_take() {
    let text = "struct Counter(AtomicU64);\n\
        impl Counter { fn up(&self) { self.0.fetch_add(1, Relaxed); } fn get(&self) -> u64 { self.0.load(Relaxed) } }\n\
        struct S { hits: [Counter; 4] }\n\
        impl S { fn hit(&self, i: usize) { if let Some(c) = self.hits.get(i) { c.up(); start_thread(); } }\n\
        fn show(&self) { println!(\"{}\", self.hits[0].get()); } }\n";
    assert_class("a.rs", text, "S.hits", Class::Telemetry);
}

#[test]
fn what_is_read_by_the_name_of_a_function_is_followed() {
    let text = "struct Counter(AtomicU64);\n\
        impl Counter { fn up(&self) { self.0.fetch_add(1, Relaxed); } fn get(&self) -> u64 { self.0.load(Relaxed) } }\n\
        struct S { hits: [Counter; 4] }\n\
        impl S { fn hit(&self) { self.hits[0].up(); }\n\
        fn grow(&self) { if self.hits.get(1).map_or(0, Counter::get) > 3 { start_thread(); } } }\n";
    assert_class("a.rs", text, "S.hits", Class::Correctness);
}

#[test]
fn what_is_shared_and_not_read_here_is_not_called_telemetry() {
    // The guard has the counter of whoever made it, who may wait for it.
    let text = "struct Guard(Arc<AtomicUsize>);\n\
        impl Drop for Guard { fn drop(&mut self) { self.0.fetch_sub(1, Relaxed); } }\n\
        fn start(count: &Arc<AtomicUsize>) { let guard = Guard(count.clone()); work(guard); }";
    assert_class("a.rs", text, "Guard.0", Class::Unknown);
    let wrapped = "struct Counter(Arc<AtomicU64>);\n\
        impl Counter { fn raise(&self, n: u64) { self.0.fetch_max(n, Relaxed); } }\n\
        struct Config { seen: Counter }\nimpl Config { fn f(&self) { self.seen.raise(3); } }";
    assert_class("a.rs", wrapped, "Config.seen", Class::Unknown);
}

#[test]
fn what_let_else_leaves_by_is_decided() {
    let with = |leave: &str| {
        format!(
            "fn hit() {{ X.fetch_add(1, Relaxed); }}\n\
             fn gate() -> Option<usize> {{ (X.load(Relaxed) > 3).then_some(1) }}\n\
             fn go() {{ let Some(n) = gate() else {{ {leave} }}; start_thread(); println!(\"{{}}\", n); }}"
        )
    };
    for leave in ["return", "panic!(\"no\")", "end_it()"] {
        assert_static(&with(leave), Class::Correctness);
    }
    let shown = "fn hit() { X.fetch_add(1, Relaxed); }\n\
         fn print_it() { let Ok(n) = u32::try_from(X.load(Relaxed)) else { return }; println!(\"{}\", n); }";
    assert_static(shown, Class::Telemetry);
}

#[test]
fn what_a_question_mark_leaves_by_is_decided() {
    let with = |rest: &str| {
        format!(
            "fn hit() {{ X.fetch_add(1, Relaxed); }}\n\
             fn gate() -> Option<usize> {{ (X.load(Relaxed) > 3).then_some(1) }}\n\
             fn go() -> Option<()> {{ gate()?; {rest} Some(()) }}\nfn all() {{ let _ = go(); }}"
        )
    };
    assert_static(&with("start_thread();"), Class::Correctness);
}
