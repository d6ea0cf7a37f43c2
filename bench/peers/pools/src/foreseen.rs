//! Loops that run again and again, as programs have them: what a pool that has learned their cost
//! makes of them.
//!
//! `small` prints nanoseconds a loop of many that follow each other at once. `relearn` prints how many calls a loop whose cost changes is run the old way. `record:NAME`
//! prints `items nanoseconds` of each call of a loop, on one worker.

use crate::plan::Plan;
use bedplate_pool::prelude::*;
use bedplate_pool::{ThreadPool, ThreadPoolBuilder};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Loops between two looks at the clock.
const BATCH: u32 = 50;

pub fn pool(threads: usize, predicts: bool) -> ThreadPool {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder
        .prediction(predicts)
        .build()
        .expect("the pool starts")
}

pub fn small(plan: &Plan) {
    let numbers: Vec<f64> = (0..plan.size).map(f64::from).collect();
    let expected: f64 = numbers.iter().sum();
    let check = |sum: f64| assert!((sum / expected - 1.0).abs() < 1e-9, "a wrong sum");
    let time = |sum: &(dyn Fn() -> f64 + Sync)| {
        for _ in 0..plan.repeats {
            let began = Instant::now();
            for _ in 0..BATCH {
                check(black_box(sum()));
            }
            println!("{}", began.elapsed().as_nanos() as f64 / f64::from(BATCH));
        }
    };
    let ours = |predicts| pool(plan.threads, predicts);
    match plan.pool.as_str() {
        "serial" => time(&|| black_box(&numbers).iter().sum()),
        "bedplate" => ours(true).install(|| time(&|| numbers.par_iter().sum())),
        "unforeseen" => ours(false).install(|| time(&|| numbers.par_iter().sum())),
        "outside" => {
            let pool = ours(true);
            time(&|| pool.install(|| numbers.par_iter().sum()));
        }
        "rayon" => plan.rayon().install(|| {
            use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
            time(&|| {
                let numbers = IntoParallelRefIterator::par_iter(&numbers);
                ParallelIterator::sum(numbers)
            });
        }),
        other => panic!("no pool {other}"),
    }
}

/// A number that looks random, of another.
pub fn scattered(n: usize) -> u64 {
    let mixed = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32
}

/// So many turns, of about a nanosecond each.
#[inline(never)]
pub fn work(turns: u64) -> u64 {
    let mut value = turns;
    for _ in 0..turns {
        value = black_box(value.wrapping_mul(5).wrapping_add(1));
    }
    value
}

/// The items of a loop that changes its cost.
const CHANGING: usize = 256;
/// Turns of an item before and after.
const TURNS: [u64; 2] = [2, 2_000];
/// Calls of each phase.
const PHASE: usize = 100;

/// A loop that is not worth help for a hundred calls, then is, then is not again: prints after how
/// many calls it was run by several threads the first time, and for how many calls of a phase that is
/// not worth it it still was.
pub fn relearn(plan: &Plan) {
    let turns = AtomicU64::new(TURNS[0]);
    let by_others = AtomicU64::new(0);
    let pool = pool(plan.threads, true);
    pool.install(|| {
        let here = bedplate_pool::current_thread_index();
        let call = || {
            by_others.store(0, Ordering::Relaxed);
            (0..CHANGING).into_par_iter().for_each(|_| {
                work(turns.load(Ordering::Relaxed));
                if bedplate_pool::current_thread_index() != here {
                    by_others.fetch_add(1, Ordering::Relaxed);
                }
            });
            by_others.load(Ordering::Relaxed) > 0
        };
        let phase = |turn: u64| -> Vec<bool> {
            turns.store(turn, Ordering::Relaxed);
            (0..PHASE).map(|_| call()).collect()
        };
        phase(TURNS[0]);
        for _ in 0..plan.repeats {
            let shared = phase(TURNS[1]);
            println!(
                "{}",
                shared.iter().position(|shared| *shared).unwrap_or(PHASE)
            );
            let shared = phase(TURNS[0]);
            println!("{}", shared.iter().filter(|shared| **shared).count());
        }
    });
}

/// What a call of a recorded loop does; the number of items is given.
type Call = Box<dyn Fn(usize)>;

/// Prints the traces that predictors are judged by.
pub fn record(plan: &Plan, name: &str) {
    let pool = pool(1, false);
    let calls = plan.repeats as usize;
    pool.install(|| {
        let (lens, call) = recorded(name, plan.size as usize);
        for turn in 0..calls {
            let len = lens(turn);
            let began = Instant::now();
            call(len);
            println!("{len} {}", began.elapsed().as_nanos());
        }
    });
}

/// The lengths of a recorded loop's calls, and what each does.
fn recorded(name: &str, size: usize) -> (fn(usize) -> usize, Call) {
    let numbers: Vec<u64> = (0..size).map(scattered).collect();
    match name {
        // The sum of slices of all sizes.
        "sums" => (
            |turn| 1 << (4 + scattered(turn) % 14),
            Box::new(move |len| {
                black_box(numbers[..len].par_iter().sum::<u64>());
            }),
        ),
        // Numbers that are random, few, nearly sorted, in turn.
        "sorts" => (
            |_| 4_000,
            Box::new({
                let turn = AtomicU64::new(0);
                move |len| {
                    let turn = turn.fetch_add(1, Ordering::Relaxed);
                    let mut own = numbers[..len].to_vec();
                    match turn / 10 % 3 {
                        0 => {}
                        1 => own.iter_mut().for_each(|n| *n %= 8),
                        _ => {
                            own.sort_unstable();
                            own.swap(1, len / 2);
                        }
                    }
                    own.par_sort_unstable();
                    black_box(&own);
                }
            }),
        ),
        // Words of a text, made and measured.
        "words" => (
            |turn| 200 + (scattered(turn) % 300) as usize,
            Box::new(move |len| {
                let lengths = numbers[..len].par_iter().map(|n| {
                    let word = format!("{n:x}").repeat(1 + (n % 7) as usize);
                    word.chars().filter(|c| c.is_ascii_digit()).count()
                });
                black_box(lengths.sum::<usize>());
            }),
        ),
        // A loop whose items cost more from one call on, and less again later.
        "phases" => (
            |_| 256,
            Box::new({
                let turn = AtomicU64::new(0);
                move |len| {
                    let turn = turn.fetch_add(1, Ordering::Relaxed);
                    let turns = [20, 400, 60, 2_000, 20][(turn / 60 % 5) as usize];
                    (0..len).into_par_iter().for_each(|_| {
                        work(turns);
                    });
                }
            }),
        ),
        // Items whose cost has a heavy tail.
        "tails" => (
            |_| 64,
            Box::new({
                let turn = AtomicU64::new(0);
                move |len| {
                    let turn = turn.fetch_add(1, Ordering::Relaxed) as usize;
                    (0..len).into_par_iter().for_each(|n| {
                        work(100_000 / (1 + scattered(turn * 64 + n) % 1000));
                    });
                }
            }),
        ),
        // A cost that grows slowly, as a table does that is filled.
        "drift" => (
            |_| 500,
            Box::new({
                let turn = AtomicU64::new(0);
                move |len| {
                    let turn = turn.fetch_add(1, Ordering::Relaxed);
                    (0..len).into_par_iter().for_each(|_| {
                        work(20 + turn / 2);
                    });
                }
            }),
        ),
        // Memory: sums of parts of a slice that does not fit into the caches.
        "memory" => (
            |turn| 1 << (15 + turn % 3),
            Box::new({
                let turn = AtomicU64::new(0);
                move |len| {
                    let turn = turn.fetch_add(1, Ordering::Relaxed) as usize;
                    let from = scattered(turn) as usize % (numbers.len() - len);
                    black_box(numbers[from..from + len].par_iter().copied().max());
                }
            }),
        ),
        other => panic!("no loop {other}"),
    }
}
