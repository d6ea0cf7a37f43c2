//! Both builds of a program, and the proof that the patch was taken.
//!
//! # Invariants
//! - I1: both builds have the same lock file but for rayon, what it needs, and what `compat/rayon` needs.
//! - I2: a build that was to be patched and was not is an error: cargo itself only warns.

use crate::captured::captured;
use crate::failure::Failure;
use crate::published::{Source, copy};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package whose place ours takes.
const REPLACED: &str = "rayon";
/// Packages that rayon brings, and that need not be there without it.
const OF_RAYON: &[&str] = &[
    "rayon",
    "rayon-core",
    "crossbeam-deque",
    "crossbeam-epoch",
    "crossbeam-utils",
    "either",
];

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
}

/// The two programs.
#[derive(Debug)]
pub(super) struct Builds {
    pub(super) plain: PathBuf,
    pub(super) patched: PathBuf,
    /// The version of rayon in the plain one.
    pub(super) rayon: String,
}

/// Where our package is.
pub(super) fn ours() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).join("compat/rayon")
}

/// Builds `program` of `source` with rayon and with ours, beneath `folder`.
pub(super) fn both(source: &Source, program: &str, folder: &Path) -> Result<Builds, Failure> {
    let target = folder.join("target");
    let plain_source = folder.join("plain");
    copy(&source.folder, &plain_source)?;
    // The newest rayon that the program takes: that is what ours has the version of.
    cargo(
        &plain_source,
        &target,
        &["update", "--package", REPLACED],
        false,
    )?;
    cargo(&plain_source, &target, &["build", "--release"], false)?;
    let plain = kept(&target, program, &folder.join("plain-program"))?;
    let patched_source = folder.join("patched");
    copy(&plain_source, &patched_source)?;
    cargo(&patched_source, &target, &["build", "--release"], true)?;
    let patched = kept(&target, program, &folder.join("patched-program"))?;
    let rayon = prove(&plain_source, &patched_source)?;
    prove_linked(&plain, &patched)?;
    Ok(Builds {
        plain,
        patched,
        rayon,
    })
}

fn cargo(source: &Path, target: &Path, words: &[&str], is_patched: bool) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(source)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .args(words);
    if is_patched {
        command.arg("--config").arg(format!(
            "patch.crates-io.{REPLACED}.path=\"{}\"",
            ours().display()
        ));
    }
    captured(&mut command, &format!("cargo {}", words.join(" "))).map(drop)
}

/// The program that cargo built, out of the way of the next build.
fn kept(target: &Path, program: &str, to: &Path) -> Result<PathBuf, Failure> {
    let built = target.join("release").join(program);
    fs::copy(&built, to).map_err(|error| Failure::file(&built, error))?;
    Ok(to.to_path_buf())
}

fn lock(source: &Path) -> Result<Lock, Failure> {
    let path = source.join("Cargo.lock");
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
    toml::from_str(&text).map_err(|error| Failure::content(&path, error))
}

/// Proves by the lock files that the second build has our package and nothing else is different; the version of rayon in
/// the first.
fn prove(plain: &Path, patched: &Path) -> Result<String, Failure> {
    let path = patched.join("Cargo.lock");
    let wrong = |why: String| Failure::content(&path, why);
    let (plain, patched) = (lock(plain)?, lock(patched)?);
    let replaced = |lock: &Lock| -> Vec<(String, bool)> {
        let found = lock.package.iter().filter(|one| one.name == REPLACED);
        found
            .map(|one| (one.version.clone(), one.source.is_none()))
            .collect()
    };
    let rayon = match replaced(&plain).as_slice() {
        [(version, false)] => version.clone(),
        found => {
            return Err(wrong(format!(
                "the plain build should have one rayon, of the registry: {found:?}"
            )));
        }
    };
    match replaced(&patched).as_slice() {
        [(_, true)] => {}
        found => {
            return Err(wrong(format!(
                "the patch was not taken: rayon and whether it is from a folder: {found:?}; is compat/rayon's version \
                 that of the newest rayon?"
            )));
        }
    }
    if patched.package.iter().any(|one| one.name == "rayon-core") {
        return Err(wrong("rayon-core is still there".to_owned()));
    }
    let own: BTreeSet<String> = lock(&ours())?
        .package
        .into_iter()
        .map(|one| one.name)
        .collect();
    let others = |lock: &Lock| -> BTreeSet<(String, String)> {
        let packages = lock.package.iter();
        packages
            .filter(|one| !OF_RAYON.contains(&one.name.as_str()) && !own.contains(&one.name))
            .map(|one| (one.name.clone(), one.version.clone()))
            .collect()
    };
    let (before, after) = (others(&plain), others(&patched));
    if before != after {
        let between: Vec<_> = before.symmetric_difference(&after).collect();
        return Err(wrong(format!(
            "the builds differ in more than rayon: {between:?}"
        )));
    }
    Ok(rayon)
}

/// Proves by what is in the programs that the first is made with rayon and the second with ours.
fn prove_linked(plain: &Path, patched: &Path) -> Result<(), Failure> {
    // Places of panics name source files, also where symbols are stripped.
    for (program, rayon, ours) in [(plain, true, false), (patched, false, true)] {
        let bytes = fs::read(program).map_err(|error| Failure::file(program, error))?;
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        let found = (has(b"rayon-core-1."), has(b"bedplate-pool"));
        if found != (rayon, ours) {
            return Err(Failure::content(
                program,
                format!(
                    "it names (rayon-core, bedplate-pool): {found:?}, expected {:?}",
                    (rayon, ours)
                ),
            ));
        }
    }
    Ok(())
}
