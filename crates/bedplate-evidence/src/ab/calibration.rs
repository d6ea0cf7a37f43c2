//! The noise of A against A.
//!
//! # Role
//! What differences the machine makes between runs of the very same program. They scale the
//! interval (`confidence.rs`) and say what can be found at all (`reach.rs`).
//!
//! # Invariants
//! I1. Nothing of it decides: a deviation that is off makes the interval wider than it need be or
//!     slower to close, never wrong, for it is fixed before the first pair of A and B.

use serde::Serialize;

use super::signed_rank::median;

/// From the median of absolute deviations to the standard deviation of normal noise.
const MEDIAN_TO_DEVIATION: f64 = 1.4826;

/// Share of the plain standard deviation that the scale never falls below: where more than half of
/// the differences are equal, as with counted figures, the median deviation is 0.
const PLAIN_SHARE: f64 = 0.1;

/// What the pairs of A and A showed. Differences are of natural logarithms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The differences, in the order they were measured.
    pub differences: Vec<f64>,
    /// Their scale: what a standard deviation would be without the outliers.
    pub deviation: f64,
    /// Correlation of each difference with the one before it.
    pub correlation: f64,
}

impl Calibration {
    /// Sums up the differences; the deviation is at least `floor`.
    #[must_use]
    pub fn of(differences: Vec<f64>, floor: f64) -> Self {
        let middle = median(&differences).unwrap_or(0.0);
        let off: Vec<f64> = differences.iter().map(|d| (d - middle).abs()).collect();
        let robust = MEDIAN_TO_DEVIATION * median(&off).unwrap_or(0.0);
        let count = differences.len().max(1) as f64;
        let mean = differences.iter().sum::<f64>() / count;
        let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
        let plain = (squares / count).sqrt();
        let products: f64 = differences
            .windows(2)
            .map(|two| (two[0] - mean) * (two[1] - mean))
            .sum();
        Self {
            deviation: robust.max(PLAIN_SHARE * plain).max(floor),
            correlation: if squares > 0.0 {
                products / squares
            } else {
                0.0
            },
            differences,
        }
    }

    /// The deviation in percent.
    #[must_use]
    pub fn percent(&self) -> f64 {
        100.0 * self.deviation
    }
}

#[cfg(test)]
mod tests {
    use super::Calibration;
    use crate::ab::dice::Dice;

    #[test]
    fn one_wild_run_does_not_scale_the_rest() {
        let mut dice = Dice::new(3, 0);
        let mut differences: Vec<f64> = (0..101).map(|_| 0.02 * dice.normal()).collect();
        differences[50] = 0.5;
        let calibration = Calibration::of(differences, 0.0);
        assert!((0.015..0.026).contains(&calibration.deviation));
        assert!(calibration.correlation.abs() < 0.3);
    }

    #[test]
    fn equal_figures_have_the_floor() {
        let calibration = Calibration::of(vec![0.0; 30], 1e-4);
        assert!((calibration.deviation - 1e-4).abs() < 1e-12);
        assert!(calibration.correlation.abs() < 1e-12);
    }
}
