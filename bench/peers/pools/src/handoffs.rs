//! Jobs that wait for jobs, on one worker. Shared with the package whose pool has fibers.
//!
//! `handoff` prints the nanoseconds in which a job has another one run and waits for it, `nested` the
//! threads of the pool at the end of a chain of jobs that wait for one another.

use crate::plan::Plan;
use bedplate_pool::{JobOptions, ThreadPool, ThreadPoolBuilder};
use std::sync::Arc;
use std::time::Instant;

/// Runs the program that the plan names, on a pool as `made`.
pub fn run(plan: &Plan, made: impl FnOnce(ThreadPoolBuilder) -> ThreadPoolBuilder) {
    let size = plan.size as usize;
    let builder = ThreadPoolBuilder::new()
        .num_threads(1)
        .spare_threads(size + 8);
    let pool = Arc::new(made(builder).build().expect("the pool starts"));
    for _ in 0..plan.repeats {
        let own = Arc::clone(&pool);
        match plan.program.as_str() {
            "handoff" => println!("{}", wait(&pool, move || handoff(&own, size))),
            _ => {
                wait(&pool, move || nested(&own, size));
                println!("{}", pool.metrics().threads);
            }
        }
    }
}

fn wait<R: Send + 'static>(pool: &ThreadPool, body: impl FnOnce() -> R + Send + 'static) -> R {
    let job = pool.spawn_job(JobOptions::new(), body);
    job.expect("there is room").wait().expect("it runs")
}

fn handoff(pool: &ThreadPool, waits: usize) -> f64 {
    let began = Instant::now();
    for _ in 0..waits {
        wait(pool, || ());
    }
    began.elapsed().as_nanos() as f64 / waits as f64
}

fn nested(pool: &Arc<ThreadPool>, depth: usize) {
    if depth > 0 {
        let own = Arc::clone(pool);
        wait(pool, move || nested(&own, depth - 1));
    }
}
