//! The trait of parallel iterators that can be cut at an index.

use super::blocks::{Blocks, Exponential, ExponentialBlocks, Uniform, UniformBlocks};
use super::compare::{equal, lexical};
use super::filter::{PlacesOf, Positions};
use super::groups::{FoldChunksWith, Folded, FoldedWith, Groups, IntoVec};
use super::limits::{Grain, MaxLen, MinLen, Skip, StepBy, Take};
use super::order::{Enumerate, Interleave, Rev};
use super::plumbing::WithProducer;
use super::stage::Staged;
use super::zip::Zip;
use super::{IntoParallelIterator, ParallelIterator, window};
use core::cmp::Ordering;

/// Parallel iterators that know how many items they have and can be cut at any of them.
#[expect(
    clippy::len_without_is_empty,
    reason = "the name is that of the parallel iterators programs are written for"
)]
pub trait IndexedParallelIterator: ParallelIterator {
    /// How many items there are.
    fn len(&self) -> usize;

    /// Calls `with` with all items, to be cut. The base of what needs places; not called by users.
    #[cfg(not(feature = "rayon-plumbing"))]
    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output;

    /// Calls `with` with all items, to be cut. Implemented by our iterators, not called by users.
    #[cfg(feature = "rayon-plumbing")]
    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        crate::rayon::produce_by_theirs(self, with)
    }

    /// Calls `callback` with all items, in rayon's shape. Implemented by iterators of other packages.
    #[cfg(feature = "rayon-plumbing")]
    fn with_producer<B>(self, callback: B) -> B::Output
    where
        B: crate::rayon::ProducerCallback<Self::Item>,
    {
        crate::rayon::with_ours(self, callback)
    }

    /// Feeds all items to `consumer`, in rayon's shape.
    #[cfg(feature = "rayon-plumbing")]
    fn drive<C: crate::rayon::Consumer<Self::Item>>(self, consumer: C) -> C::Result {
        crate::rayon::bridge(self, consumer)
    }

    /// Writes all items into `target`, whose former items are dropped.
    fn collect_into_vec(self, target: &mut Vec<Self::Item>) {
        target.clear();
        let len = self.len();
        // By places, also where an iterator of another package goes without in what else it does.
        window::append(target, self.with_min_len(1), len);
    }

    /// Writes the halves of all items, which are pairs, into two vectors.
    fn unzip_into_vecs<A, B>(self, left: &mut Vec<A>, right: &mut Vec<B>)
    where
        Self: IndexedParallelIterator<Item = (A, B)>,
        A: Send,
        B: Send,
    {
        left.clear();
        right.clear();
        let len = self.len();
        window::append_both(left, right, self.with_min_len(1), len);
    }

    /// Pairs of neighbours in this and `other`, as many as the shorter has.
    fn zip<B>(self, other: B) -> Zip<Self, B::Iter>
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
    {
        Zip {
            left: self,
            right: other.into_par_iter(),
        }
    }

    /// Pairs of neighbours in this and `other`.
    ///
    /// # Panics
    /// If they are not of the same length.
    fn zip_eq<B>(self, other: B) -> Zip<Self, B::Iter>
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
    {
        let pairs = self.zip(other);
        let (left_len, right_len) = (pairs.left.len(), pairs.right.len());
        assert!(
            left_len == right_len,
            "cannot pair {left_len} items with {right_len}"
        );
        pairs
    }

    /// Items of this and `other` by turns; what one has more comes last.
    fn interleave<B>(self, other: B) -> Interleave<Self, B::Iter>
    where
        B: IntoParallelIterator<Item = Self::Item, Iter: IndexedParallelIterator>,
    {
        Interleave {
            left: self,
            right: other.into_par_iter(),
        }
    }

    /// Items of this and `other` by turns, until one has no more.
    fn interleave_shortest<B>(self, other: B) -> Interleave<Take<Self>, Take<B::Iter>>
    where
        B: IntoParallelIterator<Item = Self::Item, Iter: IndexedParallelIterator>,
    {
        let other = other.into_par_iter();
        let turns = self.len().min(other.len());
        // Its turn comes first: one more than the other has.
        let from_this = self.len().min(turns + 1);
        self.take(from_this).interleave(other.take(turns))
    }

    /// Vectors of `size` neighbours; the last one may be shorter.
    ///
    /// # Panics
    /// If `size` is zero.
    fn chunks(self, size: usize) -> Groups<Self, IntoVec> {
        assert!(size > 0, "a chunk has at least one item");
        Groups {
            base: self,
            size,
            make: IntoVec,
        }
    }

    /// What is folded of `size` neighbours each.
    ///
    /// # Panics
    /// If `size` is zero.
    fn fold_chunks<T, S, F>(self, size: usize, identity: S, op: F) -> Groups<Self, Folded<S, F>>
    where
        S: Fn() -> T + Send + Sync,
        F: Fn(T, Self::Item) -> T + Send + Sync,
        T: Send,
    {
        assert!(size > 0, "a chunk has at least one item");
        let make = Folded { identity, op };
        Groups {
            base: self,
            size,
            make,
        }
    }

    /// What is folded of `size` neighbours each, from a clone of `init` on.
    ///
    /// # Panics
    /// If `size` is zero.
    fn fold_chunks_with<T, F>(self, size: usize, init: T, op: F) -> FoldChunksWith<Self, T, F>
    where
        T: Clone + Send,
        F: Fn(T, Self::Item) -> T + Send + Sync,
    {
        assert!(size > 0, "a chunk has at least one item");
        Groups {
            base: self,
            size,
            make: FoldedWith::new(init, op),
        }
    }

    /// The items in blocks of `size`: one block is done before the next begins.
    ///
    /// # Panics
    /// If `size` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::prelude::*;
    ///
    /// // Nothing behind the block that it is found in is looked at.
    /// let found = (0..1_000_000).into_par_iter().by_uniform_blocks(1000).find_first(|n| n % 7 == 6);
    /// assert_eq!(found, Some(6));
    /// ```
    fn by_uniform_blocks(self, size: usize) -> UniformBlocks<Self> {
        assert!(size > 0, "a block has at least one item");
        Blocks {
            base: self,
            lens: Uniform(size),
        }
    }

    /// The items in blocks, each twice as long as the one before it, the first as long as the pool has workers; one
    /// block is done before the next begins.
    fn by_exponential_blocks(self) -> ExponentialBlocks<Self> {
        Blocks {
            base: self,
            lens: Exponential,
        }
    }

    /// Compares with `other`, item by item, then by length.
    fn cmp<B>(self, other: B) -> Ordering
    where
        B: IntoParallelIterator<Item = Self::Item, Iter: IndexedParallelIterator>,
        Self::Item: Ord,
    {
        let order = lexical(self, other, |a, b| Some(a.cmp(&b)));
        order.unwrap_or(Ordering::Equal)
    }

    /// Compares with `other`, item by item, then by length; `None` where items cannot be compared.
    fn partial_cmp<B>(self, other: B) -> Option<Ordering>
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialOrd<B::Item>,
    {
        lexical(self, other, |a, b| a.partial_cmp(&b))
    }

    /// True if both have the same items.
    fn eq<B>(self, other: B) -> bool
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialEq<B::Item>,
    {
        equal(self, other)
    }

    /// True if they differ.
    fn ne<B>(self, other: B) -> bool
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialEq<B::Item>,
    {
        !equal(self, other)
    }

    /// True if this comes before `other`.
    fn lt<B>(self, other: B) -> bool
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialOrd<B::Item>,
    {
        self.partial_cmp(other).is_some_and(Ordering::is_lt)
    }

    /// True if this comes before `other` or equals it.
    fn le<B>(self, other: B) -> bool
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialOrd<B::Item>,
    {
        self.partial_cmp(other).is_some_and(Ordering::is_le)
    }

    /// True if this comes after `other`.
    fn gt<B>(self, other: B) -> bool
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialOrd<B::Item>,
    {
        self.partial_cmp(other).is_some_and(Ordering::is_gt)
    }

    /// True if this comes after `other` or equals it.
    fn ge<B>(self, other: B) -> bool
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
        Self::Item: PartialOrd<B::Item>,
    {
        self.partial_cmp(other).is_some_and(Ordering::is_ge)
    }

    /// The items with their places.
    fn enumerate(self) -> Enumerate<Self> {
        Enumerate { base: self }
    }

    /// Every `step`th item, from the first on.
    ///
    /// # Panics
    /// If `step` is zero.
    fn step_by(self, step: usize) -> StepBy<Self> {
        assert!(step > 0, "a step is at least one item");
        StepBy { base: self, step }
    }

    /// All but the first `count` items.
    fn skip(self, count: usize) -> Skip<Self> {
        Skip { base: self, count }
    }

    /// The first `count` items.
    fn take(self, count: usize) -> Take<Self> {
        Take { base: self, count }
    }

    /// Some place whose item `predicate` holds of.
    fn position_any<F>(self, predicate: F) -> Option<usize>
    where
        F: Fn(Self::Item) -> bool + Send + Sync,
    {
        let places = self.enumerate();
        places.find_map_any(|(place, item)| predicate(item).then_some(place))
    }

    /// The first place whose item `predicate` holds of.
    fn position_first<F>(self, predicate: F) -> Option<usize>
    where
        F: Fn(Self::Item) -> bool + Send + Sync,
    {
        let places = self.enumerate();
        places.find_map_first(|(place, item)| predicate(item).then_some(place))
    }

    /// The last place whose item `predicate` holds of.
    fn position_last<F>(self, predicate: F) -> Option<usize>
    where
        F: Fn(Self::Item) -> bool + Send + Sync,
    {
        let places = self.enumerate();
        places.find_map_last(|(place, item)| predicate(item).then_some(place))
    }

    /// All places whose items `predicate` holds of.
    fn positions<F>(self, predicate: F) -> Positions<Self, F>
    where
        F: Fn(Self::Item) -> bool + Send + Sync,
    {
        Staged::new(self.enumerate(), PlacesOf(predicate))
    }

    /// The items from the last to the first.
    fn rev(self) -> Rev<Self> {
        Rev { base: self }
    }

    /// Does not cut the work into stretches of fewer than `min` items.
    fn with_min_len(self, min: usize) -> MinLen<Self> {
        Grain {
            base: self,
            min_len: min,
            max_len: usize::MAX,
        }
    }

    /// Cuts the work into stretches of at most `max` items, unless that makes them too short.
    fn with_max_len(self, max: usize) -> MaxLen<Self> {
        Grain {
            base: self,
            min_len: 1,
            max_len: max,
        }
    }
}
