//! Two iterators side by side.

use super::plumbing::{Producer, drive_by_index};
use super::{IndexedParallelIterator, ParallelIterator};

/// The iterator of [`zip`](IndexedParallelIterator::zip).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Zip<A, B> {
    pub(super) left: A,
    pub(super) right: B,
}

impl<A: IndexedParallelIterator, B: IndexedParallelIterator> ParallelIterator for Zip<A, B> {
    type Item = (A::Item, B::Item);

    drive_by_index!();
}

impl<A: IndexedParallelIterator, B: IndexedParallelIterator> IndexedParallelIterator for Zip<A, B> {
    type Producer<'p>
        = ZipProducer<A::Producer<'p>, B::Producer<'p>>
    where
        Self: 'p;

    fn len(&self) -> usize {
        self.left.len().min(self.right.len())
    }

    fn producer(&mut self) -> Self::Producer<'_> {
        ZipProducer {
            left: self.left.producer(),
            right: self.right.producer(),
        }
    }
}

/// The producer of [`Zip`].
#[derive(Debug)]
pub struct ZipProducer<P, Q> {
    left: P,
    right: Q,
}

impl<P: Producer, Q: Producer> Producer for ZipProducer<P, Q> {
    type Item = (P::Item, Q::Item);

    fn serial(self) -> impl DoubleEndedIterator<Item = Self::Item> + ExactSizeIterator {
        self.left.serial().zip(self.right.serial())
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, left_rest) = self.left.split_at(index);
        let (right, right_rest) = self.right.split_at(index);
        (
            Self { left, right },
            Self {
                left: left_rest,
                right: right_rest,
            },
        )
    }

    fn min_len(&self) -> usize {
        self.left.min_len().max(self.right.min_len())
    }

    fn max_len(&self) -> usize {
        self.left.max_len().min(self.right.max_len())
    }
}
