//! `bedplate top` on a program with pools: this one, which runs on another allocator.

mod looked_at;

use bedplate_pool::{ThreadPoolBuilder, join};
use serde_json::Value;

/// What is looked at: two pools, until standard input ends.
#[test]
fn a_program_with_pools() {
    if !looked_at::is_looked_at() {
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
    looked_at::wait();
}

#[test]
fn pools_are_shown_thread_by_thread() {
    let mut child = looked_at::started("a_program_with_pools");
    let (code, text, stderr) = looked_at::top(child.id(), "--once");
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
        let (_, json, _) = looked_at::top(child.id(), "--json");
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
