//! What can be iterated.

use crate::{everywhere, items, with_items};
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque};
use bedplate_pool::iter::{empty, once};
use bedplate_pool::prelude::*;
use std::collections::{HashMap, HashSet};

#[test]
fn ranges() {
    everywhere(|| {
        macro_rules! check {
            ($($type:ty),*) => {$(
                let (min, max) = (<$type>::MIN, <$type>::MAX);
                for (from, to) in [
                    (min, min), (max, min), (min, min + 100), (max - 100, max), (3, 90),
                ] {
                    let par: Vec<$type> = (from..to).into_par_iter().collect();
                    assert_eq!(par, (from..to).collect::<Vec<_>>());
                    let par: Vec<$type> = (from..=to).into_par_iter().collect();
                    assert_eq!(par, (from..=to).collect::<Vec<_>>());
                    let par: Vec<$type> = (from..=to).into_par_iter().rev().collect();
                    assert_eq!(par, (from..=to).rev().collect::<Vec<_>>());
                }
            )*};
        }
        check!(
            u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
        );
        // Longer than half of what the type counts to.
        let bytes: Vec<i8> = (i8::MIN..i8::MAX).into_par_iter().collect();
        assert_eq!(bytes, (i8::MIN..i8::MAX).collect::<Vec<_>>());
        let all: i64 = (i16::MIN..=i16::MAX).into_par_iter().map(i64::from).sum();
        assert_eq!(all, -32768);
        // Not iterated to the end.
        let found = (0..u64::MAX).into_par_iter().find_any(|x| *x % 1000 == 999);
        assert!(found.is_some());
    });
}

#[test]
#[should_panic(expected = "cannot be iterated")]
fn ranges_that_are_too_long_are_refused() {
    let _ = (0..u128::MAX).into_par_iter().count();
}

#[test]
fn owners_and_references() {
    with_items(|v| {
        let text: Vec<String> = v.iter().map(ToString::to_string).collect();
        assert_eq!(text.clone().into_par_iter().collect::<Vec<_>>(), text);
        let boxed: Box<[String]> = text.clone().into();
        assert_eq!(boxed.par_iter().cloned().collect::<Vec<_>>(), text);
        assert_eq!(boxed.into_par_iter().rev().rev().collect::<Vec<_>>(), text);
        let mut changed = text.clone();
        changed.par_iter_mut().for_each(|s| s.push('!'));
        assert!(
            changed
                .iter()
                .zip(&text)
                .all(|(a, b)| *a == format!("{b}!"))
        );
        let array = [String::from("a"), String::from("b")];
        assert_eq!(array.par_iter().count(), 2);
        assert_eq!(array.into_par_iter().collect::<Vec<_>>(), ["a", "b"]);
    });
}

#[test]
fn drains() {
    with_items(|v| {
        let text: Vec<String> = v.iter().map(ToString::to_string).collect();
        let (from, to) = (v.len() / 4, v.len() / 2);
        let (mut par, mut serial) = (text.clone(), text.clone());
        let out: Vec<String> = par.par_drain(from..to).collect();
        assert_eq!(out, serial.drain(from..to).collect::<Vec<_>>());
        assert_eq!(par, serial);
        // Not iterated at all, and not to the end.
        drop(par.par_drain(..par.len() / 2));
        drop(serial.drain(..serial.len() / 2));
        assert_eq!(par, serial);
        let _found = par.par_drain(..).take(3).find_any(|s| s.len() > 1);
        assert!(par.is_empty());
    });
}

#[test]
fn at_most_one() {
    everywhere(|| {
        assert_eq!(Some(3).into_par_iter().collect::<Vec<_>>(), [3]);
        assert_eq!(None::<i32>.into_par_iter().count(), 0);
        assert_eq!(Ok::<i32, i32>(3).into_par_iter().count(), 1);
        assert_eq!(Err::<i32, i32>(3).into_par_iter().count(), 0);
        assert_eq!(once(1).chain(empty()).chain(once(2)).sum::<i32>(), 3);
        let mut some = Some(1);
        some.par_iter_mut().for_each(|x| *x += 1);
        assert_eq!(some.par_iter().copied().max(), Some(2));
    });
}

#[test]
fn collections_as_sources() {
    with_items(|v| {
        let mut sorted = v.to_vec();
        sorted.sort_unstable();
        let check = |mut got: Vec<i64>| {
            got.sort_unstable();
            assert_eq!(got, sorted);
        };
        let deque: VecDeque<i64> = v.iter().copied().collect();
        assert_eq!(deque.par_iter().copied().collect::<Vec<_>>(), v);
        check(deque.into_par_iter().collect());
        let list: LinkedList<i64> = v.iter().copied().collect();
        assert_eq!(list.par_iter().copied().collect::<Vec<_>>(), v);
        check(list.into_par_iter().collect());
        let heap: BinaryHeap<i64> = v.iter().copied().collect();
        check(heap.par_iter().copied().collect());
        check(heap.into_par_iter().collect());
        sorted.dedup();
        let tree: BTreeSet<i64> = v.iter().copied().collect();
        assert_eq!(tree.par_iter().copied().collect::<Vec<_>>(), sorted);
        assert_eq!(tree.into_par_iter().collect::<Vec<_>>(), sorted);
        let hashed: HashSet<i64> = v.iter().copied().collect();
        assert_eq!(hashed.par_iter().count(), sorted.len());
        assert_eq!(
            hashed.into_par_iter().collect::<BTreeSet<_>>().len(),
            sorted.len()
        );
        let mut map: BTreeMap<i64, i64> = v.iter().map(|x| (*x, 0)).collect();
        map.par_iter_mut().for_each(|(key, value)| *value = key + 1);
        assert!(map.par_iter().all(|(key, value)| *value == key + 1));
        assert_eq!(map.into_par_iter().count(), sorted.len());
        let mut map: HashMap<i64, i64> = v.iter().map(|x| (*x, 0)).collect();
        map.par_iter_mut().for_each(|(key, value)| *value = key + 1);
        assert!(map.par_iter().all(|(key, value)| *value == key + 1));
        assert_eq!(map.into_par_iter().count(), sorted.len());
    });
}

#[test]
fn serial_iterators() {
    with_items(|v| {
        let mut got: Vec<i64> = v.iter().copied().par_bridge().map(|x| x + 1).collect();
        got.sort_unstable();
        let mut expected: Vec<i64> = v.iter().map(|x| x + 1).collect();
        expected.sort_unstable();
        assert_eq!(got, expected);
        let found = items(1, 100).into_iter().par_bridge().find_any(|x| *x > 0);
        assert!(found.is_some_and(|x| x > 0));
    });
    everywhere(|| {
        // Has no end.
        let found = (0_u64..).par_bridge().find_any(|x| *x == 1000);
        assert_eq!(found, Some(1000));
    });
}
