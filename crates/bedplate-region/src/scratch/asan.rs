//! The address sanitizer's functions.
//!
//! # Role
//! Says what may be accessed, where the whole program is built with the sanitizer.

use core::ffi::c_void;
use core::ptr::NonNull;

unsafe extern "C" {
    fn __asan_poison_memory_region(at: *const c_void, bytes: usize);
    fn __asan_unpoison_memory_region(at: *const c_void, bytes: usize);
}

/// Any access is an error from now on.
#[inline]
pub(super) fn poison(at: NonNull<u8>, bytes: usize) {
    // SAFETY: the function takes any range of mapped memory, and this is an arena's own.
    unsafe { __asan_poison_memory_region(at.as_ptr().cast(), bytes) }
}

/// May be accessed.
#[inline]
pub(super) fn unpoison(at: NonNull<u8>, bytes: usize) {
    // SAFETY: the function takes any range of mapped memory, and this is an arena's own.
    unsafe { __asan_unpoison_memory_region(at.as_ptr().cast(), bytes) }
}
