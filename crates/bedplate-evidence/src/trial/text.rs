//! The report for a terminal.

use core::fmt::Write as _;

use super::conduct::Outputs;
use super::document::{BuildReport, Document, MetricReport, Reach, SideReport};
use super::measure::Metric;
use super::words::{change, range, share, signed};
use crate::ab::Verdict;
use crate::report::Paint;
use crate::report::units::{command_line, count, counted, seconds, whole_bytes};

/// What holds for every comparison of finished programs.
pub(super) const THIS_PAIR_ONLY: &str = "The conclusion holds for these two files only: another build of the same source has another \
     layout, which alone can make it some percent faster or slower.";

/// What the conclusion holds for.
pub(super) fn holds_for(document: &Document) -> String {
    match &document.build {
        Some(build) if build.one_layout_because.is_none() => format!(
            "The conclusion holds for the sources, not for one order of their code: each run was linked \
             anew, {} layouts of each side.",
            build.layouts
        ),
        _ => THIS_PAIR_ONLY.to_owned(),
    }
}

/// How the sides were built, and what of them ran.
pub(super) fn build_said(document: &Document) -> Vec<String> {
    let Some(build) = &document.build else {
        return Vec::new();
    };
    let mut lines = vec![
        format!(
            "{} of package {}, profile {}: A {}, B {}",
            build.difference, build.package, build.profile, build.a, build.b
        ),
        sources_said(build),
        format!("step 0: {}", build.execution.said),
    ];
    lines.extend(build.execution.lines.iter().map(|ran| {
        format!(
            "    {:>12} {:?} {}:{}",
            ran.executions, ran.side, ran.file, ran.line
        )
    }));
    lines
}

/// What the sides were built from.
fn sources_said(build: &BuildReport) -> String {
    let revisions = match &build.revisions {
        [Some(a), Some(b)] if a == b => format!("revision {a}"),
        [Some(a), Some(b)] => format!("revision {a} as A, {b} as B"),
        _ => return "sources: in no git repository, so they have no revision".to_owned(),
    };
    match build.changed.as_slice() {
        [] => format!("sources: {revisions}"),
        changed => format!(
            "sources: {revisions} with {} that {} not committed: {}",
            counted(changed.len() as u64, "changed file", "changed files"),
            if changed.len() == 1 { "is" } else { "are" },
            changed.join(", ")
        ),
    }
}

/// The whole report.
#[must_use]
pub fn render(document: &Document, paint: Paint) -> String {
    let mut text = headline(document, paint);
    let mut add = |part: String| {
        text.push_str(&part);
        text.push('\n');
    };
    for warning in &document.warnings {
        add(paint.warn(&format!("! {warning}")));
    }
    if let Some(failure) = &document.failure {
        add(failure.to_string());
    }
    if document.verdict.is_none() && document.runs == 0 {
        for unfit in &document.unfit {
            add(format!("{}: {}", unfit.what, unfit.what_to_do));
        }
    }
    add(String::new());
    for row in table(document) {
        add(row);
    }
    for (name, side) in [("A", &document.a), ("B", &document.b)] {
        add(side_line(name, side));
    }
    if let Some(outputs) = document.outputs {
        add(format!("outputs: {}", outputs_said(outputs)));
    }
    if let Some(because) = &document.instructions_absent {
        add(format!("instructions: not measured: {because}"));
    }
    if let Some(limit_s) = document.limit_s {
        add(format!(
            "time limit of a run: {} (--timeout)",
            seconds(limit_s)
        ));
    }
    add(format!("environment: {}", environment_said(document)));
    for line in build_said(document) {
        add(line);
    }
    if !document.metrics.is_empty() {
        add(holds_for(document).replace(": another", ":\nanother"));
    }
    add(format!("again: {}", command_line(&document.replay)));
    text
}

/// The verdict, the estimate, and how it was come by.
fn headline(document: &Document, paint: Paint) -> String {
    let word = match document.verdict {
        Some(verdict @ (Verdict::Go | Verdict::Equivalent | Verdict::Safe)) => {
            paint.good(&verdict.to_string())
        }
        Some(verdict @ Verdict::NoGo) => paint.bad(&verdict.to_string()),
        Some(verdict) => paint.bold(&verdict.to_string()),
        None => paint.bad("NO VERDICT"),
    };
    let mut text = format!("{word}: {}\n", document.meaning);
    if let Some(percent) = document.change_percent {
        let _written = writeln!(text, "{}", estimate(document, percent));
        let _written = writeln!(text, "{}", course(document));
    }
    text
}

/// The estimate with its interval.
pub(super) fn estimate(document: &Document, percent: f64) -> String {
    format!(
        "{}; {} ({:.2} % sure)",
        change(percent, document.metric),
        range(document.interval_percent),
        document.sure_percent
    )
}

/// Pairs, margin, seed, rerun, duration.
pub(super) fn course(document: &Document) -> String {
    let rerun = match document.rerun {
        None => "not in a ledger".to_owned(),
        Some(0) => "first run of this comparison".to_owned(),
        Some(rerun) => format!("rerun {rerun} of this comparison"),
    };
    format!(
        "{} of at most {}, margin {}, seed {}, {rerun}, {}",
        counted(document.pairs.len() as u64, "pair", "pairs"),
        document.rules.pairs_max,
        share(document.margin_percent),
        document.rules.seed,
        seconds(document.took_s),
    )
}

/// What can be found, said before the pairs.
#[must_use]
pub fn reach(reach: &Reach, deviation_percent: f64, pairs_max: usize, pair_s: f64) -> String {
    let full = seconds(pair_s * pairs_max as f64);
    let smallest = reach.smallest_percent.map_or_else(
        || format!("{pairs_max} pairs find nothing, however large (--pairs-max)"),
        |percent| {
            format!(
                "effects of {} or more are found in nine of ten comparisons of {pairs_max} pairs \
                 (at most {full})",
                share(percent)
            )
        },
    );
    let mut text = format!(
        "noise of A against A: {}; {smallest}\nusual length:",
        share(deviation_percent)
    );
    for (index, (effect, pairs)) in reach.usual_pairs.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _written = match pairs {
            Some(pairs) => write!(
                text,
                "{comma} {effect} % {pairs} pairs ({})",
                seconds(pair_s * *pairs as f64)
            ),
            None => write!(text, "{comma} {effect} % more than allowed"),
        };
    }
    text
}

/// The metrics, one in a line.
fn table(document: &Document) -> Vec<String> {
    let mut rows = Vec::new();
    if document.metrics.is_empty() {
        return rows;
    }
    rows.push(format!(
        "{:<19}{:>14}{:>14}  {:<38}{:>8}",
        "", "A", "B", "B against A", "noise"
    ));
    for metric in &document.metrics {
        let mark = if metric.metric == document.metric {
            "*"
        } else {
            " "
        };
        rows.push(format!(
            "{mark}{:<18}{:>14}{:>14}  {:<38}{:>8}",
            metric.metric.noun(),
            amount(metric.metric, metric.a),
            amount(metric.metric, metric.b),
            span(metric),
            share(metric.deviation_percent),
        ));
    }
    if let (Some(witness), false) = (
        &document.instructions,
        document.metric == Metric::Instructions,
    ) {
        let middle = |counts: &[u64]| counts.first().map_or_else(String::new, |&it| count(it));
        rows.push(format!(
            " {:<18}{:>14}{:>14}  {:<38}{:>8}",
            "instructions",
            middle(&witness.a),
            middle(&witness.b),
            format!("{} ({})", signed(witness.change_percent), witness.counter),
            share(witness.spread_percent),
        ));
    }
    rows.push(String::new());
    rows
}

/// "-3.10 % [-4.00 %, -2.00 %]".
pub(super) fn span(metric: &MetricReport) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "open".to_owned(), signed);
    let [low, high] = metric.interval_percent;
    let middle = metric.change_percent.map_or_else(String::new, signed);
    format!("{middle} [{}, {}]", end(low), end(high))
}

/// A figure of a metric with its unit.
pub(super) fn amount(metric: Metric, figure: f64) -> String {
    match metric {
        Metric::Wall | Metric::Cpu => seconds(figure),
        Metric::Rss => crate::report::units::bytes(figure),
        Metric::Instructions => format!("{figure:.0}"),
    }
}

fn side_line(name: &str, side: &SideReport) -> String {
    let code = side.file.text_bytes.map_or_else(String::new, |bytes| {
        format!(", code {}", whole_bytes(bytes))
    });
    format!(
        "{name}: {}\n   {} ({}{code}, sha256 {})",
        command_line(&side.command),
        side.path,
        whole_bytes(side.file.bytes),
        side.file.sha256.get(..16).unwrap_or_default(),
    )
}

/// What is said of the outputs.
pub(super) const fn outputs_said(outputs: Outputs) -> &'static str {
    match outputs {
        Outputs::Same => "the same in all runs",
        Outputs::Differ => "DIFFERENT between A and B",
        Outputs::Vary => "vary from run to run on both sides, so they were not compared",
        Outputs::NotCompared => "not compared",
    }
}

/// What is said of the environment.
pub(super) fn environment_said(document: &Document) -> String {
    let names: Vec<&str> = document.environment.keys().map(String::as_str).collect();
    format!(
        "the same on both sides: {} ({} left out; --keep-env NAME passes one on)",
        names.join(", "),
        counted(
            document.environment_left_out.len() as u64,
            "other was",
            "others were"
        ),
    )
}
