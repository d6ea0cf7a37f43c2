//! The rules of the C family.
//!
//! # Role
//! What POSIX, C23 and glibc say of zero sizes, overflow, alignment and `errno`, on top of `ops`.
//!
//! # Invariants
//! - I1: a request above `PTRDIFF_MAX` fails with `ENOMEM`.
//! - I2: `free` leaves `errno` alone; so does every success.
//! - I3: a zero size gives a block that may be freed and not be used.

use crate::ops::{self, Given};
use bedplate_os::pages;
use bedplate_telemetry::Gates;
use core::ffi::c_int;
use core::ptr::{NonNull, null_mut};

#[cold]
#[inline(never)]
fn fail_slow(code: c_int) -> *mut u8 {
    set_errno(code);
    null_mut()
}

fn set_errno(code: c_int) {
    // SAFETY: errno's location is the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: errno's location is writable.
    unsafe { errno.write(code) };
}

fn errno() -> c_int {
    // SAFETY: errno's location is the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: errno's location is readable.
    unsafe { errno.read() }
}

/// `calloc`.
#[must_use]
#[inline(always)]
pub fn calloc<G: Gates>(count: usize, bytes: usize) -> *mut u8 {
    match count.checked_mul(bytes) {
        Some(all) => ops::allocate_zeroed::<G>(all),
        None => fail_slow(libc::ENOMEM),
    }
}

/// `realloc`: with null it allocates, to zero it frees and returns null, as glibc does.
///
/// # Safety
/// - `block` is null or a live block of this allocator.
pub unsafe fn realloc<G: Gates>(block: *mut u8, bytes: usize) -> *mut u8 {
    let Some(given) = NonNull::new(block) else {
        return ops::allocate::<G>(bytes);
    };
    if bytes == 0 {
        // SAFETY: the caller's duty.
        unsafe { ops::free::<G>(block) };
        return null_mut();
    }
    // SAFETY: the caller's duty.
    unsafe { ops::reallocate::<G>(given, bytes) }
}

/// `reallocarray`.
///
/// # Safety
/// - `block` is null or a live block of this allocator.
pub unsafe fn reallocarray<G: Gates>(block: *mut u8, count: usize, bytes: usize) -> *mut u8 {
    match count.checked_mul(bytes) {
        // SAFETY: the caller's duty.
        Some(all) => unsafe { realloc::<G>(block, all) },
        None => fail_slow(libc::ENOMEM),
    }
}

/// `memalign` and `aligned_alloc`: an alignment that is no power of two is rounded up to one, as
/// glibc does; `EINVAL` where there is none.
#[must_use]
pub fn memalign<G: Gates>(align: usize, bytes: usize) -> *mut u8 {
    match align.max(1).checked_next_power_of_two() {
        Some(align) => ops::allocate_aligned::<G>(bytes, align),
        None => fail_slow(libc::EINVAL),
    }
}

/// `posix_memalign`: the alignment must be a power of two and a multiple of a pointer's size.
/// Returns 0 or an error number and leaves `errno` alone.
///
/// # Safety
/// - `place` is writable.
pub unsafe fn posix_memalign<G: Gates>(place: *mut *mut u8, align: usize, bytes: usize) -> c_int {
    if !align.is_power_of_two() || !align.is_multiple_of(size_of::<usize>()) {
        return libc::EINVAL;
    }
    let before = errno();
    let block = ops::allocate_aligned::<G>(bytes, align);
    if block.is_null() {
        // What ran out below says so in `errno`; here the code is returned instead.
        set_errno(before);
        return libc::ENOMEM;
    }
    // SAFETY: the caller's duty.
    unsafe { place.write(block) };
    0
}

/// `valloc`: aligned to an OS page.
#[must_use]
pub fn valloc<G: Gates>(bytes: usize) -> *mut u8 {
    memalign::<G>(pages::page_size(), bytes)
}

/// `pvalloc`: whole OS pages.
#[must_use]
pub fn pvalloc<G: Gates>(bytes: usize) -> *mut u8 {
    match pages::round_up(bytes.max(1)) {
        Some(all) => memalign::<G>(pages::page_size(), all),
        None => fail_slow(libc::ENOMEM),
    }
}

/// `free_sized`: the size may be one that `realloc` left the block at.
///
/// # Safety
/// - `block` is null or a live block of this allocator.
#[inline(always)]
pub unsafe fn free_sized<G: Gates>(block: *mut u8, bytes: usize) {
    // SAFETY: the caller's duty.
    unsafe { ops::free_sized::<G>(block, bytes, Given::Resized) }
}

/// `delete` with a size, which is that of `new`.
///
/// # Safety
/// - `block` is null or a live block of this allocator.
#[inline(always)]
pub unsafe fn delete_sized<G: Gates>(block: *mut u8, bytes: usize) {
    // SAFETY: the caller's duty.
    unsafe { ops::free_sized::<G>(block, bytes, Given::Exact) }
}

/// `free_aligned_sized`, and `delete` with size and alignment.
///
/// # Safety
/// - `block` is null or a live block of this allocator.
pub unsafe fn free_aligned_sized<G: Gates>(block: *mut u8, align: usize, bytes: usize) {
    // SAFETY: the caller's duty.
    unsafe { ops::free_aligned_sized::<G>(block, align, bytes) }
}

/// `malloc_usable_size`; 0 of null.
///
/// # Safety
/// - `block` is null or a live block of this allocator.
pub unsafe fn usable_size(block: *mut u8) -> usize {
    // SAFETY: the caller's duty.
    NonNull::new(block).map_or(0, |given| unsafe { ops::usable_bytes(given) })
}

/// `malloc`.
#[must_use]
#[inline(always)]
pub fn malloc<G: Gates>(bytes: usize) -> *mut u8 {
    ops::allocate::<G>(bytes)
}
