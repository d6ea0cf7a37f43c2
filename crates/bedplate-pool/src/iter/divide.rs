//! Sources that can be cut in two somewhere, but not at an index.
//!
//! # Role
//! [`Divide`] says how such a source is cut and iterated, [`drive_divided`] feeds it to a consumer: texts, slices with
//! separators, and whatever a closure of the user's can cut ([`split`]).
//!
//! # Not here
//! Trees, whose parts are found on the way: `walk.rs`. Sources with an index: `plumbing.rs`.
//!
//! # Invariants
//! - I1: a source is cut into a few parts a worker, whether others want them or not, since its parts cannot be looked
//!   into later; a part that another thread takes is cut as if it were the whole.

use super::ParallelIterator;
use super::plumbing::{Consumer, Folder, nothing};
use crate::Context;
use core::fmt;
use core::iter::once;

/// Into how many parts per worker a source is cut.
const PARTS_PER_WORKER: usize = 4;

/// Items that can be cut in two somewhere, or not at all.
pub(super) trait Divide: Send + Sized {
    /// What is iterated.
    type Item: Send;

    /// The first part, and the second one where there are two.
    fn divide(self) -> (Self, Option<Self>);

    /// All items in order, on this thread.
    fn items(self) -> impl Iterator<Item = Self::Item>;
}

/// How many parts are made of what belongs to one thread.
pub(super) fn parts(cx: Context<'_>) -> usize {
    PARTS_PER_WORKER * cx.width()
}

/// Feeds the items of `source` to `consumer`.
pub(super) fn drive_divided<S, C>(
    cx: Context<'_>,
    source: S,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    S: Divide,
    C: Consumer<S::Item>,
{
    divided(cx, parts(cx), source, consumer, part)
}

fn divided<S, C>(cx: Context<'_>, wanted: usize, source: S, consumer: C, part: C::Part) -> C::Output
where
    S: Divide,
    C: Consumer<S::Item>,
{
    if consumer.is_full(&part) {
        return nothing(cx, consumer, part);
    }
    let (first, second) = if wanted < 2 {
        (source, None)
    } else {
        source.divide()
    };
    let Some(second) = second else {
        let folder = consumer.folder(part).feed(cx, first.items());
        return folder.stop(cx).0;
    };
    let (first_part, second_part) = consumer.split(part, 0);
    let here = cx.index();
    let (left, right) = cx.join(
        move |cx| divided(cx, wanted / 2, first, consumer, first_part),
        move |cx| {
            let is_taken = cx.index() != here;
            let wanted = if is_taken { parts(cx) } else { wanted / 2 };
            divided(cx, wanted, second, consumer, second_part)
        },
    );
    consumer.combine(left, right)
}

/// A parallel iterator over the parts that `splitter` makes of `data`.
///
/// `splitter` returns its argument where it cannot be cut. How far it is cut depends on the pool: a part is an item
/// that may still be large, to be looped over where it arrives.
///
/// # Examples
///
/// ```
/// use bedplate_pool::iter::split;
/// use bedplate_pool::prelude::*;
/// use std::ops::Range;
///
/// let halves = |range: Range<u64>| match (range.end - range.start) / 2 {
///     0 => (range, None),
///     half => (range.start..range.start + half, Some(range.start + half..range.end)),
/// };
/// let sum: u64 = split(0..1000, halves).flat_map_iter(|part| part).sum();
/// assert_eq!(sum, 499_500);
/// ```
pub fn split<D, S>(data: D, splitter: S) -> Split<D, S>
where
    D: Send,
    S: Fn(D) -> (D, Option<D>) + Sync,
{
    Split { data, splitter }
}

/// The iterator of [`split`].
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Split<D, S> {
    data: D,
    splitter: S,
}

impl<D: fmt::Debug, S> fmt::Debug for Split<D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Split")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

impl<D, S> ParallelIterator for Split<D, S>
where
    D: Send,
    S: Fn(D) -> (D, Option<D>) + Send + Sync,
{
    type Item = D;

    fn drive_in<C: Consumer<D>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let Self { data, splitter } = self;
        let splitter = &splitter;
        drive_divided(cx, Part { data, splitter }, consumer, part)
    }
}

struct Part<'s, D, S> {
    data: D,
    splitter: &'s S,
}

impl<D, S> Divide for Part<'_, D, S>
where
    D: Send,
    S: Fn(D) -> (D, Option<D>) + Sync,
{
    type Item = D;

    fn divide(self) -> (Self, Option<Self>) {
        let splitter = self.splitter;
        let (first, second) = splitter(self.data);
        let with = |data| Self { data, splitter };
        (with(first), second.map(with))
    }

    fn items(self) -> impl Iterator<Item = D> {
        once(self.data)
    }
}
