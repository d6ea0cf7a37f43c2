//! Adaptors that treat items one after another: one mechanism for all of them.
//!
//! # Role
//! A [`Stage`] turns an ordinary iterator into another one. [`Staged`] is the parallel iterator
//! that puts it between a base and the consumer; with a stage that keeps the number of items
//! ([`Each`]) it stays indexed.
//!
//! # Not here
//! The stages: `map.rs`, `filter.rs`, `until.rs`.

use super::plumbing::{Consumer, Folder, Producer, WithProducer};
use super::produce::{Wrap, Wrapped};
use super::{IndexedParallelIterator, ParallelIterator};
use crate::Context;
use core::fmt;

/// Turns iterators over `T` into iterators over `Out`.
pub trait Stage<T>: Send + Sync {
    /// What comes out.
    type Out: Send;
    /// What a stretch of items keeps for itself.
    type State;
    /// True if as many items come out as go in.
    const KEEPS_COUNT: bool = false;

    /// The state a stretch begins with.
    fn begin(&self) -> Self::State;

    /// The items that come of `items`.
    fn run<I: Iterator<Item = T>>(
        &self,
        state: &mut Self::State,
        items: I,
    ) -> impl Iterator<Item = Self::Out>;

    /// True if no more items will come out, whatever goes in.
    fn is_full(&self) -> bool {
        false
    }
}

/// A stage that turns each item into exactly one.
pub trait Each<T>: Stage<T> {
    /// The items that come of `items`, from either end.
    fn run_each<I>(
        &self,
        items: I,
    ) -> impl DoubleEndedIterator<Item = Self::Out> + ExactSizeIterator
    where
        I: DoubleEndedIterator<Item = T> + ExactSizeIterator;
}

/// A parallel iterator with a stage behind it.
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Staged<I, S> {
    base: I,
    stage: S,
}

/// Stages hold closures, which cannot be shown.
impl<I: fmt::Debug, S> fmt::Debug for Staged<I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<I, S> Staged<I, S> {
    pub(super) fn new(base: I, stage: S) -> Self {
        Self { base, stage }
    }
}

impl<I: ParallelIterator, S: Stage<I::Item>> ParallelIterator for Staged<I, S> {
    type Item = S::Out;

    fn drive_in<C: Consumer<S::Out>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let Self { base, stage } = self;
        let consumer = StageConsumer {
            consumer,
            stage: &stage,
        };
        base.drive_in(cx, consumer, part)
    }

    fn known_len(&self) -> Option<usize> {
        self.base.known_len().filter(|_| S::KEEPS_COUNT)
    }
}

impl<I: IndexedParallelIterator, S: Each<I::Item>> IndexedParallelIterator for Staged<I, S> {
    fn len(&self) -> usize {
        self.base.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let Self { base, stage } = self;
        base.produce(Wrapped::new(Staging(&stage), with))
    }
}

struct Staging<'p, S>(&'p S);

impl<T, S: Each<T>> Wrap<T> for Staging<'_, S> {
    type Item = S::Out;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = S::Out> {
        StageProducer {
            base,
            stage: self.0,
        }
    }
}

/// The producer of [`Staged`].
#[derive(Debug)]
pub struct StageProducer<'p, P, S> {
    base: P,
    stage: &'p S,
}

impl<P: Producer, S: Each<P::Item>> Producer for StageProducer<'_, P, S> {
    type Item = S::Out;

    fn serial(self) -> impl DoubleEndedIterator<Item = S::Out> + ExactSizeIterator {
        self.stage.run_each(self.base.serial())
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let stage = self.stage;
        let (left, right) = self.base.split_at(index);
        (Self { base: left, stage }, Self { base: right, stage })
    }

    fn min_len(&self) -> usize {
        self.base.min_len()
    }

    fn max_len(&self) -> usize {
        self.base.max_len()
    }
}

struct StageConsumer<'s, C, S> {
    consumer: C,
    stage: &'s S,
}

impl<C: Copy, S> Clone for StageConsumer<'_, C, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C: Copy, S> Copy for StageConsumer<'_, C, S> {}

impl<'s, T, C, S> Consumer<T> for StageConsumer<'s, C, S>
where
    S: Stage<T>,
    C: Consumer<S::Out>,
{
    type Part = C::Part;
    type Output = C::Output;
    type Folder = StageFolder<'s, C::Folder, S, S::State>;

    fn split(self, part: C::Part, left_len: usize) -> (C::Part, C::Part) {
        self.consumer.split(part, left_len)
    }

    fn folder(self, part: C::Part) -> Self::Folder {
        StageFolder {
            folder: self.consumer.folder(part),
            stage: self.stage,
            state: self.stage.begin(),
        }
    }

    fn combine(self, left: C::Output, right: C::Output) -> C::Output {
        self.consumer.combine(left, right)
    }

    fn is_full(self, part: &C::Part) -> bool {
        self.stage.is_full() || self.consumer.is_full(part)
    }
}

struct StageFolder<'s, F, S, X> {
    folder: F,
    stage: &'s S,
    state: X,
}

impl<T, F, S> Folder<T> for StageFolder<'_, F, S, S::State>
where
    S: Stage<T>,
    F: Folder<S::Out>,
{
    type Part = F::Part;
    type Output = F::Output;

    fn feed<I: Iterator<Item = T>>(mut self, cx: Context<'_>, items: I) -> Self {
        self.folder = self.folder.feed(cx, self.stage.run(&mut self.state, items));
        self
    }

    fn stop(self, cx: Context<'_>) -> (F::Output, F::Part) {
        self.folder.stop(cx)
    }

    fn is_full(&self) -> bool {
        self.stage.is_full() || self.folder.is_full()
    }
}
