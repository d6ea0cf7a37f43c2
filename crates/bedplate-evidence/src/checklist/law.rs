//! Laws of growth, fitted by least squares.
//!
//! # Invariants
//! I1. Where no law fits, none is named.

use serde::Serialize;

/// How a cost may grow with the size n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// Not at all.
    Constant,
    /// As the logarithm of n.
    Logarithmic,
    /// As n.
    Linear,
    /// As n times its logarithm.
    Linearithmic,
    /// As the square of n.
    Quadratic,
}

/// Largest residual of a law that fits, as a share of the range of the costs.
pub const RESIDUAL_MAX: f64 = 0.02;

/// A law with its coefficients: cost = base + factor * f(n).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Which law.
    pub law: Law,
    /// The part that does not grow.
    pub base: f64,
    /// The factor of what grows.
    pub factor: f64,
    /// Cost less what the law says, for each size.
    pub residuals: Vec<f64>,
    /// The largest of them without its sign, as a share: of the mean for a constant, else of the
    /// range of the costs.
    pub worst: f64,
}

impl Law {
    /// All of them, the slowest first.
    pub const ALL: [Self; 5] = [
        Self::Constant,
        Self::Logarithmic,
        Self::Linear,
        Self::Linearithmic,
        Self::Quadratic,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Logarithmic => "log n",
            Self::Linear => "n",
            Self::Linearithmic => "n log n",
            Self::Quadratic => "n^2",
        }
    }

    fn at(self, size: f64) -> f64 {
        match self {
            Self::Constant => 0.0,
            Self::Logarithmic => size.max(1.0).log2(),
            Self::Linear => size,
            Self::Linearithmic => size * size.max(1.0).log2(),
            Self::Quadratic => size * size,
        }
    }

    /// The law fitted to costs at sizes.
    #[must_use]
    pub fn fit(self, points: &[(f64, f64)]) -> Fit {
        let count = points.len().max(1) as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (mean_f, mean_cost) = (mean(&|it| self.at(it.0)), mean(&|it| it.1));
        let spread = mean(&|it| (self.at(it.0) - mean_f).powi(2));
        let together = mean(&|it| (self.at(it.0) - mean_f) * (it.1 - mean_cost));
        let factor = if spread > 0.0 { together / spread } else { 0.0 };
        let base = mean_cost - factor * mean_f;
        let residuals: Vec<f64> = points
            .iter()
            .map(|it| it.1 - base - factor * self.at(it.0))
            .collect();
        let largest = residuals
            .iter()
            .fold(0.0, |most: f64, it| most.max(it.abs()));
        let whole = if self == Self::Constant {
            mean_cost.abs()
        } else {
            range(points)
        };
        Fit {
            law: self,
            base,
            factor,
            worst: if largest > 0.0 { largest / whole } else { 0.0 },
            residuals,
        }
    }
}

/// All laws fitted, and the place of the one that fits: constant if the costs are so but for
/// `constant_within` of their mean, else the growing law with the smallest residuals.
#[must_use]
pub fn fits(points: &[(f64, f64)], constant_within: f64) -> (Vec<Fit>, Option<usize>) {
    let all: Vec<Fit> = Law::ALL.iter().map(|law| law.fit(points)).collect();
    if all[0].worst <= constant_within {
        return (all, Some(0));
    }
    let growing =
        (1..all.len()).filter(|&it| all[it].worst <= RESIDUAL_MAX && all[it].factor > 0.0);
    let best = growing.min_by(|&a, &b| all[a].worst.total_cmp(&all[b].worst));
    (all, best)
}

fn range(points: &[(f64, f64)]) -> f64 {
    let costs = || points.iter().map(|it| it.1);
    costs().fold(f64::NEG_INFINITY, f64::max) - costs().fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [f64; 7] = [1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3];

    fn found(cost: impl Fn(f64) -> f64) -> Option<Law> {
        let points: Vec<(f64, f64)> = SIZES.iter().map(|&n| (n, cost(n))).collect();
        let (all, best) = fits(&points, 0.002);
        best.map(|place| all[place].law)
    }

    #[test]
    fn each_law_is_found_beside_a_start_that_costs_much() {
        let start = 150_000.0;
        assert_eq!(found(|_| start), Some(Law::Constant));
        assert_eq!(found(|n| start + 900.0 * n.log2()), Some(Law::Logarithmic));
        assert_eq!(found(|n| start + 7.0 * n), Some(Law::Linear));
        assert_eq!(
            found(|n| start + 3.0 * n * n.log2()),
            Some(Law::Linearithmic)
        );
        assert_eq!(found(|n| start + n * n), Some(Law::Quadratic));
    }

    #[test]
    fn what_follows_no_law_is_called_so() {
        assert_eq!(found(|n| n.powf(1.5)), None);
        assert_eq!(found(|n| 1e6 + if n > 5e3 { 1e5 } else { 0.0 }), None);
        assert_eq!(found(|n| 1e9 - 1000.0 * n), None);
    }

    #[test]
    fn a_fit_has_its_coefficients_and_residuals() {
        let fit = Law::Linear.fit(&[(1.0, 12.0), (2.0, 14.0), (3.0, 16.0)]);
        assert!((fit.base - 10.0).abs() < 1e-9 && (fit.factor - 2.0).abs() < 1e-9);
        assert!(fit.worst < 1e-9 && fit.residuals.len() == 3);
    }
}
