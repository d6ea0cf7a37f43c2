//! Runs one program on forte and prints one figure a line, as the programs beside it do, whose
//! trees, numbers and plan it shares.
//!
//! forte runs the second closure of a shallow join first and the first one of all deeper joins, which
//! are nearly all of them: they are given in the order of the others.

#[path = "../../pools/src/nodes.rs"]
#[allow(dead_code, reason = "the other package uses more of it")]
mod nodes;
#[path = "../../pools/src/numbers.rs"]
#[allow(dead_code, reason = "the other package uses more of it")]
mod numbers;
#[path = "../../pools/src/plan.rs"]
#[allow(dead_code, reason = "the other package uses more of it")]
mod plan;
#[path = "../../pools/src/quiet.rs"]
mod quiet;
#[path = "../../pools/src/wakes.rs"]
mod wakes;

use forte::{ThreadPool, Worker};
use nodes::{Node, total, tree};
use numbers::{floats, serial_sum};
use plan::Plan;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

static POOL: ThreadPool = ThreadPool::new();

/// Numbers below which they are added in turn.
const LEAF: usize = 8192;

#[inline(never)]
fn sum_tree(worker: &Worker, node: &Node) -> u64 {
    let (left, right) = worker.join(
        |w| node.left.as_deref().map_or(0, |n| sum_tree(w, n)),
        |w| node.right.as_deref().map_or(0, |n| sum_tree(w, n)),
    );
    node.value + left + right
}

#[inline(never)]
fn fib(worker: &Worker, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = worker.join(|w| fib(w, n - 1), |w| fib(w, n - 2));
    a + b
}

fn fib_in_turn(n: u32) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}

fn sum(worker: &Worker, numbers: &[f64]) -> f64 {
    if numbers.len() <= LEAF {
        return serial_sum(numbers);
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let (left, right) = worker.join(|w| sum(w, left), |w| sum(w, right));
    left + right
}

fn spawn(plan: &Plan) {
    let ran = AtomicU64::new(0);
    let jobs = plan.size;
    POOL.scope(|s| {
        for _ in 0..jobs {
            s.spawn(|_: &Worker| _ = ran.fetch_add(1, Ordering::Relaxed));
        }
    });
    assert_eq!(ran.load(Ordering::Relaxed), u64::from(jobs), "jobs were left out");
    for _ in 0..plan.repeats {
        let began = Instant::now();
        POOL.scope(|s| (0..jobs).for_each(|_| s.spawn(|_: &Worker| ())));
        println!("{}", began.elapsed().as_nanos() as f64 / f64::from(jobs));
    }
}

fn main() {
    let plan = Plan::read();
    // The caller takes part in what it calls, but not in what it spawns.
    let workers = match plan.program.as_str() {
        "trickle" | "idle" | "busy" => plan.threads,
        "wake" => 1,
        _ => plan.threads - 1,
    };
    POOL.resize_to(workers);
    plan.bind();
    match plan.program.as_str() {
        "tree" | "shuffled" => {
            let root = tree(&plan.program, plan.size);
            POOL.with_worker(|w| plan.time(total(plan.size), || sum_tree(w, &root)));
        }
        "fib" => {
            let expected = fib_in_turn(plan.size);
            POOL.with_worker(|w| plan.time(expected, || fib(w, plan.size)));
        }
        "sum" => {
            let numbers = floats(plan.size);
            let expected = serial_sum(&numbers) as u64;
            POOL.with_worker(|w| plan.time(expected, || sum(w, &numbers) as u64));
        }
        "spawn" => spawn(&plan),
        "trickle" | "idle" | "busy" => quiet::run(&plan, &|job| POOL.spawn(move |_: &Worker| job())),
        "wake" => wakes::run(&plan, |job| {
            Box::new(move || {
                let job = wakes::Job::clone(&job);
                POOL.spawn(move |_: &Worker| job());
            })
        }),
        other => panic!("no program {other}"),
    }
}
