//! Which addresses are ours, in the hardened build.
//!
//! # Role
//! A byte for every 4 MiB of the address space: set while a segment of the pool or a huge block's
//! first 4 MiB are there. A free of any other address is foreign, and is not even looked at.
//!
//! # Invariants
//! - I1: a byte is set before the first block of its 4 MiB is handed out, and cleared before they
//!   are unmapped.
//! - I2: the map's pages are touched only where addresses are used: two or three of them, each of
//!   which stands for 16 GiB.
//!
//! # Cost
//! A look is a comparison with the end of the address space and one with the byte. With a bit in
//! the place of the byte it took four instructions more, in every free.

use crate::counters::COUNTERS;
use crate::harden::ON;
use crate::huge;
use crate::tuning::SEGMENT_BYTES;
use bedplate_os::pages::{self, HugePages};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bits of a user's address.
const ADDRESS_BITS: u32 = 47;
const SPANS: usize = if ON {
    1 << (ADDRESS_BITS - SEGMENT_BYTES.trailing_zeros())
} else {
    1
};

#[repr(C, align(4096))]
struct Map([AtomicBool; SPANS]);

static MAP: Map = Map([const { AtomicBool::new(false) }; SPANS]);

/// Huge blocks last unmapped: a free of one of them is told apart from that of any address.
static GONE: [AtomicUsize; GONE_BLOCKS] = [const { AtomicUsize::new(0) }; GONE_BLOCKS];
static GONE_NEXT: AtomicUsize = AtomicUsize::new(0);
const GONE_BLOCKS: usize = 64;

/// Keeps the kernel from backing the map with a huge page.
pub(crate) fn start() {
    if !ON {
        return;
    }
    let at = NonNull::from(&MAP).cast();
    // SAFETY: the map is whole OS pages of ours; the advice leaves contents alone.
    if unsafe { pages::advise_huge(at, size_of::<Map>(), HugePages::Refused) }.is_err() {
        COUNTERS.failed_advice.add(1);
    }
}

#[inline(always)]
fn place(address: usize) -> Option<&'static AtomicBool> {
    MAP.0.get(address.wrapping_sub(1) / SEGMENT_BYTES)
}

/// True if an address may be that of a block.
#[must_use]
#[inline(always)]
pub(crate) fn has(address: usize) -> bool {
    // Relaxed: the byte was set before the address was handed out.
    place(address).is_some_and(|is_ours| is_ours.load(Ordering::Relaxed))
}

/// Takes 4 MiB in.
pub(crate) fn add(start: usize) {
    if ON && let Some(is_ours) = place(start + 1) {
        is_ours.store(true, Ordering::Relaxed);
    }
}

/// The mapping at `start` is about to be unmapped, or part of another.
pub(crate) fn remove(start: usize) {
    if !ON || !has(start + 1) {
        return;
    }
    let block = huge::block_at(start);
    // Relaxed: lost entries only make a message vaguer.
    let next = GONE_NEXT.fetch_add(1, Ordering::Relaxed) % GONE_BLOCKS;
    if let Some(gone) = GONE.get(next) {
        gone.store(block, Ordering::Relaxed);
    }
    if let Some(is_ours) = place(start + 1) {
        is_ours.store(false, Ordering::Relaxed);
    }
}

/// True if a huge block that was freed and unmapped lately began there.
#[must_use]
pub(crate) fn is_gone(address: usize) -> bool {
    GONE.iter()
        .any(|gone| gone.load(Ordering::Relaxed) == address)
}
