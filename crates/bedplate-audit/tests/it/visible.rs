//! Functions that a call cannot mean, and figures that are given to libraries.

use bedplate_audit::{Class, Source, audit};

use crate::{assert_class, class_of};

#[test]
fn a_private_method_is_not_called_from_another_module() {
    let stats = "use std::sync::atomic::{AtomicU64, Ordering};
pub struct Stats { seen: AtomicU64 }
impl Stats {
    pub fn note(&self) { self.seen.fetch_add(1, Ordering::Relaxed); }
    fn current(&self) -> u64 { self.seen.load(Ordering::Relaxed) }
    pub fn report(&self) -> u64 { self.current() }
}
";
    let other =
        "pub fn wait(handle: impl Source) { if handle.current() > 3 { std::process::abort(); } }\n";
    let class = |stats: &str| {
        let found = audit(&[
            Source::new("src/stats.rs", stats),
            Source::new("src/other.rs", other),
        ]);
        class_of(&found, "Stats.seen")
    };
    assert_eq!(class(stats), Class::Exported);
    let shared = stats.replace("    fn current", "    pub(crate) fn current");
    assert_eq!(class(&shared), Class::Correctness);
}

#[test]
fn a_gauge_of_a_library_only_shows() {
    let text = "use std::sync::atomic::{AtomicUsize, Ordering};
use metrics::Gauge;
pub struct Guard { open: AtomicUsize, gauge: Gauge }
impl Guard {
    pub fn enter(&self) {
        let count = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.gauge.set(count as f64);
    }
}
";
    assert_class("a.rs", text, "Guard.open", Class::Telemetry);
    let own = text.replace("use metrics::", "use limits::");
    assert_class("a.rs", &own, "Guard.open", Class::Correctness);
}

#[test]
fn functions_of_the_standard_library_of_cpp_are_no_methods() {
    let text = "#include <atomic>
class Stat {
public:
  long max() { return max_.load(std::memory_order_relaxed); }
  void note(long n) { max_.store(n, std::memory_order_relaxed); }
private:
  std::atomic<long> max_{0};
};
void grow(long a, long b) { if (std::max(a, b) > 4) abort(); }
";
    assert_class("a.cpp", text, "Stat.max_", Class::Exported);
    let own = text
        .replace("std::max(a, b)", "it->max()")
        .replace("long a, long b", "Stat *it");
    assert_class("a.cpp", &own, "Stat.max_", Class::Correctness);
}
