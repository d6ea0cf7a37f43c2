//! The pointer layer: from a block to its records, and the links inside free blocks.
//!
//! # Role
//! Every conversion of an address to a record and every access to memory of blocks is here.
//!
//! # Not here
//! Decisions: callers decide what to link, this file does it.
//!
//! # Invariants
//! - I1: a block's segment is found from `address - 1`, its slice from `address`: so a block at a
//!   multiple of 4 MiB (alignments of 4 MiB and more) belongs to the segment before it, slice 0.
//! - I2: a block handed out by this allocator lies in a mapped segment whose first 12 KiB are
//!   owners' words and records (`segment.rs`).
//! - I3: the first 8 bytes of a free block are its link and belong to whoever owns the block.

use crate::harden;
use crate::segment::{Header, RECORDS_OFFSET, SHARED_OFFSET};
use crate::slab::{Shared, Slab};
use crate::tuning::{SEGMENT_BYTES, SLICE_BYTES, SLICES};
use core::ptr::NonNull;
use core::sync::atomic::AtomicUsize;

/// A block of memory; its first word is a link while it is free.
#[derive(Debug)]
#[repr(C, align(16))]
pub(crate) struct Block {
    next: *mut Self,
}

/// A slice, as an address leads to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    segment: usize,
    /// Offset of the slice's owner's word, an eighth of that of its record among the records: so
    /// both are one operand away on x86-64.
    word: usize,
}

impl Place {
    /// The slice that an address lies in.
    #[must_use]
    #[inline(always)]
    pub(crate) fn of(block: NonNull<u8>) -> Self {
        let address = block.as_ptr().expose_provenance();
        Self {
            segment: (address - 1) & !(SEGMENT_BYTES - 1),
            // `address / SLICE_BYTES % SLICES * 8`, in one shift and one mask.
            word: (address >> (SLICE_BYTES.trailing_zeros() - 3)) & ((SLICES - 1) << 3),
        }
    }

    /// Its record.
    ///
    /// # Safety
    /// - The address was handed out by this allocator and not given back (raw I2); for a foreign
    ///   one the record may be unmapped.
    #[must_use]
    #[inline(always)]
    pub(crate) unsafe fn slab(self) -> &'static Slab {
        let record: *const Slab = core::ptr::with_exposed_provenance(self.record());
        // SAFETY: by I2 the segment has 64 records of 64 bytes there; slabs of pool segments are
        // never unmapped, and a huge block's record lives as long as the block.
        unsafe { &*record }
    }

    /// The record's address. In assembly because LLVM makes two instructions of it, which are not
    /// faster: one instruction on every free.
    #[inline(always)]
    #[cfg(all(target_arch = "x86_64", not(miri), not(bedplate_portable)))]
    fn record(self) -> usize {
        const { assert!(size_of::<Slab>() / size_of::<usize>() == 8) };
        let record;
        // SAFETY: computes a number.
        unsafe {
            core::arch::asm!(
                "lea {record}, [{segment} + 8*{word} + {records}]",
                record = lateout(reg) record,
                segment = in(reg) self.segment,
                word = in(reg) self.word,
                records = const RECORDS_OFFSET,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        record
    }

    /// The portable twin of the above.
    #[inline(always)]
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(bedplate_portable))))]
    fn record(self) -> usize {
        self.segment + RECORDS_OFFSET + self.word * (size_of::<Slab>() / size_of::<usize>())
    }

    /// The segment, and the offset of the owner's word in it.
    #[must_use]
    #[inline(always)]
    #[cfg(all(target_arch = "x86_64", not(miri), not(bedplate_portable)))]
    pub(crate) fn owner_at(self) -> (usize, usize) {
        (self.segment, self.word)
    }

    /// The owner's word.
    ///
    /// # Safety
    /// - As [`slab`](Self::slab).
    #[must_use]
    #[inline(always)]
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(bedplate_portable))))]
    pub(crate) unsafe fn owner(self) -> &'static AtomicUsize {
        let word: *const AtomicUsize = core::ptr::with_exposed_provenance(self.segment + self.word);
        // SAFETY: as of the record, before which the owners' words stand.
        unsafe { &*word }
    }
}

/// The record of the slice an address lies in.
///
/// # Safety
/// - `block` was handed out by this allocator and not given back (raw I2); for a foreign address
///   the record may be unmapped.
#[must_use]
#[inline(always)]
pub(crate) unsafe fn slab_of(block: NonNull<u8>) -> &'static Slab {
    // SAFETY: the caller's duty.
    unsafe { Place::of(block).slab() }
}

/// The owner's word of a record: the thread that may touch it without a lock; 0 for none.
#[must_use]
#[inline]
pub(crate) fn owner(slab: &Slab) -> &'static AtomicUsize {
    let word: *const AtomicUsize = core::ptr::with_exposed_provenance(
        segment_of(slab) + slice_index(slab) * size_of::<AtomicUsize>(),
    );
    // SAFETY: records live only in segments (nobody asks for the static EMPTY's owner), which start
    // with 64 such words.
    unsafe { &*word }
}

/// The first record of the slab that an interior slice belongs to.
///
/// # Safety
/// - `interior.kind()` is `Interior`.
#[must_use]
#[inline]
pub(crate) unsafe fn head_of(interior: &'static Slab) -> &'static Slab {
    let head: *const Slab =
        core::ptr::with_exposed_provenance(interior.free.get().expose_provenance());
    // SAFETY: an interior record holds the address of its slab's first record (slab I1).
    unsafe { &*head }
}

/// The shared line of a record.
#[must_use]
#[inline]
pub(crate) fn shared(slab: &'static Slab) -> &'static Shared {
    let at = core::ptr::from_ref(slab).expose_provenance() + SHARED_OFFSET;
    let line: *const Shared = core::ptr::with_exposed_provenance(at);
    // SAFETY: records live only in segments (the static EMPTY has no shared line and no caller
    // asks for it), where the shared lines stand SHARED_OFFSET behind.
    unsafe { &*line }
}

/// The header of the segment that a record stands in.
#[must_use]
#[inline]
pub(crate) fn header(slab: &'static Slab) -> &'static Header {
    let at = core::ptr::from_ref(slab).expose_provenance() & !(SEGMENT_BYTES - 1);
    Header::at(at)
}

/// The record at a number that the ready stack held.
///
/// # Safety
/// - The number came from [`Slab::address`] of a record in a pool segment.
#[must_use]
pub(crate) unsafe fn slab_at(address: u64) -> &'static Slab {
    #[expect(clippy::cast_possible_truncation, reason = "addresses fit")]
    let record: *const Slab = core::ptr::with_exposed_provenance(address as usize);
    // SAFETY: the caller's duty.
    unsafe { &*record }
}

/// The address of the segment, or the start of the huge block's mapping, that a record stands in.
#[must_use]
pub(crate) fn segment_of(slab: &Slab) -> usize {
    core::ptr::from_ref(slab).expose_provenance() & !(SEGMENT_BYTES - 1)
}

/// The index of a record in its segment.
#[must_use]
pub(crate) fn slice_index(slab: &Slab) -> usize {
    let address = core::ptr::from_ref(slab).expose_provenance();
    ((address & (SEGMENT_BYTES - 1)) - RECORDS_OFFSET) / size_of::<Slab>()
}

/// The first byte of the memory that a record describes.
#[must_use]
pub(crate) fn start_of(slab: &'static Slab) -> usize {
    let address = core::ptr::from_ref(slab).expose_provenance();
    (address & !(SEGMENT_BYTES - 1)) + slice_index(slab) * SLICE_BYTES
}

/// True if an address is the start of a block of a slab whose blocks have `bytes`.
#[must_use]
#[inline(always)]
pub(crate) fn is_block(slab: &'static Slab, block: *mut Block, bytes: usize) -> bool {
    let offset = block.expose_provenance().wrapping_sub(start_of(slab));
    // A slab has at most 512 KiB, and a division of 32 bits is the faster one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "block sizes and offsets are below 2^32"
    )]
    let (offset, bytes) = (offset as u32, bytes as u32);
    bytes != 0 && offset % bytes == 0
}

/// The start of the slice that a block lies in, and the block's offset in it.
#[must_use]
#[inline(always)]
pub(crate) fn in_slice(block: *mut Block) -> (usize, u32) {
    let address = block.expose_provenance();
    #[expect(clippy::cast_possible_truncation, reason = "a slice has 64 KiB")]
    let offset = (address & (SLICE_BYTES - 1)) as u32;
    (address & !(SLICE_BYTES - 1), offset)
}

/// The place of a block in its slab, in sixteenths of bytes from the slab's start.
#[must_use]
#[inline(always)]
pub(crate) fn place_in(slab: &'static Slab, block: *mut Block) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a slab has at most 512 KiB"
    )]
    let place = (block.expose_provenance().wrapping_sub(start_of(slab)) / 16) as u16;
    place
}

/// The block at a place in its slab.
#[must_use]
#[inline(always)]
pub(crate) fn block_in(slab: &'static Slab, place: u16) -> *mut Block {
    core::ptr::with_exposed_provenance_mut(start_of(slab) + usize::from(place) * 16)
}

/// The link of a free block.
///
/// # Safety
/// - The caller owns the block, and it is free (raw I3).
#[must_use]
#[inline(always)]
pub(crate) unsafe fn link(block: *mut Block) -> *mut Block {
    // SAFETY: the caller's duty.
    harden::coded(block, unsafe { stored_link(block) })
}

/// The link of a free block as it is stored.
///
/// # Safety
/// - The caller owns the block, and it is free (raw I3).
#[must_use]
#[inline(always)]
pub(crate) unsafe fn stored_link(block: *mut Block) -> *mut Block {
    // SAFETY: blocks are at least 16 bytes and aligned to 16.
    unsafe { (*block).next }
}

/// Sets the link of a free block, coded already.
///
/// # Safety
/// - The caller owns the block, and it is free (raw I3).
#[inline(always)]
pub(crate) unsafe fn store_link(block: *mut Block, stored: *mut Block) {
    // SAFETY: blocks are at least 16 bytes and aligned to 16.
    unsafe { (*block).next = stored };
}

/// Sets the link of a free block.
///
/// # Safety
/// - The caller owns the block, and it is free (raw I3).
#[inline(always)]
pub(crate) unsafe fn set_link(block: *mut Block, next: *mut Block) {
    // SAFETY: the caller's duty.
    unsafe { store_link(block, harden::coded(block, next)) };
}

/// Links `count` fresh blocks of `block_bytes` from `first` on into a chain that ends at `end`.
///
/// # Safety
/// - The memory is part of a slab that the caller owns, and was never on a list.
pub(crate) unsafe fn chain(
    first: usize,
    block_bytes: usize,
    count: u32,
    end: *mut Block,
) -> *mut Block {
    let mut next = end;
    let mut order = [0_u8; 256];
    if harden::ON {
        harden::shuffle(order.get_mut(..count as usize).unwrap_or(&mut []));
    }
    for i in (0..count as usize).rev() {
        let number = if harden::ON { usize::from(order[i]) } else { i };
        let at = first + number * block_bytes;
        let block: *mut Block = core::ptr::with_exposed_provenance_mut(at);
        // SAFETY: the block is inside the caller's range.
        unsafe { harden::make_free(block, block_bytes) };
        // SAFETY: as above.
        unsafe { set_link(block, next) };
        next = block;
    }
    next
}

/// The last block of a chain of `count`.
///
/// # Safety
/// - The caller owns the chain.
#[must_use]
pub(crate) unsafe fn last(head: *mut Block, count: u32) -> *mut Block {
    let mut block = head;
    for _ in 1..count {
        // SAFETY: inside the chain every link leads to a block of it.
        block = unsafe { link(block) };
    }
    block
}

/// How many blocks a chain has, at most `limit`.
///
/// # Safety
/// - The caller owns the chain, which ends in null.
#[must_use]
pub(crate) unsafe fn length(head: *mut Block, limit: u32) -> u32 {
    let mut block = head;
    let mut count = 0;
    while !block.is_null() && count < limit {
        count += 1;
        // SAFETY: inside the chain every link leads to a block of it.
        block = unsafe { link(block) };
    }
    count
}

/// One less on the countdown of a slab, and `event` when that makes zero.
///
/// On x86-64 one instruction and a branch: LLVM does not fuse relaxed load, subtract, store and
/// test, and a plain field would be a data race with statistics.
#[inline(always)]
#[cfg(all(target_arch = "x86_64", not(miri), not(bedplate_portable)))]
pub(crate) fn count_down(slab: &'static Slab, event: impl FnOnce(&'static Slab)) {
    let record = core::ptr::from_ref(slab);
    // SAFETY: the field is a live, aligned 32-bit word that only the owner writes; the jump goes
    // to the block below.
    unsafe {
        core::arch::asm!(
            "sub dword ptr [{record} + {offset}], 1",
            "jz {done}",
            record = in(reg) record,
            offset = const core::mem::offset_of!(Slab, countdown),
            done = label { event(slab) },
            options(nostack)
        );
    }
}

/// The portable twin of the above.
#[inline(always)]
#[cfg(not(all(target_arch = "x86_64", not(miri), not(bedplate_portable))))]
pub(crate) fn count_down(slab: &'static Slab, event: impl FnOnce(&'static Slab)) {
    // Relaxed: only the owner writes.
    let left = slab
        .countdown
        .load(core::sync::atomic::Ordering::Relaxed)
        .wrapping_sub(1);
    slab.countdown
        .store(left, core::sync::atomic::Ordering::Relaxed);
    if left == 0 {
        event(slab);
    }
}
