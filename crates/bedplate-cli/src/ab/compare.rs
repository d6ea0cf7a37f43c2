//! Comparing two sides.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use bedplate_evidence::RunError;
use bedplate_evidence::ab::{Rules, Series, Verdict, spending};
use bedplate_evidence::sides::execution::Background;
use bedplate_evidence::trial::conduct::{Given, Trial, TrialPlan, conduct_given};
use bedplate_evidence::trial::document::{Before, Document, Reach};
use bedplate_evidence::trial::fitness::{self, Host, Unfit};
use bedplate_evidence::trial::ledger::{self, Event, Ledger, Share};
use bedplate_evidence::trial::limit::Limit;
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::trial::witness::Counter;
use bedplate_evidence::trial::{Metric, Progress, text, words};
use bedplate_evidence::versus::Interrupts;

use bedplate_os::facts::MachineFacts;

use super::arguments::{CompareOptions, MeasureOptions, MetricName, RuleOptions};
use super::ledger::usual_path;
use super::outputs::Outputs;
use super::sides::{self, PARTING, Sides};
use super::{machine_facts, seed_from_clock, temporary, unix_s};
use crate::exit::Exit;
use crate::talk::{CountBar, complain, say};

/// Runs the command.
pub(super) fn compare(options: &CompareOptions, words: &[OsString]) -> Exit {
    compare_sides(
        options,
        &STEPS,
        |seed, sides| sides::replay(options, seed, words, sides),
        |search_path, place| sides(options, words, search_path, place),
    )
}

/// What the steps of a comparison are called.
pub(crate) struct Steps {
    /// Whether the code in question runs.
    pub(crate) witness: &'static str,
    /// The pairs, where they are announced.
    pub(crate) comparison: Option<&'static str>,
    /// The end, where it is announced.
    pub(crate) verdict: Option<&'static str>,
}

/// The steps of `ab`.
pub(super) const STEPS: Steps = Steps {
    witness: "step 0",
    comparison: None,
    verdict: None,
};

/// Where the sides may keep what lasts no longer than the comparison, and the seed of all choices.
pub(crate) type Place<'place> = (&'place Path, u64);

/// Compares what `sides` finds or builds; `replay` is the command that does it again.
pub(crate) fn compare_sides(
    options: &CompareOptions,
    steps: &Steps,
    replay: impl Fn(u64, &Sides) -> Vec<String>,
    sides: impl FnOnce(Option<&OsStr>, Place<'_>) -> Result<Sides, Failure>,
) -> Exit {
    match try_compare(options, steps, replay, sides) {
        Ok(exit) => exit,
        Err(failure) => failure.told(),
    }
}

/// Why a comparison has no document.
pub(crate) enum Failure {
    /// There are not two commands.
    Words,
    /// The one command makes no sense.
    Usage(RunError),
    Side(char, RunError),
    Other(RunError),
}

impl Failure {
    /// The failure, unless an interrupt made it.
    fn unless(self, interrupts: &Interrupts) -> Self {
        match interrupts.signal() {
            Some(signal) => Self::Other(RunError::Senseless {
                message: format!("interrupted by signal {signal}"),
            }),
            None => self,
        }
    }

    /// The exit code, once complained of.
    pub(super) fn told(&self) -> Exit {
        match self {
            Self::Words => {
                complain(&format!(
                    "ab needs two commands: bedplate ab -- COMMAND_A {PARTING} COMMAND_B"
                ));
                Exit::Usage
            }
            Self::Usage(error) => {
                complain(error);
                Exit::Usage
            }
            Self::Side(name, error) => {
                complain(&format!("side {name} failed: {error}"));
                Exit::Compared(17)
            }
            Self::Other(error @ RunError::Build { .. }) => {
                complain(error);
                Exit::Compared(17)
            }
            Self::Other(error) => {
                complain(error);
                Exit::Failed
            }
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Other(error)
    }
}

/// The sides, found or built.
fn sides(
    options: &CompareOptions,
    words: &[OsString],
    search_path: Option<&OsStr>,
    place: Place<'_>,
) -> Result<Sides, Failure> {
    match sides::difference(&options.difference)? {
        None => Sides::of_commands(words, search_path)?.ok_or(Failure::Words),
        Some(difference) => {
            Sides::build(&options.difference, &difference, words, search_path, place)
        }
    }
}

fn try_compare(
    options: &CompareOptions,
    steps: &Steps,
    replay: impl Fn(u64, &Sides) -> Vec<String>,
    sides: impl FnOnce(Option<&OsStr>, Place<'_>) -> Result<Sides, Failure>,
) -> Result<Exit, Failure> {
    let search_path = std::env::var_os("PATH");
    let search_path = search_path.as_deref();
    let measure = &options.measure;
    let seed = measure.rules.seed.unwrap_or_else(seed_from_clock);
    let interrupts = Interrupts::catch()?;
    let directory = temporary()?;
    let mut background = Background::default();
    let mut sides = sides(search_path, (directory.path(), seed))
        .map_err(|failure| failure.unless(&interrupts))?;
    let mut outputs = Outputs::open(measure)?;
    let surroundings = surroundings(measure);
    let facts = machine_facts()?;
    let mut before = Before {
        bedplate: env!("CARGO_PKG_VERSION").to_owned(),
        started_unix_s: unix_s(),
        rerun: None,
        key: ledger::key(&sides.a, &sides.b, &surroundings),
        host: Host::of(&facts),
        unfit: fitness::unfit(&facts),
        unfit_ok: measure.unfit_ok,
        replay: replay(seed, &sides),
        build: None,
    };
    let limit = Limit::asked(measure.timeout);
    let unrun = if sides.are_same() {
        Some(Some(Verdict::Identical))
    } else if is_refused(&before.unfit, measure) {
        Some(None)
    } else {
        let place = (directory.path(), search_path);
        let witness = (steps.witness, &mut background);
        witnessed(
            &mut sides,
            &surroundings,
            (&interrupts, limit),
            place,
            witness,
        )?
    };
    before.build = sides.here.as_ref().map(|here| here.report.clone());
    let mut plan = TrialPlan {
        a: &sides.a,
        b: &sides.b,
        surroundings: &surroundings,
        rules: rules(&measure.rules, seed),
        metric: measure.rules.metric.into(),
        counter: counter(measure, &facts, search_path),
        witness_s_max: measure.witness_seconds,
        directory: directory.path(),
        interrupts: &interrupts,
        layouts: sides.here.as_ref().map(|here| &here.layouts),
    };
    let document = match unrun {
        Some(verdict) => Document::without_runs(&plan, before, verdict),
        None => {
            if let Some(step) = steps.comparison {
                say(&format!("bedplate: {step}\n"));
            }
            let (ledger, terms) = (ledger_of(measure), Terms::by_itself(&background, limit));
            judged(&mut plan, before, ledger.as_ref(), &facts, &terms)?
        }
    };
    if let (Some(step), Some(verdict)) = (steps.verdict, document.verdict) {
        say(&format!("bedplate: {step}: {verdict}\n"));
    }
    Ok(if outputs.publish(&document)? {
        Exit::Compared(document.exit_code())
    } else {
        Exit::Failed
    })
}

/// Environment and input that the options ask for.
pub(super) fn surroundings(options: &MeasureOptions) -> Surroundings {
    Surroundings::of(
        std::env::vars_os(),
        &options.keep_env,
        options.input.clone(),
    )
}

/// Whether the machine is unfit and nobody said to go on, which is said.
pub(super) fn is_refused(unfit: &[Unfit], options: &MeasureOptions) -> bool {
    let is_refused = !unfit.is_empty() && !options.unfit_ok;
    if is_refused {
        say("bedplate: the machine is unfit for measuring: mend it, or go on with --unfit-ok\n");
    }
    is_refused
}

/// On what terms a comparison is judged.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// Its part of the budget.
    pub(super) share: Share,
    /// What is known besides its plan.
    pub(super) given: Given,
    /// Its name in a campaign.
    pub(super) name: String,
}

impl Terms {
    /// Of a comparison that is no part of a campaign.
    fn by_itself(background: &Background, limit: Limit) -> Self {
        Self {
            given: Given {
                counted: background.counted(),
                limit,
                ..Given::default()
            },
            ..Self::default()
        }
    }
}

/// Step 0 of sides that were built here; a verdict if it ends the comparison.
pub(super) fn witnessed(
    sides: &mut Sides,
    surroundings: &Surroundings,
    (interrupts, limit): (&Interrupts, Limit),
    place: (&Path, Option<&OsStr>),
    (step, background): (&str, &mut Background),
) -> Result<Option<Option<Verdict>>, Failure> {
    let Some(here) = &sides.here else {
        return Ok(None);
    };
    if background.elsewhere.is_none() {
        background.elsewhere.clone_from(&here.elsewhere);
    }
    let execution = sides.step0(
        here,
        surroundings,
        (interrupts, limit),
        place,
        (step, background),
    )?;
    say(&format!("bedplate: {step}: {}\n", execution.said));
    let is_unexecuted = execution.ran == Some(false) && !here.report.unexecuted_ok;
    if let Some(here) = &mut sides.here {
        here.report.execution = execution;
    }
    Ok(is_unexecuted.then_some(Some(Verdict::NotExecuted)))
}

/// What counts instructions, or why nothing does.
pub(super) fn counter(
    options: &MeasureOptions,
    facts: &MachineFacts,
    search_path: Option<&OsStr>,
) -> Result<Counter, String> {
    if options.witness_seconds > 0.0 || options.rules.metric == MetricName::Instructions {
        Counter::find(facts, search_path)
    } else {
        Err("--witness-seconds 0 was given".to_owned())
    }
}

/// Runs the comparison as the run that the ledger counts it for.
pub(super) fn judged(
    plan: &mut TrialPlan<'_>,
    mut before: Before,
    ledger: Option<&Ledger>,
    facts: &MachineFacts,
    terms: &Terms,
) -> Result<Document, RunError> {
    let share = &terms.share;
    plan.rules.error = spending::error_of_rerun(0) * share.of_error;
    if let Some(ledger) = ledger {
        let words = [&plan.a, &plan.b].map(|side| side.shown_words().join(" "));
        let rerun = ledger.start_share(
            &before.key,
            before.started_unix_s,
            words,
            plan.metric.name(),
            share,
        )?;
        before.rerun = Some(rerun);
        plan.rules.error = spending::error_of_rerun(rerun) * share.of_error;
    }
    let ended = measured(plan, terms);
    if let (Some(ledger), Some(rerun)) = (ledger, before.rerun) {
        let series = ended.as_ref().ok().map(|trial| &trial.series);
        let event = Event::Ended {
            verdict: series.and_then(Series::verdict),
            pairs: series.map_or(0, |series| series.pairs().len()),
            change_percent: series.and_then(Series::estimate).map(words::change_percent),
        };
        ledger.end(&before.key, rerun, unix_s(), event)?;
    }
    let trial = ended?;
    let stops = fitness::stops(&machine_facts()?).zip(fitness::stops(facts));
    let new_stops = stops.map_or(0, |(after, before)| after.saturating_sub(before));
    Ok(Document::of(plan, before, trial, new_stops))
}

/// The rules that the options ask for, as for a first run.
pub(super) fn rules(options: &RuleOptions, seed: u64) -> Rules {
    let metric: Metric = options.metric.into();
    Rules {
        seed,
        margin: (options.margin / 100.0).ln_1p(),
        pairs_max: options.pairs_max as usize,
        calibration_pairs: options.calibration_pairs() as usize,
        sequential: options.sequential.into(),
        deviation_floor: metric.deviation_floor(),
        ..Rules::default()
    }
}

/// The ledger; without a home there is none, which is said.
pub(super) fn ledger_of(options: &MeasureOptions) -> Option<Ledger> {
    let path = options.ledger.clone().or_else(usual_path);
    if path.is_none() {
        say(
            "bedplate: neither XDG_STATE_HOME nor HOME names a directory, so reruns are not counted: \
             give --ledger FILE\n",
        );
    }
    path.as_deref().map(Ledger::at)
}

/// Runs the comparison with its progress.
fn measured(plan: &TrialPlan<'_>, terms: &Terms) -> Result<Trial, RunError> {
    let bar = CountBar::new("pairs");
    let pairs_max = plan.rules.pairs_max;
    let name = &terms.name;
    let trial = conduct_given(plan, terms.given, &mut |progress| match progress {
        Progress::Trying => bar.show(0, 1, &format!("· {name} trying both sides")),
        Progress::Calibrating { done, total } => {
            bar.show(done as u64, total as u64, &format!("· {name} A against A"));
        }
        Progress::Calibrated { series, pair_s } => {
            if let Some(calibration) = series.calibration() {
                let reach = Reach::of(calibration.deviation, &plan.rules);
                let said = text::reach(&reach, calibration.percent(), pairs_max, pair_s);
                bar.say(&said);
            }
        }
        Progress::Pair { series } => {
            let interval = words::change_interval(series.interval());
            let message = format!("· {name} B takes {}", words::range(interval));
            bar.show(series.pairs().len() as u64, pairs_max as u64, &message);
        }
        Progress::Counting { counter } => {
            bar.note(&format!("· counting instructions by {counter}"));
        }
        _ => {}
    });
    bar.finish();
    trial
}
