//! Sampled guarded blocks, in the hardened build.
//!
//! # Role
//! One small allocation in many gets a page of its own, ends where the page ends, and has a guard
//! page behind it; when it is freed its page becomes a guard too, until all others were used after
//! it. An access past its end, or after it was freed, is stopped where it happens.
//!
//! # Not here
//! Choosing by bytes or stacks (`profile/`): a sample is taken every so many misses.
//!
//! # Invariants
//! - I1: the area is one segment-aligned 4 MiB: records in its first slice, as in a segment of the
//!   pool, of kind `Guarded`, and then slots of two pages, the second a guard once the slot was used.
//! - I2: a slot's word is 0 before its first use, the block's address while it is live, and that
//!   plus one once it was freed. Only who changes the word touches the slot's pages.
//!
//! # Concurrency
//! Words change by exchange; nothing is locked, so there is nothing to hold over a fork.
//!
//! # Platform
//! Guards are `MADV_GUARD_INSTALL`, which splits no mapping (Linux 6.13). Where the kernel has none,
//! or pages are not 4 KiB, nothing is sampled.

use crate::counters::COUNTERS;
use crate::misuse::{self, Asked, Fault};
use crate::raw;
use crate::slab::{Kind, Slab};
use crate::territory;
use crate::tuning::{GUARDED_MISSES, SEGMENT_BYTES, SLICE_BYTES, SLICES};
use bedplate_os::pages::{self, Protection};
use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 4096;
const SLOT_BYTES: usize = 2 * PAGE;
const SLOTS: usize = (SEGMENT_BYTES - SLICE_BYTES) / SLOT_BYTES;

/// The area's address; 0 before it is needed, 1 while it is made or where there is none.
static AREA: AtomicUsize = AtomicUsize::new(0);
static WORDS: [AtomicUsize; SLOTS] = [const { AtomicUsize::new(0) }; SLOTS];
static BYTES: [AtomicUsize; SLOTS] = [const { AtomicUsize::new(0) }; SLOTS];
static NEXT: AtomicUsize = AtomicUsize::new(0);
static MISSES: AtomicUsize = AtomicUsize::new(0);

/// A guarded block for a request that missed, if it is its turn.
#[inline]
pub(crate) fn sample(bytes: usize) -> Option<NonNull<u8>> {
    // Relaxed: a count; lost steps only shift a sample.
    let misses = MISSES.load(Ordering::Relaxed) + 1;
    MISSES.store(misses, Ordering::Relaxed);
    if !misses.is_multiple_of(GUARDED_MISSES) {
        return None;
    }
    take_slow(bytes)
}

#[cold]
#[inline(never)]
fn take_slow(bytes: usize) -> Option<NonNull<u8>> {
    let usable = bytes.max(1).next_multiple_of(16);
    if usable > PAGE {
        return None;
    }
    let area = area()?;
    let slot = NEXT.fetch_add(1, Ordering::Relaxed) % SLOTS;
    let (word, place) = (WORDS.get(slot)?, BYTES.get(slot)?);
    let old = word.load(Ordering::Relaxed);
    let page = page_of(area, slot);
    let block = page + PAGE - usable;
    let is_free = old == 0 || old & 1 == 1;
    // Acquire pairs with the Release in `free`: the page was guarded before.
    let is_ours = is_free
        && word
            .compare_exchange(old, block, Ordering::Acquire, Ordering::Relaxed)
            .is_ok();
    if !is_ours {
        return None;
    }
    place.store(usable, Ordering::Relaxed);
    // A slot's second page is guarded when it is first used: most processes use few slots.
    let prepared = if old == 0 {
        // SAFETY: the page is the slot's, which is ours (I2).
        unsafe { pages::guard(at(page + PAGE)?, PAGE) }
    } else {
        // SAFETY: as above.
        unsafe { pages::unguard(at(page)?, PAGE) }
    };
    if prepared.is_err() {
        COUNTERS.failed_advice.add(1);
        word.store(old, Ordering::Release);
        return None;
    }
    NonNull::new(core::ptr::with_exposed_provenance_mut(block))
}

fn page_of(area: usize, slot: usize) -> usize {
    area + SLICE_BYTES + slot * SLOT_BYTES
}

fn at(address: usize) -> Option<NonNull<u8>> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address))
}

/// The area, made when it is first asked for.
fn area() -> Option<usize> {
    // Acquire pairs with the Release below: records and guards are there.
    let area = AREA.load(Ordering::Acquire);
    if area == 0
        && AREA
            .compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    {
        let made = make()?;
        AREA.store(made, Ordering::Release);
        return Some(made);
    }
    (area > 1).then_some(area)
}

fn make() -> Option<usize> {
    if pages::page_size() != PAGE {
        return None;
    }
    let mapped = pages::map_aligned(0, SEGMENT_BYTES, SEGMENT_BYTES, Protection::ReadWrite).ok()?;
    let area = mapped.as_ptr().expose_provenance();
    for index in 1..SLICES {
        // SAFETY: inside slice `index` of an area that is laid out as a segment (I1).
        let slab = unsafe { raw::slab_of(at(area + index * SLICE_BYTES + 16)?) };
        slab.kind.store(Kind::Guarded as u8, Ordering::Relaxed);
    }
    territory::add(area);
    catch_faults();
    Some(area)
}

/// The slot that an address lies in, its word, and the block's bytes.
fn find(address: usize) -> Option<(&'static AtomicUsize, usize)> {
    let area = AREA.load(Ordering::Acquire);
    let offset = address.checked_sub(area + SLICE_BYTES)?;
    let slot = offset / SLOT_BYTES;
    let bytes = BYTES.get(slot)?.load(Ordering::Relaxed);
    Some((WORDS.get(slot)?, bytes))
}

/// The bytes of a guarded block that may be used. Stops the process where there is none.
pub(crate) fn live_bytes(asked: Asked, block: *mut u8, slab: &'static Slab) -> usize {
    let address = block.expose_provenance();
    match find(address).map(|(word, bytes)| (word.load(Ordering::Relaxed), bytes)) {
        Some((word, bytes)) if word == address => bytes,
        Some((word, _)) if word == address + 1 => misuse::freed_block(asked, block, slab),
        Some((word, _)) if word != 0 && word & 1 == 0 => misuse::inside(asked, block, slab),
        _ => misuse::never_block(asked, block),
    }
}

/// Frees a guarded block: its page is a guard until the slot's turn comes again.
pub(crate) fn free(block: *mut u8, slab: &'static Slab) {
    let bytes = live_bytes(Asked::Free, block, slab);
    let address = block.expose_provenance();
    let Some((word, _)) = find(address) else {
        return;
    };
    let page = address + bytes - PAGE;
    // SAFETY: the block is given up by its owner, and its page is no other's.
    let guarded = at(page).map(|page| unsafe { pages::guard(page, PAGE) });
    if !matches!(guarded, Some(Ok(()))) {
        COUNTERS.failed_advice.add(1);
    }
    // Release pairs with the Acquire in `take_slow`.
    let freed = word.compare_exchange(address, address + 1, Ordering::Release, Ordering::Relaxed);
    if freed.is_err() {
        misuse::freed_block(Asked::Free, block, slab);
    }
}

/// Lets a fault in the area be told, where the program has not asked to handle faults itself.
fn catch_faults() {
    // SAFETY: zero bytes are a valid description.
    let mut old: libc::sigaction = unsafe { core::mem::zeroed() };
    // SAFETY: asks only; the place is writable.
    let asked = unsafe { libc::sigaction(libc::SIGSEGV, core::ptr::null(), &raw mut old) };
    if asked != 0 || old.sa_sigaction != libc::SIG_DFL {
        return;
    }
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = fault;
    #[expect(
        clippy::fn_to_numeric_cast_any,
        reason = "the kernel is told the handler by its address"
    )]
    {
        old.sa_sigaction = handler as *const () as usize;
    }
    old.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler is a function of this library, which is never unloaded.
    let _set = unsafe { libc::sigaction(libc::SIGSEGV, &raw const old, null_mut()) };
}

extern "C" fn fault(_signal: c_int, information: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: the kernel's description of a fault.
    let information = unsafe { &*information };
    // SAFETY: of a fault, it has an address.
    let address = unsafe { information.si_addr() }.expose_provenance();
    let is_fault = information.si_code > 0;
    if let Some((word, bytes)) = find(address).filter(|_| is_fault) {
        let word = word.load(Ordering::Relaxed);
        let block: *mut u8 = core::ptr::with_exposed_provenance_mut(word & !1);
        let what = if word & 1 == 1 {
            Fault::Freed
        } else {
            Fault::Behind
        };
        if word != 0 {
            misuse::guarded(what, block, bytes, address);
        }
    }
    // Not ours: as if nobody had asked.
    // SAFETY: zero bytes are a valid description, of the default.
    let default: libc::sigaction = unsafe { core::mem::zeroed() };
    // SAFETY: the access is made again and ends the process.
    let _set = unsafe { libc::sigaction(libc::SIGSEGV, &raw const default, null_mut()) };
    if !is_fault {
        // Sent by a process: there is no access to be made again.
        // SAFETY: the signal waits until this handler returns.
        let _sent = unsafe { libc::raise(libc::SIGSEGV) };
    }
}
