//! Detached jobs: order, room, growth.

use crate::{pool, until};
use alloc::sync::Arc;
use bedplate_pool::{Priority, ThreadPoolBuilder};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

#[test]
fn detached_jobs_run() {
    let pool = pool(2);
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..1000 {
        let count = Arc::clone(&count);
        pool.spawn(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
    }
    until("all have run", || count.load(Ordering::Relaxed) == 1000);
}

#[test]
fn a_drop_runs_what_waits() {
    let count = Arc::new(AtomicUsize::new(0));
    let pool = pool(2);
    for _ in 0..1000 {
        let count = Arc::clone(&count);
        pool.spawn(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
    }
    drop(pool);
    assert_eq!(count.load(Ordering::Relaxed), 1000);
}

#[test]
fn a_full_queue_gives_the_job_back_and_growth_is_counted() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .queue_jobs(2)
        .build()
        .expect("a pool can be made here");
    let (open, gate) = mpsc::channel::<()>();
    let busy = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&busy);
    pool.spawn(move || {
        begun.store(true, Ordering::Relaxed);
        gate.recv().expect("the gate opens");
    });
    until("the worker is busy", || busy.load(Ordering::Relaxed));
    let ran = Arc::new(AtomicUsize::new(0));
    let job = |worth: usize| {
        let ran = Arc::clone(&ran);
        move || {
            ran.fetch_add(worth, Ordering::Relaxed);
        }
    };
    assert!(pool.try_spawn(Priority::Normal, job(1)).is_ok());
    assert!(pool.try_spawn(Priority::Normal, job(10)).is_ok());
    let full = pool
        .try_spawn(Priority::Normal, job(100))
        .expect_err("there is no room");
    // The job came back whole.
    (full.0)();
    assert_eq!(ran.load(Ordering::Relaxed), 100);
    // Another priority has room of its own, and `spawn` grows.
    assert!(pool.try_spawn(Priority::High, job(1000)).is_ok());
    pool.spawn(job(10_000));
    assert_eq!(pool.metrics().grown, 1);
    open.send(()).expect("the worker waits");
    drop(pool);
    assert_eq!(ran.load(Ordering::Relaxed), 11_111);
}

#[test]
fn higher_priorities_come_first_and_low_ones_do_not_starve() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool can be made here");
    let (open, gate) = mpsc::channel::<()>();
    let busy = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&busy);
    pool.spawn(move || {
        begun.store(true, Ordering::Relaxed);
        gate.recv().expect("the gate opens");
    });
    until("the worker is busy", || busy.load(Ordering::Relaxed));
    let order = Arc::new(Mutex::new(Vec::new()));
    for (priority, count) in [
        (Priority::Low, 1),
        (Priority::Normal, 5),
        (Priority::High, 40),
    ] {
        for _ in 0..count {
            let order = Arc::clone(&order);
            pool.spawn_at(priority, move || {
                order.lock().expect("no panic").push(priority);
            });
        }
    }
    open.send(()).expect("the worker waits");
    drop(pool);
    let order = order.lock().expect("no panic");
    assert_eq!(order.len(), 46);
    let low = order
        .iter()
        .position(|p| *p == Priority::Low)
        .expect("it ran");
    assert!(low < 16, "the low one came as number {low}");
    let highs = order.iter().take(40).filter(|p| **p == Priority::High);
    // Three of the first forty at most are turns of the usual priority, one is the low one.
    assert!(highs.count() >= 36);
}

#[test]
fn the_usual_priority_does_not_wait_behind_all_of_both_others() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool can be made here");
    let (open, gate) = mpsc::channel::<()>();
    let (begun, busy) = mpsc::channel::<()>();
    pool.spawn(move || {
        begun.send(()).expect("the test waits");
        gate.recv().expect("the gate opens");
    });
    busy.recv().expect("the worker is busy");
    let order = Arc::new(Mutex::new(Vec::new()));
    for (priority, count) in [
        (Priority::Normal, 2),
        (Priority::Low, 20),
        (Priority::High, 320),
    ] {
        for _ in 0..count {
            let order = Arc::clone(&order);
            pool.spawn_at(priority, move || {
                order.lock().expect("no panic").push(priority);
            });
        }
    }
    open.send(()).expect("the worker waits");
    drop(pool);
    let order = order.lock().expect("no panic");
    let last = order.iter().rposition(|p| *p == Priority::Normal);
    assert!(last.is_some_and(|at| at < 32), "{last:?}");
    let early = |priority| order.iter().take(160).filter(|p| **p == priority).count();
    assert!(early(Priority::Low) >= 9);
    assert!(early(Priority::High) >= 140);
}
