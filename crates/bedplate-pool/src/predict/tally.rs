//! What a seat keeps of its loops.
//!
//! # Role
//! Which loops are measured, how long the owner has waited for others, and whether a row of small
//! loops is worth a wake.
//!
//! # Concurrency
//! Every word is the owner's. They are atomics because a seat is shared; no other thread looks.

use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Countdowns; sites share one by the low bits of a hash.
const COUNTDOWNS: usize = 16;
/// The most loops of a site from one that is measured to the next.
const PERIOD_MAX: u64 = 8;
/// A loop costs so many times what it costs to measure it, or is measured only now and then: the
/// clock, three times, is about 150 ns.
const MEASURED_NS: u64 = 20_000;

/// The owner's words.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Nanoseconds the owner spent in waits for halves that others took.
    waited_ns: AtomicU64,
    countdowns: [AtomicU8; COUNTDOWNS],
    seed: AtomicU64,
    /// Nanoseconds of small loops since `row_began_ns` that a helper could have shared.
    row_ns: AtomicU64,
    row_began_ns: AtomicU64,
    /// By how many doublings the row for the next wake is longer than the first.
    doublings: AtomicU8,
}

/// The most doublings of the row that is worth a wake.
const DOUBLINGS_MAX: u8 = 10;

impl Tally {
    /// Nanoseconds the owner spent in waits for halves that others took.
    #[inline]
    pub(crate) fn waited_ns(&self) -> u64 {
        // Relaxed, here and below: the owner's words.
        self.waited_ns.load(Ordering::Relaxed)
    }

    /// A wait that began when [`waited_ns`](Self::waited_ns) was `before` took so long. Waits inside
    /// it are part of it.
    #[inline]
    pub(crate) fn waited(&self, before: u64, took_ns: u64) {
        self.waited_ns.store(before + took_ns, Ordering::Relaxed);
    }

    /// True if a loop of this site is to be measured that is expected to cost so much: all that are
    /// long, of short ones every few.
    #[inline]
    pub(crate) fn is_measured(&self, key: u64, expected_ns: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a small constant")]
        if expected_ns >= MEASURED_NS as f64 {
            return true;
        }
        // The product's upper bits: the lower ones of a key are the size class.
        let at = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let countdown = &self.countdowns[(at % COUNTDOWNS as u64) as usize];
        let left = countdown.load(Ordering::Relaxed);
        if left > 0 {
            countdown.store(left - 1, Ordering::Relaxed);
            return false;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and cut to PERIOD_MAX"
        )]
        let period = (MEASURED_NS / (expected_ns.max(1.0) as u64)).min(PERIOD_MAX);
        // Not always the same period: loops that take turns would share a countdown for ever, and
        // one of them always be the one that is not measured.
        let wait = period / 2 + self.random() % (period / 2 + 1);
        countdown.store(u8::try_from(wait).unwrap_or(u8::MAX), Ordering::Relaxed);
        true
    }

    fn random(&self) -> u64 {
        let mut seed = self.seed.load(Ordering::Relaxed).max(1);
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        self.seed.store(seed, Ordering::Relaxed);
        seed
    }

    /// Counts a loop that was not shared because nobody is awake; true if such loops have cost
    /// `wake_ns` by now, so that to wake a helper for those that may follow is no worse than what was
    /// lost.
    #[inline]
    pub(crate) fn is_row_worth(&self, expected_ns: u64, wake_ns: u64) -> bool {
        let row_ns = self.row_ns.load(Ordering::Relaxed) + expected_ns;
        self.row_ns.store(row_ns, Ordering::Relaxed);
        row_ns >= wake_ns << self.doublings.load(Ordering::Relaxed)
    }

    /// A helper is woken for the row.
    pub(crate) fn end_row(&self) {
        self.row_ns.store(0, Ordering::Relaxed);
        let doublings = self.doublings.load(Ordering::Relaxed);
        self.doublings
            .store((doublings + 1).min(DOUBLINGS_MAX), Ordering::Relaxed);
    }

    /// A helper came: the next row is worth a wake as soon as the first was.
    pub(crate) fn helped(&self) {
        self.doublings.store(0, Ordering::Relaxed);
    }

    /// Ends a row in which loops took less than half of the time: a helper would have slept again
    /// before the next.
    pub(crate) fn note_time(&self, now_ns: u64) {
        let began_ns = self.row_began_ns.load(Ordering::Relaxed);
        let row_ns = self.row_ns.load(Ordering::Relaxed);
        if row_ns * 2 < now_ns.saturating_sub(began_ns) || row_ns == 0 {
            self.row_ns.store(0, Ordering::Relaxed);
            self.row_began_ns.store(now_ns, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn long_loops_are_always_measured_and_short_ones_now_and_then() {
        let tally = Tally::default();
        assert!((0..100).all(|_| tally.is_measured(1, 50_000.0)));
        let gaps: Vec<usize> = {
            let hits: Vec<usize> = (0..1000).filter(|_| tally.is_measured(1, 10.0)).collect();
            hits.windows(2).map(|pair| pair[1] - pair[0]).collect()
        };
        assert!(gaps.iter().all(|gap| (5..=9).contains(gap)), "{gaps:?}");
    }

    #[test]
    fn loops_that_take_turns_are_all_measured() {
        let tally = Tally::default();
        let mut counts = [0; 8];
        for turn in 0..8_000 {
            // All on one countdown.
            if tally.is_measured(5, 10.0) {
                counts[turn % 8] += 1;
            }
        }
        assert!(counts.iter().all(|&count| count > 20), "{counts:?}");
    }

    #[test]
    fn a_row_of_small_loops_is_worth_a_wake_once_it_cost_as_much() {
        let tally = Tally::default();
        tally.note_time(1_000_000);
        let wait = (1..).find(|_| tally.is_row_worth(20_000, 80_000));
        assert_eq!(wait, Some(4));
        tally.end_row();
        // Nobody came: the next row must be longer.
        let wait = (1..).find(|_| tally.is_row_worth(20_000, 80_000));
        assert_eq!(wait, Some(8));
        tally.end_row();
        tally.helped();
        let wait = (1..).find(|_| tally.is_row_worth(20_000, 80_000));
        assert_eq!(wait, Some(4));
    }

    #[test]
    fn loops_with_long_pauses_are_no_row() {
        let tally = Tally::default();
        for turn in 0..100 {
            tally.note_time(turn * 1_000_000);
            assert!(!tally.is_row_worth(20_000, 80_000));
        }
    }

    #[test]
    fn waits_inside_waits_count_once() {
        let tally = Tally::default();
        let outer = tally.waited_ns();
        let inner = tally.waited_ns();
        tally.waited(inner, 30);
        tally.waited(outer, 100);
        assert_eq!(tally.waited_ns(), 100);
    }
}
