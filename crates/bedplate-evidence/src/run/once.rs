//! One run of a program that nobody watches.
//!
//! # Role
//! Starts it, reads what it prints to the end, waits for it, and says what it used: the run that
//! comparisons are made of.
//!
//! # Not here
//! What is compared (`crate::versus`, `crate::trial`), and the watched run (`conduct.rs`).
//!
//! # Invariants
//! I1. The time ends with the program, not with whoever still holds its output.

use core::hash::Hasher as _;
use core::time::Duration;
use std::hash::DefaultHasher;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};

use super::launch::start;
use crate::error::RunError;
use crate::process::{Ended, calls};
use crate::versus::interrupts::{Ending, Interrupts};

/// Time between two looks for an interrupt.
const LOOKS_APART: Duration = Duration::from_millis(100);

/// How long output is read on after the program's end.
const READ_ON: Duration = Duration::from_secs(1);

/// Bytes kept of the end of each stream.
const TAIL_BYTES: usize = 2048;

/// What one run did and used.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    pub(crate) wall_s: f64,
    pub(crate) ended: Ended,
    /// Of all that went to standard output.
    pub(crate) output_hash: u64,
    pub(crate) output_tail: Vec<u8>,
    pub(crate) error_tail: Vec<u8>,
    /// It was ended for taking too long.
    pub(crate) is_late: bool,
}

impl Once {
    /// The signal that ended it, if it is one that people send.
    pub(crate) fn interrupted_by(&self) -> Option<i32> {
        self.ended
            .signal
            .filter(|signal| matches!(*signal, SIGINT | SIGQUIT | SIGTERM))
    }
}

/// Runs `command`, whose program is `path`; an interrupt ends it. Streams that it pipes are read.
pub(crate) fn run_once(
    command: &mut Command,
    path: &Path,
    interrupts: &Interrupts,
) -> Result<Once, RunError> {
    run_ended(command, path, |pid, _started| Ending::new(interrupts, pid))
}

/// Likewise, in a process group of its own, all of which is ended after `limit`.
pub(crate) fn run_once_within(
    command: &mut Command,
    path: &Path,
    interrupts: &Interrupts,
    limit: Option<Duration>,
) -> Result<Once, RunError> {
    command.process_group(0);
    run_ended(command, path, |pid, started| {
        let late_at = limit.and_then(|limit| started.checked_add(limit));
        Ending::of_group(interrupts, pid, late_at)
    })
}

fn run_ended<'run>(
    command: &mut Command,
    path: &Path,
    ending: impl FnOnce(i32, Instant) -> Ending<'run>,
) -> Result<Once, RunError> {
    let started = Instant::now();
    let mut child = start(command, path)?;
    let pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
    let mut ending = ending(pid, started);
    let mut output = Stream::of(child.stdout.take());
    let mut error = Stream::of(child.stderr.take());
    let followed = follow(pid, &mut ending, started, &mut output, &mut error);
    let (wall_s, ended) = followed.map_err(|source| RunError::System {
        what: "wait for the program",
        source,
    })?;
    Ok(Once {
        wall_s,
        ended,
        output_hash: output.hasher.finish(),
        output_tail: output.tail,
        error_tail: error.tail,
        is_late: ending.is_late(),
    })
}

fn follow<O: Read + AsRawFd, E: Read + AsRawFd>(
    pid: i32,
    ending: &mut Ending<'_>,
    started: Instant,
    output: &mut Stream<O>,
    error: &mut Stream<E>,
) -> io::Result<(f64, Ended)> {
    let end = calls::watch_process(pid)?;
    let mut wall = None;
    loop {
        let mut waited = vec![end.as_raw_fd()];
        waited.extend(output.descriptor());
        waited.extend(error.descriptor());
        let ready = calls::wait_readable(&waited, LOOKS_APART)?;
        if ready[0] && wall.is_none() {
            wall = Some(started.elapsed());
        }
        let is_killed = ending.is_over()?;
        let mut streams = ready[1..].iter().copied();
        let mut is_read = false;
        if output.descriptor().is_some() && streams.next() == Some(true) {
            is_read |= output.read_some();
        }
        if error.descriptor().is_some() && streams.next() == Some(true) {
            is_read |= error.read_some();
        }
        if let Some(wall) = wall
            && (!is_read || is_killed || started.elapsed() > wall + READ_ON)
        {
            ending.end_rest()?;
            let ended = calls::wait_child(pid, true)?.ok_or(io::ErrorKind::NotFound)?;
            return Ok((wall.as_secs_f64(), ended));
        }
    }
}

/// A stream of the program's, being read.
struct Stream<S> {
    source: Option<S>,
    hasher: DefaultHasher,
    tail: Vec<u8>,
    buffer: Vec<u8>,
}

impl<S: Read + AsRawFd> Stream<S> {
    fn of(source: Option<S>) -> Self {
        Self {
            buffer: vec![0; if source.is_some() { 64 * 1024 } else { 0 }],
            source,
            hasher: DefaultHasher::new(),
            tail: Vec::new(),
        }
    }

    fn descriptor(&self) -> Option<i32> {
        self.source.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Reads once; false at the end of the stream.
    fn read_some(&mut self) -> bool {
        let Some(source) = &mut self.source else {
            return false;
        };
        match source.read(&mut self.buffer) {
            Ok(got @ 1..) => {
                let bytes = &self.buffer[..got];
                self.hasher.write(bytes);
                self.tail.extend(&bytes[got.saturating_sub(TAIL_BYTES)..]);
                let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
                self.tail.drain(..surplus);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            _ => {
                self.source = None;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    fn run(script: &str) -> Once {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        run_once(
            &mut command,
            Path::new("/bin/sh"),
            &Interrupts::catch().unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn the_ends_of_both_streams_are_kept() {
        let once = run("head -c 100000 /dev/zero; echo out; echo wrong >&2; exit 3");
        assert_eq!(once.ended.code, Some(3));
        assert!(once.output_tail.ends_with(b"out\n") && once.output_tail.len() == TAIL_BYTES);
        assert_eq!(once.error_tail, b"wrong\n");
        assert!(once.wall_s > 0.0 && once.interrupted_by().is_none());
        assert_ne!(once.output_hash, run("echo out").output_hash);
    }

    #[test]
    fn a_run_that_takes_too_long_is_ended_with_its_descendants() {
        let mut command = Command::new("/bin/sh");
        command
            .args([
                "-c",
                "trap '' TERM; sleep 600 & echo $!; wait; wait; sleep 600",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let once = run_once_within(
            &mut command,
            Path::new("/bin/sh"),
            &Interrupts::catch().unwrap(),
            Some(Duration::from_secs(1)),
        )
        .unwrap();
        assert!(once.is_late && once.ended.code != Some(0), "{once:?}");
        let pid: u32 = String::from_utf8_lossy(&once.output_tail)
            .trim()
            .parse()
            .unwrap();
        // Gone, or a zombie that nobody has waited for yet.
        let waited = Instant::now();
        let is_running = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ") && stat.contains("(sleep)")
        };
        while is_running() {
            assert!(waited.elapsed() < Duration::from_secs(60), "{pid} runs on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn a_descendant_that_keeps_the_output_is_not_waited_for() {
        let once = run("sleep 5 & echo done");
        assert!(once.wall_s < 3.0, "{}", once.wall_s);
        assert_eq!(once.output_tail, b"done\n");
    }
}
