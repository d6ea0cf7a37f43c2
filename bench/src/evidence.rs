//! Rows of the evidence tools.
//!
//! # Role
//! How often `ab` is wrong and finds what is there, by simulation; what it costs beyond the runs it
//! measures. The audit's rows are in `labels.rs`.

use crate::failure::Failure;
use crate::labels;
use crate::report::Report;
use crate::row::{Better, Figure, Measured, Question, Row};
use bedplate_evidence::ab::selftest::{Plan, Rates, Selftest, selftest};
use bedplate_evidence::ab::{Rules, Verdict};
use bedplate_evidence::trial::conduct::{TrialPlan, conduct};
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::trial::{Contestant, Metric};
use bedplate_evidence::versus::Interrupts;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Options of the area.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Fewer repetitions.
    #[arg(long)]
    quick: bool,
    /// Writes the rows as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Start of all random choices.
const SEED: u64 = 1;

/// Simulated comparisons of each kind, in the full and in the short form.
const REPEATS: (u64, u64) = (20_000, 4000);

/// A loop of the shell that takes some hundredths of a second.
const LOOP: &str = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";

const FALSE_GO: Question = Question {
    id: "E4.false-go",
    what: "GO, or NO-GO if that is more, where A and B are the same; worst of four noise models",
    unit: "percent",
    better: Better::Lower,
    target: 2.5,
};

const POWER: Question = Question {
    id: "E4.power-1pct",
    what: "GO within 100 pairs where B is better by 1 %, independent noise of 1.5 % per run",
    unit: "percent",
    better: Better::Higher,
    target: 90.0,
};

const OVERHEAD: Question = Question {
    id: "E3.overhead",
    what: "time of a comparison beyond the runs it measures",
    unit: "percent",
    better: Better::Lower,
    target: 5.0,
};

/// Runs the area.
///
/// # Errors
/// - [`Failure::File`]: the JSON document could not be written.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let repeats = if options.quick { REPEATS.1 } else { REPEATS.0 };
    let mut rows = simulated(repeats);
    rows.push(overhead(if options.quick { 20 } else { 60 }));
    rows.extend(labels::rows());
    let report = Report::new("evidence", rows, Vec::new());
    report.print();
    options
        .json
        .as_deref()
        .map_or(Ok(()), |path| report.write(path))
}

fn simulated(repeats: u64) -> Vec<Row> {
    let plan = Plan {
        repeats,
        rules: Rules {
            seed: SEED,
            ..Rules::default()
        },
    };
    let found = selftest(plan, &mut |_done, _total| true);
    let configuration = format!(
        "{repeats} simulated comparisons of each kind, seed {SEED}, at most {} pairs, the default engine",
        plan.rules.pairs_max
    );
    let percent = |names: &[&str]| -> Result<f64, Failure> {
        let found = found
            .as_ref()
            .ok_or_else(|| no_figure("it was interrupted"))?;
        let percents = names
            .iter()
            .filter_map(|name| Some(found.claim(name)?.percent));
        Ok(percents.fold(0.0, f64::max))
    };
    let row = |question: &Question, names: &[&str]| {
        let measured = Measured {
            configuration: configuration.clone(),
            ours: Figure::plain(percent(names)),
            peers: BTreeMap::new(),
        };
        Row::new(question, measured).with_interval(None)
    };
    let mut rows = vec![
        row(&FALSE_GO, &["false-go", "false-no-go"]),
        row(&POWER, &["power-1pct"]),
    ];
    if let Some(found) = &found {
        let worst = rows.remove(0).with_note("models", models(found));
        rows.insert(0, worst);
    }
    rows
}

/// The rates of each model where A and B are the same.
fn models(found: &Selftest) -> String {
    let shown = |rates: &Rates| {
        format!(
            "{}: GO {:.2}, NO-GO {:.2}",
            rates.scenario.model.name(),
            rates.of(Verdict::Go),
            rates.of(Verdict::NoGo)
        )
    };
    let nulls = found
        .rates
        .iter()
        .filter(|rates| rates.scenario.effect_percent.abs() < 1e-9);
    nulls.map(shown).collect::<Vec<_>>().join("; ")
}

fn overhead(pairs: usize) -> Row {
    let measured = Measured {
        configuration: format!(
            "{pairs} pairs and 30 of A with itself, of a shell loop of some hundredths of a second, \
             everything from finding the programs to the verdict"
        ),
        ours: Figure::plain(measured_overhead(pairs)),
        peers: BTreeMap::new(),
    };
    Row::new(&OVERHEAD, measured).with_interval(None)
}

fn measured_overhead(pairs: usize) -> Result<f64, Failure> {
    let failed = |error: bedplate_evidence::RunError| no_figure(&error.to_string());
    let started = Instant::now();
    let side = |script: &str| {
        let words = ["sh", "-c", script].map(OsString::from);
        Contestant::find(&words, std::env::var_os("PATH").as_deref()).map_err(failed)
    };
    let (a, b) = (side(LOOP)?, side(&format!("{LOOP} "))?);
    let surroundings = Surroundings::of(std::env::vars_os(), &[], None);
    let interrupts = Interrupts::catch().map_err(failed)?;
    let plan = TrialPlan {
        a: &a,
        b: &b,
        surroundings: &surroundings,
        rules: Rules {
            seed: SEED,
            // So narrow that no verdict ends it but one that is wrong.
            margin: 1e-6,
            pairs_max: pairs,
            ..Rules::default()
        },
        metric: Metric::Cpu,
        counter: Err("not asked for".to_owned()),
        witness_s_max: 0.0,
        directory: Path::new("/"),
        interrupts: &interrupts,
        layouts: None,
    };
    let trial = conduct(&plan, &mut |_progress| {}).map_err(failed)?;
    if trial.series.verdict().is_none() {
        return Err(no_figure("the comparison ended before its verdict"));
    }
    let (_took, runs_s) = trial.took_s;
    Ok(100.0 * (started.elapsed().as_secs_f64() - runs_s) / runs_s)
}

fn no_figure(what: &str) -> Failure {
    Failure::Output {
        program: "ab".to_owned(),
        what: what.to_owned(),
    }
}
