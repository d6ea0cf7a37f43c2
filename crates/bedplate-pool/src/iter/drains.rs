//! Collections that are emptied, other than vectors.
//!
//! # Role
//! What is taken out is a vector or a text first; the collection is without it from then on, whether it is iterated or
//! not.

use super::owned::IntoIter;
use super::plumbing::{Consumer, WithProducer, drive_by_index};
use super::text_items::{AsChars, Texts};
use super::{
    IndexedParallelIterator, IntoParallelIterator, ParallelDrainFull, ParallelDrainRange,
    ParallelIterator,
};
use crate::Context;
use alloc::collections::{BinaryHeap, VecDeque};
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;
use core::ops::RangeBounds;
use std::collections::{HashMap, HashSet};

/// The parallel iterator over what was taken out of a collection, which is borrowed as long.
#[derive(Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Drained<'c, T> {
    items: IntoIter<T>,
    collection: PhantomData<&'c mut T>,
}

impl<T: Send> Drained<'_, T> {
    fn of(items: impl Iterator<Item = T>) -> Self {
        let items: Vec<T> = items.collect();
        Self {
            items: items.into_par_iter(),
            collection: PhantomData,
        }
    }
}

impl<T: Send> ParallelIterator for Drained<'_, T> {
    type Item = T;

    drive_by_index!();
}

impl<T: Send> IndexedParallelIterator for Drained<'_, T> {
    fn len(&self) -> usize {
        self.items.len()
    }

    fn produce<W: WithProducer<T>>(self, with: W) -> W::Output {
        self.items.produce(with)
    }
}

impl<'c, T: Send> ParallelDrainRange<usize> for &'c mut VecDeque<T> {
    type Iter = Drained<'c, T>;
    type Item = T;

    fn par_drain<R: RangeBounds<usize>>(self, range: R) -> Drained<'c, T> {
        Drained::of(self.drain(range))
    }
}

/// Collections that give away all they have.
macro_rules! drain_full {
    ([$($generics:tt)*], $type:ty, $item:ty) => {
        impl<'c, $($generics)*> ParallelDrainFull for &'c mut $type {
            type Iter = Drained<'c, $item>;
            type Item = $item;

            fn par_drain(self) -> Self::Iter {
                Drained::of(self.drain())
            }
        }
    };
}
drain_full!([T: Send + Ord], BinaryHeap<T>, T);
drain_full!([T: Send + Eq + Hash, S: BuildHasher], HashSet<T, S>, T);
drain_full!([K: Send + Eq + Hash, V: Send, S: BuildHasher], HashMap<K, V, S>, (K, V));

/// The parallel iterator over characters that were taken out of a text, which is borrowed as long.
#[derive(Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct DrainedChars<'c> {
    text: String,
    whole: PhantomData<&'c mut String>,
}

impl<'c> ParallelDrainRange<usize> for &'c mut String {
    type Iter = DrainedChars<'c>;
    type Item = char;

    fn par_drain<R: RangeBounds<usize>>(self, range: R) -> DrainedChars<'c> {
        DrainedChars {
            text: self.drain(range).collect(),
            whole: PhantomData,
        }
    }
}

impl ParallelIterator for DrainedChars<'_> {
    type Item = char;

    fn drive_in<C: Consumer<char>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        Texts::<AsChars>::new(&self.text).drive_in(cx, consumer, part)
    }
}
