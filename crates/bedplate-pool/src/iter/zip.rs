//! Two iterators side by side.

use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::produce::{WrapBoth, produce_both};
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
    fn len(&self) -> usize {
        self.left.len().min(self.right.len())
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        produce_both(self.left, self.right, Zipping, with)
    }
}

struct Zipping;

impl<T, U> WrapBoth<T, U> for Zipping {
    type Item = (T, U);

    fn wrap<P, Q>(self, left: P, right: Q) -> impl Producer<Item = (T, U)>
    where
        P: Producer<Item = T>,
        Q: Producer<Item = U>,
    {
        ZipProducer { left, right }
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
