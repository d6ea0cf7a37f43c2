//! What runs cost, in pairs.
//!
//! # Role
//! Processor time and peak memory of single runs by a small launcher, and the ratios of two programs that ran in
//! turn.
//!
//! # Invariants
//! - I1: ratios are formed within a round; figures of different rounds never meet.

use super::process::root;
use super::trouble::Trouble;
use core::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    cpu_us: f64,
    peak_kib: f64,
}

/// The launcher of the bench: a child starts with the peak memory of whoever started it, so it must be small.
#[derive(Debug)]
pub(super) struct Launcher(PathBuf);

impl Launcher {
    /// Compiles it into `folder`.
    pub(super) fn build(folder: &Path) -> Result<Self, Trouble> {
        let program = folder.join("launch");
        let output = Command::new("cc")
            .args(["-O2", "-static", "-o"])
            .arg(&program)
            .arg(root().join("bench/programs/launch.c"))
            .output()
            .map_err(|error| Trouble::new(format!("cc: {error}")))?;
        if output.status.success() {
            return Ok(Self(program));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Trouble::new(format!("cc launch.c: {said}")))
    }

    /// Runs `program` once on `input`, as it comes, and drops what it prints.
    pub(super) fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        input: &Path,
    ) -> Result<Cost, Trouble> {
        // The launcher's own line is the last, after the program's output.
        let output = Command::new(&self.0)
            .args(["1", "-", "/bin/sh", "-c", "exec \"$@\" > /dev/null", "sh"])
            .arg(program)
            .args(arguments)
            .arg(input)
            .output()
            .map_err(|error| Trouble::new(format!("{}: {error}", self.0.display())))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let what = format!("{}: {}: {said}", program.display(), output.status);
            return Err(Trouble::new(what));
        }
        let figure = |name: &str| {
            let mut words = text.split_whitespace();
            words.find(|word| *word == name)?;
            words.next()?.parse::<f64>().ok()
        };
        match (figure("cpu_us"), figure("peak_kib")) {
            (Some(cpu_us), Some(peak_kib)) => Ok(Cost { cpu_us, peak_kib }),
            _ => Err(Trouble::new(format!("the launcher said {text:?}"))),
        }
    }
}

/// Ratios of ours to the other, one for each round.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    cpu: Vec<f64>,
    peak: Vec<f64>,
}

impl Pairs {
    /// Adds a round: processor times add up, of the peaks the greatest counts.
    pub(super) fn add(&mut self, ours: &[Cost], other: &[Cost]) {
        let cpu = |costs: &[Cost]| costs.iter().map(|cost| cost.cpu_us).sum::<f64>();
        let peak = |costs: &[Cost]| costs.iter().map(|cost| cost.peak_kib).fold(0.0, f64::max);
        self.cpu.push(cpu(ours) / cpu(other));
        self.peak.push(peak(ours) / peak(other));
    }
}

/// Median and range.
fn describe(ratios: &[f64]) -> String {
    let mut sorted = ratios.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
        return "not measured".to_owned();
    };
    let middle = f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    format!("{middle:.3} [{least:.3}, {most:.3}]")
}

impl Display for Pairs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CPU time {}, peak memory {} (median and range of {} rounds)",
            describe(&self.cpu),
            describe(&self.peak),
            self.cpu.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, Pairs};

    #[test]
    fn ratios_are_formed_within_rounds() {
        let cost = |cpu_us, peak_kib| Cost { cpu_us, peak_kib };
        let mut pairs = Pairs::default();
        pairs.add(
            &[cost(1.0, 10.0), cost(2.0, 30.0)],
            &[cost(3.0, 20.0), cost(3.0, 10.0)],
        );
        pairs.add(&[cost(10.0, 20.0)], &[cost(10.0, 20.0)]);
        assert_eq!(
            pairs.to_string(),
            "CPU time 0.750 [0.500, 1.000], peak memory 1.250 [1.000, 1.500] (median and range of 2 rounds)"
        );
    }
}
