//! What waits leaves its thread, in a pool with fibers.

use crate::until;
use alloc::sync::{Arc, Weak};
use bedplate_pool::timeline::{MarkKind, SliceKind};
use bedplate_pool::{
    BuildError, Context, JobError, JobHandle, JobOptions, SpanContext, ThreadPool,
    ThreadPoolBuilder, block_on, blocking, current_span, current_thread_index, join, scope,
};
use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use std::panic::catch_unwind;
use std::sync::Mutex;

/// Bytes of a fiber's stack: enough for a test, too few for what runs on top of something else.
const STACK: usize = 128 * 1024;

fn builder(workers: usize, spares: usize) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new()
        .num_threads(workers)
        .spare_threads(spares)
        .bind_workers(false)
        .fibers(STACK)
}

fn pool(workers: usize, spares: usize) -> Arc<ThreadPool> {
    Arc::new(
        builder(workers, spares)
            .build()
            .expect("a pool can be made here"),
    )
}

fn job<R: Send + 'static>(
    pool: &ThreadPool,
    body: impl FnOnce() -> R + Send + 'static,
) -> JobHandle<R> {
    pool.spawn_job(JobOptions::new(), body)
        .expect("there is room")
}

/// A job that waits for one that waits for one, and so on.
fn deep(pool: &Arc<ThreadPool>, depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let own = Arc::downgrade(pool);
    let inner = job(pool, move || {
        own.upgrade().map_or(0, |pool| deep(&pool, depth - 1))
    });
    1 + inner.wait().expect("it runs")
}

#[test]
fn jobs_that_wait_for_jobs_need_no_threads() {
    let pool = pool(1, 0);
    let own = Arc::clone(&pool);
    let outer = job(&pool, move || deep(&own, 500));
    assert_eq!(outer.wait().expect("it runs"), 500);
    let metrics = pool.metrics();
    assert_eq!((metrics.threads, metrics.fibers_failed), (1, 0));
}

/// The first worker waits for a half that the second runs, which waits for a job that only the first
/// can run.
#[test]
fn a_join_that_waits_leaves_its_thread() {
    let pool = pool(2, 0);
    let own = Arc::downgrade(&pool);
    let outer = job(&pool, move || {
        let (begun, ran) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&ran);
        join(
            || until("the other runs", || begun.load(Ordering::Relaxed)),
            || {
                begun.store(true, Ordering::Relaxed);
                if let Some(pool) = own.upgrade() {
                    pool.spawn(move || told.store(true, Ordering::Relaxed));
                }
                until("the job has run", || ran.load(Ordering::Relaxed));
            },
        );
        current_thread_index()
    });
    assert!(outer.wait().expect("it runs").is_some());
    assert_eq!(pool.metrics().threads, 2);
}

#[test]
fn a_scope_that_waits_leaves_its_thread() {
    let pool = pool(1, 0);
    let own = Arc::downgrade(&pool);
    let outer = job(&pool, move || {
        let sum = AtomicUsize::new(0);
        scope(|s| {
            s.spawn(|_| {
                let inner = own.upgrade().map(|pool| job(&pool, || 20));
                let inner = inner.map(|inner| inner.wait().expect("it runs"));
                sum.fetch_add(inner.unwrap_or(0), Ordering::Relaxed);
            });
            s.spawn(|_| _ = sum.fetch_add(1, Ordering::Relaxed));
        });
        sum.into_inner()
    });
    assert_eq!(outer.wait().expect("it runs"), 21);
    assert_eq!(pool.metrics().threads, 1);
}

#[test]
fn a_future_that_waits_leaves_its_thread() {
    let pool = pool(1, 0);
    let wakers: Arc<Mutex<Option<Waker>>> = Arc::default();
    let ready = Arc::new(AtomicBool::new(false));
    let (own_wakers, own_ready) = (Arc::clone(&wakers), Arc::clone(&ready));
    let outer = job(&pool, move || {
        block_on(poll_fn(|cx| {
            if own_ready.load(Ordering::Relaxed) {
                return Poll::Ready(7);
            }
            *own_wakers.lock().expect("no panic") = Some(cx.waker().clone());
            Poll::Pending
        }))
    });
    until("it was polled", || {
        wakers.lock().expect("no panic").is_some()
    });
    // The only worker is free for others.
    job(&pool, || ()).wait().expect("it runs");
    ready.store(true, Ordering::Relaxed);
    let waker = wakers.lock().expect("no panic").take();
    waker.expect("it was polled").wake();
    assert_eq!(outer.wait().expect("it runs"), 7);
}

#[test]
fn panics_reach_those_who_wait_and_no_thread_ends() {
    let pool = pool(2, 0);
    let own = Arc::downgrade(&pool);
    let outer = job(&pool, move || {
        let inner = own
            .upgrade()
            .map(|pool| job(&pool, || panic!("on purpose")));
        let inner: Option<Result<(), JobError>> = inner.map(JobHandle::wait);
        assert!(matches!(inner, Some(Err(JobError::Panicked(_)))));
        let begun = AtomicBool::new(false);
        let joined = catch_unwind(AssertUnwindSafe(|| {
            join(
                || until("the other runs", || begun.load(Ordering::Relaxed)),
                || {
                    begun.store(true, Ordering::Relaxed);
                    panic!("on purpose, too");
                },
            )
        }));
        let payload = joined.expect_err("the half panics");
        assert_eq!(payload.downcast_ref(), Some(&"on purpose, too"));
        panic!("at the end");
    });
    assert!(matches!(outer.wait(), Err::<(), _>(JobError::Panicked(_))));
    assert_eq!(job(&pool, || 1).wait().expect("it runs"), 1);
    assert_eq!(pool.metrics().threads, 2);
}

/// Joins in its drop, which a panic calls: other work must not find the thread panicking.
struct Joins<'p>(&'p ThreadPool);

impl Drop for Joins<'_> {
    fn drop(&mut self) {
        let begun = AtomicBool::new(false);
        let bystander = job(self.0, || assert!(!std::thread::panicking()));
        join(
            || until("the other runs", || begun.load(Ordering::Relaxed)),
            || begun.store(true, Ordering::Relaxed),
        );
        bystander
            .wait()
            .expect("no thread that runs it is panicking");
    }
}

#[test]
fn what_waits_while_it_unwinds_keeps_its_thread() {
    let pool = pool(2, 4);
    let own = Arc::downgrade(&pool);
    let outer = job(&pool, move || {
        if let Some(pool) = own.upgrade() {
            let _joins = Joins(&pool);
            panic!("on purpose");
        }
    });
    assert!(matches!(outer.wait(), Err(JobError::Panicked(_))));
}

#[test]
fn what_blocks_is_replaced() {
    let pool = pool(1, 1);
    let end = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&end);
    let blocks = job(&pool, move || {
        blocking(|| until("the other has run", || own.load(Ordering::Relaxed)));
    });
    pool.start_timeline();
    job(&pool, move || end.store(true, Ordering::Relaxed))
        .wait()
        .expect("it runs");
    blocks.wait().expect("it ends");
    assert_eq!(pool.metrics().threads, 2);
    let timeline = pool.take_timeline();
    let marks = timeline.tracks.iter().flat_map(|track| &track.marks);
    assert!(
        marks
            .filter(|mark| mark.kind == MarkKind::SpareStarted)
            .count()
            <= 1
    );
}

#[test]
fn a_drop_waits_for_what_waits() {
    let ended = Arc::new(AtomicUsize::new(0));
    let pool = pool(2, 0);
    for _ in 0..20 {
        let (own, ended) = (Arc::downgrade(&pool), Arc::clone(&ended));
        pool.spawn(move || {
            if let Some(pool) = own.upgrade() {
                let inner = job(&pool, std::thread::yield_now);
                drop(pool);
                inner.wait().expect("it runs");
            }
            ended.fetch_add(1, Ordering::Relaxed);
        });
    }
    // The last of its owners may be a thread of the pool, which does not wait.
    drop(pool);
    until("all have ended", || ended.load(Ordering::Relaxed) == 20);
}

/// Waits for jobs that are for something else, and finds what it is for itself unchanged.
fn waits_often(pool: &Weak<ThreadPool>, mine: SpanContext) {
    let other = SpanContext::new(mine.id() + 1000);
    for _ in 0..5 {
        let inner = pool
            .upgrade()
            .map(|pool| other.run(|| job(&pool, current_span)));
        let inner = inner.and_then(|inner| inner.wait().ok());
        assert_eq!(inner, Some(other));
        assert_eq!(current_span(), mine);
        assert_eq!(current_thread_index(), Some(0));
    }
}

#[test]
fn what_a_thread_knows_goes_with_what_it_runs() {
    let pool = pool(1, 0);
    let jobs: Vec<_> = (1..50)
        .map(|n| {
            let (own, mine) = (Arc::downgrade(&pool), SpanContext::new(n));
            mine.run(|| job(&pool, move || waits_often(&own, mine)))
        })
        .collect();
    for job in jobs {
        job.wait().expect("nothing was mixed up");
    }
}

/// What is taken never runs on top of what waits, so that a stack holds a branch of the program and
/// no more (rayon #854).
#[test]
fn stacks_hold_a_branch_of_the_program() {
    fn tree(cx: Context<'_>, depth: u32) -> usize {
        // Some of the stack: beside another branch there would be no room.
        let fill = core::hint::black_box([1_u8; 2048]);
        if depth == 0 {
            return usize::from(fill[7]);
        }
        let (a, b) = cx.join(|cx| tree(cx, depth - 1), |cx| tree(cx, depth - 1));
        a + b
    }
    let pool = pool(4, 0);
    for _ in 0..20 {
        let jobs: Vec<_> = (0..8)
            .map(|_| {
                let own = Arc::downgrade(&pool);
                job(&pool, move || {
                    own.upgrade()
                        .map_or(0, |pool| pool.enter(|cx| tree(cx, 10)))
                })
            })
            .collect();
        for job in jobs {
            assert_eq!(job.wait().expect("it runs"), 1024);
        }
        assert_eq!(pool.enter(|cx| tree(cx, 10)), 1024);
    }
    assert_eq!(pool.metrics().threads, 4);
}

/// A number that is the same however the program is run.
fn serial(seed: u64, depth: u32) -> u64 {
    if depth == 0 {
        return seed;
    }
    serial(seed * 7 + 1, depth - 1) ^ serial(seed * 5 + 3, depth - 1)
}

/// The same by joins, scopes and jobs, as the seed says.
fn mixed(pool: &Arc<ThreadPool>, seed: u64, depth: u32) -> u64 {
    if depth == 0 {
        return seed;
    }
    let left = || mixed(pool, seed * 7 + 1, depth - 1);
    let right = || mixed(pool, seed * 5 + 3, depth - 1);
    let (a, b) = match seed % 5 {
        0 => {
            let mut b = 0;
            let a = scope(|s| {
                s.spawn(|_| b = right());
                left()
            });
            (a, b)
        }
        1 => {
            let own = Arc::downgrade(pool);
            let other = job(pool, move || {
                own.upgrade()
                    .map_or(0, |pool| mixed(&pool, seed * 5 + 3, depth - 1))
            });
            (left(), other.wait().expect("it runs"))
        }
        2 => {
            let own = Arc::downgrade(pool);
            let future = async move {
                own.upgrade()
                    .map_or(0, |pool| mixed(&pool, seed * 5 + 3, depth - 1))
            };
            let other = pool.spawn_future(JobOptions::new(), future);
            (left(), block_on(other).expect("it runs"))
        }
        _ => join(left, right),
    };
    a ^ b
}

#[test]
fn programs_of_all_kinds_of_waits_come_to_what_serial_ones_do() {
    for workers in 1..4 {
        let pool = pool(workers, 0);
        for seed in 0..60 {
            let own = Arc::downgrade(&pool);
            let inside = job(&pool, move || {
                own.upgrade().map(|pool| mixed(&pool, seed, 6))
            });
            let outside = pool.install(|| mixed(&pool, seed + 1000, 6));
            assert_eq!(outside, serial(seed + 1000, 6));
            assert_eq!(inside.wait().expect("it runs"), Some(serial(seed, 6)));
        }
        assert_eq!(pool.metrics().threads, workers as u64);
    }
}

#[test]
fn fibers_have_tracks_of_their_own() {
    let pool = pool(1, 0);
    pool.start_timeline();
    let own = Arc::clone(&pool);
    let outer = job(&pool, move || deep(&own, 3));
    outer.wait().expect("it runs");
    job(&pool, || ()).wait().expect("it runs");
    let timeline = pool.take_timeline();
    let with = |kind: SliceKind| {
        let of = |track: &&bedplate_pool::timeline::Track| {
            track.fiber.is_some() && track.slices.iter().any(|slice| slice.kind == kind)
        };
        timeline.tracks.iter().filter(of).count()
    };
    assert_eq!(
        (with(SliceKind::Job), with(SliceKind::Wait)),
        (4, 3),
        "{timeline:?}"
    );
}

#[test]
fn without_room_for_stacks_the_pool_goes_on() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .bind_workers(false)
        .fibers(1 << 60)
        .build()
        .expect("a pool can be made here");
    assert_eq!(job(&pool, || 3).wait().expect("it runs"), 3);
    assert!(pool.metrics().fibers_failed > 0);
    let small = ThreadPoolBuilder::new().fibers(1).build();
    assert!(matches!(
        small,
        Err(BuildError::Setting { name: "fibers", .. })
    ));
}

/// What blocks has given its place to a spare: a wait inside it must not give it once more.
#[test]
fn a_wait_inside_something_that_blocks_keeps_its_thread() {
    let pool = pool(1, 2);
    for round in 0..20 {
        let own = Arc::downgrade(&pool);
        let outer = job(&pool, move || {
            let inner = own.upgrade().map(|pool| job(&pool, move || round));
            blocking(|| inner.map(JobHandle::wait))
        });
        let inner = outer.wait().expect("it runs").expect("the pool is there");
        assert_eq!(inner.expect("it runs"), round);
    }
    // Nobody was counted out twice: what waits still leaves its thread.
    let own = Arc::clone(&pool);
    let outer = job(&pool, move || deep(&own, 50));
    assert_eq!(outer.wait().expect("it runs"), 50);
}
