//! What an item of one site costs.
//!
//! # Role
//! The mean and the spread of the logarithm of nanoseconds per item, learned one loop at a time.
//!
//! # Why so
//! Costs are positive and err by factors: twice as long is as wrong as half as long, so that all is
//! reckoned in logarithms. The mean goes half of the way to each sample, but no further than the
//! spread makes likely, since a loop whose thread lost its CPU for a while costs a thousand times.
//! Two unlikely samples in a row that agree with each other are no accident but a new phase: the mean
//! goes there at once. Of what was tried on recorded loops this foresees best (docs/numbers.md).
//!
//! # Invariants
//! - I1: the number of samples and the spread are never begun anew: a new phase widens the spread,
//!   and the confidence is gained again by samples.

/// The share of a deviation that the mean moves by.
const GAIN: f64 = 0.5;
/// The least share of the square of a deviation that the spread moves by; at first the plain average's.
const SPREAD_GAIN_MIN: f64 = 1.0 / 8.0;
/// Deviations, as logarithms, up to this are never unlikely: a factor of 1.22.
const LIKELY_MIN: f64 = 0.2;
/// As many times the root of the spread is a likely deviation.
const LIKELY_ROOTS: f64 = 1.5;
/// Samples of a site before it is believed.
const SAMPLES_MIN: u32 = 3;
/// The greatest spread at which it is believed: a coefficient of variation of one, and so a
/// confidence of a half.
const SPREAD_MAX: f64 = core::f64::consts::LN_2;

/// What is known of a site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Model {
    /// The mean of the logarithms.
    mean: f64,
    /// The mean of the squares of the deviations of samples from what was expected of them.
    spread: f64,
    /// The last sample, if it was an unlikely one; else not a number.
    odd: f64,
    /// `mean` as nanoseconds, so that a forecast takes no power.
    ns: f64,
    /// Samples so far.
    samples: u32,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            mean: 0.0,
            spread: 0.0,
            odd: f64::NAN,
            ns: 0.0,
            samples: 0,
        }
    }
}

impl Model {
    /// Words that a model is kept in.
    pub(crate) const WORDS: usize = 5;

    /// Nothing known.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Learns what an item of one loop cost, in nanoseconds. What is not positive is passed over.
    pub(crate) fn learn(&mut self, ns_per_item: f64) {
        if !(ns_per_item > 0.0 && ns_per_item.is_finite()) {
            return;
        }
        let now = ns_per_item.ln();
        if self.samples == 0 {
            self.mean = now;
        } else {
            self.adjust(now);
        }
        self.ns = self.mean.exp();
        self.samples = self.samples.saturating_add(1);
    }

    fn adjust(&mut self, now: f64) {
        let spread_gain = (1.0 / f64::from(self.samples)).max(SPREAD_GAIN_MIN);
        let likely = (LIKELY_ROOTS * self.spread.sqrt()).max(LIKELY_MIN);
        let deviation = now - self.mean;
        // Wide enough for the next deviation of this size to be likely, not wider.
        let widest = deviation.clamp(-2.0 * likely, 2.0 * likely);
        self.spread += spread_gain * (widest * widest - self.spread);
        if deviation.abs() <= likely {
            self.odd = f64::NAN;
            self.mean += GAIN * deviation;
        } else if (now - self.odd).abs() <= likely {
            self.mean = f64::midpoint(now, self.odd);
            self.odd = f64::NAN;
        } else {
            self.odd = now;
            self.mean += GAIN * deviation.clamp(-likely, likely);
        }
    }

    /// Nanoseconds per item that the next loop will cost, as likely more as less; `None` if no loop
    /// was seen.
    #[inline]
    pub(crate) fn ns_per_item(&self) -> Option<f64> {
        (self.samples > 0).then_some(self.ns)
    }

    /// How much the samples agree, between 0 and 1: `1 / (1 + variation)` with the coefficient of
    /// variation that the spread makes.
    pub(crate) fn confidence(&self) -> f64 {
        1.0 / (1.0 + self.spread.exp_m1().sqrt())
    }

    /// Samples so far.
    pub(crate) fn samples(&self) -> u32 {
        self.samples
    }

    /// True once there are enough samples and they agree.
    #[inline]
    pub(crate) fn is_trusted(&self) -> bool {
        self.samples >= SAMPLES_MIN && self.spread <= SPREAD_MAX
    }

    /// True if the last sample was an unlikely one: the next should not be missed.
    #[inline]
    pub(crate) fn is_doubted(&self) -> bool {
        !self.odd.is_nan()
    }

    pub(crate) fn to_words(self) -> [u64; Self::WORDS] {
        [
            self.mean.to_bits(),
            self.spread.to_bits(),
            self.odd.to_bits(),
            self.ns.to_bits(),
            u64::from(self.samples),
        ]
    }

    pub(crate) fn from_words(words: [u64; Self::WORDS]) -> Self {
        let [mean, spread, odd, ns, samples] = words;
        Self {
            mean: f64::from_bits(mean),
            spread: f64::from_bits(spread),
            odd: f64::from_bits(odd),
            ns: f64::from_bits(ns),
            samples: u32::try_from(samples).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Model;

    fn after(costs: &[f64]) -> Model {
        let mut model = Model::new();
        for &cost in costs {
            model.learn(cost);
        }
        model
    }

    fn is_near(model: &Model, cost: f64) -> bool {
        model
            .ns_per_item()
            .is_some_and(|ns| (ns / cost).ln().abs() < 0.15)
    }

    #[test]
    fn nothing_is_known_at_first() {
        assert_eq!(Model::new().ns_per_item(), None);
        assert!(!Model::new().is_trusted());
        assert!(!after(&[10.0, 10.0]).is_trusted());
    }

    #[test]
    fn steady_costs_are_trusted_after_three() {
        let model = after(&[10.0, 10.5, 9.5]);
        assert!(model.is_trusted() && is_near(&model, 10.0));
        assert!(model.confidence() > 0.9);
    }

    #[test]
    fn one_loop_that_lost_its_cpu_changes_little() {
        let mut model = after(&[10.0; 20]);
        model.learn(10_000.0);
        assert!(model.is_doubted() && is_near(&model, 10.0), "{model:?}");
        model.learn(10.0);
        assert!(!model.is_doubted() && is_near(&model, 10.0), "{model:?}");
    }

    #[test]
    fn a_new_phase_is_known_after_two_and_trusted_within_twenty() {
        for change in [0.01, 0.2, 5.0, 100.0] {
            let mut model = after(&[10.0; 200]);
            let samples = model.samples();
            model.learn(10.0 * change);
            model.learn(10.0 * change);
            assert!(is_near(&model, 10.0 * change), "{change}: {model:?}");
            let wait = (2..20).find(|_| {
                model.learn(10.0 * change);
                model.is_trusted()
            });
            assert!(wait.is_some(), "{change}: {model:?}");
            assert!(model.samples() > samples, "samples are kept");
        }
    }

    #[test]
    fn costs_that_differ_by_much_are_not_trusted() {
        let costs: Vec<f64> = (0..40).map(|n| [1.0, 9.0, 100.0, 30.0][n % 4]).collect();
        let model = after(&costs);
        assert!(!model.is_trusted(), "{model:?}");
    }

    #[test]
    fn what_is_no_cost_is_passed_over() {
        let model = after(&[0.0, -1.0, f64::NAN, f64::INFINITY]);
        assert_eq!(model.samples(), 0);
    }

    #[test]
    fn words_hold_a_model() {
        let model = after(&[3.0, 4.0, 400.0]);
        assert!(model.is_doubted());
        assert_eq!(Model::from_words(model.to_words()), model);
    }
}
