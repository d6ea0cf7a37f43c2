//! One run of a program, with the pool's threads as the kernel sees them.
//!
//! # Invariants
//! - I1: no process outlives the run: one that does not end in time is killed.

use crate::failure::Failure;
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

/// What threads of the pool are called; the kernel keeps fifteen characters.
const NAME: &str = "bedplate-pool";

/// A run that ended well.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) seconds: f64,
    /// Nanoseconds that each thread of the pool was seen to have run, by its number.
    pub(super) worked: BTreeMap<u32, u64>,
}

impl Run {
    /// How many threads of the pool ran, and for how long in milliseconds, all together.
    pub(super) fn active(&self) -> (usize, f64) {
        let ran = self.worked.values().filter(|&&ns| ns > 0);
        let total: u64 = self.worked.values().sum();
        #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
        let milliseconds = total as f64 / 1e6;
        (ran.count(), milliseconds)
    }
}

/// Runs `command` to its end, with its output in a file, and what it says beside in another: a pipe that nobody reads
/// would stop it. Looks at its threads where `is_watched`.
pub(super) fn run(
    command: &mut Command,
    output: &Path,
    time: Duration,
    is_watched: bool,
) -> Result<Run, Failure> {
    let beside = output.with_extension("err");
    let create = |path: &Path| File::create(path).map_err(|error| Failure::file(path, error));
    let name = format!("{command:?}");
    command
        .stdin(Stdio::null())
        .stdout(create(output)?)
        .stderr(create(&beside)?);
    let began = Instant::now();
    let child = command.spawn().map_err(|error| Failure::Start {
        program: name.clone(),
        error,
    })?;
    finish(child, &name, &beside, began, time, is_watched)
}

fn finish(
    mut child: Child,
    name: &str,
    beside: &Path,
    began: Instant,
    time: Duration,
    is_watched: bool,
) -> Result<Run, Failure> {
    let failed = |why: String| Failure::Program {
        program: name.to_owned(),
        stderr: why,
    };
    let mut worked = BTreeMap::new();
    loop {
        let ended = child
            .try_wait()
            .map_err(|error| failed(error.to_string()))?;
        if let Some(status) = ended {
            let seconds = began.elapsed().as_secs_f64();
            if !status.success() {
                let said = fs::read(beside).unwrap_or_default();
                let said = String::from_utf8_lossy(&said).into_owned();
                return Err(failed(format!("{status}: {said}")));
            }
            return Ok(Run { seconds, worked });
        }
        if began.elapsed() > time {
            // What cannot be killed has ended.
            drop(child.kill());
            drop(child.wait());
            return Err(failed(format!("it did not end within {time:?}")));
        }
        if is_watched {
            look(child.id(), &mut worked);
        }
        thread::sleep(Duration::from_micros(500));
    }
}

/// Adds what the pool's threads have run by now. Threads and processes end meanwhile: what cannot be read is skipped.
fn look(process: u32, worked: &mut BTreeMap<u32, u64>) {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return;
    };
    for thread in threads.flatten() {
        let folder = thread.path();
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
        let number = thread.file_name().to_string_lossy().parse();
        let (true, Ok(number)) = (name.starts_with(NAME), number) else {
            continue;
        };
        let ran = fs::read_to_string(folder.join("schedstat")).unwrap_or_default();
        let ran = ran.split(' ').next().and_then(|ns| ns.parse().ok());
        let so_far: &mut u64 = worked.entry(number).or_default();
        *so_far = (*so_far).max(ran.unwrap_or(0));
    }
}
