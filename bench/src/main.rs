//! Comparisons of bedplate with its peers.
//!
//! # Role
//! Runs an area's rows, prints them as a table on stdout, and writes them as JSON for machines.
//! Talk goes to stderr.
//!
//! # Not here
//! Judging whether a change made a program faster: that is `bedplate ab`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `malloc/` | rows of the allocator |
//! | `pool/` | rows of the pool |
//! | `region/` | rows of the region |
//! | `heap/` | rows of the heap |
//! | `evidence.rs` | rows of the evidence tools |
//! | `labels.rs` | rows of the audit, on the labels made by hand |
//! | `row.rs` | a row: what is asked, what was measured |
//! | `report.rs` | the table and the JSON document |
//! | `contender.rs` | the libraries that are compared, ours and the peers |
//! | `peer/` | the other allocators, and how each is got |
//! | `program.rs` | builds and runs of the small C programs |
//! | `trace/` | recorded traces of real programs |
//! | `callgrind.rs` | counts of instructions and misses |
//! | `host.rs` | facts of the machine that belong to a figure |
//! | `failure.rs` | why something could not be measured |
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to a person"
)]
#![expect(
    clippy::std_instead_of_alloc,
    reason = "a program of the standard library"
)]

mod callgrind;
mod contender;
mod evidence;
mod failure;
mod heap;
mod host;
mod labels;
mod malloc;
mod peer;
mod pool;
mod program;
mod region;
mod report;
mod row;
mod trace;

use clap::{Parser, Subcommand};
use failure::Failure;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares bedplate with its peers.
#[derive(Debug, Parser)]
#[command(name = "bedplate-bench", version, about)]
struct Arguments {
    #[command(subcommand)]
    area: Area,
}

#[derive(Debug, Subcommand)]
enum Area {
    /// The allocator: instructions, time and memory of many programs, memory given back, forks.
    Malloc(Options),
    /// What each telemetry gate costs, against a library without any.
    Gates {
        /// Fewer repetitions.
        #[arg(long)]
        quick: bool,
        /// Writes the table as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// The evidence tools: how often a verdict is wrong, and what a comparison costs.
    Evidence(evidence::Options),
    /// The pool: what forks and jobs cost, and a pool that has little to do.
    Pool(Options),
    /// The region: what an allocation of the arena costs, and how small plans are.
    Region(Options),
    /// The heap: counts, objects, cycles and pauses, beside pointers that count.
    Heap(Options),
    /// Records a program's allocations, or what loops cost, and writes the traces that are shipped.
    Record {
        /// The program, or `pool`.
        #[arg(value_parser = Recording::parse)]
        name: Recording,
    },
}

/// What can be recorded.
#[derive(Clone, Copy, Debug)]
enum Recording {
    /// A program's allocations.
    Program(trace::Name),
    /// What loops cost, for the pool's forecasts.
    Pool,
}

impl Recording {
    fn parse(word: &str) -> Result<Self, String> {
        if word == "pool" {
            return Ok(Self::Pool);
        }
        <trace::Name as clap::ValueEnum>::from_str(word, false).map(Self::Program)
    }
}

/// Options of every area.
#[derive(Debug, clap::Args)]
struct Options {
    /// Finishes in five minutes on two cores once everything is built; fewer repetitions.
    #[arg(long)]
    quick: bool,
    /// Writes the rows as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only the rows whose id begins so.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
    /// Only the peers whose name begins so, and the C library; the report names the others.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    peers: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.area {
        Area::Malloc(options) => run(options),
        Area::Gates { quick, json } => malloc::gates::run(*quick, json.as_deref()),
        Area::Evidence(options) => evidence::run(options),
        Area::Pool(options) => pool::run(options),
        Area::Region(options) => region::run(options),
        Area::Heap(options) => heap::run(options),
        Area::Record {
            name: Recording::Program(name),
        } => trace::record(*name),
        Area::Record {
            name: Recording::Pool,
        } => pool::record(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bedplate-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let (contenders, left_out) = contender::all(&options.peers)?;
    let rows = malloc::run(&contenders, options.quick, options.only.as_deref());
    let report = Report::new("malloc", rows, left_out);
    report.print();
    options
        .json
        .as_deref()
        .map_or(Ok(()), |path| report.write(path))
}
