//! The allocator under test.
//!
//! # Role
//! One trait that the C family, a `GlobalAlloc` and an engine's inner calls can all be given.
//!
//! # Not here
//! Judgement: a subject only does as it is told.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

/// A live block, as its owner remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it starts.
    pub start: NonNull<u8>,
    /// Bytes that were asked for.
    pub size: usize,
    /// The alignment that was asked for, or 16 where none was.
    pub align: usize,
}

// SAFETY: a block is an address and two numbers; who may touch its bytes is the player's business.
unsafe impl Send for Block {}

/// Something that hands out memory. Shared by all lanes of a program.
pub trait Subject: Sync {
    /// `malloc`: aligned to 16. `None` is the null pointer.
    fn malloc(&self, size: usize) -> Option<NonNull<u8>>;
    /// `calloc`.
    fn calloc(&self, count: usize, size: usize) -> Option<NonNull<u8>>;
    /// `memalign`; `align` is a power of two.
    fn memalign(&self, align: usize, size: usize) -> Option<NonNull<u8>>;
    /// `realloc` of a live block to `size` bytes, at least 1.
    ///
    /// # Safety
    /// - `block` is live on this subject; it ends when the call succeeds.
    unsafe fn realloc(&self, block: Block, size: usize) -> Option<NonNull<u8>>;
    /// `free`.
    ///
    /// # Safety
    /// - `block` is live on this subject; it ends.
    unsafe fn free(&self, block: Block);
    /// `malloc_usable_size`; `None` where the subject has no such call.
    ///
    /// # Safety
    /// - `block` is live on this subject.
    unsafe fn usable_size(&self, block: Block) -> Option<usize>;
    /// `malloc_trim`; a subject without one does nothing.
    fn trim(&self) {}
}

/// The C family of this process: glibc's, or a preloaded one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMalloc;

impl Subject for SystemMalloc {
    fn malloc(&self, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: malloc may be called with any size.
        NonNull::new(unsafe { libc::malloc(size) }.cast())
    }

    fn calloc(&self, count: usize, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: calloc may be called with any numbers.
        NonNull::new(unsafe { libc::calloc(count, size) }.cast())
    }

    fn memalign(&self, align: usize, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: memalign may be called with any numbers.
        NonNull::new(unsafe { libc::memalign(align, size) }.cast())
    }

    unsafe fn realloc(&self, block: Block, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the block is live, as the caller promises.
        NonNull::new(unsafe { libc::realloc(block.start.as_ptr().cast(), size) }.cast())
    }

    unsafe fn free(&self, block: Block) {
        // SAFETY: the block is live, as the caller promises.
        unsafe { libc::free(block.start.as_ptr().cast()) }
    }

    unsafe fn usable_size(&self, block: Block) -> Option<usize> {
        // SAFETY: the block is live, as the caller promises.
        Some(unsafe { libc::malloc_usable_size(block.start.as_ptr().cast()) })
    }

    fn trim(&self) {
        // SAFETY: malloc_trim may be called with any size.
        unsafe { libc::malloc_trim(0) };
    }
}

/// A Rust allocator. A size of 0 is asked for as 1: `GlobalAlloc` has no empty blocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Global<G>(
    /// The allocator.
    pub G,
);

fn layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), align).ok()
}

impl<G: GlobalAlloc + Sync> Subject for Global<G> {
    fn malloc(&self, size: usize) -> Option<NonNull<u8>> {
        self.memalign(16, size)
    }

    fn calloc(&self, count: usize, size: usize) -> Option<NonNull<u8>> {
        let layout = layout(count.checked_mul(size)?, 16)?;
        // SAFETY: the layout is not empty.
        NonNull::new(unsafe { self.0.alloc_zeroed(layout) })
    }

    fn memalign(&self, align: usize, size: usize) -> Option<NonNull<u8>> {
        let layout = layout(size, align)?;
        // SAFETY: the layout is not empty.
        NonNull::new(unsafe { self.0.alloc(layout) })
    }

    unsafe fn realloc(&self, block: Block, size: usize) -> Option<NonNull<u8>> {
        let old = layout(block.size, block.align)?;
        layout(size, block.align)?;
        // SAFETY: the block is live with this layout, and the new size is neither 0 nor too large for it.
        NonNull::new(unsafe { self.0.realloc(block.start.as_ptr(), old, size.max(1)) })
    }

    unsafe fn free(&self, block: Block) {
        if let Some(layout) = layout(block.size, block.align) {
            // SAFETY: the block is live with this layout.
            unsafe { self.0.dealloc(block.start.as_ptr(), layout) }
        }
    }

    unsafe fn usable_size(&self, _: Block) -> Option<usize> {
        None
    }
}
