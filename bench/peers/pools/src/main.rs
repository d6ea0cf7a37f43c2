//! Runs one program on one pool and prints one figure a line.
//!
//! `pools PROGRAM POOL SIZE REPEATS [THREADS]`: POOL is serial, bedplate, outside (bedplate, entered
//! anew each time), free (bedplate by functions without a context), chili or rayon. Trees and
//! numbers of Fibonacci print nanoseconds, the others what their module says.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `tree.rs`, `fib.rs` | forks |
//! | `spawns.rs` | jobs and batches |
//! | `quiet.rs` | a pool that has little to do |
//! | `wakes.rs` | how soon a sleeping worker begins |

mod fib;
mod quiet;
mod spawns;
mod tree;
mod wakes;

use std::time::Instant;

/// How a program is run.
pub struct Plan {
    pub pool: String,
    pub size: u32,
    pub repeats: u32,
    pub threads: usize,
}

impl Plan {
    /// Our pool, bound as by default.
    pub fn bedplate(&self) -> bedplate_pool::ThreadPool {
        let builder = bedplate_pool::ThreadPoolBuilder::new().num_threads(self.threads);
        builder.build().expect("the pool starts")
    }

    pub fn rayon(&self) -> rayon::ThreadPool {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(self.threads);
        builder.build().expect("the pool starts")
    }

    pub fn chili(&self) -> chili::ThreadPool {
        chili::ThreadPool::with_config(chili::Config {
            thread_count: self.threads.try_into().ok(),
            ..chili::Config::default()
        })
    }

    /// Prints the nanoseconds of each repetition.
    pub fn time(&self, expected: u64, mut run: impl FnMut() -> u64) {
        for _ in 0..self.repeats {
            let began = Instant::now();
            let result = std::hint::black_box(run());
            let took = began.elapsed().as_nanos();
            assert_eq!(result, expected);
            println!("{took}");
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok());
    let (Some(program), Some(pool), Some(size), Some(repeats)) =
        (words.first(), words.get(1), number(2), number(3))
    else {
        eprintln!("usage: pools PROGRAM POOL SIZE REPEATS [THREADS]");
        std::process::exit(2);
    };
    let plan = Plan {
        pool: pool.clone(),
        size,
        repeats,
        threads: number(4).map_or_else(rayon::current_num_threads, |n| n as usize),
    };
    match program.as_str() {
        "tree" => tree::run(&plan),
        "fib" => fib::run(&plan),
        "spawn" => spawns::spawn(&plan),
        "batch" => spawns::batch(&plan),
        "trickle" => quiet::trickle(&plan),
        "idle" => quiet::idle(&plan),
        "busy" => quiet::busy(&plan),
        "wake" => wakes::run(&plan),
        other => panic!("no program {other}"),
    }
}
