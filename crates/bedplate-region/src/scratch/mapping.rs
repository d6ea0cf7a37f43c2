//! Address space that is given back.
//!
//! # Role
//! One reserved range of its own.
//!
//! # Invariants
//! - I1: `start..start + bytes` is this value's alone until it is given back.

use bedplate_os::OsError;
use bedplate_os::pages::{self, HugePages};
use core::ptr::NonNull;

/// A reserved range. Whoever holds it gives it back by [`Mapping::release`].
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
}

impl Mapping {
    /// Reserves `bytes`, whole OS pages, at a multiple of `align`.
    pub(super) fn reserve(bytes: usize, align: usize) -> Result<Self, OsError> {
        let start = pages::reserve(bytes, align)?;
        Ok(Self { start, bytes })
    }

    /// Asks for huge pages on all of it.
    pub(super) fn advise_huge(&self) -> Result<(), OsError> {
        // SAFETY: the range is ours (I1).
        unsafe { pages::advise_huge(self.start, self.bytes, HugePages::Wanted) }
    }

    /// The address at an offset.
    pub(super) fn at(&self, offset: usize) -> NonNull<u8> {
        assert!(offset <= self.bytes);
        // SAFETY: inside the mapping or at its end, by the assertion.
        unsafe { self.start.add(offset) }
    }

    /// Gives the range back. To be called once, when nothing uses it any more.
    pub(super) fn release(&self) -> Result<(), OsError> {
        super::poison::forgotten(self.start, self.bytes);
        // SAFETY: the range is ours (I1), and its owner is at its end.
        unsafe { pages::release(self.start, self.bytes) }
    }
}

// SAFETY: the range is no thread's own.
unsafe impl Send for Mapping {}
