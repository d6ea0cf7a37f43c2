//! Pair after pair to a verdict.
//!
//! # Role
//! Calibrates on A against A, runs pairs of A and B in random order, and ends at the first verdict
//! or the last allowed pair.
//!
//! # Not here
//! What a run is: a closure gives its figure. Simulated and real runs go the same way through here.
//!
//! # Invariants
//! I1. The order within each pair is a fair coin's, thrown before the pair: it alone makes the
//!     differences symmetric if A and B are the same.
//! I2. A run that fails leaves the series as it was before its pair.

use alloc::sync::Arc;
use core::cmp::Ordering;

use serde::Serialize;

use super::calibration::Calibration;
use super::confidence::{self, Bound, Watched};
use super::dice::Dice;
use super::signed_rank;
use super::spending::{Look, looks};
use super::verdict::{Interval, Known, Verdict};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Side {
    /// The baseline.
    A,
    /// The candidate.
    B,
}

/// How often the pairs are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sequential {
    /// After every pair, by the confidence sequence.
    #[default]
    Always,
    /// At six planned looks, by signed ranks: finds smaller effects in a fixed number of pairs.
    Group,
}

/// What is fixed before the first run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// Start of all random choices.
    pub seed: u64,
    /// Stream of the seed.
    pub stream: u64,
    /// Differences below it count as none: a shift, so the logarithm of a ratio.
    pub margin: f64,
    /// Most pairs of A and B.
    pub pairs_max: usize,
    /// Pairs of A and A before them.
    pub calibration_pairs: usize,
    /// Chance of ever being wrong.
    pub error: f64,
    /// How often it is looked.
    pub sequential: Sequential,
    /// Least scale of differences.
    pub deviation_floor: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            seed: 0,
            stream: 0,
            margin: 1.005_f64.ln(),
            pairs_max: 400,
            calibration_pairs: 30,
            error: super::spending::error_of_rerun(0),
            sequential: Sequential::Always,
            deviation_floor: 1e-4,
        }
    }
}

impl Rules {
    /// The planned looks; none where every pair is looked at.
    #[must_use]
    pub fn looks(&self) -> Arc<[Look]> {
        match self.sequential {
            Sequential::Always => Arc::default(),
            Sequential::Group => looks(self.pairs_max, self.error).into(),
        }
    }
}

/// One pair that was run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Which side ran first.
    pub first: Side,
    /// Figure of A.
    pub a: f64,
    /// Figure of B.
    pub b: f64,
}

impl Pair {
    /// The logarithm of A's figure over B's: above 0, B is better.
    #[must_use]
    pub fn difference(&self) -> f64 {
        (self.a / self.b).ln()
    }
}

/// What decides.
#[derive(Clone, Debug)]
enum Engine {
    Always {
        bound: Bound,
        zero: Watched,
        lower: Watched,
        upper: Watched,
    },
    Group {
        looks: Arc<[Look]>,
    },
}

/// A comparison under way.
#[derive(Debug)]
pub struct Series {
    rules: Rules,
    dice: Dice,
    calibration: Option<Calibration>,
    engine: Engine,
    plan: Arc<[Look]>,
    pairs: Vec<Pair>,
    differences: Vec<f64>,
    /// What the last pair showed.
    known: Known,
    verdict: Option<Verdict>,
}

impl Series {
    /// A series before its first run.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self::planned(rules, rules.looks())
    }

    /// A series whose looks, which take a while to find, are known from another with equal rules.
    #[must_use]
    pub fn planned(rules: Rules, plan: Arc<[Look]>) -> Self {
        Self {
            rules,
            dice: Dice::new(rules.seed, rules.stream),
            calibration: None,
            engine: Engine::new(&rules, rules.deviation_floor, &plan),
            plan,
            pairs: Vec::new(),
            differences: Vec::new(),
            known: Known::default(),
            verdict: None,
        }
    }

    /// Runs A against A and sets the scale.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn calibrate<E>(
        &mut self,
        mut run: impl FnMut(Side) -> Result<f64, E>,
    ) -> Result<&Calibration, E> {
        let mut differences = Vec::with_capacity(self.rules.calibration_pairs);
        for _pair in 0..self.rules.calibration_pairs {
            let is_swapped = self.dice.coin();
            let (first, second) = (run(Side::A)?, run(Side::A)?);
            let difference = (first / second).ln();
            differences.push(if is_swapped { -difference } else { difference });
        }
        let calibration = Calibration::of(differences, self.rules.deviation_floor);
        self.engine = Engine::new(&self.rules, calibration.deviation, &self.plan);
        Ok(self.calibration.insert(calibration))
    }

    /// Runs the next pair; the verdict, once there is one.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn step<E>(
        &mut self,
        mut run: impl FnMut(Side) -> Result<f64, E>,
    ) -> Result<Option<Verdict>, E> {
        if self.verdict.is_some() {
            return Ok(self.verdict);
        }
        let pair = if self.dice.coin() {
            let a = run(Side::A)?;
            Pair {
                first: Side::A,
                a,
                b: run(Side::B)?,
            }
        } else {
            let b = run(Side::B)?;
            Pair {
                first: Side::B,
                a: run(Side::A)?,
                b,
            }
        };
        let difference = pair.difference();
        self.pairs.push(pair);
        self.differences.push(difference);
        let known = self
            .engine
            .take(difference, &self.differences, self.rules.margin);
        self.known = known;
        self.verdict = if self.pairs.len() >= self.rules.pairs_max {
            Some(known.last())
        } else {
            known.early()
        };
        Ok(self.verdict)
    }

    /// Ends the comparison before its last allowed pair, for a reason that is not in the pairs, such
    /// as time that is up: the verdict is what the pairs so far tell. With few looks that is nothing
    /// between two of them.
    pub fn conclude(&mut self) -> Verdict {
        *self.verdict.get_or_insert(self.known.last())
    }

    /// The verdict, once there is one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// The pairs so far.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The noise, once calibrated.
    #[must_use]
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// The shifts that are not ruled out after all pairs.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval_after(self.pairs.len())
    }

    /// The shifts that were not ruled out after the first `count` pairs; with few looks, those of
    /// the last look.
    #[must_use]
    pub fn interval_after(&self, count: usize) -> Interval {
        let differences = &self.differences[..count.min(self.differences.len())];
        match &self.engine {
            Engine::Always { bound, .. } => confidence::interval(*bound, differences),
            Engine::Group { looks } => {
                let last = looks.iter().rev().find(|look| look.pairs <= count);
                last.map_or_else(Interval::default, |look| {
                    group_interval(&differences[..look.pairs], look.deviations)
                })
            }
        }
    }

    /// The Hodges-Lehmann estimate of the shift; none without pairs.
    #[must_use]
    pub fn estimate(&self) -> Option<f64> {
        signed_rank::hodges_lehmann(&self.differences)
    }
}

impl Engine {
    fn new(rules: &Rules, scale: f64, plan: &Arc<[Look]>) -> Self {
        match rules.sequential {
            Sequential::Always => {
                let bound = Bound::new(scale, rules.error);
                Self::Always {
                    bound,
                    zero: Watched::new(bound, 0.0),
                    lower: Watched::new(bound, -rules.margin),
                    upper: Watched::new(bound, rules.margin),
                }
            }
            Sequential::Group => Self::Group {
                looks: Arc::clone(plan),
            },
        }
    }

    /// Takes the last of `differences`; what is known then.
    fn take(&mut self, difference: f64, differences: &[f64], margin: f64) -> Known {
        match self {
            Self::Always {
                zero, lower, upper, ..
            } => {
                for watched in [&mut *zero, &mut *lower, &mut *upper] {
                    watched.push(difference);
                }
                Known {
                    is_better: zero.is_below(),
                    is_worse: zero.is_above(),
                    is_not_worse: lower.is_below(),
                    is_not_better: upper.is_above(),
                }
            }
            Self::Group { looks } => {
                let look = looks.iter().find(|look| look.pairs == differences.len());
                // Between looks nothing may end it.
                look.map_or_else(Known::default, |look| at_look(differences, look, margin))
            }
        }
    }
}

/// What [`group_interval`] would say, without sorting the means of all pairs.
fn at_look(differences: &[f64], look: &Look, margin: f64) -> Known {
    let is_beyond = |shift: f64| signed_rank::is_beyond(differences, shift, look.deviations);
    let zero = is_beyond(0.0);
    Known {
        is_better: zero == Ordering::Greater,
        is_worse: zero == Ordering::Less,
        is_not_worse: is_beyond(-margin) == Ordering::Greater,
        is_not_better: is_beyond(margin) == Ordering::Less,
    }
}

fn group_interval(differences: &[f64], deviations: f64) -> Interval {
    let (low, high) = signed_rank::interval(differences, deviations);
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;

    /// A runs 1 s, B by `shift` less, with noise.
    fn series(rules: Rules, shift: f64) -> Series {
        let mut series = Series::new(rules);
        let mut dice = Dice::new(99, 0);
        let mut run = |side: Side| -> Result<f64, Infallible> {
            let noise = 0.01 * dice.normal();
            Ok(match side {
                Side::A => noise.exp(),
                Side::B => (noise - shift).exp(),
            })
        };
        let Ok(_calibration) = series.calibrate(&mut run);
        while let Ok(None) = series.step(&mut run) {}
        series
    }

    #[test]
    fn a_better_side_is_found_and_a_worse_one() {
        for sequential in [Sequential::Always, Sequential::Group] {
            let rules = Rules {
                sequential,
                seed: 4,
                ..Rules::default()
            };
            let better = series(rules, 0.03);
            assert_eq!(better.verdict(), Some(Verdict::Go));
            let low = better.interval().low.unwrap();
            assert!(0.0 < low && low < 0.03, "{low}");
            assert!((better.estimate().unwrap() - 0.03).abs() < 0.01);
            assert_eq!(series(rules, -0.03).verdict(), Some(Verdict::NoGo));
        }
    }

    #[test]
    fn a_look_says_what_its_interval_says() {
        let mut dice = Dice::new(8, 0);
        for look in looks(60, 0.05) {
            for shift in [-0.02, -0.005, 0.0, 0.005, 0.02] {
                let differences: Vec<f64> = (0..look.pairs)
                    .map(|_| shift + 0.015 * dice.normal())
                    .collect();
                let interval = group_interval(&differences, look.deviations);
                assert_eq!(
                    at_look(&differences, &look, 0.008),
                    Known::from_interval(interval, 0.008)
                );
            }
        }
    }

    #[test]
    fn equal_sides_are_equivalent_within_a_wide_margin() {
        let rules = Rules {
            margin: 0.02,
            ..Rules::default()
        };
        assert_eq!(series(rules, 0.0).verdict(), Some(Verdict::Equivalent));
    }

    #[test]
    fn the_interval_closes_as_pairs_come() {
        let series = series(
            Rules {
                margin: 0.001,
                pairs_max: 100,
                ..Rules::default()
            },
            0.0,
        );
        assert_eq!(series.pairs().len(), 100);
        let width = |count| {
            let interval = series.interval_after(count);
            Some(interval.high? - interval.low?)
        };
        assert_eq!(width(3), None);
        assert!(width(100).unwrap() < width(20).unwrap());
    }

    #[test]
    fn a_series_may_be_concluded_at_any_pair() {
        let rules = Rules {
            margin: 0.02,
            ..Rules::default()
        };
        let mut series = Series::new(rules);
        assert_eq!(series.conclude(), Verdict::Inconclusive);
        let mut run = |side: Side| {
            Ok::<f64, Infallible>(match side {
                Side::A => 1.0,
                Side::B => 0.95,
            })
        };
        let mut series = Series::new(rules);
        let mut pairs = 0;
        while let Ok(None) = series.step(&mut run) {
            pairs += 1;
        }
        assert_eq!(series.conclude(), Verdict::Go, "what was decided stays");
        let mut series = Series::new(rules);
        for _pair in 0..pairs {
            assert_eq!(series.step(&mut run), Ok(None));
        }
        let not_yet = series.conclude();
        assert!(matches!(not_yet, Verdict::Safe | Verdict::Inconclusive));
        assert_eq!(series.step(&mut run), Ok(Some(not_yet)), "no pair follows");
        assert_eq!(series.pairs().len(), pairs);
    }

    #[test]
    fn a_run_that_fails_ends_no_pair() {
        let mut series = Series::new(Rules::default());
        assert_eq!(series.step(|_side| Err::<f64, _>("gone")), Err("gone"));
        assert!(series.pairs().is_empty());
        assert_eq!(series.estimate(), None);
    }
}
