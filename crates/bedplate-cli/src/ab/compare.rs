//! Comparing two sides.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use bedplate_evidence::RunError;
use bedplate_evidence::ab::{Rules, Series, Verdict, spending};
use bedplate_evidence::trial::conduct::{Trial, TrialPlan};
use bedplate_evidence::trial::document::{Before, Document, Reach};
use bedplate_evidence::trial::fitness::{self, Host};
use bedplate_evidence::trial::ledger::{self, Event, Ledger};
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::trial::witness::Counter;
use bedplate_evidence::trial::{Metric, Progress, conduct, markdown, page, text, words};
use bedplate_evidence::versus::Interrupts;

use bedplate_os::facts::MachineFacts;

use super::arguments::{CompareOptions, MetricName, RuleOptions};
use super::ledger::usual_path;
use super::sides::{self, PARTING, Sides};
use super::{machine_facts, seed_from_clock, temporary, unix_s};
use crate::exit::Exit;
use crate::output::Output;
use crate::talk::{CountBar, complain, paint_for_stdout, print, say};

/// Runs the command.
pub(super) fn compare(options: &CompareOptions, words: &[OsString]) -> Exit {
    compare_sides(
        options,
        |seed| sides::replay(options, seed, words),
        |search_path, place| sides(options, words, search_path, place),
    )
}

/// Where the sides may keep what lasts no longer than the comparison, and the seed of all choices.
pub(crate) type Place<'place> = (&'place Path, u64);

/// Compares what `sides` finds or builds; `replay` is the command that does it again.
pub(crate) fn compare_sides(
    options: &CompareOptions,
    replay: impl Fn(u64) -> Vec<String>,
    sides: impl FnOnce(Option<&OsStr>, Place<'_>) -> Result<Sides, Failure>,
) -> Exit {
    match try_compare(options, replay, sides) {
        Ok(exit) => exit,
        Err(Failure::Words) => {
            complain(&format!(
                "ab needs two commands: bedplate ab -- COMMAND_A {PARTING} COMMAND_B"
            ));
            Exit::Usage
        }
        Err(Failure::Usage(error)) => {
            complain(&error);
            Exit::Usage
        }
        Err(Failure::Side(name, error)) => {
            complain(&format!("side {name} failed: {error}"));
            Exit::Compared(17)
        }
        Err(Failure::Other(error @ RunError::Build { .. })) => {
            complain(&error);
            Exit::Compared(17)
        }
        Err(Failure::Other(error)) => {
            complain(&error);
            Exit::Failed
        }
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
    replay: impl Fn(u64) -> Vec<String>,
    sides: impl FnOnce(Option<&OsStr>, Place<'_>) -> Result<Sides, Failure>,
) -> Result<Exit, Failure> {
    let search_path = std::env::var_os("PATH");
    let search_path = search_path.as_deref();
    let seed = options.rules.seed.unwrap_or_else(seed_from_clock);
    let interrupts = Interrupts::catch()?;
    let directory = temporary()?;
    let mut sides =
        sides(search_path, (directory.path(), seed)).map_err(|failure| {
            match interrupts.signal() {
                Some(signal) => Failure::Other(RunError::Senseless {
                    message: format!("interrupted by signal {signal}"),
                }),
                None => failure,
            }
        })?;
    let mut outputs = Outputs::open(options)?;
    let surroundings = Surroundings::of(
        std::env::vars_os(),
        &options.keep_env,
        options.input.clone(),
    );
    let facts = machine_facts()?;
    let mut before = Before {
        bedplate: env!("CARGO_PKG_VERSION").to_owned(),
        started_unix_s: unix_s(),
        rerun: None,
        key: ledger::key(&sides.a, &sides.b, &surroundings),
        host: Host::of(&facts),
        unfit: fitness::unfit(&facts),
        unfit_ok: options.unfit_ok,
        replay: replay(seed),
        build: None,
    };
    let unrun = if sides.are_same() {
        Some(Some(Verdict::Identical))
    } else if !before.unfit.is_empty() && !options.unfit_ok {
        say("bedplate: the machine is unfit for measuring: mend it, or go on with --unfit-ok\n");
        Some(None)
    } else {
        witnessed(
            &mut sides,
            &surroundings,
            &interrupts,
            (directory.path(), search_path),
        )?
    };
    before.build = sides.here.as_ref().map(|here| here.report.clone());
    let mut plan = TrialPlan {
        a: &sides.a,
        b: &sides.b,
        surroundings: &surroundings,
        rules: rules(&options.rules, seed),
        metric: options.rules.metric.into(),
        counter: counter(options, &facts, search_path),
        witness_s_max: options.witness_seconds,
        directory: directory.path(),
        interrupts: &interrupts,
        layouts: sides.here.as_ref().map(|here| &here.layouts),
    };
    let document = match unrun {
        Some(verdict) => Document::without_runs(&plan, before, verdict),
        None => judged(&mut plan, before, ledger_of(options).as_ref(), &facts)?,
    };
    Ok(outputs.publish(&document, options)?)
}

/// Step 0 of sides that were built here; a verdict if it ends the comparison.
fn witnessed(
    sides: &mut Sides,
    surroundings: &Surroundings,
    interrupts: &Interrupts,
    place: (&Path, Option<&OsStr>),
) -> Result<Option<Option<Verdict>>, Failure> {
    let Some(here) = &sides.here else {
        return Ok(None);
    };
    let execution = sides.step0(here, surroundings, interrupts, place)?;
    say(&format!("bedplate: step 0: {}\n", execution.said));
    let is_unexecuted = execution.ran == Some(false) && !here.report.unexecuted_ok;
    if let Some(here) = &mut sides.here {
        here.report.execution = execution;
    }
    Ok(is_unexecuted.then_some(Some(Verdict::NotExecuted)))
}

/// What counts instructions, or why nothing does.
fn counter(
    options: &CompareOptions,
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
fn judged(
    plan: &mut TrialPlan<'_>,
    mut before: Before,
    ledger: Option<&Ledger>,
    facts: &MachineFacts,
) -> Result<Document, RunError> {
    if let Some(ledger) = ledger {
        let words = [&plan.a, &plan.b].map(|side| side.shown_words().join(" "));
        let rerun = ledger.start(
            &before.key,
            before.started_unix_s,
            words,
            plan.metric.name(),
        )?;
        before.rerun = Some(rerun);
        plan.rules.error = spending::error_of_rerun(rerun);
    }
    let ended = measured(plan);
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
fn ledger_of(options: &CompareOptions) -> Option<Ledger> {
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
fn measured(plan: &TrialPlan<'_>) -> Result<Trial, RunError> {
    let bar = CountBar::new("pairs");
    let pairs_max = plan.rules.pairs_max;
    let trial = conduct(plan, &mut |progress| match progress {
        Progress::Trying => bar.show(0, 1, "· trying both sides"),
        Progress::Calibrating { done, total } => {
            bar.show(done as u64, total as u64, "· A against A");
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
            let message = format!("· B takes {}", words::range(interval));
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

/// The files asked for.
struct Outputs {
    json: Option<Output>,
    doc: Option<Output>,
    html: Option<Output>,
}

impl Outputs {
    fn open(options: &CompareOptions) -> Result<Self, RunError> {
        let open =
            |what, path: Option<&PathBuf>| path.map(|path| Output::open(what, path)).transpose();
        let json = options.json.as_ref().filter(|path| !is_stdout(path));
        Ok(Self {
            json: open("the document as JSON", json)?,
            doc: open("the document", options.doc.as_ref())?,
            html: open("the page", options.html.as_ref())?,
        })
    }

    /// Writes the document to wherever it was asked for; files that can no longer be written do not
    /// take the report on the terminal with them.
    fn publish(&mut self, document: &Document, options: &CompareOptions) -> Result<Exit, RunError> {
        let mut failed = Vec::new();
        let json = serde_json::to_string_pretty(document).map_err(|error| RunError::System {
            what: "write JSON",
            source: error.into(),
        })? + "\n";
        let is_printed = match &options.json {
            Some(path) if is_stdout(path) => print(&json),
            _ => print(&text::render(document, paint_for_stdout())),
        };
        if let Some(output) = &mut self.json {
            failed.extend(output.write(json).err());
        }
        if let Some(output) = &mut self.doc {
            failed.extend(output.write(markdown::render(document)).err());
        }
        if let Some(output) = &mut self.html {
            failed.extend(output.write(page::render(document)).err());
        }
        failed.iter().for_each(|error| complain(error));
        Ok(if failed.is_empty() && is_printed {
            Exit::Compared(document.exit_code())
        } else {
            Exit::Failed
        })
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}
