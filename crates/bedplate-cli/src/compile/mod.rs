//! Compiling a tree to the compiler's intermediate code.
//!
//! # Role
//! Runs cargo and clang; what they write becomes modules of `bedplate_audit::ir`.
//!
//! # Not here
//! What the code says about atomics (`bedplate_audit::built`).
//!
//! # Invariants
//! I1. Nothing is written into the tree: cargo builds in a folder of its own below the target
//!     directory, clang in a temporary one. (A project without `Cargo.lock` gets one from cargo.)
//! I2. Code of an earlier run is never taken for that of a build that failed.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `cargo.rs` | packages of Rust |
//! | `clang.rs` | files of C and C++ |

mod cargo;
mod clang;

use core::fmt;
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use bedplate_audit::Source;
use bedplate_audit::ir::Module;
use bedplate_evidence::report::units::{counted, seconds};

use crate::talk::CountBar;

/// Lines kept of the end of what a compiler said.
const TAIL_LINES: usize = 30;

/// Why something was not compiled.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A compiler or cargo is not there.
    Missing {
        program: String,
        source: io::Error,
        advice: &'static str,
    },
    /// It failed.
    Refused {
        what: String,
        /// The end of what it said.
        tail: String,
    },
    /// There is nothing to go by.
    NoProject { what: String, advice: &'static str },
    /// It is built, and its code is not there any more.
    Lost { path: PathBuf, target: PathBuf },
    /// A file cannot be read or written.
    File { path: PathBuf, source: io::Error },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing {
                program,
                source,
                advice,
            } => write!(f, "{program} could not be started: {source}: {advice}"),
            Self::Refused { what, tail } => {
                write!(
                    f,
                    "{what} could not be compiled; the end of what was said:\n{tail}"
                )
            }
            Self::NoProject { what, advice } => write!(f, "{what}: {advice}"),
            Self::Lost { path, target } => write!(
                f,
                "{} is not there, and what it belongs to is built: remove {}",
                path.display(),
                target.display()
            ),
            Self::File { path, source } => write!(
                f,
                "failed to read or write {}: {source}: make it readable, or make room",
                path.display()
            ),
        }
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Missing { source, .. } | Self::File { source, .. } => Some(source),
            Self::Refused { .. } | Self::NoProject { .. } | Self::Lost { .. } => None,
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) modules: Vec<Module>,
    pub(crate) failures: Vec<Failure>,
    /// What was not asked for, in words.
    pub(crate) remarks: Vec<String>,
    /// How long the packages took, with their names.
    pub(crate) times: Vec<(Duration, String)>,
}

impl Outcome {
    /// How long all of it took, and which part longest.
    pub(crate) fn told_times(&self) -> Option<String> {
        let all: Duration = self.times.iter().map(|(time, _)| *time).sum();
        let (longest, name) = self.times.iter().max()?;
        Some(format!(
            "compiled {} in {}, {name} in {} of it; what is built is not built again",
            counted(self.times.len() as u64, "part", "parts"),
            seconds(all.as_secs_f64()),
            seconds(longest.as_secs_f64()),
        ))
    }
}

/// Compiles what holds the sources: packages of Rust with these features, files of C and C++.
pub(crate) fn compile(
    root: &Path,
    sources: &[Source],
    features: Option<&str>,
    progress: &CountBar,
) -> Outcome {
    let mut outcome = Outcome::default();
    let root = match root.canonicalize() {
        Ok(root) => root,
        Err(source) => {
            let path = root.to_owned();
            outcome.failures.push(Failure::File { path, source });
            return outcome;
        }
    };
    let has = |test: fn(&str) -> bool| sources.iter().any(|source| test(&source.path));
    if has(|path| path.ends_with(".rs")) {
        cargo::compile(&root, features, progress, &mut outcome);
    }
    if has(clang::is_unit) {
        clang::compile(&root, sources, progress, &mut outcome);
    }
    outcome
}

/// Reads what a compiler wrote.
fn read(name: &str, path: &Path, root: &Path) -> Result<Module, Failure> {
    let bytes = std::fs::read(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(Module::read(name, &String::from_utf8_lossy(&bytes), root))
}

fn tail(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
