//! Everything about a comparison as data.
//!
//! # Role
//! The layout of `ab --json`, described in docs/ab.md; text, Markdown and page are made of it.
//! Fields are only ever added; a change of meaning raises [`AB_VERSION`].

use alloc::collections::BTreeMap;

use serde::Serialize;

use super::conduct::{End, Outputs, Trial, TrialPlan};
use super::contestant::{Contestant, FileFacts};
use super::fitness::{Host, Unfit};
use super::measure::{Figures, Metric};
use super::outcome::SideFailure;
use super::witness::{Witness, may_contradict};
use super::words;
use crate::ab::confidence::{self, Bound};
use crate::ab::reach;
use crate::ab::signed_rank::{hodges_lehmann, median};
use crate::ab::verdict::contradiction;
use crate::ab::{Calibration, Rules, Sequential, Series, Side, Verdict};
use crate::sides::Execution;

/// Version of the layout.
pub const AB_VERSION: u32 = 1;

/// Points kept of the interval as it closed.
const CLOSING_POINTS: usize = 100;

/// Why identical sides may have two hashes.
const OTHER_FILES: &str = "the files have two hashes, but what is executed of them is the same byte for \
    byte: they differ in names of directories or in debug information";

/// Effects whose expected length is printed, in percent.
const EFFECTS: [f64; 4] = [0.5, 1.0, 2.0, 5.0];

/// A comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// Version of the layout.
    pub version: u32,
    /// Version of bedplate.
    pub bedplate: String,
    /// When it began, in seconds since 1970.
    pub started_unix_s: u64,
    /// The verdict; none if it was stopped before.
    pub verdict: Option<Verdict>,
    /// The verdict, or why there is none, in words.
    pub meaning: String,
    /// What a reader must know before believing it.
    pub warnings: Vec<String>,
    /// What is judged.
    pub metric: Metric,
    /// Differences below count as none, in percent.
    pub margin_percent: f64,
    /// Hodges-Lehmann estimate: by how many percent B takes more than A.
    pub change_percent: Option<f64>,
    /// Its interval, always valid; ends that are not there yet are null.
    pub interval_percent: [Option<f64>; 2],
    /// How sure the interval is, in percent.
    pub sure_percent: f64,
    /// Which rerun of this comparison it is; 0 is the first run.
    pub rerun: Option<u32>,
    /// Name of the comparison in the ledger.
    pub key: String,
    /// The baseline.
    pub a: SideReport,
    /// The candidate.
    pub b: SideReport,
    /// All that was measured of each pair, judged or not.
    pub metrics: Vec<MetricReport>,
    /// Instruction counts.
    pub instructions: Option<Witness>,
    /// Why there are none.
    pub instructions_absent: Option<String>,
    /// Whether both printed the same.
    pub outputs: Option<Outputs>,
    /// The side that failed.
    pub failure: Option<SideFailure>,
    /// The signal that ended it.
    pub interrupted_by: Option<i32>,
    /// Rules that were fixed before the first run, seed included.
    pub rules: Rules,
    /// The noise of A against A.
    pub calibration: Option<Calibration>,
    /// What could be found, as said before the pairs.
    pub reach: Option<Reach>,
    /// Which side ran first, and the figures of A and B, pair by pair.
    pub pairs: Vec<RawPair>,
    /// Pairs, and the interval after them in percent.
    pub closing: Vec<Closed>,
    /// Variables that every run got.
    pub environment: BTreeMap<String, String>,
    /// Names of variables that no run got.
    pub environment_left_out: Vec<String>,
    /// The machine.
    pub host: Host,
    /// Why the machine is unfit.
    pub unfit: Vec<Unfit>,
    /// Whether it was told to go on all the same.
    pub unfit_ok: bool,
    /// Seconds it took, and seconds of those that runs took.
    pub took_s: f64,
    /// Seconds of those that runs took.
    pub runs_s: f64,
    /// Runs of all kinds.
    pub runs: u64,
    /// Seconds after which a run was ended; null before the first one.
    pub limit_s: Option<f64>,
    /// The command that runs it again with the same seed.
    pub replay: Vec<String>,
    /// How the sides were built, if they were built for this comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildReport>,
}

/// How the sides were built.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BuildReport {
    /// What is compared.
    pub difference: String,
    /// How A was built.
    pub a: String,
    /// How B was built.
    pub b: String,
    /// Package and profile.
    pub package: String,
    /// The profile.
    pub profile: String,
    /// Commits that A and B were built from, in full; null where there is no repository.
    pub revisions: [Option<String>; 2],
    /// Files that differed from the commit when it was built, where that is the project itself.
    pub changed: Vec<String>,
    /// Layouts that each side had, one for each run; 1 where there is only one.
    pub layouts: u64,
    /// Why there is only one.
    pub one_layout_because: Option<String>,
    /// Whether the code in question ran.
    pub execution: Execution,
    /// Whether to go on though it did not.
    pub unexecuted_ok: bool,
}

/// Pairs, and both ends of the interval after them in percent.
pub type Closed = (usize, Option<f64>, Option<f64>);

/// A side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideReport {
    /// Program and arguments as given.
    pub command: Vec<String>,
    /// The program's file.
    pub path: String,
    /// What is in it.
    #[serde(flatten)]
    pub file: FileFacts,
}

impl SideReport {
    fn of(contestant: &Contestant) -> Self {
        Self {
            command: contestant.shown_words(),
            path: contestant.file().display().to_string(),
            file: contestant.facts.clone(),
        }
    }
}

/// One metric of all pairs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricReport {
    /// Which.
    pub metric: Metric,
    /// Median of A.
    pub a: f64,
    /// Median of B.
    pub b: f64,
    /// By how many percent B takes more.
    pub change_percent: Option<f64>,
    /// Its interval.
    pub interval_percent: [Option<f64>; 2],
    /// Scale of A against A, in percent.
    pub deviation_percent: f64,
}

/// What a comparison could find.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// Smallest effect found in nine of ten comparisons of full length, in percent; null
    /// if so few pairs find nothing.
    pub smallest_percent: Option<f64>,
    /// For effects in percent, the pairs they usually take; null if more than are allowed.
    pub usual_pairs: Vec<(f64, Option<usize>)>,
}

impl Reach {
    /// For differences of this scale, under these rules.
    #[must_use]
    pub fn of(deviation: f64, rules: &Rules) -> Self {
        let looks = rules.looks();
        let is_planned = rules.sequential == Sequential::Group;
        let smallest = if is_planned {
            reach::smallest_effect_by_looks(deviation, &looks)
        } else {
            reach::smallest_effect(deviation, rules.pairs_max, rules.error)
        };
        let usual_pairs = EFFECTS.map(|percent: f64| {
            let effect = (percent / 100.0).ln_1p();
            let pairs = if is_planned {
                reach::usual_pairs_by_looks(deviation, effect, &looks)
            } else {
                reach::usual_pairs(deviation, effect, rules.pairs_max, rules.error)
            };
            (percent, pairs)
        });
        Self {
            smallest_percent: smallest.map(|effect| 100.0 * effect.exp_m1()),
            usual_pairs: usual_pairs.to_vec(),
        }
    }
}

/// One pair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RawPair {
    /// Which side ran first.
    pub first: Side,
    /// What A used.
    pub a: Figures,
    /// What B used.
    pub b: Figures,
}

/// What is known before the runs.
#[derive(Clone, Debug)]
pub struct Before {
    /// Version of bedplate.
    pub bedplate: String,
    /// Now, in seconds since 1970.
    pub started_unix_s: u64,
    /// Which rerun, where there is a ledger.
    pub rerun: Option<u32>,
    /// Name of the comparison.
    pub key: String,
    /// The machine.
    pub host: Host,
    /// Why it is unfit.
    pub unfit: Vec<Unfit>,
    /// Whether to go on all the same.
    pub unfit_ok: bool,
    /// The command that runs it again.
    pub replay: Vec<String>,
    /// How the sides were built, if they were built here.
    pub build: Option<BuildReport>,
}

impl Document {
    /// Of a comparison that nothing was run for: the sides are identical, or the machine unfit.
    #[must_use]
    pub fn without_runs(plan: &TrialPlan<'_>, before: Before, verdict: Option<Verdict>) -> Self {
        let meaning = verdict.map_or("the machine is unfit, so nothing was run", Verdict::meaning);
        let warnings = match (verdict, &before.build) {
            (Some(Verdict::NotExecuted), Some(build)) => vec![build.execution.said.clone()],
            // Lines were taken out of one side, and both have none of them.
            (Some(Verdict::Identical), Some(build)) if build.execution.ran == Some(false) => {
                vec![build.execution.said.clone()]
            }
            (Some(Verdict::Identical), _) if plan.a.facts.sha256 != plan.b.facts.sha256 => {
                vec![OTHER_FILES.to_owned()]
            }
            _ => Vec::new(),
        };
        Self {
            version: AB_VERSION,
            bedplate: before.bedplate,
            started_unix_s: before.started_unix_s,
            verdict,
            meaning: meaning.to_owned(),
            warnings,
            metric: plan.metric,
            margin_percent: 100.0 * plan.rules.margin.exp_m1(),
            change_percent: None,
            interval_percent: [None, None],
            sure_percent: 100.0 * (1.0 - plan.rules.error),
            rerun: before.rerun,
            key: before.key,
            a: SideReport::of(plan.a),
            b: SideReport::of(plan.b),
            metrics: Vec::new(),
            instructions: None,
            instructions_absent: Some("nothing was run".to_owned()),
            outputs: None,
            failure: None,
            interrupted_by: None,
            rules: plan.rules,
            calibration: None,
            reach: None,
            pairs: Vec::new(),
            closing: Vec::new(),
            environment: plan.surroundings.kept(),
            environment_left_out: plan.surroundings.left_out(),
            host: before.host,
            unfit: before.unfit,
            unfit_ok: before.unfit_ok,
            took_s: 0.0,
            runs_s: 0.0,
            runs: 0,
            limit_s: None,
            replay: before.replay,
            build: before.build,
        }
    }

    /// Of a comparison that was run; `new_stops` is how often the quota stopped it meanwhile.
    #[must_use]
    pub fn of(plan: &TrialPlan<'_>, before: Before, trial: Trial, new_stops: u64) -> Self {
        let mut document = Self::without_runs(plan, before, trial.series.verdict());
        let series = &trial.series;
        document.metrics = metrics(plan, &trial);
        document.change_percent = series.estimate().map(words::change_percent);
        document.interval_percent = words::change_interval(series.interval());
        document.closing = closing(series);
        document.calibration = series.calibration().cloned();
        document.reach = series
            .calibration()
            .map(|calibration| Reach::of(calibration.deviation, &plan.rules));
        document.pairs = series
            .pairs()
            .iter()
            .zip(&trial.pairs)
            .map(|(pair, [a, b])| RawPair {
                first: pair.first,
                a: *a,
                b: *b,
            })
            .collect();
        document.outputs = Some(trial.outputs);
        (document.took_s, document.runs_s) = trial.took_s;
        document.runs = trial.runs;
        document.limit_s = trial.limit.of_run().map(|limit| limit.as_secs_f64());
        let mut time_up = None;
        match trial.end {
            End::Verdict => {}
            End::TimeUp(up) => {
                if series.pairs().is_empty() {
                    document.meaning =
                        "there was no time for a pair, so nothing was compared".to_owned();
                }
                time_up = Some(up);
            }
            End::Interrupted(signal) => {
                document.interrupted_by = Some(signal);
                // Also where only the counting was cut short: what was asked for is not complete.
                document.verdict = None;
                document.meaning =
                    format!("interrupted by signal {signal}, so there is no verdict");
            }
            End::Failed(failure) => {
                document.meaning = format!("side {:?} failed: {}", failure.side, failure.how);
                document.failure = Some(failure);
            }
        }
        match trial.witness {
            Ok(witness) => {
                document.instructions = Some(witness);
                document.instructions_absent = None;
            }
            Err(because) => document.instructions_absent = Some(because),
        }
        if let (Some(build), Some(layouts)) = (&mut document.build, plan.layouts) {
            build.layouts = layouts.count();
        }
        document.warnings = warnings(&document, new_stops);
        document.warnings.extend(time_up.map(|up| up.to_string()));
        document
    }

    /// Exit code of the command line.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.verdict, &self.failure, self.interrupted_by) {
            (_, Some(_), _) => 17,
            (_, None, Some(_)) => 1,
            (Some(verdict), None, None) => verdict.exit_code(),
            // Only an unfit machine leaves neither.
            (None, None, None) => 16,
        }
    }
}

fn metrics(plan: &TrialPlan<'_>, trial: &Trial) -> Vec<MetricReport> {
    let metrics: &[Metric] = match plan.metric {
        // Under a counter the other figures are the counter's.
        Metric::Instructions => &[Metric::Instructions],
        _ => &[Metric::Wall, Metric::Cpu, Metric::Rss],
    };
    if trial.pairs.is_empty() {
        return Vec::new();
    }
    let report = |&metric: &Metric| {
        let side = |index: usize| -> Vec<f64> {
            trial
                .pairs
                .iter()
                .map(|pair| pair[index].of(metric))
                .collect()
        };
        let (a, b) = (side(0), side(1));
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| (a / b).ln()).collect();
        let noise: Vec<f64> = trial
            .calibration
            .chunks_exact(2)
            .map(|two| (two[0].of(metric) / two[1].of(metric)).ln())
            .collect();
        let calibration = Calibration::of(noise, metric.deviation_floor());
        let bound = Bound::new(calibration.deviation, plan.rules.error);
        let interval = if metric == plan.metric {
            trial.series.interval()
        } else {
            confidence::interval(bound, &differences)
        };
        MetricReport {
            metric,
            a: median(&a).unwrap_or(0.0),
            b: median(&b).unwrap_or(0.0),
            change_percent: hodges_lehmann(&differences).map(words::change_percent),
            interval_percent: words::change_interval(interval),
            deviation_percent: calibration.percent(),
        }
    };
    metrics.iter().map(report).collect()
}

fn closing(series: &Series) -> Vec<Closed> {
    let count = series.pairs().len();
    let step = count.div_ceil(CLOSING_POINTS).max(1);
    let mut points: Vec<usize> = (1..=count).step_by(step).collect();
    if points.last().is_some_and(|&last| last != count) {
        points.push(count);
    }
    points
        .into_iter()
        .map(|pairs| {
            let [low, high] = words::change_interval(series.interval_after(pairs));
            (pairs, low, high)
        })
        .collect()
}

fn warnings(document: &Document, new_stops: u64) -> Vec<String> {
    let mut warnings = Vec::new();
    if document.unfit_ok && !document.unfit.is_empty() {
        let whats: Vec<&str> = document.unfit.iter().map(|it| it.what.as_str()).collect();
        warnings.push(format!(
            "the machine was unfit and --unfit-ok was given: {}",
            whats.join("; ")
        ));
    }
    if new_stops > 0 {
        warnings.push(format!(
            "the control group was stopped {new_stops} times meanwhile for having used its CPU quota: \
             raise the quota or use fewer threads"
        ));
    }
    if document.outputs == Some(Outputs::Differ) {
        warnings.push("OUTPUT DIFFERS: A and B do not print the same".to_owned());
    }
    if let (Some(verdict), Some(witness), true) = (
        document.verdict,
        &document.instructions,
        may_contradict(document.metric),
    ) {
        warnings.extend(contradiction(verdict, witness.shift).map(str::to_owned));
    }
    let is_within = |end: Option<f64>| end.is_some_and(|end| end.abs() < document.margin_percent);
    if document.interval_percent.map(is_within) == [true; 2] {
        warnings.extend(match document.verdict {
            Some(Verdict::Go) => Some("GO, but the gain is less than the margin".to_owned()),
            Some(Verdict::NoGo) => Some("NO-GO, but the loss is less than the margin".to_owned()),
            _ => None,
        });
    }
    if document.rerun.is_some_and(|rerun| rerun > 0) {
        warnings.push(format!(
            "rerun {} of this comparison: its share of the error budget is smaller, so it is {:.2} % \
             sure",
            document.rerun.unwrap_or(0),
            document.sure_percent
        ));
    }
    warnings.extend(document.build.iter().flat_map(build_warnings));
    warnings.extend(quieter(document));
    warnings
}

/// What the build leaves open.
fn build_warnings(build: &BuildReport) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(because) = &build.one_layout_because {
        warnings.push(format!(
            "ONE LAYOUT: all runs of a side had one and the same order of code, which alone can make it \
             some percent faster or slower: {because}"
        ));
    }
    if build.execution.ran != Some(true) {
        warnings.push(build.execution.said.clone());
    }
    warnings.extend(build.execution.unrun_said());
    if build.execution.ran == Some(false) && build.unexecuted_ok {
        warnings.push("--unexecuted-ok was given".to_owned());
    }
    warnings
}

/// Whether CPU time would have told more.
fn quieter(document: &Document) -> Option<String> {
    let deviation = |metric: Metric| {
        let found = document.metrics.iter().find(|it| it.metric == metric);
        found.map(|it| it.deviation_percent)
    };
    let (wall, cpu) = (deviation(Metric::Wall)?, deviation(Metric::Cpu)?);
    let is_open = matches!(
        document.verdict,
        Some(Verdict::Inconclusive | Verdict::Safe)
    );
    (is_open && document.metric == Metric::Wall && cpu < wall / 2.0).then(|| {
        format!(
            "CPU time is quieter here ({} against {} between runs): --metric cpu finds smaller effects",
            words::share(cpu),
            words::share(wall)
        )
    })
}
