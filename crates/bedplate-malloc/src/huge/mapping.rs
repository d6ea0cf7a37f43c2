//! Calls of the kernel for huge blocks.
//!
//! # Role
//! Map, unmap, move and give pages back, and count what the kernel refuses.

use crate::counters::COUNTERS;
use crate::pool;
use crate::tuning::{SEGMENT_BYTES, SLICE_BYTES};
use bedplate_os::OsError;
use bedplate_os::pages::{self, Protection};
use core::ptr::NonNull;

/// A fresh mapping for a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapped {
    /// Where the header stands.
    pub(super) start: usize,
    /// The block's offset from there.
    pub(super) offset: usize,
    /// Bytes from the header's start to the end.
    pub(super) bytes: usize,
}

/// Maps what a block of `block_bytes` at a multiple of `align` needs.
pub(super) fn map(block_bytes: usize, align: usize) -> Option<Mapped> {
    let mapped = if align >= SEGMENT_BYTES {
        map_far(block_bytes, align)
    } else {
        let offset = align.max(SLICE_BYTES);
        map_whole_segments(block_bytes.checked_add(offset)?).map(|(start, bytes)| Mapped {
            start,
            offset,
            bytes,
        })
    };
    let Ok(mapped) = mapped else {
        COUNTERS.failed_maps.add(1);
        return None;
    };
    COUNTERS.huge_maps.add(1);
    let at: *mut u8 = core::ptr::with_exposed_provenance_mut(mapped.start);
    if let Some(at) = NonNull::new(at) {
        pool::advise(at, mapped.bytes);
    }
    Some(mapped)
}

/// Maps whole segments, so that each mapping ends where the next may begin and no call is spent
/// on alignment; where that is refused (`ulimit -v`, strict overcommit), just what is needed.
fn map_whole_segments(bytes: usize) -> Result<(usize, usize), OsError> {
    let map = |bytes: usize| {
        pages::map_aligned(0, bytes, SEGMENT_BYTES, Protection::ReadWrite)
            .map(|at| (at.as_ptr().expose_provenance(), bytes))
    };
    match bytes.checked_next_multiple_of(SEGMENT_BYTES) {
        Some(whole) => map(whole).or_else(|_| map(bytes)),
        None => map(bytes),
    }
}

/// Maps a block at a multiple of 4 MiB or more: its header is the segment before it (raw I1).
fn map_far(block_bytes: usize, align: usize) -> Result<Mapped, OsError> {
    let too_large = OsError::new(bedplate_os::Operation::Reserve, libc::ENOMEM);
    let bytes = block_bytes.checked_add(align).ok_or(too_large)?;
    let at = pages::map_aligned(0, bytes, align, Protection::ReadWrite)?;
    let front = align - SEGMENT_BYTES;
    let start = at.as_ptr().expose_provenance() + front;
    if front > 0 {
        // SAFETY: the front part is fresh and unused.
        unsafe { pages::release(at, front) }?;
    }
    Ok(Mapped {
        start,
        offset: SEGMENT_BYTES,
        bytes: SEGMENT_BYTES + block_bytes,
    })
}

/// What became of a mapping that was to grow or shrink where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resized {
    /// It did.
    Done,
    /// It stays, and may be moved.
    Stays,
    /// It stays where it is: to the kernel it is several mappings, of which it grows or moves one at a
    /// time only. Asked to move them onto another mapping, some kernels unmap that before they refuse.
    Fixed,
}

/// Grows or shrinks a block's mapping where it stands.
pub(super) fn resize_in_place(start: usize, had: usize, wanted: usize) -> Resized {
    let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
    let Some(at) = NonNull::new(at) else {
        return Resized::Fixed;
    };
    // SAFETY: the mapping is the block's, whose owner resizes it; what is cut off is unused.
    match unsafe { pages::resize_in_place(at, had, wanted) } {
        Ok(()) => Resized::Done,
        Err(error) if error.code == libc::EFAULT || wanted < had => Resized::Fixed,
        Err(_) => Resized::Stays,
    }
}

/// Gives pages behind a block's end back; false where the kernel refuses, and they keep their
/// contents.
pub(super) fn decommit(start: usize, bytes: usize) -> bool {
    let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
    let Some(at) = NonNull::new(at) else {
        return false;
    };
    // SAFETY: the range is behind the block's end, inside its mapping.
    let is_given = unsafe { pages::decommit(at, bytes) }.is_ok();
    if !is_given {
        COUNTERS.failed_advice.add(1);
    }
    is_given
}

/// Unmaps a range that nobody knows of any more.
pub(super) fn unmap(start: usize, bytes: usize) {
    crate::territory::remove(start);
    let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
    let Some(at) = NonNull::new(at) else { return };
    // SAFETY: the mapping is off the list and out of the cache: nobody knows of it.
    if unsafe { pages::release(at, bytes) }.is_ok() {
        COUNTERS.huge_unmaps.add(1);
        return;
    }
    // The addresses stay taken; splitting was refused (vm.max_map_count) at worst. The pages go.
    COUNTERS.failed_maps.add(1);
    let _is_given = decommit(start, bytes);
}
