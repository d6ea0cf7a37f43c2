//! Comparisons of two sequences.

use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use core::cmp::Ordering;

/// The first difference of `left` and `right` in the order that `compare` finds, else which is
/// longer.
pub(super) fn lexical<A, B, F>(left: A, right: B, compare: F) -> Option<Ordering>
where
    A: IndexedParallelIterator,
    B: IntoParallelIterator<Iter: IndexedParallelIterator>,
    F: Fn(A::Item, B::Item) -> Option<Ordering> + Send + Sync,
{
    let right = right.into_par_iter();
    let lengths = left.len().cmp(&right.len());
    let differing = left
        .zip(right)
        .map(move |(left, right)| compare(left, right))
        .find_first(|order| *order != Some(Ordering::Equal));
    differing.unwrap_or(Some(lengths))
}

/// True if both are of the same length and all pairs are equal.
pub(super) fn equal<A, B>(left: A, right: B) -> bool
where
    A: IndexedParallelIterator,
    B: IntoParallelIterator<Iter: IndexedParallelIterator>,
    A::Item: PartialEq<B::Item>,
{
    let right = right.into_par_iter();
    left.len() == right.len() && left.zip(right).all(|(left, right)| left == right)
}
