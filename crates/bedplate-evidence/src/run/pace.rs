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
/// Samples may take this share of the time while the first pace is kept.
const SAMPLE_SHARE_FIRST: f64 = 0.04;
/// And this share later.
const SAMPLE_SHARE: f64 = 0.005;
/// Looks at the heaps may take this share of the time so far.
const LOOK_SHARE: f64 = 0.003;
/// And this much at the start.
const LOOK_CREDIT: Duration = Duration::from_millis(4);
/// Full measurements may take this share of the time so far.
const MEASURE_SHARE: f64 = 0.008;
/// And this much at the start, or else a short run would never be measured.
const MEASURE_CREDIT: Duration = Duration::from_millis(30);
/// Of the time for full measurements, those of a program that grows may take this share: the rest
/// waits for the moment at which it stands still, which is its height until it grows again.
const GROWING_SHARE: f64 = 0.4;
/// Renewals of the last measurement may take this share of the time so far, besides.
const RENEW_SHARE: f64 = 0.003;
/// And this much at the start.
const RENEW_CREDIT: Duration = Duration::from_millis(8);
/// A new peak is this much above the last measured one.
const PEAK_GROWTH: f64 = 1.02;
/// And this much more, times the share of the allowed time that is used up: a program that grows
/// fast is measured in larger steps, so that time is left for its later, larger peaks.
const PEAK_THRIFT: f64 = 0.3;
/// The height at which a program stands still is a new peak if it is this much above.
const STILL_GROWTH: f64 = 1.005;
/// From one sample to the next, a program that moved less than this stands still.
const STILL_MOVE: f64 = 1.001;
/// After this many samples without growth, a program stands: it may well stay.
const STAND_SAMPLES: u32 = 3;
/// Where a program stands unmeasured and no time is left for it, a measurement is made all the same
/// once this many times its cost has passed since the last one, and each such makes the next wait
/// that much longer. A busy machine makes processor time dear: the reserve alone may then run out
/// just before the height, which would stay unmeasured for as long as the program stands at it.
const OVERDRAWN_APART: u32 = 50;
/// Most attempts at one measurement.
const ATTEMPTS_MAX: u32 = 3;
/// Shortest time between samples of a program that grows, once the start is over.
const GROWING: Duration = Duration::from_millis(10);

/// Longest time between samples of a program that grows.
const GROWING_LAST: Duration = Duration::from_millis(20);

/// CPU time for one purpose.
#[derive(Debug)]
struct Budget {
    share: f64,
    credit: Duration,
    used: Duration,
}

impl Budget {
    fn new(share: f64, credit: Duration) -> Self {
        Self {
            share,
            credit,
            used: Duration::ZERO,
        }
    }

    fn allowed(&self, elapsed: Duration) -> Duration {
        elapsed.mul_f64(self.share) + self.credit
    }

    fn affords(&self, elapsed: Duration, cost: Duration) -> bool {
        self.used + cost <= self.allowed(elapsed)
    }
}

/// What the samples say of a program's height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Height {
    /// Resident bytes now.
    pub(super) rss_bytes: u64,
    /// Resident bytes of the measurement kept as the peak.
    pub(super) measured_bytes: u64,
    /// Samples since it last grew.
    pub(super) still_samples: u32,
    /// It grew, or has more live blocks, since that measurement.
    pub(super) is_news: bool,
}

impl Height {
    /// Whether a program stands still where no measurement has been. The thrift of the growth
    /// before does not count here: it would leave the measurement that much below the height for
    /// as long as the program stands at it.
    fn is_unmeasured_stand(&self) -> bool {
        let share = self.rss_bytes as f64 / self.measured_bytes.max(1) as f64;
        self.still_samples > 0
            && (share > PEAK_GROWTH || (share > 2.0 - PEAK_GROWTH && self.is_news))
    }
}

/// The pace of one run.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    looking: Budget,
    measuring: Budget,
    renewing: Budget,
    /// When the last full measurement was made.
    measured_at: Duration,
    /// What an attempt at it cost.
    attempt_cost: Duration,
    /// Measurements made though no time was left for them.
    overdrawn: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: FIRST,
            looking: Budget::new(LOOK_SHARE, LOOK_CREDIT),
            measuring: Budget::new(MEASURE_SHARE, MEASURE_CREDIT),
            renewing: Budget::new(RENEW_SHARE, RENEW_CREDIT),
            measured_at: Duration::ZERO,
            attempt_cost: Duration::ZERO,
            overdrawn: 0,
        }
    }
}

impl Pace {
    /// Whether a program grew at all from sample to sample.
    pub(super) fn is_move(before_bytes: u64, now_bytes: u64) -> bool {
        now_bytes as f64 > before_bytes as f64 * STILL_MOVE
    }

    /// Whether growth of this much since a measurement makes it another height.
    pub(super) fn is_news(measured_bytes: u64, now_bytes: u64) -> bool {
        now_bytes as f64 > measured_bytes as f64 * STILL_GROWTH
    }

    /// Time until the next sample, after one at `elapsed` that used `sample` of CPU time; `grew`
    /// if a program grew since the one before.
    pub(super) fn next(&mut self, elapsed: Duration, sample: Duration, grew: bool) -> Duration {
        let mut share = SAMPLE_SHARE_FIRST;
        if elapsed > FIRST_KEPT {
            share = SAMPLE_SHARE;
            self.interval = if grew && self.interval > GROWING {
                self.interval.div_f64(2.0).max(GROWING)
            } else {
                self.interval.mul_f64(GROWTH).min(LAST)
            };
        }
        // Whether a program that grew stands still now, only the next sample tells.
        let longest = if grew { GROWING_LAST } else { LAST };
        self.interval.max(sample.div_f64(share)).min(longest)
    }

    /// Whether the heaps can be looked at now, when that last took `last_cost`.
    pub(super) fn may_look(&self, elapsed: Duration, last_cost: Duration) -> bool {
        self.looking.affords(elapsed, last_cost)
    }

    /// Counts the time of a look.
    pub(super) fn looked(&mut self, cost: Duration) {
        self.looking.used += cost;
    }

    /// How many attempts at a full measurement a program of that `height` deserves now, when an
    /// attempt last took `last_cost`. They are then to be made and told to [`Self::measured`].
    pub(super) fn attempts_worth(
        &mut self,
        elapsed: Duration,
        height: Height,
        last_cost: Duration,
    ) -> u32 {
        let mut allowed = self.measuring.allowed(elapsed);
        if !height.is_unmeasured_stand() {
            allowed = allowed.mul_f64(GROWING_SHARE);
            let thrift = PEAK_THRIFT * self.measuring.used.div_duration_f64(allowed);
            let bound = height.measured_bytes as f64 * (PEAK_GROWTH + thrift);
            if height.rss_bytes as f64 <= bound {
                return 0;
            }
        }
        let affordable = |attempts: &u32| self.measuring.used + last_cost * *attempts <= allowed;
        let attempts = (1..=ATTEMPTS_MAX).rev().find(affordable);
        attempts.unwrap_or_else(|| {
            let overdraws = u32::from(self.may_overdraw(elapsed, height, last_cost));
            self.overdrawn = self.overdrawn.saturating_add(overdraws);
            overdraws
        })
    }

    /// Whether a program that stands unmeasured is measured though no time is left for it.
    fn may_overdraw(&self, elapsed: Duration, height: Height, last_cost: Duration) -> bool {
        // A process that was not measured yet may cost as much as the last one.
        let cost = last_cost.max(self.attempt_cost);
        let apart = OVERDRAWN_APART.saturating_mul(self.overdrawn.saturating_add(1));
        height.is_unmeasured_stand()
            && height.still_samples >= STAND_SAMPLES
            && elapsed >= self.measured_at + cost.saturating_mul(apart)
    }

    /// Whether a measurement that no longer holds can be renewed now.
    pub(super) fn may_renew(&self, elapsed: Duration, last_cost: Duration) -> bool {
        self.renewing.affords(elapsed, last_cost)
    }

    /// Counts the time of a renewal.
    pub(super) fn renewed(&mut self, cost: Duration) {
        self.renewing.used += cost;
    }

    /// Counts a full measurement's time; made at `elapsed`, an attempt took `attempt`.
    pub(super) fn measured(&mut self, elapsed: Duration, cost: Duration, attempt: Duration) {
        self.measuring.used += cost;
        self.measured_at = elapsed;
        self.attempt_cost = attempt;
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
        assert_eq!(pace.next(MS * 60, Duration::ZERO, true), GROWING_LAST);
    }

    #[test]
    fn a_costly_sample_stretches_the_pace() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(MS, MS * 2, false), MS * 50);
    }

    fn growing(rss_bytes: u64, measured_bytes: u64) -> Height {
        Height {
            rss_bytes,
            measured_bytes,
            still_samples: 0,
            is_news: true,
        }
    }

    #[test]
    fn full_measurements_keep_to_their_share() {
        let mut pace = Pace::default();
        assert_eq!(pace.attempts_worth(MS, growing(100, 0), Duration::ZERO), 3);
        assert_eq!(
            pace.attempts_worth(MS, growing(101, 100), Duration::ZERO),
            0
        );
        pace.measured(MS, MS * 12, MS);
        assert_eq!(pace.attempts_worth(MS * 10, growing(1000, 100), MS), 0);
        assert_eq!(pace.attempts_worth(MS * 700, growing(1000, 100), MS * 2), 1);
        assert_eq!(pace.attempts_worth(MS * 6000, growing(1000, 100), MS), 3);
        // With a third of the time used up, a tenth more is not yet worth it.
        assert_eq!(pace.attempts_worth(MS * 5000, growing(110, 100), MS), 0);
    }

    #[test]
    fn where_a_program_stands_still_thrift_does_not_keep_it_from_being_measured() {
        let mut pace = Pace::default();
        pace.measured(MS, MS * 12, MS);
        let moving = growing(106, 100);
        assert_eq!(pace.attempts_worth(MS * 100, moving, MS), 0);
        let still = Height {
            still_samples: 1,
            ..moving
        };
        assert_eq!(pace.attempts_worth(MS * 100, still, MS), 3);
        let seen = Height {
            rss_bytes: 101,
            is_news: false,
            ..still
        };
        assert_eq!(pace.attempts_worth(MS * 100, seen, MS), 0);
    }

    #[test]
    fn a_program_that_stands_unmeasured_is_measured_though_no_time_is_left() {
        let mut pace = Pace::default();
        pace.measured(MS * 10, MS * 45, MS * 6);
        let stands = |still_samples| Height {
            still_samples,
            ..growing(105, 100)
        };
        assert_eq!(pace.attempts_worth(MS * 400, stands(2), MS * 6), 0);
        assert_eq!(pace.attempts_worth(MS * 309, stands(3), MS * 6), 0);
        assert_eq!(pace.attempts_worth(MS * 310, stands(3), MS * 6), 1);
        pace.measured(MS * 310, MS * 6, MS * 6);
        // The next wait is longer, also for a process whose cost is not known.
        assert_eq!(pace.attempts_worth(MS * 900, stands(9), MS * 6), 0);
        assert_eq!(pace.attempts_worth(MS * 900, stands(9), Duration::ZERO), 0);
        assert_eq!(pace.attempts_worth(MS * 910, stands(9), MS * 6), 1);
    }

    #[test]
    fn looks_and_renewals_keep_to_shares_of_their_own() {
        let mut pace = Pace::default();
        assert!(pace.may_look(MS, MS));
        pace.looked(MS * 8);
        assert!(!pace.may_look(MS * 1000, MS));
        assert!(pace.may_look(MS * 3000, MS));
        assert!(pace.may_renew(MS, MS));
        pace.renewed(MS * 10);
        assert!(!pace.may_renew(MS * 500, MS));
        assert!(pace.may_renew(MS * 2000, MS));
        assert_eq!(pace.attempts_worth(MS, growing(100, 0), Duration::ZERO), 3);
    }
}
