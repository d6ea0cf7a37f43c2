//! Slices between separators.

use crate::{everywhere, with_items};
use bedplate_pool::prelude::*;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

/// From everything a separator to nothing.
const MODULI: [i64; 6] = [1, 2, 3, 10, 97, 1000];

#[test]
fn pieces_are_those_of_the_standard_library() {
    with_items(|v| {
        for m in MODULI {
            let is_separator = |x: &i64| x % m == 0;
            let par: Vec<&[i64]> = v.par_split(is_separator).collect();
            assert_eq!(par, v.split(is_separator).collect::<Vec<_>>());
            let par: Vec<&[i64]> = v.par_split_inclusive(is_separator).collect();
            assert_eq!(par, v.split_inclusive(is_separator).collect::<Vec<_>>());
            let is_together = |a: &i64, b: &i64| (a % m < m / 2) == (b % m < m / 2);
            let par: Vec<&[i64]> = v.par_chunk_by(is_together).collect();
            assert_eq!(par, v.chunk_by(is_together).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_separator_alone_anywhere() {
    everywhere(|| {
        // One separator, at the ends, next to the middle, and where earlier cuts fall.
        for len in [1, 2, 3, 64, 100] {
            for at in 0..len {
                let v: Vec<bool> = (0..len).map(|place| place == at).collect();
                let par: Vec<&[bool]> = v.par_split(|x| *x).collect();
                assert_eq!(par, [&v[..at], &v[at + 1..]]);
                let par: Vec<&[bool]> = v.par_split_inclusive(|x| *x).collect();
                assert_eq!(par, v.split_inclusive(|x| *x).collect::<Vec<_>>());
                let par: Vec<&[bool]> = v.par_chunk_by(|_, b| !b).collect();
                assert_eq!(par, v.chunk_by(|_, b| !b).collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn pieces_may_be_written() {
    with_items(|v| {
        for m in MODULI {
            let is_separator = |x: &i64| x % m == 0;
            let is_together = |a: &i64, b: &i64| (a % m < m / 2) == (b % m < m / 2);
            let (mut par, mut serial) = (v.to_vec(), v.to_vec());
            par.par_split_mut(is_separator).for_each(<[i64]>::reverse);
            serial.split_mut(is_separator).for_each(<[i64]>::reverse);
            assert_eq!(par, serial);
            let whole = par.par_split_inclusive_mut(is_separator);
            whole.for_each(<[i64]>::reverse);
            let whole = serial.split_inclusive_mut(is_separator);
            whole.for_each(<[i64]>::reverse);
            assert_eq!(par, serial);
            par.par_chunk_by_mut(is_together).for_each(<[i64]>::reverse);
            serial.chunk_by_mut(is_together).for_each(<[i64]>::reverse);
            assert_eq!(par, serial);
        }
    });
}

#[test]
fn a_search_ends_early() {
    let looked_at = AtomicUsize::new(0);
    let v: Vec<u32> = (0..100_000).collect();
    let found = v.par_split(|x| x % 10 == 0).find_any(|_| {
        looked_at.fetch_add(1, Ordering::Relaxed);
        true
    });
    assert!(found.is_some());
    assert!(looked_at.into_inner() < 1000);
}

#[test]
fn a_separator_that_panics() {
    everywhere(|| {
        let v: Vec<u32> = (0..1000).collect();
        let pieces = v.par_split(|x| {
            assert!(*x != 700, "no separator");
            x % 50 == 0
        });
        let caught = catch_unwind(AssertUnwindSafe(|| pieces.count()));
        let payload = caught.expect_err("it panics");
        assert_eq!(payload.downcast_ref(), Some(&"no separator"));
    });
}

#[test]
fn nothing_is_asked_of_no_neighbours() {
    let never = |_: &u8, _: &u8| -> bool { panic!("there are no neighbours") };
    assert_eq!([0_u8; 0].par_chunk_by(never).count(), 0);
    assert_eq!([0_u8; 1].par_chunk_by(never).count(), 1);
}
