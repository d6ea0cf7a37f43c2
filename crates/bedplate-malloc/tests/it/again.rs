//! Cases in processes of their own.
//!
//! # Role
//! Starts this test program again with one test and one case, where what is tested is the whole
//! process's: its settings, its figures, its end.

use core::time::Duration;
use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

const ENV: &str = "BEDPLATE_TEST_CASE";

/// The case that the parent asked for; nothing in a test run by itself.
pub(crate) fn case() -> Option<String> {
    std::env::var_os(ENV).and_then(|case| case.into_string().ok())
}

/// This program with one test, that runs the case.
pub(crate) fn command(test: &str, case: &str) -> Command {
    let this = std::env::current_exe().expect("the test has a path");
    let mut command = Command::new(this);
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ENV, case);
    command
}

/// How long a case may take, many times what the longest one needs.
const LIMIT: Duration = Duration::from_secs(240);

/// Runs the case to its end. One that hangs fails, instead of holding up everything.
pub(crate) fn run(test: &str, case: &str) -> Output {
    let mut command = command(test, case);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the test starts again");
    let stdout = read_all(child.stdout.take().expect("a pipe"));
    let stderr = read_all(child.stderr.take().expect("a pipe"));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            break status;
        }
        if began.elapsed() > LIMIT {
            child.kill().expect("a child of ours");
            panic!("{test}, case {case}: no end within {LIMIT:?}; killed");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Output {
        status,
        stdout: stdout.join().expect("the reader ends"),
        stderr: stderr.join().expect("the reader ends"),
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).expect("a pipe can be read");
        all
    })
}

/// Runs the case, which must pass.
pub(crate) fn passes(test: &str, case: &str) {
    must_pass(case, &run(test, case));
}

/// The case must have run, and passed.
pub(crate) fn must_pass(case: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{case}: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}
