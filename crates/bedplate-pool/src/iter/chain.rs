//! Two iterators one after the other.

use super::exact::Exact;
use super::plumbing::{Consumer, Producer};
use super::{IndexedParallelIterator, ParallelIterator};
use crate::Context;

/// The iterator of [`chain`](ParallelIterator::chain).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Chain<A, B> {
    pub(super) first: A,
    pub(super) second: B,
}

impl<A, B> ParallelIterator for Chain<A, B>
where
    A: ParallelIterator,
    B: ParallelIterator<Item = A::Item>,
{
    type Item = A::Item;

    fn drive<C: Consumer<A::Item>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let Self { first, second } = self;
        let (part, second_part) = consumer.split(part, first.opt_len().unwrap_or(0));
        let (left, right) = cx.join(
            move |cx| first.drive(cx, consumer, part),
            move |cx| second.drive(cx, consumer, second_part),
        );
        consumer.combine(left, right)
    }

    fn opt_len(&self) -> Option<usize> {
        self.first.opt_len()?.checked_add(self.second.opt_len()?)
    }
}

impl<A, B> IndexedParallelIterator for Chain<A, B>
where
    A: IndexedParallelIterator,
    B: IndexedParallelIterator<Item = A::Item>,
{
    type Producer<'p>
        = ChainProducer<A::Producer<'p>, B::Producer<'p>>
    where
        Self: 'p;

    fn len(&self) -> usize {
        let len = self.first.len().checked_add(self.second.len());
        len.expect("a chain of more than `usize::MAX` items cannot be indexed")
    }

    fn producer(&mut self) -> Self::Producer<'_> {
        ChainProducer {
            first_len: self.first.len(),
            len: self.len(),
            first: self.first.producer(),
            second: self.second.producer(),
        }
    }
}

/// The producer of [`Chain`].
#[derive(Debug)]
pub struct ChainProducer<P, Q> {
    first: P,
    first_len: usize,
    second: Q,
    len: usize,
}

impl<P: Producer, Q: Producer<Item = P::Item>> Producer for ChainProducer<P, Q> {
    type Item = P::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = P::Item> + ExactSizeIterator {
        Exact::new(self.first.serial().chain(self.second.serial()), self.len)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let in_first = index.min(self.first_len);
        let (first, first_rest) = self.first.split_at(in_first);
        let (second, second_rest) = self.second.split_at(index - in_first);
        (
            Self {
                first,
                first_len: in_first,
                second,
                len: index,
            },
            Self {
                first: first_rest,
                first_len: self.first_len - in_first,
                second: second_rest,
                len: self.len - index,
            },
        )
    }

    fn min_len(&self) -> usize {
        self.first.min_len().max(self.second.min_len())
    }

    fn max_len(&self) -> usize {
        self.first.max_len().min(self.second.max_len())
    }
}
