//! The operations of the allocator.
//!
//! # Role
//! The hit paths of `allocate` and `free`, and everything that is made of them.
//!
//! # Not here
//! The C family's rules on zero sizes and `errno` (`entry/family.rs`).
//!
//! # Cost
//! A hit allocates in 13 instructions and frees in 19 on x86-64, with no lock, no locked
//! instruction, no telemetry (docs/numbers.md, `M3`).
//!
//! # Sources
//! One list a slab for allocation and free, and one countdown for both of a slab's events, were
//! the fastest of the variants measured before the project began.

use crate::class::{BLOCK_BYTES, CLASSES, MID_CLASS, aligned_class, class_of};
use crate::counters::COUNTERS;
use crate::harden::{self, SEALS_BYTES, TAIL_BYTES};
use crate::heap::NO_HEAP;
use crate::huge::{self, HUGE, Wish};
use crate::misuse::{self, Asked};
use crate::pool::POOL;
use crate::raw::{self, Block, Place};
use crate::slab::{EMPTY, Kind, Slab, State};
use crate::tuning::{CLASS_MAX, LARGE_MAX, SLICE_BYTES, SMALL_MAX};
use crate::zero::Used;
use crate::{audit, fallback, guarded, hollow, miss, profile, sparse, territory, thread};
use bedplate_os::pages;
use bedplate_telemetry::{Gate, Gates, Metric, TELEMETRY};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

/// A block as allocated: null where memory is out, and what of it holds old contents.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// The block, or null.
    pub block: *mut u8,
    /// Where it may not read as zero.
    pub used: Used,
}

/// Allocates `bytes`, aligned to 16; null where memory is out.
#[inline(always)]
#[must_use]
pub fn allocate<G: Gates>(bytes: usize) -> *mut u8 {
    if bytes > SMALL_MAX - TAIL_BYTES {
        return allocate_mid::<G>(bytes.saturating_add(TAIL_BYTES));
    }
    let bytes = bytes + TAIL_BYTES;
    let heap = thread::heap();
    // SAFETY: `bytes` is at most SMALL_MAX, so the index is below DIRECT.
    let slab = unsafe { heap.direct.get_unchecked(bytes.div_ceil(16)) }.get();
    pop::<G>(slab, bytes)
}

/// Allocates above the direct table, the tail included.
#[inline(never)]
fn allocate_mid<G: Gates>(bytes: usize) -> *mut u8 {
    if bytes > CLASS_MAX {
        return allocate_large_slow::<G>(bytes - TAIL_BYTES);
    }
    // SAFETY: `bytes` is at most CLASS_MAX, so the index is inside the table.
    let class = unsafe { *MID_CLASS.get_unchecked(bytes.div_ceil(128)) };
    let heap = thread::heap();
    // SAFETY: the table holds classes, which are below CLASSES.
    let slab = unsafe { heap.current.get_unchecked(usize::from(class)) }.get();
    pop::<G>(slab, bytes)
}

/// Takes the first block of a slab's list.
#[inline(always)]
fn pop<G: Gates>(slab: &'static Slab, bytes: usize) -> *mut u8 {
    let block = slab.free.get();
    if block.is_null() {
        return allocate_miss_slow::<G>(bytes, slab);
    }
    // SAFETY: the slab is current in this thread's heap: its list is ours, and the head is free.
    unsafe { harden::take(slab, block) };
    if G::SET.has(Gate::ClassStats) {
        TELEMETRY.class_allocation(slab.class());
    }
    if G::SET.has(Gate::FrontCache) {
        TELEMETRY.add(Metric::FrontHits, 1);
    }
    block.cast()
}

/// Allocates from a size class whose current slab is out of blocks.
#[cold]
#[inline(never)]
fn allocate_miss_slow<G: Gates>(bytes: usize, slab: &'static Slab) -> *mut u8 {
    let heap = thread::heap();
    // Where the thread is sampled, its outbox says that it is not empty.
    let next = if thread::outbox_is_empty() {
        miss::exchange(heap, slab)
    } else {
        profile::exchange(heap, slab)
    };
    if let Some(next) = next {
        if G::SET.has(Gate::FrontCache) {
            TELEMETRY.add(Metric::FrontMisses, 1);
        }
        return pop_stocked::<G>(next);
    }
    // The profile's samples come from the same misses.
    if harden::ON
        && !profile::is_on()
        && let Some(block) = guarded::sample(bytes - TAIL_BYTES)
    {
        return block.as_ptr();
    }
    allocate_class_slow::<G>(class_of(bytes))
}

/// Takes the first block of a slab's list, which has one.
#[inline(always)]
fn pop_stocked<G: Gates>(slab: &'static Slab) -> *mut u8 {
    let block = slab.free.get();
    // SAFETY: the slab is current in this thread's heap: its list is ours, and the head is free.
    unsafe { harden::take(slab, block) };
    if G::SET.has(Gate::ClassStats) {
        TELEMETRY.class_allocation(slab.class());
    }
    block.cast()
}

#[cold]
fn allocate_class_slow<G: Gates>(class: usize) -> *mut u8 {
    if G::SET.has(Gate::FrontCache) {
        TELEMETRY.add(Metric::FrontMisses, 1);
    }
    let mut heap = thread::heap();
    if heap.is(&NO_HEAP) {
        match thread::attach::<G>() {
            Some(attached) => heap = attached,
            None if thread::has_ended() => {
                let block = fallback::allocate::<G>(class);
                return if block.is_null() {
                    out_of_memory()
                } else {
                    block
                };
            }
            None => return out_of_memory(),
        }
    }
    if profile::is_on()
        && let Some(sampled) = profile::allocate::<G>(heap, class)
    {
        return sampled;
    }
    let mut slab = heap.current_of(class);
    if slab.is(&EMPTY) || slab.free.get().is_null() {
        match miss::refill_slow::<G>(heap, class) {
            Some(stocked) => slab = stocked,
            None => return out_of_memory(),
        }
    }
    pop_stocked::<G>(slab)
}

/// Counts the failure and sets `errno`, as every C name of this must.
#[cold]
#[inline(never)]
fn out_of_memory() -> *mut u8 {
    COUNTERS.failed_requests.add(1);
    // SAFETY: errno's location is the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: errno's location is writable.
    unsafe { errno.write(libc::ENOMEM) };
    null_mut()
}

/// Allocates above the size classes.
#[cold]
#[inline(never)]
fn allocate_large_slow<G: Gates>(bytes: usize) -> *mut u8 {
    allocate_large::<G>(bytes, 16, Wish::Anything).block
}

/// Allocates a run of slices, or a mapping of its own, at a multiple of `align`.
fn allocate_large<G: Gates>(bytes: usize, align: usize, wish: Wish) -> Fresh {
    crate::process::start::<G>();
    let attempt = || {
        if bytes > LARGE_MAX - SEALS_BYTES || align > SLICE_BYTES {
            return HUGE.take(bytes, align, wish).map(|t| Fresh {
                block: t.block.as_ptr(),
                used: t.used,
            });
        }
        let usable = large_usable(bytes)?;
        let run = POOL.take((usable + SEALS_BYTES).div_ceil(SLICE_BYTES), Kind::Large)?;
        raw::shared(run.slab)
            .usable_bytes
            .store(usable, Ordering::Relaxed);
        // No slab's: so a look at the size that a free gives takes the long way.
        run.slab.block_bytes.store(0, Ordering::Relaxed);
        harden::seal(run.slab, raw::start_of(run.slab), usable);
        let block = core::ptr::with_exposed_provenance_mut(raw::start_of(run.slab));
        Some(Fresh {
            block,
            used: Used::Slices(run.dirty),
        })
    };
    if bytes > isize::MAX.cast_unsigned() {
        return Fresh {
            block: out_of_memory(),
            used: Used::All,
        };
    }
    let fresh = attempt().or_else(|| {
        crate::owners::reclaim::<G>();
        attempt()
    });
    if G::SET.has(Gate::OsStats) && fresh.is_some() {
        TELEMETRY.add(Metric::OsMaps, 1);
        TELEMETRY.add(Metric::OsMapBytes, bytes as u64);
    }
    let fresh = fresh.unwrap_or_else(|| Fresh {
        block: out_of_memory(),
        used: Used::All,
    });
    if profile::is_on()
        && let Some(block) = NonNull::new(fresh.block)
    {
        // SAFETY: allocated above.
        let slab = unsafe { raw::slab_of(block) };
        // SAFETY: allocated above.
        profile::large::<G>(fresh.block, slab, unsafe { usable_bytes(block) });
    }
    fresh
}

/// Bytes of a large block that may be used, for a request of `bytes`.
fn large_usable(bytes: usize) -> Option<usize> {
    if harden::ON {
        return harden::usable_of(bytes);
    }
    pages::round_up(bytes.max(1))
}

/// Allocates `bytes` at a multiple of `align`, a power of two.
#[must_use]
pub fn allocate_aligned<G: Gates>(bytes: usize, align: usize) -> *mut u8 {
    debug_assert!(align.is_power_of_two());
    if align <= 16 {
        return allocate::<G>(bytes);
    }
    match aligned_class(bytes.saturating_add(TAIL_BYTES), align) {
        // The class's own size leads back to the class, and to its hit path.
        Some(class) => {
            let class_bytes = BLOCK_BYTES.get(class).map_or(bytes, |b| *b as usize);
            allocate::<G>(class_bytes - TAIL_BYTES)
        }
        None => allocate_large::<G>(bytes, align, Wish::Anything).block,
    }
}

/// Allocates `bytes` that read as zero.
#[must_use]
pub fn allocate_zeroed<G: Gates>(bytes: usize) -> *mut u8 {
    if bytes > CLASS_MAX - TAIL_BYTES {
        return allocate_large_zeroed_slow::<G>(bytes);
    }
    let block = allocate::<G>(bytes);
    if !block.is_null() {
        // SAFETY: the block is fresh and holds `bytes`.
        unsafe { block.write_bytes(0, bytes) };
    }
    block
}

/// Allocates above the size classes, and writes zeros where the block does not read as zero.
#[cold]
#[inline(never)]
fn allocate_large_zeroed_slow<G: Gates>(bytes: usize) -> *mut u8 {
    let fresh = allocate_large::<G>(bytes, 16, Wish::Zeroed);
    if !fresh.block.is_null() {
        // SAFETY: the block is fresh and holds `bytes`.
        unsafe { fresh.used.zero(fresh.block, bytes) };
    }
    fresh.block
}

/// Frees a block; null is nothing.
///
/// # Safety
/// - `block` is null, or was allocated here and not freed since.
#[inline(always)]
pub unsafe fn free<G: Gates>(block: *mut u8) {
    if G::SET.has(Gate::FreeCalls) {
        TELEMETRY.add(Metric::FreeCalls, 1);
    }
    if harden::ON {
        // No place of the map is null's: so that one look is for both.
        if !territory::has(block.expose_provenance()) {
            return misuse::foreign_or_null_slow(block);
        }
        // SAFETY: null is in no territory.
        let block = unsafe { NonNull::new_unchecked(block) };
        // SAFETY: the caller's duty.
        return unsafe { free_known::<G>(block) };
    }
    if let Some(block) = NonNull::new(block) {
        // SAFETY: the caller's duty.
        unsafe { free_known::<G>(block) };
    }
}

/// Frees a block of which it is known that it may be ours, in the hardened build.
///
/// # Safety
/// - `block` was allocated here and not freed since.
#[inline(always)]
unsafe fn free_known<G: Gates>(block: NonNull<u8>) {
    let place = Place::of(block);
    // SAFETY: the caller's duty.
    let slab = unsafe { place.slab() };
    let block = block.as_ptr();
    let own = || free_own::<G>(block, slab);
    let other = || free_other::<G>(block, slab);
    // SAFETY: the caller's duty.
    unsafe { thread::by_owner(place, own, other) };
}

/// How far the size that a free gives may be from the block's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The block was allocated by that size.
    Exact,
    /// The block may have been resized to it where it stood.
    Resized,
}

/// Frees a block of which the caller knows the size; null is nothing. Stops the process where
/// no block of that size is one of this class.
///
/// # Safety
/// - `block` is null, or was allocated here and not freed since.
#[inline(always)]
pub unsafe fn free_sized<G: Gates>(block: *mut u8, bytes: usize, given: Given) {
    if G::SET.has(Gate::FreeCalls) {
        TELEMETRY.add(Metric::FreeCalls, 1);
    }
    if let Some(sized) = NonNull::new(block) {
        harden::claim(Asked::Free, sized);
        // SAFETY: the caller's duty.
        let slab = unsafe { raw::slab_of(sized) };
        let had = slab.block_bytes().saturating_sub(TAIL_BYTES);
        let least = match given {
            // At most an eighth is waste, or 15 bytes. The next smaller class may pass.
            Given::Exact => (had - had / 8).min(had.saturating_sub(15)),
            Given::Resized => had / 2 + 1,
        };
        if slab.kind() != Kind::Slab || bytes > had || bytes < least {
            check_size_slow(sized, bytes, given);
        }
        // SAFETY: the caller's duty.
        unsafe { free_known::<G>(sized) };
    }
}

/// Frees a block that was allocated by size and alignment; null is nothing.
///
/// # Safety
/// - `block` is null, or was allocated here with that alignment and not freed since.
pub unsafe fn free_aligned_sized<G: Gates>(block: *mut u8, align: usize, bytes: usize) {
    // As `memalign` takes it.
    let align = align.checked_next_power_of_two().unwrap_or(1);
    match aligned_class(bytes.saturating_add(TAIL_BYTES), align) {
        Some(class) if align > 16 => {
            let class_bytes = BLOCK_BYTES.get(class).map_or(bytes, |b| *b as usize);
            // SAFETY: the caller's duty.
            unsafe { free_sized::<G>(block, class_bytes - TAIL_BYTES, Given::Exact) };
        }
        // SAFETY: the caller's duty.
        _ => unsafe { free_sized::<G>(block, bytes, Given::Exact) },
    }
}

/// Whether a block can have that size, for blocks of every kind.
#[cold]
#[inline(never)]
fn check_size_slow(block: NonNull<u8>, bytes: usize, given: Given) {
    // SAFETY: the caller of `free_sized` has a live block.
    let slab = unsafe { record_of(block) };
    let (had, is_right) = match slab.kind() {
        Kind::Slab | Kind::Interior | Kind::Sampled => {
            let had = slab.block_bytes() - TAIL_BYTES;
            let is_kept = given == Given::Resized && (bytes > had / 2 || had <= 64);
            let is_class = bytes <= had && class_of(bytes + TAIL_BYTES) == slab.class();
            (had, bytes <= had && (is_kept || is_class))
        }
        Kind::Large | Kind::Huge => {
            // SAFETY: as above.
            let had = unsafe { live_bytes(Asked::Free, block) };
            (had, large_usable(bytes) == Some(had))
        }
        Kind::Guarded => {
            let had = guarded::live_bytes(Asked::Free, block.as_ptr(), slab);
            let is_kept = given == Given::Resized && (bytes > had / 2 || had <= 64);
            let is_exact = bytes.max(1).next_multiple_of(16) == had;
            (had, bytes <= had && (is_kept || is_exact))
        }
        // What is wrong here is not the size.
        Kind::Free => return,
    };
    if !is_right {
        misuse::wrong_size(block.as_ptr(), bytes, had);
    }
}

/// Frees into a slab of this thread.
#[inline(always)]
fn free_own<G: Gates>(block: *mut u8, slab: &'static Slab) {
    if G::SET.bits() != 0 {
        observe_free::<G>(block, slab);
    }
    let Some(code) = harden::retire(block, slab) else {
        return harden::not_live(block, slab);
    };
    let block: *mut Block = block.cast();
    let head = slab.free.get();
    if harden::ON {
        let stored = core::ptr::with_exposed_provenance_mut(head.expose_provenance() ^ code);
        // SAFETY: the block is given up to us, and the slab is this thread's.
        unsafe { raw::store_link(block, stored) };
    } else {
        if head == block {
            return misuse::double_free_slow(block.cast(), slab);
        }
        // SAFETY: as above.
        unsafe { raw::set_link(block, head) };
    }
    slab.free.set(block);
    raw::count_down(slab, miss::freed_event_slow::<G>);
}

/// What the gates want to know of a free; nothing of it is built without a gate.
#[inline(always)]
fn observe_free<G: Gates>(block: *mut u8, slab: &'static Slab) {
    let address = block.expose_provenance();
    if G::SET.has(Gate::FreeStats) {
        TELEMETRY.class_free(slab.class());
        TELEMETRY.add(Metric::FreesOwn, 1);
    }
    if G::SET.has(Gate::FreeTrace) {
        TELEMETRY
            .frees
            .record(Gate::FreeTrace as u64, address as u64, slab.class() as u64);
    }
    if G::SET.has(Gate::DiagLargestClass) && slab.class() == CLASSES - 1 {
        TELEMETRY.add(Metric::LargestClassFrees, 1);
    }
    if G::SET.has(Gate::DiagBadClass) && slab.class() >= CLASSES {
        TELEMETRY.add(Metric::BadClasses, 1);
    }
    if G::SET.has(Gate::DiagForeignHeader)
        && raw::header(slab).magic.load(Ordering::Relaxed) != crate::segment::MAGIC
    {
        TELEMETRY.add(Metric::ForeignHeaders, 1);
    }
    let expected = BLOCK_BYTES.get(slab.class()).map_or(0, |b| *b as usize);
    if G::SET.has(Gate::DiagMetadataMismatch) && slab.block_bytes() != expected {
        TELEMETRY.add(Metric::MetadataMismatches, 1);
    }
    let offset = address - raw::start_of(slab);
    if G::SET.has(Gate::DiagFastPathMismatch) && !offset.is_multiple_of(slab.block_bytes().max(1)) {
        TELEMETRY.add(Metric::FastPathMismatches, 1);
    }
    let reach = || hollow::reach(slab) as usize * slab.block_bytes();
    if G::SET.has(Gate::OutOfBoundsLog) && offset >= reach() {
        TELEMETRY.add(Metric::OutOfBounds, 1);
        TELEMETRY
            .events
            .record(Gate::OutOfBoundsLog as u64, address as u64, offset as u64);
    }
}

/// Frees a block whose slice is not, or not directly, this thread's.
#[inline(never)]
fn free_other<G: Gates>(block: *mut u8, slab: &'static Slab) {
    // The common remote free: one more block for a chain that is begun. Nothing of the record is
    // read, which its owner writes all the time.
    if G::SET.bits() == 0 && thread::chain_remote(slab, block.cast()) {
        return;
    }
    if let Some(huge) = huge::around(slab) {
        misuse::inside(Asked::Free, block, huge);
    }
    let kind = slab.kind();
    if harden::ON && kind == Kind::Slab && G::SET.bits() == 0 {
        // Only the start of a block leads to a tail that is live.
        if harden::retire(block, slab).is_none() {
            return harden::not_live(block, slab);
        }
        return thread::send_remote::<G>(slab, block.cast());
    }
    if kind == Kind::Interior {
        // SAFETY: the kind was just read.
        let head = unsafe { raw::head_of(slab) };
        if raw::owner(head).load(Ordering::Relaxed) == thread::number() {
            if !raw::is_block(head, block.cast(), head.block_bytes()) {
                misuse::inside(Asked::Free, block, head);
            }
            return free_own::<G>(block, head);
        }
    }
    free_foreign_slow::<G>(block, slab);
}

/// Frees a block of another thread, or a large or huge one.
#[cold]
#[inline(never)]
fn free_foreign_slow<G: Gates>(block: *mut u8, slab: &'static Slab) {
    match slab.kind() {
        Kind::Slab => send::<G>(block, slab),
        Kind::Interior => {
            // SAFETY: the kind was just read.
            let head = unsafe { raw::head_of(slab) };
            if head.kind() == Kind::Sampled {
                profile::free_sampled::<G>(block, head);
            } else {
                send::<G>(block, head);
            }
        }
        Kind::Sampled => profile::free_sampled::<G>(block, slab),
        Kind::Large => {
            if block.expose_provenance() != raw::start_of(slab) {
                misuse::inside(Asked::Free, block, slab);
            }
            let usable = raw::shared(slab).usable_bytes.load(Ordering::Relaxed);
            harden::check_seals(slab, raw::start_of(slab), usable);
            if profile::is_on() {
                let _sample = profile::free_large(block, slab);
            }
            POOL.give(slab, slab.slices());
            if G::SET.has(Gate::PoolStats) {
                TELEMETRY.add(Metric::PoolSlicesReturned, slab.slices() as u64);
            }
        }
        Kind::Huge => {
            check_huge(Asked::Free, block, slab);
            harden::check_seals(slab, block.expose_provenance(), huge::usable_of(slab));
            if profile::is_on() {
                let _sample = profile::free_large(block, slab);
            }
            HUGE.give(slab);
        }
        Kind::Guarded => guarded::free(block, slab),
        Kind::Free => misuse::free_slice(Asked::Free, block, slab),
    }
    if G::SET.has(Gate::FreeStats) {
        TELEMETRY.add(Metric::FreesRemote, 1);
    }
}

fn send<G: Gates>(block: *mut u8, slab: &'static Slab) {
    let offset = block.expose_provenance() - raw::start_of(slab);
    if !offset.is_multiple_of(slab.block_bytes()) {
        misuse::inside(Asked::Free, block, slab);
    }
    if harden::retire(block, slab).is_none() {
        return harden::not_live(block, slab);
    }
    thread::send_remote::<G>(slab, block.cast());
}

/// The record that describes a block: of an interior slice, its slab's.
///
/// # Safety
/// - `block` was allocated here and not freed since.
unsafe fn record_of(block: NonNull<u8>) -> &'static Slab {
    // SAFETY: the caller's duty.
    let slab = unsafe { raw::slab_of(block) };
    if let Some(huge) = huge::around(slab) {
        return huge;
    }
    if slab.kind() == Kind::Interior {
        // SAFETY: the kind was just read.
        return unsafe { raw::head_of(slab) };
    }
    slab
}

/// The bytes of a block that may be used.
///
/// # Safety
/// - `block` was allocated here and not freed since.
#[must_use]
pub unsafe fn usable_bytes(block: NonNull<u8>) -> usize {
    // SAFETY: the caller's duty.
    unsafe { live_bytes(Asked::Size, block) }
}

/// The bytes of a block that may be used. Stops the process where the block is seen to be free.
///
/// # Safety
/// - As [`usable_bytes`].
unsafe fn live_bytes(asked: Asked, block: NonNull<u8>) -> usize {
    harden::claim(asked, block);
    // SAFETY: the caller's duty.
    let slab = unsafe { record_of(block) };
    match slab.kind() {
        Kind::Slab | Kind::Interior | Kind::Sampled => {
            if harden::ON {
                let _live = harden::check(asked, block.as_ptr(), slab);
            }
            // Relaxed: if it is this thread's number, this thread wrote it.
            let is_own = raw::owner(slab).load(Ordering::Relaxed) == thread::number();
            if is_own && slab.free.get() == block.as_ptr().cast() {
                misuse::freed_block(asked, block.as_ptr(), slab);
            }
            slab.block_bytes() - TAIL_BYTES
        }
        Kind::Large => {
            if block.as_ptr().expose_provenance() != raw::start_of(slab) {
                misuse::inside(asked, block.as_ptr(), slab);
            }
            raw::shared(slab).usable_bytes.load(Ordering::Relaxed)
        }
        Kind::Huge => {
            check_huge(asked, block.as_ptr(), slab);
            huge::usable_of(slab)
        }
        Kind::Guarded => guarded::live_bytes(asked, block.as_ptr(), slab),
        Kind::Free => misuse::free_slice(asked, block.as_ptr(), slab),
    }
}

/// Stops the process where an address is not the start of its huge block.
fn check_huge(asked: Asked, block: *mut u8, slab: &'static Slab) {
    let start = huge::header_of(slab).block.load(Ordering::Relaxed);
    if block.expose_provenance() != start {
        misuse::inside(asked, block, slab);
    }
}

/// Resizes a block, moving it if it must; null where memory is out, the block being as it was.
///
/// # Safety
/// - `block` was allocated here and not freed since; where the result is not null, only the
///   result is used from then on.
#[must_use]
pub unsafe fn reallocate<G: Gates>(block: NonNull<u8>, bytes: usize) -> *mut u8 {
    if bytes > isize::MAX.cast_unsigned() {
        return out_of_memory();
    }
    // SAFETY: the caller's duty.
    let had = unsafe { live_bytes(Asked::Resize, block) };
    // Stay where at most half would be wasted; 64 bytes are not worth a move.
    let class_max = CLASS_MAX - TAIL_BYTES;
    if bytes <= had && (bytes > had / 2 || had <= 64) && had <= class_max {
        return block.as_ptr();
    }
    if had > class_max && bytes > class_max {
        // SAFETY: the caller's duty.
        let slab = unsafe { record_of(block) };
        if let Some(same) = resize_large_slow::<G>(block, slab, bytes) {
            return same.as_ptr();
        }
    }
    let new = allocate::<G>(bytes);
    if !new.is_null() {
        // SAFETY: both blocks hold that many bytes, and the new one is nobody else's.
        unsafe { new.copy_from_nonoverlapping(block.as_ptr(), had.min(bytes)) };
        // SAFETY: the caller gives the old block up.
        unsafe { free::<G>(block.as_ptr()) };
    }
    new
}

/// Resizes a large or huge block without copying.
#[cold]
#[inline(never)]
fn resize_large_slow<G: Gates>(
    block: NonNull<u8>,
    slab: &'static Slab,
    bytes: usize,
) -> Option<NonNull<u8>> {
    if !profile::is_on() {
        return resize_in_place(slab, bytes);
    }
    // Before the address can be anybody else's.
    let sample = profile::free_large(block.as_ptr(), slab);
    let new = resize_in_place(slab, bytes);
    // SAFETY: a block of the caller's, as it is now.
    let usable = new.map_or(0, |new| unsafe { usable_bytes(new) });
    profile::moved::<G>(block, sample, new, usable);
    new
}

fn resize_in_place(slab: &'static Slab, bytes: usize) -> Option<NonNull<u8>> {
    match slab.kind() {
        Kind::Large if bytes <= LARGE_MAX - SEALS_BYTES => {
            let usable = large_usable(bytes)?;
            let shared = raw::shared(slab);
            let start = raw::start_of(slab);
            harden::check_seals(slab, start, shared.usable_bytes.load(Ordering::Relaxed));
            if !POOL.resize(slab, (usable + SEALS_BYTES).div_ceil(SLICE_BYTES)) {
                return None;
            }
            shared.usable_bytes.store(usable, Ordering::Relaxed);
            harden::seal(slab, start, usable);
            NonNull::new(core::ptr::with_exposed_provenance_mut(raw::start_of(slab)))
        }
        Kind::Huge if bytes > LARGE_MAX - SEALS_BYTES => HUGE.resize(slab, bytes),
        _ => None,
    }
}

/// Gives back all memory that can be, at once. Returns the bytes.
pub fn trim<G: Gates>() -> usize {
    thread::flush_outbox::<G>();
    let heap = thread::heap();
    if !heap.is(&NO_HEAP) {
        heap.while_busy(|| {
            miss::drain::<G>(heap);
            for class in 0..CLASSES {
                let slab = heap.current_of(class);
                if !slab.is(&EMPTY)
                    && slab.state() == State::Current
                    && audit::length(slab) == slab.extended()
                {
                    profile::left(heap, slab, slab.extended());
                    heap.set_current(class, &EMPTY);
                    heap.release(slab);
                }
            }
            sparse::lend_all(heap);
        });
    }
    let bytes = crate::purge::all();
    if G::SET.has(Gate::OsStats) {
        TELEMETRY.add(Metric::OsPurges, 1);
        TELEMETRY.add(Metric::OsPurgeBytes, bytes as u64);
    }
    bytes
}
