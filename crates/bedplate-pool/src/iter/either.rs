//! One of two: iterators, collections, and items for two collections.

use super::accumulate::{Accumulator, accumulate};
use super::pieces;
use super::plumbing::{Consumer, WithProducer};
use super::{
    FromParallelIterator, IndexedParallelIterator, IntoParallelIterator, ParallelExtend,
    ParallelIterator,
};
use crate::Context;
use alloc::collections::LinkedList;
use either::Either;

impl<L, R> ParallelIterator for Either<L, R>
where
    L: ParallelIterator,
    R: ParallelIterator<Item = L::Item>,
{
    type Item = L::Item;

    fn drive_in<C: Consumer<L::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        match self {
            Self::Left(left) => left.drive_in(cx, consumer, part),
            Self::Right(right) => right.drive_in(cx, consumer, part),
        }
    }

    fn known_len(&self) -> Option<usize> {
        match self {
            Self::Left(left) => left.known_len(),
            Self::Right(right) => right.known_len(),
        }
    }
}

impl<L, R> IndexedParallelIterator for Either<L, R>
where
    L: IndexedParallelIterator,
    R: IndexedParallelIterator<Item = L::Item>,
{
    fn len(&self) -> usize {
        match self {
            Self::Left(left) => left.len(),
            Self::Right(right) => right.len(),
        }
    }

    fn produce<W: WithProducer<L::Item>>(self, with: W) -> W::Output {
        match self {
            Self::Left(left) => left.produce(with),
            Self::Right(right) => right.produce(with),
        }
    }
}

impl<T, L, R> ParallelExtend<T> for Either<L, R>
where
    T: Send,
    L: ParallelExtend<T>,
    R: ParallelExtend<T>,
{
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, items: I) {
        match self {
            Self::Left(left) => left.par_extend(items),
            Self::Right(right) => right.par_extend(items),
        }
    }
}

/// Both collections of items that are for the one or the other.
type Both<L, R> = (LinkedList<Vec<L>>, LinkedList<Vec<R>>);

/// Gathers what `op` makes of items into two chains.
struct GatherEither<'a, F>(&'a F);

impl<T, L, R, F> Accumulator<T> for GatherEither<'_, F>
where
    L: Send,
    R: Send,
    F: Fn(T) -> Either<L, R> + Sync,
{
    type Value = Both<L, R>;

    fn begin(&self) -> Self::Value {
        Self::Value::default()
    }

    fn add<I: Iterator<Item = T>>(&self, value: Self::Value, items: I) -> Self::Value {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for item in items {
            match (self.0)(item) {
                Either::Left(item) => left.push(item),
                Either::Right(item) => right.push(item),
            }
        }
        self.merge(value, (LinkedList::from([left]), LinkedList::from([right])))
    }

    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value {
        let lefts = pieces::merged(left.0, right.0);
        (lefts, pieces::merged(left.1, right.1))
    }
}

/// What `op` makes of the items of `iterator`, in order, by sides.
pub(super) fn gather_either<I, L, R, F>(iterator: I, op: &F) -> Both<L, R>
where
    I: ParallelIterator,
    L: Send,
    R: Send,
    F: Fn(I::Item) -> Either<L, R> + Sync,
{
    accumulate(iterator, &GatherEither(op))
}

impl<L, R, A, B> ParallelExtend<Either<L, R>> for (A, B)
where
    L: Send,
    R: Send,
    A: ParallelExtend<L> + Send,
    B: ParallelExtend<R> + Send,
{
    fn par_extend<I: IntoParallelIterator<Item = Either<L, R>>>(&mut self, items: I) {
        let (left, right) = gather_either(items.into_par_iter(), &|item| item);
        pieces::pour(left, &mut self.0);
        pieces::pour(right, &mut self.1);
    }
}

impl<L, R, A, B> FromParallelIterator<Either<L, R>> for (A, B)
where
    L: Send,
    R: Send,
    A: Default + ParallelExtend<L> + Send,
    B: Default + ParallelExtend<R> + Send,
{
    fn from_par_iter<I: IntoParallelIterator<Item = Either<L, R>>>(items: I) -> Self {
        items.into_par_iter().partition_map(|item| item)
    }
}
