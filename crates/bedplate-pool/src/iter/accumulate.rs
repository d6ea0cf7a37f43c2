//! Consumers that need nothing but a value per stretch.
//!
//! # Role
//! [`Accumulator`] is the short form of a consumer: begin, add items, merge. [`accumulate`] runs one.
//!
//! # Not here
//! Consumers whose stretches know where they stand: `window.rs`, `find.rs`.

use super::ParallelIterator;
use super::plumbing::{Consumer, Folder, Producer, drive};
use super::reduce::ForEach;
use crate::{Context, with_context};

/// How values come of items.
pub(super) trait Accumulator<T>: Sync {
    /// What comes of a stretch.
    type Value: Send;

    /// What comes of no items.
    fn begin(&self) -> Self::Value;

    /// Adds items.
    fn add<I: Iterator<Item = T>>(&self, value: Self::Value, items: I) -> Self::Value;

    /// Puts two neighbours together.
    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value;

    /// True if more items make no difference, anywhere.
    fn is_done(&self) -> bool {
        false
    }
}

/// Runs `iterator` into `accumulator`.
pub(super) fn accumulate<I, A>(iterator: I, accumulator: &A) -> A::Value
where
    I: ParallelIterator,
    A: Accumulator<I::Item>,
{
    with_context(|cx| iterator.drive_in(cx, Accumulate(accumulator), ()))
}

/// Runs the `len` items of `producer` for what making and dropping them does.
pub(super) fn exhaust<P: Producer<Item: Send>>(producer: P, len: usize) {
    let nothing = ForEach(&drop);
    with_context(|cx| drive(cx, len, producer, Accumulate(&nothing), ()));
}

struct Accumulate<'a, A>(&'a A);

impl<A> Clone for Accumulate<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for Accumulate<'_, A> {}

impl<'a, T, A: Accumulator<T>> Consumer<T> for Accumulate<'a, A> {
    type Part = ();
    type Output = A::Value;
    type Folder = Accumulating<'a, A, A::Value>;

    fn split(self, (): (), _left_len: usize) -> ((), ()) {
        ((), ())
    }

    fn folder(self, (): ()) -> Self::Folder {
        Accumulating {
            accumulator: self.0,
            value: self.0.begin(),
        }
    }

    fn combine(self, left: A::Value, right: A::Value) -> A::Value {
        self.0.merge(left, right)
    }

    fn is_full(self, (): &()) -> bool {
        self.0.is_done()
    }
}

struct Accumulating<'a, A, V> {
    accumulator: &'a A,
    value: V,
}

impl<T, A: Accumulator<T>> Folder<T> for Accumulating<'_, A, A::Value> {
    type Part = ();
    type Output = A::Value;

    fn feed<I: Iterator<Item = T>>(self, _cx: Context<'_>, items: I) -> Self {
        let Self { accumulator, value } = self;
        Self {
            accumulator,
            value: accumulator.add(value, items),
        }
    }

    fn stop(self, _cx: Context<'_>) -> (A::Value, ()) {
        (self.value, ())
    }

    fn is_full(&self) -> bool {
        self.accumulator.is_done()
    }
}
