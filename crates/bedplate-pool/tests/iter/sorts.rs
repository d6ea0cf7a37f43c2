//! Sorts against the standard library's.

use crate::{Dice, everywhere};
use bedplate_pool::prelude::*;
use core::cmp::{Ordering, Reverse};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::panic::catch_unwind;

/// Lengths on both sides of what one thread sorts, and of what one thread merges.
const LENGTHS: [usize; 6] = [0, 1, 50, 4096, 4097, 20_000];

/// Sequences that sorts treat differently.
fn patterns(len: usize) -> Vec<Vec<u32>> {
    let mut dice = Dice::new(len + 1);
    let mut random = |end: i64| -> Vec<u32> {
        let draw = |_| u32::try_from(dice.below(end)).expect("positive");
        (0..len).map(draw).collect()
    };
    let mut rising = random(1 << 30);
    rising.sort_unstable();
    let mut falling = rising.clone();
    falling.reverse();
    let mut teeth = rising.clone();
    teeth.rotate_left(len / 3);
    let mut pipes = rising.clone();
    pipes[len / 2..].reverse();
    let mut nearly = rising.clone();
    if len > 2 {
        nearly.swap(1, len - 1);
    }
    vec![
        random(1 << 30),
        random(4),
        random(1000),
        vec![7; len],
        rising,
        falling,
        teeth,
        pipes,
        nearly,
    ]
}

#[test]
fn stable_sorts() {
    everywhere(|| {
        for v in LENGTHS.into_iter().flat_map(patterns) {
            let mut par: Vec<(u32, usize)> = v.iter().map(|x| x / 2).zip(0..).collect();
            let mut serial = par.clone();
            par.par_sort_by_key(|pair| pair.0);
            serial.sort_by_key(|pair| pair.0);
            assert!(par == serial, "{} items", v.len());
            par.par_sort_by(|a, b| b.0.cmp(&a.0));
            serial.sort_by_key(|pair| Reverse(pair.0));
            assert!(par == serial, "{} items", v.len());
            par.par_sort_by_cached_key(|pair| pair.0.to_string());
            serial.sort_by_cached_key(|pair| pair.0.to_string());
            assert!(par == serial, "{} items", v.len());
            let (mut par, mut serial) = (v.clone(), v);
            par.par_sort();
            serial.sort();
            assert!(par == serial, "{} items", par.len());
        }
    });
}

#[test]
fn unstable_sorts() {
    everywhere(|| {
        for v in LENGTHS.into_iter().flat_map(patterns) {
            let (mut par, mut serial) = (v.clone(), v.clone());
            par.par_sort_unstable();
            serial.sort_unstable();
            assert!(par == serial, "{} items", v.len());
            par.par_sort_unstable_by(|a, b| b.cmp(a));
            serial.reverse();
            assert!(par == serial, "{} items", v.len());
            // Large items are partitioned in another way.
            let mut par: Vec<[u32; 12]> = v.iter().map(|x| [*x; 12]).collect();
            par.par_sort_unstable_by_key(|item| item[3]);
            serial.reverse();
            assert!(par.iter().map(|item| &item[11]).eq(&serial));
        }
    });
}

#[test]
fn items_without_size() {
    let mut v = [(); 10_000];
    v.par_sort();
    v.par_sort_unstable();
    assert_eq!(v.len(), 10_000);
}

/// Sorts boxed numbers by `compare`, both ways, and checks that all are there, whatever it does.
fn keeps_all<F>(len: usize, compare: F)
where
    F: Fn(&Box<usize>, &Box<usize>) -> Ordering + Sync,
{
    let mut dice = Dice::new(len);
    let end = i64::try_from(len).expect("small");
    let mut v: Vec<Box<usize>> = (0..len).map(Box::new).collect();
    for at in 0..len {
        v.swap(at, usize::try_from(dice.below(end)).expect("positive"));
    }
    let mut w = v.clone();
    drop(catch_unwind(AssertUnwindSafe(|| v.par_sort_by(&compare))));
    drop(catch_unwind(AssertUnwindSafe(|| {
        w.par_sort_unstable_by(&compare);
    })));
    for sorted in [v, w] {
        let mut found: Vec<usize> = sorted.into_iter().map(|x| *x).collect();
        found.sort_unstable();
        assert!(found.into_iter().eq(0..len));
    }
}

#[test]
fn a_comparison_that_panics_loses_nothing() {
    everywhere(|| {
        let mut dice = Dice::new(5);
        for _ in 0..6 {
            // The second sort panics too, at another place.
            let every = usize::try_from(dice.below(100_000)).expect("positive") + 1;
            let count = AtomicUsize::new(0);
            keeps_all(15_000, |a, b| {
                let at = count.fetch_add(1, Relaxed);
                assert!(at % every != every - 1, "a comparison");
                a.cmp(b)
            });
        }
    });
}

#[test]
fn a_comparison_without_order_loses_nothing() {
    everywhere(|| {
        let count = AtomicUsize::new(0);
        keeps_all(15_000, |_, _| {
            match count.fetch_add(0x9e37, Relaxed) >> 3 & 3 {
                0 => Ordering::Less,
                1 => Ordering::Equal,
                _ => Ordering::Greater,
            }
        });
    });
}
