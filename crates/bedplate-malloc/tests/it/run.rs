//! What a process tells `bedplate run`.
#![expect(unsafe_code, reason = "fifos and forks")]

use crate::again;
use crate::engine::{Engine, fill};
use bedplate_malloc::inspect::{RECORD_BYTES, Record, RecordKind};
use bedplate_malloc::process;
use bedplate_telemetry::Off;
use bedplate_testkit::Subject as _;
use core::ffi::CStr;
use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    process::load::<Off>(false);
    let block = Engine.malloc(100_000).expect("memory is there");
    fill(block, 100_000, 1);
    if case == "fork" {
        // SAFETY: the child ends at once.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) }
        }
        let mut status = 0;
        // SAFETY: waits for the child just made.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    }
    process::unload::<Off>();
}

/// A run's directory whose name says that the runner is `pid`.
fn directory(pid: u32) -> TempDir {
    let named = tempfile::Builder::new()
        .suffix(&format!("-{pid}"))
        .tempdir();
    let directory = named.expect("a directory");
    File::create(directory.path().join("events")).expect("a file");
    directory
}

fn fifo(directory: &Path, name: &str) -> File {
    let path = directory.join(name);
    let terminated = [path.as_os_str().as_bytes(), b"\0"].concat();
    let c_path = CStr::from_bytes_with_nul(&terminated).expect("one zero byte");
    // SAFETY: the path is terminated.
    assert_eq!(unsafe { libc::mkfifo(c_path.as_ptr(), 0o600) }, 0);
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.expect("a fifo opens")
}

fn records(directory: &Path) -> Vec<Record> {
    let bytes = std::fs::read(directory.join("events")).expect("the file is there");
    assert_eq!(bytes.len() % RECORD_BYTES, 0, "whole records");
    let parse = |chunk: &[u8]| Record::parse(chunk).expect("a record");
    bytes.chunks(RECORD_BYTES).map(parse).collect()
}

fn told(case: &str, directory: &Path) -> (Vec<Record>, u32, Duration) {
    let began = Instant::now();
    let mut command = again::command("run::child", case);
    let started = command
        .env("BEDPLATE_MALLOC_RUN", directory)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the test starts again");
    let pid = started.id();
    let output = started.wait_with_output().expect("it ends");
    again::must_pass(case, &output);
    (records(directory), pid, began.elapsed())
}

#[test]
fn start_fork_and_exit_are_told() {
    // Nobody's number: the process does not wait to be looked at.
    let directory = directory(0);
    let (records, pid, _) = told("fork", directory.path());
    let [start, fork, exit] = records.as_slice() else {
        panic!("three records: {records:#?}");
    };
    assert_eq!((start.kind, start.pid), (RecordKind::Start, pid));
    assert_eq!(start.parent, std::process::id());
    assert_eq!((fork.kind, fork.parent), (RecordKind::Fork, pid));
    assert_ne!(fork.pid, pid);
    assert_eq!((exit.kind, exit.pid), (RecordKind::Exit, pid));
    assert!(start.time_ns < fork.time_ns && fork.time_ns < exit.time_ns);
    assert!(exit.live_bytes >= 100_000, "{exit:?}");
    assert!(exit.reserved_bytes >= exit.live_bytes);
    assert!(exit.peak_rss_bytes >= 100_000);
    assert!(
        start.name.starts_with("it-") || start.name.contains("run::"),
        "{start:?}"
    );
}

#[test]
fn the_runner_may_look_before_the_program_ends() {
    let directory = directory(std::process::id());
    let mut leaving = fifo(directory.path(), "leaving");
    let mut go = fifo(directory.path(), "go");
    let runner = std::thread::spawn(move || {
        let mut pid = [0; 4];
        leaving.read_exact(&mut pid).expect("the process tells");
        go.write_all(&[1]).expect("the fifo takes a byte");
        (u32::from_le_bytes(pid), go)
    });
    let (records, pid, _) = told("plain", directory.path());
    let (left, _go) = runner.join().expect("the runner ends");
    assert_eq!(left, pid);
    assert_eq!(records.last().map(|r| r.kind), Some(RecordKind::Exit));
}

#[test]
fn a_runner_that_does_not_look_holds_nobody_up() {
    let directory = directory(std::process::id());
    let _leaving = fifo(directory.path(), "leaving");
    let _go = fifo(directory.path(), "go");
    let (records, _, took) = told("plain", directory.path());
    assert_eq!(records.len(), 2);
    assert!(took >= Duration::from_millis(400), "it waited: {took:?}");
}

#[test]
fn a_directory_that_is_gone_is_no_trouble() {
    let directory = directory(std::process::id());
    // Without fifos, and without a file to tell in.
    std::fs::remove_file(directory.path().join("events")).expect("it was there");
    let output = again::command("run::child", "plain")
        .env("BEDPLATE_MALLOC_RUN", directory.path())
        .output()
        .expect("the test starts again");
    again::must_pass("plain", &output);
    assert!(!directory.path().join("events").exists(), "not made anew");
}
