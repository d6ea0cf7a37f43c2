//! Build-time numbers of the allocator.
//!
//! # Role
//! Each number with its unit, why it is that, and its relations asserted.

/// A segment, in bytes: aligned to its own size, so that a block's address leads to it by a mask.
pub const SEGMENT_BYTES: usize = 4 << 20;
/// A slice, in bytes: the unit a segment is divided in.
pub const SLICE_BYTES: usize = 64 << 10;
/// Slices in a segment, the first of which holds metadata.
pub const SLICES: usize = SEGMENT_BYTES / SLICE_BYTES;
/// Largest request served by the direct table, in bytes: one look-up, no class arithmetic.
pub const SMALL_MAX: usize = 1024;
/// Largest request served by a size class, in bytes.
pub const CLASS_MAX: usize = 32 << 10;
/// Largest block in a slab of one slice, in bytes: at least eight blocks a slab.
pub const ONE_SLICE_MAX: usize = 8 << 10;
/// Slices of a slab for blocks above [`ONE_SLICE_MAX`].
pub const MEDIUM_SLICES: usize = 8;
/// Largest run, in slices: two of them fill a segment.
pub const RUN_SLICES_MAX: usize = 31;
/// Largest block that lives in a segment, in bytes; above it a block has its own mapping.
pub const LARGE_MAX: usize = RUN_SLICES_MAX * SLICE_BYTES;
/// A full slab takes part again once one block in this many is free. Fewer refills per slab
/// against memory that waits: 16 was the best of 8, 16 and 32 in the spike.
pub const RETURN_SHARE: u32 = 16;
/// Countdown of a slab that is being allocated from: nothing happens until the list is empty.
pub const COUNTDOWN_IDLE: u32 = u32::MAX;
/// Fresh blocks are put on a slab's list in batches of up to this many bytes ...
pub const EXTEND_BYTES: usize = 4096;
/// ... or this many blocks, whichever is more, once the slab has shown that it fills up.
pub const EXTEND_BLOCKS: u32 = 8;
/// Bytes of remote frees that one slot of a thread's outbox holds back.
pub const OUTBOX_SLOT_BYTES: u32 = 4 << 10;
/// Slots of a thread's outbox; with [`OUTBOX_SLOT_BYTES`] at most 128 KiB are held back.
pub const OUTBOX_SLOTS: usize = 32;
/// Freed memory goes back to the kernel after this long, in milliseconds.
pub const DECAY_MS: u64 = 1000;
/// Free pages of slabs in use go back after this long: they take a call of the kernel for every one or
/// two of them, and must be through by the time that the rest goes back.
pub const SPARSE_DECAY_MS: u64 = DECAY_MS / 2;
/// The purge thread starts once this many bytes wait to go back.
pub const PURGE_THREAD_BYTES: usize = 16 << 20;
/// Slices of sparse slabs that a thread's heap keeps, 4 MiB: a program that frees in the order of
/// addresses has one sparse slab of a class at a time, one of this size lends none.
pub const SPARSE_KEPT_SLICES: u32 = 64;
/// Slices that it keeps beyond, at most, 256 MiB, when what it had lent was of no use: taken back, or
/// freed to the last block, before its pages were purged ...
pub const SPARSE_KEPT_MAX: u32 = 4096;
/// ... and how long, in milliseconds.
pub const SPARSE_KEPT_MS: u64 = 10_000;
/// First region mapped, in bytes; each further one is as large as all before, up to
/// [`REGION_MAX`].
pub const REGION_FIRST: usize = 16 << 20;
/// Largest region mapped at once, in bytes.
pub const REGION_MAX: usize = 1 << 30;
/// Extents of freed huge mappings that are kept, at most: neighbours are one.
pub const HUGE_EXTENTS: usize = 64;
/// Bytes of them that are kept whatever is live. 64 MiB was no faster where little is live, and
/// twice the peak.
pub const HUGE_KEPT_BYTES: usize = 16 << 20;
/// Above that, kept and live mappings together may be larger than the live ones were lately, by one
/// part in this many: blocks of other sizes leave gaps that nothing fits in. Of 20 live blocks of
/// 5 to 25 MiB each replacement costs 1.4 times as much with 8, and 4 has still the smaller peak.
pub const HUGE_KEPT_SHARE: usize = 4;
/// Of the mappings of live huge blocks one part in this many may be touched pages behind the blocks'
/// ends, from before: to give them back and have them again costs more than the blocks' own use.
pub const HUGE_WASTE_SHARE: usize = 8;
/// Misses of the hit path for each guarded block of the hardened build: a sample costs two or three
/// calls of the kernel and a page fault, some microseconds, as much as 64 misses: at one in 64 a
/// small program took a fifth longer.
pub const GUARDED_MISSES: usize = 1024;
/// Links of free blocks that are looked at when the process ends, at most: some microseconds.
pub const AUDIT_LINKS: u32 = 8192;
/// Parked heaps looked into for a slab before a fresh one is taken.
pub const PARKED_LOOKS: usize = 4;

const _: () = assert!(SLICES == 64, "slice maps are 64-bit words");
const _: () = assert!(
    MEDIUM_SLICES * SLICE_BYTES / CLASS_MAX >= 8,
    "at least eight blocks a slab"
);
const _: () = assert!(
    SLICE_BYTES / ONE_SLICE_MAX >= 8,
    "at least eight blocks a slab"
);
const _: () = assert!(
    2 * RUN_SLICES_MAX < SLICES,
    "two largest runs fit beside the metadata"
);
const _: () = assert!(
    OUTBOX_SLOT_BYTES as usize * OUTBOX_SLOTS <= 128 << 10,
    "held-back bytes are bounded"
);
