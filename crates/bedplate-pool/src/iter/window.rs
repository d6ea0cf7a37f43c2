//! Vectors filled in place, from several threads.
//!
//! # Role
//! A [`Window`] is the part of a vector's spare room that one stretch of items fills; what it
//! filled is [`Filled`], and neighbours become one again. Only when all room is filled does the
//! vector own the items.
//!
//! # Invariants
//! - I1: the windows of one collection do not overlap and lie inside the vector's spare room, which
//!   is not touched through the vector while they live (`'v`).
//! - I2: a [`Filled`] owns the first `filled_len` items of its room, all initialised, and drops them
//!   unless they are handed on.
//! - I3: an item is written into the room before it is counted, so a panic finds it either in the
//!   iterator or counted.
//!
//! # Concurrency
//! Windows are sent to other threads with the right to write there; the join hands them back.

use super::ParallelIterator;
use super::plumbing::{Consumer, Folder};
use crate::{Context, with_context};
use core::marker::PhantomData;
use core::mem;
use core::ptr;

/// Room for `len` items.
pub(super) struct Window<'v, T> {
    start: *mut T,
    len: usize,
    vector: PhantomData<&'v mut [T]>,
}

// SAFETY: I1: a window is the only way to its room, as `&mut [T]` would be.
unsafe impl<T: Send> Send for Window<'_, T> {}

impl<'v, T> Window<'v, T> {
    /// The first `len` places behind the items of `vector`, which has room for them.
    fn behind(vector: &'v mut Vec<T>, len: usize) -> Self {
        vector.reserve(len);
        let room = vector.spare_capacity_mut();
        assert!(len <= room.len(), "`reserve` gave less room than asked for");
        Self {
            start: room.as_mut_ptr().cast(),
            len,
            vector: PhantomData,
        }
    }

    /// The first `left_len` places, and the rest.
    fn split(self, left_len: usize) -> (Self, Self) {
        assert!(
            left_len <= self.len,
            "a parallel iterator was cut behind the end it had announced"
        );
        // SAFETY: `left_len` is at most the length of the room, which is one allocation (I1).
        let middle = unsafe { self.start.add(left_len) };
        let right = Self {
            start: middle,
            len: self.len - left_len,
            vector: PhantomData,
        };
        let left = Self {
            len: left_len,
            ..self
        };
        (left, right)
    }
}

/// Room whose first items are there.
pub(super) struct Filled<'v, T> {
    room: Window<'v, T>,
    filled_len: usize,
}

impl<'v, T> Filled<'v, T> {
    fn new(room: Window<'v, T>) -> Self {
        Self {
            room,
            filled_len: 0,
        }
    }

    /// Appends an item.
    #[inline]
    fn push(&mut self, item: T) {
        assert!(
            self.filled_len < self.room.len,
            "a parallel iterator made more items than it had announced"
        );
        // SAFETY: the index is below the room's length.
        let place = unsafe { self.room.start.add(self.filled_len) };
        // SAFETY: the place is in the room, ours alone and not initialised (I1, I2).
        unsafe { place.write(item) };
        self.filled_len += 1;
    }

    /// The items so far, and the room behind them.
    fn cut(mut self) -> (Self, Window<'v, T>) {
        let room = Window {
            start: self.room.start,
            len: self.room.len,
            vector: PhantomData,
        };
        let filled_len = mem::take(&mut self.filled_len);
        let (room, rest) = room.split(filled_len);
        (Self { room, filled_len }, rest)
    }

    /// Both, where `right` begins where this ends.
    fn and(mut self, mut right: Self) -> Self {
        let is_full = self.filled_len == self.room.len;
        // SAFETY: one past the room's last place is still of its allocation.
        let end = unsafe { self.room.start.add(self.room.len) };
        assert!(
            is_full && ptr::eq(end, right.room.start),
            "a parallel iterator made fewer items than it had announced"
        );
        self.room.len += right.room.len;
        self.filled_len += mem::take(&mut right.filled_len);
        self
    }

    /// Gives up the items: they are the caller's, who must own them by the vector.
    fn release(mut self) {
        self.filled_len = 0;
    }
}

impl<T> Drop for Filled<'_, T> {
    fn drop(&mut self) {
        let items = ptr::slice_from_raw_parts_mut(self.room.start, self.filled_len);
        // SAFETY: I2: the first `filled_len` places hold items that nobody else owns.
        unsafe { ptr::drop_in_place(items) };
    }
}

/// Fills windows.
struct Fill<'v, T>(PhantomData<fn(&'v T)>);

impl<T> Clone for Fill<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Fill<'_, T> {}

impl<'v, T: Send + 'v> Consumer<T> for Fill<'v, T> {
    type Part = Window<'v, T>;
    type Output = Filled<'v, T>;
    type Folder = Filling<'v, T>;

    fn split(self, part: Window<'v, T>, left_len: usize) -> (Window<'v, T>, Window<'v, T>) {
        part.split(left_len)
    }

    fn folder(self, part: Window<'v, T>) -> Filling<'v, T> {
        Filling(Filled::new(part))
    }

    fn combine(self, left: Filled<'v, T>, right: Filled<'v, T>) -> Filled<'v, T> {
        left.and(right)
    }
}

struct Filling<'v, T>(Filled<'v, T>);

impl<'v, T: Send> Folder<T> for Filling<'v, T> {
    type Part = Window<'v, T>;
    type Output = Filled<'v, T>;

    fn feed<I: Iterator<Item = T>>(mut self, _cx: Context<'_>, items: I) -> Self {
        items.for_each(|item| self.0.push(item));
        self
    }

    fn stop(self, _cx: Context<'_>) -> (Filled<'v, T>, Window<'v, T>) {
        self.0.cut()
    }
}

// SAFETY: I2: it owns its items and the right to its room, as a `Vec` would.
unsafe impl<T: Send> Send for Filled<'_, T> {}

/// Appends the items of `iterator`, of which there are `len`.
///
/// # Panics
/// If there are not `len` items, or if the iterator does; the vector is as it was before.
pub(super) fn append<I: ParallelIterator>(vector: &mut Vec<I::Item>, iterator: I, len: usize) {
    let part = Window::behind(vector, len);
    let filled = with_context(|cx| iterator.drive_in(cx, Fill(PhantomData), part));
    assert!(
        filled.filled_len == len,
        "a parallel iterator made {} items and had announced {len}",
        filled.filled_len
    );
    filled.release();
    let all = vector.len() + len;
    // SAFETY: the `len` places behind the items were filled and released; the room is reserved.
    unsafe { vector.set_len(all) };
}

/// Fills two vectors at once.
struct FillBoth<'v, A, B>(Fill<'v, A>, Fill<'v, B>);

impl<A, B> Clone for FillBoth<'_, A, B> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A, B> Copy for FillBoth<'_, A, B> {}

impl<'v, A: Send + 'v, B: Send + 'v> Consumer<(A, B)> for FillBoth<'v, A, B> {
    type Part = (Window<'v, A>, Window<'v, B>);
    type Output = (Filled<'v, A>, Filled<'v, B>);
    type Folder = FillingBoth<'v, A, B>;

    fn split(self, part: Self::Part, left_len: usize) -> (Self::Part, Self::Part) {
        let (a, more_a) = part.0.split(left_len);
        let (b, more_b) = part.1.split(left_len);
        ((a, b), (more_a, more_b))
    }

    fn folder(self, part: Self::Part) -> Self::Folder {
        FillingBoth(Filled::new(part.0), Filled::new(part.1))
    }

    fn combine(self, left: Self::Output, right: Self::Output) -> Self::Output {
        (left.0.and(right.0), left.1.and(right.1))
    }
}

struct FillingBoth<'v, A, B>(Filled<'v, A>, Filled<'v, B>);

impl<'v, A: Send, B: Send> Folder<(A, B)> for FillingBoth<'v, A, B> {
    type Part = (Window<'v, A>, Window<'v, B>);
    type Output = (Filled<'v, A>, Filled<'v, B>);

    fn feed<I: Iterator<Item = (A, B)>>(mut self, _cx: Context<'_>, items: I) -> Self {
        items.for_each(|(a, b)| {
            self.0.push(a);
            self.1.push(b);
        });
        self
    }

    fn stop(self, _cx: Context<'_>) -> (Self::Output, Self::Part) {
        let (a, more_a) = self.0.cut();
        let (b, more_b) = self.1.cut();
        ((a, b), (more_a, more_b))
    }
}

/// Appends the halves of the `len` pairs of `iterator`.
///
/// # Panics
/// As [`append`].
pub(super) fn append_both<A, B, I>(left: &mut Vec<A>, right: &mut Vec<B>, iterator: I, len: usize)
where
    A: Send,
    B: Send,
    I: ParallelIterator<Item = (A, B)>,
{
    let part = (Window::behind(left, len), Window::behind(right, len));
    let consumer = FillBoth(Fill(PhantomData), Fill(PhantomData));
    let (filled, filled_right) = with_context(|cx| iterator.drive_in(cx, consumer, part));
    assert!(
        filled.filled_len == len && filled_right.filled_len == len,
        "a parallel iterator made {} pairs and had announced {len}",
        filled.filled_len
    );
    filled.release();
    filled_right.release();
    let (left_len, right_len) = (left.len() + len, right.len() + len);
    // SAFETY: the `len` places behind the items were filled and released; the room is reserved.
    unsafe { left.set_len(left_len) };
    // SAFETY: as above: pairs fill both sides alike.
    unsafe { right.set_len(right_len) };
}
