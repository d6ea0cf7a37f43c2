//! Levels, and the judge that gives them.
//!
//! # Role
//! Turns readings into one of four levels: up at once, down only after a time of calm.
//!
//! # Invariants
//! - I1: the level rises to the highest step that any measure has entered.
//! - I2: it falls only after every measure has been below the `leave` mark of the level for
//!   `calm_ms`, and then to the highest step that some measure still holds.

use crate::fact::{Fact, Reason};
use crate::pressure::Reading;
use crate::psi::{Share, Stall};
use core::fmt;

/// How short memory is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Level {
    /// Not short.
    #[default]
    None,
    /// Getting short: give back what costs nothing.
    Some,
    /// Short: give back what can be had again.
    High,
    /// About to fail: give back all that can be.
    Critical,
}

impl Level {
    const RISING: [Self; 3] = [Self::Some, Self::High, Self::Critical];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Some => "some",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// Where a level begins and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// At this share the level begins.
    pub enter: Share,
    /// Below this share it can end; at most `enter`.
    pub leave: Share,
}

/// The steps of one measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// For [`Level::Some`].
    pub some: Step,
    /// For [`Level::High`].
    pub high: Step,
    /// For [`Level::Critical`].
    pub critical: Step,
}

impl Steps {
    /// Steps from percentages: where each level begins and where it ends.
    #[must_use]
    pub const fn percent(enter: [u8; 3], leave: [u8; 3]) -> Self {
        const fn step(enter: u8, leave: u8) -> Step {
            Step {
                enter: Share::percent(enter),
                leave: Share::percent(leave),
            }
        }
        Self {
            some: step(enter[0], leave[0]),
            high: step(enter[1], leave[1]),
            critical: step(enter[2], leave[2]),
        }
    }

    /// The step of a level; that of `Some` for `None`, which has none.
    #[must_use]
    pub const fn of(&self, level: Level) -> Step {
        match level {
            Level::None | Level::Some => self.some,
            Level::High => self.high,
            Level::Critical => self.critical,
        }
    }

    const fn are_ordered(&self) -> bool {
        const fn at_most(a: Share, b: Share) -> bool {
            a.hundredths() <= b.hundredths()
        }
        at_most(self.some.leave, self.some.enter)
            && at_most(self.high.leave, self.high.enter)
            && at_most(self.critical.leave, self.critical.enter)
            && at_most(self.some.enter, self.high.enter)
            && at_most(self.high.enter, self.critical.enter)
            && at_most(self.some.leave, self.high.leave)
            && at_most(self.high.leave, self.critical.leave)
    }
}

/// When each level begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Time in which some task waited for memory.
    pub stall_some: Steps,
    /// Time in which all tasks waited for memory.
    pub stall_full: Steps,
    /// Fullness of the control group.
    pub group: Steps,
    /// Fullness of the machine.
    pub machine: Steps,
    /// How long all measures must be below a level before it ends, in milliseconds.
    pub calm_ms: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            stall_some: Steps::percent([5, 20, 50], [2, 10, 30]),
            stall_full: Steps::percent([2, 10, 25], [1, 5, 12]),
            group: Steps::percent([80, 90, 96], [75, 86, 93]),
            machine: Steps::percent([85, 92, 97], [80, 88, 95]),
            calm_ms: 2000,
        }
    }
}

impl Thresholds {
    /// True where every level ends below where it begins and the levels are in order.
    #[must_use]
    pub const fn are_ordered(&self) -> bool {
        self.stall_some.are_ordered()
            && self.stall_full.are_ordered()
            && self.group.are_ordered()
            && self.machine.are_ordered()
    }
}

/// Gives levels to readings.
#[derive(Clone, Debug)]
pub struct Judge {
    thresholds: Thresholds,
    level: Level,
    calm_since_ns: Option<u64>,
    some: Rate,
    full: Rate,
}

impl Judge {
    /// A judge that starts at [`Level::None`].
    #[must_use]
    pub const fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            level: Level::None,
            calm_since_ns: None,
            some: Rate::new(),
            full: Rate::new(),
        }
    }

    /// The level after one more reading; absent where the reading has nothing to go by.
    pub fn judge(&mut self, reading: &Reading) -> Fact<Level, Reason> {
        let now = reading.taken_ns;
        let stall = reading.stall.known();
        let stall_some = stall.map(|s| self.some.feed(now, &s.some));
        let stall_full = stall.and_then(|s| s.full.known().map(|full| self.full.feed(now, full)));
        let measures = [
            stall_some.map(|share| (share, self.thresholds.stall_some)),
            stall_full.map(|share| (share, self.thresholds.stall_full)),
            reading
                .group
                .known()
                .map(|usage| (usage.share(), self.thresholds.group)),
            reading
                .machine
                .known()
                .map(|usage| (usage.share(), self.thresholds.machine)),
        ];
        if let (true, Some(because)) = (
            measures.iter().all(Option::is_none),
            reading.stall.because(),
        ) {
            self.level = Level::None;
            self.calm_since_ns = None;
            return Fact::Absent { because: *because };
        }
        let highest = |mark: fn(Step) -> Share| {
            let reached = |level: &Level| {
                measures
                    .iter()
                    .flatten()
                    .any(|(share, steps)| *share >= mark(steps.of(*level)))
            };
            Level::RISING
                .into_iter()
                .filter(reached)
                .max()
                .unwrap_or_default()
        };
        let entered = highest(|step| step.enter).max(reading.triggered.unwrap_or_default());
        let held = highest(|step| step.leave);
        self.move_to(now, entered, held);
        Fact::Known(self.level)
    }

    fn move_to(&mut self, now: u64, entered: Level, held: Level) {
        if entered >= self.level {
            self.level = entered;
            self.calm_since_ns = None;
        } else if held >= self.level {
            self.calm_since_ns = None;
        } else {
            // A clock that jumps back starts the calm anew.
            let since = self
                .calm_since_ns
                .filter(|&since| since <= now)
                .unwrap_or(now);
            if now - since >= u64::from(self.thresholds.calm_ms) * 1_000_000 {
                self.level = held.max(entered);
                self.calm_since_ns = None;
            } else {
                self.calm_since_ns = Some(since);
            }
        }
    }
}

/// The kernel brings the totals up to date at least every two seconds while there is stall.
const UPDATE_NS: u64 = 2_000_000_000;
/// Over less time than this a single stall of some milliseconds would look like a large share.
/// What needs a faster answer has the kernel's triggers.
const WINDOW_NS: u64 = 500_000_000;

/// The share of time lost, from totals that the kernel updates every two seconds or faster: sooner
/// than by its ten-second average, which shows a sudden stall of everything as 18 % after two
/// seconds.
#[derive(Clone, Debug)]
struct Rate {
    /// The latest total and when it was first seen; whether that was a change or the start.
    seen: Option<Seen>,
    read_ns: u64,
    share: Share,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    total_us: u64,
    at_ns: u64,
    was_change: bool,
}

impl Rate {
    const fn new() -> Self {
        Self {
            seen: None,
            read_ns: 0,
            share: Share::percent(0),
        }
    }

    fn feed(&mut self, now: u64, stall: &Stall) -> Share {
        let fresh = |was_change| {
            Some(Seen {
                total_us: stall.total_us,
                at_ns: now,
                was_change,
            })
        };
        match self.seen {
            // A total that falls is a new counter; a clock that jumps back a new time.
            Some(seen) if stall.total_us < seen.total_us || now < seen.at_ns => {
                self.seen = fresh(false);
                self.share = stall.avg10;
            }
            // Too soon to tell: the change will count with the next ones.
            Some(seen) if seen.was_change && now - seen.at_ns < WINDOW_NS => {}
            Some(seen) if stall.total_us > seen.total_us => {
                // Between the last change and this one lie at most one update and one reading.
                let gap = now.saturating_sub(self.read_ns).max(UPDATE_NS);
                let elapsed_us = (now - seen.at_ns).min(gap) / 1000;
                let lost_us = stall.total_us - seen.total_us;
                // Until the second change it is not known when the last update was.
                self.share = if seen.was_change {
                    Share::of(lost_us, elapsed_us)
                } else {
                    stall.avg10
                };
                self.seen = fresh(true);
            }
            Some(seen) if now - seen.at_ns > 2 * UPDATE_NS => self.share = Share::percent(0),
            Some(_) => {}
            None => {
                self.seen = fresh(false);
                self.share = stall.avg10;
            }
        }
        self.read_ns = now;
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::{Rate, Steps, Thresholds};
    use crate::psi::{Share, Stall};

    const SECOND: u64 = 1_000_000_000;

    fn stall(avg10: u8, total_us: u64) -> Stall {
        let avg = Share::percent(avg10);
        Stall {
            avg10: avg,
            avg60: avg,
            avg300: avg,
            total_us,
        }
    }

    #[test]
    fn the_share_comes_from_totals_as_soon_as_two_changes_are_seen() {
        let mut rate = Rate::new();
        let readings = [
            (SECOND, 7, 10, 7),
            (2 * SECOND, 8, 20, 8),
            (4 * SECOND, 8, 1_000_020, 50),
            // Too soon after the last change: the share stands, and the change counts later.
            (4 * SECOND + SECOND / 4, 8, 1_200_020, 50),
            (5 * SECOND, 8, 1_250_020, 25),
            (6 * SECOND, 8, 1_750_020, 50),
            // Not brought up to date yet: the share stands.
            (7 * SECOND, 8, 1_750_020, 50),
            // Two updates without a change: calm.
            (11 * SECOND, 8, 1_750_020, 0),
            // A long calm does not dilute what came after it: at most the time since the last
            // reading or one update lies between.
            (12 * SECOND, 8, 2_750_020, 50),
        ];
        for (now, avg10, total_us, percent) in readings {
            let share = rate.feed(now, &stall(avg10, total_us));
            assert_eq!(share, Share::percent(percent), "at {now} ns");
        }
    }

    #[test]
    fn counters_that_restart_and_clocks_that_jump_start_anew() {
        let mut rate = Rate::new();
        rate.feed(5 * SECOND, &stall(0, u64::MAX - 1));
        rate.feed(6 * SECOND, &stall(0, u64::MAX));
        assert_eq!(rate.feed(7 * SECOND, &stall(3, 0)), Share::percent(3));
        assert_eq!(rate.feed(SECOND, &stall(4, 9)), Share::percent(4));
    }

    #[test]
    fn the_defaults_are_in_order_and_disorder_is_seen() {
        assert!(Thresholds::default().are_ordered());
        let upside_down = Steps::percent([50, 20, 5], [1, 1, 1]);
        assert!(
            !Thresholds {
                machine: upside_down,
                ..Thresholds::default()
            }
            .are_ordered()
        );
        let leave_above = Steps::percent([5, 20, 50], [6, 10, 30]);
        assert!(
            !Thresholds {
                group: leave_above,
                ..Thresholds::default()
            }
            .are_ordered()
        );
    }
}
