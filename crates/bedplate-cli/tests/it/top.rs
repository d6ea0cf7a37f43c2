//! Looking at running processes.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::machine::Place;

#[test]
fn a_running_program_is_shown_once() {
    let place = Place::new();
    let mut child = place
        .bedplate()
        .args(["run", "--quiet", "--", "sh", "-c", "echo $$; read line"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pid = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut pid)
        .unwrap();
    let top = |option: &str| {
        let output = place
            .bedplate()
            .args(["top", option, pid.trim()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr,
        )
    };
    let (code, text, stderr) = top("--once");
    // Where only a parent may look at a process, the message must say so.
    if code == Some(1) {
        assert!(stderr.contains("ptrace_scope"), "{stderr}");
    } else {
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            text.contains("ACTIVE in sh") && text.contains("unexplained"),
            "{text}"
        );
        let (_, json, _) = top("--json");
        let snapshot: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(snapshot["name"], "sh");
        assert!(
            snapshot["measurement"]["heaps"][0]["live_bytes"]
                .as_u64()
                .unwrap()
                > 0
        );
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().code().is_some());
}

#[test]
fn what_cannot_be_looked_at_says_why() {
    let place = Place::new();
    let top = |pid: u32| {
        let output = place
            .bedplate()
            .args(["top", "--once", &pid.to_string()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), stderr)
    };
    let (code, stderr) = top(std::process::id());
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("does not run on the bedplate allocator"),
        "{stderr}"
    );
    let (code, stderr) = top(u32::MAX);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("does not exist"), "{stderr}");
}
