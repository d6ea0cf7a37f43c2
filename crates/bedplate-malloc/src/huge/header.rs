//! What stands in front of a huge block.
//!
//! # Role
//! The record and the header that a block's address leads to.
//!
//! # Invariants
//! - I1: a huge block's header is the first page of the segment-aligned 4 MiB that
//!   `raw::slab_of` leads to; the record for its slice has kind `Huge`, and [`HugeHeader`] stands
//!   at the page's end.

use crate::harden;
use crate::raw;
use crate::segment::RECORDS_OFFSET;
use crate::slab::{Kind, Slab};
use crate::tuning::SEGMENT_BYTES;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of records and header.
const PAGE_BYTES: usize = 4096;
/// Offset of the header from the segment-aligned start.
pub(crate) const HUGE_HEADER_OFFSET: usize = PAGE_BYTES - size_of::<HugeHeader>();
/// Slices whose records stand in a header page.
const SLICES_BEFORE_BLOCKS: usize = (PAGE_BYTES - RECORDS_OFFSET) / size_of::<Slab>();
/// What a huge block says in its header: "bedphuge" in bytes.
pub(crate) const HUGE_MAGIC: u64 = u64::from_le_bytes(*b"bedphuge");

/// The header of a huge block: the last bytes of the page of records, of which only those for
/// slices 1 to 32 and number 0 are ever used by huge blocks.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HugeHeader {
    /// [`HUGE_MAGIC`].
    pub magic: AtomicUsize,
    /// Address of the block.
    pub block: AtomicUsize,
    /// Bytes of the block: whole OS pages.
    pub block_bytes: AtomicUsize,
    /// Bytes from the header's start to the end of the mapping.
    pub mapped_bytes: AtomicUsize,
    /// Bytes from the header's start behind which nothing was touched before the block was taken.
    pub touched_bytes: AtomicUsize,
    /// Address of the next header on the list of live blocks, 0 at the end.
    pub next: AtomicUsize,
    /// Address of the previous header, 0 at the start.
    pub prev: AtomicUsize,
    /// Bytes of the block that may be used, in the hardened build.
    pub usable: AtomicUsize,
}

impl HugeHeader {
    pub(super) fn at(start: usize) -> &'static Self {
        let header: *const Self = core::ptr::with_exposed_provenance(start + HUGE_HEADER_OFFSET);
        // SAFETY: callers pass the start of a huge block's mapping, under the lock or as the
        // block's owner; zero pages are a valid header.
        unsafe { &*header }
    }

    /// Writes what is known of a block whose mapping starts at `start`, and its record; the list's
    /// words are the list's.
    pub(super) fn write(start: usize, sizes: Sizes) -> Option<(&'static Self, NonNull<u8>)> {
        let header = Self::at(start);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "addresses have 64 bits here"
        )]
        header.magic.store(HUGE_MAGIC as usize, Ordering::Relaxed);
        header.store(start, sizes);
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut(start + sizes.offset))?;
        // SAFETY: the header page is mapped and `slab_of` leads into it (I1).
        let slab = unsafe { raw::slab_of(block) };
        raw::owner(slab).store(0, Ordering::Relaxed);
        slab.kind.store(Kind::Huge as u8, Ordering::Relaxed);
        Some((header, block))
    }

    pub(super) fn store(&self, start: usize, sizes: Sizes) {
        self.block.store(start + sizes.offset, Ordering::Relaxed);
        self.block_bytes.store(sizes.block, Ordering::Relaxed);
        self.mapped_bytes.store(sizes.mapped, Ordering::Relaxed);
        self.touched_bytes.store(sizes.touched, Ordering::Relaxed);
    }

    pub(super) fn sizes(&self) -> Sizes {
        let header = core::ptr::from_ref(self).expose_provenance();
        let block = self.block.load(Ordering::Relaxed);
        Sizes {
            offset: block + HUGE_HEADER_OFFSET - header,
            block: self.block_bytes.load(Ordering::Relaxed),
            mapped: self.mapped_bytes.load(Ordering::Relaxed),
            touched: self.touched_bytes.load(Ordering::Relaxed),
        }
    }
}

/// The sizes in a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Of what stands before the block.
    pub(super) offset: usize,
    /// Of the block.
    pub(super) block: usize,
    /// Of the mapping.
    pub(super) mapped: usize,
    /// Of what was touched, from the mapping's start.
    pub(super) touched: usize,
}

impl Sizes {
    /// The block's end, from the mapping's start.
    pub(super) const fn end(self) -> usize {
        self.offset + self.block
    }

    /// What was touched behind the block's end.
    pub(super) const fn waste(self) -> usize {
        self.touched.saturating_sub(self.end())
    }
}

/// Makes the page at the start of a mapping read as records that are nobody's: blocks may have
/// been there before.
///
/// # Safety
/// - The mapping is the caller's, and nobody else knows of it.
pub(super) unsafe fn wipe(start: usize) {
    let page: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the caller's; every mapping has at least a page.
    unsafe { page.write_bytes(0, PAGE_BYTES) };
}

/// The header of the huge block that a record belongs to.
#[must_use]
pub(crate) fn header_of(slab: &'static Slab) -> &'static HugeHeader {
    HugeHeader::at(start_of(slab))
}

/// The record of the huge block around an address that leads to `slab`, where that is no record but
/// contents of the block: the records of the last slices would stand behind the header page. Such an
/// address is none that was handed out.
#[must_use]
#[inline(always)]
pub(crate) fn around(slab: &'static Slab) -> Option<&'static Slab> {
    if raw::slice_index(slab) < SLICES_BEFORE_BLOCKS {
        return None;
    }
    around_slow(slab)
}

#[cold]
#[inline(never)]
fn around_slow(slab: &'static Slab) -> Option<&'static Slab> {
    let header = HugeHeader::at(raw::segment_of(slab));
    // In a segment of the pool that word is the list of a slab: an address, or null.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "addresses have 64 bits here"
    )]
    let is_huge = header.magic.load(Ordering::Relaxed) == HUGE_MAGIC as usize;
    if !is_huge {
        return None;
    }
    let block = header.block.load(Ordering::Relaxed);
    let block = NonNull::new(core::ptr::with_exposed_provenance_mut(block))?;
    // SAFETY: a huge block's header holds its address, which leads into the header page (I1).
    Some(unsafe { raw::slab_of(block) })
}

/// The bytes of a huge block that may be used.
#[must_use]
pub(crate) fn usable_of(slab: &'static Slab) -> usize {
    let header = header_of(slab);
    if harden::ON {
        return header.usable.load(Ordering::Relaxed);
    }
    header.block_bytes.load(Ordering::Relaxed)
}

/// Notes and seals what of a block may be used, in the hardened build.
pub(super) fn seal(block: NonNull<u8>, usable: usize) {
    if !harden::ON {
        return;
    }
    // SAFETY: the block is a live huge one (I1).
    let slab = unsafe { raw::slab_of(block) };
    header_of(slab).usable.store(usable, Ordering::Relaxed);
    harden::seal(slab, block.as_ptr().expose_provenance(), usable);
}

/// The address of the block whose mapping starts there.
#[must_use]
pub(crate) fn block_at(start: usize) -> usize {
    HugeHeader::at(start).block.load(Ordering::Relaxed)
}

/// The bytes of the huge block that began at an address, if its mapping is kept since it was freed.
#[must_use]
pub(crate) fn freed_bytes(slab: &'static Slab, address: usize) -> Option<usize> {
    let header = header_of(slab);
    let was_block = header.magic.load(Ordering::Relaxed) == 0
        && header.block.load(Ordering::Relaxed) == address;
    was_block.then(|| header.block_bytes.load(Ordering::Relaxed))
}

pub(super) fn start_of(slab: &'static Slab) -> usize {
    core::ptr::from_ref(slab).expose_provenance() & !(SEGMENT_BYTES - 1)
}
