//! The hardened build: what blocks carry so that misuse is seen.
//!
//! # Role
//! Links that cannot be forged by writing over them, and a word at the end of every block that
//! says whether the block is live or free and that nothing was written past its end.
//!
//! # Not here
//! Any of it in the default build: there every function here is what it was without it, or
//! nothing. Which addresses are ours at all (`territory.rs`), the messages (`misuse.rs`).
//!
//! # Invariants
//! - I1: a link is stored as `link ^ key ^ address of its block`.
//! - I2: the last eight bytes of a slab's block that was on a list are its tail: the key ^ the
//!   block's address while it is live, the complement of that while it is free.
//! - I3: a large or huge block has a seal, made like a live tail from the seal's own address,
//!   behind its usable bytes and one more where its neighbour would underflow into it.
//! - I4: the key is chosen once, before the first list is made, and is never 0.

use crate::misuse::{self, Asked};
use crate::raw::{self, Block};
use crate::slab::{Kind, Slab};
use crate::tuning::{SEGMENT_BYTES, SLICE_BYTES};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// True in the hardened build.
pub(crate) const ON: bool = cfg!(feature = "hardened");
/// Bytes that a block has beyond those that may be used.
pub(crate) const TAIL_BYTES: usize = if ON { 8 } else { 0 };
/// The same of a large block: two seals.
pub(crate) const SEALS_BYTES: usize = if ON { 16 } else { 0 };

static KEY: AtomicUsize = AtomicUsize::new(0);
static ORDER: AtomicUsize = AtomicUsize::new(0);

/// Chooses the key (I4).
pub(crate) fn start() {
    if !ON {
        return;
    }
    let mut state = seed();
    for key in [&KEY, &ORDER] {
        // splitmix64: the seed cannot be had back from one key.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        key.store((mixed ^ (mixed >> 31)) | 1 << 63, Ordering::Relaxed);
    }
}

/// What the kernel gave this process to be random with, and where it put it.
fn seed() -> usize {
    // SAFETY: reads the process's auxiliary vector.
    let given = unsafe { libc::getauxval(libc::AT_RANDOM) };
    #[expect(clippy::cast_possible_truncation, reason = "addresses fit")]
    let given: *const [usize; 2] = core::ptr::with_exposed_provenance(given as usize);
    if given.is_null() {
        return (&raw const ORDER).expose_provenance();
    }
    // SAFETY: the kernel put sixteen random bytes there, for the life of the process.
    let [one, other] = unsafe { given.read_unaligned() };
    one ^ other.rotate_left(32) ^ (&raw const ORDER).expose_provenance()
}

/// The key, for readers from outside; 0 in the default build.
#[must_use]
pub(crate) fn link_key() -> usize {
    KEY.load(Ordering::Relaxed)
}

/// A link as it is stored, or back (I1).
#[must_use]
#[inline(always)]
pub(crate) fn coded(block: *mut Block, link: *mut Block) -> *mut Block {
    if !ON {
        return link;
    }
    core::ptr::with_exposed_provenance_mut(
        link.expose_provenance() ^ live_word(block.expose_provenance()),
    )
}

#[inline(always)]
fn live_word(address: usize) -> usize {
    // Relaxed: written before there is a block.
    KEY.load(Ordering::Relaxed) ^ address
}

#[inline(always)]
fn tail(slab: &Slab, block: *mut u8) -> *mut usize {
    tail_of(slab.block_bytes(), block)
}

#[inline(always)]
fn tail_of(bytes: usize, block: *mut u8) -> *mut usize {
    block.wrapping_add(bytes.wrapping_sub(TAIL_BYTES)).cast()
}

/// Takes the first block off a slab's list, to be handed out: in the hardened build its link is
/// looked at, and its tail made live.
///
/// # Safety
/// - The caller owns the list, of which the block is the head.
#[inline(always)]
pub(crate) unsafe fn take(slab: &'static Slab, block: *mut Block) {
    // SAFETY: the caller's duty.
    let mut next = unsafe { raw::stored_link(block) };
    if ON {
        let live = live_word(block.expose_provenance());
        next = core::ptr::with_exposed_provenance_mut(next.expose_provenance() ^ live);
        let apart = next.expose_provenance() ^ block.expose_provenance();
        if apart & !(SEGMENT_BYTES - 16) != 0 && !next.is_null() {
            misuse::damaged(block.cast(), slab);
        }
        // A child forked here finds a block that is nobody's; the other order would leave one that
        // is on the list and live.
        slab.free.set(next);
        core::sync::atomic::compiler_fence(Ordering::SeqCst);
        // SAFETY: the last word of the slab's block.
        unsafe { tail(slab, block.cast()).write_unaligned(live) };
    } else {
        slab.free.set(next);
    }
}

/// A block of a slab is freed, by whoever: its tail must be live, and is so no more. Returns what its
/// link is to be coded with, or nothing: then the process is about to be stopped by [`not_live`].
#[must_use]
#[inline(always)]
pub(crate) fn retire(block: *mut u8, slab: &'static Slab) -> Option<usize> {
    if !ON {
        return Some(0);
    }
    retire_sized(block, slab.block_bytes())
}

/// The same of a block whose slab is known to have blocks of that size: nothing of the slab is read.
#[must_use]
#[inline(always)]
pub(crate) fn retire_sized(block: *mut u8, bytes: usize) -> Option<usize> {
    if !ON {
        return Some(0);
    }
    let live = live_word(block.expose_provenance());
    let tail = tail_of(bytes, block);
    // SAFETY: as in `check`.
    if unsafe { tail.read_unaligned() } != live {
        return None;
    }
    // SAFETY: the tail is the last word of the slab's block, as was just seen.
    unsafe { tail.write_unaligned(!live) };
    Some(live)
}

/// Stops the process because a block that is freed is not live; typed as returning, as what the hit
/// path calls must be.
#[cold]
#[inline(never)]
pub(crate) fn not_live(block: *mut u8, slab: &'static Slab) {
    let stop: fn(*mut u8, &'static Slab) = |block, slab| not_live_slow(Asked::Free, block, slab);
    core::hint::black_box(stop)(block, slab);
}

/// The tail of a block of a slab must be live.
#[inline(always)]
pub(crate) fn check(asked: Asked, block: *mut u8, slab: &'static Slab) -> usize {
    let live = live_word(block.expose_provenance());
    // SAFETY: the address is in the slab, or the one behind it: that is mapped too, or the word
    // is the last of the segment.
    if ON && unsafe { tail(slab, block).read_unaligned() } != live {
        not_live_slow(asked, block, slab);
    }
    live
}

/// Says why a tail is not live.
#[cold]
#[inline(never)]
fn not_live_slow(asked: Asked, block: *mut u8, slab: &'static Slab) -> ! {
    let offset = block.expose_provenance() - raw::start_of(slab);
    let bytes = slab.block_bytes();
    if !offset.is_multiple_of(bytes) {
        misuse::inside(asked, block, slab);
    }
    if offset / bytes >= slab.extended() as usize {
        misuse::never_block(asked, block);
    }
    let free = !live_word(block.expose_provenance());
    // SAFETY: the tail is the last word of a block of the slab.
    if unsafe { tail(slab, block).read_unaligned() } == free {
        misuse::freed_block(asked, block, slab);
    }
    misuse::overflow(block, slab);
}

/// A fresh block is about to be put on a list for the first time.
///
/// # Safety
/// - The block is part of a slab of such blocks that the caller owns.
pub(crate) unsafe fn make_free(block: *mut Block, block_bytes: usize) {
    if ON {
        let free = !live_word(block.expose_provenance());
        let tail: *mut usize = block
            .cast::<u8>()
            .wrapping_add(block_bytes - TAIL_BYTES)
            .cast();
        // SAFETY: the last word of the block.
        unsafe { tail.write_unaligned(free) };
    }
}

/// The first block of a slab, in memory order, that is neither live nor free.
#[must_use]
pub(crate) fn first_overflown(slab: &'static Slab) -> Option<*mut u8> {
    // A slab whose blocks were all freed by others may have given its memory back.
    if !ON || raw::shared(slab).remote.has_blocks() {
        return None;
    }
    let start = raw::start_of(slab);
    (0..slab.extended() as usize).find_map(|index| {
        let address = start + index * slab.block_bytes();
        let block: *mut u8 = core::ptr::with_exposed_provenance_mut(address);
        let live = live_word(address);
        // SAFETY: the last word of a block that was on a list.
        let word = unsafe { tail(slab, block).read_unaligned() };
        (word != live && word != !live).then_some(block)
    })
}

/// Fills a slice with its indices in any order.
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 256 indices; halves of words"
)]
pub(crate) fn shuffle(order: &mut [u8]) {
    // Relaxed: lost steps only repeat an order.
    let mut state = ORDER.load(Ordering::Relaxed);
    for i in 0..order.len() {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        // The upper half, scaled to 0..=i without a division.
        let j = ((state >> 32) * (i + 1)) >> 32;
        order[i] = i as u8;
        order.swap(i, j);
    }
    ORDER.store(state, Ordering::Relaxed);
}

/// Bytes of a large block that may be used, for a request of `bytes`; `None` where that has no
/// room for seals.
#[must_use]
pub(crate) fn usable_of(bytes: usize) -> Option<usize> {
    bytes.max(1).checked_next_multiple_of(8)
}

/// Where the seals of a block are: behind its usable bytes, and at the end of its run or before
/// its start.
fn seals(slab: &'static Slab, block: usize, usable: usize) -> [usize; 2] {
    let other = match slab.kind() {
        Kind::Huge => block - 8,
        _ => block + slab.slices() * SLICE_BYTES - 8,
    };
    [block + usable, other]
}

/// Seals a large or huge block (I3).
pub(crate) fn seal(slab: &'static Slab, block: usize, usable: usize) {
    if !ON {
        return;
    }
    for at in seals(slab, block, usable) {
        let word: *mut usize = core::ptr::with_exposed_provenance_mut(at);
        // SAFETY: inside the block's run or mapping, beyond what may be used.
        unsafe { word.write_unaligned(live_word(at)) };
    }
}

/// The seals of a large or huge block must be whole.
pub(crate) fn check_seals(slab: &'static Slab, block: usize, usable: usize) {
    if !ON {
        return;
    }
    for at in seals(slab, block, usable) {
        let word: *const usize = core::ptr::with_exposed_provenance(at);
        // SAFETY: as in `seal`.
        if unsafe { word.read_unaligned() } != live_word(at) {
            misuse::overflow_of_large(block, usable, at);
        }
    }
}

/// Stops the process where an address is in no segment or mapping of ours.
#[inline(always)]
pub(crate) fn claim(asked: Asked, block: NonNull<u8>) {
    if ON && !crate::territory::has(block.as_ptr().expose_provenance()) {
        misuse::foreign(asked, block.as_ptr());
    }
}
