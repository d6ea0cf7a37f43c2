//! Merging runs that lie in one place into another.
//!
//! # Role
//! [`Items`] is a slice with as much room beside it. Two sorted runs are merged from the slice into
//! the room, or back.
//!
//! # Invariants
//! - I1: when no merge runs, the slice holds each item once; the room holds copies that nobody
//!   drops.
//! - I2: a merge writes only its target. Into the room: the slice stays as it was, so a panic needs
//!   no repair. Back into the slice: the room holds each item once, and a panic copies it back.
//! - I3: an item is compared only before it is copied to the target; what a comparison changes in it
//!   is therefore copied along.

use crate::Context;
use crate::predict::Ledger;
use core::cmp::Ordering;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::{ptr, slice};

/// Merges of fewer items are done by one thread.
const SERIAL_MERGE_LEN_MAX: usize = 8192;

/// A slice, and room for as many items.
pub(super) struct Items<'v, T> {
    slice: *mut T,
    room: *mut T,
    len: usize,
    owner: PhantomData<&'v mut [T]>,
}

// SAFETY: it is the only way to its slice and room, as `&mut [T]` would be.
unsafe impl<T: Send> Send for Items<'_, T> {}

impl<'v, T> Items<'v, T> {
    /// `items` with room made in `room`, an empty vector.
    pub(super) fn with_room(items: &'v mut [T], room: &'v mut Vec<MaybeUninit<T>>) -> Self {
        room.reserve_exact(items.len());
        let room = room.spare_capacity_mut();
        assert!(room.len() >= items.len());
        Self {
            slice: items.as_mut_ptr(),
            room: room.as_mut_ptr().cast(),
            len: items.len(),
            owner: PhantomData,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The slice.
    pub(super) fn as_slice(&mut self) -> &mut [T] {
        // SAFETY: `len` items (I1) that nobody else has a way to while `self` is borrowed.
        unsafe { slice::from_raw_parts_mut(self.slice, self.len) }
    }

    /// Copies the slice into the room.
    pub(super) fn copy_out(&mut self) {
        // SAFETY: both have `len` places and do not overlap.
        unsafe { ptr::copy_nonoverlapping(self.slice, self.room, self.len) };
    }

    /// The first `middle` items and the others, while this is not used.
    pub(super) fn halves(&mut self, middle: usize) -> (Items<'_, T>, Items<'_, T>) {
        assert!(middle <= self.len);
        let left = Items {
            slice: self.slice,
            room: self.room,
            len: middle,
            owner: PhantomData,
        };
        let right = Items {
            // SAFETY: inside the slice, or its end.
            slice: unsafe { self.slice.add(middle) },
            // SAFETY: inside the room, or its end.
            room: unsafe { self.room.add(middle) },
            len: self.len - middle,
            owner: PhantomData,
        };
        (left, right)
    }
}

/// Merges the sorted runs before and behind `middle` of the slice into the room.
pub(super) fn merge_out<T, F>(
    cx: Context<'_>,
    items: &mut Items<'_, T>,
    middle: usize,
    compare: &F,
    ledger: &Ledger,
) where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    let merge = Merge::new(items.slice, middle, items.len, items.room);
    merge.run(cx, compare, ledger);
}

/// Merges the sorted runs before and behind `middle` of the room into the slice.
pub(super) fn merge_back<T, F>(
    cx: Context<'_>,
    items: &mut Items<'_, T>,
    middle: usize,
    compare: &F,
    ledger: &Ledger,
) where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    let merge = Merge::new(items.room, middle, items.len, items.slice);
    let mut repair = Repair {
        items,
        is_needed: true,
    };
    merge.run(cx, compare, ledger);
    repair.is_needed = false;
}

/// Copies the room back into the slice if a merge panics (I2).
struct Repair<'i, 'v, T> {
    items: &'i mut Items<'v, T>,
    is_needed: bool,
}

impl<T> Drop for Repair<'_, '_, T> {
    fn drop(&mut self) {
        if !self.is_needed {
            return;
        }
        let Items {
            slice, room, len, ..
        } = *self.items;
        // SAFETY: both have `len` places and do not overlap; the room holds every item (I2), and
        // all threads that wrote the slice have joined.
        unsafe { ptr::copy_nonoverlapping(room, slice, len) };
    }
}

/// Two sorted runs and the place for both.
struct Merge<'v, T> {
    left: *const T,
    left_len: usize,
    right: *const T,
    right_len: usize,
    target: *mut T,
    owner: PhantomData<&'v mut [T]>,
}

// SAFETY: the merges that run at once have different items and targets, as `&mut [T]` would be.
unsafe impl<T: Send> Send for Merge<'_, T> {}

impl<T> Merge<'_, T> {
    /// The runs before and behind `middle` of `len` items at `source`.
    fn new(source: *const T, middle: usize, len: usize, target: *mut T) -> Self {
        assert!(middle <= len);
        Self {
            left: source,
            left_len: middle,
            // SAFETY: inside the `len` items, or their end.
            right: unsafe { source.add(middle) },
            right_len: len - middle,
            target,
            owner: PhantomData,
        }
    }

    fn left(&self) -> &[T] {
        // SAFETY: a run of initialised items that is not written while merged (I2).
        unsafe { slice::from_raw_parts(self.left, self.left_len) }
    }

    fn right(&self) -> &[T] {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts(self.right, self.right_len) }
    }

    fn run<F>(self, cx: Context<'_>, compare: &F, ledger: &Ledger)
    where
        T: Send,
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        if self.left_len + self.right_len <= SERIAL_MERGE_LEN_MAX {
            self.run_serially(compare);
            return;
        }
        // Half of the longer run, and what belongs before it of the other: items that are equal
        // stay with the left run's first.
        let (left_cut, right_cut) = if self.left_len >= self.right_len {
            let cut = self.left_len / 2;
            let pivot = &self.left()[cut];
            let other = self
                .right()
                .partition_point(|item| compare(item, pivot).is_lt());
            (cut, other)
        } else {
            let cut = self.right_len / 2;
            let pivot = &self.right()[cut];
            let other = self
                .left()
                .partition_point(|item| compare(pivot, item).is_ge());
            (other, cut)
        };
        let (first, second) = self.split(left_cut, right_cut);
        let home = cx.index();
        cx.join(
            move |cx| first.run(cx, compare, ledger),
            move |cx| ledger.part(cx, home, || second.run(cx, compare, ledger)),
        );
    }

    /// The merge of what is before the cuts, and of the rest.
    fn split(self, left_cut: usize, right_cut: usize) -> (Self, Self) {
        assert!(left_cut <= self.left_len && right_cut <= self.right_len);
        let second = Self {
            // SAFETY: inside the run, or its end.
            left: unsafe { self.left.add(left_cut) },
            left_len: self.left_len - left_cut,
            // SAFETY: inside the run, or its end.
            right: unsafe { self.right.add(right_cut) },
            right_len: self.right_len - right_cut,
            // SAFETY: the target has as many places as both runs.
            target: unsafe { self.target.add(left_cut + right_cut) },
            owner: PhantomData,
        };
        let first = Self {
            left_len: left_cut,
            right_len: right_cut,
            ..self
        };
        (first, second)
    }

    fn run_serially(self, compare: impl Fn(&T, &T) -> Ordering) {
        let (left, right) = (self.left(), self.right());
        let (mut from_left, mut from_right) = (0, 0);
        while from_left < left.len() && from_right < right.len() {
            let (a, b) = (&left[from_left], &right[from_right]);
            let is_right = compare(b, a).is_lt();
            let next: *const T = if is_right { b } else { a };
            // SAFETY: fewer items were written than both runs have.
            let place = unsafe { self.target.add(from_left + from_right) };
            // SAFETY: one item, to a place of the target that is neither read nor anyone else's.
            unsafe { ptr::copy_nonoverlapping(next, place, 1) };
            from_right += usize::from(is_right);
            from_left += usize::from(!is_right);
        }
        // One of them is empty.
        self.copy_rest(&left[from_left..], from_left + from_right);
        self.copy_rest(&right[from_right..], left.len() + from_right);
    }

    /// Copies the end of a run to the target, from `place` on.
    fn copy_rest(&self, rest: &[T], place: usize) {
        assert!(place + rest.len() <= self.left_len + self.right_len);
        // SAFETY: inside the target, or its end.
        let place = unsafe { self.target.add(place) };
        // SAFETY: the places behind were not written yet and are ours alone.
        unsafe { ptr::copy_nonoverlapping(rest.as_ptr(), place, rest.len()) };
    }
}
