//! Real programs, unchanged, on the allocator.
//!
//! # Role
//! Run each program twice, without us and on us, compare what it made, and prove that the second run was on us.
//!
//! # Not here
//! Timings to be believed: `bedplate run --versus` and `bench` are for that; the seconds printed here are for
//! patience. (The ratios of `jaq`, which no preloading can give, are the exception.)
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arm.rs` | without us, by `bedplate run`, or by a bare `LD_PRELOAD` |
//! | `stage.rs` | one program in one arm: its folder, its launches, its proof |
//! | `process.rs` | a process group within a time, its output in files |
//! | `witness.rs` | which processes were seen with the allocator's page mapped |
//! | `evidence.rs` | what is compared, and the first difference |
//! | `cost.rs` | processor time and peak memory of runs in turn, as ratios |
//! | `trouble.rs` | why a program failed |
//! | `compilers.rs`, `cpython.rs`, `git.rs`, `jaq.rs`, `node.rs`, `perl.rs` | a program each |
//! | `postgres.rs`, `redis.rs`, `rust_program.rs`, `sqlite.rs` | a program each |
//!
//! # Invariants
//! - I1: no process outlives the chore: each has a time, servers are ended when they go out of scope.
//! - I2: nothing of the network is used but loopback, and no port is fixed; cargo fetches what `jaq` is made of.

mod arm;
mod compilers;
mod cost;
mod cpython;
mod evidence;
mod git;
mod jaq;
mod node;
mod perl;
mod postgres;
mod process;
mod redis;
mod rust_program;
mod sqlite;
mod stage;
mod trouble;
mod witness;

use crate::failure::{Failure, Verdict};
use arm::Arm;
use evidence::Evidence;
use serde::Serialize;
use stage::{Proof, Stage};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use trouble::Trouble;

/// Options of `xtask programs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these programs, by name.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Smaller data, fewer test modules.
    #[arg(long)]
    quick: bool,
    /// Install missing Debian packages with apt-get.
    #[arg(long)]
    install: bool,
    /// Run without us only: what the other run is compared with.
    #[arg(long, conflicts_with_all = ["library", "bedplate"])]
    baseline: bool,
    /// Preload this library instead of starting programs by `bedplate run`.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// The `bedplate` program; built when this is not given.
    #[arg(long, value_name = "FILE", conflicts_with = "library")]
    bedplate: Option<PathBuf>,
    /// Keep what the programs made, in this folder.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Also write the results here.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A program that must run unchanged.
struct Program {
    name: &'static str,
    /// Debian packages that have it.
    packages: &'static [&'static str],
    /// What of it is not installed.
    missing: fn() -> Option<Trouble>,
    /// What is compared, and what is set equal before.
    compared: &'static str,
    run: fn(&Stage) -> Result<Evidence, Trouble>,
}

const PROGRAMS: &[Program] = &[
    redis::PROGRAM,
    sqlite::PROGRAM,
    git::PROGRAM,
    cpython::PROGRAM,
    compilers::PROGRAM,
    node::PROGRAM,
    postgres::PROGRAM,
    perl::PROGRAM,
    rust_program::PROGRAM,
    jaq::PROGRAM,
];

/// What became of one program.
#[derive(Debug, Serialize)]
struct Outcome {
    name: &'static str,
    ok: bool,
    compared: &'static str,
    /// How it was proved that the second run was on us.
    active: Option<Proof>,
    seconds_without: f64,
    seconds_with: f64,
    /// What went wrong, or what was compared with its size.
    detail: String,
}

/// The whole run, as written by `--json`.
#[derive(Debug, Serialize)]
struct Results<'a> {
    version: u32,
    quick: bool,
    arm: String,
    programs: &'a [Outcome],
}

/// Runs the programs and prints a line for each.
///
/// # Errors
/// - when a name is unknown, or the folder, `bedplate` or the results cannot be made.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let programs = chosen(&options.only)?;
    let folder = options.keep.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("bedplate-programs-{}", std::process::id()))
    });
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    let arm = arm::second(options, &folder)?;
    let mut outcomes = Vec::new();
    for program in programs {
        let outcome = one(program, arm.as_ref(), options, &folder);
        println!("{}", line(&outcome));
        outcomes.push(outcome);
    }
    if options.keep.is_none() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    }
    if let Some(path) = &options.json {
        let results = Results {
            version: 1,
            quick: options.quick,
            arm: arm
                .as_ref()
                .map_or_else(|| "baseline only".to_owned(), Arm::name),
            programs: &outcomes,
        };
        let text = serde_json::to_string_pretty(&results)
            .map_err(|error| Failure::content(path, error))?;
        fs::write(path, text).map_err(|error| Failure::file(path, error))?;
    }
    Ok(Verdict::from_clean(
        outcomes.iter().all(|outcome| outcome.ok),
    ))
}

fn chosen(only: &[String]) -> Result<Vec<&'static Program>, Failure> {
    if let Some(unknown) = only
        .iter()
        .find(|name| PROGRAMS.iter().all(|program| program.name != **name))
    {
        let known = PROGRAMS
            .iter()
            .map(|program| program.name)
            .collect::<Vec<_>>()
            .join(", ");
        return Err(Failure::content(
            Path::new("--only"),
            format!("no program `{unknown}`; there are {known}"),
        ));
    }
    let wanted =
        |program: &&Program| only.is_empty() || only.iter().any(|name| name == program.name);
    Ok(PROGRAMS.iter().filter(wanted).collect())
}

fn one(program: &Program, arm: Option<&Arm>, options: &Options, folder: &Path) -> Outcome {
    let mut outcome = Outcome {
        name: program.name,
        ok: false,
        compared: program.compared,
        active: None,
        seconds_without: 0.0,
        seconds_with: 0.0,
        detail: String::new(),
    };
    if let Err(trouble) = both(program, arm, options, folder, &mut outcome) {
        outcome.detail = trouble.to_string();
    }
    outcome
}

fn both(
    program: &Program,
    arm: Option<&Arm>,
    options: &Options,
    folder: &Path,
    outcome: &mut Outcome,
) -> Result<(), Trouble> {
    present(program, options.install)?;
    let shared = folder.join(program.name);
    // Left by an earlier run with --keep: a program must start on nothing.
    empty(&shared)?;
    let started = Instant::now();
    let plain = Stage::new(&Arm::Without, &shared, options.quick)?;
    let expected = (program.run)(&plain).map_err(|trouble| trouble.within("without us"))?;
    outcome.seconds_without = started.elapsed().as_secs_f64();
    let mut remark = String::new();
    if let Some(arm) = arm {
        let started = Instant::now();
        let stage = Stage::new(arm, &shared, options.quick)?;
        let found = (program.run)(&stage);
        outcome.seconds_with = started.elapsed().as_secs_f64();
        outcome.active = Some(stage.proof());
        let found = found.map_err(|trouble| trouble.within("on bedplate"))?;
        found.must_equal(&expected)?;
        stage.proof().must_hold()?;
        remark = stage.remarked();
    }
    outcome.detail = expected.summary() + &remark;
    outcome.ok = true;
    Ok(())
}

fn empty(folder: &Path) -> Result<(), Trouble> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Trouble::new(format!("{}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// All of the program there, or installed.
fn present(program: &Program, install: bool) -> Result<(), Trouble> {
    let Some(missing) = (program.missing)() else {
        return Ok(());
    };
    let packages = program.packages.join(" ");
    if !install {
        let advice = format!("{missing}: `--install`, or apt-get install {packages}");
        return Err(Trouble::new(advice));
    }
    let mut command = Command::new("apt-get");
    command
        .args(["install", "-y", "--no-install-recommends"])
        .args(program.packages);
    let output = command
        .output()
        .map_err(|error| Trouble::new(format!("apt-get: {error}")))?;
    (program.missing)().map_or(Ok(()), |missing| {
        let said = String::from_utf8_lossy(&output.stderr);
        let after = format!("{missing}, also after apt-get install {packages}: {said}");
        Err(Trouble::new(after))
    })
}

fn line(outcome: &Outcome) -> String {
    let verdict = if outcome.ok { "OK  " } else { "FAIL" };
    let active = outcome
        .active
        .as_ref()
        .map_or_else(|| "not asked".to_owned(), ToString::to_string);
    format!(
        "{verdict} {:<9} compared: {}; {}; ACTIVE: {active}; {:.1} s without, {:.1} s with",
        outcome.name,
        outcome.compared,
        outcome.detail,
        outcome.seconds_without,
        outcome.seconds_with
    )
}
