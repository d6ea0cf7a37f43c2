//! The thread's `errno`.
#![expect(unsafe_code, reason = "errno is reached through a pointer")]

/// The value of `errno`.
pub(crate) fn get() -> i32 {
    // SAFETY: errno's location is the thread's own.
    let at = unsafe { libc::__errno_location() };
    // SAFETY: errno's location is readable.
    unsafe { at.read() }
}

/// Sets `errno`.
pub(crate) fn set(code: i32) {
    // SAFETY: errno's location is the thread's own.
    let at = unsafe { libc::__errno_location() };
    // SAFETY: errno's location is writable.
    unsafe { at.write(code) }
}
