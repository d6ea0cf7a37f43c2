//! One program: builds, outputs, times.

use super::build::{self, Builds};
use super::work::{self, Run};
use crate::failure::Failure;
use crate::published::{Source, make};
use bedplate_evidence::ab::signed_rank::{self, Estimate};
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The longest that one run may take.
const TIME: Duration = Duration::from_secs(300);

/// Something a program is given to do.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) name: &'static str,
    /// Arguments; `{out}` stands for a folder of the run's own, whose files are compared.
    pub(super) words: Vec<String>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) rayon: String,
    /// Files and outputs that were equal, and their bytes.
    pub(super) equal: (usize, usize),
    /// Threads of the pool that worked, and their milliseconds, in the runs whose outputs were compared.
    pub(super) active: (usize, f64),
    pub(super) time: Estimate,
    pub(super) rounds: usize,
}

/// Everything a run made, by name.
type Made = BTreeMap<String, Vec<u8>>;

/// Builds both, compares what they make of `tasks`, and measures `rounds` pairs.
pub(super) fn compare(
    source: &Source,
    program: &str,
    folder: &Path,
    tasks: &[Task],
    rounds: usize,
) -> Result<Finding, Failure> {
    let builds = build::both(source, program, folder)?;
    let mut equal = (0, 0);
    let mut active = (0, 0.0);
    for task in tasks {
        let (_, expected) = made(&builds.plain, task, &folder.join("plain-runs"))?;
        let (run, found) = made(&builds.patched, task, &folder.join("patched-runs"))?;
        must_equal(task, &expected, &found)?;
        equal.0 += found.len();
        equal.1 += found.values().map(Vec::len).sum::<usize>();
        let (threads, milliseconds) = run.active();
        active = (threads.max(active.0), milliseconds + active.1);
    }
    if active.0 == 0 {
        let why = "no thread of the pool was seen to work: the program did not run on it";
        return Err(Failure::content(&builds.patched, why));
    }
    Ok(Finding {
        equal,
        active,
        time: measure(&builds, tasks, folder, rounds)?,
        rounds,
        rayon: builds.rayon,
    })
}

fn started(program: &Path, task: &Task, out: &Path) -> Command {
    let mut command = Command::new(program);
    let words = task.words.iter();
    command
        .args(words.map(|word| word.replace("{out}", &out.display().to_string())))
        .env("LC_ALL", "C")
        .env("TMPDIR", std::env::temp_dir());
    command
}

/// Runs a task once and reads what it made.
fn made(program: &Path, task: &Task, folder: &Path) -> Result<(Run, Made), Failure> {
    let out = folder.join(task.name);
    make(&out)?;
    let stdout = folder.join(format!("{}.stdout", task.name));
    let run = work::run(&mut started(program, task, &out), &stdout, TIME, true)?;
    let mut made = Made::new();
    let mut files: Vec<PathBuf> = vec![stdout];
    for entry in fs::read_dir(&out).map_err(|error| Failure::file(&out, error))? {
        files.push(entry.map_err(|error| Failure::file(&out, error))?.path());
    }
    for file in files {
        let bytes = fs::read(&file).map_err(|error| Failure::file(&file, error))?;
        let name = file.file_name().unwrap_or_default();
        made.insert(name.to_string_lossy().into_owned(), bytes);
    }
    Ok((run, made))
}

fn must_equal(task: &Task, expected: &Made, found: &Made) -> Result<(), Failure> {
    let names = expected.keys().chain(found.keys());
    let differs = |name: &&String| expected.get(*name) != found.get(*name);
    match names.clone().find(differs) {
        Some(name) => Err(Failure::content(
            Path::new(name),
            format!("task {}: made with ours it differs", task.name),
        )),
        None if expected.values().all(Vec::is_empty) => Err(Failure::content(
            Path::new(task.name),
            "the task made nothing that could be compared",
        )),
        None => Ok(()),
    }
}

/// All tasks with one build and the other in turn; who goes first is thrown for.
fn measure(
    builds: &Builds,
    tasks: &[Task],
    folder: &Path,
    rounds: usize,
) -> Result<Estimate, Failure> {
    let out = folder.join("timed");
    make(&out)?;
    let all = |program: &Path| -> Result<f64, Failure> {
        let mut seconds = 0.0;
        for task in tasks {
            let stdout = folder.join("timed.stdout");
            seconds += work::run(&mut started(program, task, &out), &stdout, TIME, false)?.seconds;
        }
        Ok(seconds)
    };
    let mut pairs = Vec::new();
    for round in 0..rounds {
        let pair = if (round.wrapping_mul(0x9e37) >> 3) & 1 == 0 {
            let ours = all(&builds.patched)?;
            (ours, all(&builds.plain)?)
        } else {
            let plain = all(&builds.plain)?;
            (all(&builds.patched)?, plain)
        };
        pairs.push(pair);
    }
    signed_rank::ratio(&pairs)
        .ok_or_else(|| Failure::content(folder, format!("{rounds} rounds give no interval")))
}
