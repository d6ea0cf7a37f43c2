//! Loops that only try an update again, and what only looks like them.

use bedplate_audit::Class;

use crate::assert_class;

/// A counter that a getter hands out, and that `code` changes.
fn assert_changed(code: &str, class: Class) {
    let text = format!(
        "pub struct S {{ n: AtomicU64 }}\n\
         impl S {{ pub fn n(&self) -> u64 {{ self.n.load(Relaxed) }}\n{code} }}\n"
    );
    assert_class("a.rs", &text, "S.n", class);
}

#[test]
fn an_update_that_is_tried_again_is_an_addition() {
    for code in [
        "fn less(&self, by: u64) { loop { let now = self.n.load(Relaxed);\n\
         let next = now.saturating_sub(by);\n\
         if self.n.compare_exchange_weak(now, next, Relaxed, Relaxed).is_ok() { return; } } }",
        "fn less(&self, by: u64) { let mut now = self.n.load(Relaxed);\n\
         while let Err(seen) = self.n.compare_exchange_weak(now, now - by, Relaxed, Relaxed) {\n\
         now = seen; } }",
        "fn less(&self) { self.n.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).ok(); }",
    ] {
        assert_changed(code, Class::Exported);
    }
}

#[test]
fn what_waits_or_hands_out_is_no_mere_update() {
    for code in [
        // A lock.
        "fn lock(&self) { while self.n.compare_exchange(0, 1, Acquire, Relaxed).is_err() {} }",
        // A semaphore.
        "fn take(&self) { loop { let now = self.n.load(Relaxed);\n\
         if now > 0 && self.n.compare_exchange(now, now - 1, Relaxed, Relaxed).is_ok() { break; } } }",
        "fn take(&self) { loop { let now = self.n.load(Relaxed); if now > 0 {\n\
         if self.n.compare_exchange(now, now - 1, Relaxed, Relaxed).is_ok() { break; } } } }",
        "fn take(&self) { loop { let now = self.n.load(Relaxed);\n\
         if now == 0 { continue; }\n\
         if self.n.compare_exchange(now, now - 1, Relaxed, Relaxed).is_ok() { break; } } }",
        // A number of one's own.
        "pub fn next(&self) -> u64 { loop { let now = self.n.load(Relaxed);\n\
         if self.n.compare_exchange(now, now + 1, Relaxed, Relaxed).is_ok() { return now; } } }",
        // Something comes after it.
        "fn enter(&self) { let mut now = self.n.load(Relaxed);\n\
         while let Err(seen) = self.n.compare_exchange(now, now + 1, Relaxed, Relaxed) { now = seen; }\n\
         if now == 0 { start(); } }",
        // Something is done in it.
        "fn less(&self) { loop { let now = self.n.load(Relaxed); work();\n\
         if self.n.compare_exchange(now, now - 1, Relaxed, Relaxed).is_ok() { return; } } }",
        "fn once(&self) { if self.n.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok() { start(); } }",
    ] {
        assert_changed(code, Class::Correctness);
    }
}
