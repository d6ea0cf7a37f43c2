//! `bedplate top` on a program with pools: this one, which runs on another allocator.

use bedplate_pool::{ThreadPoolBuilder, join};
use serde_json::Value;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

/// Set for the program that is looked at.
const LOOKED_AT: &str = "BEDPLATE_TEST_LOOKED_AT";

/// What is looked at: two pools, until standard input ends.
#[test]
fn a_program_with_pools() {
    if env::var_os(LOOKED_AT).is_none() {
        return;
    }
    let of = |name: &str, workers: usize| {
        let builder = ThreadPoolBuilder::new().num_threads(workers);
        builder.bind_workers(false).name(name).build()
    };
    let (big, small) = (of("big", 2), of("small", 1));
    let (big, small) = (big.expect("a pool"), small.expect("another"));
    big.install(|| join(|| (), || ()));
    let job = small.spawn_job(bedplate_pool::JobOptions::new(), || ());
    job.expect("room").wait().expect("it runs");
    std::io::stderr().write_all(b"ready\n").expect("a reader");
    let _ended = std::io::stdin().read_line(&mut String::new());
}

/// Starts the program above and waits until it is ready.
fn started() -> Child {
    let mut child = Command::new(env::current_exe().expect("this program has a path"))
        .args(["--exact", "a_program_with_pools", "--nocapture"])
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

fn top(pid: u32, option: &str) -> (Option<i32>, String, String) {
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

#[test]
fn pools_are_shown_thread_by_thread() {
    let mut child = started();
    let (code, text, stderr) = top(child.id(), "--once");
    // Where only a parent may look at a process, the message must say so.
    if code == Some(1) {
        assert!(stderr.contains("ptrace_scope"), "{stderr}");
    } else {
        assert_eq!(code, Some(0), "{stderr}");
        assert!(text.contains("another allocator and 2 pools"), "{text}");
        assert!(text.contains("pool big: 2 workers, 2 threads"), "{text}");
        assert!(text.contains("pool small: 1 worker, 1 thread"), "{text}");
        assert!(
            text.contains("worker 1") && text.contains("sleeps"),
            "{text}"
        );
        let (_, json, _) = top(child.id(), "--json");
        let snapshot: Value = serde_json::from_str(&json).expect("JSON");
        let pools = snapshot["pools"].as_array().expect("pools");
        let small = pools.iter().find(|pool| pool["name"] == "small");
        let small = small.expect("the small one");
        assert_eq!(small["places"][0]["kind"], "worker");
        assert_eq!(small["places"][0]["jobs"], 1);
        assert_eq!(snapshot["unread_pools"], Value::Array(Vec::new()));
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}
