//! The standard library's collections as parallel iterators.
//!
//! # Role
//! What cannot be cut at an index becomes a vector first, of the items or of references to them;
//! that costs one pass and its memory.

use super::IntoParallelIterator;
use super::owned;
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque};
use core::hash::{BuildHasher, Hash};
use std::collections::{HashMap, HashSet};

macro_rules! by_vector {
    ([$($generics:tt)*], $type:ty, $item:ty) => {
        impl<$($generics)*> IntoParallelIterator for $type {
            type Iter = owned::IntoIter<$item>;
            type Item = $item;

            fn into_par_iter(self) -> Self::Iter {
                let items: Vec<$item> = self.into_iter().collect();
                items.into_par_iter()
            }
        }
    };
}

by_vector!([T: Send], VecDeque<T>, T);
by_vector!(['a, T: Sync], &'a VecDeque<T>, &'a T);
by_vector!(['a, T: Send], &'a mut VecDeque<T>, &'a mut T);
by_vector!([T: Send], LinkedList<T>, T);
by_vector!(['a, T: Sync], &'a LinkedList<T>, &'a T);
by_vector!(['a, T: Send], &'a mut LinkedList<T>, &'a mut T);
by_vector!([T: Send + Ord], BinaryHeap<T>, T);
by_vector!(['a, T: Sync + Ord], &'a BinaryHeap<T>, &'a T);
by_vector!([T: Send + Ord], BTreeSet<T>, T);
by_vector!(['a, T: Sync + Ord], &'a BTreeSet<T>, &'a T);
by_vector!([K: Send + Ord, V: Send], BTreeMap<K, V>, (K, V));
by_vector!(['a, K: Sync + Ord, V: Sync], &'a BTreeMap<K, V>, (&'a K, &'a V));
by_vector!(['a, K: Sync + Ord, V: Send], &'a mut BTreeMap<K, V>, (&'a K, &'a mut V));
by_vector!([T: Send + Eq + Hash, S: BuildHasher], HashSet<T, S>, T);
by_vector!(['a, T: Sync + Eq + Hash, S: BuildHasher], &'a HashSet<T, S>, &'a T);
by_vector!([K: Send + Eq + Hash, V: Send, S: BuildHasher], HashMap<K, V, S>, (K, V));
by_vector!(
    ['a, K: Sync + Eq + Hash, V: Sync, S: BuildHasher],
    &'a HashMap<K, V, S>,
    (&'a K, &'a V)
);
by_vector!(
    ['a, K: Sync + Eq + Hash, V: Send, S: BuildHasher],
    &'a mut HashMap<K, V, S>,
    (&'a K, &'a mut V)
);
