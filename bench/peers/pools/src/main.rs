//! Runs one program on one pool and prints one figure a line.
//!
//! `pools PROGRAM POOL SIZE REPEATS [THREADS|0] [bound|free]`: POOL is serial, bedplate, outside (bedplate, entered
//! anew each time), free (bedplate by functions without a context), chili or rayon. Trees and
//! numbers of Fibonacci print nanoseconds, the others what their module says.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `plan.rs` | how a program is run, and how its figures are printed |
//! | `makers.rs` | the pools |
//! | `tree.rs`, `nodes.rs`, `fib.rs` | forks |
//! | `loops.rs`, `numbers.rs` | sums and sorts |
//! | `foreseen.rs` | loops that run again and again |
//! | `regret.rs` | how near the pool's cut of a loop is to the best |
//! | `choices.rs` | whom to wake, and who runs what |
//! | `spawns.rs` | jobs and batches |
//! | `handoffs.rs` | jobs that wait for jobs |
//! | `quiet.rs` | a pool that has little to do |
//! | `waits.rs` | programs that hang where a wait runs whatever it finds |
//! | `traced.rs` | what a timeline costs |
//! | `wakes.rs` | how soon a sleeping worker begins |

mod choices;
mod fib;
mod handoffs;
mod foreseen;
mod loops;
mod makers;
mod nodes;
mod numbers;
mod plan;
mod quiet;
mod regret;
mod spawns;
mod traced;
mod tree;
mod waits;
mod wakes;

use plan::Plan;

fn main() {
    let plan = Plan::read();
    match plan.program.as_str() {
        "tree" | "shuffled" => tree::run(&plan),
        "fib" => fib::run(&plan),
        "sum" => loops::sum(&plan),
        "sort" => loops::sort(&plan, false),
        "stable-sort" => loops::sort(&plan, true),
        "spawn" => spawns::spawn(&plan),
        "batch" => spawns::batch(&plan),
        "trickle" | "idle" | "busy" => quiet::run(&plan, &makers::spawner(&plan)),
        program if program.starts_with("waits-") => waits::run(&plan),
        "traced-fib" | "traced-tree" | "traced-jobs" => traced::run(&plan),
        "handoff" | "nested" => handoffs::run(&plan, |builder| builder.bind_workers(plan.bound)),
        "wake" => {
            let one = Plan { threads: 1, ..plan };
            wakes::run(&one, |job| makers::sender(&one, job));
        }
        "chosen" => choices::chosen(&plan),
        "kept" => choices::kept(&plan),
        "moved" => choices::moved(&plan),
        "pick" => choices::pick(&plan),
        "small" => foreseen::small(&plan),
        "relearn" => foreseen::relearn(&plan),
        other => match other.split_once(':') {
            Some(("regret", name)) => regret::regret(&plan, name),
            Some(("record", name)) => foreseen::record(&plan, name),
            _ => panic!("no program {other}"),
        },
    }
}
