//! Cases in processes of their own.
//!
//! # Role
//! Starts this test program again with one test and one case, where what is tested is the whole
//! process's: its settings, its figures, its end.

use std::process::{Command, Output};

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

/// Runs the case to its end.
pub(crate) fn run(test: &str, case: &str) -> Output {
    command(test, case).output().expect("the test starts again")
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
