//! Clocks.
//!
//! # Role
//! Monotonic time in milliseconds (cheap, coarse) and nanoseconds (exact). A test can put the
//! clock forward through `sim`.

/// Milliseconds of the coarse monotonic clock: a few nanoseconds a call, up to 4 ms late.
#[must_use]
#[inline]
pub fn coarse_ms() -> u64 {
    let ms = crate::linux::calls::clock_ns(libc::CLOCK_MONOTONIC_COARSE) / 1_000_000;
    #[cfg(feature = "sim")]
    let ms = ms + crate::sim::faults::clock_ahead_ms();
    ms
}

/// Nanoseconds of the monotonic clock.
#[must_use]
#[inline]
pub fn monotonic_ns() -> u64 {
    crate::linux::calls::clock_ns(libc::CLOCK_MONOTONIC)
}
