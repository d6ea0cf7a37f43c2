//! Halves of words.
//!
//! # Role
//! The one place where numbers change their width.

/// The lower half.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the other half is `high`'s"
)]
#[inline]
pub(crate) const fn low(word: u64) -> u32 {
    word as u32
}

/// The upper half.
#[inline]
pub(crate) const fn high(word: u64) -> u32 {
    low(word >> 32)
}

/// A word of two halves.
#[inline]
pub(crate) const fn join(low: u32, high: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

/// A length that the heap's 32 bits bound; saturates, so that what does not fit is refused later.
#[expect(clippy::cast_possible_truncation, reason = "compared above")]
#[inline]
pub(crate) const fn narrow(length: usize) -> u32 {
    if length > u32::MAX as usize {
        u32::MAX
    } else {
        length as u32
    }
}
