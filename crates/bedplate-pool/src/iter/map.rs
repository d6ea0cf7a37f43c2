//! Stages that turn each item into one.
//!
//! # Role
//! `map` and its kin: a closure per item, with or without a state of the stretch.

use super::parallel::cloned_under;
use super::stage::{Each, Stage, Staged};
use std::sync::Mutex;

/// The iterator of [`map`](super::ParallelIterator::map).
pub type Map<I, F> = Staged<I, Mapping<F>>;
/// The iterator of [`map_with`](super::ParallelIterator::map_with).
pub type MapWith<I, T, F> = Staged<I, MappingWith<T, F>>;
/// The iterator of [`map_init`](super::ParallelIterator::map_init).
pub type MapInit<I, S, F> = Staged<I, MappingInit<S, F>>;
/// The iterator of [`cloned`](super::ParallelIterator::cloned).
pub type Cloned<I> = Staged<I, Cloning>;
/// The iterator of [`copied`](super::ParallelIterator::copied).
pub type Copied<I> = Staged<I, Copying>;
/// The iterator of [`inspect`](super::ParallelIterator::inspect).
pub type Inspect<I, F> = Staged<I, Inspecting<F>>;
/// The iterator of [`update`](super::ParallelIterator::update).
pub type Update<I, F> = Staged<I, Updating<F>>;

/// A stage without a state: what it does to an iterator is written once, for both forms.
macro_rules! each {
    ($(#[$doc:meta])* $name:ident $(<$f:ident>)?, $item:ty => $out:ty, [$($generics:tt)*],
     ($self:ident, $items:ident) $run:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name $(<$f>(pub(super) $f))?;

        impl<$($generics)*> Stage<$item> for $name $(<$f>)? {
            type Out = $out;
            type State = ();
            const KEEPS_COUNT: bool = true;

            fn begin(&self) {}

            fn run<I: Iterator<Item = $item>>(
                &$self,
                (): &mut (),
                $items: I,
            ) -> impl Iterator<Item = $out> {
                $run
            }
        }

        impl<$($generics)*> Each<$item> for $name $(<$f>)? {
            fn run_each<I>(
                &$self,
                $items: I,
            ) -> impl DoubleEndedIterator<Item = $out> + ExactSizeIterator
            where
                I: DoubleEndedIterator<Item = $item> + ExactSizeIterator,
            {
                $run
            }
        }
    };
}

each!(
    /// The stage of `map`.
    Mapping<F>, T => R, [T, R: Send, F: Fn(T) -> R + Send + Sync],
    (self, items) items.map(&self.0)
);
each!(
    /// The stage of `cloned`.
    Cloning, &'a T => T, ['a, T: Clone + Send + 'a],
    (self, items) items.cloned()
);
each!(
    /// The stage of `copied`.
    Copying, &'a T => T, ['a, T: Copy + Send + 'a],
    (self, items) items.copied()
);
each!(
    /// The stage of `inspect`.
    Inspecting<F>, T => T, [T: Send, F: Fn(&T) + Send + Sync],
    (self, items) items.inspect(&self.0)
);
each!(
    /// The stage of `update`.
    Updating<F>, T => T, [T: Send, F: Fn(&mut T) + Send + Sync],
    (self, items) items.map(move |mut item| {
        (self.0)(&mut item);
        item
    })
);

/// The stage of `map_init`.
#[derive(Clone, Debug)]
pub struct MappingInit<S, F> {
    pub(super) init: S,
    pub(super) op: F,
}

impl<T, X, R, S, F> Stage<T> for MappingInit<S, F>
where
    S: Fn() -> X + Send + Sync,
    F: Fn(&mut X, T) -> R + Send + Sync,
    R: Send,
{
    type Out = R;
    type State = X;
    const KEEPS_COUNT: bool = true;

    fn begin(&self) -> X {
        (self.init)()
    }

    fn run<I: Iterator<Item = T>>(&self, state: &mut X, items: I) -> impl Iterator<Item = R> {
        items.map(move |item| (self.op)(state, item))
    }
}

impl<T, X, R, S, F> Each<T> for MappingInit<S, F>
where
    S: Fn() -> X + Send + Sync,
    F: Fn(&mut X, T) -> R + Send + Sync,
    R: Send,
{
    fn run_each<I>(&self, items: I) -> impl DoubleEndedIterator<Item = R> + ExactSizeIterator
    where
        I: DoubleEndedIterator<Item = T> + ExactSizeIterator,
    {
        let mut state = (self.init)();
        items.map(move |item| (self.op)(&mut state, item))
    }
}

/// The stage of `map_with`. The value is cloned for each stretch, under a lock because it need not
/// be shareable.
#[derive(Debug)]
pub struct MappingWith<T, F> {
    pub(super) value: Mutex<T>,
    pub(super) op: F,
}

impl<T: Clone, F> MappingWith<T, F> {
    fn value(&self) -> T {
        cloned_under(&self.value)
    }
}

impl<T: Clone, F: Clone> Clone for MappingWith<T, F> {
    fn clone(&self) -> Self {
        Self {
            value: Mutex::new(self.value()),
            op: self.op.clone(),
        }
    }
}

impl<T, X, R, F> Stage<T> for MappingWith<X, F>
where
    X: Clone + Send,
    F: Fn(&mut X, T) -> R + Send + Sync,
    R: Send,
{
    type Out = R;
    type State = X;
    const KEEPS_COUNT: bool = true;

    fn begin(&self) -> X {
        self.value()
    }

    fn run<I: Iterator<Item = T>>(&self, state: &mut X, items: I) -> impl Iterator<Item = R> {
        items.map(move |item| (self.op)(state, item))
    }
}

impl<T, X, R, F> Each<T> for MappingWith<X, F>
where
    X: Clone + Send,
    F: Fn(&mut X, T) -> R + Send + Sync,
    R: Send,
{
    fn run_each<I>(&self, items: I) -> impl DoubleEndedIterator<Item = R> + ExactSizeIterator
    where
        I: DoubleEndedIterator<Item = T> + ExactSizeIterator,
    {
        let mut state = self.value();
        items.map(move |item| (self.op)(&mut state, item))
    }
}
