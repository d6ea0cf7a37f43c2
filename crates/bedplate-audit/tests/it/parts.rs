//! Figures in lists and records, and what only looks like them.

use bedplate_audit::Class;

use crate::assert_class;

/// A static that is counted, with what reads it.
fn assert_read(reader: &str, class: Class) {
    let text = format!(
        "static X: AtomicUsize = AtomicUsize::new(0);\n\
         pub fn hit() {{ X.fetch_add(1, Relaxed); }}\n{reader}\n"
    );
    assert_class("a.rs", &text, "X", class);
}

#[test]
fn a_loop_over_a_list_does_not_hang_on_what_is_in_it() {
    assert_read(
        "fn show() { for n in [X.load(Relaxed), 3] { work(); println!(\"{n}\"); } }",
        Class::Telemetry,
    );
}

#[test]
fn what_is_done_with_the_elements_decides() {
    assert_read(
        "fn f() { for n in [X.load(Relaxed), 3] { if n > 7 { start_thread(); } } }",
        Class::Correctness,
    );
    assert_read(
        "fn f(v: &[u8]) -> u8 { let l = [X.load(Relaxed), 3]; v[l[0]] }",
        Class::Correctness,
    );
    assert_read(
        "fn f() { let l = [X.load(Relaxed), 3]; if l.iter().sum::<usize>() > 7 { start_thread(); } }",
        Class::Correctness,
    );
    assert_read(
        "fn f() { if [X.load(Relaxed), 3].contains(&7) { start_thread(); } }",
        Class::Correctness,
    );
}

#[test]
fn a_loop_as_often_as_the_value_says_is_correctness() {
    for turns in [
        "0..X.load(Relaxed)",
        "many(X.load(Relaxed))",
        "ALL.iter().take(X.load(Relaxed))",
        "ALL.iter().zip(0..X.load(Relaxed))",
        "[X.load(Relaxed), 3].into_iter().flat_map(|n| 0..n)",
        "[X.load(Relaxed), 3].iter().filter(|n| **n > 7)",
        "[X.load(Relaxed), 3].iter().take_while(|n| **n > 7)",
        "[0..X.load(Relaxed)].into_iter().flatten()",
    ] {
        let reader = format!(
            "fn many(n: usize) -> Vec<usize> {{ (0..n).collect() }}\n\
             fn f() {{ for _ in {turns} {{ start_thread(); }} }}"
        );
        assert_read(&reader, Class::Correctness);
    }
}

#[test]
fn a_loop_over_a_list_that_is_thinned_by_its_elements_hangs_on_them() {
    assert_read(
        "fn f() { let mut l = [X.load(Relaxed), 3].to_vec(); l.retain(|n| *n > 7);\n\
         for _ in l { start_thread(); } }",
        Class::Correctness,
    );
}

#[test]
fn names_beside_figures_are_followed_through_the_iterator() {
    // The tree has a `zip` of its own, which this one is not.
    let reader = "impl Wires { fn zip(&self, n: usize) { start_thread(n); } }\n\
         const NAMES: [&str; 2] = [\"x\", \"y\"];\n\
         fn words() -> [usize; 2] { [X.load(Relaxed), 3] }\n\
         fn show() { let names = NAMES.iter().copied();\n\
         for (name, n) in names.zip(words()).filter(|(_, n)| *n > 0) { println!(\"{name} {n}\"); } }";
    assert_read(reader, Class::Telemetry);
}

#[test]
fn a_zip_of_the_tree_is_entered() {
    let reader = "impl Wires { fn zip(&self, n: usize) { if n > 7 { start_thread(); } } }\n\
         fn f(wires: &Wires) { wires.zip(X.load(Relaxed)); }";
    assert_read(reader, Class::Correctness);
}

#[test]
fn a_method_that_is_named_is_called() {
    let text = |end: &str| {
        format!(
            "struct Counter {{ value: AtomicU64 }}\nimpl Counter {{\n\
             fn add(&self) {{ self.value.fetch_add(1, Relaxed); }}\n\
             fn get(&self) -> u64 {{ self.value.load(Relaxed) }} }}\n\
             struct Block {{ figures: [Counter; 9] }}\nimpl Block {{\n\
             fn hit(&self, i: usize) {{ if let Some(c) = self.figures.get(i) {{ c.add(); }} }}\n\
             pub fn figure(&self, i: usize) -> u64 {{ self.figures.get(i).map_or(0, Counter::get) }}\n\
             {end} }}\n"
        )
    };
    assert_class("a.rs", &text(""), "Block.figures", Class::Exported);
    let decides = "fn grow(&self) { if self.figure(3) > 7 { start_thread(); } }";
    assert_class("a.rs", &text(decides), "Block.figures", Class::Correctness);
}

#[test]
fn a_snapshot_that_is_given_out_exports() {
    assert_read(
        "pub fn stats() -> Stats { Stats { hits: X.load(Relaxed), all: [0; 4] } }",
        Class::Exported,
    );
}

#[test]
fn a_snapshot_of_a_list_exports() {
    assert_read(
        "pub fn stats() -> Stats { Stats { hits: core::array::from_fn(|_| X.load(Relaxed)) } }",
        Class::Exported,
    );
}

#[test]
fn the_other_fields_of_a_record_are_not_the_figure() {
    let reader = |field: &str| {
        format!(
            "fn f() {{ let s = Stats {{ hits: X.load(Relaxed), full: g() }};\n\
             if s.{field} == 7 {{ start_thread(); }}\nprintln!(\"{{}}\", s.hits); }}"
        )
    };
    assert_read(&reader("full"), Class::Telemetry);
    assert_read(&reader("hits"), Class::Correctness);
}

#[test]
fn a_pattern_that_holds_values_decides() {
    let reader = |pattern: &str| {
        format!(
            "fn stats() -> Option<Stats> {{ Some(Stats {{ hits: X.load(Relaxed) }}) }}\n\
             fn f() {{ if let Some({pattern}) = stats() {{ start_thread(); }} }}\n\
             fn g() {{ match stats() {{ Some({pattern}) => start_thread(), _ => {{}} }} }}\n\
             fn show() {{ if let Some(s) = stats() {{ println!(\"{{}}\", s.hits); }} }}"
        )
    };
    assert_read(&reader("s"), Class::Telemetry);
    for pattern in [
        "Stats { hits: 7 }",
        "Stats { hits: 3..=9 }",
        "Stats { hits: LIMIT }",
    ] {
        assert_read(&reader(pattern), Class::Correctness);
    }
    assert_read(
        "fn f() { match [X.load(Relaxed)] { [n] if n > 7 => start_thread(), _ => {} } }",
        Class::Correctness,
    );
}

#[test]
fn records_that_are_compared_decide_by_each_field() {
    assert_read(
        "fn stats() -> Stats { Stats { hits: X.load(Relaxed) } }\n\
         fn f(before: &Stats) { if stats() == *before { start_thread(); } }",
        Class::Correctness,
    );
}

#[test]
fn a_copy_of_the_whole_is_not_the_figure() {
    let text = "struct S { hits: AtomicU64, full: bool }\n\
        impl Clone for S { fn clone(&self) -> Self { Self { full: self.full,\n\
        hits: AtomicU64::new(self.hits.load(Relaxed)) } } }\n\
        impl S { fn hit(&self) { self.hits.fetch_add(1, Relaxed); }\n\
        pub fn hits(&self) -> u64 { self.hits.load(Relaxed) } }\n\
        fn f(s: &S) { let t = s.clone(); if t.full { start_thread(); } }";
    assert_class("a.rs", text, "S.hits", Class::Exported);
}

#[test]
fn a_local_of_the_name_of_a_field_is_not_the_field() {
    assert_read(
        "struct Stats { hits: usize }\n\
         pub fn stats() -> Stats { Stats { hits: X.load(Relaxed) } }\n\
         fn f() { let hits = look(); if hits > 7 { start_thread(); } }",
        Class::Exported,
    );
    assert_read(
        "struct Stats { hits: usize }\n\
         pub fn stats() -> Stats { Stats { hits: X.load(Relaxed) } }\n\
         fn f(s: Stats) { let Stats { hits } = s; if hits > 7 { start_thread(); } }",
        Class::Correctness,
    );
}

#[test]
fn a_helper_that_keeps_a_count_at_its_top_ties_no_counts_together() {
    let text = |reader: &str| {
        format!(
            "struct Counter {{ value: AtomicU64 }}\nimpl Counter {{\n\
             fn add(&self) {{ let n = self.value.fetch_add(1, Relaxed);\n\
             if n.checked_add(1).is_none() {{ self.value.store(u64::MAX, Relaxed); }} }}\n\
             fn get(&self) -> u64 {{ self.value.load(Relaxed) }} }}\n\
             struct All {{ hits: Counter, misses: Counter }}\nimpl All {{\n\
             fn hit(&self) {{ self.hits.add(); }}\nfn miss(&self) {{ self.misses.add(); }}\n\
             pub fn hits(&self) -> u64 {{ self.hits.get() }}\n\
             fn grow(&self) {{ if self.misses.get() > 7 {{ start_thread(); }} }}\n{reader} }}\n"
        )
    };
    assert_class("a.rs", &text(""), "All.hits", Class::Exported);
    assert_class("a.rs", &text(""), "All.misses", Class::Correctness);
    let both = "fn f(&self) { if self.hits.get() > 7 { self.misses.add(); } }";
    assert_class("a.rs", &text(both), "All.hits", Class::Correctness);
}

#[test]
fn a_method_of_the_record_is_followed() {
    let reader = |body: &str| {
        format!(
            "struct Stats {{ hits: usize }}\nimpl Stats {{ fn look(&self) {{ {body} }} }}\n\
             fn f() {{ let s = Stats {{ hits: X.load(Relaxed) }}; s.look(); }}"
        )
    };
    assert_read(&reader("println!(\"{}\", self.hits);"), Class::Telemetry);
    assert_read(
        &reader("if self.hits > 7 { start_thread(); }"),
        Class::Correctness,
    );
}

/// Counts of the process that are written to a file, with what else is done with them.
fn written(counter: &str, more: &str) -> String {
    format!(
        "pub struct Counts {{ hits: AtomicU64 }}\n{counter}\n\
         impl Counts {{ pub fn hit(&self) {{ self.hits.fetch_add(1, Relaxed); }}\n\
         fn text(&self, out: &mut Line) {{ writeln!(out, \"hits {{}}\", self.hits.load(Relaxed)); }}\n\
         fn save(&self, file: &File) {{ let mut line = Line::new(); self.text(&mut line);\n\
         send(file, line.as_bytes()); }}\n{more} }}\n\
         fn send(file: &File, bytes: &[u8]) {{ let mut rest = bytes;\n\
         while !rest.is_empty() {{ file.write(rest); rest = &rest[1..]; }} }}\n"
    )
}

const GETTER: &str = "pub fn hits(&self) -> u64 { self.hits.load(Relaxed) }";
const STATIC: &str = "pub static COUNTS: Counts = Counts::new();";

#[test]
fn a_count_of_the_process_that_is_exported_may_stand_in_a_file() {
    assert_class("a.rs", &written(STATIC, GETTER), "hits", Class::Exported);
}

#[test]
fn what_is_written_may_be_read_again() {
    // Nobody says that it is a figure.
    assert_class("a.rs", &written(STATIC, ""), "hits", Class::Unknown);
    // A count of its object may be what tells a reader how much there is.
    assert_class("a.rs", &written("", GETTER), "hits", Class::Unknown);
    // It is set to what was read.
    let set = format!("{GETTER}\nfn restore(&self, n: u64) {{ self.hits.store(n, Relaxed); }}");
    assert_class("a.rs", &written(STATIC, &set), "hits", Class::Unknown);
}
