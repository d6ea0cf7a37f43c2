//! Consumers and producers of other packages, as ours.

use super::shape::{self, Folder as _, Reducer as _, UnindexedConsumer};
use crate::iter::plumbing::{Consumer, Folder, Producer, WithProducer};
use crate::iter::{IndexedParallelIterator, ParallelIterator};
use crate::{Context, with_context};
use core::marker::PhantomData;

/// Feeds one of our iterators to a consumer of another package.
pub(super) fn take_from<I, C>(consumer: C, items: I) -> C::Result
where
    I: ParallelIterator,
    C: UnindexedConsumer<I::Item>,
{
    with_context(|cx| items.drive_in(cx, Handed(PhantomData), consumer).result)
}

/// A consumer of another package; the consumer itself is the part.
struct Handed<C>(PhantomData<fn(C)>);

impl<C> Clone for Handed<C> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for Handed<C> {}

/// What came of a stretch, and a consumer to ask how results are joined.
struct Came<C, R> {
    result: R,
    rest: C,
}

impl<T, C: UnindexedConsumer<T>> Consumer<T> for Handed<C> {
    type Part = C;
    type Output = Came<C, C::Result>;
    type Folder = HandedFolder<C, C::Folder>;

    fn split(self, part: C, _left_len: usize) -> (C, C) {
        (part.split_off_left(), part)
    }

    fn folder(self, part: C) -> Self::Folder {
        HandedFolder {
            folder: part.split_off_left().into_folder(),
            rest: part,
        }
    }

    fn combine(self, left: Self::Output, right: Self::Output) -> Self::Output {
        let reducer = left.rest.to_reducer();
        Came {
            result: reducer.reduce(left.result, right.result),
            rest: left.rest,
        }
    }

    fn is_full(self, part: &C) -> bool {
        part.full()
    }
}

struct HandedFolder<C, F> {
    folder: F,
    /// For the items that follow this stretch.
    rest: C,
}

impl<T, C: UnindexedConsumer<T>> Folder<T> for HandedFolder<C, C::Folder> {
    type Part = C;
    type Output = Came<C, C::Result>;

    fn feed<I: Iterator<Item = T>>(mut self, _cx: Context<'_>, items: I) -> Self {
        if !self.folder.full() {
            self.folder = self.folder.consume_iter(items);
        }
        self
    }

    fn stop(self, _cx: Context<'_>) -> (Self::Output, C) {
        let came = Came {
            result: self.folder.complete(),
            rest: self.rest.split_off_left(),
        };
        (came, self.rest)
    }

    fn is_full(&self) -> bool {
        self.folder.full()
    }
}

/// Our `produce` for an iterator of another package.
pub(crate) fn produce_by_theirs<I, W>(items: I, with: W) -> W::Output
where
    I: IndexedParallelIterator,
    W: WithProducer<I::Item>,
{
    items.with_producer(HandOn(with))
}

struct HandOn<W>(W);

impl<T, W: WithProducer<T>> shape::ProducerCallback<T> for HandOn<W> {
    type Output = W::Output;

    fn callback<P: shape::Producer<Item = T>>(self, producer: P) -> W::Output {
        self.0.run(Theirs(producer))
    }
}

/// A producer of another package.
struct Theirs<P>(P);

impl<P: shape::Producer> Producer for Theirs<P> {
    type Item = P::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = P::Item> + ExactSizeIterator {
        self.0.into_iter()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at(index);
        (Self(left), Self(right))
    }

    fn min_len(&self) -> usize {
        self.0.min_len()
    }

    fn max_len(&self) -> usize {
        self.0.max_len()
    }
}
