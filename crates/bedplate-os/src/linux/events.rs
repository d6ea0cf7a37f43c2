//! Waiting for descriptors, and what a waiting thread needs.
//!
//! # Role
//! Event counters, `ppoll`, the signal mask, fork handlers.

use super::calls::{checked, descriptor};
use super::raw::call;

/// A counter that can be waited for: a write of 8 bytes makes it readable.
pub(crate) fn eventfd() -> Result<i32, i32> {
    let flags = libc::EFD_CLOEXEC | libc::EFD_NONBLOCK;
    // SAFETY: no memory is touched.
    let r = unsafe {
        call(
            libc::SYS_eventfd2,
            [0, flags.cast_unsigned() as usize, 0, 0, 0, 0],
        )
    };
    descriptor(r)
}

/// Waits up to `timeout_ms` for one of the entries; true if one has something.
pub(crate) fn poll(entries: &mut [libc::pollfd], timeout_ms: u32) -> Result<bool, i32> {
    let time = libc::timespec {
        tv_sec: i64::from(timeout_ms / 1000),
        tv_nsec: i64::from(timeout_ms % 1000) * 1_000_000,
    };
    let args = [
        entries.as_mut_ptr().expose_provenance(),
        entries.len(),
        core::ptr::from_ref(&time).expose_provenance(),
        0,
        8,
        0,
    ];
    // SAFETY: the entries are writable for their count, the time is readable; no mask is passed.
    let r = unsafe { call(libc::SYS_ppoll, args) };
    checked(r).map(|ready| ready > 0)
}

/// Blocks all signals on this thread; returns the mask to put back.
pub(crate) fn block_signals() -> u64 {
    let all = u64::MAX;
    let mut before = 0_u64;
    let args = [
        libc::SIG_SETMASK.cast_unsigned() as usize,
        core::ptr::from_ref(&all).expose_provenance(),
        core::ptr::from_mut(&mut before).expose_provenance(),
        8,
        0,
        0,
    ];
    // SAFETY: both masks are eight bytes long, as stated.
    let _r = unsafe { call(libc::SYS_rt_sigprocmask, args) };
    before
}

/// Puts a signal mask back.
pub(crate) fn restore_signals(mask: u64) {
    let at = core::ptr::from_ref(&mask).expose_provenance();
    // SAFETY: the mask is eight bytes long, as stated.
    let _r = unsafe {
        call(
            libc::SYS_rt_sigprocmask,
            [libc::SIG_SETMASK.cast_unsigned() as usize, at, 0, 8, 0, 0],
        )
    };
}

/// Registers fork handlers with the C library.
pub(crate) fn at_fork(
    prepare: Option<extern "C" fn()>,
    parent: Option<extern "C" fn()>,
    child: Option<extern "C" fn()>,
) -> Result<(), i32> {
    let plain = |handler: Option<extern "C" fn()>| handler.map(|h| h as unsafe extern "C" fn());
    // SAFETY: the handlers are plain functions without arguments that stay loaded.
    let code = unsafe { libc::pthread_atfork(plain(prepare), plain(parent), plain(child)) };
    if code == 0 { Ok(()) } else { Err(code) }
}
