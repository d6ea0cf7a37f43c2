//! Feeding a producer to a consumer, both in rayon's shape.

use super::shape::{
    Consumer, Folder, Producer, ProducerCallback, Reducer, UnindexedConsumer, UnindexedProducer,
};
use crate::iter::IndexedParallelIterator;
use crate::{Context, with_context};

/// Into how many parts per worker something is cut for thieves that may come, and again where one came.
const PARTS_PER_WORKER: usize = 4;

/// Feeds the items of `items` to `consumer`.
pub fn bridge<I, C>(items: I, consumer: C) -> C::Result
where
    I: IndexedParallelIterator,
    C: Consumer<I::Item>,
{
    let len = items.len();
    items.with_producer(Bridge { len, consumer })
}

struct Bridge<C> {
    len: usize,
    consumer: C,
}

impl<T, C: Consumer<T>> ProducerCallback<T> for Bridge<C> {
    type Output = C::Result;

    fn callback<P: Producer<Item = T>>(self, producer: P) -> C::Result {
        bridge_producer_consumer(self.len, producer, self.consumer)
    }
}

/// Feeds the `len` items of `producer` to `consumer`, in parallel where others want work.
pub fn bridge_producer_consumer<P, C>(len: usize, producer: P, consumer: C) -> C::Result
where
    P: Producer,
    C: Consumer<P::Item>,
{
    with_context(|cx| {
        let grain = grain(cx, len);
        by_index(cx, grain, len, producer, consumer)
    })
}

/// How short a part may become unless a part is taken.
fn grain(cx: Context<'_>, len: usize) -> usize {
    (len / (PARTS_PER_WORKER * cx.width())).max(1)
}

fn by_index<P, C>(
    cx: Context<'_>,
    grain_len: usize,
    len: usize,
    producer: P,
    consumer: C,
) -> C::Result
where
    P: Producer,
    C: Consumer<P::Item>,
{
    if consumer.full() {
        return consumer.into_folder().complete();
    }
    let middle = len / 2;
    let is_long = len > producer.max_len().max(1);
    let is_worth_it = middle >= producer.min_len().max(1);
    if !is_worth_it || !(is_long || middle >= grain_len) {
        return producer.fold_with(consumer.into_folder()).complete();
    }
    let (first, second) = producer.split_at(middle);
    let (left, right, reducer) = consumer.split_at(middle);
    let here = cx.index();
    let rest_len = len - middle;
    let (left, right) = cx.join(
        move |cx| by_index(cx, grain_len, middle, first, left),
        move |cx| {
            let is_taken = cx.index() != here;
            let grain_len = if is_taken {
                grain(cx, rest_len)
            } else {
                grain_len
            };
            by_index(cx, grain_len, rest_len, second, right)
        },
    );
    reducer.reduce(left, right)
}

/// Feeds the items of `producer` to `consumer`, in parallel where others want work.
pub fn bridge_unindexed<P, C>(producer: P, consumer: C) -> C::Result
where
    P: UnindexedProducer,
    C: UnindexedConsumer<P::Item>,
{
    with_context(|cx| anywhere(cx, PARTS_PER_WORKER * cx.width(), producer, consumer))
}

fn anywhere<P, C>(cx: Context<'_>, parts: usize, producer: P, consumer: C) -> C::Result
where
    P: UnindexedProducer,
    C: UnindexedConsumer<P::Item>,
{
    if consumer.full() {
        return consumer.into_folder().complete();
    }
    if parts < 2 {
        return producer.fold_with(consumer.into_folder()).complete();
    }
    let (first, second) = match producer.split() {
        (only, None) => return only.fold_with(consumer.into_folder()).complete(),
        (first, Some(second)) => (first, second),
    };
    let reducer = consumer.to_reducer();
    let left = consumer.split_off_left();
    let here = cx.index();
    let (left, right) = cx.join(
        move |cx| anywhere(cx, parts / 2, first, left),
        move |cx| {
            let is_taken = cx.index() != here;
            let wanted = if is_taken {
                PARTS_PER_WORKER * cx.width()
            } else {
                parts / 2
            };
            anywhere(cx, wanted, second, consumer)
        },
    );
    reducer.reduce(left, right)
}
