//! Runs one program on one heap.
//!
//! `heap PROGRAM NAME SIZE` runs it and prints nanoseconds (thread time) for each of what it counts; for
//! `bytes`, bytes of an object. Programs: hot, spread, leaf, trees, rings, rings-beside, rings-into, walks,
//! bytes.
//! `heap deep NAME SHAPE` makes and drops a list, ring or tree of 10^6 on a small stack, or fails.
//! `heap whole verify|checkpoint ROUNDS` times what goes over the whole heap.
//! `heap window ROUNDS` prints what a long program met; `heap window-counts OPERATION...` is for callgrind.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `graph.rs` | what every heap does here |
//! | `ours.rs` | ours |
//! | `pointers.rs` | peers of counted or traced pointers |
//! | `arena.rs` | gc-arena, whose pointers do not leave a closure: the same programs by its own means |
//! | `workloads.rs` | the programs |
//! | `deep.rs` | deep structures on a small stack |
//! | `whole.rs` | what goes over the whole heap: a verification, a checkpoint |
//! | `window.rs` | a long program beside 10^6 live objects, each call timed |
//! | `callgrind.rs` | requests to callgrind |
//! | `clock.rs` | the thread's time, the process's memory |

mod arena;
mod callgrind;
mod clock;
mod deep;
mod graph;
mod ours;
mod pointers;
mod whole;
mod window;
mod workloads;

use workloads::run;

fn run_on(name: &str, program: &str, size: u64) -> Option<f64> {
    match name {
        "loop" => run::<graph::Nothing>(program, size),
        "bedplate" => run::<ours::Ours>(program, size),
        "verified" => run::<ours::Ours<true>>(program, size),
        "rc" => run::<pointers::rc::Counted>(program, size),
        "dumpster" => run::<pointers::dumpster::Dumpster>(program, size),
        "rust-cc" => run::<pointers::rust_cc::RustCc>(program, size),
        "bacon_rajan_cc" => run::<pointers::bacon::BaconRajan>(program, size),
        "jrsonnet-gcmodule" => run::<pointers::gcmodule::Gcmodule>(program, size),
        "boa_gc" => run::<pointers::boa::Boa>(program, size),
        "gc-arena" => arena::run(program, size),
        _ => None,
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers = |from: usize| words[from..].iter().filter_map(|word| word.parse().ok());
    match words.first().map(String::as_str) {
        Some("deep") if words.len() == 3 => {
            std::process::exit(i32::from(!deep::holds(&words[1], &words[2])))
        }
        Some("whole") if words.len() == 3 => std::process::exit(i32::from(!whole::run(
            &words[1],
            numbers(2).next().unwrap_or(1),
        ))),
        Some("window") => return window::timed(numbers(1).next().unwrap_or(1)),
        Some("window-counts") => return window::counted(numbers(1).collect()),
        _ => {}
    }
    let figure = match words.as_slice() {
        [program, name, size] => size
            .parse()
            .ok()
            .and_then(|size| run_on(name, program, size)),
        _ => None,
    };
    let Some(figure) = figure else {
        eprintln!("usage: heap PROGRAM NAME SIZE, where the heap has the program");
        std::process::exit(2);
    };
    println!("{figure}");
}
