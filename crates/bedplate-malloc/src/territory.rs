//! Which addresses are ours, in the hardened build.
//!
//! # Role
//! A bit for every 4 MiB of the address space: set while a segment of the pool or a huge block's
//! first 4 MiB are there. A free of any other address is foreign, and is not even looked at.
//!
//! # Invariants
//! - I1: a bit is set before the first block of its 4 MiB is handed out, and cleared before they
//!   are unmapped.
//! - I2: the map's pages are touched only where addresses are used: two or three of them.

use crate::counters::COUNTERS;
use crate::harden::ON;
use crate::huge;
use crate::tuning::SEGMENT_BYTES;
use bedplate_os::pages::{self, HugePages};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Bits of a user's address.
const ADDRESS_BITS: u32 = 47;
const WORDS: usize = if ON {
    1 << (ADDRESS_BITS - SEGMENT_BYTES.trailing_zeros() - 6)
} else {
    1
};

#[repr(C, align(4096))]
struct Map([AtomicU64; WORDS]);

static MAP: Map = Map([const { AtomicU64::new(0) }; WORDS]);

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
fn place(address: usize) -> Option<(&'static AtomicU64, u64)> {
    let number = address.wrapping_sub(1) / SEGMENT_BYTES;
    let word = MAP.0.get(number / 64)?;
    Some((word, 1 << (number % 64)))
}

/// True if an address may be that of a block.
#[must_use]
#[inline(always)]
pub(crate) fn has(address: usize) -> bool {
    // Relaxed: the bit was set before the address was handed out.
    place(address).is_some_and(|(word, bit)| word.load(Ordering::Relaxed) & bit != 0)
}

/// Takes 4 MiB in.
pub(crate) fn add(start: usize) {
    if ON && let Some((word, bit)) = place(start + 1) {
        word.fetch_or(bit, Ordering::Relaxed);
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
    if let Some((word, bit)) = place(start + 1) {
        word.fetch_and(!bit, Ordering::Relaxed);
    }
}

/// True if a huge block that was freed and unmapped lately began there.
#[must_use]
pub(crate) fn is_gone(address: usize) -> bool {
    GONE.iter()
        .any(|gone| gone.load(Ordering::Relaxed) == address)
}
