//! Slices by reference.

use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// The parallel iterator of `&[T]`.
#[derive(Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Iter<'a, T> {
    slice: &'a [T],
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { slice: self.slice }
    }
}

/// The parallel iterator of `&mut [T]`.
#[derive(Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct IterMut<'a, T> {
    slice: &'a mut [T],
}

impl<'a, T: Sync> IntoParallelIterator for &'a [T] {
    type Iter = Iter<'a, T>;
    type Item = &'a T;

    fn into_par_iter(self) -> Iter<'a, T> {
        Iter { slice: self }
    }
}

impl<'a, T: Send> IntoParallelIterator for &'a mut [T] {
    type Iter = IterMut<'a, T>;
    type Item = &'a mut T;

    fn into_par_iter(self) -> IterMut<'a, T> {
        IterMut { slice: self }
    }
}

/// What can be seen as a slice is iterated as one.
macro_rules! as_slice {
    ([$($generics:tt)*], $type:ty) => {
        impl<'a, T: Sync, $($generics)*> IntoParallelIterator for &'a $type {
            type Iter = Iter<'a, T>;
            type Item = &'a T;

            fn into_par_iter(self) -> Iter<'a, T> {
                Iter { slice: self }
            }
        }

        impl<'a, T: Send, $($generics)*> IntoParallelIterator for &'a mut $type {
            type Iter = IterMut<'a, T>;
            type Item = &'a mut T;

            fn into_par_iter(self) -> IterMut<'a, T> {
                IterMut { slice: self }
            }
        }
    };
}
as_slice!([], Vec<T>);
as_slice!([], Box<[T]>);
as_slice!([const N: usize], [T; N]);

impl<'a, T: Sync> ParallelIterator for Iter<'a, T> {
    type Item = &'a T;

    drive_by_index!();
}

impl<'a, T: Sync> IndexedParallelIterator for Iter<'a, T> {
    fn len(&self) -> usize {
        self.slice.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        with.run(SliceProducer(self.slice))
    }
}

/// The producer of [`Iter`].
#[derive(Debug)]
pub struct SliceProducer<'a, T>(&'a [T]);

impl<'a, T: Sync> Producer for SliceProducer<'a, T> {
    type Item = &'a T;

    fn serial(self) -> impl DoubleEndedIterator<Item = &'a T> + ExactSizeIterator {
        self.0.iter()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at(index);
        (Self(left), Self(right))
    }
}

impl<'a, T: Send> ParallelIterator for IterMut<'a, T> {
    type Item = &'a mut T;

    drive_by_index!();
}

impl<'a, T: Send> IndexedParallelIterator for IterMut<'a, T> {
    fn len(&self) -> usize {
        self.slice.len()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        with.run(SliceMutProducer(self.slice))
    }
}

/// The producer of [`IterMut`].
#[derive(Debug)]
pub struct SliceMutProducer<'a, T>(&'a mut [T]);

impl<'a, T: Send> Producer for SliceMutProducer<'a, T> {
    type Item = &'a mut T;

    fn serial(self) -> impl DoubleEndedIterator<Item = &'a mut T> + ExactSizeIterator {
        self.0.iter_mut()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at_mut(index);
        (Self(left), Self(right))
    }
}
