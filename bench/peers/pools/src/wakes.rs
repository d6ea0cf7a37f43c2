//! How long after it was spawned a job begins on a sleeping worker: nanoseconds, all samples. The
//! spawner is bound to the first CPU and the worker to another.

use crate::plan::Plan;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The job; it may be run from any thread, over and over.
pub type Job = Arc<dyn Fn() + Send + Sync>;

/// Measures what `make` makes of the job: a way to have a pool of one worker run it.
pub fn run(plan: &Plan, make: impl FnOnce(Job) -> Box<dyn Fn()>) {
    let epoch = Instant::now();
    let taken = Arc::new(AtomicU64::new(0));
    let job = {
        let taken = Arc::clone(&taken);
        move || taken.store(epoch.elapsed().as_nanos() as u64, Ordering::Release)
    };
    let send = make(Arc::new(job));
    plan.bind();
    for _ in 0..plan.repeats {
        std::thread::sleep(Duration::from_micros(u64::from(plan.size)));
        taken.store(0, Ordering::Relaxed);
        let sent = epoch.elapsed().as_nanos() as u64;
        send();
        loop {
            let at = taken.load(Ordering::Acquire);
            if at != 0 {
                println!("{}", at - sent);
                break;
            }
            std::hint::spin_loop();
        }
    }
}
