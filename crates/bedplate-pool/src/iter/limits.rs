//! Which items: the first, those behind, every nth; and how few or many at a time.

use super::accumulate::exhaust;
use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::produce::{Wrap, Wrapped};
use super::{IndexedParallelIterator, ParallelIterator};

/// The iterator of [`skip`](IndexedParallelIterator::skip).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Skip<I> {
    pub(super) base: I,
    pub(super) count: usize,
}

impl<I: IndexedParallelIterator> ParallelIterator for Skip<I> {
    type Item = I::Item;

    drive_by_index!();
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Skip<I> {
    fn len(&self) -> usize {
        self.base.len().saturating_sub(self.count)
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let count = self.count.min(self.base.len());
        self.base.produce(Wrapped::new(Skipping { count }, with))
    }
}

struct Skipping {
    count: usize,
}

impl<T: Send> Wrap<T> for Skipping {
    type Item = T;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = T> {
        let (skipped, rest) = base.split_at(self.count);
        // As in serial code, what is done to the items before happens to these, too.
        exhaust(skipped, self.count);
        rest
    }
}

/// The iterator of [`take`](IndexedParallelIterator::take).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Take<I> {
    pub(super) base: I,
    pub(super) count: usize,
}

impl<I: IndexedParallelIterator> ParallelIterator for Take<I> {
    type Item = I::Item;

    drive_by_index!();
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Take<I> {
    fn len(&self) -> usize {
        self.base.len().min(self.count)
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let count = self.len();
        self.base.produce(Wrapped::new(Taking { count }, with))
    }
}

struct Taking {
    count: usize,
}

impl<T> Wrap<T> for Taking {
    type Item = T;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = T> {
        base.split_at(self.count).0
    }
}

/// The iterator of [`step_by`](IndexedParallelIterator::step_by).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct StepBy<I> {
    pub(super) base: I,
    pub(super) step: usize,
}

impl<I: IndexedParallelIterator> ParallelIterator for StepBy<I> {
    type Item = I::Item;

    drive_by_index!();
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for StepBy<I> {
    fn len(&self) -> usize {
        self.base.len().div_ceil(self.step)
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let stepping = Stepping {
            len: self.base.len(),
            step: self.step,
        };
        self.base.produce(Wrapped::new(stepping, with))
    }
}

struct Stepping {
    len: usize,
    step: usize,
}

impl<T> Wrap<T> for Stepping {
    type Item = T;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = T> {
        StepByProducer {
            base,
            len: self.len,
            step: self.step,
        }
    }
}

/// The producer of [`StepBy`].
#[derive(Debug)]
pub struct StepByProducer<P> {
    base: P,
    /// Items of the base.
    len: usize,
    step: usize,
}

impl<P: Producer> Producer for StepByProducer<P> {
    type Item = P::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = P::Item> + ExactSizeIterator {
        self.base.serial().step_by(self.step)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self { base, len, step } = self;
        let in_base = index.saturating_mul(step).min(len);
        let (left, right) = base.split_at(in_base);
        (
            Self {
                base: left,
                len: in_base,
                step,
            },
            Self {
                base: right,
                len: len - in_base,
                step,
            },
        )
    }

    fn min_len(&self) -> usize {
        self.base.min_len().div_ceil(self.step)
    }

    fn max_len(&self) -> usize {
        (self.base.max_len() / self.step).max(1)
    }
}

/// The iterator of [`with_min_len`](IndexedParallelIterator::with_min_len) and
/// [`with_max_len`](IndexedParallelIterator::with_max_len).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Grain<I> {
    pub(super) base: I,
    pub(super) min_len: usize,
    pub(super) max_len: usize,
}

/// The iterator of [`with_min_len`](IndexedParallelIterator::with_min_len).
pub type MinLen<I> = Grain<I>;
/// The iterator of [`with_max_len`](IndexedParallelIterator::with_max_len).
pub type MaxLen<I> = Grain<I>;

impl<I: IndexedParallelIterator> ParallelIterator for Grain<I> {
    type Item = I::Item;

    drive_by_index!();
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Grain<I> {
    fn len(&self) -> usize {
        self.base.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let graining = Graining {
            min_len: self.min_len,
            max_len: self.max_len,
        };
        self.base.produce(Wrapped::new(graining, with))
    }
}

struct Graining {
    min_len: usize,
    max_len: usize,
}

impl<T> Wrap<T> for Graining {
    type Item = T;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = T> {
        GrainProducer {
            base,
            min_len: self.min_len,
            max_len: self.max_len,
        }
    }
}

/// The producer of [`Grain`].
#[derive(Debug)]
pub struct GrainProducer<P> {
    base: P,
    min_len: usize,
    max_len: usize,
}

impl<P: Producer> Producer for GrainProducer<P> {
    type Item = P::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = P::Item> + ExactSizeIterator {
        self.base.serial()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self {
            base,
            min_len,
            max_len,
        } = self;
        let (left, right) = base.split_at(index);
        let with = |base| Self {
            base,
            min_len,
            max_len,
        };
        (with(left), with(right))
    }

    fn min_len(&self) -> usize {
        self.base.min_len().max(self.min_len)
    }

    fn max_len(&self) -> usize {
        self.base.max_len().min(self.max_len)
    }
}
