//! Adaptors that stay indexed: forwards, backwards, cut anywhere.

use crate::with_items;
use bedplate_pool::prelude::*;
use core::fmt::Debug;
use core::sync::atomic::{AtomicUsize, Ordering};

/// `par` yields what `serial` does, in order, also reversed and in part.
pub(crate) fn same<P, S, T>(par: P, serial: S)
where
    P: IndexedParallelIterator<Item = T> + Clone,
    S: Iterator<Item = T>,
    T: Send + PartialEq + Debug,
{
    let expected: Vec<T> = serial.collect();
    assert_eq!(par.len(), expected.len());
    assert_eq!(par.clone().collect::<Vec<T>>(), expected);
    // Not in place, by way of a stage that may lose items.
    assert_eq!(par.clone().filter(|_| true).collect::<Vec<T>>(), expected);
    let (from, to) = (expected.len() / 3, expected.len() * 2 / 3);
    let part: Vec<T> = par.clone().take(to).skip(from).collect();
    assert_eq!(part, &expected[from..to]);
    let stepped: Vec<T> = par.clone().step_by(3).rev().collect();
    assert_eq!(stepped.iter().collect::<Vec<_>>(), {
        let places = (0..expected.len()).step_by(3).rev();
        places.map(|at| &expected[at]).collect::<Vec<_>>()
    });
    let mut backwards: Vec<T> = par.rev().collect();
    backwards.reverse();
    assert_eq!(backwards, expected);
}

#[test]
fn adaptors() {
    with_items(|v| {
        let half = v.len() / 2;
        same(v.par_iter(), v.iter());
        same(v.par_iter().map(|x| x + 1), v.iter().map(|x| x + 1));
        same(v.par_iter().enumerate(), v.iter().enumerate());
        same(v.par_iter().rev().enumerate(), v.iter().rev().enumerate());
        same(v.par_iter().zip(&v[half..]), v.iter().zip(&v[half..]));
        same(v.par_iter().zip_eq(v), v.iter().zip(v));
        same(v.par_iter().chain(&v[..half]), v.iter().chain(&v[..half]));
        same(v.par_iter().copied(), v.iter().copied());
        same(v.par_iter().cloned().inspect(|_| ()), v.iter().copied());
        for n in [1, 2, 5, 64, 10_000] {
            same(v.par_iter().skip(n), v.iter().skip(n));
            same(v.par_iter().take(n), v.iter().take(n));
            same(v.par_iter().step_by(n), v.iter().step_by(n));
            same(v.par_iter().with_min_len(n), v.iter());
            same(v.par_iter().with_max_len(n), v.iter());
            let chunks = v.chunks(n).map(<[i64]>::to_vec);
            same(v.par_iter().copied().chunks(n), chunks);
            let sums = v.par_iter().fold_chunks(n, || 0, |sum, x| sum + x);
            same(sums, v.chunks(n).map(|chunk| chunk.iter().sum::<i64>()));
        }
        let with_state = v.par_iter().map_init(|| 1, |one, x| x + *one);
        let reversed: Vec<i64> = with_state.rev().collect();
        assert_eq!(reversed, v.iter().rev().map(|x| x + 1).collect::<Vec<_>>());
    });
}

#[test]
fn interleaved() {
    with_items(|v| {
        let v = &v[..v.len().min(200)];
        for cut in [0, 1, v.len() / 3, v.len() / 2, v.len()] {
            let (a, b) = v.split_at(cut.min(v.len()));
            for (a, b) in [(a, b), (b, a)] {
                let turns = a.len().max(b.len());
                let serial = (0..turns).flat_map(|at| a.get(at).into_iter().chain(b.get(at)));
                same(a.par_iter().interleave(b), serial);
                let pairs = a.iter().zip(b).flat_map(|(a, b)| [a, b]);
                let last = a.get(b.len()).into_iter();
                same(a.par_iter().interleave_shortest(b), pairs.chain(last));
            }
        }
    });
}

#[test]
fn pieces_of_slices() {
    with_items(|v| {
        for n in [1, 2, 3, 7, 100, 10_000] {
            let all = |pieces: Vec<&[i64]>, serial: Vec<&[i64]>| assert_eq!(pieces, serial);
            all(v.par_chunks(n).collect(), v.chunks(n).collect());
            all(v.par_chunks_exact(n).collect(), v.chunks_exact(n).collect());
            all(v.par_rchunks(n).collect(), v.rchunks(n).collect());
            all(
                v.par_rchunks_exact(n).collect(),
                v.rchunks_exact(n).collect(),
            );
            all(v.par_windows(n).collect(), v.windows(n).collect());
            all(
                v.par_windows(n).rev().collect(),
                v.windows(n).rev().collect(),
            );
            all(
                v.par_rchunks(n).rev().collect(),
                v.rchunks(n).rev().collect(),
            );
            let rest = v.par_chunks_exact(n).remainder();
            assert_eq!(rest, v.chunks_exact(n).remainder());
            assert_eq!(v.par_windows(n).len(), v.windows(n).len());
            let rest = v.par_rchunks_exact(n).remainder();
            assert_eq!(rest, v.rchunks_exact(n).remainder());

            let number = |(at, piece): (usize, &mut [i64])| {
                for x in piece {
                    *x = i64::try_from(at).expect("small");
                }
            };
            let mut par = v.to_vec();
            let mut serial = v.to_vec();
            par.par_chunks_mut(n).enumerate().for_each(number);
            serial.chunks_mut(n).enumerate().for_each(number);
            assert_eq!(par, serial);
            par.par_chunks_exact_mut(n).enumerate().for_each(number);
            serial.chunks_exact_mut(n).enumerate().for_each(number);
            assert_eq!(par, serial);
            par.par_rchunks_mut(n).enumerate().for_each(number);
            serial.rchunks_mut(n).enumerate().for_each(number);
            assert_eq!(par, serial);
            par.par_rchunks_exact_mut(n).enumerate().for_each(number);
            serial.rchunks_exact_mut(n).enumerate().for_each(number);
            assert_eq!(par, serial);
        }
    });
}

#[test]
fn arrays_of_neighbours() {
    with_items(|v| {
        same(v.par_array_windows::<1>(), v.array_windows::<1>());
        same(v.par_array_windows::<2>(), v.array_windows::<2>());
        same(v.par_array_windows::<17>(), v.array_windows::<17>());
        same(v.par_array_windows::<900>(), v.array_windows::<900>());
    });
}

#[test]
fn remainders_that_may_be_written() {
    with_items(|v| {
        for n in [1, 2, 3, 7, 100, 10_000] {
            let mut serial = v.to_vec();
            let mut par = v.to_vec();
            let expected = serial.chunks_exact_mut(n).into_remainder();
            let mut chunks = par.par_chunks_exact_mut(n);
            assert_eq!(chunks.remainder(), expected);
            let rest = chunks.take_remainder();
            assert_eq!(rest, expected);
            assert!(chunks.take_remainder().is_empty());
            // What was taken can be written while the chunks are.
            rest.fill(1000);
            chunks.for_each(|chunk| chunk.fill(1));
            let edge = v.len() / n * n;
            assert!(par[..edge].iter().all(|x| *x == 1));
            assert!(par[edge..].iter().all(|x| *x == 1000));
            let mut par = v.to_vec();
            let expected = serial.rchunks_exact_mut(n).into_remainder();
            assert_eq!(par.par_rchunks_exact_mut(n).remainder(), &v[..v.len() % n]);
            let rest = par.par_rchunks_exact_mut(n).into_remainder();
            assert_eq!(rest.len(), expected.len());
            rest.fill(1000);
            let mut chunks = par.par_rchunks_exact_mut(n);
            assert_eq!(chunks.take_remainder().len(), v.len() % n);
            chunks.for_each(|chunk| chunk.fill(1));
            assert!(par[..v.len() % n].iter().all(|x| *x == 1000));
            assert!(par[v.len() % n..].iter().all(|x| *x == 1));
        }
    });
}

#[test]
fn a_fuse_keeps_places() {
    with_items(|v| {
        same(v.par_iter().panic_fuse(), v.iter());
        same(v.par_iter().panic_fuse().enumerate(), v.iter().enumerate());
    });
}

#[test]
fn lengths_are_respected() {
    let pool = &crate::pools()[1];
    pool.install(|| {
        let folds = (0..1000_usize)
            .into_par_iter()
            .with_min_len(600)
            .fold(|| 0, |n, _| n + 1)
            .collect::<Vec<usize>>();
        assert_eq!(folds, [1000]);
        let folds = (0..1000_usize)
            .into_par_iter()
            .with_min_len(100)
            .fold(|| 0, |n, _| n + 1)
            .collect::<Vec<usize>>();
        assert!(folds.iter().all(|len| *len >= 100), "{folds:?}");
        assert_eq!(folds.iter().sum::<usize>(), 1000);
        let folds = (0..1000_usize)
            .into_par_iter()
            .with_max_len(30)
            .fold(|| 0, |n, _| n + 1)
            .collect::<Vec<usize>>();
        assert!(folds.iter().all(|len| *len <= 30), "{folds:?}");
        assert_eq!(folds.iter().sum::<usize>(), 1000);
    });
}

#[test]
fn skipped_items_are_made() {
    with_items(|v| {
        let made = AtomicUsize::new(0);
        let kept = v.par_iter().inspect(|_| {
            made.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(kept.skip(20).count(), v.len().saturating_sub(20));
        assert_eq!(made.into_inner(), v.len());
    });
}
