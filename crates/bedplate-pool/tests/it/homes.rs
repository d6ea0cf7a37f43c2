//! Jobs for a node, on described machines.

use crate::until;
use alloc::sync::Arc;
use bedplate_os::source::Machine;
use bedplate_pool::{LogicalNode, PoolConfig, ThreadPool, ThreadPoolBuilder};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::path::Path;

fn pool_on(fixture: &str) -> ThreadPool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bedplate-os/fixtures");
    ThreadPoolBuilder::new()
        .machine(Machine::described_by(root.join(fixture)))
        .config(PoolConfig::basic().num_threads(2))
        .build()
        .expect("a pool can be made here")
}

/// Has so many jobs run for a node.
fn run_on(pool: &ThreadPool, node: u32, jobs: usize) {
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..jobs {
        let own = Arc::clone(&ran);
        pool.spawn_on(LogicalNode(node), move || {
            own.fetch_add(1, Ordering::SeqCst);
        });
    }
    until("all jobs run", || ran.load(Ordering::SeqCst) == jobs);
}

#[test]
fn jobs_for_any_node_are_run() {
    let pool = pool_on("two-nodes");
    for node in [0, 1] {
        run_on(&pool, node, 50);
    }
    assert_eq!(pool.metrics().jobs, 100);
}

#[test]
fn a_node_that_is_not_there_is_counted_and_any_worker_runs_the_job() {
    for fixture in ["two-nodes", "hybrid-cores"] {
        let pool = pool_on(fixture);
        let before = pool.metrics().unplaced;
        run_on(&pool, 9, 10);
        assert_eq!(pool.metrics().unplaced - before, 10, "{fixture}");
    }
}

#[test]
fn a_pool_that_ends_has_run_the_jobs_for_nodes() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = pool_on("two-nodes");
    for node in 0..100 {
        let own = Arc::clone(&ran);
        pool.spawn_on(LogicalNode(node % 3), move || {
            own.fetch_add(1, Ordering::SeqCst);
        });
    }
    drop(pool);
    assert_eq!(ran.load(Ordering::SeqCst), 100);
}
