//! Runs of neighbouring items as one.
//!
//! # Role
//! `chunks` and `fold_chunks`: a run of items is cut off the producer and made into one item on the
//! thread that takes it.

use super::parallel::cloned_under;
use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::produce::{Wrap, Wrapped};
use super::{IndexedParallelIterator, ParallelIterator};
use core::fmt;
use std::sync::Mutex;

/// Makes one item of a run.
pub trait MakeGroup<T>: Send + Sync {
    /// What is made.
    type Group: Send;

    /// The item for the run `items`.
    fn group<I: ExactSizeIterator<Item = T>>(&self, items: I) -> Self::Group;
}

/// Runs as vectors.
#[derive(Clone, Debug)]
pub struct IntoVec;

impl<T: Send> MakeGroup<T> for IntoVec {
    type Group = Vec<T>;

    fn group<I: ExactSizeIterator<Item = T>>(&self, items: I) -> Vec<T> {
        items.collect()
    }
}

/// Runs folded.
#[derive(Clone)]
pub struct Folded<S, F> {
    pub(super) identity: S,
    pub(super) op: F,
}

impl<S, F> fmt::Debug for Folded<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folded").finish_non_exhaustive()
    }
}

impl<T, A, S, F> MakeGroup<T> for Folded<S, F>
where
    A: Send,
    S: Fn() -> A + Send + Sync,
    F: Fn(A, T) -> A + Send + Sync,
{
    type Group = A;

    fn group<I: ExactSizeIterator<Item = T>>(&self, items: I) -> A {
        items.fold((self.identity)(), &self.op)
    }
}

/// Runs folded from a value on, which is cloned under a lock because it need not be shareable.
pub struct FoldedWith<A, F> {
    init: Mutex<A>,
    op: F,
}

impl<A, F> FoldedWith<A, F> {
    pub(super) fn new(init: A, op: F) -> Self {
        let init = Mutex::new(init);
        Self { init, op }
    }
}

impl<A: Clone, F: Clone> Clone for FoldedWith<A, F> {
    fn clone(&self) -> Self {
        Self::new(cloned_under(&self.init), self.op.clone())
    }
}

impl<A, F> fmt::Debug for FoldedWith<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoldedWith").finish_non_exhaustive()
    }
}

impl<T, A, F> MakeGroup<T> for FoldedWith<A, F>
where
    A: Clone + Send,
    F: Fn(A, T) -> A + Send + Sync,
{
    type Group = A;

    fn group<I: ExactSizeIterator<Item = T>>(&self, items: I) -> A {
        items.fold(cloned_under(&self.init), &self.op)
    }
}

/// The iterator of [`fold_chunks_with`](IndexedParallelIterator::fold_chunks_with).
pub type FoldChunksWith<I, A, F> = Groups<I, FoldedWith<A, F>>;

/// The iterator of [`chunks`](IndexedParallelIterator::chunks) and
/// [`fold_chunks`](IndexedParallelIterator::fold_chunks).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Groups<I, G> {
    pub(super) base: I,
    pub(super) size: usize,
    pub(super) make: G,
}

impl<I: IndexedParallelIterator, G: MakeGroup<I::Item>> ParallelIterator for Groups<I, G> {
    type Item = G::Group;

    drive_by_index!();
}

impl<I: IndexedParallelIterator, G: MakeGroup<I::Item>> IndexedParallelIterator for Groups<I, G> {
    fn len(&self) -> usize {
        self.base.len().div_ceil(self.size)
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let grouping = Grouping {
            len: self.base.len(),
            size: self.size,
            make: &self.make,
        };
        self.base.produce(Wrapped::new(grouping, with))
    }
}

struct Grouping<'p, G> {
    len: usize,
    size: usize,
    make: &'p G,
}

impl<T, G: MakeGroup<T>> Wrap<T> for Grouping<'_, G> {
    type Item = G::Group;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = G::Group> {
        GroupsProducer {
            base: Some(base),
            len: self.len,
            size: self.size,
            make: self.make,
        }
    }
}

/// The producer of [`Groups`], and the iterator it becomes.
#[derive(Debug)]
pub struct GroupsProducer<'p, P, G> {
    /// `None` once all items are taken.
    base: Option<P>,
    /// Items of the base.
    len: usize,
    size: usize,
    make: &'p G,
}

impl<P: Producer, G: MakeGroup<P::Item>> GroupsProducer<'_, P, G> {
    /// Takes the first `count` items of the base; with `is_back`, all but these are taken.
    fn cut(&mut self, count: usize, is_back: bool) -> Option<G::Group> {
        let (left, right) = self.base.take()?.split_at(count);
        let (run, rest, rest_len) = if is_back {
            (right, left, count)
        } else {
            (left, right, self.len - count)
        };
        self.len = rest_len;
        self.base = Some(rest);
        Some(self.make.group(run.serial()))
    }
}

impl<P: Producer, G: MakeGroup<P::Item>> Iterator for GroupsProducer<'_, P, G> {
    type Item = G::Group;

    fn next(&mut self) -> Option<G::Group> {
        if self.len == 0 {
            return None;
        }
        self.cut(self.size.min(self.len), false)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.len.div_ceil(self.size);
        (count, Some(count))
    }
}

impl<P: Producer, G: MakeGroup<P::Item>> DoubleEndedIterator for GroupsProducer<'_, P, G> {
    fn next_back(&mut self) -> Option<G::Group> {
        let last = self.len.checked_sub(1)?;
        // The last run may be shorter.
        self.cut(last / self.size * self.size, true)
    }
}

impl<P: Producer, G: MakeGroup<P::Item>> ExactSizeIterator for GroupsProducer<'_, P, G> {}

impl<P: Producer, G: MakeGroup<P::Item>> Producer for GroupsProducer<'_, P, G> {
    type Item = G::Group;

    fn serial(self) -> impl DoubleEndedIterator<Item = G::Group> + ExactSizeIterator {
        self
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self {
            base,
            len,
            size,
            make,
        } = self;
        let in_base = index.saturating_mul(size).min(len);
        let (left, right) = match base.map(|base| base.split_at(in_base)) {
            Some((left, right)) => (Some(left), Some(right)),
            None => (None, None),
        };
        let with = |base, len| Self {
            base,
            len,
            size,
            make,
        };
        (with(left, in_base), with(right, len - in_base))
    }

    fn min_len(&self) -> usize {
        let min_len = self.base.as_ref().map_or(1, Producer::min_len);
        min_len.div_ceil(self.size)
    }
}
