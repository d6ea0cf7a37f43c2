//! Freed mappings that are kept.
//!
//! # Role
//! Whole extents of address space, joined with their neighbours and cut for requests.
//!
//! # Not here
//! How much is kept and how long (`blocks.rs`), the calls of the kernel (`mapping.rs`).
//!
//! # Invariants
//! - I1: extents start at segments, do not overlap, and no two of them touch.
//! - I2: in the hardened build an extent's start is the only address in it that may be ours.
//!
//! # Concurrency
//! Everything is touched under the lock of the huge blocks only.

use crate::tuning::{HUGE_EXTENTS, SEGMENT_BYTES};
use core::cell::Cell;
use core::cmp::Reverse;

/// A range of address space, mapped and nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Its address.
    pub(super) start: usize,
    /// Its bytes.
    pub(super) bytes: usize,
    /// From the start, how far pages may be touched.
    pub(super) touched: usize,
    /// When the last of it was freed.
    pub(super) since_ms: u64,
}

impl Extent {
    const fn end(self) -> usize {
        self.start + self.bytes
    }

    /// This and the one that begins at its end.
    fn joined(self, behind: Self) -> Self {
        // I2: what was the start of an extent is its inside now.
        crate::territory::remove(behind.start);
        Self {
            start: self.start,
            bytes: self.bytes + behind.bytes,
            touched: match behind.touched {
                0 => self.touched,
                touched => self.bytes + touched,
            },
            since_ms: self.since_ms.max(behind.since_ms),
        }
    }

    /// The first `front` bytes, and the rest if there is any.
    fn cut(self, front: usize) -> (Self, Option<Self>) {
        let front = front.min(self.bytes);
        let first = Self {
            bytes: front,
            touched: self.touched.min(front),
            ..self
        };
        let rest = Self {
            start: self.start + front,
            bytes: self.bytes - front,
            touched: self.touched - first.touched,
            ..self
        };
        (first, (rest.bytes > 0).then_some(rest))
    }
}

/// Room for an extent, in words that a reader from outside can make sense of.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Place {
    /// Start of the mapping, 0 for an empty place.
    pub(crate) start: Cell<usize>,
    /// Its bytes.
    pub(crate) bytes: Cell<usize>,
    touched: Cell<usize>,
    since_ms: Cell<u64>,
}

impl Place {
    const fn empty() -> Self {
        Self {
            start: Cell::new(0),
            bytes: Cell::new(0),
            touched: Cell::new(0),
            since_ms: Cell::new(0),
        }
    }

    fn get(&self) -> Option<Extent> {
        let extent = Extent {
            start: self.start.get(),
            bytes: self.bytes.get(),
            touched: self.touched.get(),
            since_ms: self.since_ms.get(),
        };
        (extent.start != 0).then_some(extent)
    }

    fn set(&self, extent: Option<Extent>) {
        self.start.set(0);
        if let Some(extent) = extent {
            self.bytes.set(extent.bytes);
            self.touched.set(extent.touched);
            self.since_ms.set(extent.since_ms);
            self.start.set(extent.start);
        }
    }
}

/// All extents.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Extents {
    places: [Place; HUGE_EXTENTS],
    bytes: Cell<usize>,
}

impl Extents {
    pub(super) const fn new() -> Self {
        Self {
            places: [const { Place::empty() }; HUGE_EXTENTS],
            bytes: Cell::new(0),
        }
    }

    /// Bytes of all of them.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    fn kept(&self) -> impl Iterator<Item = (&Place, Extent)> {
        self.places
            .iter()
            .filter_map(|place| Some((place, place.get()?)))
    }

    /// Replaces what a place holds.
    fn replace(&self, place: &Place, had: usize, extent: Option<Extent>) {
        let has = extent.map_or(0, |extent| extent.bytes);
        place.set(extent);
        self.bytes.set(self.bytes.get() - had + has);
    }

    /// Takes `wanted` bytes, or more to the end of a segment, out of the smallest extent that has
    /// them.
    pub(super) fn take(&self, wanted: usize) -> Option<Extent> {
        let (place, extent) = self
            .kept()
            .filter(|(_, extent)| extent.bytes >= wanted)
            .min_by_key(|(_, extent)| (extent.bytes, Reverse(extent.touched)))?;
        let (taken, rest) = extent.cut(wanted.checked_next_multiple_of(SEGMENT_BYTES)?);
        self.replace(place, extent.bytes, rest);
        Some(taken)
    }

    /// Keeps an extent; false if there is no place for it.
    pub(super) fn put(&self, extent: Extent) -> bool {
        let mut whole = extent;
        for (place, neighbour) in self.kept() {
            if neighbour.end() == whole.start {
                whole = neighbour.joined(whole);
            } else if whole.end() == neighbour.start {
                whole = whole.joined(neighbour);
            } else {
                continue;
            }
            self.replace(place, neighbour.bytes, None);
        }
        let Some(place) = self.places.iter().find(|place| place.start.get() == 0) else {
            return false;
        };
        self.replace(place, 0, Some(whole));
        true
    }

    /// Takes what is more than `bytes` in all from the end of the oldest extent, in whole segments.
    /// To be called until it gives nothing.
    pub(super) fn take_surplus(&self, bytes: usize) -> Option<Extent> {
        let surplus = self.bytes().checked_sub(bytes).filter(|more| *more > 0)?;
        let (place, extent) = self.kept().min_by_key(|(_, extent)| extent.since_ms)?;
        let left = extent.bytes.saturating_sub(surplus) & !(SEGMENT_BYTES - 1);
        if left == 0 {
            self.replace(place, extent.bytes, None);
            return Some(extent);
        }
        let (first, rest) = extent.cut(left);
        self.replace(place, extent.bytes, Some(first));
        rest
    }

    /// Takes an extent of which nothing was freed after `before_ms`.
    pub(super) fn take_older(&self, before_ms: u64) -> Option<Extent> {
        let (place, extent) = self
            .kept()
            .find(|(_, extent)| extent.since_ms <= before_ms)?;
        self.replace(place, extent.bytes, None);
        Some(extent)
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, Extents};
    use crate::tuning::{HUGE_EXTENTS, SEGMENT_BYTES};

    /// An extent of whole segments, touched but for a page.
    fn extent(first: usize, segments: usize, since_ms: u64) -> Extent {
        Extent {
            start: first * SEGMENT_BYTES,
            bytes: segments * SEGMENT_BYTES,
            touched: segments * SEGMENT_BYTES - 4096,
            since_ms,
        }
    }

    #[test]
    fn neighbours_are_joined_and_cut_again() {
        let all = Extents::new();
        for (first, segments) in [(1, 2), (5, 1), (3, 2)] {
            assert!(all.put(extent(first, segments, 7)));
        }
        assert_eq!(all.kept().count(), 1);
        assert_eq!(all.bytes(), 5 * SEGMENT_BYTES);
        let taken = all.take(SEGMENT_BYTES + 1).expect("it is large enough");
        assert_eq!(
            (taken.start, taken.bytes, taken.touched),
            (SEGMENT_BYTES, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES)
        );
        let rest = all.take(3 * SEGMENT_BYTES).expect("that much is left");
        assert_eq!(rest, extent(3, 3, 7));
        assert_eq!((all.bytes(), all.take(1)), (0, None));
    }

    #[test]
    fn the_least_too_large_one_is_taken() {
        let all = Extents::new();
        for (first, segments) in [(1, 6), (10, 3), (20, 4)] {
            assert!(all.put(extent(first, segments, 0)));
        }
        let taken = all.take(3 * SEGMENT_BYTES - 9).expect("one fits exactly");
        assert_eq!(taken.start, 10 * SEGMENT_BYTES);
        assert_eq!(all.take(7 * SEGMENT_BYTES), None);
    }

    #[test]
    fn mappings_that_end_inside_a_segment_are_taken_whole() {
        let all = Extents::new();
        let bytes = SEGMENT_BYTES + 8192;
        let odd = Extent {
            bytes,
            ..extent(1, 1, 0)
        };
        assert!(all.put(odd));
        assert!(all.put(extent(3, 1, 0)), "it is no neighbour");
        assert_eq!(all.take(bytes), Some(odd));
    }

    #[test]
    fn the_oldest_goes_first_and_from_its_end() {
        let all = Extents::new();
        assert!(all.put(extent(1, 2, 5)));
        assert!(all.put(extent(10, 3, 4)));
        let gone = all.take_surplus(4 * SEGMENT_BYTES + 1);
        let gone = gone.expect("there is more than that");
        assert_eq!(
            (gone.start, gone.bytes),
            (12 * SEGMENT_BYTES, SEGMENT_BYTES)
        );
        assert_eq!(all.take_surplus(4 * SEGMENT_BYTES), None);
        assert_eq!(all.take_surplus(0), Some(all_of(10, 2, 4)));
        assert_eq!(all.take_surplus(0), Some(extent(1, 2, 5)));
        assert_eq!(all.take_surplus(0), None);
    }

    /// An extent of whole segments, all touched.
    fn all_of(first: usize, segments: usize, since_ms: u64) -> Extent {
        Extent {
            touched: segments * SEGMENT_BYTES,
            ..extent(first, segments, since_ms)
        }
    }

    #[test]
    fn age_is_that_of_the_part_freed_last() {
        let all = Extents::new();
        assert!(all.put(extent(1, 1, 10)));
        assert!(all.put(extent(2, 1, 20)));
        assert!(all.put(extent(9, 1, 15)));
        assert_eq!(all.take_older(14), None);
        assert_eq!(all.take_older(15), Some(extent(9, 1, 15)));
        assert_eq!(all.take_older(19), None);
        assert!(all.take_older(20).is_some());
    }

    #[test]
    fn without_a_place_nothing_is_kept() {
        let all = Extents::new();
        for i in 0..HUGE_EXTENTS {
            assert!(all.put(extent(1 + 2 * i, 1, 0)));
        }
        assert!(!all.put(extent(3 * HUGE_EXTENTS, 1, 0)));
        assert_eq!(all.bytes(), HUGE_EXTENTS * SEGMENT_BYTES);
        assert!(all.put(extent(2, 1, 0)), "between two others");
        assert_eq!(all.kept().count(), HUGE_EXTENTS - 1);
    }
}
