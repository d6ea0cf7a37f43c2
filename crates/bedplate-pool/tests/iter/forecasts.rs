//! Loops that run often enough to be foreseen: what comes of them stays the same.

use crate::{Dice, everywhere};
use bedplate_pool::prelude::*;
use bedplate_pool::{Metrics, ThreadPool, ThreadPoolBuilder};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::panic::catch_unwind;

/// Often enough for a site to be known.
const OFTEN: usize = 60;

fn pool(workers: usize) -> ThreadPool {
    let builder = ThreadPoolBuilder::new().num_threads(workers);
    builder.build().expect("threads can be started")
}

/// Work of about so many turns.
fn spin(turns: u64) -> u64 {
    (0..turns).fold(turns, |sum, turn| core::hint::black_box(sum ^ turn))
}

/// Runs `each` until `is_there`, at most some thousand times.
fn until(pool: &ThreadPool, mut each: impl FnMut() + Send, is_there: impl Fn(&Metrics) -> bool) {
    for _ in 0..5_000 {
        pool.install(&mut each);
        if is_there(&pool.metrics()) {
            return;
        }
    }
    panic!("not in 5000 loops: {:?}", pool.metrics());
}

#[test]
fn results_stay_the_same_while_costs_are_learned() {
    everywhere(|| {
        for len in [1, 2, 7, 100, 3_000] {
            let numbers: Vec<u64> = (0..len).collect();
            let sum: u64 = numbers.iter().sum();
            let odd: Vec<u64> = numbers.iter().copied().filter(|n| n % 2 == 1).collect();
            for _ in 0..OFTEN {
                assert_eq!(numbers.par_iter().sum::<u64>(), sum);
                let doubled: Vec<u64> = numbers.par_iter().map(|n| n * 2).collect();
                assert!(doubled.iter().zip(&numbers).all(|(d, n)| *d == n * 2));
                let found: Vec<u64> = numbers.par_iter().copied().filter(|n| n % 2 == 1).collect();
                assert_eq!(found, odd);
                assert_eq!(
                    numbers.par_iter().find_first(|n| **n + 1 == len),
                    numbers.last()
                );
                let pairs = numbers.par_iter().zip(doubled.into_par_iter());
                assert!(pairs.all(|(n, d)| n * 2 == d));
            }
        }
    });
}

#[test]
fn results_stay_the_same_when_costs_change() {
    let turns = AtomicU64::new(0);
    everywhere(|| {
        for phase in [1, 3_000, 1, 400, 20] {
            turns.store(phase, Relaxed);
            for _ in 0..20 {
                let visits: Vec<AtomicUsize> = (0..200).map(|_| AtomicUsize::new(0)).collect();
                visits.par_iter().for_each(|visit| {
                    spin(turns.load(Relaxed));
                    visit.fetch_add(1, Relaxed);
                });
                assert!(visits.iter().all(|visit| visit.load(Relaxed) == 1));
            }
        }
    });
}

#[test]
fn loops_in_loops_are_foreseen_apart() {
    everywhere(|| {
        for _ in 0..20 {
            let sums: Vec<u64> = (0..40_u64)
                .into_par_iter()
                .map(|n| (0..n * 10).into_par_iter().sum())
                .collect();
            let wanted = (0..40_u64).map(|n| (0..n * 10).sum::<u64>());
            assert!(sums.into_iter().eq(wanted));
            let flat: Vec<u64> = (0..40_u64)
                .into_par_iter()
                .flat_map(|n| (0..n).into_par_iter())
                .collect();
            assert!(flat.into_iter().eq((0..40).flat_map(|n| 0..n)));
        }
    });
}

#[test]
fn small_loops_come_to_run_alone() {
    let pool = pool(2);
    let numbers: Vec<u64> = (0..40).collect();
    let small = || assert_eq!(numbers.par_iter().map(|n| n + 1).sum::<u64>(), 820);
    until(&pool, small, |metrics| metrics.loops_alone > 0);
    let metrics = pool.metrics();
    assert!(
        metrics.loops_unknown > 0 && metrics.sites > 0,
        "{metrics:?}"
    );
}

#[test]
fn long_loops_come_to_be_shared() {
    let pool = pool(2);
    let long = || {
        let sum = (0..64_u64).into_par_iter().map(|n| spin(5_000 + n % 2) & 1);
        assert!(sum.sum::<u64>() <= 64);
    };
    until(&pool, long, |metrics| metrics.loops_shared > 0);
}

#[test]
fn a_row_of_small_loops_wakes_a_helper() {
    let pool = pool(2);
    let steals = pool.metrics().steals;
    // In a row: inside one call, without pauses between the loops.
    let row = || {
        for _ in 0..50 {
            let sum = (0..64_u64).into_par_iter().map(|n| spin(100 + n % 2) & 1);
            assert!(sum.sum::<u64>() <= 64);
        }
    };
    until(&pool, row, |metrics| metrics.steals > steals);
}

#[test]
fn a_pool_without_prediction_foresees_nothing() {
    let builder = ThreadPoolBuilder::new().num_threads(2).prediction(false);
    let pool = builder.build().expect("threads can be started");
    for _ in 0..OFTEN {
        let sum: u64 = pool.install(|| (0..100_u64).into_par_iter().sum());
        assert_eq!(sum, 4950);
    }
    let metrics = pool.metrics();
    let foreseen = metrics.loops_alone + metrics.loops_shared + metrics.loops_unknown;
    assert_eq!(foreseen, 0);
}

#[test]
fn bounds_hold_for_loops_that_are_known() {
    let folds = |len: usize, least: usize, most: usize| -> Vec<usize> {
        let lens = (0..len)
            .into_par_iter()
            .with_min_len(least)
            .with_max_len(most)
            .fold(|| 0, |count, _| count + 1);
        lens.collect()
    };
    everywhere(|| {
        for _ in 0..OFTEN {
            let lens = folds(200, 1, 10);
            assert!(lens.iter().all(|&len| len <= 10), "{lens:?}");
            let lens = folds(200, 60, 1_000);
            assert_eq!(lens.iter().sum::<usize>(), 200);
            assert!(lens.len() <= 3, "{lens:?}");
        }
    });
}

#[test]
fn a_loop_that_panics_can_be_run_again() {
    everywhere(|| {
        for turn in 0..OFTEN {
            let check = |n: usize| assert!(n != 299 || turn % 3 > 0);
            let run = || (0..300_usize).into_par_iter().for_each(check);
            let result = catch_unwind(AssertUnwindSafe(run));
            assert_eq!(result.is_err(), turn % 3 == 0);
        }
    });
}

#[test]
fn items_as_few_as_workers_may_wait_for_one_another() {
    let pool = pool(2);
    for turn in 0..OFTEN {
        // Quick at first, so that the batch would be known as not worth help.
        let barrier = (turn > 20).then(|| std::sync::Barrier::new(2));
        let meet = |_| {
            if let Some(barrier) = &barrier {
                barrier.wait();
            }
        };
        pool.scope(|s| s.spawn_batch(0..2, meet));
        pool.install(|| (0..3).into_par_iter().for_each(|_| ()));
    }
    let metrics = pool.metrics();
    let foreseen = metrics.loops_alone + metrics.loops_shared + metrics.loops_unknown;
    assert_eq!(
        foreseen, 0,
        "loops with an item for each thread are not foreseen"
    );
}

#[test]
fn slices_sorted_again_and_again_are_sorted() {
    everywhere(|| {
        let mut dice = Dice::new(1);
        for len in [257, 1_000, 4_096, 9_000] {
            for _ in 0..12 {
                let numbers: Vec<i64> = (0..len).map(|_| dice.below(1 << 20)).collect();
                let mut wanted = numbers.clone();
                wanted.sort_unstable();
                let (mut stable, mut unstable) = (numbers.clone(), numbers);
                stable.par_sort();
                unstable.par_sort_unstable();
                assert!(stable == wanted && unstable == wanted, "{len}");
            }
        }
    });
}

#[test]
fn costly_comparisons_bring_help_to_short_slices() {
    let pool = pool(2);
    let mut dice = Dice::new(3);
    let numbers: Vec<i64> = (0..500).map(|_| dice.below(1 << 20)).collect();
    let sort = || {
        let mut numbers = numbers.clone();
        numbers.par_sort_unstable_by(|a, b| {
            spin(200);
            a.cmp(b)
        });
        assert!(numbers.is_sorted());
    };
    until(&pool, sort, |metrics| metrics.loops_shared > 0);
}

#[test]
fn a_batch_run_again_and_again_is_run_wholly() {
    let pool = pool(2);
    for (turns, len) in [(1, 1), (1, 30), (1, 5_000), (500, 30), (500, 500)] {
        let marks: Vec<AtomicUsize> = (0..len).map(|_| AtomicUsize::new(0)).collect();
        let mark = |n: usize| {
            spin(turns);
            marks[n].fetch_add(1, Relaxed);
        };
        for _ in 0..20 {
            pool.scope(|s| s.spawn_batch(0..len, mark));
        }
        assert!(marks.iter().all(|mark| mark.load(Relaxed) == 20));
    }
}
