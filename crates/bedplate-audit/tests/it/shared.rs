//! Figures that callers read by themselves, and counters by several names.

use bedplate_audit::{Class, Source, audit};

use crate::{assert_class, class_of};

#[test]
fn a_public_field_that_is_only_written_is_read_by_others() {
    let text = |more: &str| {
        format!(
            "pub struct Stats {{ pub seen: AtomicU64, pub on: AtomicBool }}\n\
             fn hit(stats: &Stats, n: u64) {{ stats.seen.fetch_add(1, Ordering::Relaxed);\n\
             stats.seen.store(n, Ordering::Relaxed); stats.on.store(true, Ordering::Relaxed); }}\n{more}"
        )
    };
    assert_class("a.rs", &text(""), "seen", Class::Exported);
    // A flag is there to be asked.
    assert_class("a.rs", &text(""), "on", Class::Unknown);
    for more in [
        "fn f(stats: &Stats) { stats.seen.store(1, Ordering::Release); }",
        "fn f(stats: &Stats) { hand(stats.seen.as_ptr()); }",
        "fn f(stats: &Stats) { hand(&stats.seen); }",
        "fn f(stats: Stats) { let Stats { seen, .. } = stats; hand(seen); }",
    ] {
        assert_class("a.rs", &text(more), "seen", Class::Unknown);
    }
    let hidden = text("").replace("pub seen", "seen");
    assert_class("a.rs", &hidden, "seen", Class::Unknown);
}

#[test]
fn a_change_that_answers_nothing_is_one() {
    let text = |call: &str| {
        format!(
            "pub struct Stats {{ pub seen: AtomicU64 }}\nfn hit(stats: &Stats) {{ stats.seen.{call}; }}\n"
        )
    };
    assert_class(
        "a.rs",
        &text("add(1, Ordering::Relaxed)"),
        "seen",
        Class::Exported,
    );
    let found = audit(&[Source::new("a.rs", text("add(1, Ordering::Relaxed)"))]);
    assert_eq!(found.operations, 1);
    // Without an order it is some method.
    let found = audit(&[Source::new("a.rs", text("add(1, 2)"))]);
    assert_eq!(found.operations, 0);
}

#[test]
fn a_constructor_shares_what_it_is_given() {
    let text = |read: &str, made: &str| {
        format!(
            "pub struct Pool {{ bytes: Arc<AtomicUsize> }}\nstruct Tracker {{ bytes_of_pool: Arc<AtomicUsize> }}\n\
             impl Tracker {{ fn new(bytes_of_pool: Arc<AtomicUsize>) -> Self {{ Self {{ bytes_of_pool }} }}\n\
             fn add(&self) {{ self.bytes_of_pool.fetch_add(1, Ordering::Relaxed); }} }}\n\
             impl Pool {{ fn track(&self) -> Tracker {{ Tracker::new(Arc::clone(&self.bytes)) }}\n{read} }}\n{made}\n"
        )
    };
    let shown = "pub fn bytes(&self) -> usize { self.bytes.load(Ordering::Relaxed) }";
    let decides = "fn f(&self) { if self.bytes.load(Ordering::Relaxed) > 9 { stop(); } }";
    let other = "fn other(given: &Shared) { keep(Tracker::new(given.get())); }";
    for (read, made, class) in [
        (shown, "", Class::Exported),
        (decides, "", Class::Correctness),
        (decides, other, Class::Correctness),
        // What the other one gives may be asked anywhere.
        (shown, other, Class::Unknown),
    ] {
        assert_class("a.rs", &text(read, made), "bytes_of_pool", class);
        assert_class("a.rs", &text(read, made), "bytes", class);
    }
}

#[test]
fn a_closure_is_called_by_its_name() {
    let text = |code: &str| {
        format!(
            "pub struct S {{ n: AtomicU64 }}\n\
             impl S {{ fn hit(&self) {{ self.n.fetch_add(1, Relaxed); }}\n\
             pub fn get(&self) -> u64 {{ self.n.load(Relaxed) }}\n\
             fn pick(&self) {{ let load = |i: u64| self.n.load(Relaxed) + i; {code} }}\n\
             fn least(&self, of: impl Fn(u64) -> u64) {{ if of(1) > 3 {{ stop(); }} }} }}\n"
        )
    };
    for code in [
        "if load(1) > 3 { stop(); }",
        "self.least(load);",
        "self.least(|i| load(i));",
    ] {
        assert_class("a.rs", &text(code), "n", Class::Correctness);
    }
    assert_class(
        "a.rs",
        &text("println!(\"{}\", load(1));"),
        "n",
        Class::Exported,
    );
}

#[test]
fn a_rate_hands_no_memory_over() {
    let text = |ty: &str, read: &str| {
        format!(
            "pub struct S {{ rate: AtomicU64 }}\n\
             impl S {{ fn tick(&self) {{ self.rate.store(next(), Ordering::Release); }}\n\
             pub fn rate(&self) -> {ty} {{ {read} }} }}\n"
        )
    };
    let (fraction, bits) = (
        "f64::from_bits(self.rate.load(Ordering::Acquire))",
        "self.rate.load(Ordering::Acquire)",
    );
    assert_class("a.rs", &text("f64", fraction), "S.rate", Class::Exported);
    assert_class("a.rs", &text("u64", bits), "S.rate", Class::Correctness);
}

#[test]
fn what_a_function_without_an_answer_ends_with_goes_nowhere() {
    let text = |returns: &str| {
        format!(
            "pub struct S {{ dropped: AtomicUsize }}\n\
             impl S {{ pub fn emit(&self) {returns} {{ if self.dropped.fetch_add(1, Relaxed) == 0 {{ warn!(\"full\") }} }} }}\n"
        )
    };
    assert_class("a.rs", &text(""), "dropped", Class::DiagControl);
    assert_class("a.rs", &text("-> Answer"), "dropped", Class::Correctness);
}

#[test]
fn a_name_in_the_value_of_its_own_let_is_the_one_before() {
    let text = "pub struct Snapshot { pub rows: Vec<u64> }\npub struct Router { rows: Vec<u64> }\n\
        pub struct S { n: AtomicU64, router: Router }\n\
        impl S { fn hit(&self) { self.n.fetch_add(1, Relaxed); }\n\
        pub fn snapshot(&self) -> Snapshot { Snapshot { rows: vec![self.n.load(Relaxed)] } }\n\
        fn lock(&self) -> MutexGuard<'_, Router> { self.router.lock().unwrap() }\n\
        fn pick(&self) { let mut r = self.lock(); let r = &mut *r; if r.rows[0] > 3 { stop(); } } }\n";
    assert_class("a.rs", text, "S.n", Class::Exported);
    let asks = text.replace("fn pick(&self) {", "fn pick(&self, r: &Snapshot) {");
    let asks = asks.replace("let mut r = self.lock();", "");
    assert_class("a.rs", &asks, "S.n", Class::Correctness);
}

#[test]
fn a_pair_is_assigned_to_both() {
    let text = |more: &str| {
        format!(
            "pub struct Snapshot {{ pub waits: u64, pub time: u64 }}\npub struct S {{ n: AtomicU64 }}\n\
             impl S {{ fn hit(&self) {{ self.n.fetch_add(1, Relaxed); }}\n\
             fn get(&self) -> (u64, u64) {{ (self.n.load(Relaxed), 1) }}\n\
             pub fn snapshot(&self) -> Snapshot {{ let mut s = Snapshot::default(); (s.waits, s.time) = self.get(); s }}\n{more} }}\n"
        )
    };
    let found = audit(&[Source::new("a.rs", text(""))]);
    assert_eq!(class_of(&found, "S.n"), Class::Exported, "{found:#?}");
    let asks = "fn f(&self, s: &Snapshot) { if s.waits > 3 { stop(); } }";
    assert_class("a.rs", &text(asks), "S.n", Class::Correctness);
}

#[test]
fn what_constructors_pass_on_is_shared_too() {
    let text = |read: &str| {
        format!(
            "pub struct Api {{ count: Arc<AtomicU64> }}\nstruct Bucket {{ index: Storage }}\nstruct Storage {{ entries: Arc<AtomicU64> }}\n\
             impl Storage {{ fn new(entries: Arc<AtomicU64>) -> Self {{ Self {{ entries }} }}\n\
             fn add(&self) {{ self.entries.fetch_add(1, Relaxed); }} {read} }}\n\
             impl Bucket {{ fn new(count: Arc<AtomicU64>) -> Self {{ Self {{ index: Storage::new(Arc::clone(&count)) }} }} }}\n\
             impl Api {{ pub fn len(&self) -> u64 {{ self.count.load(Relaxed) }}\n\
             fn make(&self) -> Bucket {{ Bucket::new(Arc::clone(&self.count)) }} }}\n"
        )
    };
    let grows = text("fn grow(&self) { if self.entries.load(Relaxed) > 9 { resize(); } }");
    assert_class("a.rs", &grows, "Api.count", Class::Correctness);
}

#[test]
fn what_is_shared_and_only_read_is_changed_by_another_name() {
    let text = |ty: &str, add: &str| {
        format!(
            "pub struct Api {{ count: {ty} }}\n\
             impl Api {{ pub fn len(&self) -> u64 {{ self.count.load(Relaxed) }} {add} }}\n"
        )
    };
    let add = "fn add(&self) { self.count.fetch_add(1, Relaxed); }";
    for (ty, add, class) in [
        ("Arc<AtomicU64>", "", Class::Unknown),
        ("Arc<AtomicU64>", add, Class::Exported),
        ("AtomicU64", add, Class::Exported),
    ] {
        assert_class("a.rs", &text(ty, add), "Api.count", class);
    }
}

#[test]
fn a_truth_that_callers_are_told_is_no_figure() {
    let text = |returns: &str, answer: &str| {
        format!(
            "pub struct Budget {{ left: AtomicIsize }}\n\
             impl Budget {{ pub fn put(&self) {{ self.left.fetch_add(1, SeqCst); }}\n\
             fn sum(&self) -> isize {{ self.left.load(SeqCst) }}\n\
             pub fn take(&self) -> {returns} {{ {answer} }} }}\n"
        )
    };
    let took = "if self.sum() >= 1 { self.left.fetch_add(-1, SeqCst); true } else { false }";
    let permit =
        "if self.sum() >= 1 { self.left.fetch_add(-1, SeqCst); Some(Permit) } else { None }";
    let early = "if self.sum() < 1 { return None; } self.left.fetch_add(-1, SeqCst); Some(Permit)";
    let figure = "self.sum()";
    assert_class("a.rs", &text("bool", took), "left", Class::Unknown);
    assert_class(
        "a.rs",
        &text("bool", "self.sum() > 0"),
        "left",
        Class::Unknown,
    );
    assert_class(
        "a.rs",
        &text("Option<Permit>", permit),
        "left",
        Class::Unknown,
    );
    assert_class(
        "a.rs",
        &text("Option<Permit>", early),
        "left",
        Class::Unknown,
    );
    assert_class("a.rs", &text("isize", figure), "left", Class::Exported);
}

#[test]
fn what_callers_can_only_give_back_is_no_figure() {
    let text = |more: &str| {
        format!(
            "#[derive(PartialEq)] pub struct Generation(usize);\npub struct Metric {{ gen: AtomicUsize }}\npub struct Kept {{ last: Generation }}\n\
             impl Metric {{ pub fn touch(&self) {{ self.gen.fetch_add(1, AcqRel); }}\n\
             pub fn generation(&self) -> Generation {{ Generation(self.gen.load(Acquire)) }} }}\n{more}"
        )
    };
    let keeps = "impl Kept { pub fn keeps(&self, gen: Generation) -> bool { self.last == gen } }";
    assert_class("a.rs", &text(keeps), "Metric.gen", Class::Unknown);
    // What has no name of a version is a figure, whatever the order, unless all that callers can do is to compare it.
    let touched = text("")
        .replace("gen:", "touched:")
        .replace("self.gen", "self.touched");
    assert_class("a.rs", &touched, "Metric.touched", Class::Unknown);
    let bare = touched.replace("#[derive(PartialEq)] ", "");
    assert_class("a.rs", &bare, "Metric.touched", Class::Exported);
    assert_class("a.rs", &text(""), "Metric.gen", Class::Unknown);
}

#[test]
fn what_is_read_by_its_place_in_a_record_is_unknown() {
    let text = |place: &str| {
        format!(
            "use core::mem::offset_of;
use core::sync::atomic::{{AtomicU64, Ordering}};
pub struct Page {{ pub first: AtomicU64, pub count: AtomicU64 }}
pub fn begin(page: &Page, first: u64) {{ page.first.store(first, Ordering::Relaxed); }}
pub fn walk(words: &Words) {{ let mut at = words.get(offset_of!(Page, {place})); while at != 0 {{ at = step(at); }} }}
"
        )
    };
    assert_class("a.rs", &text("first"), "Page.first", Class::Unknown);
    assert_class("a.rs", &text("count"), "Page.first", Class::Exported);
    let of_c = |place: &str| {
        format!(
            "#include <stdatomic.h>
struct stats {{ atomic_long hits; atomic_long limit; }};
void hit(struct stats *s) {{ atomic_fetch_add(&s->hits, 1); }}
static const unsigned table[] = {{ offsetof(struct stats, {place}) }};
"
        )
    };
    assert_class("a.c", &of_c("hits"), "stats.hits", Class::Unknown);
    assert_class("a.c", &of_c("limit"), "stats.hits", Class::Telemetry);
}
