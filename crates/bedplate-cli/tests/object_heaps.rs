//! `bedplate top` on a program with heaps of objects: this one, which runs on another allocator.

mod looked_at;

use bedplate_heap::{Heap, Value};
use serde_json::Value as Json;

/// What is looked at: a heap at rest, until standard input ends.
#[test]
fn a_program_with_a_heap() {
    if !looked_at::is_looked_at() {
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
    looked_at::wait();
    heap.release(list);
}

#[test]
fn heaps_are_shown_kind_by_kind() {
    let mut child = looked_at::started("a_program_with_a_heap");
    let (code, text, stderr) = looked_at::top(child.id(), "--once");
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
        let (_, json, _) = looked_at::top(child.id(), "--json");
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
