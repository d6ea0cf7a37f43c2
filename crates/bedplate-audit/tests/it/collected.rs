//! Figures that are put into lists and maps, and counters by two names.

use bedplate_audit::Class;

use crate::assert_class;

/// A counter that `code` reads.
fn assert_read(code: &str, class: Class) {
    let text = format!(
        "pub struct S {{ n: AtomicU64 }}\n\
         impl S {{ fn hit(&self) {{ self.n.fetch_add(1, Relaxed); }}\n{code} }}\n\
         pub struct Out {{ pub total: u64, kept: u64 }}\n"
    );
    assert_class("a.rs", &text, "S.n", class);
}

#[test]
fn what_is_put_into_a_list_goes_where_the_list_goes() {
    for code in [
        "pub fn f(&self) -> Vec<u64> { let mut l = Vec::new(); l.push(self.n.load(Relaxed)); l }",
        "pub fn f(&self) -> Map { let mut m = HashMap::new(); m.insert(1, self.n.load(Relaxed)); m }",
        "pub fn f(&self) -> String { let mut t = String::new();\n\
         t.push_str(&format!(\"{}\", self.n.load(Relaxed))); t }",
        "pub fn f(&self, out: &mut Vec<u64>) { out.push(self.n.load(Relaxed)); }",
    ] {
        assert_read(code, Class::Exported);
    }
    for code in [
        "fn f(&self) { let mut l = Vec::new(); l.push(self.n.load(Relaxed)); if l[0] > 3 { stop(); } }",
        "fn f(&self) { let mut m = HashMap::new(); m.insert(1, self.n.load(Relaxed));\n\
         if m.get(&1).unwrap() > &3 { stop(); } }",
        "fn f(&self) { let mut l = Vec::new(); self.g(&mut l); if l[0] > 3 { stop(); } }\n\
         fn g(&self, out: &mut Vec<u64>) { out.push(self.n.load(Relaxed)); }",
    ] {
        assert_read(code, Class::Correctness);
    }
}

#[test]
fn a_key_is_none_of_the_values() {
    for code in [
        "pub fn f(&self) -> Map { let mut m = HashMap::new(); m.insert(self.n.load(Relaxed), 1); m }",
        "pub fn f(&self) -> Set { let mut s = BTreeSet::new(); s.insert(self.n.load(Relaxed)); s }",
    ] {
        assert_read(code, Class::Unknown);
    }
}

#[test]
fn a_metric_of_a_library_is_for_others_to_read() {
    assert_read(
        "fn f(&self) { metrics::gauge!(\"n\").set(self.n.load(Relaxed) as f64); }",
        Class::Telemetry,
    );
    assert_read(
        "fn f(&self) { self.limit.set(self.n.load(Relaxed)); }",
        Class::Unknown,
    );
}

#[test]
fn a_public_field_is_a_public_getter() {
    assert_read(
        "pub fn f(&self, out: &mut Out) { out.total += self.n.load(Relaxed); }",
        Class::Exported,
    );
    assert_read(
        "pub fn f(&self, out: &mut Out) { out.kept += self.n.load(Relaxed); }",
        Class::Unknown,
    );
    assert_read(
        "pub fn f(&self, out: &mut Out) { out.total += self.n.load(Relaxed); if out.total > 3 { stop(); } }",
        Class::Correctness,
    );
}

/// Entries with a counter that a getter hands out, too.
fn assert_ordered(code: &str) {
    let text = format!(
        "pub struct E {{ n: AtomicU64 }}\n\
         impl E {{ fn hit(&self) {{ self.n.fetch_add(1, Relaxed); }}\n\
         pub fn n(&self) -> u64 {{ self.n.load(Relaxed) }} }}\n\
         struct C {{ all: Vec<E> }}\n\
         impl C {{ {code} }}\n"
    );
    for class in [Class::Exported, Class::Telemetry] {
        let found = crate::audited("a.rs", &text);
        assert_ne!(crate::class_of(&found, "E.n"), class, "{found:#?}");
    }
}

#[test]
fn an_order_hangs_on_what_it_is_made_by() {
    for code in [
        "fn f(&mut self) { self.all.sort_by_key(|e| e.n.load(Relaxed)); evict(&self.all[0]); }",
        "fn f(&mut self) { self.all.sort_by(|a, b| a.n.load(Relaxed).cmp(&b.n.load(Relaxed))); evict(&self.all[0]); }",
        "fn f(&self) { let mut l: Vec<&E> = self.all.iter().collect(); l.sort_by_key(|e| e.n()); evict(l[0]); }",
        "fn f(&mut self) { self.all.retain(|e| e.n.load(Relaxed) > 0); if self.all.is_empty() { stop(); } }",
    ] {
        assert_ordered(code);
    }
}

#[test]
fn a_guard_shares_the_counter_it_is_given() {
    let text = |reader: &str| {
        format!(
            "pub struct Inner {{ active: Arc<AtomicUsize> }}\n\
             pub struct Guard(Arc<AtomicUsize>);\n\
             impl Drop for Guard {{ fn drop(&mut self) {{ self.0.fetch_sub(1, Relaxed); }} }}\n\
             impl Inner {{ fn enter(&self) -> Guard {{ self.active.fetch_add(1, Relaxed); Guard(self.active.clone()) }}\n\
             {reader} }}\n"
        )
    };
    let waits = text("fn close(&self) { while self.active.load(Relaxed) > 0 { wait(); } }");
    assert_class("a.rs", &waits, "Guard.0", Class::Correctness);
    assert_class("a.rs", &waits, "active", Class::Correctness);
    let shown = text("pub fn active(&self) -> usize { self.active.load(Relaxed) }");
    assert_class("a.rs", &shown, "Guard.0", Class::Exported);
    assert_class("a.rs", &shown, "active", Class::Exported);
}

#[test]
fn a_public_wrapper_that_nothing_here_uses_is_judged_by_its_methods() {
    let text = |code: &str| {
        format!(
            "pub struct AtomicTotal {{ inner: AtomicU64 }}\n\
             impl AtomicTotal {{ pub fn add(&self, n: u64) {{ self.inner.fetch_add(n, Relaxed); }}\n{code} }}\n"
        )
    };
    let getter = text("pub fn get(&self) -> u64 { self.inner.load(Relaxed) }");
    assert_class("a.rs", &getter, "inner", Class::Exported);
    let decides = text("pub fn check(&self) { if self.inner.load(Relaxed) > 3 { stop(); } }");
    assert_class("a.rs", &decides, "inner", Class::Correctness);
}
