//! The allocator by its other name.
//!
//! # Role
//! A unit struct, as programs write it, that passes every call on.

use bedplate_malloc::Malloc;
use core::alloc::{GlobalAlloc, Layout};

/// Where the calls go; it holds nothing.
const OURS: Malloc = Malloc::new();

/// bedplate-malloc, for `#[global_allocator]`.
///
/// # Examples
/// ```
/// use mimalloc::MiMalloc;
///
/// #[global_allocator]
/// static GLOBAL: MiMalloc = MiMalloc;
///
/// assert_eq!(vec![7_u8; 100_000].len(), 100_000);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MiMalloc;

// SAFETY: every call is passed on, unchanged, to an allocator that keeps the contract.
unsafe impl GlobalAlloc for MiMalloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the same contract.
        unsafe { OURS.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the same contract.
        unsafe { OURS.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same contract; the block came from `alloc` here.
        unsafe { OURS.dealloc(ptr, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the same contract; the block came from `alloc` here.
        unsafe { OURS.realloc(ptr, layout, new_size) }
    }
}
