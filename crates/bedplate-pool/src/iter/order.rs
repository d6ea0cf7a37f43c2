//! Places of items: counted, reversed, interleaved.

use super::exact::Exact;
use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::produce::{Wrap, WrapBoth, Wrapped, produce_both};
use super::{IndexedParallelIterator, ParallelIterator};

/// The iterator of [`enumerate`](IndexedParallelIterator::enumerate).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Enumerate<I> {
    pub(super) base: I,
}

impl<I: IndexedParallelIterator> ParallelIterator for Enumerate<I> {
    type Item = (usize, I::Item);

    drive_by_index!();
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Enumerate<I> {
    fn len(&self) -> usize {
        self.base.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        self.base.produce(Wrapped::new(Counting, with))
    }
}

struct Counting;

impl<T> Wrap<T> for Counting {
    type Item = (usize, T);

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = Self::Item> {
        EnumerateProducer { base, from: 0 }
    }
}

/// The producer of [`Enumerate`].
#[derive(Debug)]
pub struct EnumerateProducer<P> {
    base: P,
    from: usize,
}

impl<P: Producer> Producer for EnumerateProducer<P> {
    type Item = (usize, P::Item);

    fn serial(self) -> impl DoubleEndedIterator<Item = Self::Item> + ExactSizeIterator {
        let items = self.base.serial();
        // The end is at most the number of items of the whole.
        (self.from..self.from + items.len()).zip(items)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.base.split_at(index);
        (
            Self {
                base: left,
                from: self.from,
            },
            Self {
                base: right,
                from: self.from + index,
            },
        )
    }

    fn min_len(&self) -> usize {
        self.base.min_len()
    }

    fn max_len(&self) -> usize {
        self.base.max_len()
    }
}

/// The iterator of [`rev`](IndexedParallelIterator::rev).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Rev<I> {
    pub(super) base: I,
}

impl<I: IndexedParallelIterator> ParallelIterator for Rev<I> {
    type Item = I::Item;

    drive_by_index!();
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Rev<I> {
    fn len(&self) -> usize {
        self.base.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let len = self.base.len();
        self.base.produce(Wrapped::new(Reversing { len }, with))
    }
}

struct Reversing {
    len: usize,
}

impl<T> Wrap<T> for Reversing {
    type Item = T;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = T> {
        RevProducer {
            base,
            len: self.len,
        }
    }
}

/// The producer of [`Rev`].
#[derive(Debug)]
pub struct RevProducer<P> {
    base: P,
    len: usize,
}

impl<P: Producer> Producer for RevProducer<P> {
    type Item = P::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = P::Item> + ExactSizeIterator {
        self.base.serial().rev()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (right, left) = self.base.split_at(self.len - index);
        (
            Self {
                base: left,
                len: index,
            },
            Self {
                base: right,
                len: self.len - index,
            },
        )
    }

    fn min_len(&self) -> usize {
        self.base.min_len()
    }

    fn max_len(&self) -> usize {
        self.base.max_len()
    }
}

/// The iterator of [`interleave`](IndexedParallelIterator::interleave).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Interleave<A, B> {
    pub(super) left: A,
    pub(super) right: B,
}

impl<A, B> ParallelIterator for Interleave<A, B>
where
    A: IndexedParallelIterator,
    B: IndexedParallelIterator<Item = A::Item>,
{
    type Item = A::Item;

    drive_by_index!();
}

impl<A, B> IndexedParallelIterator for Interleave<A, B>
where
    A: IndexedParallelIterator,
    B: IndexedParallelIterator<Item = A::Item>,
{
    fn len(&self) -> usize {
        let len = self.left.len().checked_add(self.right.len());
        len.expect("more than `usize::MAX` items cannot be indexed")
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        let turns = Interleaving {
            left_len: self.left.len(),
            right_len: self.right.len(),
        };
        produce_both(self.left, self.right, turns, with)
    }
}

struct Interleaving {
    left_len: usize,
    right_len: usize,
}

impl<T> WrapBoth<T, T> for Interleaving {
    type Item = T;

    fn wrap<P, Q>(self, left: P, right: Q) -> impl Producer<Item = T>
    where
        P: Producer<Item = T>,
        Q: Producer<Item = T>,
    {
        InterleaveProducer {
            left,
            left_len: self.left_len,
            right,
            right_len: self.right_len,
            is_left_next: true,
        }
    }
}

/// The producer of [`Interleave`].
#[derive(Debug)]
pub struct InterleaveProducer<P, Q> {
    left: P,
    left_len: usize,
    right: Q,
    right_len: usize,
    is_left_next: bool,
}

impl<P: Producer, Q: Producer<Item = P::Item>> InterleaveProducer<P, Q> {
    /// How many of the first `index` items are of the left side.
    fn left_among(&self, index: usize) -> usize {
        let by_turns = if self.is_left_next {
            index.div_ceil(2)
        } else {
            index / 2
        };
        // When one side is used up, the other one gives all.
        by_turns
            .max(index.saturating_sub(self.right_len))
            .min(self.left_len)
    }
}

impl<P: Producer, Q: Producer<Item = P::Item>> Producer for InterleaveProducer<P, Q> {
    type Item = P::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = P::Item> + ExactSizeIterator {
        // An item of the right side if it is its turn, pairs by turns, then what one side has left.
        let (head_len, pairs) = if self.is_left_next {
            (0, self.left_len.min(self.right_len))
        } else {
            let head = self.right_len.min(1);
            (head, self.left_len.min(self.right_len - head))
        };
        let len = self.left_len + self.right_len;
        let (head, right) = self.right.split_at(head_len);
        let (right, right_rest) = right.split_at(pairs);
        let (left, left_rest) = self.left.split_at(pairs);
        let turns = left.serial().zip(right.serial());
        let turns = turns.flat_map(|(left, right)| [left, right]);
        let items = head.serial().chain(turns);
        let rests = left_rest.serial().chain(right_rest.serial());
        Exact::new(items.chain(rests), len)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let left_index = self.left_among(index);
        let right_index = index - left_index;
        let (left, left_rest) = self.left.split_at(left_index);
        let (right, right_rest) = self.right.split_at(right_index);
        (
            Self {
                left,
                left_len: left_index,
                right,
                right_len: right_index,
                is_left_next: self.is_left_next,
            },
            Self {
                left: left_rest,
                left_len: self.left_len - left_index,
                right: right_rest,
                right_len: self.right_len - right_index,
                is_left_next: self.is_left_next == index.is_multiple_of(2),
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
