//! Runs of the programs.
//!
//! # Role
//! A row's contenders run in turn, round by round, in processes of their own; each round begins with
//! another contender. What was run once is kept: several rows ask for the same runs.

use super::patience;
use super::programs::Programs;
use crate::callgrind;
use crate::failure::Failure;
use bedplate_evidence::ab::dice::Dice;
use core::cell::RefCell;
use core::time::Duration;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::rc::Rc;

/// No process takes this long; forte's spawns have hung.
const LIMIT: Duration = Duration::from_mins(3);
/// Seldom, for it wakes a CPU.
const LOOK: Duration = Duration::from_millis(50);

/// How often rounds are drawn again, and the seed.
const DRAWS: u32 = 1000;
const DRAWN: u64 = 1;

/// Whether threads are bound to CPUs, each to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Ours bind themselves, as by default; the others are bound by the program.
    Bound,
    /// Nobody is bound.
    Free,
}

impl Place {
    /// The word for it on the programs' command line, and in reports.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Free => "free",
        }
    }
}

/// A run: the words behind the binary's name but the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) program: &'static str,
    pub(super) size: u32,
    pub(super) repeats: u32,
    pub(super) place: Place,
}

/// What was run, and the contenders.
type Key = (Run, &'static [&'static str]);

/// Runs that were made.
#[derive(Debug, Default)]
pub(super) struct Runs {
    kept: RefCell<BTreeMap<Key, Rc<Rounds>>>,
}

/// The figures of several contenders, round by round.
#[derive(Debug)]
pub(super) struct Rounds {
    /// By contender and round, sorted; or why there are none.
    figures: Vec<Result<Vec<Vec<f64>>, Failure>>,
}

impl Runs {
    /// Runs contenders in turn. One that fails is not run again.
    pub(super) fn rounds(
        &self,
        programs: &Programs,
        run: Run,
        pools: &'static [&'static str],
        rounds: usize,
    ) -> Rc<Rounds> {
        let known = self.kept.borrow().get(&(run, pools)).cloned();
        known.unwrap_or_else(|| {
            let made = Rc::new(made(programs, run, pools, rounds));
            let own = Rc::clone(&made);
            self.kept.borrow_mut().insert((run, pools), own);
            made
        })
    }
}

fn made(programs: &Programs, run: Run, pools: &[&str], rounds: usize) -> Rounds {
    let mut all = vec![Ok(Vec::new()); pools.len()];
    for round in 0..rounds {
        for turn in 0..pools.len() {
            let at = (round + turn) % pools.len();
            let Ok(known) = &mut all[at] else { continue };
            match figures(programs, run, pools[at]) {
                Ok(figures) => known.push(figures),
                Err(failure) => all[at] = Err(failure),
            }
        }
    }
    Rounds { figures: all }
}

/// What one process prints.
///
/// # Errors
/// - What kept the contender from being built or run.
pub(super) fn printed(programs: &Programs, run: Run, pool: &str) -> Result<String, Failure> {
    let path = programs.path(pool)?;
    let child = Command::new(path)
        .args(words(run, pool, run.repeats, 0))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::start("pools", "cargo", &error))?;
    let program = format!("pools {} {pool}", run.program);
    let output = patience::ended(child, &program, LIMIT, LOOK)?;
    if !output.status.success() {
        let how = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Ended { program, how });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The figures that one process prints, sorted.
fn figures(programs: &Programs, run: Run, pool: &str) -> Result<Vec<f64>, Failure> {
    let text = printed(programs, run, pool)?;
    let figures: Option<Vec<f64>> = text.lines().map(|line| line.parse().ok()).collect();
    let mut figures = figures
        .filter(|figures| !figures.is_empty())
        .ok_or_else(|| Failure::Output {
            program: format!("pools {} {pool}", run.program),
            what: text,
        })?;
    figures.sort_by(f64::total_cmp);
    Ok(figures)
}

/// Instructions of one repetition, by the difference of two numbers of them, on one worker.
///
/// # Errors
/// - What kept the contender or valgrind from running.
pub(super) fn instructions(programs: &Programs, run: Run, pool: &str) -> Result<f64, Failure> {
    let path = programs.path(pool)?;
    let count = |repeats: u32| callgrind::plain_instructions(path, &words(run, pool, repeats, 1));
    Ok((count(2 + run.repeats)? - count(2)?) / f64::from(run.repeats))
}

fn words(run: Run, pool: &str, repeats: u32, threads: u32) -> [String; 6] {
    [
        run.program.to_owned(),
        pool.to_owned(),
        run.size.to_string(),
        repeats.to_string(),
        threads.to_string(),
        run.place.word().to_owned(),
    ]
}

/// The figure at a part of the sorted figures; 0.5 is the median.
fn part_of(figures: &[f64], part: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index within the figures"
    )]
    let at = ((figures.len() - 1) as f64 * part).round() as usize;
    figures[at]
}

fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

impl Rounds {
    /// By round, the figure at a part of a contender's.
    ///
    /// # Errors
    /// - What kept the contender from running.
    pub(super) fn parts(&self, contender: usize, part: f64) -> Result<Vec<f64>, Failure> {
        let rounds = self.figures[contender].as_ref().map_err(Clone::clone)?;
        Ok(rounds.iter().map(|of| part_of(of, part)).collect())
    }

    /// The median over a contender's rounds of the figure at a part.
    ///
    /// # Errors
    /// - What kept the contender from running.
    pub(super) fn median(&self, contender: usize, part: f64) -> Result<f64, Failure> {
        Ok(part_of(&sorted(self.parts(contender, part)?), 0.5))
    }

    /// The median over rounds of what `of` makes of the figures, at a part, of the first `takes`
    /// contenders of a round, and its extremes: with seven rounds they hold the true median with
    /// 98 %.
    ///
    /// # Errors
    /// - What kept one of them from running.
    pub(super) fn judge(
        &self,
        takes: usize,
        part: f64,
        of: impl Fn(&[f64]) -> f64,
    ) -> Result<(f64, [f64; 2]), Failure> {
        let taken: Result<Vec<Vec<f64>>, Failure> =
            (0..takes).map(|at| self.parts(at, part)).collect();
        let taken = taken?;
        let count = taken.first().map_or(0, Vec::len);
        let each =
            (0..count).map(|round| of(&taken.iter().map(|m| m[round]).collect::<Vec<f64>>()));
        let each = sorted(each.collect());
        let ends = [part_of(&each, 0.0), part_of(&each, 1.0)];
        Ok((part_of(&each, 0.5), ends))
    }

    /// The figure at a part of all a contender's, whichever process printed them.
    ///
    /// # Errors
    /// - What kept the contender from running.
    pub(super) fn pooled(&self, contender: usize, part: f64) -> Result<f64, Failure> {
        let rounds = self.figures[contender].as_ref().map_err(Clone::clone)?;
        Ok(part_of(&sorted(rounds.concat()), part))
    }

    /// What `of` makes of the first `takes` contenders' figures at a part of all rounds' together, and the interval that
    /// holds 95 % of what it makes of rounds drawn again, each contender's on its own.
    ///
    /// # Errors
    /// - What kept one of them from running.
    pub(super) fn judge_pooled(
        &self,
        takes: usize,
        part: f64,
        of: impl Fn(&[f64]) -> f64,
    ) -> Result<(f64, [f64; 2]), Failure> {
        let plain: Result<Vec<f64>, Failure> = (0..takes).map(|at| self.pooled(at, part)).collect();
        let value = of(&plain?);
        let rounds: Vec<&Vec<Vec<f64>>> = self.figures[..takes]
            .iter()
            .filter_map(|r| r.as_ref().ok())
            .collect();
        let mut dice = Dice::new(DRAWN, 0);
        let mut drawn = |rounds: &[Vec<f64>]| {
            let mut again = Vec::new();
            for _ in rounds {
                let at = dice.below(rounds.len() as u64);
                again.extend(
                    rounds
                        .iter()
                        .skip(usize::try_from(at).unwrap_or(0))
                        .take(1)
                        .flatten(),
                );
            }
            part_of(&sorted(again), part)
        };
        let mut turn = |_| {
            of(&rounds
                .iter()
                .map(|rounds| drawn(rounds))
                .collect::<Vec<f64>>())
        };
        let each = sorted((0..DRAWS).map(&mut turn).collect());
        Ok((value, [part_of(&each, 0.025), part_of(&each, 0.975)]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Rounds, part_of};
    use crate::failure::Failure;

    #[test]
    fn parts_are_found() {
        assert!((part_of(&[1.0, 2.0, 3.0], 0.5) - 2.0).abs() < f64::EPSILON);
        assert!((part_of(&[1.0, 2.0, 3.0], 1.0) - 3.0).abs() < f64::EPSILON);
    }

    fn rounds() -> Rounds {
        let missing = Failure::Missing {
            program: "c++",
            package: "g++",
        };
        let each = |figures: [f64; 3]| Ok(figures.map(|figure| vec![figure]).to_vec());
        Rounds {
            figures: vec![each([1.0, 4.0, 3.0]), each([2.0, 4.0, 4.0]), Err(missing)],
        }
    }

    #[test]
    fn ratios_are_judged_round_by_round() {
        let judged = rounds().judge(2, 0.5, |f| f[0] / f[1]);
        let (median, ends) = judged.expect("both ran");
        assert!((median - 0.75).abs() < f64::EPSILON);
        assert!((ends[0] - 0.5).abs() < f64::EPSILON);
        assert!((ends[1] - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn rounds_are_judged_together() {
        let rounds = rounds();
        let judged = rounds.judge_pooled(2, 0.5, |f| f[0] / f[1]);
        let (value, ends) = judged.expect("both ran");
        assert!(
            (value - 0.75).abs() < f64::EPSILON,
            "3 of 1, 3, 4 to 4 of 2, 4, 4"
        );
        assert!(ends[0] < value && value < ends[1]);
        assert!(rounds.judge_pooled(3, 0.5, |f| f[2]).is_err());
    }

    #[test]
    fn a_contender_that_did_not_run_matters_where_it_is_taken() {
        assert!(rounds().judge(3, 0.5, |f| f[0] / f[2]).is_err());
        assert!(rounds().median(2, 0.5).is_err());
        assert!(rounds().median(1, 0.5).is_ok());
    }
}
