//! Gauges that are too high, told once.

use super::gauges::Gauges;
use bedplate_os::problems::Problem;
use core::fmt;
use core::time::Duration;

/// When to speak up. What is left out is never crossed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// Bytes of all objects.
    pub bytes_max: Option<u64>,
    /// Objects that wait for a trial or a full pass: what may float.
    pub waiting_max: Option<u64>,
    /// Bytes of garbage that is not freed yet, about.
    pub floating_bytes_max: Option<u64>,
    /// The health that the quick check gives.
    pub health_min: Option<f64>,
    /// The longest piece of the collector's work but for whole collections.
    pub pause_max: Option<Duration>,
}

impl Thresholds {
    /// Thresholds that are never crossed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes_max: None,
            waiting_max: None,
            floating_bytes_max: None,
            health_min: None,
            pause_max: None,
        }
    }

    /// Speaks up above so many bytes of all objects.
    #[must_use]
    pub const fn with_bytes_max(mut self, bytes: u64) -> Self {
        self.bytes_max = Some(bytes);
        self
    }

    /// Speaks up above so many objects that wait for a trial or a full pass.
    #[must_use]
    pub const fn with_waiting_max(mut self, objects: u64) -> Self {
        self.waiting_max = Some(objects);
        self
    }

    /// Speaks up above about so many bytes of garbage that is not freed yet.
    #[must_use]
    pub const fn with_floating_bytes_max(mut self, bytes: u64) -> Self {
        self.floating_bytes_max = Some(bytes);
        self
    }

    /// Speaks up below this health, from 0 to 1.
    #[must_use]
    pub const fn with_health_min(mut self, health: f64) -> Self {
        self.health_min = Some(health);
        self
    }

    /// Speaks up where a piece of the collector's work took longer.
    #[must_use]
    pub const fn with_pause_max(mut self, pause: Duration) -> Self {
        self.pause_max = Some(pause);
        self
    }
}

/// A threshold that was crossed: told once, and again only after the figure was below nine tenths of
/// it (health: at the threshold again).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Crossing {
    /// More bytes than [`Thresholds::bytes_max`].
    Bytes {
        /// How many.
        found: u64,
        /// The threshold.
        max: u64,
    },
    /// More objects than [`Thresholds::waiting_max`] wait.
    Waiting {
        /// How many.
        found: u64,
        /// The threshold.
        max: u64,
    },
    /// More bytes than [`Thresholds::floating_bytes_max`] float.
    Floating {
        /// How many, about.
        found: u64,
        /// The threshold.
        max: u64,
    },
    /// Less health than [`Thresholds::health_min`].
    Health {
        /// How much.
        found: f64,
        /// The threshold.
        min: f64,
    },
    /// A longer pause than [`Thresholds::pause_max`].
    Pause {
        /// How long.
        found: Duration,
        /// The threshold.
        max: Duration,
    },
}

impl Crossing {
    /// The same as a problem, for the list of what is wrong with a program and its machine.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (id, what, why, what_to_do) = match self {
            Self::Bytes { found, max } => (
                "heap-bytes",
                format!("the heap's objects take {found} bytes, more than {max}"),
                "what grows without end comes to the memory's end",
                "ask the census for kinds and shapes, and for the retaining path of one that should be gone",
            ),
            Self::Waiting { found, max } => (
                "heap-waiting",
                format!("{found} objects wait for the collector, more than {max}"),
                "what of them is garbage holds memory",
                "call step or run_for more often, or collect once",
            ),
            Self::Floating { found, max } => (
                "heap-floating",
                format!(
                    "about {found} bytes of the heap are garbage that is not freed yet, more than {max}"
                ),
                "it holds memory that the program could use",
                "call step or run_for more often, or collect once; lower deferred_min and growth_percent if it comes again",
            ),
            Self::Health { found, min } => (
                "heap-health",
                format!("the heap's health is {found:.3} of 1, less than {min:.3}"),
                "references were given back too often, or the heap is damaged",
                "verify with every reference that the host holds, and recover",
            ),
            Self::Pause { found, max } => (
                "heap-pause",
                format!("a piece of the collector's work took {found:?}, more than {max:?}"),
                "the program waited for it",
                "lower trial_objects, release_steps and pass_steps, or look whether the machine was busy",
            ),
        };
        Problem {
            id,
            what,
            why: why.to_owned(),
            what_to_do: what_to_do.to_owned(),
        }
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem().fmt(f)
    }
}

/// Thresholds, and which of them are crossed now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alarms {
    thresholds: Thresholds,
    is_crossed: [bool; 5],
}

impl Alarms {
    pub(crate) const fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            is_crossed: [false; 5],
        }
    }

    /// The crossings that are new.
    pub(crate) fn check(&mut self, gauges: &Gauges) -> Vec<Crossing> {
        let limits = self.thresholds;
        let pause_ns = |pause: Duration| u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        let (bytes, waiting, floating) = (gauges.bytes, gauges.waiting, gauges.floating_bytes);
        let (pause, health) = (gauges.longest_pause, gauges.health);
        let most = [
            (bytes, limits.bytes_max),
            (waiting, limits.waiting_max),
            (floating, limits.floating_bytes_max),
            (pause_ns(pause), limits.pause_max.map(pause_ns)),
        ];
        let mut crossings = Vec::new();
        for (number, (found, max)) in most.into_iter().enumerate() {
            let Some(max) = max else { continue };
            let is_left = u128::from(found) * 10 < u128::from(max) * 9;
            if self.is_new(number, found > max, is_left) {
                crossings.push(match number {
                    0 => Crossing::Bytes { found, max },
                    1 => Crossing::Waiting { found, max },
                    2 => Crossing::Floating { found, max },
                    _ => Crossing::Pause {
                        found: pause,
                        max: Duration::from_nanos(max),
                    },
                });
            }
        }
        if let Some(min) = limits.health_min
            && self.is_new(4, health < min, health >= min)
        {
            crossings.push(Crossing::Health { found: health, min });
        }
        crossings
    }

    /// Whether a gauge crossed its threshold and was not known to have.
    const fn is_new(&mut self, number: usize, is_crossed: bool, is_left: bool) -> bool {
        let was_crossed = self.is_crossed[number];
        if is_crossed {
            self.is_crossed[number] = true;
        } else if is_left {
            self.is_crossed[number] = false;
        }
        is_crossed && !was_crossed
    }
}

#[cfg(test)]
mod tests {
    use super::{Alarms, Crossing, Thresholds};
    use crate::figures::Gauges;
    use core::time::Duration;

    #[test]
    fn each_gauge_tells_its_crossing_once() {
        let thresholds = Thresholds::new()
            .with_bytes_max(1000)
            .with_waiting_max(10)
            .with_floating_bytes_max(100)
            .with_health_min(0.9)
            .with_pause_max(Duration::from_micros(100));
        let mut alarms = Alarms::new(thresholds);
        let fine = Gauges {
            health: 1.0,
            ..Gauges::default()
        };
        let bad = Gauges {
            bytes: 1001,
            waiting: 11,
            floating_bytes: 101,
            health: 0.5,
            longest_pause: Duration::from_micros(101),
            ..fine
        };
        assert_eq!(alarms.check(&fine), []);
        let told = alarms.check(&bad);
        assert_eq!(told.len(), 5);
        let ids: Vec<&str> = told.iter().map(|crossing| crossing.problem().id).collect();
        assert_eq!(
            ids,
            [
                "heap-bytes",
                "heap-waiting",
                "heap-floating",
                "heap-pause",
                "heap-health"
            ]
        );
        assert_eq!(
            told[4],
            Crossing::Health {
                found: 0.5,
                min: 0.9
            }
        );
        assert!(
            told[3]
                .to_string()
                .contains("took 101µs, more than 100µs: ")
        );
        assert_eq!(alarms.check(&bad), []);
        // Not far enough below for the figures that move.
        let near = Gauges { bytes: 950, ..fine };
        assert_eq!(alarms.check(&near), []);
        let again = alarms.check(&bad);
        assert_eq!(again.len(), 4);
        assert!(
            !again
                .iter()
                .any(|one| matches!(one, Crossing::Bytes { .. }))
        );
    }

    #[test]
    fn a_small_threshold_is_left_too() {
        let mut alarms = Alarms::new(Thresholds::new().with_waiting_max(5));
        let waits = |waiting| Gauges {
            waiting,
            ..Gauges::default()
        };
        for _ in 0..2 {
            assert_eq!(alarms.check(&waits(6)).len(), 1);
            assert_eq!(alarms.check(&waits(5)), []);
            assert_eq!(alarms.check(&waits(6)), []);
            assert_eq!(alarms.check(&waits(4)), []);
        }
    }
}
