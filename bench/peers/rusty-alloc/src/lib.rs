//! The C family in front of the peer, as thin as it can be: the peer ships no library to preload.
#![allow(
    clippy::missing_safety_doc,
    reason = "the contract of each function is that of the C library"
)]

use rusty_alloc::alloc;
use std::ffi::c_int;

const ENOMEM: c_int = 12;
const OS_PAGE: usize = 4096;

#[unsafe(no_mangle)]
pub extern "C" fn malloc(bytes: usize) -> *mut u8 {
    alloc::malloc(bytes)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut u8) {
    // SAFETY: the caller's duty.
    unsafe { alloc::free_inline(block) }
}

#[unsafe(no_mangle)]
pub extern "C" fn calloc(count: usize, bytes: usize) -> *mut u8 {
    alloc::calloc(count, bytes)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut u8, bytes: usize) -> *mut u8 {
    // SAFETY: the caller's duty.
    unsafe { alloc::realloc(block, bytes) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocarray(block: *mut u8, count: usize, bytes: usize) -> *mut u8 {
    // SAFETY: the caller's duty.
    unsafe { alloc::reallocn(block, count, bytes) }
}

#[unsafe(no_mangle)]
pub extern "C" fn memalign(alignment: usize, bytes: usize) -> *mut u8 {
    alloc::malloc_aligned(bytes, alignment)
}

#[unsafe(no_mangle)]
pub extern "C" fn aligned_alloc(alignment: usize, bytes: usize) -> *mut u8 {
    alloc::malloc_aligned(bytes, alignment)
}

#[unsafe(no_mangle)]
pub extern "C" fn valloc(bytes: usize) -> *mut u8 {
    alloc::malloc_aligned(bytes, OS_PAGE)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(
    out: *mut *mut u8,
    alignment: usize,
    bytes: usize,
) -> c_int {
    let block = alloc::malloc_aligned(bytes, alignment);
    if block.is_null() {
        return ENOMEM;
    }
    // SAFETY: the caller's duty.
    unsafe { *out = block };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
    // SAFETY: the caller's duty.
    unsafe { alloc::usable_size(block) }
}
