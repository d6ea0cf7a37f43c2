//! Predictors of what a loop's items will cost.
//!
//! # Role
//! What the pool ships, and what it was chosen over, behind one trait. All learn nanoseconds per
//! item and reckon in their logarithms, but for the last value, to which that is the same. Each has the
//! parameters that are best for it on these traces, ours too.

use super::foresight::model::Model;

/// Foresees the next cost from those that were.
pub(super) trait Predictor {
    /// Nanoseconds per item expected of the next loop, once one was seen.
    fn expected(&self) -> Option<f64>;

    /// Learns what an item of a loop cost, in nanoseconds.
    fn learn(&mut self, ns_per_item: f64);
}

impl Predictor for Model {
    fn expected(&self) -> Option<f64> {
        self.ns_per_item()
    }

    fn learn(&mut self, ns_per_item: f64) {
        Self::learn(self, ns_per_item);
    }
}

/// The value before.
#[derive(Debug, Default)]
pub(super) struct Last(Option<f64>);

impl Predictor for Last {
    fn expected(&self) -> Option<f64> {
        self.0
    }

    fn learn(&mut self, ns_per_item: f64) {
        self.0 = Some(ns_per_item);
    }
}

/// An average whose weights fall off exponentially, of logarithms.
#[derive(Debug, Default)]
pub(super) struct Average {
    mean: f64,
    samples: u32,
}

/// The weight of the newest value, once there are as many as it stands for.
const AVERAGE_GAIN: f64 = 2.0 / 3.0;

impl Predictor for Average {
    fn expected(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.mean.exp())
    }

    fn learn(&mut self, ns_per_item: f64) {
        let gain = (1.0 / f64::from(self.samples + 1)).max(AVERAGE_GAIN);
        self.mean += gain * (ns_per_item.ln() - self.mean);
        self.samples += 1;
    }
}

/// The middle one of the last values.
#[derive(Debug, Default)]
pub(super) struct Median(Vec<f64>);

/// So many values.
const MEDIAN_OF: usize = 3;

impl Predictor for Median {
    fn expected(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }

    fn learn(&mut self, ns_per_item: f64) {
        if self.0.len() == MEDIAN_OF {
            self.0.remove(0);
        }
        self.0.push(ns_per_item);
    }
}

/// The One-Euro filter: a low pass whose cut-off rises with how fast the value changes; of logarithms,
/// a call being the unit of time.
#[derive(Debug, Default)]
pub(super) struct OneEuro {
    value: f64,
    slope: f64,
    samples: u32,
}

/// The cut-off where nothing changes, per call.
const CUTOFF_MIN: f64 = 0.3;
/// How much the cut-off rises with the slope.
const CUTOFF_RISE: f64 = 1.0;
/// The cut-off for the slope.
const CUTOFF_SLOPE: f64 = 0.2;

/// The weight of a new value at a cut-off.
fn weight(cutoff: f64) -> f64 {
    let turn = core::f64::consts::TAU * cutoff;
    turn / (turn + 1.0)
}

impl Predictor for OneEuro {
    fn expected(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.value.exp())
    }

    fn learn(&mut self, ns_per_item: f64) {
        let now = ns_per_item.ln();
        if self.samples == 0 {
            self.value = now;
        }
        self.slope += weight(CUTOFF_SLOPE) * (now - self.value - self.slope);
        let cutoff = CUTOFF_MIN + CUTOFF_RISE * self.slope.abs();
        self.value += weight(cutoff) * (now - self.value);
        self.samples += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Average, Last, Median, Model, OneEuro, Predictor};

    fn all() -> [Box<dyn Predictor>; 5] {
        [
            Box::new(Model::new()),
            Box::new(Last::default()),
            Box::new(Average::default()),
            Box::new(Median::default()),
            Box::new(OneEuro::default()),
        ]
    }

    #[test]
    fn nothing_is_expected_at_first_and_the_usual_later() {
        for mut predictor in all() {
            assert!(predictor.expected().is_none());
            (0..50).for_each(|_| predictor.learn(20.0));
            assert!(
                predictor
                    .expected()
                    .is_some_and(|ns| (ns - 20.0).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn a_new_usual_is_learned_by_all() {
        for mut predictor in all() {
            (0..50).for_each(|_| predictor.learn(20.0));
            (0..100).for_each(|_| predictor.learn(80.0));
            assert!(
                predictor
                    .expected()
                    .is_some_and(|ns| (ns - 80.0).abs() < 1.0)
            );
        }
    }
}
