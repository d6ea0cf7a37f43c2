//! Yielding, scopes that stay in place, names of threads, drops that do not wait.

use crate::{pool, until};
use alloc::rc::Rc;
use bedplate_pool::{ThreadPoolBuilder, Yield, in_place_scope, yield_now};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

#[test]
fn nothing_yields_outside_a_pool() {
    assert_eq!(yield_now(), None);
    let pool = pool(1);
    assert_eq!(pool.yield_now(), None);
    assert_eq!(pool.install(yield_now), Some(Yield::Idle));
}

#[test]
fn a_loop_that_yields_runs_the_jobs_it_waits_for() {
    // The only worker spawns a job and waits for it without telling the pool that it waits.
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .spare_threads(0)
        .bind_workers(false)
        .build()
        .expect("a pool can be made here");
    let (sender, receiver) = channel();
    pool.spawn(move || {
        static DONE: AtomicBool = AtomicBool::new(false);
        bedplate_pool::spawn(|| DONE.store(true, Ordering::SeqCst));
        let mut executed = 0;
        while !DONE.load(Ordering::SeqCst) {
            executed += usize::from(yield_now() == Some(Yield::Executed));
        }
        sender.send(executed).expect("the test waits");
    });
    assert_eq!(receiver.recv(), Ok(1));
}

#[test]
fn an_in_place_scope_takes_what_cannot_be_sent() {
    let pool = pool(2);
    let local = Rc::new(7);
    let count = AtomicUsize::new(0);
    let result = pool.in_place_scope(|s| {
        for _ in 0..10 {
            s.spawn(|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
        *local
    });
    assert_eq!((result, count.into_inner()), (7, 10));
    assert_eq!(in_place_scope(|_| Rc::new(1)), Rc::new(1));
}

#[test]
fn an_in_place_scope_needs_no_free_seat() {
    let pool = &pool(2);
    let (inside, waiting) = channel();
    let ended = &AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..64 {
            let inside = inside.clone();
            threads.spawn(move || {
                pool.install(|| {
                    inside.send(()).expect("the test waits");
                    until("the test ends", || ended.load(Ordering::SeqCst));
                });
            });
        }
        waiting.iter().take(64).for_each(drop);
        let local = Rc::new(AtomicUsize::new(0));
        let count = AtomicUsize::new(0);
        pool.in_place_scope(|s| {
            s.spawn(|s| {
                s.spawn(|_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
                count.fetch_add(1, Ordering::Relaxed);
            });
            local.fetch_add(1, Ordering::Relaxed);
        });
        ended.store(true, Ordering::SeqCst);
        assert_eq!(count.into_inner(), 2);
        assert_eq!(local.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn threads_are_called_as_asked() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(2)
        .bind_workers(false)
        .thread_name(|index| format!("mine {index}"))
        .build()
        .expect("a pool can be made here");
    let (sender, receiver) = channel();
    pool.spawn(move || {
        let name = std::thread::current().name().map(str::to_owned);
        sender.send(name).expect("the test waits");
    });
    let name = receiver.recv().expect("the job ran");
    assert!(
        matches!(name.as_deref(), Some("mine 0" | "mine 1")),
        "{name:?}"
    );
    let refused = ThreadPoolBuilder::new()
        .num_threads(1)
        .thread_name(|_| "a\0b".to_owned())
        .build();
    assert!(refused.is_err());
}

#[test]
fn a_drop_waits_unless_told_otherwise() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .bind_workers(false)
        .wait_on_drop(false)
        .build()
        .expect("a pool can be made here");
    let (go, waiting) = channel::<()>();
    let (ended, end) = channel();
    pool.spawn(move || {
        waiting.recv().expect("the test tells");
        ended.send(()).expect("the test waits");
    });
    // A drop that waited would wait for what comes after it.
    drop(pool);
    go.send(()).expect("the job waits");
    assert_eq!(end.recv(), Ok(()));
}
