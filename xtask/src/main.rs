//! Chores of the repository.
//!
//! # Role
//! One program for the checks and the generated files that cargo has no command for.
//!
//! # Not here
//! Anything a user of bedplate would want: that is `bedplate-cli`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `coverage/` | line coverage of the crates by their own tests |
//! | `deletable/` | what the audit calls removable, deleted |
//! | `hotcheck/` | the hot-path check on a built library |
//! | `jrsonnet/` | jrsonnet, and its collector's own tests, on our counted pointers |
//! | `programs/` | real programs, unchanged, on the allocator |
//! | `rayon/` | programs and tests made for rayon, on the pool |
//! | `tidy/` | rules of the tree that no lint knows |
//! | `captured.rs` | running a program to its end |
//! | `published.rs` | sources of published packages, copied into a folder |
//! | `failure.rs` | why a chore could not be done, and exit codes |
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

mod captured;
mod coverage;
mod deletable;
mod failure;
mod hotcheck;
mod jrsonnet;
mod programs;
mod published;
mod rayon;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Chores of the bedplate repository.
#[derive(Debug, Parser)]
#[command(name = "xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Measures which lines the crates' own tests run, and keeps the share from falling.
    Coverage(coverage::Options),
    /// Deletes what the audit calls removable from a copy of a package, and runs its tests.
    Deletable(deletable::Options),
    /// Disassembles a built library and proves what its malloc and free hit paths do not do.
    Hotcheck(hotcheck::Options),
    /// Runs jrsonnet-gcmodule's own tests on the package in its place.
    GcmoduleTests(jrsonnet::TestOptions),
    /// Builds jrsonnet with its collector and with ours in its place, and compares what both make of jsonnet's tests.
    Jrsonnet(jrsonnet::ProgramOptions),
    /// Runs real programs without us and on us, and compares what they make.
    Programs(programs::Options),
    /// Builds published programs with rayon and with ours in its place, and compares what they make.
    RayonPrograms(rayon::ProgramOptions),
    /// Runs rayon's own tests on the package in rayon's place.
    RayonTests(rayon::TestOptions),
    /// Checks the rules of the tree: manifests, layers, rooms, unsafe modules, symbols, notices.
    Tidy(tidy::Options),
    /// Writes docs/NOTICES.md and the libraries' notices from the crates that each artefact links.
    Notices,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.chore {
        Chore::Coverage(options) => coverage::run(options),
        Chore::Deletable(options) => deletable::run(options),
        Chore::Hotcheck(options) => hotcheck::run(options),
        Chore::GcmoduleTests(options) => jrsonnet::run_tests(options),
        Chore::Jrsonnet(options) => jrsonnet::run_programs(options),
        Chore::Programs(options) => programs::run(options),
        Chore::RayonPrograms(options) => rayon::run_programs(options),
        Chore::RayonTests(options) => rayon::run_tests(options),
        Chore::Tidy(options) => tidy::run(options),
        Chore::Notices => tidy::write_notices(),
    };
    match ended {
        Ok(verdict) => verdict.into(),
        Err(failure) => {
            eprintln!("xtask: {failure}");
            failure::Verdict::Unable.into()
        }
    }
}
