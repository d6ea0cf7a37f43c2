//! The error budget: over the looks of one comparison, and over reruns of it.
//!
//! # Role
//! Bounds for a comparison that looks at its pairs a few times (`group`), and the share of the
//! budget that each rerun of the same comparison may spend.
//!
//! # Sources
//! Lan and `DeMets`, 1983, with the spending that follows O'Brien and Fleming; the bounds by
//! integrating the density of a Brownian motion from look to look (Armitage, `McPherson` and Rowe,
//! 1969).

use core::f64::consts::TAU;

use super::normal::{upper_quantile, upper_tail};

/// Chance of a wrong verdict of either sign that one comparison and all its reruns share.
pub const ERROR_TOTAL: f64 = 0.05;

/// Share of it that the first run of a comparison may spend.
const FIRST_SHARE: f64 = 0.8;

/// Points of the grid the density is kept on.
const GRID: usize = 401;

/// What rerun `number` (0 for the first run) may spend; all of them together spend
/// [`ERROR_TOTAL`], however often one tries.
#[must_use]
pub fn error_of_rerun(number: u32) -> f64 {
    if number == 0 {
        return FIRST_SHARE * ERROR_TOTAL;
    }
    // The reciprocals of all squares sum to pi^2 / 6.
    let square = f64::from(number).powi(2);
    let sum = core::f64::consts::PI.powi(2) / 6.0;
    (1.0 - FIRST_SHARE) * ERROR_TOTAL / (sum * square)
}

/// One planned look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// After so many pairs.
    pub pairs: usize,
    /// Deviations from the middle that reach a verdict.
    pub deviations: f64,
}

/// The looks of a comparison of at most `pairs` pairs that may err with the chance `error`.
#[must_use]
pub fn looks(pairs: usize, error: f64) -> Vec<Look> {
    let mut after: Vec<usize> = [10, 20, 40, 60, 80, 100]
        .iter()
        .map(|percent| (pairs * percent).div_ceil(100).max(LEAST_PAIRS))
        .collect();
    after.dedup();
    let times: Vec<f64> = after
        .iter()
        .map(|&pairs_then| pairs_then as f64 / pairs.max(LEAST_PAIRS) as f64)
        .collect();
    let bounds = bounds(&times, error);
    after
        .into_iter()
        .zip(bounds)
        .map(|(pairs, deviations)| Look { pairs, deviations })
        .collect()
}

/// Fewest pairs that are looked at: below, a signed-rank sum is far from normal.
const LEAST_PAIRS: usize = 10;

/// What may have been spent by the share `time` of all pairs.
fn spent(time: f64, error: f64) -> f64 {
    2.0 * upper_tail(upper_quantile(error / 2.0) / time.sqrt())
}

/// Bounds, in deviations, for looks at the given shares of all pairs.
fn bounds(times: &[f64], error: f64) -> Vec<f64> {
    let mut found = Vec::with_capacity(times.len());
    // The density of the sum at the last look, among the paths that no look has stopped.
    let mut density: Vec<(f64, f64)> = vec![(0.0, 1.0)];
    let (mut before, mut spent_before) = (0.0, 0.0);
    for &time in times {
        let spend = spent(time, error) - spent_before;
        let step = (time - before).sqrt();
        let width = 8.0 * time.sqrt();
        let spacing = 2.0 * width / (GRID - 1) as f64;
        let now: Vec<(f64, f64)> = (0..GRID)
            .map(|index| {
                let at = -width + spacing * index as f64;
                let height: f64 = density
                    .iter()
                    .map(|&(from, mass)| {
                        let z = (at - from) / step;
                        mass * (-0.5 * z * z).exp() / (step * TAU.sqrt())
                    })
                    .sum();
                (at, height * spacing)
            })
            .collect();
        let bound = boundary(&density, step, spend);
        found.push(bound / time.sqrt());
        density = now
            .into_iter()
            .filter(|(at, _mass)| at.abs() < bound)
            .collect();
        (before, spent_before) = (time, spent(time, error));
    }
    found
}

/// Where the paths from `density`, after a normal step, lie outside with probability `spend`.
fn boundary(density: &[(f64, f64)], step: f64, spend: f64) -> f64 {
    let outside = |bound: f64| -> f64 {
        density
            .iter()
            .map(|&(from, mass)| {
                mass * (upper_tail((bound - from) / step) + upper_tail((bound + from) / step))
            })
            .sum()
    };
    let (mut low, mut high) = (0.0_f64, 10.0_f64);
    for _halving in 0..60 {
        let middle = f64::midpoint(low, high);
        if outside(middle) > spend {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_published_procedure() {
        // By two million simulated paths: above 6, 4.38, 3.10, 2.55, 2.25, 2.06.
        let looks = looks(200, 0.05);
        let pairs: Vec<usize> = looks.iter().map(|look| look.pairs).collect();
        assert_eq!(pairs, [20, 40, 80, 120, 160, 200]);
        assert!(looks[0].deviations > 6.0);
        for (look, bound) in looks[1..].iter().zip([4.38, 3.10, 2.55, 2.25, 2.06]) {
            assert!((look.deviations - bound).abs() < 0.015, "{look:?} {bound}");
        }
    }

    #[test]
    fn all_reruns_together_spend_no_more_than_the_budget() {
        let spent: f64 = (0..100_000).map(error_of_rerun).sum();
        assert!(spent <= ERROR_TOTAL && spent > 0.999 * ERROR_TOTAL);
        assert!(error_of_rerun(1) < error_of_rerun(0));
    }

    #[test]
    fn a_short_comparison_has_fewer_looks() {
        let looks = looks(12, 0.05);
        let pairs: Vec<usize> = looks.iter().map(|look| look.pairs).collect();
        assert_eq!(pairs, [10, 12]);
    }
}
