//! Builds and runs of the programs that stand beside candle's.
//!
//! # Role
//! The package (`bench/peers/region-candle`) is one of its own: candle takes minutes to build, which only the
//! rows wait for that ask it.

use super::programs::per_repeat;
use crate::failure::Failure;
use crate::peer::{cargo_built, carrier};
use crate::program;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The package of the programs.
pub(super) const PACKAGE: &str = "region-candle";

/// A crate of candle's with its version.
///
/// # Errors
/// - Those of cargo.
pub(super) fn named(name: &str) -> Result<String, Failure> {
    let found = carrier::find(PACKAGE, name)?;
    Ok(format!("{name} {}", found.version))
}

/// The numbers that the program prints, line by line.
///
/// # Errors
/// - Those of [`run`].
/// - [`Failure::Output`]: a word is no number.
pub(super) fn numbers(words: &[&str]) -> Result<Vec<Vec<f64>>, Failure> {
    let text = run(words)?;
    let lines: Result<Vec<Vec<f64>>, _> = text
        .lines()
        .map(|line| line.split(' ').map(str::parse).collect())
        .collect();
    lines.map_err(|_| Failure::Output {
        program: shown(words),
        what: text,
    })
}

/// Instructions of one repetition, by the difference of two numbers of them.
///
/// # Errors
/// - Those of cargo and of callgrind.
pub(super) fn instructions(words: &[&str], repeats: u32) -> Result<f64, Failure> {
    per_repeat(&built()?, words, repeats)
}

/// What the program prints.
///
/// # Errors
/// - Those of cargo.
/// - [`Failure::Start`], [`Failure::Ended`]: of the program.
pub(super) fn run(words: &[&str]) -> Result<String, Failure> {
    let output = Command::new(built()?)
        .args(words)
        .output()
        .map_err(|error| Failure::start(PACKAGE, "cargo", &error))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            program: shown(words),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(words: &[&str]) -> String {
    format!("{PACKAGE} {}", words.join(" "))
}

/// The program, built once.
fn built() -> Result<PathBuf, Failure> {
    static BUILT: OnceLock<Result<PathBuf, Failure>> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> Result<PathBuf, Failure> {
    eprintln!("building {PACKAGE}, which takes minutes at first");
    let messages = cargo_built::build(PACKAGE, &program::output_directory()?)?;
    messages
        .iter()
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .ok_or_else(|| Failure::Output {
            program: format!("cargo build of {PACKAGE}"),
            what: "no program".to_owned(),
        })
}
