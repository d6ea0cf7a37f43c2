//! `flat_map` and `flatten`: parallel iterators inside a parallel iterator.
//!
//! # Role
//! Every item becomes a parallel iterator and is driven on its own; the outputs are combined in
//! order.

use super::plumbing::{Consumer, Folder, nothing};
use super::{IntoParallelIterator, ParallelIterator};
use crate::Context;
use core::fmt;

/// The iterator of [`flat_map`](ParallelIterator::flat_map).
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct FlatMap<I, F> {
    pub(super) base: I,
    pub(super) op: F,
}

impl<I: fmt::Debug, F> fmt::Debug for FlatMap<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatMap")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<I, R, F> ParallelIterator for FlatMap<I, F>
where
    I: ParallelIterator,
    R: IntoParallelIterator,
    F: Fn(I::Item) -> R + Send + Sync,
{
    type Item = R::Item;

    fn drive_in<C: Consumer<R::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let Self { base, op } = self;
        base.drive_in(cx, FlatConsumer { consumer, op: &op }, part)
    }
}

/// The iterator of [`flatten`](ParallelIterator::flatten).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Flatten<I> {
    pub(super) base: I,
}

impl<I: ParallelIterator<Item: IntoParallelIterator>> ParallelIterator for Flatten<I> {
    type Item = <I::Item as IntoParallelIterator>::Item;

    fn drive_in<C: Consumer<Self::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let op = |item: I::Item| item;
        self.base
            .drive_in(cx, FlatConsumer { consumer, op: &op }, part)
    }
}

struct FlatConsumer<'a, C, F> {
    consumer: C,
    op: &'a F,
}

impl<C: Copy, F> Clone for FlatConsumer<'_, C, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C: Copy, F> Copy for FlatConsumer<'_, C, F> {}

impl<'a, T, R, C, F> Consumer<T> for FlatConsumer<'a, C, F>
where
    R: IntoParallelIterator,
    C: Consumer<R::Item>,
    F: Fn(T) -> R + Sync,
{
    type Part = C::Part;
    type Output = C::Output;
    type Folder = FlatFolder<'a, C, F, C::Part, C::Output>;

    fn split(self, part: C::Part, _left_len: usize) -> (C::Part, C::Part) {
        self.consumer.split(part, 0)
    }

    fn folder(self, part: C::Part) -> Self::Folder {
        FlatFolder {
            shared: self,
            part,
            output: None,
        }
    }

    fn combine(self, left: C::Output, right: C::Output) -> C::Output {
        self.consumer.combine(left, right)
    }

    fn is_full(self, part: &C::Part) -> bool {
        self.consumer.is_full(part)
    }
}

struct FlatFolder<'a, C, F, P, O> {
    shared: FlatConsumer<'a, C, F>,
    part: P,
    output: Option<O>,
}

impl<T, R, C, F> Folder<T> for FlatFolder<'_, C, F, C::Part, C::Output>
where
    R: IntoParallelIterator,
    C: Consumer<R::Item>,
    F: Fn(T) -> R + Sync,
{
    type Part = C::Part;
    type Output = C::Output;

    fn feed<I: Iterator<Item = T>>(self, cx: Context<'_>, items: I) -> Self {
        let Self {
            shared: FlatConsumer { consumer, op },
            mut part,
            mut output,
        } = self;
        for item in items {
            if consumer.is_full(&part) {
                break;
            }
            let (mine, later) = consumer.split(part, 0);
            part = later;
            let inner = op(item).into_par_iter().drive_in(cx, consumer, mine);
            output = Some(match output {
                Some(output) => consumer.combine(output, inner),
                None => inner,
            });
        }
        Self {
            shared: FlatConsumer { consumer, op },
            part,
            output,
        }
    }

    fn stop(self, cx: Context<'_>) -> (C::Output, C::Part) {
        let consumer = self.shared.consumer;
        if let Some(output) = self.output {
            return (output, self.part);
        }
        let (mine, later) = consumer.split(self.part, 0);
        (nothing(cx, consumer, mine), later)
    }

    fn is_full(&self) -> bool {
        self.shared.consumer.is_full(&self.part)
    }
}
