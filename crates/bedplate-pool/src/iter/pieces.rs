//! Items of unknown number, gathered in order.
//!
//! # Role
//! Each stretch fills a vector; neighbours are chained, small ones poured together. From a chain
//! every collection is filled.

use super::accumulate::{Accumulator, accumulate};
use super::{IntoParallelIterator, ParallelExtend, ParallelIterator};
use alloc::collections::LinkedList;

/// A neighbour of at most so many items is poured over rather than chained: a node costs more.
const POURED_LEN_MAX: usize = 64;

/// Gathers into a chain.
pub(super) struct Gather;

impl<T: Send> Accumulator<T> for Gather {
    type Value = LinkedList<Vec<T>>;

    fn begin(&self) -> Self::Value {
        LinkedList::new()
    }

    fn add<I: Iterator<Item = T>>(&self, mut value: Self::Value, items: I) -> Self::Value {
        if let Some(last) = value.back_mut() {
            last.extend(items);
        } else {
            let first: Vec<T> = items.collect();
            if !first.is_empty() {
                value.push_back(first);
            }
        }
        value
    }

    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value {
        merged(left, right)
    }
}

/// Two neighbouring chains as one.
pub(super) fn merged<T>(
    mut left: LinkedList<Vec<T>>,
    mut right: LinkedList<Vec<T>>,
) -> LinkedList<Vec<T>> {
    if let (Some(last), Some(first)) = (left.back_mut(), right.front_mut())
        && first.len() <= POURED_LEN_MAX
    {
        last.append(first);
        right.pop_front();
    }
    left.append(&mut right);
    left
}

/// Gathers pairs into two chains.
struct GatherBoth;

impl<A: Send, B: Send> Accumulator<(A, B)> for GatherBoth {
    type Value = (LinkedList<Vec<A>>, LinkedList<Vec<B>>);

    fn begin(&self) -> Self::Value {
        Self::Value::default()
    }

    fn add<I: Iterator<Item = (A, B)>>(&self, value: Self::Value, items: I) -> Self::Value {
        let (left, right): (Vec<A>, Vec<B>) = items.unzip();
        self.merge(value, (LinkedList::from([left]), LinkedList::from([right])))
    }

    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value {
        (Gather.merge(left.0, right.0), Gather.merge(left.1, right.1))
    }
}

/// Gathers items into one of two chains.
pub(super) struct GatherApart<'a, F>(pub(super) &'a F);

impl<T: Send, F: Fn(&T) -> bool + Sync> Accumulator<T> for GatherApart<'_, F> {
    type Value = (LinkedList<Vec<T>>, LinkedList<Vec<T>>);

    fn begin(&self) -> Self::Value {
        Self::Value::default()
    }

    fn add<I: Iterator<Item = T>>(&self, value: Self::Value, items: I) -> Self::Value {
        let (left, right): (Vec<T>, Vec<T>) = items.partition(self.0);
        self.merge(value, (LinkedList::from([left]), LinkedList::from([right])))
    }

    fn merge(&self, left: Self::Value, right: Self::Value) -> Self::Value {
        (Gather.merge(left.0, right.0), Gather.merge(left.1, right.1))
    }
}

/// The items of `iterator` in order, in vectors.
pub(super) fn gather<I: ParallelIterator>(iterator: I) -> LinkedList<Vec<I::Item>> {
    accumulate(iterator, &Gather)
}

/// The halves of the items of `iterator`, which are pairs, in order.
pub(super) fn gather_both<A: Send, B: Send, I: ParallelIterator<Item = (A, B)>>(
    iterator: I,
) -> (LinkedList<Vec<A>>, LinkedList<Vec<B>>) {
    accumulate(iterator, &GatherBoth)
}

/// How many items a chain has.
pub(super) fn count<T>(chain: &LinkedList<Vec<T>>) -> usize {
    chain.iter().map(Vec::len).sum()
}

/// A collection of the items of a chain.
pub(super) fn poured<T: Send, C: Default + ParallelExtend<T>>(chain: LinkedList<Vec<T>>) -> C {
    let mut collection = C::default();
    pour(chain, &mut collection);
    collection
}

/// Adds the items of a chain.
pub(super) fn pour<T: Send, C: ParallelExtend<T>>(chain: LinkedList<Vec<T>>, collection: &mut C) {
    let mut pieces: Vec<Vec<T>> = chain.into_iter().collect();
    if let [only] = pieces.as_mut_slice() {
        collection.par_extend(core::mem::take(only));
    } else {
        collection.par_extend(pieces.into_par_iter().flat_map_iter(|piece| piece));
    }
}
