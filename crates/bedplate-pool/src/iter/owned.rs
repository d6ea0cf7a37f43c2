//! Vectors by value: items are moved out from several threads.
//!
//! # Role
//! The parallel iterator of `Vec<T>`, its drain, and what is made of a vector first: arrays, boxes.
//!
//! # Invariants
//! - I1: while a [`Moved`] lives, the vector's length does not cover its items: a leaked `Moved`
//!   leaks items, nothing more.
//! - I2: a [`Moved`] owns all items of its slice; who takes one out, takes it off the slice first.

use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelDrainRange, ParallelIterator};
use core::iter::FusedIterator;
use core::mem::ManuallyDrop;
use core::ops::{Bound, Range, RangeBounds};
use core::{mem, ptr, slice};

/// The parallel iterator of a vector by value.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct IntoIter<T> {
    vector: Vec<T>,
}

impl<T: Send> IntoParallelIterator for Vec<T> {
    type Iter = IntoIter<T>;
    type Item = T;

    fn into_par_iter(self) -> IntoIter<T> {
        IntoIter { vector: self }
    }
}

impl<T: Send> IntoParallelIterator for Box<[T]> {
    type Iter = IntoIter<T>;
    type Item = T;

    fn into_par_iter(self) -> IntoIter<T> {
        self.into_vec().into_par_iter()
    }
}

impl<T: Send, const N: usize> IntoParallelIterator for [T; N] {
    type Iter = IntoIter<T>;
    type Item = T;

    fn into_par_iter(self) -> IntoIter<T> {
        Vec::from(self).into_par_iter()
    }
}

impl<T: Send> ParallelIterator for IntoIter<T> {
    type Item = T;

    drive_by_index!();
}

impl<T: Send> IndexedParallelIterator for IntoIter<T> {
    fn len(&self) -> usize {
        self.vector.len()
    }

    fn produce<W: WithProducer<Self::Item>>(mut self, with: W) -> W::Output {
        let len = self.vector.len();
        with.run(Moved::out_of(&mut self.vector, 0..len))
    }
}

/// The parallel iterator of [`par_drain`](ParallelDrainRange::par_drain).
#[derive(Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Drain<'v, T: Send> {
    vector: &'v mut Vec<T>,
    range: Range<usize>,
    /// The vector's length before.
    len: usize,
}

impl<'v, T: Send> ParallelDrainRange<usize> for &'v mut Vec<T> {
    type Iter = Drain<'v, T>;
    type Item = T;

    fn par_drain<R: RangeBounds<usize>>(self, range: R) -> Drain<'v, T> {
        let len = self.len();
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => len,
        };
        assert!(
            start <= end && end <= len,
            "cannot drain {start}..{end} of a vector of {len} items"
        );
        Drain {
            vector: self,
            range: start..end,
            len,
        }
    }
}

impl<T: Send> ParallelIterator for Drain<'_, T> {
    type Item = T;

    drive_by_index!();
}

impl<T: Send> IndexedParallelIterator for Drain<'_, T> {
    fn len(&self) -> usize {
        self.range.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        with.run(Moved::out_of(self.vector, self.range.clone()))
    }
}

impl<T: Send> Drop for Drain<'_, T> {
    fn drop(&mut self) {
        if self.vector.len() == self.len {
            // No producer was made: the items are still the vector's.
            drop(self.vector.drain(self.range.clone()));
            return;
        }
        let kept_len = self.len - self.range.end;
        let start = self.vector.as_mut_ptr();
        // SAFETY: the range's start is at most the length the vector had.
        let hole = unsafe { start.add(self.range.start) };
        // SAFETY: so is its end.
        let kept = unsafe { start.add(self.range.end) };
        // SAFETY: the items behind the range were never moved and are not covered by the vector's
        // length (I1); the hole's items are gone with the producer.
        unsafe { ptr::copy(kept, hole, kept_len) };
        // SAFETY: the items before the range and those just moved are initialised.
        unsafe { self.vector.set_len(self.range.start + kept_len) };
    }
}

/// Items that are moved out of a vector.
#[derive(Debug)]
pub struct Moved<'v, T> {
    items: &'v mut [ManuallyDrop<T>],
}

impl<'v, T> Moved<'v, T> {
    /// Takes the items of `range` out, which must be inside the vector. The vector keeps those
    /// before the range; those behind it are covered by nobody.
    fn out_of(vector: &'v mut Vec<T>, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= vector.len());
        // SAFETY: shorter than before (I1).
        unsafe { vector.set_len(range.start) };
        // SAFETY: `range.start` is inside the vector's room.
        let start = unsafe { vector.as_mut_ptr().add(range.start) };
        // SAFETY: these items are initialised, not covered by the vector any more, and the vector
        // is borrowed for as long as the slice lives. `ManuallyDrop` has the layout of its content.
        let items = unsafe { slice::from_raw_parts_mut(start.cast(), range.len()) };
        Self { items }
    }
}

impl<T> Drop for Moved<'_, T> {
    fn drop(&mut self) {
        drop_all(mem::take(&mut self.items));
    }
}

/// Drops items that their owner took off its slice (I2).
fn drop_all<T>(items: &mut [ManuallyDrop<T>]) {
    let items: *mut [ManuallyDrop<T>] = items;
    // SAFETY: the items are initialised and nobody else's (I2); the cast keeps the length, and
    // `ManuallyDrop` has the layout of its content.
    unsafe { ptr::drop_in_place(items as *mut [T]) };
}

impl<T: Send> Producer for Moved<'_, T> {
    type Item = T;

    fn serial(mut self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
        MovedIter {
            items: mem::take(&mut self.items).iter_mut(),
        }
    }

    fn split_at(mut self, index: usize) -> (Self, Self) {
        let (left, right) = mem::take(&mut self.items).split_at_mut(index);
        (Self { items: left }, Self { items: right })
    }
}

struct MovedIter<'v, T> {
    items: slice::IterMut<'v, ManuallyDrop<T>>,
}

impl<T> Iterator for MovedIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let item = self.items.next()?;
        // SAFETY: it was taken off the slice, so nobody takes or drops it again (I2).
        Some(unsafe { ManuallyDrop::take(item) })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<T> DoubleEndedIterator for MovedIter<'_, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        let item = self.items.next_back()?;
        // SAFETY: as in `next`.
        Some(unsafe { ManuallyDrop::take(item) })
    }
}

impl<T> ExactSizeIterator for MovedIter<'_, T> {}
impl<T> FusedIterator for MovedIter<'_, T> {}

impl<T> Drop for MovedIter<'_, T> {
    fn drop(&mut self) {
        drop_all(mem::take(&mut self.items).into_slice());
    }
}
