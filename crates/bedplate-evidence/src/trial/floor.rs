//! The noise of a program against itself.
//!
//! # Role
//! What the calibration runs say of each metric: how much it scatters, what could be found by it,
//! and how often the engine would call the program different from itself.

use serde::Serialize;

use super::document::Reach;
use super::measure::{Figures, Metric};
use crate::ab::confidence::{Bound, Watched};
use crate::ab::dice::Dice;
use crate::ab::signed_rank::median;
use crate::ab::{Calibration, Rules};

/// Times the pairs are labelled anew.
const RELABELLED: u32 = 4000;

/// The noise of one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Floor {
    /// Which.
    pub metric: Metric,
    /// Its median: seconds or bytes.
    pub median: f64,
    /// Scale of the differences of pairs, in percent.
    pub deviation_percent: f64,
    /// Correlation of each difference with the one before it.
    pub correlation: f64,
    /// Effects that could be found.
    pub reach: Reach,
    /// Share of labellings by coin, in percent, that would have been called GO or NO-GO.
    pub called_different_percent: f64,
}

/// The noise that pairs of runs of one program show; figures in the order of the runs.
#[must_use]
pub fn floors(figures: &[Figures], rules: &Rules) -> Vec<Floor> {
    [Metric::Wall, Metric::Cpu, Metric::Rss]
        .map(|metric| floor(metric, figures, rules))
        .to_vec()
}

fn floor(metric: Metric, figures: &[Figures], rules: &Rules) -> Floor {
    let differences: Vec<f64> = figures
        .chunks_exact(2)
        .map(|two| (two[0].of(metric) / two[1].of(metric)).ln())
        .collect();
    let all: Vec<f64> = figures.iter().map(|it| it.of(metric)).collect();
    let calibration = Calibration::of(differences, metric.deviation_floor());
    Floor {
        metric,
        median: median(&all).unwrap_or(0.0),
        deviation_percent: calibration.percent(),
        correlation: calibration.correlation,
        reach: Reach::of(calibration.deviation, rules),
        called_different_percent: called_different(&calibration, rules),
    }
}

fn called_different(calibration: &Calibration, rules: &Rules) -> f64 {
    let bound = Bound::new(calibration.deviation, rules.error);
    let mut dice = Dice::new(rules.seed, rules.stream + 2);
    let called = (0..RELABELLED)
        .filter(|_| {
            let mut zero = Watched::new(bound, 0.0);
            calibration.differences.iter().any(|&difference| {
                zero.push(if dice.coin() { difference } else { -difference });
                zero.is_below() || zero.is_above()
            })
        })
        .count();
    100.0 * called as f64 / f64::from(RELABELLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_seldom_called_different_from_itself() {
        let mut dice = Dice::new(1, 0);
        let figures: Vec<Figures> = (0..200)
            .map(|_| Figures {
                wall_s: (0.02 * dice.normal()).exp(),
                cpu_s: 1.0,
                peak_rss_bytes: 1 << 20,
                instructions: None,
            })
            .collect();
        let floors = floors(&figures, &Rules::default());
        let wall = &floors[0];
        assert!((2.0..4.0).contains(&wall.deviation_percent), "{wall:?}");
        assert!(wall.called_different_percent <= 5.0, "{wall:?}");
        assert!(wall.reach.smallest_percent.is_some());
        assert!((floors[1].called_different_percent).abs() < 1e-9);
    }
}
