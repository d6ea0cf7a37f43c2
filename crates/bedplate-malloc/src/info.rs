//! Figures of this process, from within.
//!
//! # Role
//! Walk the records and add up what is live, for `mallinfo2` and `malloc_info`.
//!
//! # Concurrency
//! Other threads go on meanwhile; the sums are as of about one time. Blocks on the list of
//! another thread's current slab cannot be counted from here and count as live.

use crate::class::CLASSES;
use crate::heap::NO_HEAP;
use crate::huge::{HUGE, HugeHeader};
use crate::pool::POOL;
use crate::segment::Header;
use crate::slab::{EMPTY, Kind, Slab, State};
use crate::tuning::{SEGMENT_BYTES, SLICES};
use crate::{heap, raw, thread};
use core::sync::atomic::Ordering;

/// Sums over the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes in segments.
    pub segment_bytes: usize,
    /// Bytes in huge blocks.
    pub huge_bytes: usize,
    /// Huge blocks.
    pub huge_blocks: usize,
    /// Bytes of blocks handed out, huge ones included.
    pub live_bytes: usize,
    /// Bytes of free blocks in slabs.
    pub free_bytes: usize,
    /// Free touched bytes that wait to go back to the kernel.
    pub waiting_bytes: usize,
}

/// Blocks of a slab that are handed out.
#[must_use]
pub(crate) fn live_blocks(slab: &'static Slab) -> u32 {
    let waiting = raw::shared(slab).remote.count();
    let countdown = slab.countdown.load(Ordering::Relaxed);
    let out = match slab.state() {
        State::Queued | State::Sparse => slab.out(),
        State::Full => {
            let freed = heap::return_threshold(slab.capacity()).saturating_sub(countdown);
            slab.capacity().saturating_sub(freed)
        }
        State::Current => {
            let own = thread::heap();
            let mine = !own.is(&NO_HEAP) && own.current_of(slab.class()).is(slab);
            let extended = slab.extended();
            if !mine {
                return extended.saturating_sub(waiting);
            }
            // SAFETY: the list of this thread's current slab is this thread's.
            extended.saturating_sub(unsafe { raw::length(slab.free.get(), extended) })
        }
    };
    out.saturating_sub(waiting)
}

/// Sums over the slabs of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassTotals {
    /// Slabs.
    pub(crate) slabs: u32,
    /// Blocks that were handed out at some time.
    pub(crate) blocks: u64,
    /// Blocks that are live.
    pub(crate) live: u64,
}

/// Adds up the slabs of each class.
#[must_use]
pub(crate) fn classes() -> [ClassTotals; CLASSES] {
    let mut sums = [ClassTotals::default(); CLASSES];
    let mut at = POOL.newest.load(Ordering::Acquire);
    while at != 0 {
        let header = Header::at(at);
        for index in 1..SLICES {
            let slab = header.slab(index);
            let is_slab = matches!(slab.kind(), Kind::Slab | Kind::Sampled);
            if let Some(sum) = sums.get_mut(slab.class()).filter(|_| is_slab) {
                let blocks = slab.extended();
                sum.slabs += 1;
                sum.blocks += u64::from(blocks);
                sum.live += u64::from(live_blocks(slab).min(blocks));
            }
        }
        at = header.older.load(Ordering::Relaxed);
    }
    sums
}

/// Adds up everything.
#[must_use]
pub fn totals() -> Totals {
    let mut totals = Totals {
        waiting_bytes: crate::purge::waiting_bytes(),
        ..Totals::default()
    };
    let mut at = POOL.newest.load(Ordering::Acquire);
    while at != 0 {
        let header = Header::at(at);
        totals.segment_bytes += SEGMENT_BYTES;
        let mut index = 1;
        while index < SLICES {
            let slab = header.slab(index);
            index += add_slice(&mut totals, slab);
        }
        at = header.older.load(Ordering::Relaxed);
    }
    let _held = HUGE.lock().lock();
    let mut at = HUGE.first.load(Ordering::Relaxed);
    while at != 0 {
        let header: *const HugeHeader =
            core::ptr::with_exposed_provenance(at + crate::huge::HUGE_HEADER_OFFSET);
        // SAFETY: the lock is held: the list leads to headers of live blocks.
        let header = unsafe { &*header };
        let bytes = header.block_bytes.load(Ordering::Relaxed);
        totals.huge_bytes += bytes;
        totals.huge_blocks += 1;
        totals.live_bytes += bytes;
        at = header.next.load(Ordering::Relaxed);
    }
    totals
}

/// Adds what starts at a slice; returns how many slices it spans.
fn add_slice(totals: &mut Totals, slab: &'static Slab) -> usize {
    match slab.kind() {
        Kind::Slab | Kind::Sampled if !slab.is(&EMPTY) => {
            // Once: the slab may be given back and taken again meanwhile.
            let (extended, block_bytes) = (slab.extended(), slab.block_bytes());
            let live = live_blocks(slab).min(extended);
            totals.live_bytes += live as usize * block_bytes;
            totals.free_bytes += (extended - live) as usize * block_bytes;
            slab.slices().max(1)
        }
        Kind::Large => {
            totals.live_bytes += raw::shared(slab).usable_bytes.load(Ordering::Relaxed);
            slab.slices().max(1)
        }
        _ => 1,
    }
}
