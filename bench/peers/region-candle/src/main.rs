//! Model files, read by our readers and by others.
//!
//! `region-candle make FILE` writes a file with a vocabulary of 150,000 tokens and 300 tensors.
//! `region-candle parse FILE ROUNDS` reads its metadata in turn; a line of nanoseconds for each round:
//! ours, ours with every token looked at, candle's.
//! `region-candle memory FILE ours|candle` prints what the reading added to the resident memory, and
//! the bytes of the metadata.
//! `region-candle load FILE ROUNDS` maps a file and touches each page in turn: ours, raw `mmap`,
//! memmap2; a line of nanoseconds for each round. `copy FILE ROUNDS` does so with our copy in huge pages.
//! `region-candle kv-append CACHE ROUNDS` and `kv-truncations CACHE TOKENS REPEATS` do with candle's `KvCache`
//! or `ConcatKvCache` what `region` does with ours.
//! `region-candle differ RUNS [SEED]` shows damaged files to both readers, and ends with 1 where they
//! differ in what candle is right about.
//! `region-candle written` has candle write files that we read.
//! `region-candle holes` says what candle does with the files that our tests are named after.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `vocabulary.rs` | the large file |
//! | `times.rs` | parses and loads, in turn |
//! | `memory.rs` | resident memory |
//! | `caches.rs` | candle's caches of keys and values |
//! | `differential.rs` | the same file, read twice |
//! | `holes.rs` | files that candle reads and we refuse |

mod caches;
mod differential;
mod holes;
mod memory;
mod times;
mod vocabulary;

use std::path::Path;
use std::process::ExitCode;

/// What any of it may end with.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match *words {
        ["make", file] => vocabulary::make(Path::new(file)),
        ["parse", file, rounds] => number(rounds).and_then(|n| times::parse(Path::new(file), n)),
        ["load", file, rounds] => number(rounds).and_then(|n| times::load(Path::new(file), n)),
        ["copy", file, rounds] => number(rounds).and_then(|n| times::copy(Path::new(file), n)),
        ["kv-append", cache, rounds] => number(rounds).and_then(|n| caches::appends(cache, n)),
        ["kv-truncations", cache, tokens, repeats] => number(tokens)
            .and_then(|tokens| number(repeats).and_then(|n| caches::truncations(cache, tokens, n))),
        ["memory", file, reader] => memory::print(Path::new(file), reader),
        ["differ", runs] => number(runs).and_then(|n| differential::run(n, 0)),
        ["differ", runs, seed] => {
            number(runs).and_then(|n| number(seed).and_then(|seed| differential::run(n, seed)))
        }
        ["written"] => differential::written(),
        ["holes"] => {
            holes::print();
            Ok(())
        }
        _ => Err("see the top of main.rs for what can be asked".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("region-candle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(word: &str) -> Outcome<u64> {
    Ok(word.parse()?)
}
