//! Joins compute what a serial program does, on one thread and on several.

use crate::{LONG, pool, until};
use bedplate_pool::{Context, join, with_context};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

fn fib(cx: Context<'_>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = cx.join(|cx| fib(cx, n - 1), |cx| fib(cx, n - 2));
    a + b
}

fn fib_without_context(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = join(|| fib_without_context(n - 1), || fib_without_context(n - 2));
    a + b
}

#[test]
fn fib_is_right_at_every_width() {
    for workers in [1, 2, 3, 8, 40] {
        let pool = pool(workers);
        assert_eq!(pool.enter(|cx| fib(cx, 22)), 17_711);
        assert_eq!(pool.install(|| fib_without_context(20)), 6_765);
    }
}

#[test]
fn the_pool_of_the_process_serves_whoever_comes() {
    assert_eq!(fib_without_context(18), 2_584);
    assert_eq!(with_context(|cx| fib(cx, 18)), 2_584);
}

#[test]
fn the_first_half_runs_on_the_thread_that_asks() {
    let pool = pool(2);
    let here = std::thread::current().id();
    let (first, _) = pool.join(|| std::thread::current().id(), || ());
    assert_eq!(first, here);
}

#[test]
fn a_half_is_taken_from_an_owner_that_never_forks_again() {
    // The first half waits for the second: only another thread can run it.
    let pool = pool(2);
    let came = AtomicBool::new(false);
    pool.join(
        || until("the second half runs", || came.load(Ordering::Relaxed)),
        || came.store(true, Ordering::Relaxed),
    );
    assert!(pool.metrics().steals >= 1);
}

#[test]
fn a_pool_shares_work_again_and_again() {
    let pool = pool(2);
    for _ in 0..50 {
        let came = AtomicBool::new(false);
        pool.join(
            || until("the second half runs", || came.load(Ordering::Relaxed)),
            || came.store(true, Ordering::Relaxed),
        );
    }
}

#[test]
fn all_workers_come_to_one_tree() {
    fn tree(cx: Context<'_>, depth: u32, here: &AtomicUsize, wanted: usize) {
        if depth == 0 {
            here.fetch_add(1, Ordering::Relaxed);
            until("enough leaves run at once", || {
                here.load(Ordering::Relaxed) >= wanted
            });
            return;
        }
        cx.join(
            |cx| tree(cx, depth - 1, here, wanted),
            |cx| tree(cx, depth - 1, here, wanted),
        );
    }
    // Four leaves that all wait for each other need four threads.
    let pool = pool(4);
    let here = AtomicUsize::new(0);
    pool.enter(|cx| tree(cx, 2, &here, 4));
    assert_eq!(here.load(Ordering::Relaxed), 4);
}

#[test]
fn threads_from_outside_beyond_the_seats_are_served() {
    let pool = pool(2);
    let inside = AtomicUsize::new(0);
    let go = AtomicBool::new(false);
    std::thread::scope(|s| {
        for _ in 0..64 {
            s.spawn(|| {
                pool.install(|| {
                    inside.fetch_add(1, Ordering::Relaxed);
                    until("the gate opens", || go.load(Ordering::Relaxed));
                });
            });
        }
        until("all seats are taken", || {
            inside.load(Ordering::Relaxed) == 64
        });
        assert_eq!(pool.enter(|cx| fib(cx, 15)), 610);
        assert_eq!(pool.metrics().guests_refused, 1);
        go.store(true, Ordering::Relaxed);
    });
}

#[test]
fn pools_nest() {
    let (outer, inner) = (pool(2), pool(3));
    let sum = outer.enter(|cx| {
        let (a, b) = cx.join(
            |_| inner.enter(|cx| fib(cx, 15) + u64::from(cx.width() == 3)),
            |cx| fib(cx, 15) + inner.enter(|_| outer.enter(|cx| fib(cx, 10))),
        );
        a + b
    });
    assert_eq!(sum, 611 + 610 + 55);
}

#[test]
fn results_and_halves_of_any_shape_go_through() {
    let pool = pool(2);
    let text = String::from("borrowed");
    let ((a, b), unit) = pool.join(|| (text.as_str(), [7_u64; 40]), || ());
    assert_eq!((a, b[39], unit), ("borrowed", 7, ()));
    let began = Instant::now();
    let boxed: Box<dyn Fn(u32) -> u32 + Send> = Box::new(|n| n + 1);
    let ((), moved) = pool.join(|| (), move || boxed(1));
    assert_eq!(moved, 2);
    assert!(began.elapsed() < LONG);
}
