//! Panics come out of the loop, with their payload, and the pool goes on.

use crate::everywhere;
use bedplate_pool::iter::plumbing::Consumer;
use bedplate_pool::prelude::*;
use bedplate_pool::{Context, ThreadPool};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

/// The payload that `run` panics with.
fn caught(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .expect("the payload is a text")
}

#[test]
fn the_payload_comes_through() {
    everywhere(|| {
        let payload = caught(|| {
            (0..1000_u32)
                .into_par_iter()
                .for_each(|x| assert!(x != 700, "seven hundred"));
        });
        assert_eq!(payload, "seven hundred");
        let payload = caught(|| {
            let _numbers: Vec<u32> = (0..1000_u32)
                .into_par_iter()
                .flat_map(|x| (0..3_u32).into_par_iter().map(move |y| x + y))
                .map(|x| if x == 500 { panic!("five hundred") } else { x })
                .collect();
        });
        assert_eq!(payload, "five hundred");
        let payload = caught(|| {
            let _ = (0..1000_u32)
                .par_bridge()
                .map(|x| assert!(x != 3, "three"))
                .count();
        });
        assert_eq!(payload, "three");
        let numbers = (0..1000_u32).inspect(|x| assert!(*x != 3, "a serial one"));
        let payload = caught(|| {
            let _ = numbers.par_bridge().count();
        });
        assert_eq!(payload, "a serial one");
        // The pool still works.
        assert_eq!((0..1000_u32).into_par_iter().sum::<u32>(), 499_500);
    });
}

#[test]
fn misuse_is_told() {
    let v = [1, 2, 3];
    assert!(caught(|| drop(v.par_chunks(0))).contains("at least one item"));
    assert!(caught(|| drop(v.par_iter().step_by(0))).contains("at least one item"));
    assert!(caught(|| drop(v.par_iter().chunks(0))).contains("at least one item"));
    assert!(caught(|| drop(v.par_iter().zip_eq(&[1]))).contains("cannot pair 3 items with 1"));
    let mut v = vec![1, 2, 3];
    assert!(caught(|| drop(v.par_drain(2..9))).contains("cannot drain 2..9"));
}

/// An iterator that announces another length than it has.
struct Liar {
    announced: usize,
    actual: usize,
}

impl ParallelIterator for Liar {
    type Item = Box<usize>;

    fn drive_in<C: Consumer<Box<usize>>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let boxes = (0..self.actual).into_par_iter().map(Box::new);
        boxes.drive_in(cx, consumer, part)
    }

    fn known_len(&self) -> Option<usize> {
        Some(self.announced)
    }
}

#[test]
fn wrong_lengths_are_found() {
    everywhere(|| {
        for (announced, actual) in [(100, 99), (100, 101), (0, 1), (1, 0), (1000, 1), (1, 1000)] {
            let payload = caught(|| drop(Liar { announced, actual }.collect::<Vec<_>>()));
            assert!(payload.contains("announced"), "{payload}");
        }
    });
}

#[test]
fn loops_in_a_pool_of_their_own() -> Result<(), bedplate_pool::BuildError> {
    let pool = ThreadPool::new()?;
    let payload = caught(|| {
        pool.install(|| {
            (0..100_u32)
                .into_par_iter()
                .for_each(|x| assert!(x != 50, "fifty"));
        });
    });
    assert_eq!(payload, "fifty");
    assert_eq!(pool.install(|| (0..100_u32).into_par_iter().count()), 100);
    Ok(())
}

/// How many of 10,000 items a loop reaches that panics at one in the middle; each is a stretch of its own.
fn reached<I: ParallelIterator>(made: impl Fn(bedplate_pool::iter::RangeIter<u32>) -> I) -> usize {
    let reached = AtomicUsize::new(0);
    let items = made((0..10_000_u32).into_par_iter());
    let count = |_| {
        reached.fetch_add(1, Ordering::Relaxed);
    };
    assert_eq!(caught(|| items.for_each(count)), "the middle");
    reached.into_inner()
}

#[test]
fn a_blown_fuse_ends_the_loop() {
    let check = |x: &u32| assert!(*x != 5000, "the middle");
    // One worker, so that not all other items can be under way.
    crate::pools()[0].install(|| {
        let plain = reached(|items| items.with_max_len(1).inspect(check));
        assert_eq!(plain, 9999);
        assert!(reached(|items| items.with_max_len(1).inspect(check).panic_fuse()) < 9999);
        assert!(reached(|items| items.with_max_len(1).panic_fuse().inspect(check)) < 9999);
        assert!(reached(|items| items.with_max_len(1).panic_fuse().inspect(check).rev()) < 9999);
    });
}
