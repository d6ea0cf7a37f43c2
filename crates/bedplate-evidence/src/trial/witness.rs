//! Instruction counts: the second witness.
//!
//! # Role
//! Counts the instructions of whole runs, by the CPU's counter through `perf` where it works, else
//! by `callgrind`; says why not where neither does.
//!
//! # Not here
//! What follows from a contradiction with time (`crate::ab::verdict`).
//!
//! # Sources
//! Callgrind repeats a count to a few in a million and resolved a change of 1.8 % exactly on a
//! machine whose clocks scattered by 8 %.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use bedplate_os::facts::MachineFacts;
use serde::Serialize;

use super::measure::{Figures, Metric, Runner};
use super::outcome::Stop;
use crate::ab::Side;
use crate::ab::signed_rank::median;
use crate::run::program::inspect_program;

/// How many times longer a program takes under callgrind, at the most usual.
const CALLGRIND_SLOWNESS: f64 = 60.0;

/// Counted runs of each side, where there is time.
const RUNS: u32 = 2;

/// What counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counter {
    /// `perf stat`, by the CPU.
    Perf(PathBuf),
    /// `valgrind --tool=callgrind`, by simulation.
    Callgrind(PathBuf),
}

/// Counts of both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Witness {
    /// What counted.
    pub counter: &'static str,
    /// Counts of A.
    pub a: Vec<u64>,
    /// Counts of B.
    pub b: Vec<u64>,
    /// By how many percent B executes more than A.
    pub change_percent: f64,
    /// Largest difference between counts of one side, in percent.
    pub spread_percent: f64,
    /// Logarithm of A's count over B's.
    #[serde(skip)]
    pub shift: f64,
}

impl Counter {
    /// The counter of this machine.
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub fn find(facts: &MachineFacts, search_path: Option<&OsStr>) -> Result<Self, String> {
        let find = |name: &str| {
            let found = inspect_program(OsStr::new(name), search_path);
            found.ok().map(|program| program.path)
        };
        if facts.counters.instructions.known().is_some()
            && let Some(path) = find("perf")
        {
            return Ok(Self::Perf(path));
        }
        find("valgrind").map(Self::Callgrind).ok_or_else(|| {
            "no counter: the CPU's is not offered or `perf` not installed, and `valgrind` is not \
             installed (on Debian: apt-get install valgrind)"
                .to_owned()
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Perf(_) => "perf",
            Self::Callgrind(_) => "callgrind",
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Perf(path) | Self::Callgrind(path) => path,
        }
    }

    /// Seconds that a counted run of a program takes that usually takes `run_s`.
    #[must_use]
    pub fn run_s(&self, run_s: f64) -> f64 {
        match self {
            Self::Perf(_) => run_s,
            // Its own start takes most of a second.
            Self::Callgrind(_) => 0.7 + CALLGRIND_SLOWNESS * run_s,
        }
    }

    /// A command that counts `inner`; files go to `directory`.
    pub(crate) fn command(&self, inner: &Command, directory: &Path) -> Command {
        let mut command = Command::new(self.path());
        match self {
            Self::Perf(_) => {
                command
                    .args(["stat", "-x", ",", "-e", "instructions:u", "-o"])
                    .arg(directory.join(PERF_FILE))
                    .arg("--");
            }
            Self::Callgrind(_) => {
                command
                    .args(["--tool=callgrind", "--quiet", "--trace-children=yes"])
                    .arg(format!(
                        "--callgrind-out-file={}/{CALLGRIND_FILES}%p",
                        directory.display()
                    ));
            }
        }
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// A command that counts each instruction of `inner` by callgrind.
    pub(crate) fn command_by_instruction(&self, inner: &Command, directory: &Path) -> Command {
        let mut command = Command::new(self.path());
        command
            .args(["--tool=callgrind", "--quiet", "--trace-children=yes"])
            .arg("--dump-instr=yes")
            .arg(format!(
                "--callgrind-out-file={}/{CALLGRIND_FILES}%p",
                directory.display()
            ))
            .arg(inner.get_program())
            .args(inner.get_args());
        command
    }

    /// Whether callgrind wrote a file of this name for us.
    pub(crate) fn is_file_of_callgrind(name: &OsStr) -> bool {
        name.to_string_lossy().starts_with(CALLGRIND_FILES)
    }

    /// Reads what the counted run left, and removes it.
    pub(crate) fn read(&self, directory: &Path) -> io::Result<u64> {
        let missing = || io::Error::other("the counter wrote no total");
        match self {
            Self::Perf(_) => {
                let path = directory.join(PERF_FILE);
                let text = fs::read_to_string(&path)?;
                fs::remove_file(&path)?;
                perf_count(&text).ok_or_else(missing)
            }
            Self::Callgrind(_) => {
                let mut total = 0;
                for entry in fs::read_dir(directory)? {
                    let entry = entry?;
                    if !Self::is_file_of_callgrind(&entry.file_name()) {
                        continue;
                    }
                    let text = fs::read_to_string(entry.path())?;
                    fs::remove_file(entry.path())?;
                    total += callgrind_total(&text).unwrap_or(0);
                }
                (total > 0).then_some(total).ok_or_else(missing)
            }
        }
    }
}

/// Name of perf's file.
const PERF_FILE: &str = "perf.csv";

/// Names of callgrind's files begin so; one for each process.
const CALLGRIND_FILES: &str = "callgrind.";

/// The count in a line of `perf stat -x ,`.
fn perf_count(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains("instructions"))?;
    line.split(',').next()?.trim().parse().ok()
}

/// The total in callgrind's file.
pub(crate) fn callgrind_total(text: &str) -> Option<u64> {
    let line = text.lines().rev().find_map(|line| {
        line.strip_prefix("totals:")
            .or_else(|| line.strip_prefix("summary:"))
    })?;
    line.split_whitespace().next()?.parse().ok()
}

/// Counts both sides, each once more if all of it takes no longer than `within`.
pub(crate) fn count_both(
    runner: &mut Runner<'_>,
    counter: &Counter,
    within: Duration,
) -> Result<Witness, Stop> {
    let begun = Instant::now();
    let mut counts = [Vec::new(), Vec::new()];
    for run in 0..RUNS {
        if run > 0 && begun.elapsed() / run * (run + 1) > within {
            break;
        }
        for side in [Side::A, Side::B] {
            let figures = runner.count(counter, side, 0)?;
            counts[side as usize].extend(figures.instructions);
        }
    }
    let [a, b] = counts;
    Ok(witness(counter.name(), a, b))
}

fn witness(counter: &'static str, a: Vec<u64>, b: Vec<u64>) -> Witness {
    let middle = |counts: &[u64]| {
        let figures: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        median(&figures).unwrap_or(1.0).max(1.0)
    };
    let spread = |counts: &[u64]| match (counts.iter().min(), counts.iter().max()) {
        (Some(&least), Some(&most)) => 100.0 * (most - least) as f64 / (least.max(1)) as f64,
        _ => 0.0,
    };
    let shift = (middle(&a) / middle(&b)).ln();
    Witness {
        counter,
        change_percent: 100.0 * (-shift).exp_m1(),
        spread_percent: spread(&a).max(spread(&b)),
        shift,
        a,
        b,
    }
}

/// The witness made of one count of each side.
pub(crate) fn of_counts(counter: &'static str, [a, b]: [u64; 2]) -> Witness {
    witness(counter, vec![a], vec![b])
}

/// The witness made of counts that were the metric.
pub(crate) fn of_pairs(counter: &'static str, pairs: &[[Figures; 2]]) -> Witness {
    let side = |index: usize| {
        pairs
            .iter()
            .filter_map(|pair| pair[index].instructions)
            .collect()
    };
    witness(counter, side(0), side(1))
}

/// Whether `metric` may be contradicted by instruction counts.
#[must_use]
pub const fn may_contradict(metric: Metric) -> bool {
    matches!(metric, Metric::Wall | Metric::Cpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_the_counters_write() {
        let perf = "# started on Sat\n\n123456,,instructions:u,1000,100.00,,\n";
        assert_eq!(perf_count(perf), Some(123_456));
        assert_eq!(perf_count("<not supported>,,instructions:u,0,0.00\n"), None);
        assert_eq!(callgrind_total("events: Ir\nsummary: 12\n0 1\n"), Some(12));
        assert_eq!(callgrind_total("0 1\ntotals: 345\n"), Some(345));
    }

    #[test]
    fn one_count_of_each_side_is_a_witness() {
        let witness = of_counts("test", [100, 90]);
        assert_eq!((witness.a.len(), witness.b.len()), (1, 1));
        assert!((witness.change_percent + 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_witness_says_by_how_much_b_executes_more() {
        let witness = witness("test", vec![1000, 1001], vec![1100, 1100]);
        assert!((witness.change_percent - 9.95).abs() < 0.01);
        assert!((witness.spread_percent - 0.1).abs() < 1e-9);
        assert!(witness.shift < 0.0);
    }
}
