//! The document for people and repositories.
//!
//! # Role
//! Verdict, figures, facts, raw pairs and the command to replay, as Markdown.

use core::fmt::Write as _;

use super::document::{Document, SideReport};
use super::measure::Metric;
use super::text::{
    amount, build_said, course, environment_said, estimate, holds_for, outputs_said, span,
};
use super::words::{moment, share, signed};
use crate::report::units::{command_line, whole_bytes};

/// The document.
#[must_use]
pub fn render(document: &Document) -> String {
    let verdict = document
        .verdict
        .map_or_else(|| "no verdict".to_owned(), |verdict| verdict.to_string());
    let mut text = format!("# A/B comparison: {verdict}\n\n{}.\n", document.meaning);
    if let Some(percent) = document.change_percent {
        let _written = writeln!(
            text,
            "{}.\n\n{}.",
            estimate(document, percent),
            course(document)
        );
    }
    for warning in &document.warnings {
        let _written = writeln!(text, "\n**{warning}**");
    }
    if let Some(failure) = &document.failure {
        let _written = writeln!(text, "\n```text\n{failure}\n```");
    }
    text.push_str(&figures(document));
    text.push_str(&sides(document));
    text.push_str(&method(document));
    text.push_str(&machine(document));
    text.push_str(&pairs(document));
    text
}

fn figures(document: &Document) -> String {
    if document.metrics.is_empty() {
        return String::new();
    }
    let mut text = "\n## Figures\n\nMedians of the pairs; the interval of B against A is always valid. The \
                    judged metric has a star.\n\n| metric | A | B | B against A | noise of A against A |\n\
                    |---|---:|---:|---|---:|\n"
        .to_owned();
    for metric in &document.metrics {
        let star = if metric.metric == document.metric {
            " *"
        } else {
            ""
        };
        let _written = writeln!(
            text,
            "| {}{star} | {} | {} | {} | {} |",
            metric.metric.noun(),
            amount(metric.metric, metric.a),
            amount(metric.metric, metric.b),
            span(metric),
            share(metric.deviation_percent)
        );
    }
    match (&document.instructions, &document.instructions_absent) {
        (Some(witness), _) => {
            let _written = writeln!(
                text,
                "\nInstructions ({}): A {:?}, B {:?}; B executes {}, counts of one side differ by at \
                 most {}.",
                witness.counter,
                witness.a,
                witness.b,
                signed(witness.change_percent),
                share(witness.spread_percent)
            );
        }
        (None, because) => {
            let because = because.as_deref().unwrap_or("no reason is known");
            let _written = writeln!(text, "\nInstructions: not measured: {because}.");
        }
    }
    text
}

fn sides(document: &Document) -> String {
    let mut text =
        "\n## Sides\n\n| | command | file | size | code | SHA-256 |\n|---|---|---|---:|---:|---|\n"
            .to_owned();
    for (name, side) in [("A", &document.a), ("B", &document.b)] {
        let _written = writeln!(text, "{}", side_row(name, side));
    }
    if let Some(outputs) = document.outputs {
        let _written = writeln!(text, "\nOutputs: {}.", outputs_said(outputs));
    }
    let built = build_said(document);
    if !built.is_empty() {
        let _written = writeln!(text, "\n```text\n{}\n```", built.join("\n"));
    }
    let _written = writeln!(text, "\n{}", holds_for(document));
    text
}

fn side_row(name: &str, side: &SideReport) -> String {
    let code = side
        .file
        .text_bytes
        .map_or_else(|| "unknown".to_owned(), whole_bytes);
    format!(
        "| {name} | `{}` | `{}` | {} | {code} | `{}` |",
        command_line(&side.command).replace('|', "\\|"),
        side.path,
        whole_bytes(side.file.bytes),
        side.file.sha256
    )
}

fn method(document: &Document) -> String {
    let rules = &document.rules;
    let mut text = format!(
        "\n## Method\n\nPairs of runs in the order of a fair coin, seed {}; {} pairs of A against A before \
         them. The error budget of this run is {:.2} %, engine `{}`.\n",
        rules.seed,
        rules.calibration_pairs,
        100.0 * rules.error,
        match rules.sequential {
            crate::ab::Sequential::Always => "always",
            crate::ab::Sequential::Group => "group",
        },
    );
    if let Some(smallest) = document.reach.as_ref().and_then(|it| it.smallest_percent) {
        let _written = writeln!(
            text,
            "Effects of {} or more are found in nine of ten comparisons of {} pairs.",
            share(smallest),
            rules.pairs_max
        );
    }
    if let Some(calibration) = &document.calibration {
        let _written = writeln!(
            text,
            "Scale of A against A: {}; correlation of neighbours: {:.2}.",
            share(calibration.percent()),
            calibration.correlation
        );
    }
    let _written = writeln!(
        text,
        "Comparison `{}`. {} runs took {:.1} s of {:.1} s.\n\n```sh\n{}\n```",
        document.key,
        document.runs,
        document.runs_s,
        document.took_s,
        command_line(&document.replay)
    );
    text
}

fn machine(document: &Document) -> String {
    let host = &document.host;
    let mut text = format!(
        "\n## Machine\n\n{}, {} CPUs, {}, Linux {}, {}, load {}, tasks waited {} of the time for the CPU. \
         {}, bedplate {}.\n\nEnvironment: {}.\n",
        host.cpu,
        host.cpus,
        host.memory_bytes
            .map_or_else(|| "memory unknown".to_owned(), whole_bytes),
        host.kernel,
        host.hypervisor,
        host.load,
        host.cpu_stalled.as_deref().unwrap_or("an unknown share"),
        moment(document.started_unix_s),
        document.bedplate,
        environment_said(document),
    );
    for unfit in &document.unfit {
        let _written = writeln!(text, "\n- Unfit: {}. {}.", unfit.what, unfit.what_to_do);
    }
    text
}

fn pairs(document: &Document) -> String {
    let mut text = "\n## Pairs\n\n".to_owned();
    if document.pairs.is_empty() {
        text.push_str("None.\n");
        return text;
    }
    let is_counted = document.metric == Metric::Instructions;
    text.push_str(if is_counted {
        "| pair | first | A | B |\n|---:|---|---:|---:|\n"
    } else {
        "| pair | first | A wall s | B wall s | A CPU s | B CPU s | A peak bytes | B peak bytes |\n\
         |---:|---|---:|---:|---:|---:|---:|---:|\n"
    });
    for (index, pair) in document.pairs.iter().enumerate() {
        let (number, a, b) = (index + 1, pair.a, pair.b);
        let _written = if is_counted {
            let shown = |count: Option<u64>| count.unwrap_or(0);
            writeln!(
                text,
                "| {number} | {:?} | {} | {} |",
                pair.first,
                shown(a.instructions),
                shown(b.instructions)
            )
        } else {
            writeln!(
                text,
                "| {number} | {:?} | {:.6} | {:.6} | {:.6} | {:.6} | {} | {} |",
                pair.first,
                a.wall_s,
                b.wall_s,
                a.cpu_s,
                b.cpu_s,
                a.peak_rss_bytes,
                b.peak_rss_bytes
            )
        };
    }
    text
}
