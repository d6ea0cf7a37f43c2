//! One run of a side, and its figures.
//!
//! # Role
//! Runs a side in the common surroundings, checks that it ended well, and keeps what it used.
//!
//! # Not here
//! Which side runs when (`crate::ab::series`).

use alloc::collections::BTreeSet;
use core::time::Duration;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::contestant::Contestant;
use super::limit::{Limit, exceeded};
use super::outcome::{SideFailure, Stop};
use super::surroundings::Surroundings;
use super::witness::Counter;
use crate::ab::Side;
use crate::error::RunError;
use crate::process::Ended;
use crate::run::once::{Once, run_once_within};
use crate::sides::Layouts;
use crate::versus::Interrupts;

/// What is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Time from start to end.
    #[default]
    Wall,
    /// CPU time, of the program and the descendants it waited for.
    Cpu,
    /// Largest resident set of the program or of one descendant it waited for.
    Rss,
    /// Instructions executed.
    Instructions,
}

impl Metric {
    /// What B takes less or more of.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Wall => "time",
            Self::Cpu => "CPU time",
            Self::Rss => "memory at its peak",
            Self::Instructions => "instructions",
        }
    }

    /// The option's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
            Self::Rss => "rss",
            Self::Instructions => "instructions",
        }
    }

    /// Differences of this scale are there even where none are seen: clocks and pages have a size.
    #[must_use]
    pub const fn deviation_floor(self) -> f64 {
        match self {
            Self::Wall | Self::Cpu | Self::Rss => 1e-4,
            Self::Instructions => 1e-5,
        }
    }
}

/// What a run used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Seconds from start to end.
    pub wall_s: f64,
    /// CPU seconds.
    pub cpu_s: f64,
    /// Peak of the resident set.
    pub peak_rss_bytes: u64,
    /// Instructions, where this run was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<u64>,
}

impl Figures {
    /// The figure of a metric; always above 0.
    #[must_use]
    pub fn of(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Wall => self.wall_s,
            Metric::Cpu => self.cpu_s,
            Metric::Rss => self.peak_rss_bytes as f64,
            Metric::Instructions => self.instructions.unwrap_or(0) as f64,
        }
        // Below the clock's grain there is nothing to take the logarithm of.
        .max(1e-6)
    }

    fn from_run(once: &Once) -> Self {
        Self {
            wall_s: once.wall_s,
            cpu_s: once.ended.user_s + once.ended.system_s,
            peak_rss_bytes: once.ended.peak_rss_bytes,
            instructions: None,
        }
    }
}

/// Runs sides and remembers what they printed.
#[derive(Debug)]
pub(crate) struct Runner<'run> {
    pub(crate) a: &'run Contestant,
    pub(crate) b: &'run Contestant,
    pub(crate) surroundings: &'run Surroundings,
    pub(crate) interrupts: &'run Interrupts,
    /// Where counted runs write.
    pub(crate) directory: &'run Path,
    pub(crate) layouts: Option<&'run Layouts>,
    /// How long a run may take.
    pub(crate) limit: Limit,
    /// Hashes of the outputs of A and of B.
    pub(crate) outputs: [BTreeSet<u64>; 2],
    /// Seconds that all runs took.
    pub(crate) run_s: f64,
    pub(crate) runs: u64,
}

impl Runner<'_> {
    fn contestant(&self, side: Side) -> &Contestant {
        match side {
            Side::A => self.a,
            Side::B => self.b,
        }
    }

    /// Runs a side once with `padding` bytes more in its environment.
    pub(crate) fn run(&mut self, side: Side, padding: usize) -> Result<Figures, Stop> {
        let contestant = self.contestant(side);
        let mut command = contestant.command();
        let path = contestant.path.clone();
        let once = self.once(&mut command, &path, (side, padding), self.limit.of_run())?;
        self.outputs[side as usize].insert(once.output_hash);
        Ok(Figures::from_run(&once))
    }

    /// Runs a side once and counts its instructions.
    pub(crate) fn count(
        &mut self,
        counter: &Counter,
        side: Side,
        padding: usize,
    ) -> Result<Figures, Stop> {
        let inner = self.contestant(side).command();
        let mut command = counter.command(&inner, self.directory);
        let limit = self.limit.of_counted(counter);
        let once = self.once(&mut command, counter.path(), (side, padding), limit)?;
        let instructions = counter
            .read(self.directory)
            .map_err(|source| RunError::System {
                what: "read the instruction count",
                source,
            })?;
        Ok(Figures {
            instructions: Some(instructions),
            ..Figures::from_run(&once)
        })
    }

    fn once(
        &mut self,
        command: &mut Command,
        path: &Path,
        (side, padding): (Side, usize),
        limit: Option<Duration>,
    ) -> Result<Once, Stop> {
        if let Some(Err(error)) = self.layouts.map(|layouts| layouts.renew(side)) {
            // An interrupt from a terminal ends the linker too.
            let signal = self.interrupts.signal();
            return Err(signal.map_or(Stop::Error(error), Stop::Interrupted));
        }
        self.surroundings.apply(command, padding)?;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let once = run_once_within(command, path, self.interrupts, limit)?;
        self.run_s += once.wall_s;
        self.runs += 1;
        if once.is_late {
            let how = exceeded(limit);
            let failure = failure(side, &once);
            return Err(Stop::Failed(SideFailure { how, ..failure }));
        }
        if let Some(signal) = self.interrupts.signal().or(once.interrupted_by()) {
            return Err(Stop::Interrupted(signal));
        }
        if once.ended.code != Some(0) {
            return Err(Stop::Failed(failure(side, &once)));
        }
        Ok(once)
    }
}

fn failure(side: Side, once: &Once) -> SideFailure {
    SideFailure {
        side,
        how: how(&once.ended),
        output_tail: String::from_utf8_lossy(&once.output_tail).into_owned(),
        error_tail: String::from_utf8_lossy(&once.error_tail).into_owned(),
    }
}

/// How a run ended, in words.
pub(crate) fn how(ended: &Ended) -> String {
    match (ended.code, ended.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
