//! Both builds, and the proof that the patch was taken.
//!
//! # Invariants
//! - I1: both builds have the same lock file but for the collector and what ours needs.
//! - I2: a build that was to be patched and was not is an error: cargo itself only warns.

use crate::captured::captured;
use crate::failure::Failure;
use crate::published::{copy, fetch, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package whose place ours takes.
const REPLACED: &str = "jrsonnet-gcmodule";
/// The evaluator that asks for it.
const VERSION: &str = "=0.5.0-pre98";
/// Words that only one of the collectors has in its messages.
const THEIRS: &[u8] = b"unexpected ref-count after dropping cycles";
const OURS: &[u8] = b"bedplate-cc: a `";

/// Evaluates one snippet so many times in a process, as a host that embeds the evaluator does. The snippet's objects lead to
/// themselves.
const AGAIN: &str = r#"
use jrsonnet_evaluator::State;
use jrsonnet_gcmodule::{collect_thread_cycles, count_thread_tracked};

const CODE: &str = "local make(n) = { n: n, local me = self, next: if n == 0 then null else make(n - 1) { up: me.n }, \
    twice: me.n + me.n, sum: if me.next == null then 0 else me.twice + me.next.sum }; make(60).sum";

fn main() {
    let mut words = std::env::args().skip(1);
    let times: usize = words.next().and_then(|word| word.parse().ok()).expect("how many times");
    let collects = words.next().is_some_and(|word| word == "collect");
    let mut result = String::new();
    for _ in 0..times {
        let state = State::builder().build();
        let _entered = state.enter();
        let value = state.evaluate_snippet("again".to_owned(), CODE).expect("it evaluates");
        result = value.to_string().expect("it is a number").to_string();
        drop(value);
        if collects {
            collect_thread_cycles();
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it tells the peak");
    println!("{result} {} {}", peak.trim().trim_end_matches(" kB"), count_thread_tracked());
}
"#;

/// The programs of one build.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) evaluator: PathBuf,
    /// [`AGAIN`].
    pub(super) again: PathBuf,
}

/// Both builds.
#[derive(Debug)]
pub(super) struct Builds {
    pub(super) plain: Build,
    pub(super) patched: Build,
}

/// Where our package is.
pub(super) fn ours() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .unwrap_or(here)
        .join("compat/jrsonnet-gcmodule")
}

/// Builds the evaluator with its collector and with ours, beneath `folder`.
pub(super) fn both(folder: &Path) -> Result<Builds, Failure> {
    let sources = fetch(&[("jrsonnet", VERSION)], &folder.join("sources"))?;
    let plain_source = folder.join("plain");
    for source in &sources {
        copy(&source.folder, &plain_source)?;
    }
    let manifest = plain_source.join("Cargo.toml");
    let text = read(&manifest)?;
    if !text.contains("name = \"again\"") {
        let added = "\n[[bin]]\nname = \"again\"\npath = \"src/again.rs\"\n\n[workspace]\n";
        write(&manifest, &format!("{text}{added}"))?;
    }
    write(&plain_source.join("src/again.rs"), AGAIN)?;
    let target = folder.join("target");
    cargo(&plain_source, &target, false)?;
    let plain = kept(&target, &folder.join("plain-programs"))?;
    let patched_source = folder.join("patched");
    copy(&plain_source, &patched_source)?;
    cargo(&patched_source, &target, true)?;
    let patched = kept(&target, &folder.join("patched-programs"))?;
    prove(&plain_source, true)?;
    prove(&patched_source, false)?;
    prove_linked(&plain, true)?;
    prove_linked(&patched, false)?;
    Ok(Builds { plain, patched })
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file(path, error))
}

fn cargo(source: &Path, target: &Path, is_patched: bool) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(source)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .args(["build", "--release", "--bins"]);
    if is_patched {
        command.arg("--config").arg(format!(
            "patch.crates-io.{REPLACED}.path=\"{}\"",
            ours().display()
        ));
    }
    captured(&mut command, "cargo build").map(drop)
}

/// The programs that cargo built, out of the way of the next build.
fn kept(target: &Path, to: &Path) -> Result<Build, Failure> {
    crate::published::make(to)?;
    let keep = |name: &str| {
        let (built, kept) = (target.join("release").join(name), to.join(name));
        fs::copy(&built, &kept).map_err(|error| Failure::file(&built, error))?;
        Ok(kept)
    };
    Ok(Build {
        evaluator: keep("jrsonnet")?,
        again: keep("again")?,
    })
}

/// Proves by the lock file whose collector a build has: that of the registry, or that of a folder.
fn prove(source: &Path, is_registry: bool) -> Result<(), Failure> {
    let path = source.join("Cargo.lock");
    let lock: toml::Table =
        toml::from_str(&read(&path)?).map_err(|error| Failure::content(&path, error))?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let found: Vec<bool> = packages
        .into_iter()
        .flatten()
        .filter(|package| package.get("name").and_then(toml::Value::as_str) == Some(REPLACED))
        .map(|package| package.get("source").is_some())
        .collect();
    if found == [is_registry] {
        return Ok(());
    }
    let why =
        format!("whether each {REPLACED} is of the registry: {found:?}, expected {is_registry}");
    Err(Failure::content(&path, why))
}

/// Proves by what the programs may say that they are made with the collector that they should be made with.
fn prove_linked(build: &Build, is_theirs: bool) -> Result<(), Failure> {
    for program in [&build.evaluator, &build.again] {
        let bytes = fs::read(program).map_err(|error| Failure::file(program, error))?;
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        let found = (has(THEIRS), has(OURS));
        if found != (is_theirs, !is_theirs) {
            let why = format!("messages of (theirs, ours) in it: {found:?}");
            return Err(Failure::content(program, why));
        }
    }
    Ok(())
}
