//! The allocator of a Rust program.

use crate::ops;
use bedplate_telemetry::{Gates, Off};
use core::alloc::{GlobalAlloc, Layout};
use core::marker::PhantomData;
use core::ptr::NonNull;

/// The allocator, for `#[global_allocator]`.
///
/// # Examples
/// ```
/// #[global_allocator]
/// static ALLOCATOR: bedplate_malloc::Malloc = bedplate_malloc::Malloc::new();
///
/// let words: Vec<u64> = (0..1000).collect();
/// assert_eq!(words.len(), 1000);
/// ```
#[derive(Debug)]
pub struct Malloc<G: Gates = Off>(PhantomData<fn() -> G>);

impl Malloc {
    /// The allocator without telemetry.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<G: Gates> Malloc<G> {
    /// The allocator with the gates of `G`.
    #[must_use]
    pub const fn with_gates() -> Self {
        Self(PhantomData)
    }
}

impl<G: Gates> Default for Malloc<G> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

// SAFETY: blocks hold at least the layout's bytes at its alignment (class tests, `ops`), stay
// until freed, and no method unwinds.
unsafe impl<G: Gates> GlobalAlloc for Malloc<G> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= 16 {
            return ops::allocate::<G>(layout.size());
        }
        ops::allocate_aligned::<G>(layout.size(), layout.align())
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, _layout: Layout) {
        // SAFETY: the caller frees what it allocated here.
        unsafe { ops::free::<G>(ptr) };
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= 16 {
            return ops::allocate_zeroed::<G>(layout.size());
        }
        let block = ops::allocate_aligned::<G>(layout.size(), layout.align());
        if !block.is_null() {
            // SAFETY: the block is fresh and holds the layout's bytes.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        match NonNull::new(ptr) {
            // SAFETY: the caller resizes what it allocated here.
            Some(given) if layout.align() <= 16 => unsafe { ops::reallocate::<G>(given, new_size) },
            _ => {
                let new = ops::allocate_aligned::<G>(new_size, layout.align());
                if !new.is_null() {
                    // SAFETY: both blocks hold that many bytes, and the new one is fresh.
                    unsafe { new.copy_from_nonoverlapping(ptr, layout.size().min(new_size)) };
                    // SAFETY: the caller gives the old block up.
                    unsafe { ops::free::<G>(ptr) };
                }
                new
            }
        }
    }
}
