//! Simulated noise.
//!
//! # Role
//! Run times as machines give them: independent noise, slow drift, a trend over the session, and
//! runs that something else disturbed.

use serde::Serialize;

use super::dice::Dice;

/// Deviation of a single run's noise, as a share.
pub const RUN_DEVIATION: f64 = 0.015;

/// Deviation of the slow drift.
const DRIFT_DEVIATION: f64 = 0.01;

/// Runs after which the drift has forgotten all but a third of where it was.
const DRIFT_RUNS: f64 = 20.0;

/// By how much runs at the start of a session are slower than those at its end.
const TREND: f64 = 0.01;

/// Share of the runs that are disturbed, and by how much on average.
const OUTLIERS: (f64, f64) = (0.05, 0.1);

/// A kind of noise; each has that of [`Model::Independent`] too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Normal noise, anew for each run.
    Independent,
    /// The machine gets slower and faster over tens of runs.
    Drift,
    /// The machine gets steadily faster over the session.
    Trend,
    /// Drift, and one run in twenty is slower by a tenth on average.
    Outliers,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Independent, Self::Drift, Self::Trend, Self::Outliers];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::Drift => "slow drift",
            Self::Trend => "trend",
            Self::Outliers => "drift, outliers",
        }
    }
}

/// The noise of run after run.
#[derive(Debug)]
pub struct Noise {
    model: Model,
    dice: Dice,
    drift: f64,
    progress: f64,
    progress_step: f64,
}

impl Noise {
    /// The noise of a session of `runs` runs.
    #[must_use]
    pub fn new(model: Model, mut dice: Dice, runs: usize) -> Self {
        Self {
            model,
            drift: DRIFT_DEVIATION * dice.normal(),
            dice,
            progress: 0.0,
            progress_step: 1.0 / runs.max(1) as f64,
        }
    }

    /// What the next run takes, where a quiet machine would take 1.
    pub fn run(&mut self) -> f64 {
        let mut log = RUN_DEVIATION * self.dice.normal();
        self.progress = (self.progress + self.progress_step).min(1.0);
        match self.model {
            Model::Independent => {}
            Model::Trend => log += TREND * (1.0 - self.progress),
            Model::Drift | Model::Outliers => {
                let kept = (-1.0 / DRIFT_RUNS).exp();
                let fresh = (1.0 - kept * kept).sqrt() * DRIFT_DEVIATION;
                self.drift = kept * self.drift + fresh * self.dice.normal();
                log += self.drift;
            }
        }
        if self.model == Model::Outliers && self.dice.uniform() < OUTLIERS.0 {
            log += OUTLIERS.1 * self.dice.exponential();
        }
        log.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(model: Model, runs: usize) -> Vec<f64> {
        let mut noise = Noise::new(model, Dice::new(1, 0), runs);
        (0..runs).map(|_| noise.run().ln()).collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_models_are_what_they_say() {
        let deviation = |logs: &[f64]| {
            let middle = mean(logs);
            mean(
                &logs
                    .iter()
                    .map(|log| (log - middle).powi(2))
                    .collect::<Vec<_>>(),
            )
            .sqrt()
        };
        let independent = logs(Model::Independent, 20_000);
        assert!((deviation(&independent) - RUN_DEVIATION).abs() < 5e-4);
        let drift = logs(Model::Drift, 20_000);
        assert!((deviation(&drift) - 0.018).abs() < 1e-3);
        let trend = logs(Model::Trend, 20_000);
        let fall = mean(&trend[..2000]) - mean(&trend[18_000..]);
        assert!((fall - 0.009).abs() < 2e-3, "{fall}");
        let outliers = logs(Model::Outliers, 20_000);
        let wild = outliers.iter().filter(|&&log| log > 0.08).count();
        assert!((250..700).contains(&wild), "{wild}");
    }
}
