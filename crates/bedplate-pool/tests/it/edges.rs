//! Threads that cannot be started, and threads that end.
//!
//! Tests whose faults speak to the whole process are ignored here and run by `alone.rs`.

use crate::{pool, until};
use alloc::sync::Arc;
use bedplate_os::Operation;
use bedplate_os::sim::faults::Plan;
use bedplate_pool::{BuildError, JobOptions, ThreadPool, ThreadPoolBuilder, blocking, scope};
use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

fn builder(workers: usize) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new()
        .num_threads(workers)
        .bind_workers(false)
        .name("refused")
}

/// Threads of this process that are called so.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the kernel lists threads");
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    let names = tasks.filter_map(|task| name(task.ok()?).ok());
    names.filter(|name| name.starts_with("refused")).count()
}

#[test]
#[ignore = "no other test's thread may start meanwhile"]
fn workers_that_were_started_end_where_another_cannot_be() {
    for refused in 1..=3_u64 {
        let plan = Plan::start();
        plan.fail(Operation::ThreadStart, refused, refused);
        match builder(3).build() {
            Err(BuildError::Thread { index, error }) => {
                assert_eq!(index as u64 + 1, refused);
                assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
            }
            other => panic!("{other:?}"),
        }
        drop(plan);
        until("no thread is left", || threads() == 0);
    }
    assert_eq!(
        builder(3)
            .build()
            .map(|pool| pool.current_num_threads())
            .ok(),
        Some(3)
    );
}

#[test]
#[ignore = "no other test's thread may start meanwhile"]
fn a_configuration_whose_workers_cannot_be_started_changes_nothing() {
    let pool = builder(1).max_threads(3).build().expect("a pool");
    let plan = Plan::start();
    plan.fail(Operation::ThreadStart, 2, 2);
    let error = pool.update_config(pool.config().num_threads(3).queue_jobs(7));
    assert!(matches!(error, Err(BuildError::Thread { index: 2, .. })));
    assert_eq!(pool.current_num_threads(), 1);
    drop(plan);
    pool.update_config(pool.config().num_threads(3))
        .expect("threads can be started again");
    let here = AtomicUsize::new(0);
    pool.scope(|s| {
        for _ in 0..3 {
            s.spawn(|_| {
                here.fetch_add(1, Ordering::Relaxed);
                until("all three run", || here.load(Ordering::Relaxed) == 3);
            });
        }
    });
}

/// More are refused than the pool has spares: none of their places is lost.
#[test]
#[ignore = "no other test's thread may start meanwhile"]
fn a_spare_that_could_not_be_started_is_tried_again() {
    const REFUSED: u64 = 5;
    let pool = builder(1).spare_threads(1).build().expect("a pool");
    let (open, gate) = mpsc::channel::<()>();
    let (inside, blocks) = mpsc::channel();
    let plan = Plan::start();
    plan.fail(Operation::ThreadStart, 1, REFUSED);
    pool.spawn(move || {
        inside.send(()).expect("the test waits");
        blocking(|| gate.recv()).expect("the test lets it go");
    });
    blocks.recv().expect("the job begins");
    let ran = Arc::new(AtomicUsize::new(0));
    let count = || {
        let ran = Arc::clone(&ran);
        pool.spawn(move || _ = ran.fetch_add(1, Ordering::Relaxed));
    };
    // Each that comes while the worker blocks asks for a spare.
    until("enough were refused", || {
        count();
        pool.metrics().spares_failed == REFUSED
    });
    until("a spare runs them", || {
        count();
        ran.load(Ordering::Relaxed) > 0
    });
    assert_eq!(pool.metrics().threads, 2);
    open.send(()).expect("the job waits");
    drop(pool);
    assert_eq!(threads(), 0);
}

/// Uses a pool when it is dropped.
struct Late(Arc<ThreadPool>);

impl Drop for Late {
    fn drop(&mut self) {
        let pool = &self.0;
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        let tagged = pool.spawn_job(JobOptions::new().footprint(1), || 3);
        let tagged = tagged.expect("there is room").wait();
        assert_eq!(tagged.expect("it runs"), 3);
        let ran = AtomicUsize::new(0);
        pool.install(|| {
            scope(|s| {
                let job = |_: &_| _ = ran.fetch_add(1, Ordering::Relaxed);
                s.spawn_with_footprint(1, job).expect("there is room");
                s.spawn(job);
            });
        });
        assert_eq!(ran.into_inner(), 2);
        pool.spawn_with_footprint(1, || ()).expect("there is room");
    }
}

std::thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

/// What a thread's destructors find gone is nothing that the pool needs: a panic there would end the process.
#[test]
fn a_thread_that_ends_can_use_the_pool() {
    let pool = Arc::new(pool(2));
    let own = Arc::clone(&pool);
    let run = move || {
        LATE.set(Some(Late(Arc::clone(&own))));
        // What this touches is destroyed before `LATE`, which is older.
        drop(Late(own));
    };
    std::thread::spawn(run).join().expect("no panic");
    until("the last one was admitted", || pool.metrics().admitted == 6);
}
