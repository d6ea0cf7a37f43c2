//! Freed memory goes back by itself.
#![expect(unsafe_code, reason = "asks for a thread's processor time")]

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
    if case == "awake" {
        return an_awake_thread();
    }
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

fn own_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is writable.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(code, 0);
    let (seconds, rest) = (time.tv_sec.cast_unsigned(), time.tv_nsec.cast_unsigned());
    Duration::from_secs(seconds) + Duration::from_nanos(rest)
}

/// A thread goes on to free while much goes back: it is not the one that gives it back.
fn an_awake_thread() {
    let (bytes, before) = (100_000, CountersSnapshot::own().purged_bytes);
    let blocks: Vec<_> = (0..(512 << 20) / bytes)
        .map(|_| Engine.malloc(bytes).expect("memory is there"))
        .collect();
    blocks.iter().for_each(|b| fill(*b, bytes, 1));
    blocks.into_iter().for_each(free);
    let (began, mut most) = (Instant::now(), Duration::ZERO);
    while CountersSnapshot::own().purged_bytes - before < 400 << 20 {
        assert!(began.elapsed() < Duration::from_secs(60), "it goes back");
        let from = own_time();
        free(Engine.malloc(bytes).expect("memory is there"));
        most = most.max(own_time().saturating_sub(from));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(most < Duration::from_millis(10), "{most:?} in one free");
}

#[test]
fn a_thread_that_frees_does_not_give_back_what_a_helper_can() {
    again::passes("purge::child", "awake");
}
