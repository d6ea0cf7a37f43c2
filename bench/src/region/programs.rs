//! Builds and runs of the programs that stand for an arena's users.
//!
//! # Role
//! One binary has every contender, built with the same flags (`bench/peers/region`).

use crate::callgrind;
use crate::failure::Failure;
use crate::peer::{cargo_built, carrier};
use crate::program;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package of the programs.
const PACKAGE: &str = "region";

/// The programs, built.
#[derive(Debug)]
pub(super) struct Programs {
    path: PathBuf,
    bumpalo: String,
    bump_scope: String,
}

impl Programs {
    /// Builds them.
    ///
    /// # Errors
    /// - Those of cargo.
    pub(super) fn build() -> Result<Self, Failure> {
        let messages = cargo_built::build(PACKAGE, &program::output_directory()?)?;
        let path = messages
            .iter()
            .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
        let version = |name: &str| {
            carrier::find(PACKAGE, name).map(|found| format!("{name} {}", found.version))
        };
        Ok(Self {
            path: path.ok_or_else(|| Failure::Output {
                program: format!("cargo build of {PACKAGE}"),
                what: "no program".to_owned(),
            })?,
            bumpalo: version("bumpalo")?,
            bump_scope: version("bump-scope")?,
        })
    }

    /// A contender's name with its version.
    pub(super) fn named(&self, name: &str) -> String {
        match name.strip_prefix("bumpalo") {
            Some(rest) => format!("{}{rest}", self.bumpalo),
            None if name == "bump-scope" => self.bump_scope.clone(),
            None => name.to_owned(),
        }
    }

    /// Instructions of one repetition, by the difference of two numbers of them.
    ///
    /// # Errors
    /// - Those of callgrind.
    pub(super) fn instructions(
        &self,
        deed: &str,
        name: &str,
        repeats: u32,
    ) -> Result<f64, Failure> {
        per_repeat(&self.path, &[deed, name], repeats)
    }

    /// What it prints, line by line.
    ///
    /// # Errors
    /// - [`Failure::Start`], [`Failure::Ended`]: of the program.
    pub(super) fn lines(&self, words: &[&str]) -> Result<Vec<String>, Failure> {
        let output = Command::new(&self.path)
            .args(words)
            .output()
            .map_err(|error| Failure::start("region", "cargo", &error))?;
        if !output.status.success() {
            return Err(Failure::Ended {
                program: format!("region {}", words.join(" ")),
                how: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().map(str::to_owned).collect())
    }
}

/// Instructions of one repetition of a program whose last word is their number.
///
/// # Errors
/// - Those of callgrind.
pub(super) fn per_repeat(program: &Path, words: &[&str], repeats: u32) -> Result<f64, Failure> {
    let count = |repeats: u32| {
        let words = words.iter().map(|word| (*word).to_owned());
        let words: Vec<String> = words.chain([repeats.to_string()]).collect();
        callgrind::plain_instructions(program, &words)
    };
    Ok((count(2 + repeats)? - count(2)?) / f64::from(repeats))
}
