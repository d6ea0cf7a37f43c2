//! Comparing two commands.

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
use bedplate_evidence::trial::{
    Contestant, Metric, Progress, conduct, markdown, page, text, words,
};
use bedplate_evidence::versus::Interrupts;

use bedplate_os::facts::MachineFacts;

use super::arguments::{CompareOptions, MetricName, RuleOptions, SequentialName};
use super::ledger::usual_path;
use super::{machine_facts, seed_from_clock, temporary, unix_s};
use crate::exit::Exit;
use crate::output::Output;
use crate::talk::{CountBar, complain, paint_for_stdout, print, say};

/// Parts the two commands.
const PARTING: &str = "--vs";

/// Runs the command.
pub(super) fn compare(options: &CompareOptions, sides: &[OsString]) -> Exit {
    let Some((a, b)) = parted(sides) else {
        complain(&format!(
            "ab needs two commands: bedplate ab -- COMMAND_A {PARTING} COMMAND_B"
        ));
        return Exit::Usage;
    };
    match try_compare(options, a, b) {
        Ok(exit) => exit,
        Err(Failure::Side(name, error)) => {
            complain(&format!("side {name} failed: {error}"));
            Exit::Compared(17)
        }
        Err(Failure::Other(error)) => {
            complain(&error);
            Exit::Failed
        }
    }
}

/// Why a comparison has no document.
enum Failure {
    Side(char, RunError),
    Other(RunError),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Other(error)
    }
}

/// The words before and after the first parting word; both sides need some.
fn parted(sides: &[OsString]) -> Option<(&[OsString], &[OsString])> {
    let at = sides.iter().position(|word| word == PARTING)?;
    let (a, b) = (&sides[..at], &sides[at + 1..]);
    (!a.is_empty() && !b.is_empty()).then_some((a, b))
}

fn try_compare(options: &CompareOptions, a: &[OsString], b: &[OsString]) -> Result<Exit, Failure> {
    let search_path = std::env::var_os("PATH");
    let find = |name, words| {
        Contestant::find(words, search_path.as_deref()).map_err(|error| Failure::Side(name, error))
    };
    let (contestant_a, contestant_b) = (find('A', a)?, find('B', b)?);
    let mut outputs = Outputs::open(options)?;
    let interrupts = Interrupts::catch()?;
    let directory = temporary()?;
    let surroundings = Surroundings::of(
        std::env::vars_os(),
        &options.keep_env,
        options.input.clone(),
    );
    let facts = machine_facts()?;
    let counter =
        if options.witness_seconds > 0.0 || options.rules.metric == MetricName::Instructions {
            Counter::find(&facts, search_path.as_deref())
        } else {
            Err("--witness-seconds 0 was given".to_owned())
        };
    let seed = options.rules.seed.unwrap_or_else(seed_from_clock);
    let mut plan = TrialPlan {
        a: &contestant_a,
        b: &contestant_b,
        surroundings: &surroundings,
        rules: rules(&options.rules, seed),
        metric: options.rules.metric.into(),
        counter,
        witness_s_max: options.witness_seconds,
        directory: directory.path(),
        interrupts: &interrupts,
    };
    let before = Before {
        bedplate: env!("CARGO_PKG_VERSION").to_owned(),
        started_unix_s: unix_s(),
        rerun: None,
        key: ledger::key(&contestant_a, &contestant_b, &surroundings),
        host: Host::of(&facts),
        unfit: fitness::unfit(&facts),
        unfit_ok: options.unfit_ok,
        replay: replay(options, seed, a, b),
    };
    if contestant_a.is_same_as(&contestant_b) {
        let document = Document::without_runs(&plan, before, Some(Verdict::Identical));
        return Ok(outputs.publish(&document, options)?);
    }
    if !before.unfit.is_empty() && !options.unfit_ok {
        let document = Document::without_runs(&plan, before, None);
        say("bedplate: the machine is unfit for measuring: mend it, or go on with --unfit-ok\n");
        return Ok(outputs.publish(&document, options)?);
    }
    let document = judged(&mut plan, before, ledger_of(options).as_ref(), &facts)?;
    Ok(outputs.publish(&document, options)?)
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

/// The command that runs it again with the same seed.
fn replay(options: &CompareOptions, seed: u64, a: &[OsString], b: &[OsString]) -> Vec<String> {
    let rules = &options.rules;
    let shown = |word: &OsStr| word.to_string_lossy().into_owned();
    let metric: Metric = rules.metric.into();
    let mut words: Vec<String> = ["bedplate", "ab", "--metric", metric.name()]
        .map(str::to_owned)
        .to_vec();
    let numbers = [
        ("--margin", rules.margin.to_string()),
        ("--pairs-max", rules.pairs_max.to_string()),
        ("--calibration", rules.calibration_pairs().to_string()),
        ("--seed", seed.to_string()),
    ];
    for (name, value) in numbers {
        words.extend([name.to_owned(), value]);
    }
    if rules.sequential == SequentialName::Group {
        words.extend(["--sequential".to_owned(), "group".to_owned()]);
    }
    for name in &options.keep_env {
        words.extend(["--keep-env".to_owned(), shown(name)]);
    }
    if let Some(input) = &options.input {
        words.extend(["--input".to_owned(), input.display().to_string()]);
    }
    if options.unfit_ok {
        words.push("--unfit-ok".to_owned());
    }
    words.push("--".to_owned());
    words.extend(a.iter().map(|word| shown(word)));
    words.push(PARTING.to_owned());
    words.extend(b.iter().map(|word| shown(word)));
    words
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
