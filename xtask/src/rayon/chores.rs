//! `rayon-programs`: published programs on the pool.

use super::compare::{self, Finding, Task};
use super::{images, texts};
use crate::failure::{Failure, Verdict};
use crate::published::{Source, fetch, make};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of `xtask rayon-programs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these programs, by name.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Smaller data and fewer rounds.
    #[arg(long)]
    quick: bool,
    /// Keep what is made, in this folder.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Also write the results here.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Makes what a program works on in a folder; the sources of all programs and whether little will do are given.
type MakeTasks = fn(&Path, &[Source], bool) -> Result<Vec<Task>, Failure>;

/// A published program that uses rayon.
struct Program {
    package: &'static str,
    version: &'static str,
    /// What cargo calls the executable.
    built: &'static str,
    what: &'static str,
    tasks: MakeTasks,
}

const PROGRAMS: &[Program] = &[
    Program {
        package: "oxipng",
        version: "10",
        built: "oxipng",
        what: "images made smaller, all at once and one by one",
        tasks: oxipng,
    },
    Program {
        package: "uu_sort",
        version: "0.12",
        built: "sort",
        what: "lines sorted as texts, as numbers, and each once",
        tasks: uu_sort,
    },
    Program {
        package: "tokei",
        version: "15",
        built: "tokei",
        what: "lines of code counted in the sources of these programs",
        tasks: tokei,
    },
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn oxipng(folder: &Path, _sources: &[Source], is_quick: bool) -> Result<Vec<Task>, Failure> {
    images::write(folder, if is_quick { 160 } else { 640 })?;
    let path = |name: &str| folder.join(format!("{name}.png")).display().to_string();
    let all = ["gradient", "board", "noise", "veil"].map(path);
    let mut together = words(&["--opt", "4", "--dir", "{out}"]);
    together.extend(all.iter().cloned());
    let mut alone = words(&["--opt", "5", "--dir", "{out}"]);
    alone.push(path("noise"));
    Ok(vec![
        Task {
            name: "together",
            words: together,
        },
        Task {
            name: "alone",
            words: alone,
        },
    ])
}

fn uu_sort(folder: &Path, _sources: &[Source], is_quick: bool) -> Result<Vec<Task>, Failure> {
    let text = folder.join("lines.txt");
    texts::write(&text, if is_quick { 60_000 } else { 1_500_000 })?;
    let text = text.display().to_string();
    let task = |name, options: &[&str]| {
        let mut words = words(options);
        words.push(text.clone());
        Task { name, words }
    };
    Ok(vec![
        task("texts", &[]),
        task("numbers", &["-n", "-k", "2"]),
        task("once", &["-u", "-r"]),
    ])
}

fn tokei(_folder: &Path, sources: &[Source], is_quick: bool) -> Result<Vec<Task>, Failure> {
    let paths = sources
        .iter()
        .map(|source| source.folder.display().to_string());
    // Counted again and again: the sources alone are done in no time.
    let paths: Vec<String> = paths.collect();
    let many = paths.iter().cycle().take(if is_quick { 3 } else { 60 });
    let mut words = words(&["--sort", "code"]);
    words.extend(many.cloned());
    Ok(vec![Task {
        name: "count",
        words,
    }])
}

/// What became of one program.
#[derive(Debug, Serialize)]
struct Outcome {
    program: String,
    what: &'static str,
    ok: bool,
    /// Ours over rayon: time, its 95 % interval, and in how many pairs.
    ratio: Option<f64>,
    interval: Option<[f64; 2]>,
    pairs: Option<usize>,
    /// Threads of the pool that were seen to work, and their milliseconds.
    threads_active: Option<usize>,
    threads_ms: Option<f64>,
    detail: String,
}

/// Builds, runs and compares the programs, and prints a line for each.
///
/// # Errors
/// - when a name is unknown, a source cannot be had, or the folder cannot be made or removed.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let programs = chosen(&options.only)?;
    let folder = options.keep.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("bedplate-rayon-programs-{}", std::process::id()))
    });
    make(&folder)?;
    let mut outcomes = Vec::new();
    let asked: Vec<_> = PROGRAMS
        .iter()
        .map(|program| (program.package, program.version))
        .collect();
    let sources = fetch(&asked, &folder.join("sources"))?;
    for program in programs {
        let outcome = outcome(program, &sources, options, &folder);
        println!("{}", line(&outcome));
        outcomes.push(outcome);
    }
    if let Some(path) = &options.json {
        let text =
            serde_json::json!({ "version": 1, "quick": options.quick, "programs": outcomes });
        fs::write(path, text.to_string()).map_err(|error| Failure::file(path, error))?;
    }
    if options.keep.is_none() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    }
    Ok(Verdict::from_clean(outcomes.iter().all(|one| one.ok)))
}

fn chosen(only: &[String]) -> Result<Vec<&'static Program>, Failure> {
    let is_known = |name: &String| PROGRAMS.iter().any(|program| program.package == name);
    if let Some(unknown) = only.iter().find(|name| !is_known(name)) {
        let known: Vec<_> = PROGRAMS.iter().map(|program| program.package).collect();
        let why = format!("no program `{unknown}`; there are {}", known.join(", "));
        return Err(Failure::content(Path::new("--only"), why));
    }
    let is_wanted =
        |program: &&Program| only.is_empty() || only.iter().any(|name| name == program.package);
    Ok(PROGRAMS.iter().filter(is_wanted).collect())
}

fn outcome(program: &Program, sources: &[Source], options: &Options, folder: &Path) -> Outcome {
    let found = one(program, sources, options, folder);
    let (version, found) = match found {
        Ok((version, found)) => (version, Ok(found)),
        Err(failure) => (program.version.to_owned(), Err(failure)),
    };
    let about = found.as_ref().ok();
    Outcome {
        program: format!("{} {version}", program.package),
        what: program.what,
        ok: about.is_some(),
        ratio: about.map(|found| found.time.ratio),
        interval: about.map(|found| [found.time.low, found.time.high]),
        pairs: about.map(|found| found.rounds),
        threads_active: about.map(|found| found.active.0),
        threads_ms: about.map(|found| found.active.1),
        detail: match &found {
            Ok(found) => format!(
                "rayon {} replaced by ours; {} outputs of {} bytes equal",
                found.rayon, found.equal.0, found.equal.1
            ),
            Err(failure) => failure.to_string(),
        },
    }
}

fn one(
    program: &Program,
    sources: &[Source],
    options: &Options,
    folder: &Path,
) -> Result<(String, Finding), Failure> {
    let folder = folder.join(program.package);
    let inputs = folder.join("inputs");
    make(&inputs)?;
    let source = PROGRAMS
        .iter()
        .zip(sources)
        .find(|(one, _)| one.package == program.package);
    let (_, source) = source.ok_or_else(|| {
        Failure::content(Path::new(program.package), "its source was not fetched")
    })?;
    let tasks = (program.tasks)(&inputs, sources, options.quick)?;
    let rounds = if options.quick { 6 } else { 20 };
    let found = compare::compare(source, program.built, &folder, &tasks, rounds)?;
    Ok((source.version.clone(), found))
}

fn line(outcome: &Outcome) -> String {
    let verdict = if outcome.ok { "OK  " } else { "FAIL" };
    let mut line = format!(
        "{verdict} {}: {}; {}",
        outcome.program, outcome.what, outcome.detail
    );
    if let (Some(ratio), Some([low, high]), Some(pairs)) =
        (outcome.ratio, outcome.interval, outcome.pairs)
    {
        line.push_str(&format!(
            "; time ours / rayon {ratio:.3} [{low:.3}, {high:.3}], 95 % of {pairs} pairs"
        ));
    }
    if let (Some(threads), Some(ms)) = (outcome.threads_active, outcome.threads_ms) {
        line.push_str(&format!(
            "; ACTIVE: {threads} threads bedplate-pool-* worked for {ms:.1} ms"
        ));
    }
    line
}
