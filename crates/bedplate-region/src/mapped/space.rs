//! A mapping that is given back.
//!
//! # Role
//! Address space with what it charged to a budget; both end with it.
//!
//! # Invariants
//! - I1: `start..start + bytes` is this value's alone until it is dropped, readable, and `length` of
//!   it is what is seen.
//! - I2: what was charged is released once the memory is the kernel's again: memory that it refuses
//!   to take back stays charged.

use super::FileError;
use crate::charge::Charge;
use bedplate_os::OsError;
use bedplate_os::budget::Budget;
use bedplate_os::files::{self, Advice};
use bedplate_os::pages::{self, HugePages, Protection};
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use std::os::fd::BorrowedFd;

/// A mapping and its charge.
#[derive(Debug)]
pub(super) struct Space {
    start: NonNull<u8>,
    /// Whole OS pages.
    bytes: usize,
    /// What of them is a file's.
    length: usize,
    charged: Option<(&'static Budget, u64)>,
}

// SAFETY: the range is plain memory that belongs to the value (I1), which any thread may own.
unsafe impl Send for Space {}

// SAFETY: by reference the range is only read, advised on and locked.
unsafe impl Sync for Space {}

impl Space {
    /// Maps the first `length` bytes of a file for reading. What is charged to a budget is the
    /// caller's word for whether the file's pages are its own.
    pub(super) fn file(
        file: BorrowedFd<'_>,
        length: usize,
        budget: Option<&'static Budget>,
    ) -> Result<Self, FileError> {
        let bytes = whole_pages(length)?;
        let charge = Charge::of(budget, bytes)?;
        let start = files::map(file, length)?;
        Ok(Self {
            start,
            bytes,
            length,
            charged: charge.keep(),
        })
    }

    /// Maps the first `length` bytes of a file for writing through to it.
    pub(super) fn shared(file: BorrowedFd<'_>, length: usize) -> Result<Self, FileError> {
        Ok(Self {
            start: files::map_shared(file, length)?,
            bytes: whole_pages(length)?,
            length,
            charged: None,
        })
    }

    /// Maps zeroed memory of our own at a multiple of `align`, a power of two and at least a page.
    pub(super) fn own(
        length: usize,
        align: usize,
        budget: Option<&'static Budget>,
    ) -> Result<Self, FileError> {
        let bytes = length
            .checked_next_multiple_of(align)
            .ok_or(FileError::TooLarge {
                bytes: length as u64,
            })?;
        let charge = Charge::of(budget, bytes)?;
        let start = pages::map_aligned(0, bytes, align, Protection::ReadWrite)?;
        Ok(Self {
            start,
            bytes,
            length,
            charged: charge.keep(),
        })
    }

    /// What is seen.
    pub(super) fn seen(&self) -> &[u8] {
        // SAFETY: mapped, readable and initialised for as long as self lives (I1). That nobody
        // writes meanwhile: own memory is written through `seen_mut` alone, a sealed file by nobody,
        // and who maps another file has promised it.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// What is seen, to be filled. For memory of our own, and files in memory of our own.
    pub(super) fn seen_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `seen`; the caller made the mapping for writing, and borrows all of it.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// All bytes that are mapped.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Advises on a range, widened to whole pages.
    pub(super) fn advise(&self, start: usize, end: usize, advice: Advice) -> Result<(), FileError> {
        let bytes = self.length;
        if start > end || end > bytes {
            return Err(FileError::Range { end, bytes });
        }
        let start = start - start % pages::page_size();
        let end = end.next_multiple_of(pages::page_size()).min(self.bytes);
        if start == end {
            return Ok(());
        }
        // SAFETY: inside the mapping, by the comparison above.
        let at = unsafe { self.start.add(start) };
        // SAFETY: the range is ours (I1) and only read.
        unsafe { files::advise(at, end - start, advice) }?;
        Ok(())
    }

    /// Asks for huge pages.
    pub(super) fn advise_huge(&self) -> Result<(), OsError> {
        // SAFETY: the range is ours (I1).
        unsafe { pages::advise_huge(self.start, self.bytes, HugePages::Wanted) }
    }

    /// How much of it huge pages back right now.
    pub(super) fn huge_bytes(&self) -> Result<u64, OsError> {
        files::huge_bytes(self.start, self.bytes)
    }

    /// Locks all of it in memory.
    pub(super) fn lock(&self) -> Result<(), OsError> {
        // SAFETY: the range is ours (I1).
        unsafe { files::lock(self.start, self.bytes) }
    }

    /// Ends a lock.
    pub(super) fn unlock(&self) -> Result<(), OsError> {
        // SAFETY: the range is ours (I1).
        unsafe { files::unlock(self.start, self.bytes) }
    }

    /// Makes all of it read-only.
    pub(super) fn freeze(&mut self) -> Result<(), OsError> {
        // SAFETY: the range is ours (I1), and nobody writes: self is borrowed whole.
        unsafe { pages::protect(self.start, self.bytes, Protection::Read) }
    }
}

fn whole_pages(length: usize) -> Result<usize, FileError> {
    pages::round_up(length).ok_or(FileError::TooLarge {
        bytes: length as u64,
    })
}

impl Space {
    /// Gives the range back now, and says whether that went well; where it did not, dropping tries
    /// again.
    pub(super) fn give_back(self) -> Result<(), OsError> {
        let this = ManuallyDrop::new(self);
        // SAFETY: who reads the range borrows self, so nobody does any more.
        let gone = unsafe { pages::release(this.start, this.bytes) };
        match gone {
            Ok(()) => this.release_charge(),
            Err(_) => drop(ManuallyDrop::into_inner(this)),
        }
        gone
    }

    fn release_charge(&self) {
        if let Some((budget, bytes)) = self.charged {
            budget.release(bytes);
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: who reads the range borrows self, so nobody does any more.
        if unsafe { pages::release(self.start, self.bytes) }.is_ok() {
            self.release_charge();
        }
    }
}
