//! Every item is dropped exactly once, however a loop ends.

use crate::{Dice, LENGTHS, everywhere};
use bedplate_pool::prelude::*;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

/// How often each of some items was dropped.
struct Ledger(Vec<AtomicUsize>);

impl Ledger {
    fn new(len: usize) -> Self {
        Self((0..len).map(|_| AtomicUsize::new(0)).collect())
    }

    fn items(&self) -> Vec<Item<'_>> {
        let item = |drops| Item {
            drops,
            text: Box::new(0),
        };
        self.0.iter().map(item).collect()
    }

    fn check(&self, what: &str) {
        for (at, drops) in self.0.iter().enumerate() {
            let drops = drops.load(Ordering::Relaxed);
            assert_eq!(drops, 1, "{what}: item {at} of {}", self.0.len());
        }
    }
}

/// An item that owns memory and reports that it is dropped.
struct Item<'a> {
    drops: &'a AtomicUsize,
    text: Box<usize>,
}

impl Drop for Item<'_> {
    fn drop(&mut self) {
        *self.text += 1;
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

/// Ends the loop at some item.
fn fuse(at: usize) -> impl Fn() + Sync {
    let left = AtomicUsize::new(at);
    move || {
        let before = left.fetch_sub(1, Ordering::Relaxed);
        assert!(before != 1, "the fuse");
    }
}

/// Runs `run` with items and a closure that panics at one of them, or at none.
fn once_each(what: &str, run: impl Fn(Vec<Item<'_>>, &(dyn Fn() + Sync)) + Sync) {
    everywhere(|| {
        for (seed, len) in LENGTHS.into_iter().enumerate().take(9) {
            let mut dice = Dice::new(seed + 1);
            for round in 0..4 {
                let end = i64::try_from(len).expect("small") + 2;
                let at = usize::try_from(dice.below(end)).expect("positive");
                // The first round does not panic.
                let blow = fuse(if round == 0 { usize::MAX } else { at + 1 });
                let ledger = Ledger::new(len);
                let items = ledger.items();
                let outcome = catch_unwind(AssertUnwindSafe(|| run(items, &blow)));
                assert!(round != 0 || outcome.is_ok());
                drop(outcome);
                ledger.check(what);
            }
        }
    });
}

#[test]
fn by_value() {
    once_each("for_each", |items, blow| {
        items.into_par_iter().for_each(|_item| blow());
    });
    once_each("rev", |items, blow| {
        items.into_par_iter().rev().for_each(|_item| blow());
    });
    once_each("part", |items, blow| {
        let (from, to) = (items.len() / 4, items.len() / 2);
        let part = items.into_par_iter().take(to).skip(from);
        part.step_by(2).for_each(|_item| blow());
    });
    once_each("zip", |items, blow| {
        let numbers = 0..items.len() / 2;
        items.into_par_iter().zip(numbers).for_each(|_pair| blow());
    });
    once_each("search", |items, blow| {
        let count = AtomicUsize::new(0);
        let _found = items.into_par_iter().find_any(|_| {
            blow();
            count.fetch_add(1, Ordering::Relaxed) == 20
        });
    });
    once_each("not iterated", |items, _| drop(items.into_par_iter()));
}

#[test]
fn drains() {
    once_each("drain", |mut items, blow| {
        let (from, to) = (items.len() / 4, items.len() / 2);
        let drained = catch_unwind(AssertUnwindSafe(|| {
            items.par_drain(from..to).for_each(|_item| blow());
        }));
        // What is left is whole.
        let left = items.par_iter().map(|item| *item.text).sum::<usize>();
        assert_eq!(left, 0);
        drop(items);
        drop(drained);
    });
}

#[test]
fn collected() {
    once_each("in place", |items, blow| {
        let shown = items.into_par_iter().inspect(|_| blow());
        drop(shown.collect::<Vec<_>>());
    });
    once_each("gathered", |items, blow| {
        let shown = items.into_par_iter().inspect(|_| blow());
        drop(shown.filter(|_| true).collect::<Vec<_>>());
    });
    once_each("behind others", |items, blow| {
        let mut target: Vec<Item<'_>> = Vec::new();
        let mut items = items;
        let second = items.split_off(items.len() / 2);
        target.par_extend(items);
        let shown = second.into_par_iter().inspect(|_| blow());
        let extended = catch_unwind(AssertUnwindSafe(|| target.par_extend(shown)));
        // What was there is whole, whatever happened.
        assert!(target.iter().all(|item| *item.text == 0));
        drop(target);
        drop(extended);
    });
    once_each("chunks", |items, blow| {
        let chunks = items.into_par_iter().chunks(7).inspect(|_| blow());
        drop(chunks.collect::<Vec<_>>());
    });
    once_each("interleaved", |mut items, blow| {
        let second = items.split_off(items.len() / 3);
        let turns = items.into_par_iter().interleave(second);
        drop(turns.inspect(|_| blow()).collect::<Vec<_>>());
    });
    once_each("unzipped", |items, blow| {
        let pairs = items.into_par_iter().map(|item| {
            blow();
            (item, Box::new(1))
        });
        let (a, b): (Vec<_>, Vec<_>) = pairs.unzip();
        assert_eq!(a.len(), b.len());
    });
    once_each("unzipped in place", |items, blow| {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let pairs = items.into_par_iter().map(|item| {
            blow();
            (item, Box::new(1))
        });
        pairs.unzip_into_vecs(&mut a, &mut b);
    });
    once_each("broken off", |items, blow| {
        let results = items.into_par_iter().enumerate().map(|(at, item)| {
            blow();
            if at == 40 { Err(at) } else { Ok(item) }
        });
        drop(results.collect::<Result<Vec<_>, _>>());
    });
}

#[test]
fn folded() {
    once_each("fold", |items, blow| {
        let folded = items.into_par_iter().fold(Vec::new, |mut all, item| {
            blow();
            all.push(item);
            all
        });
        let _all = folded.reduce(Vec::new, |mut a, b| {
            a.extend(b);
            a
        });
    });
    once_each("reduce", |items, blow| {
        let _one = items.into_par_iter().reduce_with(|a, _| {
            blow();
            a
        });
    });
    once_each("flat_map", |items, blow| {
        let flat = items.into_par_iter().flat_map(|item| {
            blow();
            Some(item)
        });
        drop(flat.collect::<Vec<_>>());
    });
    once_each("find_first", |items, blow| {
        let _first = items.into_par_iter().enumerate().find_first(|(at, _)| {
            blow();
            *at == 30
        });
    });
    once_each("max", |items, blow| {
        let _max = items.into_par_iter().enumerate().max_by(|a, b| {
            blow();
            a.0.cmp(&b.0)
        });
    });
}
