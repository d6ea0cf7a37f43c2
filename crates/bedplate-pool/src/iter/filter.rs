//! Stages that leave items out or turn one into several.

use super::order::Enumerate;
use super::stage::{Stage, Staged};

/// The iterator of [`filter`](super::ParallelIterator::filter).
pub type Filter<I, F> = Staged<I, Filtering<F>>;
/// The iterator of [`filter_map`](super::ParallelIterator::filter_map).
pub type FilterMap<I, F> = Staged<I, FilterMapping<F>>;
/// The iterator of [`positions`](super::IndexedParallelIterator::positions).
pub type Positions<I, F> = Staged<Enumerate<I>, PlacesOf<F>>;
/// The iterator of [`flat_map_iter`](super::ParallelIterator::flat_map_iter).
pub type FlatMapIter<I, F> = Staged<I, FlatMappingIter<F>>;
/// The iterator of [`flatten_iter`](super::ParallelIterator::flatten_iter).
pub type FlattenIter<I> = Staged<I, FlatteningIter>;

/// The stage of `filter`.
#[derive(Clone, Debug)]
pub struct Filtering<F>(pub(super) F);

impl<T: Send, F: Fn(&T) -> bool + Send + Sync> Stage<T> for Filtering<F> {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        items.filter(&self.0)
    }
}

/// The stage of `filter_map`.
#[derive(Clone, Debug)]
pub struct FilterMapping<F>(pub(super) F);

impl<T, R: Send, F: Fn(T) -> Option<R> + Send + Sync> Stage<T> for FilterMapping<F> {
    type Out = R;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = R> {
        items.filter_map(&self.0)
    }
}

/// The stage of `positions`.
#[derive(Clone, Debug)]
pub struct PlacesOf<F>(pub(super) F);

impl<T, F: Fn(T) -> bool + Send + Sync> Stage<(usize, T)> for PlacesOf<F> {
    type Out = usize;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = (usize, T)>>(
        &self,
        (): &mut (),
        items: I,
    ) -> impl Iterator<Item = usize> {
        items.filter_map(|(place, item)| (self.0)(item).then_some(place))
    }
}

/// The stage of `flat_map_iter`.
#[derive(Clone, Debug)]
pub struct FlatMappingIter<F>(pub(super) F);

impl<T, R, F> Stage<T> for FlatMappingIter<F>
where
    F: Fn(T) -> R + Send + Sync,
    R: IntoIterator<Item: Send>,
{
    type Out = R::Item;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = R::Item> {
        items.flat_map(&self.0)
    }
}

/// The stage of `flatten_iter`.
#[derive(Clone, Debug)]
pub struct FlatteningIter;

impl<T: IntoIterator<Item: Send>> Stage<T> for FlatteningIter {
    type Out = T::Item;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T::Item> {
        items.flatten()
    }
}
