//! How far a slab may go until the next sample.
//!
//! # Role
//! Cut the list and set the countdown of a current slab so that a slow path is entered before the
//! block that is to be sampled, and count there what was allocated meanwhile.
//!
//! # How it works
//! With n blocks before the one to be sampled, the list gets l of them and the countdown c, with
//! l + c = n + 1. Until the list is empty or the countdown zero at most l + c - 1 = n blocks are
//! allocated: each is one that was on the list or one that was freed. Half for each means that a
//! program that only allocates, and one that frees each block at once, both get there in as many
//! looks as n has binary digits.
//!
//! # Invariants
//! - I1: the caller is the heap's thread, or holds the heaps lock where the heap has none.

use super::distance::{Distance, Distances};
use super::{is_on, sample};
use crate::heap::Heap;
use crate::raw;
use crate::slab::{EMPTY, Slab};
use crate::tuning::COUNTDOWN_IDLE;
use crate::{miss, outbox, thread};
use bedplate_telemetry::Gates;
use core::sync::atomic::Ordering;

/// A class is out of blocks: the sampled block, if this allocation is one.
#[cold]
#[inline(never)]
pub(crate) fn allocate<G: Gates>(heap: &'static Heap, class: usize) -> Option<*mut u8> {
    let own = match heap.profile.get() {
        Some(own) => own,
        None => take_part(heap)?,
    };
    let slab = heap.current_of(class);
    if !slab.free.get().is_null() {
        return None;
    }
    let block_bytes = crate::class::BLOCK_BYTES
        .get(class)
        .map_or(0, |b| *b as usize);
    if !slab.is(&EMPTY) {
        look(own, slab, 0);
    }
    if !own.is_next(class, block_bytes) {
        return None;
    }
    own.draw(class);
    if !slab.is(&EMPTY) {
        heap.while_busy(|| pace::<G>(own, slab, 0));
    }
    sample::take::<G>(own, class, block_bytes)
}

/// The common miss (`miss::exchange`) of a thread that takes part, where the next sample is far: as
/// many blocks as the next slab's list has and as many frees again. Otherwise `None`, with nothing
/// changed, and the slow path does it all.
#[inline(never)]
pub(crate) fn exchange(heap: &'static Heap, slab: &'static Slab) -> Option<&'static Slab> {
    let own = heap.profile.get()?;
    if slab.is(&EMPTY) || !thread::outbox_holds_nothing() {
        return None;
    }
    let next = heap.queue(slab.class()).first()?;
    let length = next.extended().saturating_sub(next.out());
    let distance = own.of(slab.class());
    let bytes = slab.block_bytes() as u64;
    let passed = u64::from(allocated(distance, slab, 0)) * bytes;
    let far = passed + 2 * u64::from(length) * bytes;
    if !distance.is_beyond(far) {
        return None;
    }
    let next = miss::exchange(heap, slab)?;
    distance.pass(passed);
    next.countdown.store(length.max(1), Ordering::Relaxed);
    note(own, next, length);
    Some(next)
}

/// A heap takes part from now on.
pub(super) fn take_part(heap: &'static Heap) -> Option<&'static Distances> {
    let own = sample::new_distances()?;
    heap.profile.set(Some(own));
    thread::be_profiled();
    for class in 0..crate::class::CLASSES {
        let slab = heap.current_of(class);
        if !slab.is(&EMPTY) {
            // SAFETY: the list is this thread's.
            let length = unsafe { raw::length(slab.free.get(), slab.extended()) };
            note(own, slab, length);
        }
    }
    Some(own)
}

/// A slab with `length` blocks on its list became current.
pub(crate) fn stocked<G: Gates>(heap: &Heap, slab: &'static Slab, length: u32) {
    if is_on()
        && let Some(own) = heap.profile.get()
    {
        pace::<G>(own, slab, length);
    }
}

/// The countdown of a current slab reached zero.
pub(crate) fn counted<G: Gates>(heap: &Heap, slab: &'static Slab) {
    let Some(own) = heap.profile.get().filter(|_| is_on()) else {
        slab.countdown.store(COUNTDOWN_IDLE, Ordering::Relaxed);
        return;
    };
    // SAFETY: the list is this thread's (I1).
    let length = unsafe { raw::length(slab.free.get(), slab.extended()) };
    look(own, slab, length);
    pace::<G>(own, slab, length);
}

/// `taken` blocks that others freed came onto the list of a slab that is current.
pub(crate) fn collected<G: Gates>(heap: &Heap, slab: &'static Slab, taken: u32) {
    let Some(own) = heap.profile.get().filter(|_| is_on()) else {
        return;
    };
    // SAFETY: the list is this thread's (I1).
    let length = unsafe { raw::length(slab.free.get(), slab.extended()) };
    look(own, slab, length.saturating_sub(taken));
    pace::<G>(own, slab, length);
}

/// A slab with `length` blocks on its list is about to be current no more.
pub(crate) fn left(heap: &Heap, slab: &'static Slab, length: u32) {
    if is_on()
        && let Some(own) = heap.profile.get()
    {
        look(own, slab, length);
    }
}

/// Counts what a current slab, whose list is now `length` long, allocated since the last look.
fn look(own: &Distances, slab: &'static Slab, length: u32) {
    let distance = own.of(slab.class());
    let blocks = allocated(distance, slab, length);
    distance.pass(u64::from(blocks) * slab.block_bytes() as u64);
    distance.given.set(length);
    let countdown = slab.countdown.load(Ordering::Relaxed);
    distance.countdown.set(countdown);
}

/// Blocks that a current slab, whose list is now `length` long, allocated since the last look.
fn allocated(distance: &Distance, slab: &'static Slab, length: u32) -> u32 {
    let countdown = slab.countdown.load(Ordering::Relaxed);
    let frees = distance.countdown.get().wrapping_sub(countdown);
    let allocated = distance
        .given
        .get()
        .wrapping_add(frees)
        .wrapping_sub(length);
    debug_assert!(
        allocated <= COUNTDOWN_IDLE / 2,
        "blocks come from somewhere"
    );
    allocated
}

/// Lets a current slab with `length` blocks on its list go on up to the next sample.
fn pace<G: Gates>(own: &Distances, slab: &'static Slab, length: u32) {
    let before = own.blocks_before(slab.class(), slab.block_bytes());
    let steps = u32::try_from(before).map_or(COUNTDOWN_IDLE / 2, |n| n.min(COUNTDOWN_IDLE / 2)) + 1;
    // With no block before it: none on the list, and the next free comes back here.
    let keep = length.min(steps / 2);
    if keep < length {
        put_away::<G>(slab, keep, length);
    }
    slab.countdown.store(steps - keep, Ordering::Relaxed);
    note(own, slab, keep);
}

fn note(own: &Distances, slab: &Slab, length: u32) {
    let distance = own.of(slab.class());
    distance.given.set(length);
    distance
        .countdown
        .set(slab.countdown.load(Ordering::Relaxed));
}

/// Puts all but `keep` of a list of `length` on the slab's own remote list, where the next miss
/// finds them.
fn put_away<G: Gates>(slab: &'static Slab, keep: u32, length: u32) {
    let head = slab.free.get();
    let rest = if keep == 0 {
        slab.free.set(core::ptr::null_mut());
        head
    } else {
        // SAFETY: the list is this thread's, and longer than `keep` (I1).
        let last = unsafe { raw::last(head, keep) };
        // SAFETY: a block of the list.
        let rest = unsafe { raw::link(last) };
        // SAFETY: a block of the list.
        unsafe { raw::set_link(last, core::ptr::null_mut()) };
        rest
    };
    outbox::publish_rest::<G>(slab, rest, length - keep);
}
