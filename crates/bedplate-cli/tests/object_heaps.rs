//! `bedplate top` on a program with heaps of objects: this one, which runs on another allocator.

use bedplate_heap::{Heap, Value};
use serde_json::Value as Json;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

/// Set for the program that is looked at.
const LOOKED_AT: &str = "BEDPLATE_TEST_LOOKED_AT";

/// What is looked at: a heap at rest, until standard input ends.
#[test]
fn a_program_with_a_heap() {
    if env::var_os(LOOKED_AT).is_none() {
        return;
    }
    let mut heap = Heap::new().expect("memory");
    let mut list = Value::NIL;
    for _ in 0..1000 {
        list = heap.new_pair(list, Value::NIL).expect("memory").into();
        let ring = heap.new_cell(Value::NIL).expect("memory");
        heap.retain(ring.into());
        heap.set_cell(ring, ring.into()).expect("a cell");
        heap.release(ring.into());
    }
    heap.collect();
    heap.show_as("machine");
    std::io::stderr().write_all(b"ready\n").expect("a reader");
    let _ended = std::io::stdin().read_line(&mut String::new());
    heap.release(list);
}

/// Starts the program above and waits until it is ready.
fn started() -> Child {
    let mut child = Command::new(env::current_exe().expect("this program has a path"))
        .args(["--exact", "a_program_with_a_heap", "--nocapture"])
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
fn heaps_are_shown_kind_by_kind() {
    let mut child = started();
    let (code, text, stderr) = top(child.id(), "--once");
    // Where only a parent may look at a process, the message must say so.
    if code == Some(1) {
        assert!(stderr.contains("ptrace_scope"), "{stderr}");
    } else {
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            text.contains("another allocator and 1 object heap"),
            "{text}"
        );
        assert!(
            text.contains("object heap machine: 1,000 objects in "),
            "{text}"
        );
        assert!(
            text.contains("the last began because the host asked"),
            "{text}"
        );
        assert!(text.contains("collection: 1 pause, 99 % within"), "{text}");
        let (_, json, _) = top(child.id(), "--json");
        let snapshot: Json = serde_json::from_str(&json).expect("JSON");
        let heap = &snapshot["object_heaps"][0];
        assert_eq!(heap["kinds"]["pair"]["live"], 1000);
        assert_eq!(heap["kinds"]["cell"]["freed"], 1000);
        assert_eq!(heap["cycle_objects"], 1000);
        assert_eq!(heap["triggers"]["host"], 1);
        assert_eq!(heap["health"], 1.0);
        assert_eq!(snapshot["unread_object_heaps"], Json::Array(Vec::new()));
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}
