//! The programs that stand for ways of allocating, and their sizes.
//!
//! # Role
//! One table. A program that was measured once is never removed or resized: a figure keeps its meaning.
//!
//! # Not here
//! Running them (`shape_runs.rs`). The programs themselves lie in `bench/programs/`.
//!
//! # Invariants
//! I1. Every program does a fixed amount of work, so its processor time is comparable; no thread
//!     waits by spinning. On two cores of 2026 one run takes 0.2 to 1.5 s on most allocators.
//! I2. A program uses its memory: first and last word of each block, sometimes all of it.
//! I3. `--quick` divides only the number of turns, never a working set or a number of threads.

/// A program with its sizes.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The row.
    pub(crate) id: &'static str,
    /// What of a real program it models.
    pub(crate) models: &'static str,
    /// How often the program is started for one figure.
    pub(crate) runs: u32,
    /// The C file, without its ending.
    pub(crate) program: &'static str,
    /// Its first arguments.
    pub(crate) arguments: &'static [&'static str],
    /// Its last argument: how many turns, rounds or batches.
    pub(crate) turns: u32,
    /// A recorded trace that it replays: its file and slots precede the arguments.
    pub(crate) trace: Option<&'static str>,
}

const fn shape(
    id: &'static str,
    models: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    turns: u32,
) -> Shape {
    Shape {
        id,
        models,
        runs: 1,
        program,
        arguments,
        turns,
        trace: None,
    }
}

const fn trace(id: &'static str, models: &'static str, name: &'static str, turns: u32) -> Shape {
    Shape {
        id,
        models,
        runs: 1,
        program: "replay",
        arguments: &[],
        turns,
        trace: Some(name),
    }
}

/// All of them, in the order of the table of rows.
pub(crate) const SHAPES: &[Shape] = &[
    shape(
        "M8.mixed-400",
        "steady churn, 400 live blocks of 16..1024 B",
        "churn",
        &["1", "400", "16", "1024"],
        15_000_000,
    ),
    shape(
        "M8.mixed-40000",
        "steady churn, 40,000 live blocks of 16..1024 B",
        "churn",
        &["1", "40000", "16", "1024"],
        6_000_000,
    ),
    shape(
        "M8.churn-threads",
        "steady churn in four threads at once, 4000 live blocks each",
        "churn",
        &["4", "4000", "16", "1024"],
        3_000_000,
    ),
    shape(
        "M8.remote-free",
        "one thread allocates, another frees",
        "remote_free",
        &["16", "512"],
        30_000,
    ),
    shape(
        "M8.ring",
        "four threads in a ring, each frees what its neighbour allocated",
        "ring",
        &["4"],
        4_000,
    ),
    shape(
        "M8.waves",
        "phases: four threads allocate in bulk, each then frees another's bulk",
        "waves",
        &["4", "20000"],
        42,
    ),
    shape(
        "M8.thread-churn",
        "threads start, allocate and end; others free what they left",
        "thread_churn",
        &["2", "400"],
        5_000,
    ),
    Shape {
        runs: 250,
        ..shape(
            "M8.small-program",
            "a small program that ends at once: start, 6000 allocations, exit",
            "small_program",
            &[],
            6_000,
        )
    },
    shape(
        "M8.realloc",
        "256 growing vectors and strings",
        "realloc_growth",
        &["256"],
        3_000_000,
    ),
    shape(
        "M8.calloc",
        "zeroed blocks of 64 KiB to 16 MiB, touched partly",
        "calloc_large",
        &["16"],
        3_000,
    ),
    // Added after the others were fixed, for a program of a public suite that was the worst of all.
    shape(
        "M8.large",
        "20 blocks of 5 to 25 MiB, replaced and written",
        "large_replaced",
        &["20"],
        800,
    ),
    shape(
        "M8.lifetimes",
        "short- and long-lived blocks whose sizes drift: an hour compressed",
        "lifetimes",
        &[],
        8_000_000,
    ),
    trace(
        "M8.trace-redis",
        "recorded: redis-server under redis-benchmark",
        "redis",
        12,
    ),
    trace(
        "M8.trace-python",
        "recorded: CPython working on text, JSON and dictionaries",
        "python",
        12,
    ),
    trace(
        "M8.trace-compiler",
        "recorded: GNU C++ compiling a page of modern C++",
        "compiler",
        12,
    ),
];
