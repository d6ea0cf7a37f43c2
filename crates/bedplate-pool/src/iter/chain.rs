//! Two iterators one after the other.

use super::exact::Exact;
use super::plumbing::{Consumer, Producer, WithProducer};
use super::produce::{WrapBoth, produce_both};
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

    fn drive_in<C: Consumer<A::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let Self { first, second } = self;
        let (part, second_part) = consumer.split(part, first.known_len().unwrap_or(0));
        let (left, right) = cx.join(
            move |cx| first.drive_in(cx, consumer, part),
            move |cx| second.drive_in(cx, consumer, second_part),
        );
        consumer.combine(left, right)
    }

    fn known_len(&self) -> Option<usize> {
        self.first
            .known_len()?
            .checked_add(self.second.known_len()?)
    }
}

impl<A, B> IndexedParallelIterator for Chain<A, B>
where
    A: IndexedParallelIterator,
    B: IndexedParallelIterator<Item = A::Item>,
{
    fn len(&self) -> usize {
        let len = self.first.len().checked_add(self.second.len());
        len.expect("a chain of more than `usize::MAX` items cannot be indexed")
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let chaining = Chaining {
            first_len: self.first.len(),
            len: self.len(),
        };
        produce_both(self.first, self.second, chaining, with)
    }
}

struct Chaining {
    first_len: usize,
    len: usize,
}

impl<T> WrapBoth<T, T> for Chaining {
    type Item = T;

    fn wrap<P, Q>(self, left: P, right: Q) -> impl Producer<Item = T>
    where
        P: Producer<Item = T>,
        Q: Producer<Item = T>,
    {
        ChainProducer {
            first: left,
            first_len: self.first_len,
            second: right,
            len: self.len,
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
