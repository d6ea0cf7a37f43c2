//! Freed memory goes back by itself.

use crate::again;
use crate::engine::{Engine, fill, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_malloc::info;
use bedplate_testkit::Subject as _;
use core::time::Duration;
use std::time::Instant;

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    let bytes: usize = case.parse().expect("a number");
    let blocks: Vec<_> = (0..(64 << 20) / bytes)
        .map(|_| Engine.malloc(bytes).expect("memory is there"))
        .collect();
    blocks.iter().for_each(|b| fill(*b, bytes, 1));
    blocks.into_iter().for_each(free);
    let waiting = info::totals().waiting_bytes;
    assert!(waiting > 40 << 20, "{waiting} bytes wait");
    // From here on this thread does nothing: only the helper can.
    let began = Instant::now();
    while info::totals().waiting_bytes > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} bytes still wait",
            info::totals().waiting_bytes
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let counters = CountersSnapshot::own();
    assert_eq!(counters.purge_threads, 1);
    assert!(counters.purged_bytes >= 40 << 20, "{counters:?}");
}

#[test]
fn of_a_quiet_process_it_all_goes_back() {
    for bytes in [1000, 100_000] {
        again::passes("purge::child", &bytes.to_string());
    }
}
