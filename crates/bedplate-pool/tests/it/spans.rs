//! What work is done for goes with the work.

use crate::{pool, until};
use alloc::sync::Arc;
use bedplate_pool::{
    JobOptions, Priority, Scope, SpanContext, block_on, current_span, join, scope, span,
    with_context,
};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::panic::catch_unwind;
use std::sync::Mutex;

const MINE: SpanContext = SpanContext::new(77);

#[test]
fn a_context_is_current_inside_and_gone_outside() {
    assert!(current_span().is_none());
    let inner = MINE.run(|| {
        assert_eq!(current_span(), MINE);
        span("inner", current_span)
    });
    assert!(!inner.is_none() && inner != MINE);
    let thrown = catch_unwind(AssertUnwindSafe(|| MINE.run(|| panic!("on purpose"))));
    assert!(thrown.is_err());
    assert!(current_span().is_none());
}

/// The second half is run by another thread for sure: the first one waits for it.
#[test]
fn a_taken_half_works_for_what_its_join_does() {
    let pool = pool(2);
    let begun = AtomicBool::new(false);
    let (a, b) = pool.install(|| {
        let halves = MINE.run(|| {
            join(
                || {
                    // Not what the second half was offered for.
                    span("first half", || {
                        until("the second half runs", || begun.load(Ordering::Relaxed));
                    });
                    (current_span(), std::thread::current().id())
                },
                || {
                    begun.store(true, Ordering::Relaxed);
                    (current_span(), std::thread::current().id())
                },
            )
        });
        assert!(current_span().is_none());
        halves
    });
    assert_eq!((a.0, b.0), (MINE, MINE));
    assert_ne!(a.1, b.1);
    assert!(pool.metrics().steals > 0);
}

#[test]
fn jobs_batches_and_futures_work_for_what_they_were_spawned_for() {
    let pool = pool(2);
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let done = Arc::new(AtomicUsize::new(0));
    let note = |what: &'static str, wanted: SpanContext| {
        let (wrong, done) = (Arc::clone(&wrong), Arc::clone(&done));
        move || {
            if current_span() != wanted {
                wrong.lock().expect("no panic").push((what, current_span()));
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    MINE.run(|| {
        pool.spawn(note("job", MINE));
        pool.try_spawn(Priority::High, note("bounded job", MINE))
            .expect("there is room");
        let options = JobOptions::new;
        let job = pool.spawn_job(options(), note("job with a result", MINE));
        job.expect("there is room").wait().expect("it runs");
        let batched = note("batch", MINE);
        pool.spawn_batch(0..4, move |_| batched());
        let polled = note("future", MINE);
        let future = pool.spawn_future(options(), async move { polled() });
        assert!(block_on(future).is_ok());
    });
    let without = note("job for nothing", SpanContext::NONE);
    pool.spawn(without);
    until("all have run", || done.load(Ordering::Relaxed) == 9);
    assert_eq!(*wrong.lock().expect("no panic"), []);
}

/// Contexts that a job had and should not have had.
type Wrong = Mutex<Vec<SpanContext>>;

fn check(wanted: SpanContext, wrong: &Wrong) {
    if current_span() != wanted {
        wrong.lock().expect("no panic").push(current_span());
    }
}

/// A job that spawns one for nothing in particular.
fn spawn_two<'s>(s: &Scope<'s>, n: u64, wrong: &'s Wrong) {
    s.spawn(move |s| {
        check(SpanContext::new(n), wrong);
        SpanContext::NONE.run(|| s.spawn(move |_| check(SpanContext::NONE, wrong)));
    });
}

#[test]
fn jobs_of_a_scope_work_for_what_they_were_spawned_for() {
    let pool = pool(2);
    let wrong = Wrong::default();
    let outer = SpanContext::new(5);
    let in_outer = || {
        scope(|s| {
            for n in 100..200 {
                SpanContext::new(n).run(|| spawn_two(s, n, &wrong));
            }
        });
        check(outer, &wrong);
    };
    pool.install(|| outer.run(in_outer));
    assert_eq!(*wrong.lock().expect("no panic"), []);
}

/// What a context is for reaches every piece of a deep tree, by whomever it is run.
#[test]
fn a_tree_of_joins_works_for_one_thing() {
    fn leaves(depth: u32) -> usize {
        if depth == 0 {
            return usize::from(current_span() == MINE);
        }
        let (a, b) = join(|| leaves(depth - 1), || leaves(depth - 1));
        a + b
    }
    let pool = pool(3);
    for _ in 0..20 {
        assert_eq!(pool.install(|| MINE.run(|| leaves(10))), 1024);
    }
    assert!(pool.install(|| with_context(|_| current_span())).is_none());
}
