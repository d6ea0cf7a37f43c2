//! Panics: both halves end first, nothing is lost, workers live.

use crate::{pool, until};
use alloc::sync::Arc;
use bedplate_pool::ThreadPoolBuilder;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::panic::{catch_unwind, panic_any};

/// What a closure panicked with.
fn panic_of(f: impl FnOnce()) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    panic.downcast_ref::<&'static str>().copied().unwrap_or("?")
}

#[test]
fn the_panic_of_either_half_comes_out_when_both_have_run() {
    for workers in [1, 2] {
        let pool = pool(workers);
        let ran = AtomicUsize::new(0);
        let count = || {
            ran.fetch_add(1, Ordering::Relaxed);
        };
        let a = || panic_any("a");
        let b = || panic_any("b");
        assert_eq!(panic_of(|| _ = pool.join(a, count)), "a");
        assert_eq!(panic_of(|| _ = pool.join(count, b)), "b");
        assert_eq!(panic_of(|| _ = pool.join(a, b)), "a");
        assert_eq!(ran.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn a_taken_half_ends_before_a_panic_of_the_first_comes_out() {
    let pool = pool(2);
    for _ in 0..20 {
        let (taken, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        let panic = panic_of(|| {
            pool.join(
                || {
                    until("the half is taken", || taken.load(Ordering::Relaxed));
                    panic!("a")
                },
                || {
                    taken.store(true, Ordering::Relaxed);
                    std::thread::sleep(core::time::Duration::from_millis(2));
                    ended.store(true, Ordering::Relaxed);
                },
            );
        });
        assert_eq!(panic, "a");
        assert!(ended.load(Ordering::Relaxed));
    }
}

#[test]
fn the_panic_of_a_taken_half_comes_out_at_its_owner() {
    let pool = pool(2);
    let taken = AtomicBool::new(false);
    let panic = panic_of(|| {
        pool.join(
            || until("the half is taken", || taken.load(Ordering::Relaxed)),
            || {
                taken.store(true, Ordering::Relaxed);
                panic!("b")
            },
        );
    });
    assert_eq!(panic, "b");
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
}

#[test]
fn the_other_results_are_dropped() {
    let pool = pool(2);
    let kept = Arc::new(());
    let panic = panic_of(|| {
        let (own, other) = (Arc::clone(&kept), Arc::clone(&kept));
        pool.join(
            move || own,
            move || -> u32 {
                drop(other);
                panic!("b")
            },
        );
    });
    assert_eq!(panic, "b");
    assert_eq!(Arc::strong_count(&kept), 1);
}

#[test]
fn a_payload_that_panics_when_dropped_does_no_harm() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    let pool = pool(2);
    let panic = panic_of(|| {
        pool.join(|| panic!("a"), || panic_any(Bomb));
    });
    assert_eq!(panic, "a");
}

#[test]
fn a_scope_ends_all_jobs_and_hands_on_the_first_panic() {
    let pool = pool(2);
    let ran = AtomicUsize::new(0);
    let panic = panic_of(|| {
        pool.scope(|s| {
            s.spawn(|_| panic!("job"));
            for _ in 0..100 {
                s.spawn(|_| {
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
    });
    assert_eq!(panic, "job");
    assert_eq!(ran.load(Ordering::Relaxed), 100);
    let panic = panic_of(|| {
        pool.scope(|s| {
            s.spawn(|_| {
                ran.fetch_add(1, Ordering::Relaxed);
            });
            panic!("body")
        });
    });
    assert_eq!(panic, "body");
    assert_eq!(ran.load(Ordering::Relaxed), 101);
}

#[test]
fn the_panic_of_a_detached_job_is_told_once_and_the_worker_lives() {
    let told = Arc::new(AtomicUsize::new(0));
    let handler = Arc::clone(&told);
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .panic_handler(move |panic| {
            assert_eq!(panic.downcast_ref::<&'static str>(), Some(&"detached"));
            handler.fetch_add(1, Ordering::Relaxed);
            panic!("the handler's own")
        })
        .build()
        .expect("a pool can be made here");
    pool.spawn(|| panic!("detached"));
    until("the panic is told", || told.load(Ordering::Relaxed) == 1);
    let ran = Arc::new(AtomicBool::new(false));
    let job = Arc::clone(&ran);
    pool.spawn(move || job.store(true, Ordering::Relaxed));
    until("the worker lives", || ran.load(Ordering::Relaxed));
    assert_eq!(pool.metrics().panics, 1);
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

/// Whoever runs the chunk that panics may be the only one who runs any.
#[test]
fn a_panic_in_a_batch_ends_its_chunk_alone() {
    const ITEMS: usize = 100_000;
    const CHUNK_MAX: usize = 4096;
    let is_bad = |item: usize| item == 0 || item == ITEMS / 2;
    let ran = Arc::new(AtomicUsize::new(0));
    let all_but_two_chunks = ITEMS - 2 * CHUNK_MAX..ITEMS - 1;
    let call = {
        let ran = Arc::clone(&ran);
        move |item: usize| {
            if is_bad(item) {
                panic_any("bad");
            }
            ran.fetch_add(1, Ordering::Relaxed);
        }
    };
    let heard = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&heard);
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .bind_workers(false)
        .panic_handler(move |_| _ = own.fetch_add(1, Ordering::Relaxed))
        .build()
        .expect("a pool can be made here");
    assert_eq!(
        panic_of(|| pool.scope(|s| s.spawn_batch(0..ITEMS, call.clone()))),
        "bad"
    );
    assert!(all_but_two_chunks.contains(&ran.swap(0, Ordering::Relaxed)));
    pool.spawn_batch(0..ITEMS, call);
    drop(pool);
    assert!(all_but_two_chunks.contains(&ran.load(Ordering::Relaxed)));
    assert_eq!(heard.load(Ordering::Relaxed), 1, "one worker's first");
}
