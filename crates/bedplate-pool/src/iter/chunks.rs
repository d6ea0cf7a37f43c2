//! Chunks and windows of slices.
//!
//! # Role
//! A [`Cut`] is a slice and says how pieces are cut from it; one parallel iterator serves them all.
//!
//! # Not here
//! The methods that make them: `slice_methods.rs`.

use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::{IndexedParallelIterator, ParallelIterator};
use core::mem;

/// A slice, and how pieces are cut from it.
pub trait Cut: Send + Sized {
    /// A piece.
    type Item: Send;

    /// How many pieces there are.
    fn count(&self) -> usize;

    /// The first `index` pieces, and the rest.
    fn split(self, index: usize) -> (Self, Self);

    /// All pieces in order.
    fn pieces(self) -> impl DoubleEndedIterator<Item = Self::Item> + ExactSizeIterator;
}

/// The parallel iterator over the pieces of a slice.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Cuts<X> {
    cut: X,
}

impl<X: Cut> Cuts<X> {
    pub(super) fn new(cut: X) -> Self {
        Self { cut }
    }
}

impl<X: Cut> ParallelIterator for Cuts<X> {
    type Item = X::Item;

    drive_by_index!();
}

impl<X: Cut> IndexedParallelIterator for Cuts<X> {
    fn len(&self) -> usize {
        self.cut.count()
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        with.run(CutProducer(self.cut))
    }
}

/// The producer of [`Cuts`].
#[derive(Debug)]
pub struct CutProducer<X>(X);

impl<X: Cut> Producer for CutProducer<X> {
    type Item = X::Item;

    fn serial(self) -> impl DoubleEndedIterator<Item = X::Item> + ExactSizeIterator {
        self.0.pieces()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.0.split(index);
        (Self(left), Self(right))
    }
}

/// A kind of piece: `$at` is the place in the slice where `index` pieces end; `$front` tells whether
/// the first pieces are at the front.
macro_rules! cut {
    ($(#[$doc:meta])* $name:ident, $iter:ident, $slice:ty, $bound:ident, $split:ident,
     $pieces:ident, $count:expr, $at:expr, front: $front:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<'a, T> {
            pub(super) slice: $slice,
            pub(super) size: usize,
        }

        $(#[$doc])*
        pub type $iter<'a, T> = Cuts<$name<'a, T>>;

        impl<'a, T: $bound> Cut for $name<'a, T> {
            type Item = $slice;

            fn count(&self) -> usize {
                let count: fn(usize, usize) -> usize = $count;
                count(self.slice.len(), self.size)
            }

            fn split(self, index: usize) -> (Self, Self) {
                let at: fn(usize, usize) -> usize = $at;
                let Self { slice, size } = self;
                let len = slice.len();
                let taken = at(index, size).min(len);
                if $front {
                    let (left, right) = slice.$split(taken);
                    (Self { slice: left, size }, Self { slice: right, size })
                } else {
                    let (right, left) = slice.$split(len - taken);
                    (Self { slice: left, size }, Self { slice: right, size })
                }
            }

            fn pieces(self) -> impl DoubleEndedIterator<Item = $slice> + ExactSizeIterator {
                self.slice.$pieces(self.size)
            }
        }
    };
}

cut!(
    /// Pieces of [`par_chunks`](super::ParallelSlice::par_chunks).
    ByChunks, Chunks, &'a [T], Sync, split_at, chunks, usize::div_ceil, usize::saturating_mul, front: true
);
cut!(
    /// Pieces of [`par_chunks_exact`](super::ParallelSlice::par_chunks_exact).
    ByChunksExact, ChunksExact, &'a [T], Sync, split_at, chunks_exact, |len, size| len / size, usize::saturating_mul, front: true
);
cut!(
    /// Pieces of [`par_rchunks`](super::ParallelSlice::par_rchunks).
    ByRChunks, RChunks, &'a [T], Sync, split_at, rchunks, usize::div_ceil, usize::saturating_mul, front: false
);
cut!(
    /// Pieces of [`par_rchunks_exact`](super::ParallelSlice::par_rchunks_exact).
    ByRChunksExact, RChunksExact, &'a [T], Sync, split_at, rchunks_exact, |len, size| len / size, usize::saturating_mul, front: false
);
cut!(
    /// Pieces of [`par_chunks_mut`](super::ParallelSliceMut::par_chunks_mut).
    ByChunksMut, ChunksMut, &'a mut [T], Send, split_at_mut, chunks_mut, usize::div_ceil, usize::saturating_mul, front: true
);
cut!(
    /// Pieces of [`par_chunks_exact_mut`](super::ParallelSliceMut::par_chunks_exact_mut).
    ByChunksExactMut, ChunksExactMut, &'a mut [T], Send, split_at_mut, chunks_exact_mut, |len, size| len / size, usize::saturating_mul, front: true
);
cut!(
    /// Pieces of [`par_rchunks_mut`](super::ParallelSliceMut::par_rchunks_mut).
    ByRChunksMut, RChunksMut, &'a mut [T], Send, split_at_mut, rchunks_mut, usize::div_ceil, usize::saturating_mul, front: false
);
cut!(
    /// Pieces of [`par_rchunks_exact_mut`](super::ParallelSliceMut::par_rchunks_exact_mut).
    ByRChunksExactMut, RChunksExactMut, &'a mut [T], Send, split_at_mut, rchunks_exact_mut, |len, size| len / size, usize::saturating_mul, front: false
);

/// Those that only read can be cloned, whatever the items are.
macro_rules! clone_cut {
    ($($name:ident),*) => {$(
        impl<T> Clone for $name<'_, T> {
            fn clone(&self) -> Self {
                let Self { slice, size } = *self;
                Self { slice, size }
            }
        }
    )*};
}
clone_cut!(
    ByChunks,
    ByChunksExact,
    ByRChunks,
    ByRChunksExact,
    ByWindows
);

impl<'a, T: Sync> ChunksExact<'a, T> {
    /// The items at the end that fill no chunk.
    #[must_use]
    pub fn remainder(&self) -> &'a [T] {
        let ByChunksExact { slice, size } = self.cut;
        slice.split_at(slice.len() / size * size).1
    }
}

impl<'a, T: Sync> RChunksExact<'a, T> {
    /// The items at the front that fill no chunk.
    #[must_use]
    pub fn remainder(&self) -> &'a [T] {
        let ByRChunksExact { slice, size } = self.cut;
        slice.split_at(slice.len() % size).0
    }
}

impl<'a, T: Send> ChunksExactMut<'a, T> {
    /// The items at the end that fill no chunk.
    #[must_use]
    pub fn into_remainder(mut self) -> &'a mut [T] {
        self.take_remainder()
    }

    /// The items at the end that fill no chunk, for as long as the iterator is not used.
    pub fn remainder(&mut self) -> &mut [T] {
        let ByChunksExactMut { slice, size } = &mut self.cut;
        let chunks_len = slice.len() / *size * *size;
        slice.split_at_mut(chunks_len).1
    }

    /// The items at the end that fill no chunk; none any more when called again.
    pub fn take_remainder(&mut self) -> &'a mut [T] {
        let ByChunksExactMut { slice, size } = &mut self.cut;
        let chunks_len = slice.len() / *size * *size;
        let (chunks, rest) = mem::take(slice).split_at_mut(chunks_len);
        *slice = chunks;
        rest
    }
}

impl<'a, T: Send> RChunksExactMut<'a, T> {
    /// The items at the front that fill no chunk.
    #[must_use]
    pub fn into_remainder(mut self) -> &'a mut [T] {
        self.take_remainder()
    }

    /// The items at the front that fill no chunk, for as long as the iterator is not used.
    pub fn remainder(&mut self) -> &mut [T] {
        let ByRChunksExactMut { slice, size } = &mut self.cut;
        let rest_len = slice.len() % *size;
        slice.split_at_mut(rest_len).0
    }

    /// The items at the front that fill no chunk; none any more when called again.
    pub fn take_remainder(&mut self) -> &'a mut [T] {
        let ByRChunksExactMut { slice, size } = &mut self.cut;
        let rest_len = slice.len() % *size;
        let (rest, chunks) = mem::take(slice).split_at_mut(rest_len);
        *slice = chunks;
        rest
    }
}

/// Pieces of [`par_array_windows`](super::ParallelSlice::par_array_windows).
#[derive(Debug)]
pub struct ByArrayWindows<'a, T, const N: usize> {
    pub(super) slice: &'a [T],
}

/// Pieces of [`par_array_windows`](super::ParallelSlice::par_array_windows).
pub type ArrayWindows<'a, T, const N: usize> = Cuts<ByArrayWindows<'a, T, N>>;

impl<T, const N: usize> Clone for ByArrayWindows<'_, T, N> {
    fn clone(&self) -> Self {
        Self { slice: self.slice }
    }
}

impl<'a, T: Sync, const N: usize> Cut for ByArrayWindows<'a, T, N> {
    type Item = &'a [T; N];

    fn count(&self) -> usize {
        (self.slice.len() + 1).saturating_sub(N)
    }

    fn split(self, index: usize) -> (Self, Self) {
        let Self { slice } = self;
        let windows = ByWindows { slice, size: N };
        let (left, right) = windows.split(index);
        (Self { slice: left.slice }, Self { slice: right.slice })
    }

    fn pieces(self) -> impl DoubleEndedIterator<Item = &'a [T; N]> + ExactSizeIterator {
        self.slice.array_windows()
    }
}

/// Pieces of [`par_windows`](super::ParallelSlice::par_windows).
#[derive(Debug)]
pub struct ByWindows<'a, T> {
    pub(super) slice: &'a [T],
    pub(super) size: usize,
}

/// Pieces of [`par_windows`](super::ParallelSlice::par_windows).
pub type Windows<'a, T> = Cuts<ByWindows<'a, T>>;

impl<'a, T: Sync> Cut for ByWindows<'a, T> {
    type Item = &'a [T];

    fn count(&self) -> usize {
        (self.slice.len() + 1).saturating_sub(self.size)
    }

    fn split(self, index: usize) -> (Self, Self) {
        let Self { slice, size } = self;
        // Neighbouring windows share all items but one.
        let left_end = (index + size - 1).min(slice.len());
        let left = slice.split_at(left_end).0;
        let right = slice.split_at(index.min(slice.len())).1;
        (Self { slice: left, size }, Self { slice: right, size })
    }

    fn pieces(self) -> impl DoubleEndedIterator<Item = &'a [T]> + ExactSizeIterator {
        self.slice.windows(self.size)
    }
}
