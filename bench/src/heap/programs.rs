//! Builds and runs of the programs that stand for a heap's users.
//!
//! # Role
//! One binary has ours and every peer, built with the same flags (`bench/peers/heap`). Each run is a
//! process of its own: some peers do not survive some programs.

use super::window::Window;
use crate::callgrind::{self, Misses};
use crate::failure::Failure;
use crate::peer::{cargo_built, carrier};
use crate::program;
use core::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package of the programs.
const PACKAGE: &str = "heap";
/// The peers that are crates.
const CRATES: [&str; 6] = [
    "dumpster",
    "rust-cc",
    "bacon_rajan_cc",
    "jrsonnet-gcmodule",
    "boa_gc",
    "gc-arena",
];

/// A program at two sizes, whose difference is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sized {
    pub(super) program: &'static str,
    pub(super) from: u32,
    pub(super) to: u32,
    /// What is counted, in each of a size.
    pub(super) each: u32,
}

impl Sized {
    fn words(&self, name: &str, size: u32) -> [String; 3] {
        [self.program.to_owned(), name.to_owned(), size.to_string()]
    }

    /// The difference of what two runs gave, for each of what is counted.
    fn each(&self, count: impl Fn(u32) -> Result<f64, Failure>) -> Result<f64, Failure> {
        let counted = f64::from(self.to - self.from) * f64::from(self.each);
        Ok((count(self.to)? - count(self.from)?) / counted)
    }
}

/// The programs, built.
#[derive(Debug)]
pub(super) struct Programs {
    path: PathBuf,
    versions: BTreeMap<&'static str, String>,
    /// The long program, run when the first row needs it.
    window: OnceCell<Result<Window, Failure>>,
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
        let versions: Result<BTreeMap<_, _>, Failure> = CRATES
            .iter()
            .map(|name| Ok((*name, carrier::find(PACKAGE, name)?.version)))
            .collect();
        Ok(Self {
            path: path.ok_or_else(|| Failure::Output {
                program: format!("cargo build of {PACKAGE}"),
                what: "no program".to_owned(),
            })?,
            versions: versions?,
            window: OnceCell::new(),
        })
    }

    /// The binary.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the long program met.
    ///
    /// # Errors
    /// - [`Failure::Start`], [`Failure::Ended`], [`Failure::Output`]: of the program.
    pub(super) fn window(&self, quick: bool) -> Result<&Window, Failure> {
        let window = self.window.get_or_init(|| {
            let rounds = Window::rounds(quick).to_string();
            Window::read(&self.text(&["window", &rounds])?)
        });
        window.as_ref().map_err(Clone::clone)
    }

    /// A contender's name with its version.
    pub(super) fn named(&self, name: &str) -> String {
        self.versions
            .get(name)
            .map_or_else(|| name.to_owned(), |version| format!("{name} {version}"))
    }

    /// Instructions of one of what a program counts.
    ///
    /// # Errors
    /// - Those of callgrind.
    pub(super) fn instructions(&self, sized: Sized, name: &str) -> Result<f64, Failure> {
        sized.each(|size| callgrind::plain_instructions(&self.path, &sized.words(name, size)))
    }

    /// Misses of the first cache of data in one of what a program counts.
    ///
    /// # Errors
    /// - Those of cachegrind.
    pub(super) fn misses(&self, sized: Sized, name: &str) -> Result<f64, Failure> {
        sized.each(|size| {
            callgrind::first_level_misses(&self.path, &sized.words(name, size)).map(Misses::all)
        })
    }

    /// What a program prints.
    ///
    /// # Errors
    /// - [`Failure::Start`], [`Failure::Ended`]: of the program.
    pub(super) fn text(&self, words: &[&str]) -> Result<String, Failure> {
        let output = Command::new(&self.path)
            .args(words)
            .output()
            .map_err(|error| Failure::start("heap", "cargo", &error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.is_empty()).unwrap_or("");
        Err(Failure::Ended {
            program: format!("heap {}", words.join(" ")),
            how: format!("{}: {last}", output.status),
        })
    }

    /// The figure that a program prints.
    ///
    /// # Errors
    /// - [`Failure::Start`], [`Failure::Ended`], [`Failure::Output`]: of the program.
    pub(super) fn figure(&self, program: &str, name: &str, size: u32) -> Result<f64, Failure> {
        let text = self.text(&[program, name, &size.to_string()])?;
        text.trim().parse().map_err(|_| Failure::Output {
            program: format!("heap {program} {name}"),
            what: text,
        })
    }
}
