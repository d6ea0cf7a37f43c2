//! Cases in processes of their own, for what ends a process.

use std::process::{Command, Output};

const ENV: &str = "BEDPLATE_TEST_CASE";

/// The case that the parent asked for; nothing in a test run by itself.
pub(crate) fn case() -> Option<String> {
    std::env::var_os(ENV).and_then(|case| case.into_string().ok())
}

/// Runs one test of this program again, with a case.
pub(crate) fn run(test: &str, case: &str) -> Output {
    let this = std::env::current_exe().expect("the test has a path");
    let mut command = Command::new(this);
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ENV, case);
    command.output().expect("the test runs again")
}
