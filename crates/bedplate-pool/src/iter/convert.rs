//! From collections and to collections: the traits.

use super::ParallelIterator;
use core::ops::RangeBounds;

/// What can become a parallel iterator.
pub trait IntoParallelIterator {
    /// The parallel iterator.
    type Iter: ParallelIterator<Item = Self::Item>;
    /// Its items.
    type Item: Send;

    /// Makes the parallel iterator.
    fn into_par_iter(self) -> Self::Iter;
}

impl<I: ParallelIterator> IntoParallelIterator for I {
    type Iter = I;
    type Item = I::Item;

    fn into_par_iter(self) -> I {
        self
    }
}

/// What can be iterated by shared references.
pub trait IntoParallelRefIterator<'data> {
    /// The parallel iterator.
    type Iter: ParallelIterator<Item = Self::Item>;
    /// Its items: references.
    type Item: Send + 'data;

    /// Makes the parallel iterator.
    fn par_iter(&'data self) -> Self::Iter;
}

impl<'data, I: 'data + ?Sized> IntoParallelRefIterator<'data> for I
where
    &'data I: IntoParallelIterator,
{
    type Iter = <&'data I as IntoParallelIterator>::Iter;
    type Item = <&'data I as IntoParallelIterator>::Item;

    fn par_iter(&'data self) -> Self::Iter {
        self.into_par_iter()
    }
}

/// What can be iterated by exclusive references.
pub trait IntoParallelRefMutIterator<'data> {
    /// The parallel iterator.
    type Iter: ParallelIterator<Item = Self::Item>;
    /// Its items: references.
    type Item: Send + 'data;

    /// Makes the parallel iterator.
    fn par_iter_mut(&'data mut self) -> Self::Iter;
}

impl<'data, I: 'data + ?Sized> IntoParallelRefMutIterator<'data> for I
where
    &'data mut I: IntoParallelIterator,
{
    type Iter = <&'data mut I as IntoParallelIterator>::Iter;
    type Item = <&'data mut I as IntoParallelIterator>::Item;

    fn par_iter_mut(&'data mut self) -> Self::Iter {
        self.into_par_iter()
    }
}

/// What gives away a range of its items.
pub trait ParallelDrainRange<X = usize> {
    /// The parallel iterator.
    type Iter: ParallelIterator<Item = Self::Item>;
    /// Its items.
    type Item: Send;

    /// Takes the items of `range` out; those that are not iterated are dropped.
    ///
    /// # Panics
    /// If the range is not inside the collection.
    fn par_drain<R: RangeBounds<X>>(self, range: R) -> Self::Iter;
}

/// What gives away all of its items.
///
/// # Examples
///
/// ```
/// use bedplate_pool::prelude::*;
/// use std::collections::HashSet;
///
/// let mut numbers = HashSet::from([1, 2, 3]);
/// assert_eq!(numbers.par_drain().sum::<i32>(), 6);
/// assert!(numbers.is_empty());
/// ```
pub trait ParallelDrainFull {
    /// The parallel iterator.
    type Iter: ParallelIterator<Item = Self::Item>;
    /// Its items.
    type Item: Send;

    /// Takes all items out; those that are not iterated are dropped. The room stays.
    fn par_drain(self) -> Self::Iter;
}

/// What can be made of a parallel iterator.
pub trait FromParallelIterator<T: Send> {
    /// Makes it of the items.
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(items: I) -> Self;
}

/// What can take up the items of a parallel iterator.
pub trait ParallelExtend<T: Send> {
    /// Adds the items.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, items: I);
}
