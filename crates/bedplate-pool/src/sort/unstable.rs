//! Quicksort whose sides are sorted in parallel.
//!
//! # Role
//! Partitions a large slice around a pivot until the pieces are small enough for the standard
//! library. Everything is done by swaps, so nothing can be lost.
//!
//! # Invariants
//! - I1: partitions that divide badly are counted; after some of them a slice is left to the
//!   standard library, whose worst case is bounded.

use super::{SERIAL_LEN_MAX, Sharing, by_forecast};
use crate::Context;
use core::cmp::Ordering;

/// A pivot is the middle one of so many items.
const SAMPLE_LEN: usize = 31;

/// A side with fewer items than one in so many is a bad division.
const BALANCE: usize = 8;

/// So many bad divisions are borne.
const BAD_DIVISIONS_MAX: usize = 8;

/// Items up to this size are partitioned by one swap each, without a branch that depends on them.
const SWAPPED_SIZE_MAX: usize = 32;

/// Sorts `items`; equal ones may change places.
pub(crate) fn unstable<T, F>(items: &mut [T], compare: &F)
where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    if items.len() > SERIAL_LEN_MAX {
        if items.is_sorted_by(|a, b| compare(a, b).is_le()) {
            return;
        }
        if items.is_sorted_by(|a, b| compare(a, b).is_gt()) {
            items.reverse();
            return;
        }
    }
    by_forecast::<Sorting<'_, (T, F)>, T>(
        items,
        |items| items.sort_unstable_by(compare),
        |cx, sharing, items| {
            let sorting = Sorting { compare, sharing };
            sorting.sort(cx, items, BAD_DIVISIONS_MAX);
        },
    );
}

struct Sorting<'a, F> {
    compare: &'a F,
    sharing: Sharing<'a>,
}

impl<F> Sorting<'_, F> {
    fn sort<T>(&self, cx: Context<'_>, items: &mut [T], bad_divisions_left: usize)
    where
        T: Send,
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        if items.len() <= self.sharing.piece_len_max || bad_divisions_left == 0 {
            items.sort_unstable_by(self.compare);
            return;
        }
        let pivot = self.choose(items);
        let middle = partition(items, pivot, |item, pivot| {
            (self.compare)(item, pivot).is_lt()
        });
        let (left, right) = items.split_at_mut(middle);
        let smaller_len = left.len().min(right.len());
        let is_bad = smaller_len < (left.len() + right.len()) / BALANCE;
        let right = if is_bad {
            self.behind_equals(right)
        } else {
            // The pivot itself.
            &mut right[1..]
        };
        let left_over = bad_divisions_left - usize::from(is_bad);
        let (home, ledger) = (cx.index(), self.sharing.ledger);
        cx.join(
            |cx| self.sort(cx, left, left_over),
            |cx| ledger.part(cx, home, || self.sort(cx, right, left_over)),
        );
    }

    /// The place of a pivot.
    fn choose<T>(&self, items: &[T]) -> usize
    where
        F: Fn(&T, &T) -> Ordering,
    {
        let stride = items.len() / SAMPLE_LEN;
        let mut sample: [usize; SAMPLE_LEN] = core::array::from_fn(|index| index * stride);
        sample.sort_unstable_by(|&a, &b| (self.compare)(&items[a], &items[b]));
        sample[SAMPLE_LEN / 2]
    }

    /// Of `items`, whose first is the least, those that are greater than it: a slice of few
    /// different items is divided badly, but is sorted by this.
    fn behind_equals<'v, T>(&self, items: &'v mut [T]) -> &'v mut [T]
    where
        F: Fn(&T, &T) -> Ordering,
    {
        let middle = partition(items, 0, |item, pivot| (self.compare)(item, pivot).is_le());
        &mut items[middle + 1..]
    }
}

/// Divides `items` by the one at `pivot`, which comes to stand between those that `is_before` holds
/// of and the others. Its place is returned.
fn partition<T>(items: &mut [T], pivot: usize, is_before: impl Fn(&T, &T) -> bool) -> usize {
    items.swap(0, pivot);
    let Some((pivot, rest)) = items.split_first_mut() else {
        return 0;
    };
    let before_len = if size_of::<T>() <= SWAPPED_SIZE_MAX {
        partition_by_swaps(rest, |item| is_before(item, pivot))
    } else {
        partition_from_ends(rest, |item| is_before(item, pivot))
    };
    items.swap(0, before_len);
    before_len
}

/// One swap an item: cheap for small items, and the comparison decides no branch.
fn partition_by_swaps<T>(items: &mut [T], is_before: impl Fn(&T) -> bool) -> usize {
    let mut before_len = 0;
    for index in 0..items.len() {
        let is_before = is_before(&items[index]);
        items.swap(before_len, index);
        before_len += usize::from(is_before);
    }
    before_len
}

/// Two of the wrong sides at a time.
fn partition_from_ends<T>(items: &mut [T], is_before: impl Fn(&T) -> bool) -> usize {
    let (mut front, mut back) = (0, items.len());
    loop {
        while front < back && is_before(&items[front]) {
            front += 1;
        }
        while front < back && !is_before(&items[back - 1]) {
            back -= 1;
        }
        if front == back {
            return front;
        }
        back -= 1;
        items.swap(front, back);
        front += 1;
    }
}
