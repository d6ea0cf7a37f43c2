//! The records of a segment's slices.
//!
//! # Role
//! [`Slab`] is what the hit paths read and write, one cache line, the owner's alone; [`Shared`]
//! is the line that other threads write. Both stand out of line, in the first slice of their
//! segment, where an overflowing block cannot reach them.
//!
//! # Invariants
//! - I1: records of pool segments are never unmapped, so `&'static` is true of them.
//! - I2: `free`, `next`, `prev` are touched only by the thread whose number is the slab's owner's
//!   word (`segment.rs`), or, where that is 0, by the holder of the heaps lock; hence `Slab` is `Sync`.
//! - I3: a slab is in one place at a time: current of its class, on its heap's full list, in
//!   its class's queue or list of sparse slabs, or free in the pool (`state`).
//! - I4: with `state` `Full`, `countdown` is the number of frees until the slab is queued; with
//!   `Queued` until it is sparse; with `Sparse` it is the number of blocks that are not on the list;
//!   with `Current` it is idle.
//!
//! # Concurrency
//! Fields that statistics read from other threads are atomics with relaxed plain accesses.

use crate::heap::{Heap, sparse_limit};
use crate::raw::Block;
use crate::remote::RemoteList;
use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

/// What a slice is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Free, or never used.
    Free = 0,
    /// The first slice of a slab.
    Slab = 1,
    /// A further slice of a slab; `free` leads to the first one's record.
    Interior = 2,
    /// The first slice of a run that is one large block.
    Large = 3,
    /// The start of a block with a mapping of its own.
    Huge = 4,
    /// The first slice of a slab whose blocks are samples of a heap profile.
    Sampled = 5,
    /// A slice of the area of guarded blocks.
    Guarded = 6,
}

/// Where a slab is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// Allocated from.
    Current = 0,
    /// All blocks handed out.
    Full = 1,
    /// Some blocks free, waiting to be allocated from.
    Queued = 2,
    /// The same with few blocks handed out.
    Sparse = 3,
}

/// The owner's line of a slab.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Slab {
    /// First free block. Of an interior slice: the slab's first record.
    pub(crate) free: Cell<*mut Block>,
    /// Frees until something is to be done (I4). Written by the owner.
    pub(crate) countdown: AtomicU32,
    /// Size of a block, in bytes. Written when the slab is taken.
    pub(crate) block_bytes: AtomicU32,
    /// Blocks that fit. Written when the slab is taken.
    pub(crate) capacity: AtomicU16,
    /// Blocks that were ever on the list, but for those that left it with their page (`hollow.rs`).
    /// Written by the owner.
    pub(crate) extended: AtomicU16,
    /// Size class. Written when the slab is taken.
    pub(crate) class: AtomicU8,
    /// What the slice is part of. Written under the pool's lock.
    pub(crate) kind: AtomicU8,
    /// Where the slab is. Written by the owner.
    pub(crate) state: AtomicU8,
    /// Slices of the slab or run. Written under the pool's lock.
    pub(crate) slices: AtomicU8,
    /// Next on the full list or in the queue.
    pub(crate) next: Cell<Option<&'static Self>>,
    /// Previous on the full list or in the queue.
    pub(crate) prev: Cell<Option<&'static Self>>,
    /// Watched, or told and not yet taken from the ready stack. The owner's.
    pub(crate) watched: Cell<bool>,
    /// Of a large block: it is a live sample of the profile. Written by whoever may give it back.
    pub(crate) sampled: AtomicBool,
}

/// The line of a slab that others write.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Shared {
    /// Blocks freed by others.
    pub(crate) remote: RemoteList,
    /// The heap whose ready stack to use. Written when the slab changes hands, before `watch`.
    pub(crate) heap: AtomicPtr<Heap>,
    /// Link of the ready stack. Written by the thread that must tell.
    pub(crate) ready_next: AtomicU64,
    /// Of a large block: the bytes that may be used.
    pub(crate) usable_bytes: AtomicUsize,
    /// The remote list when the purge thread last looked (`quiet.rs`), and when it first was so,
    /// in coarse milliseconds. Written by the purge thread. `sparse.rs` uses the time otherwise.
    pub(crate) seen: AtomicU64,
    pub(crate) seen_ms: AtomicU64,
    /// Pages in the slab that went back to the kernel, by bit (`hollow.rs`). Written by the owner.
    pub(crate) purged: [AtomicU64; 2],
}

const _: () = assert!(size_of::<Slab>() == 64);
const _: () = assert!(size_of::<Shared>() == 64);

impl Slab {
    /// A record of a slice that is free.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self {
            free: Cell::new(null_mut()),
            countdown: AtomicU32::new(0),
            block_bytes: AtomicU32::new(0),
            capacity: AtomicU16::new(0),
            extended: AtomicU16::new(0),
            class: AtomicU8::new(0),
            kind: AtomicU8::new(0),
            state: AtomicU8::new(0),
            slices: AtomicU8::new(0),
            next: Cell::new(None),
            prev: Cell::new(None),
            watched: Cell::new(false),
            sampled: AtomicBool::new(false),
        }
    }

    /// The record's address as a number, as the ready stack links it.
    #[must_use]
    pub(crate) fn address(&'static self) -> u64 {
        core::ptr::from_ref(self).expose_provenance() as u64
    }

    /// True if both are the same record.
    #[must_use]
    pub(crate) fn is(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }

    /// What the slice is part of.
    #[must_use]
    pub(crate) fn kind(&self) -> Kind {
        // Relaxed: written before the block's address was handed out.
        match self.kind.load(Ordering::Relaxed) {
            1 => Kind::Slab,
            2 => Kind::Interior,
            3 => Kind::Large,
            4 => Kind::Huge,
            5 => Kind::Sampled,
            6 => Kind::Guarded,
            _ => Kind::Free,
        }
    }

    /// Where the slab is.
    #[must_use]
    pub(crate) fn state(&self) -> State {
        // Relaxed: the owner's own word.
        match self.state.load(Ordering::Relaxed) {
            0 => State::Current,
            1 => State::Full,
            2 => State::Queued,
            _ => State::Sparse,
        }
    }

    /// True if all blocks are handed out.
    #[must_use]
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        // Relaxed: the owner's own word.
        self.state.load(Ordering::Relaxed) == State::Full as u8
    }

    /// Moves the slab to a state with its countdown (I4).
    pub(crate) fn enter(&self, state: State, countdown: u32) {
        // Relaxed: the owner's own words; statistics take any recent value.
        self.state.store(state as u8, Ordering::Relaxed);
        self.countdown.store(countdown, Ordering::Relaxed);
    }

    /// Size of a block, in bytes.
    #[must_use]
    pub(crate) fn block_bytes(&self) -> usize {
        // Relaxed: constant while the slab is in use.
        self.block_bytes.load(Ordering::Relaxed) as usize
    }

    /// Size class.
    #[must_use]
    pub(crate) fn class(&self) -> usize {
        // Relaxed: constant while the slab is in use.
        usize::from(self.class.load(Ordering::Relaxed))
    }

    /// Slices of the slab or run.
    #[must_use]
    pub(crate) fn slices(&self) -> usize {
        // Relaxed: constant while the slab is in use, but for runs that are resized under the
        // pool's lock by the block's owner.
        usize::from(self.slices.load(Ordering::Relaxed))
    }

    /// Blocks that fit.
    #[must_use]
    pub(crate) fn capacity(&self) -> u32 {
        // Relaxed: constant while the slab is in use.
        u32::from(self.capacity.load(Ordering::Relaxed))
    }

    /// Of a queued or sparse slab, the blocks that are not on its list (I4).
    #[must_use]
    pub(crate) fn out(&self) -> u32 {
        // Relaxed: the owner's own word; statistics take any recent value.
        let countdown = self.countdown.load(Ordering::Relaxed);
        if self.state() == State::Queued {
            countdown.saturating_add(sparse_limit(self.capacity()))
        } else {
            countdown
        }
    }

    /// Blocks that were ever on the list, but for those that left it with their page.
    #[must_use]
    pub(crate) fn extended(&self) -> u32 {
        // Relaxed: the owner's own word.
        u32::from(self.extended.load(Ordering::Relaxed))
    }
}

impl Default for Slab {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    /// The shared line of a slice that is free.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self {
            remote: RemoteList::new(),
            heap: AtomicPtr::new(null_mut()),
            ready_next: AtomicU64::new(0),
            usable_bytes: AtomicUsize::new(0),
            seen: AtomicU64::new(0),
            seen_ms: AtomicU64::new(0),
            purged: [const { AtomicU64::new(0) }; 2],
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new()
    }
}

/// The record that stands for "no slab": its list is always empty, so the first allocation of a
/// class takes the slow path without a check of its own. Never written.
pub(crate) static EMPTY: Slab = Slab::new();
