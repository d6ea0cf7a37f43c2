//! Our consumers and producers in rayon's shape, for iterators and callbacks of other packages.

use super::shape;
use crate::Context;
use crate::current;
use crate::iter::plumbing::{Consumer, Folder, Producer, WithProducer};
use crate::iter::{IndexedParallelIterator, ParallelIterator};
use core::cell::Cell;
use core::iter::once;
use core::marker::PhantomData;

/// Our `drive_in` for an iterator of another package.
pub(crate) fn drive_by_theirs<I, C>(items: I, consumer: C, part: C::Part) -> C::Output
where
    I: ParallelIterator,
    C: Consumer<I::Item>,
{
    items.drive_unindexed(Taker {
        consumer,
        part: Cell::new(Some(part)),
    })
}

/// One of our consumers with its part. The part is lent out through `&self` for splits.
struct Taker<C, P> {
    consumer: C,
    /// There but for the time of a call.
    part: Cell<Option<P>>,
}

impl<C, P> Taker<C, P> {
    fn take(&self) -> P {
        self.part.take().expect("a part is given back by each call")
    }
}

/// The calling thread's context.
fn here<R>(f: impl FnOnce(Context<'_>) -> R) -> R {
    current::with(|cx| {
        f(cx.expect("a parallel iterator hands its items over on threads of the pool it runs in"))
    })
}

impl<T, C: Consumer<T>> shape::Consumer<T> for Taker<C, C::Part> {
    type Folder = TakerFolder<C::Folder>;
    type Reducer = TakerReducer<C, T>;
    type Result = C::Output;

    fn split_at(self, index: usize) -> (Self, Self, Self::Reducer) {
        let consumer = self.consumer;
        let (left, right) = consumer.split(self.take(), index);
        let with = |part| Self {
            consumer,
            part: Cell::new(Some(part)),
        };
        (with(left), with(right), TakerReducer::of(consumer))
    }

    fn into_folder(self) -> Self::Folder {
        TakerFolder(self.consumer.folder(self.take()))
    }

    fn full(&self) -> bool {
        let part = self.take();
        let is_full = self.consumer.is_full(&part);
        self.part.set(Some(part));
        is_full
    }
}

impl<T, C: Consumer<T>> shape::UnindexedConsumer<T> for Taker<C, C::Part> {
    fn split_off_left(&self) -> Self {
        let consumer = self.consumer;
        let (left, right) = consumer.split(self.take(), 0);
        self.part.set(Some(right));
        Self {
            consumer,
            part: Cell::new(Some(left)),
        }
    }

    fn to_reducer(&self) -> Self::Reducer {
        TakerReducer::of(self.consumer)
    }

    fn take_from<P: ParallelIterator<Item = T>>(self, items: P) -> C::Output {
        let part = self.take();
        here(|cx| items.drive_in(cx, self.consumer, part))
    }
}

struct TakerReducer<C, T> {
    consumer: C,
    item: PhantomData<fn(T)>,
}

impl<C, T> TakerReducer<C, T> {
    fn of(consumer: C) -> Self {
        Self {
            consumer,
            item: PhantomData,
        }
    }
}

impl<T, C: Consumer<T>> shape::Reducer<C::Output> for TakerReducer<C, T> {
    fn reduce(self, left: C::Output, right: C::Output) -> C::Output {
        self.consumer.combine(left, right)
    }
}

struct TakerFolder<F>(F);

impl<T, F: Folder<T>> shape::Folder<T> for TakerFolder<F> {
    type Result = F::Output;

    fn consume(self, item: T) -> Self {
        self.consume_iter(once(item))
    }

    fn consume_iter<I: IntoIterator<Item = T>>(self, items: I) -> Self {
        Self(here(|cx| self.0.feed(cx, items.into_iter())))
    }

    fn complete(self) -> F::Output {
        here(|cx| self.0.stop(cx)).0
    }

    fn full(&self) -> bool {
        self.0.is_full()
    }
}

/// Rayon's `with_producer` for one of our iterators.
pub(crate) fn with_ours<I, B>(items: I, callback: B) -> B::Output
where
    I: IndexedParallelIterator,
    B: shape::ProducerCallback<I::Item>,
{
    items.produce(CallBack(callback))
}

struct CallBack<B>(B);

impl<T, B: shape::ProducerCallback<T>> WithProducer<T> for CallBack<B> {
    type Output = B::Output;

    fn run<P: Producer<Item = T>>(self, producer: P) -> B::Output {
        let lifetime = PhantomData;
        self.0.callback(Shaped { producer, lifetime })
    }
}

/// What our producers become, without its name.
trait FromBothEnds<T>: DoubleEndedIterator<Item = T> + ExactSizeIterator {}

impl<T, I: DoubleEndedIterator<Item = T> + ExactSizeIterator> FromBothEnds<T> for I {}

/// One of our producers.
struct Shaped<'p, P> {
    producer: P,
    lifetime: PhantomData<&'p ()>,
}

impl<'p, P: Producer + 'p> shape::Producer for Shaped<'p, P> {
    type Item = P::Item;
    type IntoIter = Box<dyn FromBothEnds<P::Item> + 'p>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.producer.serial())
    }

    fn min_len(&self) -> usize {
        self.producer.min_len()
    }

    fn max_len(&self) -> usize {
        self.producer.max_len()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.producer.split_at(index);
        let with = |producer| Self {
            producer,
            lifetime: PhantomData,
        };
        (with(left), with(right))
    }

    fn fold_with<F: shape::Folder<P::Item>>(self, folder: F) -> F {
        folder.consume_iter(self.producer.serial())
    }
}
