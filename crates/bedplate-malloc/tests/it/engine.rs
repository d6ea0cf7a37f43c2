//! The allocator as a subject of op programs.
#![expect(unsafe_code, reason = "an allocator is called by pointers")]

use bedplate_malloc::ops;
use bedplate_telemetry::Off;
use bedplate_testkit::{Block, Subject};
use core::ptr::NonNull;

/// The engine itself, beside the system's allocator, which serves the test.
pub(crate) struct Engine;

impl Subject for Engine {
    fn malloc(&self, size: usize) -> Option<NonNull<u8>> {
        NonNull::new(ops::allocate::<Off>(size))
    }

    fn calloc(&self, count: usize, size: usize) -> Option<NonNull<u8>> {
        NonNull::new(bedplate_malloc::entry::family::calloc::<Off>(count, size))
    }

    fn memalign(&self, align: usize, size: usize) -> Option<NonNull<u8>> {
        NonNull::new(ops::allocate_aligned::<Off>(size, align))
    }

    unsafe fn realloc(&self, block: Block, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the block is live, as the caller promises.
        NonNull::new(unsafe { ops::reallocate::<Off>(block.start, size) })
    }

    unsafe fn free(&self, block: Block) {
        // SAFETY: the block is live, as the caller promises.
        unsafe { ops::free::<Off>(block.start.as_ptr()) }
    }

    unsafe fn usable_size(&self, block: Block) -> Option<usize> {
        // SAFETY: the block is live, as the caller promises.
        Some(unsafe { ops::usable_bytes(block.start) })
    }
}

/// Frees a block of the engine's.
pub(crate) fn free(block: NonNull<u8>) {
    // SAFETY: the tests free what they allocated, once.
    unsafe { ops::free::<Off>(block.as_ptr()) }
}

/// Resizes a block of the engine's.
pub(crate) fn resize(block: NonNull<u8>, bytes: usize) -> Option<NonNull<u8>> {
    // SAFETY: the tests resize live blocks, and use what comes back.
    NonNull::new(unsafe { ops::reallocate::<Off>(block, bytes) })
}

/// Writes a byte over a block.
pub(crate) fn fill(block: NonNull<u8>, bytes: usize, value: u8) {
    // SAFETY: the tests fill blocks of at least that size.
    unsafe { block.as_ptr().write_bytes(value, bytes) }
}

/// The bytes of a block.
pub(crate) fn bytes_of<'a>(block: NonNull<u8>, bytes: usize) -> &'a [u8] {
    // SAFETY: the tests look at live blocks of at least that size.
    unsafe { core::slice::from_raw_parts(block.as_ptr(), bytes) }
}

/// A block of the engine's, resized.
#[cfg(not(bedplate_unprofiled))]
pub(crate) fn resized(block: Block, bytes: usize) -> NonNull<u8> {
    // SAFETY: the tests resize what they allocated, and use the result alone.
    unsafe { Engine.realloc(block, bytes) }.expect("memory is there")
}
