//! One of two.

use crate::indexed::same;
use crate::with_items;
use alloc::collections::BTreeSet;
use bedplate_pool::iter::Either;
use bedplate_pool::prelude::*;

#[test]
fn one_of_two_iterators() {
    with_items(|v| {
        for is_left in [true, false] {
            let one = if is_left {
                Either::Left(v.par_iter())
            } else {
                Either::Right(v.par_iter().rev())
            };
            let serial: Vec<&i64> = if is_left {
                v.iter().collect()
            } else {
                v.iter().rev().collect()
            };
            same(one, serial.into_iter());
        }
    });
}

#[test]
fn apart() {
    with_items(|v| {
        let side = |x: &i64| {
            if x % 3 == 0 {
                Either::Left(*x)
            } else {
                Either::Right(x.to_string())
            }
        };
        let (lefts, rights): (Vec<i64>, Vec<String>) = v.par_iter().partition_map(side);
        let (third, other): (Vec<i64>, Vec<i64>) = v.iter().partition(|x| **x % 3 == 0);
        assert_eq!(lefts, third);
        let texts: Vec<String> = other.iter().map(i64::to_string).collect();
        assert_eq!(rights, texts);
        let (lefts, rights): (BTreeSet<i64>, String) = v.par_iter().map(side).collect();
        assert_eq!(lefts, third.iter().copied().collect());
        assert_eq!(rights, texts.concat());
        let mut both = (vec![1], vec![String::from("x")]);
        both.par_extend(v.par_iter().map(side));
        assert_eq!(both.0.len() + both.1.len(), v.len() + 2);
        assert_eq!(both.1[0], "x");
    });
}

#[test]
fn one_of_two_collections() {
    let mut one: Either<Vec<i64>, BTreeSet<i64>> = Either::Left(vec![1]);
    one.par_extend(2..4_i64);
    assert_eq!(one, Either::Left(vec![1, 2, 3]));
    let mut one: Either<Vec<i64>, BTreeSet<i64>> = Either::Right(BTreeSet::new());
    one.par_extend(vec![2, 1]);
    assert_eq!(one, Either::Right(BTreeSet::from([1, 2])));
}
