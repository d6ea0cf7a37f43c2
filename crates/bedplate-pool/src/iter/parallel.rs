//! The trait of all parallel iterators, with what they can do.

use super::accumulate::accumulate;
use super::attempt::{self, Try};
use super::chain::Chain;
use super::either::gather_either;
use super::filter::{
    Filter, FilterMap, FilterMapping, Filtering, FlatMapIter, FlatMappingIter, FlattenIter,
    FlatteningIter,
};
use super::find::{End, find_any, find_extreme};
use super::flat::{FlatMap, Flatten};
use super::fold::{Fold, FoldWith, TryFold, TryFoldWith};
use super::intersperse::Intersperse;
use super::map::{
    Cloned, Cloning, Copied, Copying, Inspect, Inspecting, Map, MapInit, MapWith, Mapping,
    MappingInit, MappingWith, Update, Updating,
};
use super::pieces::{self, GatherApart};
use super::plumbing::Consumer;
use super::reduce::{Count, ForEach, Multiplying, Reduce, ReduceWith, Summing};
use super::stage::Staged;
use super::until::{
    Fuse, PanicFuse, SkipAny, SkipAnyWhile, Skipping, SkippingWhile, SomeOnly, TakeAny,
    TakeAnyWhile, Taking, TakingWhile, WhileSome,
};
use super::{Either, FromParallelIterator, IntoParallelIterator, ParallelExtend};
use crate::Context;
use alloc::collections::LinkedList;
use core::cmp::Ordering;
use core::iter::{self, Product, Sum};
use core::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

/// Items that several threads may take.
///
/// Adaptors do nothing by themselves; methods that return something else than an iterator run the
/// whole. Closures run on any thread, several at once. If one panics, the others end what they
/// have begun, all items are dropped, and the panic comes out of the method.
///
/// # Examples
///
/// ```
/// use bedplate_pool::prelude::*;
///
/// let words = ["one", "two", "three"];
/// let lengths: Vec<usize> = words.par_iter().map(|word| word.len()).collect();
/// assert_eq!(lengths, [3, 3, 5]);
/// assert_eq!((1..=100_u32).into_par_iter().filter(|n| n % 3 == 0).sum::<u32>(), 1683);
/// ```
pub trait ParallelIterator: Sized + Send {
    /// What is iterated.
    type Item: Send;

    /// Feeds all items to `consumer`. The base of everything below; not called by users.
    #[cfg(not(feature = "rayon-plumbing"))]
    fn drive_in<C: Consumer<Self::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output;

    /// Feeds all items to `consumer`. Implemented by our iterators, not called by users.
    #[cfg(feature = "rayon-plumbing")]
    fn drive_in<C: Consumer<Self::Item>>(
        self,
        _cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        crate::rayon::drive_by_theirs(self, consumer, part)
    }

    /// Feeds all items to `consumer`, in rayon's shape. Implemented by iterators of other packages.
    #[cfg(feature = "rayon-plumbing")]
    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: crate::rayon::UnindexedConsumer<Self::Item>,
    {
        consumer.take_from(self)
    }

    /// The number of items where it is known. It must then be exact, and all cuts with it.
    fn known_len(&self) -> Option<usize> {
        None
    }

    /// The number of items where it is known.
    fn opt_len(&self) -> Option<usize> {
        self.known_len()
    }

    /// Runs `op` on every item.
    fn for_each<F>(self, op: F)
    where
        F: Fn(Self::Item) + Send + Sync,
    {
        accumulate(self, &ForEach(&op));
    }

    /// Runs `op` on every item, with a clone of `init` for each stretch of items.
    fn for_each_with<T, F>(self, init: T, op: F)
    where
        T: Clone + Send,
        F: Fn(&mut T, Self::Item) + Send + Sync,
    {
        self.map_with(init, op).for_each(|()| ());
    }

    /// Runs `op` on every item, with what `init` makes for each stretch of items.
    fn for_each_init<S, T, F>(self, init: S, op: F)
    where
        S: Fn() -> T + Send + Sync,
        F: Fn(&mut T, Self::Item) + Send + Sync,
    {
        self.map_init(init, op).for_each(|()| ());
    }

    /// Runs `op` on the items until one breaks off. Of several that did, one is returned.
    fn try_for_each<R, F>(self, op: F) -> R
    where
        R: Try<Output = ()> + Send,
        F: Fn(Self::Item) -> R + Send + Sync,
    {
        attempt::try_reduce(self.map(op), &|| (), &|(), ()| R::from_output(()))
    }

    /// [`try_for_each`](Self::try_for_each) with a clone of `init` for each stretch of items.
    fn try_for_each_with<T, R, F>(self, init: T, op: F) -> R
    where
        T: Clone + Send,
        R: Try<Output = ()> + Send,
        F: Fn(&mut T, Self::Item) -> R + Send + Sync,
    {
        attempt::try_reduce(
            self.map_with(init, op),
            &|| (),
            &|(), ()| R::from_output(()),
        )
    }

    /// [`try_for_each`](Self::try_for_each) with what `init` makes for each stretch of items.
    fn try_for_each_init<S, T, R, F>(self, init: S, op: F) -> R
    where
        S: Fn() -> T + Send + Sync,
        R: Try<Output = ()> + Send,
        F: Fn(&mut T, Self::Item) -> R + Send + Sync,
    {
        attempt::try_reduce(
            self.map_init(init, op),
            &|| (),
            &|(), ()| R::from_output(()),
        )
    }

    /// How many items there are.
    fn count(self) -> usize {
        accumulate(self, &Count)
    }

    /// What `op` makes of each item.
    fn map<F, R>(self, op: F) -> Map<Self, F>
    where
        F: Fn(Self::Item) -> R + Send + Sync,
        R: Send,
    {
        Staged::new(self, Mapping(op))
    }

    /// What `op` makes of each item, with a clone of `init` for each stretch of items.
    fn map_with<F, T, R>(self, init: T, op: F) -> MapWith<Self, T, F>
    where
        F: Fn(&mut T, Self::Item) -> R + Send + Sync,
        T: Clone + Send,
        R: Send,
    {
        let value = Mutex::new(init);
        Staged::new(self, MappingWith { value, op })
    }

    /// What `op` makes of each item, with what `init` makes for each stretch of items.
    fn map_init<S, F, T, R>(self, init: S, op: F) -> MapInit<Self, S, F>
    where
        S: Fn() -> T + Send + Sync,
        F: Fn(&mut T, Self::Item) -> R + Send + Sync,
        R: Send,
    {
        Staged::new(self, MappingInit { init, op })
    }

    /// Clones of the items, which are references.
    fn cloned<'a, T>(self) -> Cloned<Self>
    where
        T: Clone + Send + 'a,
        Self: ParallelIterator<Item = &'a T>,
    {
        Staged::new(self, Cloning)
    }

    /// Copies of the items, which are references.
    fn copied<'a, T>(self) -> Copied<Self>
    where
        T: Copy + Send + 'a,
        Self: ParallelIterator<Item = &'a T>,
    {
        Staged::new(self, Copying)
    }

    /// The items, each shown to `op`.
    fn inspect<F>(self, op: F) -> Inspect<Self, F>
    where
        F: Fn(&Self::Item) + Send + Sync,
    {
        Staged::new(self, Inspecting(op))
    }

    /// The items as `op` changed them.
    fn update<F>(self, op: F) -> Update<Self, F>
    where
        F: Fn(&mut Self::Item) + Send + Sync,
    {
        Staged::new(self, Updating(op))
    }

    /// The items that `predicate` holds of.
    fn filter<F>(self, predicate: F) -> Filter<Self, F>
    where
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        Staged::new(self, Filtering(predicate))
    }

    /// What `op` makes of the items it makes something of.
    fn filter_map<F, R>(self, op: F) -> FilterMap<Self, F>
    where
        F: Fn(Self::Item) -> Option<R> + Send + Sync,
        R: Send,
    {
        Staged::new(self, FilterMapping(op))
    }

    /// The items of what `op` makes of each item; that is iterated in parallel too.
    fn flat_map<F, R>(self, op: F) -> FlatMap<Self, F>
    where
        F: Fn(Self::Item) -> R + Send + Sync,
        R: IntoParallelIterator,
    {
        FlatMap { base: self, op }
    }

    /// The items of what `op` makes of each item; that is iterated by one thread.
    fn flat_map_iter<F, R>(self, op: F) -> FlatMapIter<Self, F>
    where
        F: Fn(Self::Item) -> R + Send + Sync,
        R: IntoIterator<Item: Send>,
    {
        Staged::new(self, FlatMappingIter(op))
    }

    /// The items of the items; these are iterated in parallel too.
    fn flatten(self) -> Flatten<Self>
    where
        Self::Item: IntoParallelIterator,
    {
        Flatten { base: self }
    }

    /// The items of the items; each of these is iterated by one thread.
    fn flatten_iter(self) -> FlattenIter<Self>
    where
        Self::Item: IntoIterator<Item: Send>,
    {
        Staged::new(self, FlatteningIter)
    }

    /// One value of all: `op` joins neighbours, `identity` stands where there are none.
    ///
    /// How the items are grouped is not fixed: `op` should be associative.
    fn reduce<F, S>(self, identity: S, op: F) -> Self::Item
    where
        F: Fn(Self::Item, Self::Item) -> Self::Item + Send + Sync,
        S: Fn() -> Self::Item + Send + Sync,
    {
        let reduction = Reduce {
            identity: &identity,
            op: &op,
        };
        accumulate(self, &reduction)
    }

    /// One value of all, `None` of nothing: `op` joins neighbours and should be associative.
    fn reduce_with<F>(self, op: F) -> Option<Self::Item>
    where
        F: Fn(Self::Item, Self::Item) -> Self::Item + Send + Sync,
    {
        accumulate(self, &ReduceWith(&op))
    }

    /// [`reduce`](Self::reduce) of what the items carry, unless an item or `op` breaks off.
    fn try_reduce<T, F, S>(self, identity: S, op: F) -> Self::Item
    where
        T: Send,
        F: Fn(T, T) -> Self::Item + Send + Sync,
        S: Fn() -> T + Send + Sync,
        Self::Item: Try<Output = T>,
    {
        attempt::try_reduce(self, &identity, &op)
    }

    /// [`reduce_with`](Self::reduce_with) of what the items carry, unless an item or `op` breaks
    /// off.
    fn try_reduce_with<T, F>(self, op: F) -> Option<Self::Item>
    where
        T: Send,
        F: Fn(T, T) -> Self::Item + Send + Sync,
        Self::Item: Try<Output = T>,
    {
        attempt::try_reduce_with(self, &op)
    }

    /// Folds stretches of items, each from `identity` on; the items are the results, in order. How
    /// many there are depends on how the work was divided.
    fn fold<T, S, F>(self, identity: S, op: F) -> Fold<Self, S, F>
    where
        T: Send,
        S: Fn() -> T + Send + Sync,
        F: Fn(T, Self::Item) -> T + Send + Sync,
    {
        Fold {
            base: self,
            identity,
            op,
        }
    }

    /// Folds stretches of items, each from a clone of `init` on.
    fn fold_with<F, T>(self, init: T, op: F) -> FoldWith<Self, T, F>
    where
        T: Clone + Send,
        F: Fn(T, Self::Item) -> T + Send + Sync,
    {
        FoldWith {
            base: self,
            init,
            op,
        }
    }

    /// Folds stretches of items, each from `identity` on until `op` breaks off.
    fn try_fold<T, R, S, F>(self, identity: S, op: F) -> TryFold<Self, S, F>
    where
        S: Fn() -> T + Send + Sync,
        F: Fn(T, Self::Item) -> R + Send + Sync,
        R: Try<Output = T> + Send,
    {
        TryFold {
            base: self,
            identity,
            op,
        }
    }

    /// Folds stretches of items, each from a clone of `init` on until `op` breaks off.
    fn try_fold_with<F, T, R>(self, init: T, op: F) -> TryFoldWith<Self, T, F>
    where
        T: Clone + Send,
        F: Fn(T, Self::Item) -> R + Send + Sync,
        R: Try<Output = T> + Send,
    {
        TryFoldWith {
            base: self,
            init,
            op,
        }
    }

    /// The sum of all items. With floats it depends on how the work was divided.
    fn sum<S>(self) -> S
    where
        S: Send + Sum<Self::Item> + Sum<S>,
    {
        let sum = accumulate(self, &Summing::<S>::new());
        sum.unwrap_or_else(|| empty_sum::<Self::Item, S>())
    }

    /// The product of all items. With floats it depends on how the work was divided.
    fn product<P>(self) -> P
    where
        P: Send + Product<Self::Item> + Product<P>,
    {
        let product = accumulate(self, &Multiplying::<P>::new());
        product.unwrap_or_else(|| empty_product::<Self::Item, P>())
    }

    /// The least item, the first of several.
    fn min(self) -> Option<Self::Item>
    where
        Self::Item: Ord,
    {
        self.min_by(Ord::cmp)
    }

    /// The least item by `compare`, the first of several.
    fn min_by<F>(self, compare: F) -> Option<Self::Item>
    where
        F: Fn(&Self::Item, &Self::Item) -> Ordering + Send + Sync,
    {
        self.reduce_with(|a, b| match compare(&a, &b) {
            Ordering::Greater => b,
            Ordering::Less | Ordering::Equal => a,
        })
    }

    /// The item with the least key, the first of several.
    fn min_by_key<K, F>(self, key: F) -> Option<Self::Item>
    where
        K: Ord + Send,
        F: Fn(&Self::Item) -> K + Send + Sync,
    {
        let keyed = self.map(|item| (key(&item), item));
        keyed.min_by(|a, b| a.0.cmp(&b.0)).map(|(_, item)| item)
    }

    /// The greatest item, the last of several.
    fn max(self) -> Option<Self::Item>
    where
        Self::Item: Ord,
    {
        self.max_by(Ord::cmp)
    }

    /// The greatest item by `compare`, the last of several.
    fn max_by<F>(self, compare: F) -> Option<Self::Item>
    where
        F: Fn(&Self::Item, &Self::Item) -> Ordering + Send + Sync,
    {
        self.reduce_with(|a, b| match compare(&a, &b) {
            Ordering::Greater => a,
            Ordering::Less | Ordering::Equal => b,
        })
    }

    /// The item with the greatest key, the last of several.
    fn max_by_key<K, F>(self, key: F) -> Option<Self::Item>
    where
        K: Ord + Send,
        F: Fn(&Self::Item) -> K + Send + Sync,
    {
        let keyed = self.map(|item| (key(&item), item));
        keyed.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, item)| item)
    }

    /// The items, then those of `other`.
    fn chain<C>(self, other: C) -> Chain<Self, C::Iter>
    where
        C: IntoParallelIterator<Item = Self::Item>,
    {
        Chain {
            first: self,
            second: other.into_par_iter(),
        }
    }

    /// The items with clones of `between` between them.
    ///
    /// Where the number of items is not known, they are gathered first.
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::prelude::*;
    ///
    /// let line: String = ["one", "two", "three"].par_iter().copied().intersperse(", ").collect();
    /// assert_eq!(line, "one, two, three");
    /// ```
    fn intersperse(self, between: Self::Item) -> Intersperse<Self>
    where
        Self::Item: Clone,
    {
        Intersperse::new(self, between)
    }

    /// Some item that `predicate` holds of; the others are not looked at any more.
    fn find_any<F>(self, predicate: F) -> Option<Self::Item>
    where
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        find_any(self, &|item| Some(item).filter(&predicate))
    }

    /// The first item that `predicate` holds of.
    fn find_first<F>(self, predicate: F) -> Option<Self::Item>
    where
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        find_extreme(self, &|item| Some(item).filter(&predicate), End::First)
    }

    /// The last item that `predicate` holds of.
    fn find_last<F>(self, predicate: F) -> Option<Self::Item>
    where
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        find_extreme(self, &|item| Some(item).filter(&predicate), End::Last)
    }

    /// Something that `op` makes of an item.
    fn find_map_any<F, R>(self, op: F) -> Option<R>
    where
        F: Fn(Self::Item) -> Option<R> + Send + Sync,
        R: Send,
    {
        find_any(self, &op)
    }

    /// What `op` makes of the first item it makes something of.
    fn find_map_first<F, R>(self, op: F) -> Option<R>
    where
        F: Fn(Self::Item) -> Option<R> + Send + Sync,
        R: Send,
    {
        find_extreme(self, &op, End::First)
    }

    /// What `op` makes of the last item it makes something of.
    fn find_map_last<F, R>(self, op: F) -> Option<R>
    where
        F: Fn(Self::Item) -> Option<R> + Send + Sync,
        R: Send,
    {
        find_extreme(self, &op, End::Last)
    }

    /// True if `predicate` holds of an item.
    fn any<F>(self, predicate: F) -> bool
    where
        F: Fn(Self::Item) -> bool + Send + Sync,
    {
        find_any(self, &|item| predicate(item).then_some(())).is_some()
    }

    /// True if `predicate` holds of all items.
    fn all<F>(self, predicate: F) -> bool
    where
        F: Fn(Self::Item) -> bool + Send + Sync,
    {
        find_any(self, &|item| (!predicate(item)).then_some(())).is_none()
    }

    /// The contents of the items until one is `None`; that ends all threads' work.
    fn while_some<T>(self) -> WhileSome<Self>
    where
        T: Send,
        Self: ParallelIterator<Item = Option<T>>,
    {
        Staged::new(self, SomeOnly::default())
    }

    /// The items; after a panic in what follows, on whichever thread, no more of them.
    fn panic_fuse(self) -> PanicFuse<Self> {
        Staged::new(self, Fuse::default())
    }

    /// Some `count` items.
    fn take_any(self, count: usize) -> TakeAny<Self> {
        Staged::new(self, Taking::new(count))
    }

    /// All items but some `count`.
    fn skip_any(self, count: usize) -> SkipAny<Self> {
        Staged::new(self, Skipping::new(count))
    }

    /// Items until `predicate` fails for one; that ends all threads' work.
    fn take_any_while<F>(self, predicate: F) -> TakeAnyWhile<Self, F>
    where
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        let ended = AtomicBool::new(false);
        Staged::new(self, TakingWhile { predicate, ended })
    }

    /// Items from when `predicate` failed for one, on whichever thread.
    fn skip_any_while<F>(self, predicate: F) -> SkipAnyWhile<Self, F>
    where
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        let ended = AtomicBool::new(false);
        Staged::new(self, SkippingWhile { predicate, ended })
    }

    /// A collection of the items, in order where it has one.
    fn collect<C>(self) -> C
    where
        C: FromParallelIterator<Self::Item>,
    {
        C::from_par_iter(self)
    }

    /// The items in order, in as many vectors as there happened to be.
    fn collect_vec_list(self) -> LinkedList<Vec<Self::Item>> {
        pieces::gather(self)
    }

    /// Two collections, of the first and of the second halves of the items, which are pairs.
    fn unzip<A, B, FromA, FromB>(self) -> (FromA, FromB)
    where
        Self: ParallelIterator<Item = (A, B)>,
        A: Send,
        B: Send,
        FromA: Default + Send + ParallelExtend<A>,
        FromB: Default + Send + ParallelExtend<B>,
    {
        let (left, right) = pieces::gather_both(self);
        (pieces::poured(left), pieces::poured(right))
    }

    /// Two collections: of the items that `predicate` holds of, and of the others.
    fn partition<A, B, F>(self, predicate: F) -> (A, B)
    where
        A: Default + Send + ParallelExtend<Self::Item>,
        B: Default + Send + ParallelExtend<Self::Item>,
        F: Fn(&Self::Item) -> bool + Send + Sync,
    {
        let (left, right) = accumulate(self, &GatherApart(&predicate));
        (pieces::poured(left), pieces::poured(right))
    }

    /// Two collections: of what `op` makes of items for the left and for the right.
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::iter::Either;
    /// use bedplate_pool::prelude::*;
    ///
    /// let (numbers, words): (Vec<u32>, Vec<&str>) = "1 b 2"
    ///     .par_split(' ')
    ///     .partition_map(|word| word.parse::<u32>().map_or(Either::Right(word), Either::Left));
    /// assert_eq!((numbers, words), (vec![1, 2], vec!["b"]));
    /// ```
    fn partition_map<A, B, F, L, R>(self, op: F) -> (A, B)
    where
        A: Default + Send + ParallelExtend<L>,
        B: Default + Send + ParallelExtend<R>,
        F: Fn(Self::Item) -> Either<L, R> + Send + Sync,
        L: Send,
        R: Send,
    {
        let (left, right) = gather_either(self, &op);
        (pieces::poured(left), pieces::poured(right))
    }
}

/// A clone of what need not be shareable.
pub(super) fn cloned_under<T: Clone>(value: &Mutex<T>) -> T {
    // A clone that panicked left the value as it was.
    let value = value.lock().unwrap_or_else(PoisonError::into_inner);
    value.clone()
}

fn empty_sum<T, S: Sum<T>>() -> S {
    iter::empty().sum()
}

fn empty_product<T, P: Product<T>>() -> P {
    iter::empty().product()
}
