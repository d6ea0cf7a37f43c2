//! Looks through lists of free blocks for what misuse left in them.
//!
//! # Role
//! A block that stands twice on a list was freed twice; one that begins inside another was never
//! a block; a link that leads nowhere was written over. Lists are looked through some time
//! after a thread ended, when the program trims, and when the process ends.
//!
//! # Not here
//! Any path of a single allocation or free.
//!
//! # Invariants
//! - I1: whoever looks owns the list: the slab's thread, or the holder of the heaps lock.
//! - I2: at the end of the process at most [`AUDIT_LINKS`] links are looked at: microseconds.

use crate::class::CLASSES;
use crate::heap::{Heap, NO_HEAP};
use crate::raw::{self, Block};
use crate::slab::{EMPTY, Kind, Slab};
use crate::tuning::AUDIT_LINKS;
use crate::{harden, hollow, miss, misuse, owners, profile, thread};
use bedplate_telemetry::Gates;
use core::sync::atomic::Ordering;

/// Most blocks that a slab has.
const BLOCKS_MAX: usize = crate::tuning::SLICE_BYTES / 16;

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// The block stands on the list twice.
    Twice(*mut Block),
    /// The address is inside a block.
    Inside(*mut Block),
    /// The block's link leads out of the slab, or nowhere in it.
    Link(*mut Block),
}

/// The length of a slab's list. Stops the process if the list is damaged.
#[must_use]
pub(crate) fn length(slab: &'static Slab) -> u32 {
    let limit = slab.extended();
    let start = raw::start_of(slab);
    let end = start + hollow::reach(slab) as usize * slab.block_bytes();
    let mut at = slab.free.get();
    let mut count = 0;
    while !at.is_null() {
        let address = at.expose_provenance();
        if count == limit || address < start || address >= end || address & 15 != 0 {
            check(slab);
            return count;
        }
        count += 1;
        // SAFETY: the address is inside the slab's used part, and the list is ours (I1).
        at = unsafe { raw::link(at) };
    }
    count
}

/// Looks at every link of a slab's list. Returns how many there are.
fn check(slab: &'static Slab) -> u32 {
    let stopped = |block: *mut Block| -> *mut u8 { block.cast() };
    if let Some(block) = harden::first_overflown(slab) {
        misuse::overflow(block, slab);
    }
    match walk(slab) {
        Ok(count) if harden::ON => slab.extended().max(count),
        Ok(count) => count,
        Err(Wrong::Twice(block)) => {
            misuse::double_free_slow(stopped(block), slab);
            0
        }
        Err(Wrong::Inside(block)) => {
            misuse::inside(misuse::Asked::Free, stopped(block), slab);
        }
        Err(Wrong::Link(block)) => misuse::damaged(stopped(block), slab),
    }
}

fn walk(slab: &'static Slab) -> Result<u32, Wrong> {
    let mut seen = [0_u64; BLOCKS_MAX / 64];
    let mut holder: *mut Block = core::ptr::null_mut();
    let mut at = slab.free.get();
    let mut count = 0;
    while !at.is_null() {
        let Some(index) = index_of(slab, at) else {
            return Err(astray(slab, holder, at));
        };
        let bit = 1 << (index % 64);
        let Some(word) = seen.get_mut(index / 64) else {
            return Err(Wrong::Link(holder));
        };
        if *word & bit != 0 {
            return Err(Wrong::Twice(at));
        }
        *word |= bit;
        count += 1;
        holder = at;
        // SAFETY: a block of the slab, and the list is ours (I1).
        at = unsafe { raw::link(at) };
    }
    Ok(count)
}

/// The number of the block of the slab that begins at an address, if one does.
fn index_of(slab: &'static Slab, block: *mut Block) -> Option<usize> {
    let offset = block.expose_provenance().checked_sub(raw::start_of(slab))?;
    let bytes = slab.block_bytes();
    let index = offset / bytes.max(1);
    (offset.is_multiple_of(bytes) && index < hollow::reach(slab) as usize).then_some(index)
}

/// A list leads to an address where no block begins: either it was freed, and then has a link that
/// leads to a block, or the link that led there was written over.
fn astray(slab: &'static Slab, holder: *mut Block, at: *mut Block) -> Wrong {
    let address = at.expose_provenance();
    let start = raw::start_of(slab);
    let used = start..start + hollow::reach(slab) as usize * slab.block_bytes();
    let has_link = used.contains(&address) && used.contains(&(address + 7)) && address & 7 == 0;
    if has_link {
        // SAFETY: eight bytes inside the slab's used part; the list is ours (I1).
        let next = unsafe { raw::link(at) };
        if next.is_null() || index_of(slab, next).is_some() {
            return Wrong::Inside(at);
        }
    }
    if holder.is_null() {
        return Wrong::Inside(at);
    }
    Wrong::Link(holder)
}

/// The process ends: looks through this thread's lists, and those of threads that have ended.
#[cold]
pub(crate) fn at_exit<G: Gates>() {
    let heap = thread::heap();
    // Relaxed: this thread's own word. `exit` from a signal that hit a slow path must not look.
    if heap.is(&NO_HEAP) || heap.busy.load(Ordering::Relaxed) != 0 {
        return;
    }
    thread::flush_outbox::<G>();
    let mut left = AUDIT_LINKS;
    heap.while_busy(|| look_through::<G>(heap, &mut left));
    owners::each_parked(|parked| look_through::<G>(parked, &mut left));
}

fn look_through<G: Gates>(heap: &'static Heap, left: &mut u32) {
    miss::drain::<G>(heap);
    for class in 0..CLASSES {
        let slab = heap.current_of(class);
        if !slab.is(&EMPTY) && slab.kind() == Kind::Slab {
            let taken = miss::collect(slab);
            look_at(slab, left);
            profile::collected::<G>(heap, slab, taken);
        }
        look_along(heap.queue(class).first(), left);
        look_along(heap.sparse_of(class).first(), left);
    }
    look_along(heap.full.first(), left);
}

fn look_along(first: Option<&'static Slab>, left: &mut u32) {
    let mut at = first;
    // Bounded by `left`.
    while let Some(slab) = at.filter(|_| *left > 0) {
        look_at(slab, left);
        at = slab.next.get();
    }
}

fn look_at(slab: &'static Slab, left: &mut u32) {
    if *left > 0 {
        *left = left.saturating_sub(check(slab) + 1);
    }
}
