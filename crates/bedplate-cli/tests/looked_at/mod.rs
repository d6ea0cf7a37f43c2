//! A program that `bedplate top` looks at: a test of the same binary, in a process of its own.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

/// Set for the program that is looked at.
const LOOKED_AT: &str = "BEDPLATE_TEST_LOOKED_AT";

/// True in the program that is looked at.
pub(crate) fn is_looked_at() -> bool {
    env::var_os(LOOKED_AT).is_some()
}

/// Tells that all is there, and waits until standard input ends.
pub(crate) fn wait() {
    std::io::stderr().write_all(b"ready\n").expect("a reader");
    let _ended = std::io::stdin().read_line(&mut String::new());
}

/// Starts a test of this program as what is looked at, and waits until it is ready.
pub(crate) fn started(test: &str) -> Child {
    let mut child = Command::new(env::current_exe().expect("this program has a path"))
        .args(["--exact", test, "--nocapture"])
        .env(LOOKED_AT, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let stderr = child.stderr.take().expect("piped");
    BufReader::new(stderr).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    child
}

/// What `bedplate top` answers of a process: code, output, errors.
pub(crate) fn top(pid: u32, option: &str) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bedplate"))
        .args(["top", option, &pid.to_string()])
        .output()
        .expect("bedplate starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}
