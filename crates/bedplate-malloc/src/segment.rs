//! Segments.
//!
//! # Role
//! The layout of the first slice of a segment: 64 owners' words, 64 owner's lines, 64 shared lines,
//! a header.
//!
//! | offset | what |
//! |---|---|
//! | 0 | owners' words, one a slice: the thread that may touch the record without a lock |
//! | 512 | `Slab` records, one a slice; number 0 is that of a block aligned to 4 MiB or more |
//! | 4608 | `Shared` lines, one a slice |
//! | 8704 | `Header` |
//!
//! Every free asks whose the slab is, and the owner writes the record with every allocation. Were the
//! owner's word part of the record, as it was at first, a thread that frees the blocks of another
//! would take the line from it each time (docs/design/0015-what-a-remote-free-reads.md).
//!
//! # Invariants
//! - I1: `free` and `dirty` are maps by slice; slice 0 is in neither. `dirty` is a subset of
//!   `free`: slices that are free but may hold touched pages.
//! - I2: the header's cells are touched under the pool's lock only.

use crate::slab::{Shared, Slab};
use crate::tuning::SLICES;
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, AtomicUsize};

/// Offset of the records.
pub(crate) const RECORDS_OFFSET: usize = SLICES * size_of::<AtomicUsize>();
/// Offset of a slice's shared line from its record.
pub(crate) const SHARED_OFFSET: usize = SLICES * size_of::<Slab>();
/// Offset of the header.
pub(crate) const HEADER_OFFSET: usize =
    RECORDS_OFFSET + SHARED_OFFSET + SLICES * size_of::<Shared>();
/// Bytes of a segment's first slice that are touched as metadata.
pub(crate) const METADATA_BYTES: usize = HEADER_OFFSET + size_of::<Header>();
/// What a segment of the pool says at its start: "bedplate" in bytes.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"bedplate");
/// The map of a segment of which all slices but the first are free.
pub(crate) const ALL_FREE: u64 = !1;

/// The header of a segment of the pool.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Header {
    /// [`MAGIC`].
    pub magic: AtomicU64,
    /// The segment made before this one, 0 for none. Segments are never unmapped.
    pub older: AtomicUsize,
    /// Free slices (I1). An atomic for readers from outside; written under the lock.
    pub free: AtomicU64,
    /// Free slices that may hold touched pages (I1).
    pub dirty: AtomicU64,
    /// Slices in use that held touched pages when they were taken, or that the kernel did not take
    /// back: their slab may not have touched them all since, but they are no less dirty when they come back.
    pub soiled: Cell<u64>,
    /// When each dirty slice became so, in coarse milliseconds, which wrap after 49 days.
    pub dirty_since_ms: [Cell<u32>; SLICES],
    /// Longest run of free slices; the list the segment is on.
    pub longest: Cell<usize>,
    /// Neighbours on that list.
    pub next: Cell<Option<&'static Self>>,
    /// Neighbours on that list.
    pub prev: Cell<Option<&'static Self>>,
}

impl Header {
    /// The header of the segment at an address.
    #[must_use]
    pub(crate) fn at(segment: usize) -> &'static Self {
        let header: *const Self = core::ptr::with_exposed_provenance(segment + HEADER_OFFSET);
        // SAFETY: callers pass the address of a segment of the pool, which is never unmapped and
        // whose fresh pages read as zero, a valid header.
        unsafe { &*header }
    }

    /// The segment's address.
    #[must_use]
    pub(crate) fn segment(&self) -> usize {
        core::ptr::from_ref(self).expose_provenance() - HEADER_OFFSET
    }

    /// Notes that slices in use will be dirty when they come back, whatever their slab touches.
    pub(crate) fn soil(&self, first: usize, count: usize) {
        self.soiled.set(self.soiled.get() | span(first, count));
    }

    /// Notes that slices became dirty now.
    pub(crate) fn stamp(&self, slices: u64) {
        let now = short_ms();
        for (i, since) in self.dirty_since_ms.iter().enumerate() {
            if slices >> i & 1 == 1 {
                since.set(now);
            }
        }
    }

    /// Of dirty slices, those that have been so for `ms` milliseconds.
    pub(crate) fn waited(&self, dirty: u64, ms: u64) -> u64 {
        if dirty == 0 {
            return 0;
        }
        let now = short_ms();
        let mut waited = 0;
        for (i, since) in self.dirty_since_ms.iter().enumerate() {
            if u64::from(now.wrapping_sub(since.get())) >= ms {
                waited |= 1 << i;
            }
        }
        waited & dirty
    }

    /// The record of a slice.
    #[must_use]
    pub(crate) fn slab(&self, index: usize) -> &'static Slab {
        debug_assert!(index < SLICES);
        let at = self.segment() + RECORDS_OFFSET + index * size_of::<Slab>();
        let slab: *const Slab = core::ptr::with_exposed_provenance(at);
        // SAFETY: the segment has 64 records there; zero bytes are a valid free record.
        unsafe { &*slab }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "differences are taken modulo 2^32"
)]
fn short_ms() -> u32 {
    bedplate_os::clock::coarse_ms() as u32
}

/// A map of `count` slices from `first` on.
#[must_use]
pub(crate) const fn span(first: usize, count: usize) -> u64 {
    debug_assert!(count < 64);
    ((1 << count) - 1) << first
}

/// The starts of runs of at least `count` ones: bit i is set if bits i..i+count are.
#[must_use]
pub(crate) const fn runs(map: u64, count: usize) -> u64 {
    let mut starts = map;
    let mut have = 1;
    while have < count {
        let step = if have * 2 <= count {
            have
        } else {
            count - have
        };
        starts &= starts >> step;
        have += step;
    }
    starts
}

/// The longest run of ones.
#[must_use]
pub(crate) const fn longest_run(map: u64) -> usize {
    let mut rest = map;
    let mut length = 0;
    while rest != 0 {
        rest &= rest >> 1;
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{longest_run, runs, span};

    #[test]
    fn runs_agree_with_counting() {
        let mut map = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..2000 {
            map = map
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let wide = map | map >> 1 | map >> 2;
            for count in 1..32 {
                for start in 0..=(64 - count) {
                    let whole = wide & span(start, count) == span(start, count);
                    assert_eq!(runs(wide, count) >> start & 1 == 1, whole);
                }
            }
            let longest = longest_run(wide);
            assert!(longest == 0 || longest == 64 || runs(wide, longest) != 0);
            assert!(longest >= 63 || runs(wide, longest + 1) == 0);
        }
    }
}
