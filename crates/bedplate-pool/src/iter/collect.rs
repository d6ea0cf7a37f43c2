//! Collections made of parallel iterators.
//!
//! # Role
//! A vector is filled in place where the number of items is known, else from gathered pieces; every
//! other collection takes the pieces in order.

use super::pieces::{count, gather, gather_both, pour};
use super::window;
use super::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque};
use alloc::rc::Rc;
use alloc::sync::Arc;
use core::hash::{BuildHasher, Hash};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

impl<T: Send> ParallelExtend<T> for Vec<T> {
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, items: I) {
        let items = items.into_par_iter();
        if let Some(len) = items.known_len() {
            window::append(self, items, len);
            return;
        }
        let mut chain = gather(items);
        if let Some(first) = chain.pop_front() {
            if self.is_empty() && self.capacity() < first.len() {
                *self = first;
            } else {
                chain.push_front(first);
            }
        }
        self.reserve(count(&chain));
        for mut piece in chain {
            self.append(&mut piece);
        }
    }
}

impl<T: Send> FromParallelIterator<T> for Vec<T> {
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(items: I) -> Self {
        let mut vector = Self::new();
        vector.par_extend(items);
        vector
    }
}

/// Collections that are made of a vector.
macro_rules! from_vec {
    ($($type:ty),*) => {$(
        impl<T: Send> FromParallelIterator<T> for $type {
            fn from_par_iter<I: IntoParallelIterator<Item = T>>(items: I) -> Self {
                Vec::from_par_iter(items).into()
            }
        }
    )*};
}
from_vec!(Box<[T]>, Rc<[T]>, Arc<[T]>, VecDeque<T>);

impl<'a, T: Clone + Send> FromParallelIterator<T> for Cow<'a, [T]>
where
    [T]: ToOwned<Owned = Vec<T>>,
{
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(items: I) -> Self {
        Self::Owned(Vec::from_par_iter(items))
    }
}

/// Collections that take up items one by one, in order.
macro_rules! extend_serially {
    ([$($generics:tt)*], $item:ty, $type:ty) => {
        impl<$($generics)*> ParallelExtend<$item> for $type {
            fn par_extend<I: IntoParallelIterator<Item = $item>>(&mut self, items: I) {
                for piece in gather(items.into_par_iter()) {
                    self.extend(piece);
                }
            }
        }
    };
}

/// Collections that are made by extending an empty one.
macro_rules! from_extended {
    ([$($generics:tt)*], $item:ty, $type:ty) => {
        impl<$($generics)*> FromParallelIterator<$item> for $type {
            fn from_par_iter<I: IntoParallelIterator<Item = $item>>(items: I) -> Self {
                let mut collection = Self::default();
                collection.par_extend(items);
                collection
            }
        }
    };
}
/// Both.
macro_rules! collect_serially {
    ([$($generics:tt)*], $item:ty, $type:ty) => {
        extend_serially!([$($generics)*], $item, $type);
        from_extended!([$($generics)*], $item, $type);
    };
}
extend_serially!([T: Send], T, VecDeque<T>);
collect_serially!([T: Send], T, LinkedList<T>);
collect_serially!([T: Send + Ord], T, BinaryHeap<T>);
collect_serially!([T: Send + Ord], T, BTreeSet<T>);
collect_serially!([K: Send + Ord, V: Send], (K, V), BTreeMap<K, V>);
extend_serially!([T: Send + Eq + Hash, S: BuildHasher + Send], T, HashSet<T, S>);
extend_serially!(
    [K: Send + Eq + Hash, V: Send, S: BuildHasher + Send],
    (K, V),
    HashMap<K, V, S>
);
from_extended!([T: Send + Eq + Hash, S: BuildHasher + Default + Send], T, HashSet<T, S>);
from_extended!(
    [K: Send + Eq + Hash, V: Send, S: BuildHasher + Default + Send],
    (K, V),
    HashMap<K, V, S>
);
/// Collections of what can be copied that also take references, in a stage before.
macro_rules! extend_by_copies {
    ([$($generics:tt)*], $item:ty, $type:ty, $copied:expr) => {
        impl<'a, $($generics)*> ParallelExtend<$item> for $type {
            fn par_extend<I: IntoParallelIterator<Item = $item>>(&mut self, items: I) {
                self.par_extend(items.into_par_iter().map($copied));
            }
        }
    };
}
extend_by_copies!([T: Copy + Send + Sync + 'a], &'a T, Vec<T>, |item| *item);
extend_by_copies!([T: Copy + Send + Sync + 'a], &'a T, VecDeque<T>, |item| *item);
extend_by_copies!([T: Copy + Send + Sync + 'a], &'a T, LinkedList<T>, |item| *item);
extend_by_copies!([T: Copy + Send + Sync + Ord + 'a], &'a T, BinaryHeap<T>, |item| *item);
extend_by_copies!([T: Copy + Send + Sync + Ord + 'a], &'a T, BTreeSet<T>, |item| *item);
extend_by_copies!(
    [T: Copy + Send + Sync + Eq + Hash + 'a, S: BuildHasher + Send],
    &'a T,
    HashSet<T, S>,
    |item| *item
);
extend_by_copies!(
    [K: Copy + Send + Sync + Ord + 'a, V: Copy + Send + Sync + 'a],
    (&'a K, &'a V),
    BTreeMap<K, V>,
    |(key, value)| (*key, *value)
);
extend_by_copies!(
    [
        K: Copy + Send + Sync + Eq + Hash + 'a,
        V: Copy + Send + Sync + 'a,
        S: BuildHasher + Send
    ],
    (&'a K, &'a V),
    HashMap<K, V, S>,
    |(key, value)| (*key, *value)
);
collect_serially!([], char, String);
collect_serially!([], String, String);
collect_serially!(['a], &'a str, String);
collect_serially!(['a], &'a char, String);
collect_serially!([], Box<str>, String);
collect_serially!(['a], Cow<'a, str>, String);

/// Borrowed texts are collected as owned ones.
impl<'t, T: Send> FromParallelIterator<T> for Cow<'t, str>
where
    String: FromParallelIterator<T>,
{
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(items: I) -> Self {
        Self::Owned(String::from_par_iter(items))
    }
}

impl<T: Send> FromParallelIterator<T> for Box<str>
where
    String: FromParallelIterator<T>,
{
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(items: I) -> Self {
        String::from_par_iter(items).into_boxed_str()
    }
}

impl ParallelExtend<()> for () {
    fn par_extend<I: IntoParallelIterator<Item = ()>>(&mut self, items: I) {
        items.into_par_iter().for_each(|()| ());
    }
}

impl FromParallelIterator<()> for () {
    fn from_par_iter<I: IntoParallelIterator<Item = ()>>(items: I) -> Self {
        items.into_par_iter().for_each(|()| ());
    }
}

impl<A, B, FromA, FromB> ParallelExtend<(A, B)> for (FromA, FromB)
where
    A: Send,
    B: Send,
    FromA: ParallelExtend<A>,
    FromB: ParallelExtend<B>,
{
    fn par_extend<I: IntoParallelIterator<Item = (A, B)>>(&mut self, items: I) {
        let (left, right) = gather_both(items.into_par_iter());
        pour(left, &mut self.0);
        pour(right, &mut self.1);
    }
}

impl<A, B, FromA, FromB> FromParallelIterator<(A, B)> for (FromA, FromB)
where
    A: Send,
    B: Send,
    FromA: Default + ParallelExtend<A> + Send,
    FromB: Default + ParallelExtend<B> + Send,
{
    fn from_par_iter<I: IntoParallelIterator<Item = (A, B)>>(items: I) -> Self {
        items.into_par_iter().unzip()
    }
}

impl<T: Send, C: FromParallelIterator<T>> FromParallelIterator<Option<T>> for Option<C> {
    fn from_par_iter<I: IntoParallelIterator<Item = Option<T>>>(items: I) -> Self {
        let mut is_complete = core::sync::atomic::AtomicBool::new(true);
        let found = items.into_par_iter().inspect(|item| {
            if item.is_none() {
                // Relaxed: read when all threads have joined.
                is_complete.store(false, core::sync::atomic::Ordering::Relaxed);
            }
        });
        let collection = found.while_some().collect();
        is_complete.get_mut().then_some(collection)
    }
}

impl<T, E, C> FromParallelIterator<Result<T, E>> for Result<C, E>
where
    T: Send,
    E: Send,
    C: FromParallelIterator<T>,
{
    fn from_par_iter<I: IntoParallelIterator<Item = Result<T, E>>>(items: I) -> Self {
        let failure = Mutex::new(None);
        let good = items.into_par_iter().map(|item| match item {
            Ok(item) => Some(item),
            Err(error) => {
                // The lock is held for a move only: it cannot be poisoned.
                let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(error);
                None
            }
        });
        let collection = good.while_some().collect();
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(collection),
        }
    }
}
