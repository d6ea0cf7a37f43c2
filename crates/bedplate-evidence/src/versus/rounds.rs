//! Running a program in turn under several allocators.
//!
//! # Role
//! Rounds in which every arm runs once, in random order, without any watching; medians, ratios and
//! differences in what the program did.
//!
//! # Not here
//! The statistics (`crate::ab`) and the watched run (`crate::run`).
//!
//! # Invariants
//! I1. The runs of one round are neighbours in time, so drift of the machine falls on all arms
//!     alike; the order within a round is random, so position does too.

use alloc::collections::BTreeSet;
use std::process::Stdio;

use super::arms::Arm;
use super::input::Input;
use super::interrupts::Interrupts;
use super::shuffle::Shuffle;
use crate::ab::signed_rank;
use crate::error::RunError;
use crate::report::model::{ArmReport, Ratios, Versus};
use crate::run::launch::Target;
use crate::run::once::{Once, run_once};

/// What a comparison needs.
#[derive(Debug)]
pub struct VersusPlan<'plan> {
    /// The program.
    pub target: &'plan Target,
    /// Ours.
    pub ours: Arm,
    /// The others.
    pub others: Vec<Arm>,
    /// Rounds to run.
    pub rounds: u32,
    /// Start of the random order.
    pub seed: u64,
    /// The program's input.
    pub input: &'plan Input,
    /// What ends it early.
    pub interrupts: &'plan Interrupts,
}

/// One run of one arm.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    wall_s: f64,
    cpu_s: f64,
    peak_rss_bytes: u64,
    shell_code: i32,
    output_hash: u64,
    /// The signal that ended it, if it is one that people send.
    interrupted_by: Option<i32>,
}

/// A comparison that was made.
#[derive(Debug)]
pub struct Compared {
    /// The figures of its whole rounds.
    pub versus: Versus,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
}

/// Runs the comparison; `on_run` is told how many of all runs are done.
///
/// An interrupt from the terminal ends it early; whole rounds count.
///
/// # Errors
/// A run could not be started or waited for.
pub fn compare(
    plan: &VersusPlan<'_>,
    on_run: &mut dyn FnMut(u64, &str),
) -> Result<Compared, RunError> {
    let arms: Vec<&Arm> = core::iter::once(&plan.ours).chain(&plan.others).collect();
    let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(); arms.len()];
    let mut shuffle = Shuffle::new(plan.seed);
    let load_average = load_average();
    let mut interrupted_by = None;
    let mut done = 0;
    'rounds: for _round in 0..plan.rounds {
        let mut of_round = vec![None; arms.len()];
        for index in shuffle.order(arms.len()) {
            on_run(done, &arms[index].name);
            let outcome = run_arm(plan, arms[index])?;
            interrupted_by = plan.interrupts.signal().or(outcome.interrupted_by);
            if interrupted_by.is_some() {
                break 'rounds;
            }
            of_round[index] = Some(outcome);
            done += 1;
        }
        for (index, outcome) in of_round.into_iter().flatten().enumerate() {
            outcomes[index].push(outcome);
        }
    }
    let ours = &outcomes[0];
    let others = arms[1..]
        .iter()
        .zip(&outcomes[1..])
        .map(|(arm, theirs)| arm_report(arm, theirs, Some(ours)))
        .collect();
    Ok(Compared {
        versus: Versus {
            rounds: ours.len() as u64,
            seed: plan.seed,
            ours: arm_report(&plan.ours, ours, None),
            others,
            load_average,
            rss_floor_bytes: own_anonymous_bytes(),
        },
        interrupted_by,
    })
}

fn run_arm(plan: &VersusPlan<'_>, arm: &Arm) -> Result<Outcome, RunError> {
    let mut command = plan.target.command(arm.library.as_deref())?;
    command
        .stdin(plan.input.again()?)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let once = run_once(&mut command, &plan.target.path, plan.interrupts)?;
    Ok(outcome(&once))
}

fn outcome(once: &Once) -> Outcome {
    Outcome {
        wall_s: once.wall_s,
        cpu_s: once.ended.user_s + once.ended.system_s,
        peak_rss_bytes: once.ended.peak_rss_bytes,
        shell_code: once.ended.shell_code(),
        output_hash: once.output_hash,
        interrupted_by: once.interrupted_by(),
    }
}

fn arm_report(arm: &Arm, theirs: &[Outcome], ours: Option<&Vec<Outcome>>) -> ArmReport {
    let median = |figure: fn(&Outcome) -> f64| {
        signed_rank::median(&theirs.iter().map(figure).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let exit_codes: BTreeSet<i32> = theirs.iter().map(|outcome| outcome.shell_code).collect();
    ArmReport {
        name: arm.name.clone(),
        library: arm.library.as_ref().map(|path| path.display().to_string()),
        wall_s: median(|outcome| outcome.wall_s),
        cpu_s: median(|outcome| outcome.cpu_s),
        peak_rss_bytes: median(|outcome| outcome.peak_rss_bytes as f64),
        ratios: ours.map(|ours| ratios(ours, theirs)),
        raw: theirs
            .iter()
            .map(|outcome| (outcome.wall_s, outcome.cpu_s, outcome.peak_rss_bytes))
            .collect(),
        exit_codes: exit_codes.into_iter().collect(),
        differences: ours.map_or_else(Vec::new, |ours| differences(&arm.name, ours, theirs)),
    }
}

fn ratios(ours: &[Outcome], theirs: &[Outcome]) -> Ratios {
    let ratio = |figure: fn(&Outcome) -> f64| {
        let pairs: Vec<(f64, f64)> = ours
            .iter()
            .zip(theirs)
            .map(|(our, their)| (figure(our), figure(their)))
            .collect();
        signed_rank::ratio(&pairs).map(Into::into)
    };
    Ratios {
        wall: ratio(|outcome| outcome.wall_s),
        cpu: ratio(|outcome| outcome.cpu_s),
        peak_rss: ratio(|outcome| outcome.peak_rss_bytes as f64),
    }
}

/// What the program did differently under the two allocators.
fn differences(name: &str, ours: &[Outcome], theirs: &[Outcome]) -> Vec<String> {
    let mut found = Vec::new();
    let codes = |outcomes: &[Outcome]| -> BTreeSet<i32> {
        outcomes.iter().map(|outcome| outcome.shell_code).collect()
    };
    let hashes = |outcomes: &[Outcome]| -> BTreeSet<u64> {
        outcomes.iter().map(|outcome| outcome.output_hash).collect()
    };
    if codes(ours) != codes(theirs) {
        found.push(format!(
            "EXIT CODE DIFFERS: {:?} on bedplate, {:?} under {name}",
            codes(ours),
            codes(theirs)
        ));
    }
    let (our_outputs, their_outputs) = (hashes(ours), hashes(theirs));
    if our_outputs.len() > 1 && their_outputs.len() > 1 {
        found.push(format!(
            "the output varies from run to run under both bedplate and {name}, so it was not compared"
        ));
    } else if our_outputs != their_outputs {
        found.push(format!("OUTPUT DIFFERS between bedplate and {name}"));
    }
    found
}

/// The machine's load over the last minute.
fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg")
        .ok()?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Our anonymous resident bytes: a forked child starts with at most these.
pub(crate) fn own_anonymous_bytes() -> u64 {
    crate::process::Process::open(std::process::id())
        .and_then(|process| process.rollup())
        .map_or(0, |rollup| rollup.anonymous_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(shell_code: i32, output_hash: u64) -> Outcome {
        Outcome {
            wall_s: 1.0,
            cpu_s: 1.0,
            peak_rss_bytes: 1,
            shell_code,
            output_hash,
            interrupted_by: None,
        }
    }

    #[test]
    fn a_different_exit_code_or_output_is_loud() {
        let ours = [outcome(0, 1), outcome(0, 1)];
        assert!(differences("system", &ours, &ours).is_empty());
        let crashed = differences("system", &ours, &[outcome(139, 1), outcome(139, 1)]);
        assert!(crashed[0].contains("EXIT CODE DIFFERS"), "{crashed:?}");
        let other = differences("system", &ours, &[outcome(0, 2), outcome(0, 2)]);
        assert!(other[0].contains("OUTPUT DIFFERS"), "{other:?}");
        let sometimes = differences("system", &ours, &[outcome(0, 1), outcome(0, 2)]);
        assert!(sometimes[0].contains("OUTPUT DIFFERS"), "{sometimes:?}");
        let vary = [outcome(0, 3), outcome(0, 4)];
        assert!(differences("system", &vary, &vary)[0].contains("varies"));
    }
}
