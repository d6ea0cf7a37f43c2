//! The always-valid confidence sequence.
//!
//! # Role
//! After every pair, the shifts between A and B that the pairs so far do not rule out. The claim
//! "the true shift was in every one of these intervals" fails with a probability of at most
//! `error`, so one may look after each pair and stop whenever one likes.
//!
//! # Invariants
//! I1. The scale is known before the first pair, so that no pair bears on how it is judged.
//!
//! # Sources
//! Self-normalised mixture bound: with g = clip(d - theta, +-3 scale), S the sum of g and V that of
//! its squares, `E exp(l g - l^2 g^2 / 2) <= 1` for symmetric g, since `cosh x <= exp(x^2 / 2)`; a
//! normal mixture over l and Ville's inequality give
//! `|S| <= sqrt((V + r) (2 ln(1/a) + ln((V + r) / r)))` at all times with probability 1 - a (de la
//! Pena, Lai and Shao, Self-Normalized Processes, 2009; Howard et al., 2021). The coin that orders a
//! pair makes d symmetric if A and B are the same, whatever the noise or drift; for other shifts
//! the noise must be symmetric about the shift of the logarithms.

use super::verdict::Interval;

/// Differences count for at most so many scales, so that one wild run decides nothing.
pub(crate) const CLIP_SCALES: f64 = 3.0;

/// The number of pairs after which the bound is tightest for its length.
const TIGHTEST_AFTER: f64 = 60.0;

/// Halvings that find an end of the interval.
const HALVINGS: u32 = 60;

/// The parameters, fixed before the first pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    clip: f64,
    rho: f64,
    error: f64,
}

impl Bound {
    /// For differences of the given scale, and the chance `error` of ever being wrong.
    #[must_use]
    pub fn new(scale: f64, error: f64) -> Self {
        let log = (1.0 / error).ln();
        Self {
            clip: CLIP_SCALES * scale,
            rho: TIGHTEST_AFTER * scale * scale / (2.0 * log + (1.0 + 2.0 * log).ln()),
            error,
        }
    }

    /// What the sum of clipped differences does not exceed, if their squares sum to `squares`.
    #[must_use]
    pub fn reach(&self, squares: f64) -> f64 {
        let variance = squares + self.rho;
        (variance * (2.0 * (1.0 / self.error).ln() + (variance / self.rho).ln())).sqrt()
    }
}

/// The sums for one shift, kept up with each pair.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    bound: Bound,
    shift: f64,
    sum: f64,
    squares: f64,
}

impl Watched {
    /// Watches `shift` from before the first pair.
    #[must_use]
    pub fn new(bound: Bound, shift: f64) -> Self {
        Self {
            bound,
            shift,
            sum: 0.0,
            squares: 0.0,
        }
    }

    /// Takes the next difference.
    pub fn push(&mut self, difference: f64) {
        let clipped = (difference - self.shift).clamp(-self.bound.clip, self.bound.clip);
        self.sum += clipped;
        self.squares += clipped * clipped;
    }

    /// The true shift is above the watched one.
    #[must_use]
    pub fn is_below(&self) -> bool {
        self.sum > self.bound.reach(self.squares)
    }

    /// The true shift is below the watched one.
    #[must_use]
    pub fn is_above(&self) -> bool {
        self.sum < -self.bound.reach(self.squares)
    }
}

/// The interval of shifts that `differences` do not rule out; ends are infinite while nothing is
/// ruled out on that side.
#[must_use]
pub fn interval(bound: Bound, differences: &[f64]) -> Interval {
    let judged = |shift: f64| {
        let mut watched = Watched::new(bound, shift);
        differences.iter().for_each(|&d| watched.push(d));
        watched
    };
    let (mut least, mut most) = differences
        .iter()
        .fold((0.0_f64, 0.0_f64), |(least, most), &d| {
            (least.min(d), most.max(d))
        });
    // Beyond this everything is clipped, and further shifts are judged alike.
    least -= 2.0 * bound.clip;
    most += 2.0 * bound.clip;
    let (mut low, mut high) = (least, most);
    for _halving in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if judged(middle).sum > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let centre = f64::midpoint(low, high);
    let end = |outer: f64, is_out: fn(&Watched) -> bool| {
        if !is_out(&judged(outer)) {
            return None;
        }
        let (mut outside, mut inside) = (outer, centre);
        for _halving in 0..HALVINGS {
            let middle = f64::midpoint(outside, inside);
            if is_out(&judged(middle)) {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        Some(outside)
    };
    Interval {
        low: end(least, Watched::is_below),
        high: end(most, Watched::is_above),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ab::dice::Dice;

    #[test]
    fn the_interval_and_the_watched_shifts_agree() {
        let bound = Bound::new(0.02, 0.05);
        let mut dice = Dice::new(5, 0);
        let mut differences = Vec::new();
        let mut zero = Watched::new(bound, 0.0);
        for _pair in 0..120 {
            let difference = 0.012 + 0.02 * dice.normal();
            differences.push(difference);
            zero.push(difference);
            let interval = interval(bound, &differences);
            assert_eq!(interval.low.is_some_and(|low| low > 0.0), zero.is_below());
            assert_eq!(
                interval.high.is_some_and(|high| high < 0.0),
                zero.is_above()
            );
        }
        let interval = interval(bound, &differences);
        let (low, high) = (interval.low.unwrap(), interval.high.unwrap());
        assert!(low < 0.012 && 0.012 < high && low > 0.0);
    }

    #[test]
    fn few_pairs_rule_out_nothing() {
        let interval = interval(Bound::new(0.02, 0.05), &[0.01, 0.02]);
        assert_eq!((interval.low, interval.high), (None, None));
    }

    #[test]
    fn the_truth_leaves_the_sequence_seldom() {
        let trials = 1000;
        let mut left = 0;
        for trial in 0..trials {
            let mut dice = Dice::new(11, trial);
            let mut zero = Watched::new(Bound::new(0.02, 0.05), 0.0);
            let is_left = (0..200).any(|_| {
                zero.push(0.02 * dice.normal());
                zero.is_below() || zero.is_above()
            });
            left += u32::from(is_left);
        }
        assert!(left <= 50, "{left} of {trials}");
    }
}
