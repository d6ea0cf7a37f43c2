//! What is told of freed memory.
//!
//! # Role
//! In debug builds memory that is given back is overwritten, all of it, so that who still reads it
//! sees [`PATTERN`] and not what was there. With the features `valgrind` and `asan` these tools are
//! told what may be accessed, and report whoever touches the rest.
//!
//! # Not here
//! Release builds without these features: every function here is empty there.

use core::ptr::NonNull;

/// What freed memory is filled with in debug builds.
#[cfg(debug_assertions)]
pub(super) const PATTERN: u8 = 0xDE;

/// Whether anything is done with freed memory at all.
pub(super) const IS_TOLD: bool =
    cfg!(debug_assertions) || cfg!(feature = "valgrind") || cfg!(feature = "asan");

/// Memory that a caller gets: exactly its bytes may be accessed, and they hold nothing yet.
#[inline]
pub(super) fn given(at: NonNull<u8>, bytes: usize) {
    #[cfg(feature = "valgrind")]
    super::valgrind::make_undefined(at, bytes);
    #[cfg(feature = "asan")]
    super::asan::unpoison(at, bytes);
    let _unused = (at, bytes);
}

/// Memory that a caller gets and that is zero.
#[inline]
pub(super) fn zeroed(at: NonNull<u8>, bytes: usize) {
    #[cfg(feature = "valgrind")]
    super::valgrind::make_defined(at, bytes);
    let _unused = (at, bytes);
}

/// Memory that was handed out, and is no more.
#[inline]
pub(super) fn freed(at: NonNull<u8>, bytes: usize) {
    #[cfg(debug_assertions)]
    {
        // Padding is freed with the rest, and nobody was given it.
        given(at, bytes);
        // SAFETY: the space's own memory between a mark and its head, which can be written and which
        // nobody has any more.
        unsafe { at.write_bytes(PATTERN, bytes) };
    }
    hidden(at, bytes);
}

/// Memory that nobody was given.
#[inline]
pub(super) fn hidden(at: NonNull<u8>, bytes: usize) {
    #[cfg(feature = "valgrind")]
    super::valgrind::make_noaccess(at, bytes);
    #[cfg(feature = "asan")]
    super::asan::poison(at, bytes);
    let _unused = (at, bytes);
}

/// Memory that goes back to the kernel, which may give its addresses to anyone.
#[inline]
pub(super) fn forgotten(at: NonNull<u8>, bytes: usize) {
    #[cfg(feature = "asan")]
    super::asan::unpoison(at, bytes);
    let _unused = (at, bytes);
}
