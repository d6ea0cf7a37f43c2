//! Loops in blocks.

use crate::{everywhere, with_items};
use bedplate_pool::prelude::*;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

#[test]
fn items_are_in_order() {
    with_items(|v| {
        for size in [1, 2, 100, 10_000] {
            let par = v.par_iter().by_uniform_blocks(size);
            assert_eq!(par.opt_len(), Some(v.len()));
            assert_eq!(par.collect::<Vec<_>>(), v.iter().collect::<Vec<_>>());
        }
        let par = v.par_iter().by_exponential_blocks();
        assert_eq!(par.collect::<Vec<_>>(), v.iter().collect::<Vec<_>>());
        let odd = v
            .par_iter()
            .by_exponential_blocks()
            .filter(|x| **x % 2 != 0);
        assert_eq!(odd.count(), v.iter().filter(|x| **x % 2 != 0).count());
    });
}

#[test]
fn a_block_is_done_before_the_next() {
    everywhere(|| {
        let turn = AtomicUsize::new(0);
        let turns = (0..1000_usize).into_par_iter();
        let turns = turns.map(|_| turn.fetch_add(1, Ordering::Relaxed));
        let turns: Vec<usize> = turns.by_uniform_blocks(64).collect();
        for (block, turns) in turns.chunks(64).enumerate() {
            assert!(turns.iter().all(|turn| turn / 64 == block));
        }
    });
}

#[test]
fn a_search_ends_with_its_block() {
    everywhere(|| {
        let seen = AtomicUsize::new(0);
        let items = (0..100_000).into_par_iter().inspect(|_| {
            seen.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(
            items.by_uniform_blocks(100).find_first(|x| *x == 250),
            Some(250)
        );
        assert!(seen.into_inner() <= 300);
    });
}

#[test]
fn no_items_a_block() {
    let caught = catch_unwind(|| drop((0..3).into_par_iter().by_uniform_blocks(0)));
    assert!(caught.is_err());
    // All items are dropped where a block panics.
    let items: Vec<Box<u32>> = (0..500).map(Box::new).collect();
    let blocks = items.into_par_iter().by_exponential_blocks();
    let run = || blocks.for_each(|x| assert!(*x != 300, "three hundred"));
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    assert_eq!(payload.downcast_ref(), Some(&"three hundred"));
}

#[test]
fn chunks_folded_from_a_value() {
    with_items(|v| {
        for size in [1, 3, 64] {
            let sums = v.par_iter().fold_chunks_with(size, 5, |sum, x| sum + x);
            let serial = v.chunks(size).map(|chunk| 5 + chunk.iter().sum::<i64>());
            assert_eq!(sums.collect::<Vec<_>>(), serial.collect::<Vec<_>>());
        }
    });
}
