//! When to look at a running program.
//!
//! # Role
//! Decides the time to the next sample and whether a full measurement is worth its cost.
//!
//! # Not here
//! The samples themselves (`sampler.rs`).

use core::time::Duration;

/// First time between samples.
const FIRST: Duration = Duration::from_millis(2);
/// How long the first pace is kept.
const FIRST_KEPT: Duration = Duration::from_millis(50);
/// Longest time between samples.
const LAST: Duration = Duration::from_millis(100);
/// Growth of the time between samples, per sample.
const GROWTH: f64 = 1.15;
/// Samples may take this share of the time.
const SAMPLE_SHARE: f64 = 0.04;
/// Full measurements may take this share of the time so far.
const MEASURE_SHARE: f64 = 0.05;
/// And this much at the start, or else a short run would never be measured.
const MEASURE_CREDIT: Duration = Duration::from_millis(25);
/// Renewals of the last measurement may take this share of the time so far, besides.
const RENEW_SHARE: f64 = 0.01;
/// And this much at the start.
const RENEW_CREDIT: Duration = Duration::from_millis(5);
/// A new peak is this much above the last measured one.
const PEAK_GROWTH: f64 = 1.02;
/// And this much more, times the share of the allowed time that is used up: a program that grows
/// fast is measured in larger steps, so that time is left for its later, larger peaks.
const PEAK_THRIFT: f64 = 0.3;
/// Most attempts at one measurement.
const ATTEMPTS_MAX: u32 = 3;
/// Shortest time between samples of a program that grows, once the start is over.
const GROWING: Duration = Duration::from_millis(10);

/// The pace of one run.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    measuring: Duration,
    renewing: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: FIRST,
            measuring: Duration::ZERO,
            renewing: Duration::ZERO,
        }
    }
}

impl Pace {
    /// Whether a program grew from sample to sample so much that a peak may be missed.
    pub(super) fn is_growth(before_bytes: u64, now_bytes: u64) -> bool {
        now_bytes as f64 > before_bytes as f64 * PEAK_GROWTH
    }

    /// Time until the next sample, after one at `elapsed` that used `sample` of CPU time; `grew`
    /// if a program grew since the one before.
    pub(super) fn next(&mut self, elapsed: Duration, sample: Duration, grew: bool) -> Duration {
        if grew && self.interval > GROWING {
            self.interval = self.interval.div_f64(2.0).max(GROWING);
        } else if elapsed > FIRST_KEPT {
            self.interval = self.interval.mul_f64(GROWTH).min(LAST);
        }
        self.interval
            .max(sample.div_f64(SAMPLE_SHARE))
            .min(LAST * 10)
    }

    /// How many attempts at a full measurement a resident set of `rss_bytes` deserves now, when
    /// the last measured peak was `measured_bytes` and an attempt last took `last_cost`.
    pub(super) fn attempts_worth(
        &self,
        elapsed: Duration,
        rss_bytes: u64,
        measured_bytes: u64,
        last_cost: Duration,
    ) -> u32 {
        let allowed = elapsed.mul_f64(MEASURE_SHARE) + MEASURE_CREDIT;
        let used = self.measuring.div_duration_f64(allowed);
        let growth = PEAK_GROWTH + PEAK_THRIFT * used;
        if rss_bytes as f64 <= measured_bytes as f64 * growth {
            return 0;
        }
        let affordable = |attempts: &u32| self.measuring + last_cost * *attempts <= allowed;
        (1..=ATTEMPTS_MAX).rev().find(affordable).unwrap_or(0)
    }

    /// Whether a measurement that no longer holds can be renewed now.
    pub(super) fn may_renew(&self, elapsed: Duration, last_cost: Duration) -> bool {
        self.renewing + last_cost <= elapsed.mul_f64(RENEW_SHARE) + RENEW_CREDIT
    }

    /// Counts the time of a renewal.
    pub(super) fn renewed(&mut self, cost: Duration) {
        self.renewing += cost;
    }

    /// Counts a full measurement's time.
    pub(super) fn measured(&mut self, cost: Duration) {
        self.measuring += cost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_pace_starts_at_two_milliseconds_and_ends_at_a_hundred() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(MS, Duration::ZERO, false), FIRST);
        let mut last = FIRST;
        for _step in 0..60 {
            last = pace.next(MS * 60, Duration::ZERO, false);
        }
        assert_eq!(last, LAST);
        assert_eq!(pace.next(MS * 60, Duration::ZERO, true), LAST / 2);
    }

    #[test]
    fn a_costly_sample_stretches_the_pace() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(MS, MS * 2, false), MS * 50);
    }

    #[test]
    fn full_measurements_keep_to_their_share() {
        let mut pace = Pace::default();
        assert_eq!(pace.attempts_worth(MS, 100, 0, Duration::ZERO), 3);
        assert_eq!(pace.attempts_worth(MS, 101, 100, Duration::ZERO), 0);
        pace.measured(MS * 25);
        assert_eq!(pace.attempts_worth(MS * 10, 1000, 100, MS), 0);
        assert_eq!(pace.attempts_worth(MS * 60, 1000, 100, MS * 2), 1);
        assert_eq!(pace.attempts_worth(MS * 1000, 1000, 100, MS), 3);
        // With a third of the time used up, a tenth more is not yet worth it.
        assert_eq!(pace.attempts_worth(MS * 1000, 110, 100, MS), 0);
    }

    #[test]
    fn renewals_keep_to_a_share_of_their_own() {
        let mut pace = Pace::default();
        assert!(pace.may_renew(MS, MS));
        pace.renewed(MS * 10);
        assert!(!pace.may_renew(MS * 100, MS));
        assert!(pace.may_renew(MS * 1000, MS));
        assert_eq!(pace.attempts_worth(MS, 100, 0, Duration::ZERO), 3);
    }
}
