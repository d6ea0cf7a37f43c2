//! What a timeline costs while it records: percent of the same work without.
//!
//! Each repetition does the work four times, without, with, with, without, and prints by how much the
//! middle two took longer. `traced-jobs` are jobs of some twenty microseconds each, in a scope.

use crate::plan::Plan;
use crate::{fib, nodes, tree};
use bedplate_pool::ThreadPool;
use std::hint::black_box;
use std::time::Instant;

/// Runs the program that the plan names.
pub fn run(plan: &Plan) {
    let pool = plan.bedplate();
    match plan.program.as_str() {
        "traced-fib" => compare(plan, &pool, || {
            let n = black_box(plan.size);
            black_box(pool.enter(|cx| fib::bedplate(cx, n)));
        }),
        "traced-tree" => {
            let root = nodes::tree("tree", plan.size);
            compare(plan, &pool, || {
                black_box(pool.enter(|cx| tree::bedplate(cx, &root)));
            });
        }
        _ => compare(plan, &pool, || {
            pool.scope(|s| (0..plan.size).for_each(|n| s.spawn(move |_| spin(n))));
        }),
    }
}

/// Some twenty microseconds.
fn spin(seed: u32) {
    let step = |n: u64, _| n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) ^ n >> 7;
    black_box((0..10_000_u32).fold(u64::from(seed), step));
}

fn compare(plan: &Plan, pool: &ThreadPool, work: impl Fn()) {
    let time = |recorded: bool| {
        if recorded {
            pool.start_timeline();
        }
        let began = Instant::now();
        work();
        let took = began.elapsed().as_secs_f64();
        if recorded {
            let timeline = pool.take_timeline();
            let slices: usize = timeline.tracks.iter().map(|t| t.slices.len()).sum();
            assert!(slices > 0, "nothing was recorded");
        }
        took
    };
    // The rings are made at the first events.
    time(true);
    for _ in 0..plan.repeats {
        let order = [false, true, true, false].map(|recorded| (recorded, time(recorded)));
        let sum = |of: bool| {
            order
                .iter()
                .filter(|(r, _)| *r == of)
                .map(|(_, t)| t)
                .sum::<f64>()
        };
        println!("{}", 100.0 * (sum(true) / sum(false) - 1.0));
    }
}
