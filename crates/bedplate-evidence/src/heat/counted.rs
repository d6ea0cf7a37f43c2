//! Instruction counts of a run, and its CPU time without the counter.
//!
//! # Role
//! Runs a command under callgrind, with its children, and a few times by itself.

use alloc::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::RunError;
use crate::run::once::{Once, run_once};
use crate::run::program::inspect_program;
use crate::sides::execution::taken;
use crate::sides::lines::count_by_object;
use crate::trial::Contestant;
use crate::trial::witness::{Counter, callgrind_total};
use crate::versus::Interrupts;

/// Runs without the counter, of which the shortest is taken.
const PLAIN_RUNS_MAX: usize = 3;

/// No further plain run once they took so long.
const PLAIN_S: f64 = 5.0;

/// What a run executed.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Instructions of all processes.
    pub instructions: u64,
    /// How often each instruction of each object file ran.
    pub objects: BTreeMap<PathBuf, BTreeMap<u64, u64>>,
}

/// A command whose instructions are counted.
#[derive(Debug)]
pub struct Workload<'work> {
    /// Program and arguments.
    pub contestant: &'work Contestant,
    /// What ends it early.
    pub interrupts: &'work Interrupts,
}

impl Workload<'_> {
    /// Counts the instructions of one run; files go to `directory`.
    ///
    /// # Errors
    /// There is no valgrind, the run failed or was interrupted, or its counts cannot be read.
    pub fn count(
        &self,
        directory: &Path,
        search_path: Option<&OsStr>,
    ) -> Result<Counted, RunError> {
        let valgrind = valgrind(search_path)?;
        let counter = Counter::Callgrind(valgrind.clone());
        let mut command = counter.command_by_instruction(&self.contestant.command(), directory);
        let once = self.run(&mut command, &valgrind)?;
        let texts = taken(directory)?;
        self.demand_success(&once, " under callgrind")?;
        let mut by_name = BTreeMap::new();
        let mut counted = Counted::default();
        for text in &texts {
            counted.instructions += callgrind_total(text).unwrap_or(0);
            count_by_object(text, &mut by_name);
        }
        let objects = by_name.into_iter();
        counted.objects = objects
            .map(|(name, counts)| (PathBuf::from(name), counts))
            .collect();
        Ok(counted)
    }

    /// Instructions of one run in all; files go to `directory`.
    ///
    /// # Errors
    /// Those of [`Self::count`].
    pub fn total(&self, directory: &Path, search_path: Option<&OsStr>) -> Result<u64, RunError> {
        let valgrind = valgrind(search_path)?;
        let counter = Counter::Callgrind(valgrind.clone());
        let mut command = counter.command(&self.contestant.command(), directory);
        let once = self.run(&mut command, &valgrind)?;
        let total = counter.read(directory);
        self.demand_success(&once, " under callgrind")?;
        total.map_err(|source| RunError::System {
            what: "read the count of instructions",
            source,
        })
    }

    /// CPU seconds of the shortest of some runs without the counter.
    ///
    /// # Errors
    /// The run failed or was interrupted.
    pub fn cpu_s(&self) -> Result<f64, RunError> {
        let mut least = f64::INFINITY;
        let mut spent = 0.0;
        for _run in 0..PLAIN_RUNS_MAX {
            let mut command = self.contestant.command();
            let once = self.run(&mut command, &self.contestant.path)?;
            self.demand_success(&once, "")?;
            least = least.min(once.ended.user_s + once.ended.system_s);
            spent += once.wall_s;
            if spent > PLAIN_S {
                break;
            }
        }
        Ok(least)
    }

    fn run(&self, command: &mut Command, path: &Path) -> Result<Once, RunError> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let once = run_once(command, path, self.interrupts)?;
        match self.interrupts.signal().or(once.interrupted_by()) {
            Some(signal) => Err(senseless(format!("interrupted by signal {signal}"))),
            None => Ok(once),
        }
    }

    fn demand_success(&self, once: &Once, how: &str) -> Result<(), RunError> {
        if once.ended.code == Some(0) {
            return Ok(());
        }
        let words = self.contestant.shown_words().join(" ");
        let said = String::from_utf8_lossy(&once.error_tail);
        Err(senseless(format!(
            "{words}: ended with code {}{how}; only a run that succeeds says what its code costs: {}",
            once.ended.shell_code(),
            said.trim()
        )))
    }
}

/// Finds valgrind.
///
/// # Errors
/// It is not installed; with what to do.
pub fn valgrind(search_path: Option<&OsStr>) -> Result<PathBuf, RunError> {
    inspect_program(OsStr::new("valgrind"), search_path)
        .map(|found| found.path)
        .map_err(|_absent| {
            senseless(
                "executions are counted by callgrind, and valgrind is not installed (on Debian: \
                 apt-get install valgrind)"
                    .to_owned(),
            )
        })
}

fn senseless(message: String) -> RunError {
    RunError::Senseless { message }
}
