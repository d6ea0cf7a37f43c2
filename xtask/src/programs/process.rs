//! Processes within a time.
//!
//! # Role
//! Start a process in a group of its own with its output in files, wait so long and no longer, end the group.
//!
//! # Invariants
//! - I1: dropping a [`Process`] ends its group and all its descendants, also those that left the group.

use super::trouble::Trouble;
use super::witness::{Seen, Witness, descendants};
use core::time::Duration;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where a program is: on the path, or where PostgreSQL's packages hide their servers.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let hidden = [
        "/usr/sbin",
        "/usr/lib/postgresql/15/bin",
        "/usr/lib/postgresql/16/bin",
    ];
    let folders = std::env::split_paths(&path).chain(hidden.map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The first of `programs` that is not installed.
pub(super) fn missing(programs: &[&str]) -> Option<Trouble> {
    let name = programs.iter().find(|name| find(name).is_none())?;
    Some(Trouble::new(format!("`{name}` is not installed")))
}

/// What a finished process left.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) stdout: PathBuf,
    pub(super) stderr: PathBuf,
}

impl Finished {
    /// The last of what was said on stderr.
    pub(super) fn said(&self) -> String {
        last_lines(&self.stderr)
    }
}

/// The last lines of a file, for messages.
pub(super) fn last_lines(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().collect::<Vec<_>>();
    lines[lines.len().saturating_sub(12)..].join(" | ")
}

/// A running process group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    name: String,
    stdout: PathBuf,
    stderr: PathBuf,
    witness: Witness,
}

impl Process {
    /// Starts `command`; `outputs` is the path of its output files without their endings.
    pub(super) fn start(
        command: &mut Command,
        name: &str,
        outputs: &Path,
    ) -> Result<Self, Trouble> {
        let [stdout, stderr] = ["out", "err"].map(|ending| outputs.with_extension(ending));
        let create = |path: &Path| {
            File::create(path).map_err(|error| Trouble::new(format!("{}: {error}", path.display())))
        };
        command
            .stdout(create(&stdout)?)
            .stderr(create(&stderr)?)
            .process_group(0);
        let child = command
            .spawn()
            .map_err(|error| Trouble::new(format!("{name} did not start: {error}")))?;
        let witness = Witness::watch(child.id());
        Ok(Self {
            child,
            name: name.to_owned(),
            stdout,
            stderr,
            witness,
        })
    }

    /// Waits for its end, at most `time`.
    pub(super) fn finish(mut self, time: Duration) -> Result<(Finished, Seen), Trouble> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                let seen = self.witness.seen();
                let finished = Finished {
                    status,
                    stdout: self.stdout.clone(),
                    stderr: self.stderr.clone(),
                };
                return Ok((finished, seen));
            }
            if started.elapsed() > time {
                let said = last_lines(&self.stderr);
                return Err(Trouble::new(format!(
                    "{} did not end within {time:?}; it said: {said}",
                    self.name
                )));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its status, once it has ended.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, Trouble> {
        self.child
            .try_wait()
            .map_err(|error| Trouble::new(format!("{}: {error}", self.name)))
    }

    /// The last of what it said, on either stream.
    pub(super) fn said(&self) -> String {
        format!("{} {}", last_lines(&self.stdout), last_lines(&self.stderr))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let mut doomed = descendants(self.child.id());
        doomed.push(self.child.id());
        let ids = doomed.iter().map(u32::to_string).collect::<Vec<_>>();
        // Nothing better than an attempt is possible here; what is already gone makes kill fail.
        drop(
            Command::new("kill")
                .arg("-KILL")
                .args(&ids)
                .stderr(Stdio::null())
                .status(),
        );
        drop(self.child.wait());
    }
}
