//! Hot, warm, cold or dead, and what the locked operations can have cost.

use core::fmt;

use serde::Serialize;

use crate::report::units::seconds;

/// From so many executions for each million instructions of the run a location is hot.
pub const HOT_PER_MILLION: f64 = 100.0;

/// From so many it is warm.
pub const WARM_PER_MILLION: f64 = 1.0;

/// How often a location is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Heat {
    /// At least once in 10,000 instructions.
    Hot,
    /// At least once in a million.
    Warm,
    /// Less often.
    Cold,
    /// Its code was there and did not run.
    Dead,
    /// There was no code for it in what ran.
    NoCode,
}

impl Heat {
    /// By executions in a run of so many instructions.
    #[must_use]
    pub fn of(executions: u64, instructions: u64) -> Self {
        let rate = per_million(executions, instructions);
        match executions {
            0 => Self::Dead,
            _ if rate >= HOT_PER_MILLION => Self::Hot,
            _ if rate >= WARM_PER_MILLION => Self::Warm,
            _ => Self::Cold,
        }
    }

    /// The name in documents and on the terminal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hot => "HOT",
            Self::Warm => "WARM",
            Self::Cold => "COLD",
            Self::Dead => "DEAD",
            Self::NoCode => "NO-CODE",
        }
    }
}

impl fmt::Display for Heat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Executions for each million instructions.
#[must_use]
pub fn per_million(executions: u64, instructions: u64) -> f64 {
    executions as f64 * 1e6 / (instructions.max(1)) as f64
}

/// What turns executions into a share of the run's time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// Cost of a locked operation.
    pub locked_ns: f64,
    /// CPU time of the run without the counter.
    pub cpu_s: f64,
}

impl Bound {
    /// Percent of the run's CPU time that so many locked operations can have taken.
    ///
    /// Never more than all of it; none if the clock saw no CPU time.
    #[must_use]
    pub fn percent(&self, locked: u64) -> Option<f64> {
        let share = locked as f64 * self.locked_ns / (self.cpu_s * 1e9);
        share.is_finite().then(|| (100.0 * share).min(100.0))
    }

    /// The formula with its figures.
    #[must_use]
    pub fn formula(&self) -> String {
        format!(
            "executions of locked instructions x {:.2} ns (measured here, uncontended) / {} of CPU time",
            self.locked_ns,
            seconds(self.cpu_s)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_is_a_share_of_instructions() {
        assert_eq!(Heat::of(0, 1_000_000), Heat::Dead);
        assert_eq!(Heat::of(100, 1_000_000), Heat::Hot);
        assert_eq!(Heat::of(99, 1_000_000), Heat::Warm);
        assert_eq!(Heat::of(1, 1_000_001), Heat::Cold);
        for heat in [Heat::Hot, Heat::Warm, Heat::Cold, Heat::Dead, Heat::NoCode] {
            assert_eq!(
                serde_json::to_value(heat).unwrap(),
                serde_json::Value::from(heat.name())
            );
        }
    }

    #[test]
    fn the_bound_is_the_product_over_the_time() {
        let bound = Bound {
            locked_ns: 5.0,
            cpu_s: 0.1,
        };
        let percent = bound.percent(1_000_000).unwrap();
        assert!((percent - 5.0).abs() < 1e-9, "{percent}");
        assert!((bound.percent(u64::MAX).unwrap() - 100.0).abs() < 1e-9);
        let unseen = Bound {
            cpu_s: 0.0,
            ..bound
        };
        assert_eq!(unseen.percent(0), None);
    }
}
