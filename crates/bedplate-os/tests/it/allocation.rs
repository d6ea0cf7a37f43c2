//! Counts allocations, so that rooms which must make none can be held to it.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};
use std::alloc::System;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

static SEEN: AtomicU64 = AtomicU64::new(0);

struct Counting;

impl Counting {
    fn count() {
        if WATCHED.try_with(Cell::get).unwrap_or(false) {
            SEEN.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count();
        // SAFETY: the caller's duty.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's duty.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        Self::count();
        // SAFETY: the caller's duty.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Watches this thread until it ends; its allocations count in [`seen`].
pub(crate) fn watch_this_thread() {
    WATCHED.set(true);
}

/// Ends the watch on this thread.
pub(crate) fn unwatch_this_thread() {
    WATCHED.set(false);
}

/// Allocations on watched threads so far.
pub(crate) fn seen() -> u64 {
    SEEN.load(Ordering::Relaxed)
}

/// The allocations that `work` makes on this thread.
pub(crate) fn during(work: impl FnOnce()) -> u64 {
    let before = seen();
    watch_this_thread();
    work();
    unwatch_this_thread();
    seen() - before
}

#[test]
fn the_count_counts() {
    // Other threads may be watched too, so at least is all that can be said.
    assert!(during(|| drop(core::hint::black_box(Vec::<u8>::with_capacity(10)))) >= 1);
}
