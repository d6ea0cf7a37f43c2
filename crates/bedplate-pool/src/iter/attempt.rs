//! What may break off: `Option`, `Result`, `ControlFlow`, and the loops over them.

use super::ParallelIterator;
use super::accumulate::{Accumulator, accumulate};
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value that says whether to go on. What the standard library has under this name is not stable.
pub trait Try: Sized {
    /// What it carries where it goes on.
    type Output;

    /// Goes on with `output`.
    fn from_output(output: Self::Output) -> Self;

    /// What is carried.
    ///
    /// # Errors
    /// The value itself where it breaks off.
    fn branch(self) -> Result<Self::Output, Self>;
}

impl<T> Try for Option<T> {
    type Output = T;

    fn from_output(output: T) -> Self {
        Some(output)
    }

    fn branch(self) -> Result<T, Self> {
        self.ok_or(None)
    }
}

impl<T, E> Try for Result<T, E> {
    type Output = T;

    fn from_output(output: T) -> Self {
        Ok(output)
    }

    fn branch(self) -> Result<T, Self> {
        self.map_err(Err)
    }
}

impl<B, T> Try for ControlFlow<B, T> {
    type Output = T;

    fn from_output(output: T) -> Self {
        Self::Continue(output)
    }

    fn branch(self) -> Result<T, Self> {
        match self {
            Self::Continue(output) => Ok(output),
            Self::Break(_) => Err(self),
        }
    }
}

/// Reduces what goes on; the first in order of those that broke off and were seen wins.
struct TryReduce<'a, S, F> {
    identity: &'a S,
    op: &'a F,
    is_broken: AtomicBool,
}

impl<R, S, F> Accumulator<R> for TryReduce<'_, S, F>
where
    R: Try + Send,
    R::Output: Send,
    S: Fn() -> R::Output + Sync,
    F: Fn(R::Output, R::Output) -> R + Sync,
{
    type Value = Result<R::Output, R>;

    fn begin(&self) -> Self::Value {
        Ok((self.identity)())
    }

    fn add<I: Iterator<Item = R>>(&self, value: Self::Value, mut items: I) -> Self::Value {
        let value = items.try_fold(value?, |value, item| {
            // Relaxed: it only ends others sooner.
            if self.is_broken.load(Ordering::Relaxed) {
                return Err(None);
            }
            let sum = item
                .branch()
                .and_then(|item| (self.op)(value, item).branch());
            sum.map_err(Some)
        });
        value.or_else(|broken| {
            self.is_broken.store(true, Ordering::Relaxed);
            // Ended by another: what is returned here is overruled by what broke off there.
            broken.map_or_else(|| Ok((self.identity)()), Err)
        })
    }

    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value {
        let (left, right) = (left?, right?);
        (self.op)(left, right).branch()
    }

    fn is_done(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }
}

/// The reduction of `iterator`, from `identity` on, unless it breaks off.
pub(super) fn try_reduce<I, R, S, F>(iterator: I, identity: &S, op: &F) -> R
where
    I: ParallelIterator<Item = R>,
    R: Try + Send,
    R::Output: Send,
    S: Fn() -> R::Output + Sync,
    F: Fn(R::Output, R::Output) -> R + Sync,
{
    let reduction = TryReduce {
        identity,
        op,
        is_broken: AtomicBool::new(false),
    };
    accumulate(iterator, &reduction).map_or_else(|broken| broken, R::from_output)
}

/// The same without a value to begin with.
struct TryReduceWith<'a, F> {
    op: &'a F,
    is_broken: AtomicBool,
}

impl<F> TryReduceWith<'_, F> {
    fn join<R>(
        &self,
        left: Option<R::Output>,
        right: Option<R::Output>,
    ) -> Result<Option<R::Output>, R>
    where
        R: Try,
        F: Fn(R::Output, R::Output) -> R,
    {
        match (left, right) {
            (Some(left), Some(right)) => (self.op)(left, right).branch().map(Some),
            (left, right) => Ok(left.or(right)),
        }
    }
}

impl<R, F> Accumulator<R> for TryReduceWith<'_, F>
where
    R: Try + Send,
    R::Output: Send,
    F: Fn(R::Output, R::Output) -> R + Sync,
{
    type Value = Result<Option<R::Output>, R>;

    fn begin(&self) -> Self::Value {
        Ok(None)
    }

    fn add<I: Iterator<Item = R>>(&self, value: Self::Value, mut items: I) -> Self::Value {
        let value = items.try_fold(value?, |value, item| {
            // Relaxed: it only ends others sooner.
            if self.is_broken.load(Ordering::Relaxed) {
                return Err(None);
            }
            let sum = item.branch().and_then(|item| self.join(value, Some(item)));
            sum.map_err(Some)
        });
        value.or_else(|broken| {
            self.is_broken.store(true, Ordering::Relaxed);
            // Ended by another: what is returned here is overruled by what broke off there.
            broken.map_or(Ok(None), Err)
        })
    }

    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value {
        self.join(left?, right?)
    }

    fn is_done(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }
}

/// The reduction of `iterator`, `None` if it is empty.
pub(super) fn try_reduce_with<I, R, F>(iterator: I, op: &F) -> Option<R>
where
    I: ParallelIterator<Item = R>,
    R: Try + Send,
    R::Output: Send,
    F: Fn(R::Output, R::Output) -> R + Sync,
{
    let reduction = TryReduceWith {
        op,
        is_broken: AtomicBool::new(false),
    };
    match accumulate(iterator, &reduction) {
        Ok(value) => value.map(R::from_output),
        Err(broken) => Some(broken),
    }
}
