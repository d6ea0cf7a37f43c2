//! Where values go through traits, and atomics behind them.

use bedplate_audit::Class;

use crate::assert_class;

/// Counters that `From` copies into a snapshot, with what the snapshot is given to.
fn assert_converted(reader: &str, class: Class) {
    let text = format!(
        "struct Counts {{ hits: AtomicU64 }}\n\
         pub struct Snapshot {{ pub hits: u64 }}\n\
         impl Counts {{ fn hit(&self) {{ self.hits.fetch_add(1, Relaxed); }} }}\n\
         impl From<&Counts> for Snapshot {{\n\
         fn from(of: &Counts) -> Self {{ Self {{ hits: of.hits.load(Relaxed) }} }} }}\n\
         pub struct Pool {{ counts: Counts, start: Instant }}\n\
         impl Pool {{ {reader} }}\n"
    );
    assert_class("a.rs", &text, "hits", class);
}

#[test]
fn what_a_conversion_answers_goes_to_who_asks_for_it() {
    assert_converted(
        "pub fn snapshot(&self) -> Snapshot { (&self.counts).into() }",
        Class::Exported,
    );
    assert_converted(
        "pub fn snapshot(&self) -> Snapshot { Snapshot::from(&self.counts) }",
        Class::Exported,
    );
    assert_converted(
        "fn check(&self) { let now: Snapshot = (&self.counts).into(); if now.hits > 3 { stop(); } }",
        Class::Correctness,
    );
}

#[test]
fn a_conversion_of_another_type_takes_nothing_out() {
    assert_converted(
        "pub fn snapshot(&self) -> Snapshot { (&self.counts).into() }\n\
         pub fn run(&self) { let at = Instant::now() + self.rest(); wait_until(at.into()); }",
        Class::Exported,
    );
}

#[test]
fn nobody_is_known_to_ask_a_foreign_trait() {
    let text = "struct Count { hits: AtomicU64 }\n\
                impl Count { fn hit(&self) { self.hits.fetch_add(1, Relaxed); } }\n\
                impl Gauge for Count { fn current(&self) -> u64 { self.hits.load(Relaxed) } }\n";
    assert_class("a.rs", text, "hits", Class::Unknown);
}

/// A counter that a trait of the tree hands out.
fn assert_of_trait(declared: &str, reader: &str, class: Class) {
    let text = format!(
        "{declared} Gauge {{ fn current(&self) -> u64; }}\n\
         pub struct Count {{ hits: AtomicU64 }}\n\
         impl Count {{ fn hit(&self) {{ self.hits.fetch_add(1, Relaxed); }} }}\n\
         impl Gauge for Count {{ fn current(&self) -> u64 {{ self.hits.load(Relaxed) }} }}\n\
         {reader}\n"
    );
    assert_class("a.rs", &text, "hits", class);
}

#[test]
fn a_public_trait_is_a_public_getter() {
    assert_of_trait("pub trait", "", Class::Exported);
    assert_of_trait("trait", "", Class::Unknown);
    assert_of_trait(
        "pub trait",
        "fn watch(gauge: &dyn Gauge) { if gauge.current() > 7 { stop(); } }",
        Class::Correctness,
    );
    assert_of_trait(
        "pub trait",
        "fn watch<G: Gauge>(gauge: &G) { if gauge.current() > 7 { stop(); } }",
        Class::Correctness,
    );
}

/// An atomic that is used through `Deref`.
fn assert_behind_deref(reader: &str, class: Class) {
    let text = format!(
        "pub struct Size(Arc<AtomicU64>);\n\
         impl Deref for Size {{ type Target = AtomicU64;\n\
         fn deref(&self) -> &Self::Target {{ &self.0 }} }}\n\
         impl Size {{ fn grow(&self) {{ self.fetch_add(1, Relaxed); }} {reader} }}\n"
    );
    assert_class("a.rs", &text, "Size.0", class);
}

#[test]
fn what_leads_to_an_atomic_is_used_like_it() {
    assert_behind_deref(
        "pub fn get(&self) -> u64 { self.load(Relaxed) }",
        Class::Exported,
    );
    assert_behind_deref(
        "fn check(&self) { if self.load(Relaxed) > 3 { stop(); } }",
        Class::Correctness,
    );
}

#[test]
fn an_atomic_that_is_made_when_it_is_asked_for_is_that_atomic() {
    let text = |reader: &str| {
        format!(
            "static LIVE: OnceLock<AtomicUsize> = OnceLock::new();\n\
             fn live<'a>() -> &'a AtomicUsize {{ LIVE.get_or_init(AtomicUsize::default) }}\n\
             pub fn enter() {{ live().fetch_add(1, Relaxed); }}\n{reader}\n"
        )
    };
    let getter = text("pub fn count() -> usize { live().load(Relaxed) }");
    assert_class("a.rs", &getter, "LIVE", Class::Exported);
    let decides = text("fn f() { if live().load(Relaxed) == 0 { stop(); } }");
    assert_class("a.rs", &decides, "LIVE", Class::Correctness);
}

#[test]
fn a_generic_atomic_is_what_it_holds() {
    let text = |held: &str| {
        format!(
            "struct S {{ cell: AtomicCell<{held}> }}\n\
             impl S {{ fn f(&self) {{ self.cell.fetch_add(1); }}\n\
             pub fn get(&self) -> {held} {{ self.cell.load() }} }}\n"
        )
    };
    assert_class("a.rs", &text("u64"), "cell", Class::Exported);
    assert_class("a.rs", &text("*mut Node"), "cell", Class::Correctness);
    assert_class("a.rs", &text("bool"), "cell", Class::Correctness);
}
