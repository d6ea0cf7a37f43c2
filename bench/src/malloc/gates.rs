//! What each telemetry gate costs.
//!
//! # Role
//! Builds the observed library with each gate alone, with none and with all, and sets each beside the
//! one with none: instructions of a malloc+free pair, and processor time of programs.
//!
//! # Not here
//! Whether a gate is found on the hit path where it must not be: `cargo xtask hotcheck`.

use super::pairs::{self, Shape as Pairs};
use super::shape_runs::{self, Cost, Effort, ShapeRuns};
use super::shapes::SHAPES;
use crate::contender::{Contender, OURS};
use crate::failure::Failure;
use crate::program;
use bedplate_evidence::ab::signed_rank;
use bedplate_telemetry::TABLE;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The pairs that are counted: hits with a miss now and then, and many misses.
const PAIRS: [Pairs; 2] = [
    Pairs {
        slots: 400,
        bytes: [16, 1024],
    },
    Pairs {
        slots: 40_000,
        bytes: [16, 1024],
    },
];
/// The programs that are timed: own frees, frees by other threads, threads that start and end.
const TIMED: [&str; 3] = ["M8.mixed-400", "M8.remote-free", "M8.thread-churn"];

/// What a gate costs, against a library with none.
#[derive(Debug, Serialize)]
struct GateCost {
    gate: String,
    /// More instructions for a pair, by [`PAIRS`]; none where the count failed.
    instructions: Vec<Option<f64>>,
    /// Processor time over that without any gate, by [`TIMED`]: estimate, and its interval's ends.
    time: Vec<Option<[f64; 3]>>,
}

/// Measures every gate, prints the table as Markdown, and writes it as JSON.
///
/// # Errors
/// - [`Failure`]: a library could not be built, or a program could not run at all.
pub(crate) fn run(is_quick: bool, json: Option<&Path>) -> Result<(), Failure> {
    let names = TABLE.iter().map(|row| row.name).chain(["all"]);
    let mut contenders = vec![build("none", OURS)?];
    for name in names {
        contenders.push(build(name, name)?);
    }
    let counts = pairs::measure(&contenders, &PAIRS, is_quick);
    let shapes: Vec<_> = TIMED
        .iter()
        .filter_map(|id| SHAPES.iter().find(|shape| shape.id == *id))
        .collect();
    let timed = shape_runs::run(&shapes, &contenders, effort(is_quick))?;
    let costs: Vec<GateCost> = contenders
        .iter()
        .enumerate()
        .skip(1)
        .map(|(index, contender)| GateCost {
            gate: contender.name.clone(),
            instructions: counts
                .iter()
                .map(|count| {
                    let gated = count.peers.get(&contender.name)?.value.as_ref().ok()?;
                    Some(gated - count.ours.value.as_ref().ok()?)
                })
                .collect(),
            time: timed.iter().map(|runs| ratio(runs, index)).collect(),
        })
        .collect();
    print(&costs);
    let Some(path) = json else { return Ok(()) };
    let text = serde_json::to_string_pretty(&costs).map_err(|error| Failure::Output {
        program: "bedplate-bench".to_owned(),
        what: error.to_string(),
    })?;
    fs::write(path, text).map_err(|error| Failure::file(path, &error))
}

const fn effort(is_quick: bool) -> Effort {
    if is_quick {
        return Effort::new(true);
    }
    Effort {
        rounds: 12,
        divisor: 2,
    }
}

/// Time of a contender over that of the first, round by round.
fn ratio(runs: &ShapeRuns, contender: usize) -> Option<[f64; 3]> {
    let times = |index: usize| -> Option<Vec<f64>> {
        let costs = runs.costs.get(index)?.as_ref().ok()?;
        Some(costs.iter().map(|cost: &Cost| cost.cpu_s).collect())
    };
    let pairs: Vec<(f64, f64)> = times(contender)?.into_iter().zip(times(0)?).collect();
    let estimate = signed_rank::ratio(&pairs)?;
    Some([estimate.ratio, estimate.low, estimate.high])
}

fn print(costs: &[GateCost]) {
    let mut table = Table::new();
    let mut header = vec![
        "gate".to_owned(),
        "pair-400".to_owned(),
        "pair-40000".to_owned(),
    ];
    for id in TIMED {
        header.push(id.trim_start_matches("M8.").to_owned());
        header.push("95 %".to_owned());
    }
    table.load_style(ASCII_MARKDOWN).set_header(header);
    for cost in costs {
        let mut cells = vec![format!("`{}`", cost.gate)];
        let count = |more: &Option<f64>| more.map_or("-".to_owned(), |more| format!("{more:+.2}"));
        cells.extend(cost.instructions.iter().map(count));
        for time in &cost.time {
            cells.extend(
                time.map_or(["-".to_owned(), "-".to_owned()], |[ratio, low, high]| {
                    [format!("{ratio:.3}"), format!("{low:.3} to {high:.3}")]
                }),
            );
        }
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!(
        "Against the same library without any gate: instructions more for a malloc+free pair; CPU time as a ratio.\n"
    );
    println!("{table}");
}

/// Builds the observed library with one gate.
fn build(gate: &str, name: &str) -> Result<Contender, Failure> {
    let directory = program::output_directory()?.join("gates");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("building the observed library with gate {gate}");
    let output = Command::new(cargo)
        .current_dir(&root)
        .args(["build", "--profile", "preload"])
        .args(["-p", "bedplate-preload-observed", "--target-dir"])
        .arg(&directory)
        .env_remove("RUSTFLAGS")
        .env("BEDPLATE_GATES", gate)
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            program: format!("cargo build with BEDPLATE_GATES={gate}"),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    let built = directory.join("preload/libbedplate_preload_observed.so");
    let kept = directory.join(format!("{gate}.so"));
    fs::copy(&built, &kept).map_err(|error| Failure::file(&kept, &error))?;
    Ok(Contender {
        name: name.to_owned(),
        library: Ok(Some(kept)),
        setting: None,
    })
}
