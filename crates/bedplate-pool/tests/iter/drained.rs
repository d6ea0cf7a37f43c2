//! Collections that are emptied.

use crate::with_items;
use alloc::collections::{BinaryHeap, VecDeque};
use alloc::sync::Arc;
use bedplate_pool::prelude::*;
use core::panic::AssertUnwindSafe;
use std::collections::{HashMap, HashSet};
use std::panic::catch_unwind;

#[test]
fn what_was_in_comes_out() {
    with_items(|v| {
        let set: HashSet<i64> = v.iter().copied().collect();
        let mut drained = set.clone();
        assert_eq!(drained.par_drain().collect::<HashSet<i64>>(), set);
        assert!(drained.is_empty());
        let map: HashMap<i64, String> = v.iter().map(|x| (*x, x.to_string())).collect();
        let mut drained = map.clone();
        assert_eq!(drained.par_drain().collect::<HashMap<_, _>>(), map);
        assert!(drained.is_empty());
        let mut heap: BinaryHeap<i64> = v.iter().copied().collect();
        assert_eq!(heap.par_drain().sum::<i64>(), v.iter().sum::<i64>());
        assert!(heap.is_empty());
        let (from, to) = (v.len() / 4, v.len() / 2);
        // The deque wraps around.
        let mut deque: VecDeque<i64> = v.iter().copied().collect();
        deque.rotate_left(v.len() / 3);
        let mut serial = deque.clone();
        let expected: Vec<i64> = serial.drain(from..to).collect();
        assert_eq!(deque.par_drain(from..to).collect::<Vec<_>>(), expected);
        assert_eq!(deque, serial);
    });
}

#[test]
fn characters_come_out() {
    let mut text = String::from("aäb€c🦀d");
    assert_eq!(text.par_drain(1..=6).collect::<String>(), "äb€");
    assert_eq!(text, "ac🦀d");
    drop(text.par_drain(..1));
    assert_eq!(text, "c🦀d");
    let inside = catch_unwind(AssertUnwindSafe(|| drop(text.par_drain(..2))));
    assert!(inside.is_err());
    assert_eq!(text, "c🦀d");
}

#[test]
fn what_is_not_iterated_is_dropped() {
    let item = Arc::new(());
    let items = || (0..300).map(|n| (n, Arc::clone(&item)));
    let mut map: HashMap<i32, Arc<()>> = items().collect();
    drop(map.par_drain());
    assert_eq!((map.len(), Arc::strong_count(&item)), (0, 1));
    let mut deque: VecDeque<(i32, Arc<()>)> = items().collect();
    let run = || {
        deque
            .par_drain(100..)
            .for_each(|(n, _)| assert!(n != 200, "two hundred"));
    };
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    assert_eq!(payload.downcast_ref(), Some(&"two hundred"));
    assert_eq!((deque.len(), Arc::strong_count(&item)), (100, 101));
}
