//! The twin of `profile/` in a build without the profiler (`--cfg bedplate_unprofiled`), by which
//! the hit paths of both are compared.
#![expect(clippy::extra_unused_type_parameters, reason = "the twin's signatures")]

use crate::heap::Heap;
use crate::slab::Slab;
use crate::tuning::COUNTDOWN_IDLE;
use bedplate_os::lock::Lock;
use bedplate_telemetry::Gates;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

/// There are none.
#[derive(Debug)]
pub(crate) enum Distances {}

/// The tables of a profile, which no process has.
pub(crate) mod tables {}

static LOCK: Lock = Lock::new();

pub(crate) const fn is_on() -> bool {
    false
}

pub(crate) const fn start(_rate: u64) {}

pub(crate) const fn lock() -> &'static Lock {
    &LOCK
}

pub(crate) const fn heap_is(_other: &Heap) -> bool {
    false
}

pub(crate) const fn allocate<G: Gates>(_heap: &'static Heap, _class: usize) -> Option<*mut u8> {
    None
}

pub(crate) const fn exchange(_heap: &'static Heap, _slab: &'static Slab) -> Option<&'static Slab> {
    None
}

pub(crate) const fn stocked<G: Gates>(_heap: &Heap, _slab: &'static Slab, _length: u32) {}

pub(crate) fn counted<G: Gates>(_heap: &Heap, slab: &'static Slab) {
    slab.countdown.store(COUNTDOWN_IDLE, Ordering::Relaxed);
}

pub(crate) const fn collected<G: Gates>(_heap: &Heap, _slab: &'static Slab, _taken: u32) {}

pub(crate) const fn left(_heap: &Heap, _slab: &'static Slab, _length: u32) {}

pub(crate) const fn large<G: Gates>(_block: *mut u8, _slab: &'static Slab, _bytes: usize) {}

pub(crate) const fn free_sampled<G: Gates>(_block: *mut u8, _slab: &'static Slab) {}

pub(crate) const fn free_large(_block: *mut u8, _slab: &'static Slab) -> Option<u32> {
    None
}

pub(crate) const fn moved<G: Gates>(
    _block: NonNull<u8>,
    _sample: Option<u32>,
    _new: Option<NonNull<u8>>,
    _bytes: usize,
) {
}

pub(crate) const fn try_drain<G: Gates>() {}

pub(crate) const fn end_sample(_own: &Distances) {}

pub(crate) const fn reset_in_child() {}
