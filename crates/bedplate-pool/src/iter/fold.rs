//! `fold` and its kin: one accumulator per stretch, passed on as an item.

use super::ParallelIterator;
use super::attempt::Try;
use super::parallel::cloned_under;
use super::plumbing::{Consumer, Folder};
use crate::Context;
use core::fmt;
use core::iter::once;
use std::sync::Mutex;

/// The iterator of [`fold`](ParallelIterator::fold).
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Fold<I, S, F> {
    pub(super) base: I,
    pub(super) identity: S,
    pub(super) op: F,
}

impl<I: fmt::Debug, S, F> fmt::Debug for Fold<I, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<I, A, S, F> ParallelIterator for Fold<I, S, F>
where
    I: ParallelIterator,
    A: Send,
    S: Fn() -> A + Send + Sync,
    F: Fn(A, I::Item) -> A + Send + Sync,
{
    type Item = A;

    fn drive_in<C: Consumer<A>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let begin = || (self.identity)();
        // The accumulator is the item: a fold is never broken off.
        let step = |value, item| Ok((self.op)(value, item));
        let shared = FoldConsumer {
            consumer,
            begin: &begin,
            step: &step,
            close: &|value: Result<A, A>| value.unwrap_or_else(|value| value),
        };
        self.base.drive_in(cx, shared, part)
    }
}

/// The iterator of [`try_fold`](ParallelIterator::try_fold).
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct TryFold<I, S, F> {
    pub(super) base: I,
    pub(super) identity: S,
    pub(super) op: F,
}

impl<I: fmt::Debug, S, F> fmt::Debug for TryFold<I, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryFold")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<I, A, R, S, F> ParallelIterator for TryFold<I, S, F>
where
    I: ParallelIterator,
    R: Try<Output = A> + Send,
    S: Fn() -> A + Send + Sync,
    F: Fn(A, I::Item) -> R + Send + Sync,
{
    type Item = R;

    fn drive_in<C: Consumer<R>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let begin = || (self.identity)();
        let step = |value, item| (self.op)(value, item).branch();
        let shared = FoldConsumer {
            consumer,
            begin: &begin,
            step: &step,
            close: &|value: Result<A, R>| value.map_or_else(|broken| broken, R::from_output),
        };
        self.base.drive_in(cx, shared, part)
    }
}

/// The iterator of [`fold_with`](ParallelIterator::fold_with).
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct FoldWith<I, A, F> {
    pub(super) base: I,
    pub(super) init: A,
    pub(super) op: F,
}

impl<I: fmt::Debug, A, F> fmt::Debug for FoldWith<I, A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoldWith")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<I, A, F> ParallelIterator for FoldWith<I, A, F>
where
    I: ParallelIterator,
    A: Clone + Send,
    F: Fn(A, I::Item) -> A + Send + Sync,
{
    type Item = A;

    fn drive_in<C: Consumer<A>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let init = Mutex::new(self.init);
        let fold = self.base.fold(|| cloned_under(&init), self.op);
        fold.drive_in(cx, consumer, part)
    }
}

/// The iterator of [`try_fold_with`](ParallelIterator::try_fold_with).
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct TryFoldWith<I, A, F> {
    pub(super) base: I,
    pub(super) init: A,
    pub(super) op: F,
}

impl<I: fmt::Debug, A, F> fmt::Debug for TryFoldWith<I, A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryFoldWith")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<I, A, R, F> ParallelIterator for TryFoldWith<I, A, F>
where
    I: ParallelIterator,
    A: Clone + Send,
    R: Try<Output = A> + Send,
    F: Fn(A, I::Item) -> R + Send + Sync,
{
    type Item = R;

    fn drive_in<C: Consumer<R>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let init = Mutex::new(self.init);
        let fold = self.base.try_fold(|| cloned_under(&init), self.op);
        fold.drive_in(cx, consumer, part)
    }
}

/// Folds with `step` until it is broken off; `close` makes the item of the result.
struct FoldConsumer<'a, C, S, F, G> {
    consumer: C,
    begin: &'a S,
    step: &'a F,
    close: &'a G,
}

impl<C: Copy, S, F, G> Clone for FoldConsumer<'_, C, S, F, G> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C: Copy, S, F, G> Copy for FoldConsumer<'_, C, S, F, G> {}

impl<'a, T, A, B, R, C, S, F, G> Consumer<T> for FoldConsumer<'a, C, S, F, G>
where
    C: Consumer<R>,
    S: Fn() -> A + Sync,
    F: Fn(A, T) -> Result<A, B> + Sync,
    G: Fn(Result<A, B>) -> R + Sync,
{
    type Part = C::Part;
    type Output = C::Output;
    type Folder = FoldFolder<'a, C::Folder, Result<A, B>, F, G>;

    fn split(self, part: C::Part, _left_len: usize) -> (C::Part, C::Part) {
        self.consumer.split(part, 0)
    }

    fn folder(self, part: C::Part) -> Self::Folder {
        FoldFolder {
            folder: self.consumer.folder(part),
            value: Ok((self.begin)()),
            step: self.step,
            close: self.close,
        }
    }

    fn combine(self, left: C::Output, right: C::Output) -> C::Output {
        self.consumer.combine(left, right)
    }

    fn is_full(self, part: &C::Part) -> bool {
        self.consumer.is_full(part)
    }
}

struct FoldFolder<'a, H, V, F, G> {
    folder: H,
    value: V,
    step: &'a F,
    close: &'a G,
}

impl<T, A, B, R, H, F, G> Folder<T> for FoldFolder<'_, H, Result<A, B>, F, G>
where
    H: Folder<R>,
    F: Fn(A, T) -> Result<A, B>,
    G: Fn(Result<A, B>) -> R,
{
    type Part = H::Part;
    type Output = H::Output;

    fn feed<I: Iterator<Item = T>>(mut self, _cx: Context<'_>, mut items: I) -> Self {
        self.value = self
            .value
            .and_then(|value| items.try_fold(value, self.step));
        self
    }

    fn stop(self, cx: Context<'_>) -> (H::Output, H::Part) {
        let item = (self.close)(self.value);
        self.folder.feed(cx, once(item)).stop(cx)
    }

    fn is_full(&self) -> bool {
        self.value.is_err() || self.folder.is_full()
    }
}
