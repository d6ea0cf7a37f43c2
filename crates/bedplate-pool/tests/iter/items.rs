//! Adaptors that treat items one by one.

use crate::{everywhere, with_items};
use bedplate_pool::prelude::*;
use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

#[test]
fn maps_and_filters() {
    with_items(|v| {
        let par: Vec<i64> = v.par_iter().map(|x| x * 3).collect();
        assert_eq!(par, v.iter().map(|x| x * 3).collect::<Vec<_>>());
        let par: Vec<i64> = v.par_iter().copied().filter(|x| x % 2 == 0).collect();
        assert_eq!(
            par,
            v.iter().copied().filter(|x| x % 2 == 0).collect::<Vec<_>>()
        );
        let half = |x: &i64| (x % 2 == 0).then_some(x / 2);
        let par: Vec<i64> = v.par_iter().filter_map(half).collect();
        assert_eq!(par, v.iter().filter_map(half).collect::<Vec<_>>());
        let par: Vec<i64> = v.par_iter().cloned().update(|x| *x += 1).collect();
        assert_eq!(par, v.iter().map(|x| x + 1).collect::<Vec<_>>());
        let chained: Vec<String> = v
            .par_iter()
            .filter(|x| **x > 0)
            .map(|x| x + 1)
            .filter(|x| x % 3 != 0)
            .map(|x| x.to_string())
            .collect();
        let serial = v.iter().filter(|x| **x > 0).map(|x| x + 1);
        let serial = serial.filter(|x| x % 3 != 0).map(|x| x.to_string());
        assert_eq!(chained, serial.collect::<Vec<_>>());
    });
}

#[test]
fn flat_maps() {
    with_items(|v| {
        let v = &v[..v.len().min(300)];
        let inner = |x: &i64| 0..x.rem_euclid(5);
        let serial: Vec<i64> = v.iter().flat_map(inner).collect();
        assert_eq!(v.par_iter().flat_map(inner).collect::<Vec<_>>(), serial);
        assert_eq!(
            v.par_iter().flat_map_iter(inner).collect::<Vec<_>>(),
            serial
        );
        let nested: Vec<Vec<i64>> = v.iter().map(|x| inner(x).collect()).collect();
        let flat: Vec<i64> = nested.clone().into_par_iter().flatten().collect();
        assert_eq!(flat, serial);
        let flat: Vec<i64> = nested.into_par_iter().flatten_iter().collect();
        assert_eq!(flat, serial);
    });
}

#[test]
fn for_each_visits_every_item_once() {
    with_items(|v| {
        let sum = AtomicI64::new(0);
        let seen = AtomicUsize::new(0);
        v.par_iter()
            .inspect(|_| {
                seen.fetch_add(1, Ordering::Relaxed);
            })
            .for_each(|x| {
                sum.fetch_add(*x, Ordering::Relaxed);
            });
        assert_eq!(sum.into_inner(), v.iter().sum::<i64>());
        assert_eq!(seen.into_inner(), v.len());
        let mut doubled = v.to_vec();
        doubled.par_iter_mut().for_each(|x| *x *= 2);
        assert_eq!(doubled, v.iter().map(|x| x * 2).collect::<Vec<_>>());
    });
}

#[test]
fn states_belong_to_one_stretch_each() {
    with_items(|v| {
        // A channel's sender is cloned, not shared.
        let (sender, receiver) = std::sync::mpsc::channel();
        v.par_iter()
            .for_each_with(sender, |sender, x| sender.send(*x).expect("received below"));
        let mut received: Vec<i64> = receiver.into_iter().collect();
        received.sort_unstable();
        let mut sorted = v.to_vec();
        sorted.sort_unstable();
        assert_eq!(received, sorted);

        let begun = AtomicUsize::new(0);
        let begin = || {
            begun.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        };
        let counted: Vec<usize> = v
            .par_iter()
            .map_init(begin, |scratch: &mut Vec<i64>, x| {
                scratch.push(*x);
                scratch.len()
            })
            .collect();
        // Every stretch counts from one.
        let begins = counted.iter().filter(|count| **count == 1).count();
        assert!(begins <= begun.into_inner());
        assert_eq!(begins == 0, v.is_empty());

        let visited = AtomicUsize::new(0);
        v.par_iter().for_each_init(
            || (),
            |(), _| {
                visited.fetch_add(1, Ordering::Relaxed);
            },
        );
        assert_eq!(visited.into_inner(), v.len());
        let with: Vec<i64> = v.par_iter().map_with(1, |one, x| x + *one).collect();
        assert_eq!(with, v.iter().map(|x| x + 1).collect::<Vec<_>>());
    });
}

#[test]
fn stages_that_end_everything() {
    with_items(|v| {
        let all: Vec<i64> = v.par_iter().map(|x| Some(*x)).while_some().collect();
        assert_eq!(all, v);
        let some: Vec<i64> = v
            .par_iter()
            .map(|x| Some(*x).filter(|x| *x != 7))
            .while_some()
            .collect();
        assert!(!some.contains(&7) && some.len() <= v.len());
        for count in [0, 1, 5, 10_000] {
            assert_eq!(v.par_iter().take_any(count).count(), v.len().min(count));
            let skipped = v.len().saturating_sub(count);
            assert_eq!(v.par_iter().skip_any(count).count(), skipped);
        }
        let while_small: Vec<i64> = v.par_iter().copied().take_any_while(|x| *x < 50).collect();
        assert!(while_small.iter().all(|x| *x < 50));
        let kept = v.par_iter().skip_any_while(|x| **x < 1000).count();
        assert!(kept <= v.len());
        assert_eq!(v.par_iter().panic_fuse().count(), v.len());
    });
}

#[test]
fn nested_loops() {
    everywhere(|| {
        let table: Vec<Vec<usize>> = (0..40_usize)
            .into_par_iter()
            .map(|row| {
                (0..40_usize)
                    .into_par_iter()
                    .map(|column| row * column)
                    .collect()
            })
            .collect();
        for (row, cells) in table.iter().enumerate() {
            assert!(
                cells
                    .iter()
                    .enumerate()
                    .all(|(column, x)| *x == row * column)
            );
        }
    });
}
