//! Slabs of threads that sleep.
//!
//! # Role
//! Give back the memory of slabs whose blocks were all freed by other threads while their owner
//! does not look: a thread that allocated much and now waits for something. Called by the purge
//! thread.
//!
//! # Not here
//! Slabs of threads that ended (`owners.rs`) and free slices (`pool.rs`).
//!
//! # How it works
//! When a slab's remote list has as many blocks as the slab, nothing of it is in use and nothing
//! is on its owner's list. Such a list that stayed the same for the decay time is claimed with one
//! exchange, the pages go back, and the list then says so: its owner finds a slab as fresh as from
//! the pool. The slab stays its owner's; only the memory goes.
//!
//! # Invariants
//! - I1: a claim begins and ends while the pool is locked, so a fork finds none.

use crate::heap::{Heap, Standing};
use crate::owners::HEAPS;
use crate::pool::POOL;
use crate::purge;
use crate::raw::{self, Block};
use crate::slab::{Kind, Slab};
use crate::tuning::{DECAY_MS, PURGE_THREAD_BYTES, SLICE_BYTES};
use bedplate_os::{clock, pages};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

/// Slices told of, at each multiple of which the purge thread is started.
#[expect(clippy::cast_possible_truncation, reason = "256")]
const START_SLICES: u32 = (PURGE_THREAD_BYTES / SLICE_BYTES) as u32;
/// Slices told of from which on a heap is looked at.
const LOOK_SLICES: u32 = START_SLICES / 4;

/// Blocks on all remote lists at the last look. Written by the purge thread.
static BLOCKS: AtomicU64 = AtomicU64::new(0);

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No thread leaves much lying.
    Nothing,
    /// Threads leave much lying, of which nothing can be given back as yet.
    Watched,
    /// Something waits for its time, or blocks still come back.
    Waiting,
}

/// A slab of a heap was told of.
pub(crate) fn told(heap: &Heap, slab: &Slab) {
    #[expect(clippy::cast_possible_truncation, reason = "at most 31")]
    let slices = slab.slices() as u32;
    // Relaxed: a count orders nothing.
    let before = heap.told.fetch_add(slices, Ordering::Relaxed);
    if before / START_SLICES != before.wrapping_add(slices) / START_SLICES {
        purge::start_helper();
    }
}

/// Gives back what waited long enough.
pub(crate) fn look() -> Found {
    let mut found = Found::Nothing;
    let mut quiet = false;
    HEAPS.for_each(|heap| {
        let attached = heap.standing.load(Ordering::Relaxed) == Standing::Attached as u8;
        if !attached || heap.told.load(Ordering::Relaxed) < LOOK_SLICES {
            return;
        }
        found = Found::Watched;
        let drains = heap.drains.load(Ordering::Relaxed);
        quiet |= heap.seen_drains.swap(drains, Ordering::Relaxed) == drains;
    });
    // The owner of a heap that was drained since the last look is awake and reuses its slabs.
    if quiet {
        let now = clock::coarse_ms();
        let mut blocks = 0_u64;
        POOL.for_each_record(|slab| {
            blocks += u64::from(raw::shared(slab).remote.glance().blocks());
            if waits(slab, now) {
                found = Found::Waiting;
            }
        });
        // While blocks come back, more slabs may soon be free.
        if BLOCKS.swap(blocks, Ordering::Relaxed) != blocks {
            found = Found::Waiting;
        }
    }
    found
}

/// Gives a slab's memory back if all of it is free and has been for the decay time; true if it
/// is free, but not for so long.
fn waits(slab: &'static Slab, now: u64) -> bool {
    let shared = raw::shared(slab);
    let seen = shared.remote.glance();
    // Relaxed: snapshots; what they say is looked at again once the list is claimed.
    if seen.blocks() == 0 || seen.blocks() != slab.capacity() {
        return false;
    }
    if shared.seen.swap(seen.number(), Ordering::Relaxed) != seen.number() {
        shared.seen_ms.store(now, Ordering::Relaxed);
        return true;
    }
    // One look of the time has passed before the first sight, on average half.
    if now.saturating_sub(shared.seen_ms.load(Ordering::Relaxed)) + purge::LOOK_MS < DECAY_MS {
        return true;
    }
    POOL.while_locked(|| {
        let Some(claimed) = shared.remote.claim(seen) else {
            return;
        };
        // While the list is claimed its owner cannot give the slab up, so these stay as they are.
        let whole = slab.kind() == Kind::Slab && slab.capacity() == claimed.count;
        if whole {
            give_back(slab);
            shared.remote.purged(claimed.count);
            shared.seen.store(0, Ordering::Relaxed);
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "addresses fit")]
        let head: *mut Block = core::ptr::with_exposed_provenance_mut(claimed.head as usize);
        // SAFETY: the chain is ours by the claim.
        let tail = unsafe { raw::last(head, claimed.count) };
        #[expect(clippy::cast_possible_truncation, reason = "addresses fit")]
        let link = |next: u64| {
            // SAFETY: the tail is a free block of ours until the claim ends.
            unsafe { raw::set_link(tail, core::ptr::with_exposed_provenance_mut(next as usize)) };
        };
        shared.remote.unclaim(claimed, link);
        // Not again before the decay time.
        shared.seen_ms.store(now, Ordering::Relaxed);
    });
    false
}

/// Gives back what the kernel takes. Where it refuses (locked pages) it may have taken a part, so
/// the links are gone in any case; but the slices are still dirty.
fn give_back(slab: &'static Slab) {
    let bytes = slab.slices() * SLICE_BYTES;
    let start: *mut u8 = core::ptr::with_exposed_provenance_mut(raw::start_of(slab));
    let Some(start) = NonNull::new(start) else {
        return;
    };
    // SAFETY: all blocks of the slab are free and their chain is ours by the claim: nobody reads
    // or writes the slab's memory.
    if unsafe { pages::decommit(start, bytes) }.is_ok() {
        crate::counters::COUNTERS.purged_bytes.add(bytes as u64);
    } else {
        crate::counters::COUNTERS.failed_advice.add(1);
        raw::header(slab).soil(raw::slice_index(slab), slab.slices());
    }
}
