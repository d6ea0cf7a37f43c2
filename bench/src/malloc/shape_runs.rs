//! Interleaved runs of the programs.
//!
//! # Role
//! Rounds in which every program runs once on every contender, the contenders in random order.
//!
//! # Not here
//! Ratios and rows (`shape_rows.rs`).
//!
//! # Invariants
//! I1. The runs of one program in one round are neighbours in time, so that the machine's drift and
//!     load fall on all contenders alike.
//! I2. Times are the kernel's account of the processor time of the program's process, from a launcher
//!     so small that it cannot hide the program's peak of memory.
//! I3. A contender that fails at a program once is not run on it again, and has no figure there.

use super::shapes::Shape;
use crate::contender::Contender;
use crate::failure::Failure;
use crate::program;
use crate::trace;
use bedplate_evidence::ab::signed_rank;
use bedplate_evidence::versus::shuffle::Shuffle;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one run cost.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Cost {
    /// User and system time.
    pub(crate) cpu_s: f64,
    /// From start to end.
    pub(crate) wall_s: f64,
    /// Greatest resident memory.
    pub(crate) peak_kib: f64,
}

/// What the runs of a contender on a program cost, a figure for each round, or why there is none.
pub(crate) type Costs = Result<Vec<Cost>, Failure>;

/// All runs of one program.
#[derive(Debug)]
pub(crate) struct ShapeRuns {
    /// The program.
    pub(crate) shape: &'static Shape,
    /// By contender, in the contenders' order.
    pub(crate) costs: Vec<Costs>,
}

impl ShapeRuns {
    /// The median of a cost of one contender.
    pub(crate) fn median(&self, contender: usize, cost: fn(&Cost) -> f64) -> Option<f64> {
        let costs = self.costs.get(contender)?.as_ref().ok()?;
        signed_rank::median(&costs.iter().map(cost).collect::<Vec<_>>())
    }
}

/// How thoroughly the programs run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds; six give the first interval.
    pub(crate) rounds: u32,
    /// What turns are divided by.
    pub(crate) divisor: u32,
}

impl Effort {
    /// That of a full run, or of a quick one.
    pub(crate) const fn new(is_quick: bool) -> Self {
        if is_quick {
            Self {
                rounds: 6,
                divisor: 8,
            }
        } else {
            Self {
                rounds: 10,
                divisor: 1,
            }
        }
    }
}

/// Start of the random order.
pub(crate) const SEED: u64 = 1;

/// A program ready to run.
struct Prepared {
    path: PathBuf,
    runs: u32,
    words: Vec<String>,
}

/// Runs the programs.
///
/// # Errors
/// - [`Failure`]: the launcher could not be built; all else is a failure of its program.
pub(crate) fn run(
    shapes: &[&'static Shape],
    contenders: &[Contender],
    effort: Effort,
) -> Result<Vec<ShapeRuns>, Failure> {
    let launcher = program::compile("launch.c", "launch", &["-static", "-no-pie"])?;
    let prepared: Vec<_> = shapes.iter().map(|shape| prepare(shape, effort)).collect();
    let mut all: Vec<ShapeRuns> = shapes
        .iter()
        .zip(&prepared)
        .map(|(shape, prepared)| ShapeRuns {
            shape,
            costs: contenders
                .iter()
                .map(|contender| ready(contender, prepared))
                .collect(),
        })
        .collect();
    let mut shuffle = Shuffle::new(SEED);
    for round in 1..=effort.rounds {
        for (runs, prepared) in all.iter_mut().zip(&prepared) {
            let Ok(prepared) = prepared else { continue };
            eprintln!("round {round} of {}: {}", effort.rounds, runs.shape.id);
            for index in shuffle.order(contenders.len()) {
                let (contender, costs) = (&contenders[index], &mut runs.costs[index]);
                let Ok(earlier) = costs else { continue };
                match launch(&launcher, prepared, contender) {
                    Ok(cost) => earlier.push(cost),
                    Err(failure) => {
                        eprintln!("    {}: {failure}", contender.name);
                        *costs = Err(failure);
                    }
                }
            }
        }
    }
    Ok(all)
}

/// No cost yet, or why there will be none.
fn ready(contender: &Contender, prepared: &Result<Prepared, Failure>) -> Costs {
    contender.library.as_ref().map_err(Clone::clone)?;
    prepared.as_ref().map_err(Clone::clone)?;
    Ok(Vec::new())
}

fn prepare(shape: &Shape, effort: Effort) -> Result<Prepared, Failure> {
    let source = format!("{}.c", shape.program);
    let path = program::compile(&source, shape.program, &[])?;
    let mut words = Vec::new();
    if let Some(name) = shape.trace {
        let unpacked = trace::unpack(name)?;
        words.extend([
            unpacked.path.display().to_string(),
            unpacked.slots.to_string(),
        ]);
    }
    words.extend(shape.arguments.iter().map(|word| (*word).to_owned()));
    // What is started many times is shortened by starting it less often.
    let (runs, turns) = if shape.runs > 1 {
        (shape.runs / effort.divisor, shape.turns)
    } else {
        (1, (shape.turns / effort.divisor).max(1))
    };
    words.push(turns.to_string());
    Ok(Prepared {
        path,
        runs: runs.max(1),
        words,
    })
}

fn launch(launcher: &Path, prepared: &Prepared, contender: &Contender) -> Result<Cost, Failure> {
    let library = contender.library.as_ref().map_err(Clone::clone)?;
    let mut command = Command::new(launcher);
    command
        .env_remove("LD_PRELOAD")
        .envs(contender.setting)
        .arg(prepared.runs.to_string())
        .arg(library.as_deref().unwrap_or_else(|| Path::new("-")))
        .arg(&prepared.path)
        .args(&prepared.words);
    let output = command.output().map_err(|error| Failure::Start {
        program: launcher.display().to_string(),
        error: error.to_string(),
    })?;
    let shown = prepared.path.display().to_string();
    let text = program::checked_output(&shown, contender, &output)?;
    let line = text.lines().last().unwrap_or_default();
    parse(line).ok_or_else(|| Failure::Output {
        program: shown,
        what: line.to_owned(),
    })
}

/// Reads `launched N cpu_us N wall_us N peak_kib N`.
fn parse(line: &str) -> Option<Cost> {
    let mut words = line.split_whitespace();
    let mut figure = |name: &str| -> Option<f64> {
        (words.next()? == name)
            .then(|| words.next()?.parse().ok())
            .flatten()
    };
    figure("launched")?;
    Some(Cost {
        cpu_s: figure("cpu_us")? / 1e6,
        wall_s: figure("wall_us")? / 1e6,
        peak_kib: figure("peak_kib")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_launcher_is_read() {
        let cost = parse("launched 2 cpu_us 1500000 wall_us 2000000 peak_kib 64").unwrap();
        assert!((cost.cpu_s - 1.5).abs() < 1e-9);
        assert!((cost.wall_s - 2.0).abs() < 1e-9);
        assert!((cost.peak_kib - 64.0).abs() < 1e-9);
        assert!(parse("launched 2 cpu_us").is_none());
        assert!(parse("/lib/libc.so.6").is_none());
    }
}
