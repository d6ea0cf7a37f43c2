//! Free chunks.
//!
//! # Role
//! [`Spare`]: runs of free chunks, by place to join neighbours, and by length to find one that fits.
//! Neither is slower than the logarithm of how many runs there are: a step that frees a span is bounded
//! however many others are free.
//!
//! # Invariants
//! - I1: `by_place` and `by_length` hold the same runs; no two touch or overlap. `chunks` is their sum.

use alloc::collections::{BTreeMap, BTreeSet};

/// Runs of free chunks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spare {
    by_place: BTreeMap<u32, u32>,
    by_length: BTreeSet<(u32, u32)>,
    chunks: u32,
    /// The fewest that there were since they were counted anew.
    least: u32,
}

impl Spare {
    /// Takes so many chunks in a row, out of the shortest run that has them.
    pub(crate) fn take(&mut self, count: u32) -> Option<u32> {
        let &(length, first) = self.by_length.range((count, 0)..).next()?;
        self.remove(first, length);
        if length > count {
            self.insert(first + count, length - count);
        }
        self.least = self.least.min(self.chunks);
        Some(first)
    }

    /// Takes a run back, and joins it with its neighbours.
    pub(crate) fn give(&mut self, first: u32, count: u32) {
        let (mut first, mut count) = (first, count);
        let before = self.by_place.range(..first).next_back();
        if let Some((other, length)) = before.map(|(place, length)| (*place, *length))
            && other + length == first
        {
            self.remove(other, length);
            (first, count) = (other, count + length);
        }
        if let Some(&length) = self.by_place.get(&(first + count)) {
            self.remove(first + count, length);
            count += length;
        }
        self.insert(first, count);
    }

    fn insert(&mut self, first: u32, length: u32) {
        self.by_place.insert(first, length);
        self.by_length.insert((length, first));
        self.chunks += length;
    }

    fn remove(&mut self, first: u32, length: u32) {
        self.by_place.remove(&first);
        self.by_length.remove(&(length, first));
        self.chunks = self.chunks.saturating_sub(length);
    }

    /// How many chunks there are.
    pub(crate) const fn chunks(&self) -> u32 {
        self.chunks
    }

    /// The fewest that there were since [`Self::count_anew`].
    pub(crate) const fn least(&self) -> u32 {
        self.least
    }

    pub(crate) const fn count_anew(&mut self) {
        self.least = self.chunks;
    }

    /// The runs, first chunk and length, in their order.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.by_place
            .iter()
            .map(|(first, length)| (*first, *length))
    }
}

#[cfg(test)]
mod tests {
    use super::Spare;

    #[test]
    fn runs_are_joined_on_both_sides() {
        let mut spare = Spare::default();
        spare.give(10, 2);
        spare.give(14, 1);
        spare.give(20, 5);
        spare.give(12, 2);
        assert_eq!(spare.runs().collect::<Vec<_>>(), [(10, 5), (20, 5)]);
        spare.give(15, 5);
        assert_eq!(spare.runs().collect::<Vec<_>>(), [(10, 15)]);
        assert_eq!(spare.chunks(), 15);
    }

    #[test]
    fn the_shortest_run_that_fits_is_taken() {
        let mut spare = Spare::default();
        spare.give(1, 8);
        spare.give(20, 3);
        assert_eq!(spare.take(3), Some(20));
        assert_eq!(spare.take(3), Some(1));
        assert_eq!(spare.take(6), None);
        assert_eq!(spare.take(5), Some(4));
        assert_eq!((spare.chunks(), spare.runs().next()), (0, None));
    }

    #[test]
    fn many_runs_cost_no_more_than_few() {
        let mut spare = Spare::default();
        let runs = 100_000_u32;
        (0..runs).for_each(|run| spare.give(run * 2, 1));
        // Were each as long as the list, this would take ten thousand million looks.
        (0..runs).for_each(|run| spare.give(run * 2 + 1, 1));
        assert_eq!(spare.runs().collect::<Vec<_>>(), [(0, 2 * runs)]);
    }
}
