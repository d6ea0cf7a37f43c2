//! Error rates by simulation.
//!
//! # Role
//! Puts the engine that judges real runs before simulated ones whose truth is known, and counts how
//! often it is wrong and how often it finds what is there.
//!
//! # Not here
//! A second engine: every simulated comparison is a [`Series`] under the default rules.

use alloc::sync::Arc;
use core::convert::Infallible;

use serde::Serialize;

use super::dice::Dice;
use super::noise::{Model, Noise, RUN_DEVIATION};
use super::series::{Rules, Series, Side};
use super::spending::Look;
use super::verdict::Verdict;

/// Version of the document.
pub const SELFTEST_VERSION: u32 = 1;

/// Most false verdicts of either sign, in percent.
pub const FALSE_MOST: f64 = 2.5;

/// Least share of effects of 1 % that are found, in percent.
pub const POWER_LEAST: f64 = 90.0;

/// Pairs within which an effect of 1 % is to be found.
pub const POWER_PAIRS: usize = 100;

/// What to simulate.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Comparisons of each kind.
    pub repeats: u64,
    /// Rules of the engine; the pairs are others where the power is asked for.
    pub rules: Rules,
}

/// A kind of comparison: noise, truth, and how long it may take.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Scenario {
    /// The noise.
    pub model: Model,
    /// By how much B is really better, in percent.
    pub effect_percent: f64,
    /// Most pairs.
    pub pairs_max: usize,
}

/// What came out of the comparisons of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Rates {
    /// The kind.
    pub scenario: Scenario,
    /// Share of each verdict, in percent, in the order of [`Verdict::ALL`].
    pub percent: [f64; Verdict::ALL.len()],
    /// Pairs that a comparison took, on average.
    pub mean_pairs: f64,
}

impl Rates {
    /// Share of a verdict, in percent.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> f64 {
        self.percent[verdict as usize]
    }
}

/// One claim about the engine.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// Its name.
    pub id: &'static str,
    /// What is claimed.
    pub what: String,
    /// What was found, in percent.
    pub percent: f64,
    /// What it must reach or not exceed.
    pub target: f64,
    /// Whether it does.
    pub holds: bool,
}

/// The document of a self-test.
#[derive(Clone, Debug, Serialize)]
pub struct Selftest {
    /// Version of the layout.
    pub version: u32,
    /// What was simulated.
    pub plan: Plan,
    /// What came out, kind by kind.
    pub rates: Vec<Rates>,
    /// Whether the claims hold.
    pub claims: Vec<Claim>,
}

impl Selftest {
    /// All claims hold.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.claims.iter().all(|claim| claim.holds)
    }

    /// A claim by its name.
    #[must_use]
    pub fn claim(&self, id: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.id == id)
    }
}

/// Runs the simulation; `on_progress` is told how many comparisons of how many are done, and may
/// end it by `false`.
#[must_use]
pub fn selftest(plan: Plan, on_progress: &mut dyn FnMut(u64, u64) -> bool) -> Option<Selftest> {
    let rules = plan.rules;
    let scenarios = scenarios(rules);
    let total = plan.repeats * scenarios.len() as u64;
    let mut rates = Vec::with_capacity(scenarios.len());
    for (index, scenario) in scenarios.into_iter().enumerate() {
        let looks = Rules {
            pairs_max: scenario.pairs_max,
            ..rules
        }
        .looks();
        let mut counts = [0_u64; Verdict::ALL.len()];
        let mut pairs = 0;
        for repeat in 0..plan.repeats {
            let done = index as u64 * plan.repeats + repeat;
            if done.is_multiple_of(64) && !on_progress(done, total) {
                return None;
            }
            let (verdict, took) = simulated(scenario, rules, &looks, done);
            counts[verdict as usize] += 1;
            pairs += took;
        }
        let repeats = plan.repeats.max(1) as f64;
        rates.push(Rates {
            scenario,
            percent: counts.map(|count| 100.0 * count as f64 / repeats),
            mean_pairs: pairs as f64 / repeats,
        });
    }
    on_progress(total, total);
    Some(Selftest {
        version: SELFTEST_VERSION,
        plan,
        claims: claims(&rates, margin_percent(rules)),
        rates,
    })
}

fn margin_percent(rules: Rules) -> f64 {
    100.0 * rules.margin.exp_m1()
}

fn scenarios(rules: Rules) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for effect_percent in [0.0, -margin_percent(rules), 1.0, 2.0] {
        scenarios.extend(Model::ALL.map(|model| Scenario {
            model,
            effect_percent,
            pairs_max: rules.pairs_max,
        }));
    }
    scenarios.push(Scenario {
        model: Model::Independent,
        effect_percent: 1.0,
        pairs_max: POWER_PAIRS,
    });
    scenarios
}

/// One comparison of simulated runs: the verdict, and the pairs it took.
fn simulated(
    scenario: Scenario,
    rules: Rules,
    looks: &Arc<[Look]>,
    stream: u64,
) -> (Verdict, usize) {
    let rules = Rules {
        pairs_max: scenario.pairs_max,
        stream: 2 * stream,
        ..rules
    };
    let runs = 2 * (rules.pairs_max + rules.calibration_pairs);
    let dice = Dice::new(rules.seed, 2 * stream + 1);
    let mut noise = Noise::new(scenario.model, dice, runs);
    let better = 1.0 + scenario.effect_percent / 100.0;
    let mut run = |side: Side| -> Result<f64, Infallible> {
        Ok(match side {
            Side::A => noise.run(),
            Side::B => noise.run() / better,
        })
    };
    let mut series = Series::planned(rules, Arc::clone(looks));
    let Ok(_calibration) = series.calibrate(&mut run);
    loop {
        let Ok(verdict) = series.step(&mut run);
        if let Some(verdict) = verdict {
            return (verdict, series.pairs().len());
        }
    }
}

fn claims(rates: &[Rates], margin: f64) -> Vec<Claim> {
    let at = |effect: f64| {
        rates
            .iter()
            .filter(move |rates| (rates.scenario.effect_percent - effect).abs() < 1e-9)
    };
    let worst = |effect: f64, share: fn(&Rates) -> f64| at(effect).map(share).fold(0.0, f64::max);
    let at_most = |id, what: String, percent: f64| Claim {
        id,
        what,
        percent,
        target: FALSE_MOST,
        holds: percent <= FALSE_MOST,
    };
    let power = at(1.0)
        .find(|rates| rates.scenario.pairs_max == POWER_PAIRS)
        .map_or(0.0, |rates| rates.of(Verdict::Go));
    vec![
        at_most(
            "false-go",
            "GO where A and B are the same, worst model".to_owned(),
            worst(0.0, |rates| rates.of(Verdict::Go)),
        ),
        at_most(
            "false-no-go",
            "NO-GO where A and B are the same, worst model".to_owned(),
            worst(0.0, |rates| rates.of(Verdict::NoGo)),
        ),
        at_most(
            "false-licence",
            format!("GO, EQUIVALENT or SAFE where B is worse by {margin:.1} %, worst model"),
            worst(-margin, |rates| {
                [Verdict::Go, Verdict::Equivalent, Verdict::Safe]
                    .map(|verdict| rates.of(verdict))
                    .iter()
                    .sum()
            }),
        ),
        Claim {
            id: "power-1pct",
            what: format!(
                "GO where B is better by 1 %, within {POWER_PAIRS} pairs of independent noise of {} % \
                 per run",
                100.0 * RUN_DEVIATION
            ),
            percent: power,
            target: POWER_LEAST,
            holds: power >= POWER_LEAST,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ab::Sequential;

    fn run(sequential: Sequential) -> Selftest {
        let plan = Plan {
            repeats: 60,
            rules: Rules {
                seed: 5,
                sequential,
                pairs_max: 200,
                ..Rules::default()
            },
        };
        selftest(plan, &mut |_done, _total| true).unwrap()
    }

    #[test]
    fn both_engines_err_seldom_and_find_what_is_there() {
        for sequential in [Sequential::Always, Sequential::Group] {
            let selftest = run(sequential);
            assert_eq!(selftest.rates.len(), 17);
            for claim in &selftest.claims {
                // Sixty comparisons: three errors in one model are still within chance.
                let holds = match claim.id {
                    "power-1pct" => claim.percent >= 80.0,
                    _ => claim.percent <= 6.0,
                };
                assert!(holds, "{sequential:?} {claim:?}");
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_rates() {
        let (one, other) = (run(Sequential::Always), run(Sequential::Always));
        for (one, other) in one.rates.iter().zip(&other.rates) {
            assert_eq!(
                one.percent.map(f64::to_bits),
                other.percent.map(f64::to_bits)
            );
        }
    }

    #[test]
    fn it_can_be_ended() {
        let plan = Plan {
            repeats: 1000,
            rules: Rules::default(),
        };
        assert!(selftest(plan, &mut |done, _total| done < 64).is_none());
    }
}
