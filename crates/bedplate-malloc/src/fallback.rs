//! The shared heap of threads that have ended.
//!
//! # Role
//! Serve the few allocations that a thread makes after its destructor ran, under a lock.
//!
//! # Invariants
//! - I1: the heap's number is [`NUMBER`], which is no thread's: every free into it is remote.

use crate::heap::Heap;
use crate::slab::EMPTY;
use crate::{class, harden, miss, owners};
use bedplate_os::lock::Lock;
use bedplate_telemetry::Gates;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The number that stands for "under the fallback lock".
const NUMBER: usize = 1;

static LOCK: Lock = Lock::new();
static HEAP: AtomicPtr<Heap> = AtomicPtr::new(core::ptr::null_mut());

/// The lock, for fork handlers. It comes before the heaps lock.
#[must_use]
pub(crate) fn lock() -> &'static Lock {
    &LOCK
}

/// The heap, if it was ever needed.
#[must_use]
pub(crate) fn heap() -> Option<&'static Heap> {
    let heap = HEAP.load(Ordering::Acquire);
    // SAFETY: null, or a heap, which is never freed.
    unsafe { heap.as_ref() }
}

/// True if the heap is the fallback.
#[must_use]
pub(crate) fn is(other: &Heap) -> bool {
    heap().is_some_and(|heap| heap.is(other))
}

/// Takes up remote frees, unless the heap is in use.
pub(crate) fn try_drain<G: Gates>() {
    let Some(heap) = heap() else { return };
    if let Some(_guard) = LOCK.try_lock() {
        miss::drain::<G>(heap);
    }
}

/// A block of a size class.
#[cold]
pub(crate) fn allocate<G: Gates>(class: usize) -> *mut u8 {
    debug_assert!(class < class::CLASSES);
    let _guard = LOCK.lock();
    let heap = match heap() {
        Some(heap) => heap,
        None => match owners::attach_fallback(NUMBER) {
            Some(heap) => {
                HEAP.store(core::ptr::from_ref(heap).cast_mut(), Ordering::Release);
                heap
            }
            None => return core::ptr::null_mut(),
        },
    };
    let mut slab = heap.current_of(class);
    if slab.is(&EMPTY) || slab.free.get().is_null() {
        match miss::refill_slow::<G>(heap, class) {
            Some(stocked) => slab = stocked,
            None => return core::ptr::null_mut(),
        }
    }
    let block = slab.free.get();
    // SAFETY: the lock is held: the list is ours, and its head is a free block.
    unsafe { harden::take(slab, block) };
    block.cast()
}
