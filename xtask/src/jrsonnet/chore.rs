//! `jrsonnet`: outputs, leaks, times.

use super::build::{Build, Builds, both};
use super::{corpus, side};
use crate::failure::{Failure, Verdict};
use crate::published::{make, write};
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of `xtask jrsonnet`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds of the time measurement, both sides in each.
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Keep what is made, in this folder; what is there already is not built again where it need not be.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// Many objects that lead to themselves, made and forgotten.
const OBJECTS: &str = "local make(i) = { i: i, local me = self, twice: me.i * 2, name: 'number ' + me.i };\n\
    std.foldl(function(sum, o) sum + o.twice + std.length(o.name), std.map(make, std.range(1, 200000)), 0)\n";
/// How often the leak's snippet is evaluated.
const TIMES: [&str; 3] = ["100", "1000", "4000"];

/// Builds both, compares them, and prints the figures.
///
/// # Errors
/// - where sources cannot be had or do not build, or the patch was not taken.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let folder = options.keep.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("bedplate-jrsonnet-{}", std::process::id()))
    });
    make(&folder)?;
    let source = corpus::fetch(&folder)?;
    let builds = both(&folder)?;
    println!("both built; the lock files and the programs' messages say which collector each has");
    let is_same = outputs(&builds, &source)?;
    leaks(&builds)?;
    times(&builds, &source, &folder, options.rounds)?;
    if options.keep.is_none() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    }
    Ok(Verdict::from_clean(is_same))
}

/// The arguments that jsonnet's own test runner gives.
fn words(program: &Path) -> [&'static str; 4] {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("tla.") {
        ["--tla-str", "var1=test", "--tla-code", "var2={x:1,y:2}"]
    } else {
        ["--ext-str", "var1=test", "--ext-code", "var2={x:1,y:2}"]
    }
}

/// Whether both say the same of every program.
fn outputs(builds: &Builds, source: &Path) -> Result<bool, Failure> {
    let programs = corpus::programs(source)?;
    let (mut differing, mut failing) = (0, 0);
    for program in &programs {
        let words = words(program);
        let (plain, _) = side::run(&builds.plain.evaluator, &words, Some(program))?;
        let (patched, _) = side::run(&builds.patched.evaluator, &words, Some(program))?;
        failing += u32::from(plain.status != "exit status: 0");
        if plain != patched {
            differing += 1;
            println!("DIFFERS {}:\n{plain:?}\n{patched:?}", program.display());
        }
    }
    let same = programs.len() - differing;
    println!(
        "outputs, errors and exit codes: the same for {same} of {} programs, {failing} of them end with an error, as they should or not",
        programs.len()
    );
    Ok(differing == 0)
}

/// Peak memory of a process that evaluates one snippet many times.
fn leaks(builds: &Builds) -> Result<(), Failure> {
    println!("one snippet so many times in a process: peak KiB, tracked objects at the end");
    let row = |name: &str, build: &Build, more: &[&str]| {
        let mut cells = Vec::new();
        for times in TIMES {
            let mut words = vec![times];
            words.extend(more);
            let (said, _) = side::run(&build.again, &words, None)?;
            let mut figures = said.output.split_whitespace().skip(1);
            let mut figure = || figures.next().unwrap_or("?").to_owned();
            cells.push(format!("{times}: {} KiB, {}", figure(), figure()));
        }
        println!("  {name:24} {}", cells.join(" · "));
        Ok::<(), Failure>(())
    };
    row("its collector", &builds.plain, &[])?;
    row("its collector, called", &builds.plain, &["collect"])?;
    row("ours", &builds.patched, &[])
}

/// The least time of each, in rounds.
fn times(builds: &Builds, source: &Path, folder: &Path, rounds: u32) -> Result<(), Failure> {
    let objects = folder.join("objects.jsonnet");
    write(&objects, OBJECTS)?;
    let heavy = [
        source.join("benchmarks/bench.02.jsonnet"),
        source.join("perf_tests/realistic2.jsonnet"),
        objects,
    ];
    for program in heavy {
        let mut least = [Duration::MAX; 2];
        for _ in 0..rounds {
            for (build, least) in [&builds.plain, &builds.patched].into_iter().zip(&mut least) {
                let (_, time) = side::run(&build.evaluator, &[], Some(&program))?;
                *least = time.min(*least);
            }
        }
        let [plain, patched] = least.map(|time| time.as_secs_f64() * 1e3);
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        println!(
            "time {name}: its collector {plain:.0} ms, ours {patched:.0} ms, ratio {:.2}",
            patched / plain
        );
    }
    Ok(())
}
