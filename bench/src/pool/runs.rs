//! Builds and runs of the programs that stand for a pool's users.
//!
//! # Role
//! One binary has every contender, built with the same flags (`bench/peers/pools`). A timing row's
//! contenders run in turn, round by round, in processes of their own.

use crate::callgrind;
use crate::failure::Failure;
use crate::peer::{cargo_built, carrier};
use crate::program;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package of the programs.
const PACKAGE: &str = "pools";

/// The programs, built.
#[derive(Debug)]
pub(super) struct Programs {
    path: PathBuf,
    /// The peers with their versions.
    rayon: String,
    chili: String,
}

/// A run: the words behind the binary's name but the pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) program: &'static str,
    pub(super) size: u32,
    pub(super) repeats: u32,
}

/// The figures of several contenders, round by round.
#[derive(Debug)]
pub(super) struct Rounds {
    /// By contender, the figure of each round, or why there are none.
    medians: Vec<Result<Vec<f64>, Failure>>,
}

impl Programs {
    /// Builds them.
    ///
    /// # Errors
    /// - Those of cargo.
    pub(super) fn build() -> Result<Self, Failure> {
        let directory = program::output_directory()?;
        let messages = cargo_built::build(PACKAGE, &directory)?;
        let path = messages
            .iter()
            .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
        let version = |name: &str| {
            carrier::find(PACKAGE, name).map(|found| format!("{name} {}", found.version))
        };
        Ok(Self {
            path: path.ok_or_else(|| Failure::Output {
                program: format!("cargo build of {PACKAGE}"),
                what: "no program".to_owned(),
            })?,
            rayon: version("rayon")?,
            chili: version("chili")?,
        })
    }

    /// The figures that one process prints.
    pub(super) fn figures(&self, run: Run, pool: &str) -> Result<Vec<f64>, Failure> {
        let output = Command::new(&self.path)
            .args(words(run, pool, run.repeats))
            .output()
            .map_err(|error| Failure::start("pools", "cargo", &error))?;
        let shown = format!("pools {} {pool}", run.program);
        if !output.status.success() {
            let how = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::Ended {
                program: shown,
                how,
            });
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let figures: Option<Vec<f64>> = text.lines().map(|line| line.parse().ok()).collect();
        figures
            .filter(|figures| !figures.is_empty())
            .ok_or_else(|| Failure::Output {
                program: shown,
                what: text.into_owned(),
            })
    }

    /// Runs contenders in turn; of each process the given part of its sorted figures counts (0.5 is
    /// the median). One that fails is not run again.
    pub(super) fn rounds(&self, run: Run, pools: &[&str], rounds: u32, part: f64) -> Rounds {
        let mut medians = vec![Ok(Vec::new()); pools.len()];
        for _ in 0..rounds {
            for (pool, medians) in pools.iter().zip(&mut medians) {
                let Ok(known) = medians else { continue };
                match self.figures(run, pool) {
                    Ok(figures) => known.push(part_of(figures, part)),
                    Err(failure) => *medians = Err(failure),
                }
            }
        }
        Rounds { medians }
    }

    /// A contender as reports name it.
    pub(super) fn named(&self, pool: &str) -> String {
        match pool {
            "chili" => self.chili.clone(),
            "rayon" => self.rayon.clone(),
            "bedplate" => "ours, inside".to_owned(),
            other => other.to_owned(),
        }
    }

    /// Instructions of one repetition, by the difference of two numbers of them, on one worker.
    pub(super) fn instructions(&self, run: Run, pool: &str) -> Result<f64, Failure> {
        let count = |repeats: u32| {
            let mut words = words(run, pool, repeats).to_vec();
            words.push("1".to_owned());
            callgrind::plain_instructions(Path::new(&self.path), &words)
        };
        Ok((count(2 + run.repeats)? - count(2)?) / f64::from(run.repeats))
    }
}

fn words(run: Run, pool: &str, repeats: u32) -> [String; 4] {
    [
        run.program.to_owned(),
        pool.to_owned(),
        run.size.to_string(),
        repeats.to_string(),
    ]
}

/// The figure at a part of the sorted figures.
fn part_of(mut figures: Vec<f64>, part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index within the figures"
    )]
    let at = ((figures.len() - 1) as f64 * part).round() as usize;
    figures[at]
}

impl Rounds {
    /// The median of a contender's rounds.
    ///
    /// # Errors
    /// - What kept the contender from running.
    pub(super) fn median(&self, contender: usize) -> Result<f64, Failure> {
        self.medians[contender]
            .clone()
            .map(|figures| part_of(figures, 0.5))
    }

    /// The median over rounds of what `of` makes of the first `takes` contenders' figures of a round,
    /// and its extremes: with seven rounds they hold the true median with 98 %.
    ///
    /// # Errors
    /// - What kept one of them from running.
    pub(super) fn judge(
        &self,
        takes: usize,
        of: impl Fn(&[f64]) -> f64,
    ) -> Result<(f64, [f64; 2]), Failure> {
        let taken: Result<Vec<Vec<f64>>, Failure> =
            self.medians.iter().take(takes).cloned().collect();
        let taken = taken?;
        let count = taken.first().map_or(0, Vec::len);
        let each: Vec<f64> = (0..count)
            .map(|round| of(&taken.iter().map(|m| m[round]).collect::<Vec<f64>>()))
            .collect();
        let ends = [part_of(each.clone(), 0.0), part_of(each.clone(), 1.0)];
        Ok((part_of(each, 0.5), ends))
    }
}

#[cfg(test)]
mod tests {
    use super::{Rounds, part_of};
    use crate::failure::Failure;

    #[test]
    fn parts_are_found() {
        assert!((part_of(vec![3.0, 1.0, 2.0], 0.5) - 2.0).abs() < f64::EPSILON);
        assert!((part_of(vec![3.0, 1.0, 2.0], 1.0) - 3.0).abs() < f64::EPSILON);
    }

    fn rounds() -> Rounds {
        let missing = Failure::Missing {
            program: "c++",
            package: "g++",
        };
        Rounds {
            medians: vec![
                Ok(vec![1.0, 4.0, 3.0]),
                Ok(vec![2.0, 4.0, 4.0]),
                Err(missing),
            ],
        }
    }

    #[test]
    fn ratios_are_judged_round_by_round() {
        let (median, ends) = rounds().judge(2, |f| f[0] / f[1]).expect("both ran");
        assert!((median - 0.75).abs() < f64::EPSILON);
        assert!((ends[0] - 0.5).abs() < f64::EPSILON);
        assert!((ends[1] - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_contender_that_did_not_run_matters_where_it_is_taken() {
        assert!(rounds().judge(3, |f| f[0] / f[2]).is_err());
        assert!(rounds().median(2).is_err());
    }
}
