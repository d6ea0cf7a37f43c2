//! Sampled blocks: taken, freed.
//!
//! # Role
//! Serve the block of a sampled allocation from a heap that is no thread's, note it, and note its
//! end.
//!
//! # Invariants
//! - I1: the heap's number is [`NUMBER`], which is no thread's: every free into it takes the slow
//!   path. Its slabs have the kind `Sampled`.
//! - I2: the heap and the tables are touched under the lock only; it comes before all others.
//! - I3: nothing is unwound while the lock is held: the unwinder may allocate.

use super::distance::{Distances, LARGE};
use super::stack::Stack;
use super::tables;
use crate::heap::{Heap, NO_HEAP};
use crate::misuse::Asked;
use crate::slab::{EMPTY, Kind, Slab};
use crate::{harden, miss, misuse, owners, raw, thread};
use bedplate_os::lock::Lock;
use bedplate_os::rawio::Line;
use bedplate_telemetry::Gates;
use core::fmt::Write as _;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The number that stands for "under the profile's lock".
const NUMBER: usize = 2;

static LOCK: Lock = Lock::new();
static HEAP: AtomicPtr<Heap> = AtomicPtr::new(core::ptr::null_mut());

/// The lock, for fork handlers.
#[must_use]
pub(crate) fn lock() -> &'static Lock {
    &LOCK
}

/// Does something under the profile's lock.
pub(super) fn while_locked<T>(work: impl FnOnce() -> T) -> T {
    let _guard = LOCK.lock();
    work()
}

fn heap() -> Option<&'static Heap> {
    let heap = HEAP.load(Ordering::Acquire);
    // SAFETY: null, or a heap, which is never freed (heap I2).
    unsafe { heap.as_ref() }
}

/// True of the heap of sampled blocks.
#[must_use]
pub(crate) fn heap_is(other: &Heap) -> bool {
    heap().is_some_and(|heap| heap.is(other))
}

/// Begins to sample, one allocation for each `rate` bytes.
pub(crate) fn start(rate: u64) {
    let _guard = LOCK.lock();
    if !tables::make(rate) {
        let mut line = Line::<256>::new();
        let _whole = writeln!(
            line,
            "bedplate: the kernel refuses the address space for a heap profile: this process is not profiled. \
             Raise its limit (ulimit -v) or unset BEDPLATE_MALLOC_PROFILE."
        );
        line.to_stderr();
    }
}

/// What a heap that takes part needs; `None` where there is no room for it.
pub(super) fn new_distances() -> Option<&'static Distances> {
    let _guard = LOCK.lock();
    tables::new_distances()
}

/// Takes up remote frees of sampled blocks, unless the heap is in use.
pub(crate) fn try_drain<G: Gates>() {
    let Some(heap) = heap() else { return };
    if let Some(_guard) = LOCK.try_lock() {
        miss::drain::<G>(heap);
    }
}

/// The block of a sampled allocation. `None` where it cannot be sampled: it is then served as any.
pub(super) fn take<G: Gates>(own: &Distances, class: usize, block_bytes: usize) -> Option<*mut u8> {
    note(own, block_bytes, || block_of::<G>(class))
}

/// A block above the classes was allocated: samples it if it holds a sample point.
pub(crate) fn large<G: Gates>(block: *mut u8, slab: &'static Slab, bytes: usize) {
    let mut heap = thread::heap();
    if heap.is(&NO_HEAP) {
        let Some(attached) = thread::attach::<G>() else {
            return;
        };
        heap = attached;
    }
    let Some(own) = heap.profile.get().or_else(|| super::pace::take_part(heap)) else {
        return;
    };
    if own.blocks_before(LARGE, bytes) > 0 {
        own.of(LARGE).pass(bytes as u64);
        return;
    }
    own.draw(LARGE);
    if note(own, bytes, || Some(block)).is_some() {
        // Relaxed: whoever gives the block back got its address from here.
        slab.sampled.store(true, Ordering::Relaxed);
    }
}

/// Notes a sample whose block `serve` gives, under the lock.
fn note(own: &Distances, bytes: usize, serve: impl FnOnce() -> Option<*mut u8>) -> Option<*mut u8> {
    if own.samples.replace(true) {
        // The unwinder allocates: its block is not the program's, but its bytes were counted.
        tables::dropped();
        return None;
    }
    let stack = Stack::capture();
    let block = {
        let _guard = LOCK.lock();
        tables::site(stack.frames(), bytes as u64).and_then(|site| {
            let block = serve()?;
            tables::enlist(block.expose_provenance(), site);
            Some(block)
        })
    };
    own.samples.set(false);
    if block.is_none() {
        tables::dropped();
    }
    block
}

/// A block of the heap of sampled blocks; the lock is held.
fn block_of<G: Gates>(class: usize) -> Option<*mut u8> {
    let heap = match heap() {
        Some(heap) => heap,
        None => {
            let heap = owners::attach_fallback(NUMBER)?;
            HEAP.store(core::ptr::from_ref(heap).cast_mut(), Ordering::Release);
            heap
        }
    };
    let mut slab = heap.current_of(class);
    if slab.is(&EMPTY) || slab.free.get().is_null() {
        slab = miss::refill_slow::<G>(heap, class)?;
        // Relaxed: read by whoever frees a block whose address is not handed out yet.
        slab.kind.store(Kind::Sampled as u8, Ordering::Relaxed);
    }
    let block = slab.free.get();
    // SAFETY: the lock is held: the list is ours, and its head is a free block.
    unsafe { harden::take(slab, block) };
    Some(block.cast())
}

/// Frees a sampled block of a slab, into the heap of sampled blocks: its sample lives no more.
#[cold]
pub(crate) fn free_sampled<G: Gates>(block: *mut u8, slab: &'static Slab) {
    let _guard = LOCK.lock();
    if tables::delist(block.expose_provenance()).is_none() {
        let offset = block.expose_provenance() - raw::start_of(slab);
        if offset.is_multiple_of(slab.block_bytes()) {
            misuse::freed_block(Asked::Free, block, slab);
        }
        misuse::inside(Asked::Free, block, slab);
    }
    if harden::retire(block, slab).is_none() {
        return harden::not_live(block, slab);
    }
    // SAFETY: the block is given up to us, and the lock is held: the list is ours (I2).
    unsafe { raw::set_link(block.cast(), slab.free.get()) };
    slab.free.set(block.cast());
    raw::count_down(slab, miss::freed_event_slow::<G>);
}

/// A block above the classes is freed, or about to be resized: ends its sample, if it is one.
#[inline]
pub(crate) fn free_large(block: *mut u8, slab: &'static Slab) -> Option<u32> {
    // The block's own line says so: the table would be a lock and a line from memory for each free.
    // Relaxed: as where it is set.
    if slab.sampled.load(Ordering::Relaxed) {
        end_large(block, slab)
    } else {
        None
    }
}

#[cold]
fn end_large(block: *mut u8, slab: &'static Slab) -> Option<u32> {
    let _guard = LOCK.lock();
    slab.sampled.store(false, Ordering::Relaxed);
    tables::delist(block.expose_provenance())
}

/// A block above the classes was resized, or not: what [`free_large`] ended begins again, as a new
/// allocation where there is a new block.
pub(crate) fn moved<G: Gates>(
    block: NonNull<u8>,
    sample: Option<u32>,
    new: Option<NonNull<u8>>,
    bytes: usize,
) {
    match (new, sample) {
        (Some(new), _) => {
            // SAFETY: a live block.
            let slab = unsafe { raw::slab_of(new) };
            large::<G>(new.as_ptr(), slab, bytes);
        }
        (None, Some(site)) => {
            // SAFETY: it stayed as it was.
            let slab = unsafe { raw::slab_of(block) };
            let _guard = LOCK.lock();
            slab.sampled.store(true, Ordering::Relaxed);
            tables::relist(block.as_ptr().expose_provenance(), site);
        }
        (None, None) => {}
    }
}

/// In a forked child: the thread that these are of is not taking a sample any more.
pub(crate) fn end_sample(own: &Distances) {
    own.samples.set(false);
}

/// In a forked child, which starts with the live samples it inherits as its only ones.
pub(crate) fn reset_in_child() {
    if tables::is_on() {
        tables::forget_freed();
    }
}
