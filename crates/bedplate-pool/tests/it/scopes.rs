//! Scopes: all jobs end inside, whoever spawns them.

use crate::{pool, until};
use alloc::sync::Arc;
use bedplate_pool::{Scope, ThreadPool, scope};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;
use std::sync::mpsc;

#[test]
fn every_job_ends_in_the_scope() {
    for workers in [1, 2, 5] {
        let pool = pool(workers);
        let mut parts = vec![0_u64; 1000];
        let sum: u64 = pool.scope(|s| {
            for (i, part) in parts.iter_mut().enumerate() {
                s.spawn(move |_| *part = i as u64);
            }
            7
        });
        assert_eq!(sum, 7);
        assert_eq!(parts.iter().sum::<u64>(), 499_500);
    }
}

#[test]
fn jobs_spawn_jobs() {
    fn tree<'s>(s: &Scope<'s>, depth: u32, leaves: &'s AtomicUsize) {
        if depth == 0 {
            leaves.fetch_add(1, Ordering::Relaxed);
            return;
        }
        for _ in 0..2 {
            s.spawn(move |s| tree(s, depth - 1, leaves));
        }
    }
    let leaves = AtomicUsize::new(0);
    scope(|s| tree(s, 10, &leaves));
    assert_eq!(leaves.load(Ordering::Relaxed), 1024);
}

/// Adds one, as jobs of a scope inside a job and as halves of joins in them.
fn add_in_a_scope(count: &AtomicUsize) {
    let add = || {
        count.fetch_add(1, Ordering::Relaxed);
    };
    scope(|inner| {
        for _ in 0..5 {
            inner.spawn(|_| _ = bedplate_pool::join(add, add));
        }
    });
    add();
}

#[test]
fn scopes_nest_in_jobs_and_joins() {
    let pool = pool(3);
    let count = AtomicUsize::new(0);
    pool.scope(|s| {
        for _ in 0..20 {
            s.spawn(|_| add_in_a_scope(&count));
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 220);
}

#[test]
fn jobs_that_wait_for_each_other_run_beside_each_other() {
    let pool = pool(2);
    let (to, from) = mpsc::channel();
    let sum = std::sync::Mutex::new(0);
    pool.scope(|s| {
        let sum = &sum;
        s.spawn(move |_| {
            let got: i32 = from.recv().expect("the other job sends");
            *sum.lock().expect("no panic") += got;
        });
        s.spawn(move |_| to.send(5).expect("the other job waits"));
    });
    assert_eq!(*sum.lock().expect("no panic"), 5);
}

#[test]
fn a_job_may_wait_for_any_later_one() {
    with_fences();
    let pool = pool(2);
    // Fewer and more than a thread takes at a time.
    for jobs in [2, 50, 64, 65, 129, 500].repeat(20) {
        let (tell, told) = mpsc::channel();
        let told = std::sync::Mutex::new(told);
        let told = &told;
        pool.scope(|s| {
            s.spawn(move |_| {
                let told = told.lock().expect("no panic");
                let last = told.recv_timeout(core::time::Duration::from_secs(60));
                assert_eq!(last, Ok(jobs), "the last job ran meanwhile");
            });
            (1..jobs).for_each(|_| s.spawn(|_| {}));
            s.spawn(move |_| tell.send(jobs).expect("somebody waits"));
        });
    }
}

/// The opener's jobs go without the lock from the 65th on, where the kernel has fences for it.
fn with_fences() {
    // Where it has none the same holds, by the lock.
    let _known = bedplate_os::barrier::register();
}

#[test]
fn a_job_that_waits_keeps_no_other_waiting_while_the_scope_is_open() {
    with_fences();
    let pool = pool(2);
    for round in 0..400 {
        let ran = AtomicUsize::new(0);
        let ran = &ran;
        let count = || _ = ran.fetch_add(1, Ordering::Release);
        let jobs = 70 + round % 150;
        pool.scope(|s| {
            (0..jobs).for_each(|_| s.spawn(move |_| count()));
            s.spawn(move |_| {
                until("a later job ran", || {
                    ran.load(Ordering::Acquire) == jobs + 1
                });
            });
            // Sometimes when the workers are about to sleep, sometimes long before.
            (0..round * 100).for_each(|_| core::hint::spin_loop());
            s.spawn(move |_| count());
            until("all but one ran", || {
                ran.load(Ordering::Acquire) == jobs + 1
            });
        });
    }
}

/// Jobs that each spawn one more, which counts itself.
fn thousand<'s>(s: &Scope<'s>, ran: &'s AtomicUsize) {
    let count = move || _ = ran.fetch_add(1, Ordering::Relaxed);
    (0..1000).for_each(|_| s.spawn(move |s| s.spawn(move |_| count())));
}

#[test]
fn many_threads_spawn_into_a_scope() {
    with_fences();
    for workers in [1, 3] {
        let pool = pool(workers);
        let ran = AtomicUsize::new(0);
        pool.scope(|s| {
            thousand(s, &ran);
            std::thread::scope(|threads| {
                threads.spawn(|| thousand(s, &ran));
                thousand(s, &ran);
            });
            thousand(s, &ran);
        });
        assert_eq!(ran.load(Ordering::Relaxed), 4000);
    }
}

fn panic_of_some(job: usize, mark: &Arc<()>) {
    assert!(Arc::strong_count(mark) > 1);
    if job % 50 == 7 {
        std::panic::panic_any(job);
    }
}

#[test]
fn jobs_of_a_scope_that_panics_run_or_are_dropped_once() {
    with_fences();
    let pool = pool(2);
    for jobs in [1, 64, 65, 200, 1000] {
        let mark = Arc::new(());
        let ended = catch_unwind(AssertUnwindSafe(|| {
            pool.scope(|s| {
                for job in 0..jobs {
                    let own = Arc::clone(&mark);
                    s.spawn(move |_| panic_of_some(job, &own));
                }
                if jobs % 2 == 1 {
                    s.cancel();
                }
                std::panic::panic_any("the opener's");
            })
        }));
        let panic = ended.expect_err("the opener panics");
        assert_eq!(panic.downcast_ref(), Some(&"the opener's"));
        assert_eq!(Arc::strong_count(&mark), 1);
    }
}

#[test]
fn a_cancelled_scope_drops_what_has_not_begun() {
    let pool = pool(1);
    let ran = AtomicUsize::new(0);
    pool.scope(|s| {
        s.cancel();
        assert!(s.is_cancelled());
        for _ in 0..10 {
            s.spawn(|_| {
                ran.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

/// Opens fifty scopes of ten jobs that count.
fn fifty_scopes(pool: &ThreadPool, count: &AtomicUsize) {
    let add = |_: &Scope<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
    };
    for _ in 0..50 {
        pool.scope(|s| (0..10).for_each(|_| s.spawn(add)));
    }
}

#[test]
fn many_scopes_at_once_from_outside() {
    let pool = pool(2);
    let count = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| fifty_scopes(&pool, &count));
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 4000);
    until("the tickets are gone", || pool.metrics().queued == 0);
}

/// Workers are busy, and scopes come and go: their tickets do not fill the queue.
#[test]
fn scopes_that_have_ended_leave_nothing_in_the_queue() {
    let pool = pool(1);
    let (open, gate) = mpsc::channel::<()>();
    let (begun, busy) = mpsc::channel::<()>();
    pool.spawn(move || {
        begun.send(()).expect("the test waits");
        gate.recv().expect("the gate opens");
    });
    busy.recv().expect("the worker is busy");
    for _ in 0..100 {
        pool.scope(|s| s.spawn(|_| ()));
        assert_eq!(pool.metrics().queued, 0);
    }
    open.send(()).expect("the worker waits");
}
