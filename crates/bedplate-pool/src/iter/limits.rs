//! Which items: the first, those behind, every nth; and how few or many at a time.

use super::accumulate::exhaust;
use super::plumbing::{Producer, drive_by_index};
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
    type Producer<'p>
        = I::Producer<'p>
    where
        Self: 'p;

    fn len(&self) -> usize {
        self.base.len().saturating_sub(self.count)
    }

    fn producer(&mut self) -> Self::Producer<'_> {
        let count = self.count.min(self.base.len());
        let (skipped, rest) = self.base.producer().split_at(count);
        // As in serial code, what is done to the items before happens to these, too.
        exhaust(skipped, count);
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
    type Producer<'p>
        = I::Producer<'p>
    where
        Self: 'p;

    fn len(&self) -> usize {
        self.base.len().min(self.count)
    }

    fn producer(&mut self) -> Self::Producer<'_> {
        let count = self.len();
        self.base.producer().split_at(count).0
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
    type Producer<'p>
        = StepByProducer<I::Producer<'p>>
    where
        Self: 'p;

    fn len(&self) -> usize {
        self.base.len().div_ceil(self.step)
    }

    fn producer(&mut self) -> Self::Producer<'_> {
        StepByProducer {
            len: self.base.len(),
            base: self.base.producer(),
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
    type Producer<'p>
        = GrainProducer<I::Producer<'p>>
    where
        Self: 'p;

    fn len(&self) -> usize {
        self.base.len()
    }

    fn producer(&mut self) -> Self::Producer<'_> {
        GrainProducer {
            base: self.base.producer(),
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
