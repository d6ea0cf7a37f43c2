//! `rayon-tests`: rayon's own tests, on the package in rayon's place.
//!
//! # How it works
//! The test files of both of rayon's packages are compiled against `compat/rayon` with their imports changed. A test that
//! does not compile is left out, with what the compiler says; the others run each in a process of its own, within a
//! time. What does not pass must be explained in docs/pool-rayon-tests.md, and nothing else may be.

use super::build::ours;
use super::explained::{self, Explained};
use super::harness::Subject;
use super::work;
use crate::failure::{Failure, Verdict};
use crate::published::{Source, fetch, make, write};
use core::time::Duration;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Options of `xtask rayon-tests`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these files, by their name here.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Keep what is made, in this folder.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// The longest that a test may take.
const TIME: Duration = Duration::from_secs(60);
/// How often a file is compiled with less of it: the compiler's stages find different errors.
const STAGES: usize = 8;

/// A test file inside rayon's source: its package, place, name here, and what `super` means in it.
const INSIDE: &[(usize, &str, &str, &str)] = &[
    (0, "src/iter/test.rs", "iter", "rayon::iter"),
    (0, "src/slice/test.rs", "slice", "rayon::slice"),
    (1, "src/join/test.rs", "join", "rayon"),
    (1, "src/scope/test.rs", "scope", "rayon"),
    (1, "src/spawn/test.rs", "spawn", "rayon"),
    (1, "src/thread_pool/test.rs", "thread_pool", "rayon"),
    (1, "src/broadcast/test.rs", "broadcast", "rayon"),
    (1, "src/test.rs", "core", "rayon"),
];

/// What became of a test.
#[derive(Debug)]
enum Fate {
    Passed,
    Failed(String),
    LeftOut(String),
}

/// Runs rayon's tests and prints what does not pass, with the reason.
///
/// # Errors
/// - when sources or the table cannot be had, or nothing compiles.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let explained = Explained::read()?;
    let folder = options.keep.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("bedplate-rayon-tests-{}", std::process::id()))
    });
    make(&folder)?;
    let sources = fetch(
        &[("rayon", "1"), ("rayon-core", "1")],
        &folder.join("sources"),
    )?;
    let mut subjects = subjects(&sources)?;
    if !options.only.is_empty() {
        let is_known = |name: &String| subjects.iter().any(|subject| subject.name == **name);
        if let Some(unknown) = options.only.iter().find(|name| !is_known(name)) {
            let names: Vec<_> = subjects.iter().map(|subject| &*subject.name).collect();
            let why = format!(
                "there is no file `{unknown}`; there are {}",
                names.join(", ")
            );
            return Err(Failure::content(&folder.join("sources"), why));
        }
        subjects.retain(|subject| options.only.contains(&subject.name));
    }
    let package = folder.join("package");
    prepare(&package)?;
    let mut fates = BTreeMap::new();
    for subject in &mut subjects {
        judge(subject, &package, &folder, &mut fates)?;
    }
    if options.keep.is_none() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    }
    let is_whole = options.only.is_empty();
    Ok(report(&fates, &explained, &sources, is_whole))
}

/// All test files.
fn subjects(sources: &[Source]) -> Result<Vec<Subject>, Failure> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| Failure::file(path, error));
    let mut subjects = Vec::new();
    for (package, place, name, glob) in INSIDE {
        if let Some(source) = sources.get(*package) {
            let text = read(&source.folder.join(place))?;
            subjects.push(Subject::new(name, &text, Some(glob)));
        }
    }
    for source in sources {
        let tests = source.folder.join("tests");
        let entries = fs::read_dir(&tests).map_err(|error| Failure::file(&tests, error))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("tests-{stem}");
            subjects.push(Subject::new(&name, &read(&path)?, None));
        }
    }
    Ok(subjects)
}

/// Writes the package that the tests are compiled in.
fn prepare(package: &Path) -> Result<(), Failure> {
    make(&package.join("src"))?;
    make(&package.join("tests"))?;
    write(&package.join("src/lib.rs"), "")?;
    let manifest = format!(
        "[package]\nname = \"rayon-tests\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
         [dependencies]\nrayon = {{ path = \"{}\" }}\nrand = \"0.9\"\nrand_xorshift = \"0.4\"\n\
         crossbeam-utils = \"0.8\"\nscoped-tls = \"1\"\nlibc = \"0.2\"\n\n[profile.dev]\nopt-level = 1\n",
        ours().display()
    );
    write(&package.join("Cargo.toml"), &manifest)
}

/// Compiles a file, with less of it until it compiles, and runs its tests.
fn judge(
    subject: &mut Subject,
    package: &Path,
    folder: &Path,
    fates: &mut BTreeMap<String, Fate>,
) -> Result<(), Failure> {
    let path = package.join("tests").join(format!("{}.rs", subject.name));
    let mut executable = None;
    for _ in 0..STAGES {
        write(&path, &subject.text())?;
        let compiled = compile(subject, package, folder)?;
        if compiled.is_some() {
            executable = compiled;
            break;
        }
    }
    let executable = executable.ok_or_else(|| {
        Failure::content(
            &path,
            format!("it does not compile after {STAGES} attempts"),
        )
    })?;
    let left_out: BTreeMap<&str, &str> = subject.left_out().collect();
    for test in subject.tests() {
        let fate = match left_out.get(test) {
            Some(why) => Fate::LeftOut((*why).to_owned()),
            None => fate(&executable, test, folder),
        };
        fates.insert(format!("{}::{test}", subject.name), fate);
    }
    Ok(())
}

/// Runs one test in a process of its own.
fn fate(executable: &Path, test: &str, folder: &Path) -> Fate {
    let mut command = Command::new(executable);
    command
        .args(["--exact", test, "--nocapture"])
        .env("RUST_BACKTRACE", "0")
        .current_dir(folder);
    let output = folder.join("test.out");
    match work::run(&mut command, &output, TIME, false) {
        Ok(_) => match fs::read_to_string(&output) {
            Ok(said) if said.contains("1 passed") => Fate::Passed,
            Ok(said) if said.contains("1 ignored") => Fate::LeftOut("ignored by rayon".to_owned()),
            _ => Fate::Failed("it did not run".to_owned()),
        },
        Err(Failure::Program { stderr, .. }) => {
            let told = stderr.lines().find(|line| line.contains("panicked"));
            Fate::Failed(told.unwrap_or(&stderr).to_owned())
        }
        Err(other) => Fate::Failed(other.to_string()),
    }
}

#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    message: Option<Said>,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Said {
    level: String,
    message: String,
    spans: Vec<Span>,
}

#[derive(Debug, Deserialize)]
struct Span {
    is_primary: bool,
    file_name: PathBuf,
    line_start: usize,
}

/// The test executable, or `None` after items were left out that did not compile.
fn compile(
    subject: &mut Subject,
    package: &Path,
    folder: &Path,
) -> Result<Option<PathBuf>, Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(package)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "--cfg bedplate_rayon_index -A warnings")
        .args(["test", "--no-run", "--message-format", "json", "--test"])
        .arg(&subject.name);
    let output = command.output().map_err(|error| Failure::Start {
        program: "cargo test".to_owned(),
        error,
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Message> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let is_ours = |message: &&Message| {
        message
            .target
            .as_ref()
            .is_some_and(|target| target.name == subject.name)
    };
    if output.status.success() {
        let made = messages.iter().filter(is_ours);
        return Ok(made.filter_map(|message| message.executable.clone()).next());
    }
    let file = format!("tests/{}.rs", subject.name);
    let mut is_progress = false;
    let mut others = Vec::new();
    for said in messages
        .into_iter()
        .filter(|message| message.reason == "compiler-message")
        .filter_map(|message| message.message)
        .filter(|said| said.level == "error")
    {
        let spans = said.spans.iter();
        for span in spans.filter(|span| span.is_primary && span.file_name.ends_with(&file)) {
            is_progress |= subject.leave_out(span.line_start, &said.message);
        }
        others.push(said.message);
    }
    if is_progress {
        return Ok(None);
    }
    Err(Failure::Program {
        program: format!("cargo test --test {}", subject.name),
        stderr: format!(
            "{}{}",
            others.join("\n"),
            String::from_utf8_lossy(&output.stderr)
        ),
    })
}

/// Prints what does not pass, and the figures.
fn report(
    fates: &BTreeMap<String, Fate>,
    explained: &Explained,
    sources: &[Source],
    is_whole: bool,
) -> Verdict {
    let mut unpassed = Vec::new();
    let mut unexplained = 0;
    let (mut failed, mut left_out) = (0, 0);
    for (test, fate) in fates {
        let what = match fate {
            Fate::Passed => continue,
            Fate::Failed(why) => {
                failed += 1;
                format!("failed: {why}")
            }
            Fate::LeftOut(why) => {
                left_out += 1;
                format!("left out: {why}")
            }
        };
        unpassed.push(test.clone());
        if let Some(reason) = explained.reason(test) {
            println!("     {test}: {reason}");
        } else {
            unexplained += 1;
            println!("WHY? {test}: {what}");
        }
    }
    let stale = if is_whole {
        explained.stale(&unpassed)
    } else {
        Vec::new()
    };
    for name in &stale {
        println!("PASS {name} passes, and the table says why it does not");
    }
    let versions: Vec<_> = sources
        .iter()
        .map(|source| source.version.as_str())
        .collect();
    println!(
        "rayon {}: {} of {} tests passed, {failed} failed, {left_out} left out, {unexplained} of these unexplained in {}",
        versions.join(" with rayon-core "),
        fates.len() - unpassed.len(),
        fates.len(),
        explained::path().display()
    );
    Verdict::from_clean(unexplained == 0 && stale.is_empty())
}
