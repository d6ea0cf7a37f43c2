//! What separates the pieces of slices.
//!
//! # Role
//! Items that a predicate holds of ([`Between`], [`Until`]), and neighbours that do not belong together ([`Runs`]).

use super::separate::{Body, Pieces, Separator};

impl<T: Sync> Body for &[T] {
    type View = [T];

    fn view(&self) -> &[T] {
        self
    }

    fn extent(&self) -> usize {
        self.len()
    }

    fn floor(&self, at: usize) -> usize {
        at
    }

    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at(at)
    }
}

impl<T: Send> Body for &mut [T] {
    type View = [T];

    fn view(&self) -> &[T] {
        self
    }

    fn extent(&self) -> usize {
        self.len()
    }

    fn floor(&self, at: usize) -> usize {
        at
    }

    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at_mut(at)
    }
}

/// Separators that belong to no piece.
#[derive(Clone, Debug)]
pub struct Between<F>(pub(super) F);

/// Separators that end the pieces before them.
#[derive(Clone, Debug)]
pub struct Until<F>(pub(super) F);

/// Neighbours belong to one piece where the closure holds of them.
#[derive(Clone, Debug)]
pub struct Runs<F>(pub(super) F);

/// The iterator of [`par_split`](super::ParallelSlice::par_split).
pub type SliceSplit<'a, T, F> = Pieces<&'a [T], Between<F>>;
/// The iterator of [`par_split_mut`](super::ParallelSliceMut::par_split_mut).
pub type SliceSplitMut<'a, T, F> = Pieces<&'a mut [T], Between<F>>;
/// The iterator of [`par_split_inclusive`](super::ParallelSlice::par_split_inclusive).
pub type SliceSplitInclusive<'a, T, F> = Pieces<&'a [T], Until<F>>;
/// The iterator of [`par_split_inclusive_mut`](super::ParallelSliceMut::par_split_inclusive_mut).
pub type SliceSplitInclusiveMut<'a, T, F> = Pieces<&'a mut [T], Until<F>>;
/// The iterator of [`par_chunk_by`](super::ParallelSlice::par_chunk_by).
pub type ChunkBy<'a, T, F> = Pieces<&'a [T], Runs<F>>;
/// The iterator of [`par_chunk_by_mut`](super::ParallelSliceMut::par_chunk_by_mut).
pub type ChunkByMut<'a, T, F> = Pieces<&'a mut [T], Runs<F>>;

/// The first place from `from` on and before `to` whose item `is_separator` holds of.
fn first<T>(
    items: &[T],
    from: usize,
    to: usize,
    is_separator: impl Fn(&T) -> bool,
) -> Option<usize> {
    let ahead = items.get(from..to)?.iter().position(is_separator)?;
    Some(from + ahead)
}

/// The last place before `to`.
fn last<T>(items: &[T], to: usize, is_separator: impl Fn(&T) -> bool) -> Option<usize> {
    items.get(..to)?.iter().rposition(is_separator)
}

/// A separator of one item, for both kinds of slice: where the first part ends, and what iterates.
macro_rules! one_item {
    ($name:ident, end: $end:expr, $slice:ty, $bound:ident, $pieces:ident) => {
        impl<'a, T: $bound, F: Fn(&T) -> bool + Sync> Separator<$slice> for $name<F> {
            fn find(&self, view: &[T], from: usize, to: usize) -> Option<usize> {
                first(view, from, to, &self.0)
            }

            fn find_last(&self, view: &[T], to: usize) -> Option<usize> {
                last(view, to, &self.0)
            }

            fn edges(&self, _view: &[T], at: usize) -> (usize, usize) {
                (at + $end, at + 1)
            }

            fn pieces(&self, body: $slice, _is_end: bool) -> impl Iterator<Item = $slice> {
                body.$pieces(&self.0)
            }
        }
    };
}
one_item!(Between, end: 0, &'a [T], Sync, split);
one_item!(Between, end: 0, &'a mut [T], Send, split_mut);
one_item!(Until, end: 1, &'a [T], Sync, split_inclusive);
one_item!(Until, end: 1, &'a mut [T], Send, split_inclusive_mut);

/// Where neighbours do not belong together, for both kinds of slice.
macro_rules! neighbours {
    ($slice:ty, $bound:ident, $pieces:ident) => {
        impl<'a, T: $bound, F: Fn(&T, &T) -> bool + Sync> Separator<$slice> for Runs<F> {
            fn find(&self, view: &[T], from: usize, to: usize) -> Option<usize> {
                let from = from.max(1);
                let mut pairs = view.get(from - 1..to)?.windows(2);
                let ahead = pairs.position(|pair| is_apart(pair, &self.0))?;
                Some(from + ahead)
            }

            fn find_last(&self, view: &[T], to: usize) -> Option<usize> {
                let mut pairs = view.get(..to)?.windows(2);
                let before = pairs.rposition(|pair| is_apart(pair, &self.0))?;
                Some(before + 1)
            }

            fn edges(&self, _view: &[T], at: usize) -> (usize, usize) {
                (at, at)
            }

            fn pieces(&self, body: $slice, _is_end: bool) -> impl Iterator<Item = $slice> {
                body.$pieces(&self.0)
            }
        }
    };
}
neighbours!(&'a [T], Sync, chunk_by);
neighbours!(&'a mut [T], Send, chunk_by_mut);

/// True if the two items of `pair` do not belong together.
fn is_apart<T>(pair: &[T], is_together: impl Fn(&T, &T) -> bool) -> bool {
    matches!(pair, [left, right] if !is_together(left, right))
}
