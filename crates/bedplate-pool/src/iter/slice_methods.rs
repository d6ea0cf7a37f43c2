//! What slices can do in parallel: pieces and sorting, as methods.
//!
//! # Not here
//! How pieces are cut: `chunks.rs`. How it is sorted: the room `sort`.

use super::chunks::{
    ArrayWindows, ByArrayWindows, ByChunks, ByChunksExact, ByChunksExactMut, ByChunksMut,
    ByRChunks, ByRChunksExact, ByRChunksExactMut, ByRChunksMut, ByWindows, Chunks, ChunksExact,
    ChunksExactMut, ChunksMut, Cuts, RChunks, RChunksExact, RChunksExactMut, RChunksMut, Windows,
};
use super::separate::Pieces;
use super::slice_pieces::{
    Between, ChunkBy, ChunkByMut, Runs, SliceSplit, SliceSplitInclusive, SliceSplitInclusiveMut,
    SliceSplitMut, Until,
};
use crate::sort::{by_cached_key, stable, unstable};
use core::cmp::Ordering;

fn sized(size: usize) -> usize {
    assert!(
        size > 0,
        "a chunk or window of a slice has at least one item"
    );
    size
}

/// Parallel iterators over pieces of a slice.
pub trait ParallelSlice<T: Sync> {
    /// The slice.
    fn as_parallel_slice(&self) -> &[T];

    /// Pieces of `size` items; the last one may be shorter.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_chunks(&self, size: usize) -> Chunks<'_, T> {
        let slice = self.as_parallel_slice();
        let size = sized(size);
        Cuts::new(ByChunks { slice, size })
    }

    /// Pieces of exactly `size` items.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_chunks_exact(&self, size: usize) -> ChunksExact<'_, T> {
        let slice = self.as_parallel_slice();
        let size = sized(size);
        Cuts::new(ByChunksExact { slice, size })
    }

    /// Pieces of `size` items from the end on; the last one may be shorter.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_rchunks(&self, size: usize) -> RChunks<'_, T> {
        let slice = self.as_parallel_slice();
        let size = sized(size);
        Cuts::new(ByRChunks { slice, size })
    }

    /// Pieces of exactly `size` items from the end on.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_rchunks_exact(&self, size: usize) -> RChunksExact<'_, T> {
        let slice = self.as_parallel_slice();
        let size = sized(size);
        Cuts::new(ByRChunksExact { slice, size })
    }

    /// All runs of `size` neighbours.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_windows(&self, size: usize) -> Windows<'_, T> {
        let slice = self.as_parallel_slice();
        let size = sized(size);
        Cuts::new(ByWindows { slice, size })
    }

    /// All runs of `N` neighbours, as arrays.
    ///
    /// # Panics
    /// If `N` is zero.
    fn par_array_windows<const N: usize>(&self) -> ArrayWindows<'_, T, N> {
        let slice = self.as_parallel_slice();
        sized(N);
        Cuts::new(ByArrayWindows { slice })
    }

    /// What lies between items that `is_separator` holds of, as [`slice::split`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::prelude::*;
    ///
    /// let sums: Vec<i32> = [1, 2, 0, 3, 0].par_split(|n| *n == 0).map(|part| part.iter().sum()).collect();
    /// assert_eq!(sums, [3, 3, 0]);
    /// ```
    fn par_split<F>(&self, is_separator: F) -> SliceSplit<'_, T, F>
    where
        F: Fn(&T) -> bool + Send + Sync,
    {
        Pieces::new(self.as_parallel_slice(), Between(is_separator))
    }

    /// The same with the separator at the end of each piece, as [`slice::split_inclusive`].
    fn par_split_inclusive<F>(&self, is_separator: F) -> SliceSplitInclusive<'_, T, F>
    where
        F: Fn(&T) -> bool + Send + Sync,
    {
        Pieces::new(self.as_parallel_slice(), Until(is_separator))
    }

    /// Runs of neighbours that `is_together` holds of, as [`slice::chunk_by`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::prelude::*;
    ///
    /// let lens: Vec<usize> = [1, 1, 2, 3, 3].par_chunk_by(|a, b| a == b).map(|run| run.len()).collect();
    /// assert_eq!(lens, [2, 1, 2]);
    /// ```
    fn par_chunk_by<F>(&self, is_together: F) -> ChunkBy<'_, T, F>
    where
        F: Fn(&T, &T) -> bool + Send + Sync,
    {
        Pieces::new(self.as_parallel_slice(), Runs(is_together))
    }
}

impl<T: Sync> ParallelSlice<T> for [T] {
    fn as_parallel_slice(&self) -> &[T] {
        self
    }
}

/// Parallel iterators over pieces of a slice that may be written, and sorting.
pub trait ParallelSliceMut<T: Send> {
    /// The slice.
    fn as_parallel_slice_mut(&mut self) -> &mut [T];

    /// Pieces of `size` items; the last one may be shorter.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T> {
        let slice = self.as_parallel_slice_mut();
        let size = sized(size);
        Cuts::new(ByChunksMut { slice, size })
    }

    /// Pieces of exactly `size` items.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_chunks_exact_mut(&mut self, size: usize) -> ChunksExactMut<'_, T> {
        let slice = self.as_parallel_slice_mut();
        let size = sized(size);
        Cuts::new(ByChunksExactMut { slice, size })
    }

    /// Pieces of `size` items from the end on; the last one may be shorter.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_rchunks_mut(&mut self, size: usize) -> RChunksMut<'_, T> {
        let slice = self.as_parallel_slice_mut();
        let size = sized(size);
        Cuts::new(ByRChunksMut { slice, size })
    }

    /// Pieces of exactly `size` items from the end on.
    ///
    /// # Panics
    /// If `size` is zero.
    fn par_rchunks_exact_mut(&mut self, size: usize) -> RChunksExactMut<'_, T> {
        let slice = self.as_parallel_slice_mut();
        let size = sized(size);
        Cuts::new(ByRChunksExactMut { slice, size })
    }

    /// What lies between items that `is_separator` holds of, as [`slice::split_mut`].
    fn par_split_mut<F>(&mut self, is_separator: F) -> SliceSplitMut<'_, T, F>
    where
        F: Fn(&T) -> bool + Send + Sync,
    {
        Pieces::new(self.as_parallel_slice_mut(), Between(is_separator))
    }

    /// The same with the separator at the end of each piece, as [`slice::split_inclusive_mut`].
    fn par_split_inclusive_mut<F>(&mut self, is_separator: F) -> SliceSplitInclusiveMut<'_, T, F>
    where
        F: Fn(&T) -> bool + Send + Sync,
    {
        Pieces::new(self.as_parallel_slice_mut(), Until(is_separator))
    }

    /// Runs of neighbours that `is_together` holds of, as [`slice::chunk_by_mut`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::prelude::*;
    ///
    /// let mut numbers = [3, 4, 1, 2];
    /// numbers.par_chunk_by_mut(|a, b| a < b).for_each(<[i32]>::reverse);
    /// assert_eq!(numbers, [4, 3, 2, 1]);
    /// ```
    fn par_chunk_by_mut<F>(&mut self, is_together: F) -> ChunkByMut<'_, T, F>
    where
        F: Fn(&T, &T) -> bool + Send + Sync,
    {
        Pieces::new(self.as_parallel_slice_mut(), Runs(is_together))
    }

    /// Sorts; equal items keep their order.
    ///
    /// # Panics
    /// If a comparison panics; the slice then holds the same items in some order.
    fn par_sort(&mut self)
    where
        T: Ord,
    {
        stable(self.as_parallel_slice_mut(), &T::cmp);
    }

    /// Sorts by `compare`; equal items keep their order.
    ///
    /// # Panics
    /// As [`par_sort`](Self::par_sort).
    fn par_sort_by<F>(&mut self, compare: F)
    where
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        stable(self.as_parallel_slice_mut(), &compare);
    }

    /// Sorts by a key; items of equal keys keep their order.
    ///
    /// # Panics
    /// As [`par_sort`](Self::par_sort), also if `key` panics.
    fn par_sort_by_key<K, F>(&mut self, key: F)
    where
        K: Ord,
        F: Fn(&T) -> K + Sync,
    {
        let compare = |a: &T, b: &T| key(a).cmp(&key(b));
        stable(self.as_parallel_slice_mut(), &compare);
    }

    /// Sorts by a key that is made once per item; items of equal keys keep their order.
    ///
    /// # Panics
    /// As [`par_sort_by_key`](Self::par_sort_by_key).
    fn par_sort_by_cached_key<K, F>(&mut self, key: F)
    where
        K: Ord + Send,
        F: Fn(&T) -> K + Sync,
    {
        by_cached_key(self.as_parallel_slice_mut(), &key);
    }

    /// Sorts; equal items may change places. Faster than [`par_sort`](Self::par_sort) and without
    /// memory.
    ///
    /// # Panics
    /// As [`par_sort`](Self::par_sort).
    fn par_sort_unstable(&mut self)
    where
        T: Ord,
    {
        unstable(self.as_parallel_slice_mut(), &T::cmp);
    }

    /// Sorts by `compare`; equal items may change places.
    ///
    /// # Panics
    /// As [`par_sort`](Self::par_sort).
    fn par_sort_unstable_by<F>(&mut self, compare: F)
    where
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        unstable(self.as_parallel_slice_mut(), &compare);
    }

    /// Sorts by a key; items of equal keys may change places.
    ///
    /// # Panics
    /// As [`par_sort_by_key`](Self::par_sort_by_key).
    fn par_sort_unstable_by_key<K, F>(&mut self, key: F)
    where
        K: Ord,
        F: Fn(&T) -> K + Sync,
    {
        let compare = |a: &T, b: &T| key(a).cmp(&key(b));
        unstable(self.as_parallel_slice_mut(), &compare);
    }
}

impl<T: Send> ParallelSliceMut<T> for [T] {
    fn as_parallel_slice_mut(&mut self) -> &mut [T] {
        self
    }
}
