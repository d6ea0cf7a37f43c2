//! The first word of an object: its count, and what is known of it.
//!
//! # Role
//! Pure functions on one word, so that the frequent operations load and store once.
//!
//! # Invariants
//! - I1: the upper 48 bits are the count; flags are below, so that one reference is a small constant. The uppermost bit is set where
//!   the count is not a plain one: it sticks, or the object is condemned, and the other bits count on. As a signed number such
//!   a word is negative.

/// One reference.
pub(crate) const ONE: u64 = 1 << 16;
/// The count is not a plain one.
pub(crate) const SPECIAL: u64 = 1 << 63;

/// Holds nothing that could lead back to it, by its type.
pub(crate) const UNTRACKED: u64 = 1;
/// Among the candidates.
pub(crate) const BUFFERED: u64 = 1 << 1;
/// Among those left to a full pass.
pub(crate) const DEFERRED: u64 = 1 << 2;
/// In the set under test.
pub(crate) const IN_TRIAL: u64 = 1 << 3;
/// The value's destructor was begun.
pub(crate) const DROPPED: u64 = 1 << 4;
/// The value's destructor ended.
pub(crate) const GONE: u64 = 1 << 5;
/// A part of a dead cycle whose values are being dropped.
pub(crate) const CONDEMNED: u64 = 1 << 6;
/// Its value was reached while it was condemned.
pub(crate) const REACHED: u64 = 1 << 7;
/// Its value is borrowed mutably: nobody may look at it.
pub(crate) const LENT: u64 = 1 << 8;
/// Trials survived, two bits.
const AGE_SHIFT: u32 = 9;
/// In the pass that is under way.
pub(crate) const IN_PASS: u64 = 1 << 11;
/// It lost a reference since it is in the pass.
pub(crate) const TOUCHED: u64 = 1 << 12;

/// In a list, or in the pass: to be taken out before it goes.
pub(crate) const LISTED: u64 = BUFFERED | DEFERRED | IN_PASS;
/// A reference less makes no candidate of it.
pub(crate) const QUIET: u64 = UNTRACKED | BUFFERED | DEFERRED | IN_TRIAL | DROPPED | TOUCHED;

/// Counts from here on stick.
const STICKY: u64 = SPECIAL | SPECIAL >> 1;

/// The references.
pub(crate) const fn count(word: u64) -> u64 {
    (word & !SPECIAL) / ONE
}

/// Whether a word that was just changed by one reference has a plain count of one or more.
#[inline]
pub(crate) const fn is_plain(word: u64) -> bool {
    word.cast_signed() >= ONE.cast_signed()
}

/// Whether the count sticks: so many references were there once that they were no longer counted.
pub(crate) const fn is_stuck(word: u64) -> bool {
    word & SPECIAL != 0 && word & CONDEMNED == 0
}

/// A word whose count sticks.
pub(crate) const fn stuck(word: u64) -> u64 {
    word | STICKY
}

/// Trials survived.
pub(crate) const fn age(word: u64) -> u64 {
    word >> AGE_SHIFT & 3
}

/// One more trial survived.
pub(crate) const fn aged(word: u64) -> u64 {
    if age(word) < 3 {
        word + (1 << AGE_SHIFT)
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_plain_from_one_to_the_last_bit() {
        assert!(!is_plain(QUIET));
        assert!(is_plain(ONE));
        assert!(is_plain(ONE | QUIET));
        assert!(is_plain(SPECIAL - ONE + QUIET));
        assert!(!is_plain(SPECIAL));
        assert!(!is_plain(SPECIAL | ONE));
        assert!(!is_plain(QUIET.wrapping_sub(ONE)));
    }

    #[test]
    fn ages_end_at_three() {
        let old = (0..9).fold(ONE | BUFFERED, |word, _| aged(word));
        assert_eq!((age(old), count(old)), (3, 1));
        assert_eq!(old & QUIET, BUFFERED);
    }

    #[test]
    fn what_sticks_is_not_condemned() {
        assert!(is_stuck(stuck(ONE)));
        assert!(!is_stuck(SPECIAL | CONDEMNED));
        assert_eq!(count(SPECIAL | CONDEMNED | (5 * ONE)), 5);
    }
}
