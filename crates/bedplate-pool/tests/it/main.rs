//! Behaviour of the pool through its public face.

extern crate alloc;

mod admission;
mod alone;
mod edges;
#[cfg(feature = "fibers")]
mod fibers;
mod homes;
mod jobs;
mod joins;
mod lifecycle;
mod model;
mod outside;
mod panics;
mod queues;
mod scopes;
mod settings;
mod spans;
mod timelines;
mod waits;
mod yields;

use bedplate_pool::{ThreadPool, ThreadPoolBuilder};
use core::time::Duration;
use std::time::Instant;

/// A pool of `workers`, not bound, so that tests that run beside each other share the machine.
fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(workers)
        .bind_workers(false)
        .build()
        .expect("a pool can be made here")
}

/// How long anything may take on a loaded machine before a test calls it a hang.
const LONG: Duration = Duration::from_secs(60);

/// Waits until `is` holds.
fn until(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < LONG, "never: {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}
