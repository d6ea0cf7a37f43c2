//! What the heap profiler costs.
//!
//! # Role
//! Off: instructions of a malloc+free pair that always hits (one live block) against a library that is
//! built without it; pairs that miss now and then are told in notes. On: processor
//! time of the programs at the default rate, against the same library that does not sample.

use super::pairs::{self, Shape as Pairs};
use super::question;
use super::shape_runs::{self, Cost, Costs, Effort};
use super::shapes::SHAPES;
use crate::contender::{Contender, OURS};
use crate::failure::Failure;
use crate::program;
use crate::row::{Figure, Measured, Question, Row};
use bedplate_evidence::ab::signed_rank;
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const OFF: Question = question(
    "M9.off-instructions",
    "malloc+free pair that always hits, less that of a build without the profiler",
    "instructions",
    0.0,
);

const ON: Question = question(
    "M9.on-overhead",
    "CPU time with the heap profile on at its default rate, geometric mean over the M8 programs",
    "percent more",
    3.0,
);

/// Name of our library with the profile on.
const SAMPLING: &str = "sampling";
/// The setting that switches it on.
const ON_SETTING: (&str, &str) = ("BEDPLATE_MALLOC_PROFILE", "on");
/// Name of a build without the profiler.
const WITHOUT: &str = "without the profiler";

/// The rows that are wanted.
pub(super) fn rows(
    contenders: &[Contender],
    pairs: &[(Question, Pairs)],
    is_quick: bool,
    is_wanted: impl Fn(&Question) -> bool,
) -> Vec<Row> {
    let Some(ours) = contenders.iter().find(|contender| contender.name == OURS) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    if is_wanted(&OFF) {
        rows.push(off(ours, pairs, is_quick));
    }
    if is_wanted(&ON) {
        rows.push(on(ours, is_quick));
    }
    rows
}

fn off(ours: &Contender, pairs: &[(Question, Pairs)], is_quick: bool) -> Row {
    let without = Contender {
        name: WITHOUT.to_owned(),
        library: build_without().map(Some),
        setting: None,
    };
    let shapes: Vec<Pairs> = pairs.iter().map(|(_, shape)| *shape).collect();
    let answers = pairs::measure(&[ours.clone(), without], &shapes, is_quick);
    let differences: Result<Vec<f64>, Failure> = answers
        .iter()
        .map(|answer| {
            let with = answer.ours.value.clone()?;
            let without = answer.peers.get(WITHOUT).map(|figure| figure.value.clone());
            Ok(with - without.unwrap_or_else(|| Err(nothing()))?)
        })
        .collect();
    let worst = differences.as_ref().map_err(Clone::clone).map(|all| {
        let always_hit = all
            .iter()
            .zip(&shapes)
            .filter(|(_, shape)| shape.slots == 1);
        let farther = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
        always_hit
            .map(|(difference, _)| *difference)
            .fold(0.0, farther)
    });
    let configuration = answers
        .first()
        .map_or_else(String::new, |answer| answer.configuration.clone());
    let mut row = Row::new(&OFF, measured(configuration, worst));
    for ((question, _), difference) in pairs.iter().zip(differences.unwrap_or_default()) {
        row = row.with_note(question.id, format!("{difference:.3} more"));
    }
    row
}

fn on(ours: &Contender, is_quick: bool) -> Row {
    let sampling = Contender {
        name: SAMPLING.to_owned(),
        setting: Some(ON_SETTING),
        ..ours.clone()
    };
    let effort = Effort::new(is_quick);
    let shapes: Vec<_> = SHAPES.iter().collect();
    let runs = shape_runs::run(&shapes, &[ours.clone(), sampling], effort);
    let ratios = runs.and_then(|runs| {
        runs.iter()
            .map(|runs| Ok((runs.shape.id, ratio(&runs.costs)?)))
            .collect::<Result<Vec<_>, Failure>>()
    });
    let mean = ratios.as_ref().map_err(Clone::clone).map(|ratios| {
        let logarithms: f64 = ratios.iter().map(|(_, ratio)| ratio.ratio.ln()).sum();
        let count = u32::try_from(ratios.len()).unwrap_or(u32::MAX);
        ((logarithms / f64::from(count.max(1))).exp() - 1.0) * 100.0
    });
    let configuration = format!(
        "{}={}, {} rounds interleaved, turns divided by {}",
        ON_SETTING.0, ON_SETTING.1, effort.rounds, effort.divisor
    );
    let mut row = Row::new(&ON, measured(configuration, mean)).with_interval(None);
    for (id, ratio) in ratios.unwrap_or_default() {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        let note = format!(
            "{:+.1} % ({:+.1} to {:+.1})",
            percent(ratio.ratio),
            percent(ratio.low),
            percent(ratio.high)
        );
        row = row.with_note(id, note);
    }
    row
}

fn measured(configuration: String, value: Result<f64, Failure>) -> Measured {
    Measured {
        configuration,
        ours: Figure::plain(value),
        peers: BTreeMap::new(),
    }
}

/// Time with the profile over time without.
fn ratio(costs: &[Costs]) -> Result<signed_rank::Estimate, Failure> {
    let [off, on] = costs else {
        return Err(nothing());
    };
    let times = |costs: &Costs| -> Result<Vec<f64>, Failure> {
        let cpu = |cost: &Cost| cost.cpu_s;
        Ok(costs
            .as_ref()
            .map_err(Clone::clone)?
            .iter()
            .map(cpu)
            .collect())
    };
    let pairs: Vec<(f64, f64)> = times(on)?.into_iter().zip(times(off)?).collect();
    signed_rank::ratio(&pairs).ok_or_else(nothing)
}

fn nothing() -> Failure {
    Failure::Output {
        program: "bedplate-bench".to_owned(),
        what: "nothing was measured".to_owned(),
    }
}

/// Builds the production library without the profiler.
fn build_without() -> Result<PathBuf, Failure> {
    let directory = program::output_directory()?.join("unprofiled");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("building our library without the profiler");
    let output = Command::new(cargo)
        .current_dir(&root)
        .args(["build", "--profile", "preload", "-p", "bedplate-preload"])
        .arg("--target-dir")
        .arg(&directory)
        .env("RUSTFLAGS", "--cfg bedplate_unprofiled")
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            program: "cargo build of the library without the profiler".to_owned(),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(directory.join("preload").join("libbedplate_preload.so"))
}
