//! The checklist as Markdown, which is read on terminals too.

use core::fmt::Write as _;

use super::check::Check;
use super::document::{Checklist, Constant, Growth};
use super::law::{Law, RESIDUAL_MAX};
use crate::report::units::count;

/// The checklist for reading.
#[must_use]
pub fn render(checklist: &Checklist) -> String {
    let mut out = format!(
        "# Checklist: {}\n\nMeasured {} on {}, by\n\n    {}\n",
        checklist.subject, checklist.date, checklist.host, checklist.replay
    );
    for growth in &checklist.growth {
        grown(&mut out, growth);
    }
    out.push_str("\n## Constant against a limit\n\n");
    match &checklist.constant {
        Some(constant) => against(&mut out, constant),
        None => out.push_str("not measured (give `--limit COMMAND`)\n"),
    }
    out.push_str("\n## Checks\n\n| what | figure | source |\n|---|---|---|\n");
    for check in &checklist.checks {
        checked(&mut out, check);
    }
    out
}

fn grown(out: &mut String, growth: &Growth) {
    let _infallible = write!(
        out,
        "\n## {} over {}\n\n{}\n\nSource: callgrind on `{}`\n\n",
        capital(&growth.cost),
        growth.size,
        verdict(growth),
        growth.source
    );
    let fit = growth.fitting().unwrap_or(&growth.fits[0]);
    let _infallible = write!(
        out,
        "| n | {} | residual of \"{}\" |\n|---:|---:|---:|\n",
        growth.cost,
        fit.law.name()
    );
    for ((size, cost), residual) in growth.points.iter().zip(&fit.residuals) {
        let _infallible = writeln!(
            out,
            "| {} | {} | {} |",
            count(*size),
            figure(*cost),
            signed(*residual)
        );
    }
    out.push_str("\n| law | base | factor | largest residual |\n|---|---:|---:|---:|\n");
    for fit in &growth.fits {
        let of = if fit.law == Law::Constant {
            "mean"
        } else {
            "range"
        };
        let _infallible = writeln!(
            out,
            "| {} | {} | {:.4e} | {:.2} % of the {of} |",
            fit.law.name(),
            figure(fit.base),
            fit.factor,
            100.0 * fit.worst
        );
    }
}

fn verdict(growth: &Growth) -> String {
    let Some(fit) = growth.fitting() else {
        return format!(
            "**Does not fit**: the costs are not constant within {} % and no law leaves residuals \
             below {} % of their range.",
            100.0 * growth.constant_within,
            100.0 * RESIDUAL_MAX
        );
    };
    if fit.law == Law::Constant {
        return format!(
            "**Constant** within {:.2} %: {} ({} % counts as constant).",
            100.0 * fit.worst,
            figure(fit.base),
            100.0 * growth.constant_within
        );
    }
    format!(
        "Grows as **{}**: {} + {:.4} x {} (largest residual {:.2} % of the range).",
        fit.law.name(),
        figure(fit.base),
        fit.factor,
        fit.law.name(),
        100.0 * fit.worst
    )
}

fn against(out: &mut String, constant: &Constant) {
    let ratio = |ours: f64, limits: f64| {
        if limits > 0.0 {
            format!("{:.2}", ours / limits)
        } else {
            "-".to_owned()
        }
    };
    let _infallible = write!(
        out,
        "Limit, measured in the same run: {}.\nSource: `{}`\n\nAt n = {}:\n\n\
         | | ours | limit | ours / limit |\n|---|---:|---:|---:|\n\
         | instructions | {} | {} | {} |\n",
        constant.limit,
        constant.source,
        count(constant.size),
        figure(constant.ours),
        figure(constant.limits),
        ratio(constant.ours, constant.limits)
    );
    match constant.ns {
        Some([ours, limits]) => {
            let _infallible = writeln!(
                out,
                "| ns of CPU time, shortest of three runs | {ours:.2} | {limits:.2} | {} |",
                ratio(ours, limits)
            );
        }
        None => out.push_str("| ns of CPU time | not measured | not measured | - |\n"),
    }
}

fn checked(out: &mut String, check: &Check) {
    let name = check.row.name();
    let _infallible = match (&check.figure, &check.source, &check.date) {
        (Some(figure), Some(source), Some(date)) => writeln!(
            out,
            "| {name} | {} | `{}`, {date} |",
            figure.replace('|', "/"),
            source.replace('|', "\\|")
        ),
        _ => writeln!(out, "| {name} | not measured | - |"),
    };
}

/// Whole where it is large, else with two digits.
fn figure(value: f64) -> String {
    if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "" } else { "+" };
    format!("{sign}{}", figure(value))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
