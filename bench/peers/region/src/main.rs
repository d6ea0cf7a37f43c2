//! Runs one program on one arena.
//!
//! `region tokens|pairs NAME REPEATS` runs it without a word, for a count of its instructions.
//! `region time|time-hidden REPEATS NAME...` runs the arenas in turn, and prints a line of nanoseconds an
//! allocation in their order for each round.
//! `region kv-pairs|kv-truncations|kv-times NAME REPEATS` does the same with keys and values.
//! `region plan TOKENS` prints what a transformer's tensors take, line by line: `name bytes`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `scratch.rs` | what every arena does here, ours and the peers' |
//! | `original.rs` | the audited original's, and what its audit proposed |
//! | `kv.rs` | caches of keys and values |
//! | `plans.rs` | plans of a transformer's tensors |

mod kv;
mod original;
mod plans;
mod scratch;

use scratch::Scratch;
use std::hint::black_box;
use std::time::Instant;

/// The scratch tensors of a token: 320 sizes from 8 to 44 KiB, as a model of 32 layers asks for.
fn sizes() -> Vec<usize> {
    (0..320_usize)
        .map(|n| (8 << 10) + n * 7919 % (36 << 10))
        .collect()
}

/// Room for the longest token.
const CAPACITY: usize = 32 * 320 * (45 << 10);

#[cold]
#[inline(never)]
fn failed() -> ! {
    eprintln!("the arena is full");
    std::process::exit(1)
}

/// A token: takes all of its tensors, and gives them back. Where the arena is hidden from the compiler
/// each time, as by the work that a model does between two allocations, its head is in memory;
/// elsewhere the compiler keeps it in a register.
#[inline(never)]
fn token<S: Scratch, const HIDDEN: bool>(arena: &mut S, sizes: &[usize]) {
    for size in sizes {
        let seen: &S = if HIDDEN { black_box(&*arena) } else { arena };
        let Some(at) = seen.alloc(*size) else {
            failed()
        };
        black_box(at);
    }
    arena.reset();
}

#[inline(never)]
fn pairs<S: Scratch>(arena: &mut S, repeats: usize) {
    for _ in 0..repeats {
        let Some(at) = black_box(&*arena).alloc_64() else {
            failed()
        };
        black_box(at);
        arena.reset();
    }
}

/// What is done with an arena of each name.
enum Deed<'a> {
    /// Tokens in a loop that sees the arena.
    Tokens(usize, &'a [usize]),
    /// Tokens in a loop that does not.
    Hidden(usize, &'a [usize]),
    Pairs(usize),
}

fn run_on<S: Scratch>(deed: &Deed<'_>) -> f64 {
    let mut arena = S::new(CAPACITY);
    let began = Instant::now();
    let count = match deed {
        Deed::Tokens(repeats, sizes) => {
            for _ in 0..*repeats {
                token::<S, false>(&mut arena, sizes);
            }
            repeats * sizes.len()
        }
        Deed::Hidden(repeats, sizes) => {
            for _ in 0..*repeats {
                token::<S, true>(&mut arena, sizes);
            }
            repeats * sizes.len()
        }
        Deed::Pairs(repeats) => {
            pairs(&mut arena, *repeats);
            *repeats
        }
    };
    began.elapsed().as_nanos() as f64 / count as f64
}

fn run(name: &str, deed: &Deed<'_>) -> f64 {
    match name {
        "loop" => run_on::<scratch::Nothing>(deed),
        "limit" => run_on::<scratch::Limit>(deed),
        "bedplate" => run_on::<scratch::Ours>(deed),
        "bytes" => run_on::<scratch::OurBytes>(deed),
        "floats" => run_on::<scratch::OurFloats>(deed),
        "outlined" => run_on::<scratch::OursOutlined>(deed),
        "bumpalo" => run_on::<bumpalo::Bump>(deed),
        "bumpalo-16" => run_on::<bumpalo::Bump<16>>(deed),
        "bump-scope" => run_on::<bump_scope::Bump>(deed),
        "original" => run_on::<original::Original>(deed),
        "opt-1" => run_on::<original::Consolidated>(deed),
        "opt-2" => run_on::<original::HeadOnce>(deed),
        "opt-3" => run_on::<original::AlignedFirst>(deed),
        "opt-4" => run_on::<original::AlignmentAssumed>(deed),
        other => panic!("no arena {other}"),
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
    let sizes = sizes();
    match (words.first().map(String::as_str), words.get(1)) {
        (Some("tokens"), Some(name)) => {
            // One long token, so that the reset is not counted among allocations.
            let sizes = sizes.repeat(number(2).expect("repeats"));
            run(name, &Deed::Hidden(1, &sizes));
        }
        (Some("pairs"), Some(name)) => {
            run(name, &Deed::Pairs(number(2).expect("repeats")));
        }
        (Some(time @ ("time" | "time-hidden")), Some(_)) => {
            let deed = if time == "time" {
                Deed::Tokens(1000, &sizes)
            } else {
                Deed::Hidden(1000, &sizes)
            };
            // A quarter of a millisecond each: shorter than the slices that others interrupt.
            for _ in 0..number(1).expect("repeats") {
                let line: Vec<String> = words[2..]
                    .iter()
                    .map(|name| run(name, &deed).to_string())
                    .collect();
                println!("{}", line.join(" "));
            }
        }
        (Some("kv-pairs"), Some(name)) => kv::pairs(name, number(2).expect("repeats")),
        (Some("kv-truncations"), Some(_)) => {
            kv::truncations(number(1).expect("tokens"), number(2).expect("repeats"));
        }
        (Some("kv-times"), Some(what)) => kv::times(what, number(2).expect("rounds")),
        (Some("plan"), Some(_)) => plans::print(number(1).expect("tokens")),
        _ => {
            eprintln!(
                "usage: region tokens|pairs NAME REPEATS | time|time-hidden REPEATS NAME... | plan TOKENS | kv-pairs|kv-truncations|kv-times NAME REPEATS"
            );
            std::process::exit(2);
        }
    }
}
