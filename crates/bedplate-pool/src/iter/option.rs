//! Options, single items and none: at most one item.

use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// The parallel iterator of an option.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct IntoIter<T> {
    item: Option<T>,
}

/// A parallel iterator over one item.
pub fn once<T: Send>(item: T) -> IntoIter<T> {
    IntoIter { item: Some(item) }
}

/// A parallel iterator over nothing.
pub fn empty<T: Send>() -> IntoIter<T> {
    IntoIter { item: None }
}

impl<T: Send> IntoParallelIterator for Option<T> {
    type Iter = IntoIter<T>;
    type Item = T;

    fn into_par_iter(self) -> IntoIter<T> {
        IntoIter { item: self }
    }
}

impl<'a, T: Sync> IntoParallelIterator for &'a Option<T> {
    type Iter = IntoIter<&'a T>;
    type Item = &'a T;

    fn into_par_iter(self) -> IntoIter<&'a T> {
        self.as_ref().into_par_iter()
    }
}

impl<'a, T: Send> IntoParallelIterator for &'a mut Option<T> {
    type Iter = IntoIter<&'a mut T>;
    type Item = &'a mut T;

    fn into_par_iter(self) -> IntoIter<&'a mut T> {
        self.as_mut().into_par_iter()
    }
}

impl<T: Send, E> IntoParallelIterator for Result<T, E> {
    type Iter = IntoIter<T>;
    type Item = T;

    fn into_par_iter(self) -> IntoIter<T> {
        self.ok().into_par_iter()
    }
}

impl<'a, T: Sync, E> IntoParallelIterator for &'a Result<T, E> {
    type Iter = IntoIter<&'a T>;
    type Item = &'a T;

    fn into_par_iter(self) -> IntoIter<&'a T> {
        self.as_ref().ok().into_par_iter()
    }
}

impl<'a, T: Send, E> IntoParallelIterator for &'a mut Result<T, E> {
    type Iter = IntoIter<&'a mut T>;
    type Item = &'a mut T;

    fn into_par_iter(self) -> IntoIter<&'a mut T> {
        self.as_mut().ok().into_par_iter()
    }
}

impl<T: Send> ParallelIterator for IntoIter<T> {
    type Item = T;

    drive_by_index!();
}

impl<T: Send> IndexedParallelIterator for IntoIter<T> {
    fn len(&self) -> usize {
        usize::from(self.item.is_some())
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        with.run(OptionProducer(self.item))
    }
}

/// The producer of [`IntoIter`].
#[derive(Debug)]
pub struct OptionProducer<T>(Option<T>);

impl<T: Send> Producer for OptionProducer<T> {
    type Item = T;

    fn serial(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
        self.0.into_iter()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        if index == 0 {
            (Self(None), self)
        } else {
            (self, Self(None))
        }
    }
}
