//! Threads: how many, how named, when they end, what a fork leaves.

use crate::{LONG, pool, until};
use alloc::sync::Arc;
use bedplate_pool::{BuildError, ThreadPoolBuilder};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// Threads of this process whose names begin with `name`.
fn threads_named(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the process has threads");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.starts_with(name))
        .count()
}

#[test]
fn a_pool_has_exactly_its_workers_and_ends_them() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(3)
        .name("counted")
        .build()
        .expect("a pool can be made here");
    until("the threads have their names", || {
        threads_named("counted") == 3
    });
    assert_eq!(pool.metrics().threads, 3);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    assert_eq!(threads_named("counted"), 3);
    drop(pool);
    // A joined thread may stay in the list for a moment.
    until("they are gone", || threads_named("counted") == 0);
}

#[test]
fn handlers_run_at_start_and_end_of_each_thread() {
    let (starts, ends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (on_start, on_exit) = (Arc::clone(&starts), Arc::clone(&ends));
    let pool = ThreadPoolBuilder::new()
        .num_threads(2)
        .start_handler(move |i| {
            on_start.fetch_add(i + 1, Ordering::Relaxed);
        })
        .exit_handler(move |i| {
            on_exit.fetch_add(i + 1, Ordering::Relaxed);
        })
        .build()
        .expect("a pool can be made here");
    drop(pool);
    assert_eq!(starts.load(Ordering::Relaxed), 3);
    assert_eq!(ends.load(Ordering::Relaxed), 3);
}

#[test]
fn settings_out_of_bounds_are_refused_with_their_bounds() {
    let error = ThreadPoolBuilder::new()
        .num_threads(1_000_000)
        .build()
        .expect_err("too many");
    assert!(matches!(
        error,
        BuildError::Setting {
            name: "num_threads",
            ..
        }
    ));
    assert!(error.to_string().contains("1 to 4096"), "{error}");
    let error = ThreadPoolBuilder::new().queue_jobs(0).build();
    assert!(
        error
            .expect_err("no room")
            .to_string()
            .contains("queue_jobs")
    );
}

#[test]
fn a_name_that_no_thread_can_have_is_refused() {
    let error = ThreadPoolBuilder::new().name("a\0b").build();
    let error = error.expect_err("a NUL byte");
    assert!(matches!(&error, BuildError::Name(name) if name == "a\0b"));
    assert!(error.to_string().contains("NUL"), "{error}");
}

#[test]
fn a_stack_that_no_thread_can_have_is_named() {
    let error = ThreadPoolBuilder::new().stack_size(usize::MAX).build();
    let error = error.expect_err("no address space holds it");
    assert!(matches!(error, BuildError::Thread { .. }));
    assert!(error.to_string().contains("stack_size"), "{error}");
}

#[test]
fn the_pool_of_the_process_is_made_once() {
    let _made = bedplate_pool::default_pool();
    let again = ThreadPoolBuilder::new().num_threads(1).build_global();
    assert!(matches!(again, Err(BuildError::DefaultExists)));
    assert_eq!(
        bedplate_pool::current_num_threads(),
        bedplate_pool::default_pool().current_num_threads()
    );
}

#[test]
fn places_are_numbered() {
    let pool = pool(2);
    assert_eq!(pool.current_thread_index(), None);
    assert_eq!(bedplate_pool::current_thread_index(), None);
    let inside = pool.install(bedplate_pool::current_thread_index);
    assert!(inside.is_some_and(|index| index >= 2));
    let (send, receive) = mpsc::channel();
    pool.spawn(move || {
        let _sent = send.send(bedplate_pool::current_thread_index());
    });
    let index = receive.recv().expect("the job runs");
    assert!(index.is_some_and(|index| index < 2));
}

#[test]
fn a_pool_can_be_dropped_by_its_own_worker() {
    let pool = Arc::new(pool(2));
    let done = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&pool), Arc::clone(&done));
    let (send, receive) = mpsc::channel::<()>();
    pool.spawn(move || {
        receive.recv().expect("the other owner lets go first");
        drop(own);
        count.fetch_add(1, Ordering::Relaxed);
    });
    drop(pool);
    send.send(()).expect("the job waits");
    until("the job has ended", || done.load(Ordering::Relaxed) == 1);
}

/// A job that begins before the drop spawns another one after it, and waits for it.
#[test]
fn a_drop_waits_for_jobs_that_wait_for_jobs() {
    for workers in [1, 2, 3] {
        for round in 0..8 {
            let pool = pool(workers);
            let got = Arc::new(AtomicUsize::new(0));
            let sum = Arc::clone(&got);
            let (begun, begins) = mpsc::channel();
            pool.spawn(move || {
                begun.send(()).expect("the test waits");
                std::thread::sleep(core::time::Duration::from_micros(round * 500));
                for _ in 0..3 {
                    let (send, receive) = mpsc::channel();
                    bedplate_pool::spawn(move || send.send(1).expect("the job waits"));
                    let one = bedplate_pool::blocking(|| receive.recv_timeout(LONG));
                    sum.fetch_add(one.expect("the other job runs"), Ordering::Relaxed);
                }
            });
            begins.recv().expect("the job begins");
            drop(pool);
            assert_eq!(got.load(Ordering::Relaxed), 3);
        }
    }
}

/// The half that drops the pool is waited for by another thread of the pool.
#[test]
fn a_half_can_drop_the_pool() {
    let pool = Arc::new(pool(2));
    let (own, (send, receive)) = (Arc::clone(&pool), mpsc::channel());
    let (open, gate) = mpsc::channel::<()>();
    let taken = Arc::new(AtomicUsize::new(0));
    pool.spawn(move || {
        gate.recv().expect("the other owner lets go first");
        bedplate_pool::join(
            || until("the half is taken", || taken.load(Ordering::Relaxed) == 1),
            || {
                taken.store(1, Ordering::Relaxed);
                std::thread::sleep(core::time::Duration::from_millis(5));
                drop(own);
            },
        );
        send.send(()).expect("the test waits");
    });
    drop(pool);
    open.send(()).expect("the job waits");
    receive.recv_timeout(LONG).expect("the join ends");
}

/// What waits when a job drops its pool runs, and the threads end.
#[test]
fn a_job_can_drop_its_pool_beside_a_spare() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .bind_workers(false)
        .name("dropsown")
        .build();
    let pool = Arc::new(pool.expect("a pool can be made here"));
    let (own, (send, receive)) = (Arc::clone(&pool), mpsc::channel());
    let (open, gate) = mpsc::channel::<()>();
    pool.spawn(move || {
        gate.recv().expect("the other owner lets go first");
        bedplate_pool::blocking(|| std::thread::sleep(core::time::Duration::from_millis(5)));
        let last = send.clone();
        own.spawn(move || last.send(2).expect("the test waits"));
        drop(own);
        send.send(1).expect("the test waits");
    });
    drop(pool);
    open.send(()).expect("the job waits");
    let mut came = [(); 2].map(|()| receive.recv_timeout(LONG).expect("both jobs run"));
    came.sort_unstable();
    assert_eq!(came, [1, 2]);
    until("the threads are gone", || threads_named("dropsown") == 0);
}

/// What the inner pool waits for runs in the outer one, whose only worker drops the inner.
#[test]
fn a_drop_on_a_worker_of_another_pool_gives_its_place_away() {
    let (outer, inner) = (pool(1), pool(1));
    let (send, receive) = mpsc::channel();
    let ended = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&ended);
    inner.spawn(move || receive.recv().expect("the outer pool's job sends"));
    outer.spawn(move || {
        drop(inner);
        own.store(true, Ordering::Relaxed);
    });
    outer.spawn(move || send.send(()).expect("the inner pool's job waits"));
    until("the drop has ended", || ended.load(Ordering::Relaxed));
}

#[test]
fn a_pool_without_work_comes_to_rest() {
    let pool = pool(4);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    let sleeps = || pool.metrics().parks + pool.metrics().naps;
    // Hunters nap a few times and then sleep until woken: the counts come to rest.
    until("nobody naps any more", || {
        let before = sleeps();
        std::thread::sleep(core::time::Duration::from_millis(50));
        sleeps() == before
    });
}

#[test]
fn many_tiny_joins_leave_the_workers_ready_to_wake() {
    let pool = pool(2);
    for round in 0..6 {
        pool.install(|| {
            for _ in 0..100_000 {
                bedplate_pool::join(|| (), || ());
            }
        });
        // Long enough, every other time, for the workers to fall asleep.
        if round % 2 == 1 {
            std::thread::sleep(core::time::Duration::from_millis(30));
        }
        let came = AtomicUsize::new(0);
        pool.join(
            || {
                until("a worker takes the other half", || {
                    bedplate_pool::join(|| (), || ());
                    came.load(Ordering::Relaxed) == 1
                });
            },
            || came.store(1, Ordering::Relaxed),
        );
    }
}
