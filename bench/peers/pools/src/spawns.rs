//! Empty jobs, one by one and as a batch; nanoseconds a job.

use crate::plan::Plan;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

pub fn spawn(plan: &Plan) {
    let jobs = plan.size;
    let ran = AtomicU64::new(0);
    let count = || _ = ran.fetch_add(1, Ordering::Relaxed);
    // Empty jobs leave no trace: as many that count themselves run before them, and are not timed.
    let checked = || assert_eq!(ran.load(Ordering::Relaxed), u64::from(jobs), "jobs were left out");
    match plan.pool.as_str() {
        "bedplate" => {
            let pool = plan.bedplate();
            pool.scope(|s| (0..jobs).for_each(|_| s.spawn(|_| count())));
            checked();
            each(plan, || {
                pool.scope(|s| (0..jobs).for_each(|_| s.spawn(|_| {})))
            });
        }
        "rayon" => {
            let pool = plan.rayon();
            pool.scope(|s| (0..jobs).for_each(|_| s.spawn(|_| count())));
            checked();
            each(plan, || {
                pool.scope(|s| (0..jobs).for_each(|_| s.spawn(|_| {})))
            });
        }
        other => panic!("no pool {other}"),
    }
}

pub fn batch(plan: &Plan) {
    let jobs = plan.size as usize;
    let pool = plan.bedplate();
    let marks: Vec<AtomicU64> = (0..jobs).map(|_| AtomicU64::new(0)).collect();
    each(plan, || {
        pool.scope(|s| {
            s.spawn_batch(0..jobs, |i| {
                let mark = marks[i].load(Ordering::Relaxed);
                marks[i].store(mark + 1, Ordering::Relaxed);
            });
        });
    });
    let wanted = u64::from(plan.repeats);
    assert!(marks.iter().all(|m| m.load(Ordering::Relaxed) == wanted));
}

fn each(plan: &Plan, mut run: impl FnMut()) {
    for _ in 0..plan.repeats {
        let began = Instant::now();
        run();
        println!(
            "{}",
            began.elapsed().as_nanos() as f64 / f64::from(plan.size)
        );
    }
}
