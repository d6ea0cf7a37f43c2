//! The comparison from the first run to the verdict.
//!
//! # Role
//! A run of each side to see that both work, the calibration on A, the pairs, the second witness.
//!
//! # Not here
//! Deciding (`crate::ab`), and what becomes of the result (`document.rs`).
//!
//! # Invariants
//! I1. Both runs of a pair get the same padding.
//! I2. What was measured before a stop is kept: an interrupted comparison has a document too.

use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use super::contestant::Contestant;
use super::limit::Limit;
use super::measure::{Figures, Metric, Runner};
use super::outcome::{SideFailure, Stop};
use super::surroundings::{PADDING_MAX, Surroundings};
pub use super::time_up::TimeUp;
use super::time_up::{Awaited, Clock};
use super::witness::{self, Counter, Witness};
use crate::ab::dice::Dice;
use crate::ab::{Rules, Series, Side};
use crate::error::RunError;
use crate::sides::Layouts;
use crate::versus::Interrupts;

/// What a comparison needs.
#[derive(Debug)]
pub struct TrialPlan<'plan> {
    /// The baseline.
    pub a: &'plan Contestant,
    /// The candidate.
    pub b: &'plan Contestant,
    /// Environment and input.
    pub surroundings: &'plan Surroundings,
    /// Rules of the engine.
    pub rules: Rules,
    /// What is judged.
    pub metric: Metric,
    /// What counts instructions, or why nothing does.
    pub counter: Result<Counter, String>,
    /// Longest counted run, in seconds, that a second witness is worth.
    pub witness_s_max: f64,
    /// A directory for the counter's files.
    pub directory: &'plan Path,
    /// What ends it early.
    pub interrupts: &'plan Interrupts,
    /// Gives each run of a side that was built here a layout of its own.
    pub layouts: Option<&'plan Layouts>,
}

/// What is known of a comparison besides its plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// When it is to end: no pair is begun that would end later by how long the others took, and the verdict is
    /// what the pairs so far tell.
    pub deadline: Option<Instant>,
    /// Instructions of A and of B, where callgrind counted them already.
    pub counted: Option<[u64; 2]>,
    /// How long a run may take.
    pub limit: Limit,
}

/// How far a comparison is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'run> {
    /// Both sides run once, to see whether they work.
    Trying,
    /// A runs against A.
    Calibrating {
        /// Pairs done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// The noise is known, the first pair comes next.
    Calibrated {
        /// With the calibration.
        series: &'run Series,
        /// Seconds that a run of A and of B takes.
        pair_s: f64,
    },
    /// A pair of A and B is done.
    Pair {
        /// With all pairs.
        series: &'run Series,
    },
    /// Instructions are counted.
    Counting {
        /// What counts.
        counter: &'static str,
    },
}

/// How the runs ended.
#[derive(Debug)]
pub enum End {
    /// With a verdict.
    Verdict,
    /// With one by the pairs there was time for.
    TimeUp(TimeUp),
    /// By this signal.
    Interrupted(i32),
    /// A side failed.
    Failed(SideFailure),
}

/// What was measured.
#[derive(Debug)]
pub struct Trial {
    /// Pairs, calibration, verdict.
    pub series: Series,
    /// Figures of the calibration's runs, in order.
    pub calibration: Vec<Figures>,
    /// Figures of A and B of each pair.
    pub pairs: Vec<[Figures; 2]>,
    /// Instruction counts, or why there are none.
    pub witness: Result<Witness, String>,
    /// How many different outputs A and B had, and whether they are the same.
    pub outputs: Outputs,
    /// How the runs ended.
    pub end: End,
    /// Seconds it took, and seconds of those that runs took.
    pub took_s: (f64, f64),
    /// Runs of all kinds.
    pub runs: u64,
    /// How long a run might take.
    pub limit: Limit,
}

/// What was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outputs {
    /// Every run of both printed the same.
    Same,
    /// A always printed one thing and B another, or only one of them varies.
    Differ,
    /// Both vary from run to run.
    Vary,
    /// Not both were run.
    NotCompared,
}

/// Runs the comparison.
///
/// # Errors
/// A side could not be started or waited for, or a file of ours not be used.
pub fn conduct(
    plan: &TrialPlan<'_>,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Trial, RunError> {
    conduct_given(plan, Given::default(), on_progress)
}

/// Runs the comparison with what is known besides.
///
/// # Errors
/// Those of [`conduct`].
pub fn conduct_given(
    plan: &TrialPlan<'_>,
    given: Given,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Trial, RunError> {
    let started = Instant::now();
    let mut session = Session {
        plan,
        given,
        clock: Clock::new(given.deadline),
        runner: Runner {
            a: plan.a,
            b: plan.b,
            surroundings: plan.surroundings,
            interrupts: plan.interrupts,
            directory: plan.directory,
            layouts: plan.layouts,
            limit: given.limit,
            outputs: Default::default(),
            run_s: 0.0,
            runs: 0,
        },
        // A stream of its own: the engine's coins stay the same whatever a run needs.
        dice: Dice::new(plan.rules.seed, plan.rules.stream + 1),
        series: Series::new(plan.rules),
        calibration: Vec::new(),
        pairs: Vec::new(),
        witness: Err("the comparison ended before they were counted".to_owned()),
    };
    let end = match session.run(on_progress) {
        Ok(()) => End::Verdict,
        Err(Stop::TimeUp(up)) => End::TimeUp(up),
        Err(Stop::Interrupted(signal)) => End::Interrupted(signal),
        Err(Stop::Failed(failure)) => End::Failed(failure),
        Err(Stop::Error(error)) => return Err(error),
    };
    Ok(Trial {
        outputs: session.outputs(),
        end,
        took_s: (seconds(started.elapsed()), session.runner.run_s),
        limit: session.runner.limit,
        runs: session.runner.runs,
        series: session.series,
        calibration: session.calibration,
        pairs: session.pairs,
        witness: session.witness,
    })
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// A comparison under way.
struct Session<'plan> {
    plan: &'plan TrialPlan<'plan>,
    given: Given,
    clock: Clock,
    runner: Runner<'plan>,
    dice: Dice,
    series: Series,
    calibration: Vec<Figures>,
    pairs: Vec<[Figures; 2]>,
    witness: Result<Witness, String>,
}

impl Session<'_> {
    fn run(&mut self, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Stop> {
        on_progress(Progress::Trying);
        let first = self.runner.run(Side::A, 0)?;
        self.runner.limit = self.runner.limit.after_first(first.wall_s);
        let tried = [first, self.runner.run(Side::B, 0)?];
        // Counted pairs take longer; how long, the first one shows.
        self.clock.lap();
        let ended = self.compare(tried, on_progress);
        if let Err(Stop::TimeUp(_)) = &ended {
            self.series.conclude();
            // What step 0 counted is known in any case.
            if let (Some(counted), Ok(counter @ Counter::Callgrind(_)), true) = (
                self.given.counted,
                &self.plan.counter,
                self.pairs.is_empty(),
            ) {
                self.witness = Ok(witness::of_counts(counter.name(), counted));
            }
        }
        ended
    }

    /// The calibration, the pairs, and the second witness, as far as there is time.
    fn compare(
        &mut self,
        tried: [Figures; 2],
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Stop> {
        self.calibrate(on_progress)?;
        let run_s = tried[0].wall_s + tried[1].wall_s;
        let pair_s = match self.judged_counter() {
            Ok(Some(counter)) => counter.run_s(run_s),
            _ => run_s,
        };
        on_progress(Progress::Calibrated {
            series: &self.series,
            pair_s,
        });
        let begun = Instant::now();
        let mut time_up = None;
        while self.series.verdict().is_none() {
            let awaited = Awaited::Pair(self.pairs.len());
            if let Err(up) = self.clock.room_for(1, awaited) {
                if self.pairs.is_empty() {
                    return Err(Stop::TimeUp(up));
                }
                self.series.conclude();
                time_up = Some(up);
                break;
            }
            self.pair()?;
            self.clock.lap();
            on_progress(Progress::Pair {
                series: &self.series,
            });
        }
        self.bear_witness(tried, begun.elapsed(), on_progress)?;
        time_up.map_or(Ok(()), |up| Err(Stop::TimeUp(up)))
    }

    /// The counter, where instructions are what is judged.
    fn judged_counter(&self) -> Result<Option<&Counter>, Stop> {
        match (&self.plan.counter, self.plan.metric) {
            (Ok(counter), Metric::Instructions) => Ok(Some(counter)),
            (Err(because), Metric::Instructions) => Err(Stop::Error(RunError::Senseless {
                message: format!("instructions cannot be judged: {because}"),
            })),
            _ => Ok(None),
        }
    }

    fn calibrate(&mut self, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Stop> {
        let counter = self.judged_counter()?.cloned();
        let (total, metric) = (self.plan.rules.calibration_pairs, self.plan.metric);
        let Self {
            series,
            runner,
            dice,
            calibration,
            clock,
            ..
        } = self;
        let mut padding = 0;
        series.calibrate(|side| {
            if calibration.len().is_multiple_of(2) {
                let done = calibration.len() / 2;
                if done > 0 {
                    clock.lap();
                }
                clock
                    .room_for(total - done + 1, Awaited::Calibration(done))
                    .map_err(Stop::TimeUp)?;
                padding = new_padding(dice);
                on_progress(Progress::Calibrating { done, total });
            }
            let figures = measured(runner, counter.as_ref(), side, padding)?;
            calibration.push(figures);
            Ok::<f64, Stop>(figures.of(metric))
        })?;
        clock.lap();
        Ok(())
    }

    /// Runs the next pair.
    fn pair(&mut self) -> Result<Option<crate::ab::Verdict>, Stop> {
        let counter = self.judged_counter()?.cloned();
        let padding = new_padding(&mut self.dice);
        let metric = self.plan.metric;
        let (mut a, mut b) = (None, None);
        let Self { series, runner, .. } = self;
        let verdict = series.step(|side| {
            let figures = measured(runner, counter.as_ref(), side, padding)?;
            match side {
                Side::A => a = Some(figures),
                Side::B => b = Some(figures),
            }
            Ok::<f64, Stop>(figures.of(metric))
        })?;
        self.pairs.extend(a.zip(b).map(<[Figures; 2]>::from));
        Ok(verdict)
    }

    /// Counts instructions, in no more time than the pairs took or the options allow a run.
    fn bear_witness(
        &mut self,
        tried: [Figures; 2],
        pairs_took: Duration,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Stop> {
        let counter = match &self.plan.counter {
            Ok(counter) => counter,
            Err(because) => {
                self.witness = Err(because.clone());
                return Ok(());
            }
        };
        if self.plan.metric == Metric::Instructions {
            self.witness = Ok(witness::of_pairs(counter.name(), &self.pairs));
            return Ok(());
        }
        if let (Some(counted), Counter::Callgrind(_)) = (self.given.counted, counter) {
            self.witness = Ok(witness::of_counts(counter.name(), counted));
            return Ok(());
        }
        let run_s = counter.run_s(tried[0].cpu_s.max(tried[1].cpu_s));
        if run_s > self.plan.witness_s_max {
            self.witness = Err(format!(
                "a run under {} would take about {run_s:.0} s, and more than {:.0} s is spent only \
                 when asked (--witness-seconds)",
                counter.name(),
                self.plan.witness_s_max
            ));
            return Ok(());
        }
        on_progress(Progress::Counting {
            counter: counter.name(),
        });
        let within = pairs_took.max(Duration::from_secs_f64(self.plan.witness_s_max));
        self.witness = match witness::count_both(&mut self.runner, counter, within) {
            Ok(witness) => Ok(witness),
            // The pairs are there: what fails only when counted does not take them away.
            Err(Stop::Failed(failure)) => Err(format!(
                "side {:?} failed under {}: {}",
                failure.side,
                counter.name(),
                failure.how
            )),
            Err(Stop::Error(error)) => Err(error.to_string()),
            Err(stop @ (Stop::Interrupted(_) | Stop::TimeUp(_))) => return Err(stop),
        };
        Ok(())
    }

    fn outputs(&self) -> Outputs {
        match &self.runner.outputs {
            [a, b] if a.is_empty() || b.is_empty() => Outputs::NotCompared,
            [a, b] if a.len() > 1 && b.len() > 1 => Outputs::Vary,
            [a, b] if a == b => Outputs::Same,
            _ => Outputs::Differ,
        }
    }
}

fn new_padding(dice: &mut Dice) -> usize {
    usize::try_from(dice.below(PADDING_MAX)).unwrap_or(0)
}

fn measured(
    runner: &mut Runner<'_>,
    counter: Option<&Counter>,
    side: Side,
    padding: usize,
) -> Result<Figures, Stop> {
    match counter {
        Some(counter) => runner.count(counter, side, padding),
        None => runner.run(side, padding),
    }
}
