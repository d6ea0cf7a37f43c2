//! Building a side, and what was built.
//!
//! # Role
//! Runs cargo with a target directory of the side's own, with line tables (which add no
//! instruction), and with a linker that keeps what it was given (`layout.rs`).

use alloc::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::difference::Recipe;
use super::layout;
use super::lines::{Lines, Place};
use super::project::{cargo, senseless};
use super::words::Artefact;
use crate::error::RunError;

/// Lines kept of the end of what the compiler said.
const TAIL_LINES: usize = 40;

/// A side that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// How.
    pub recipe: Recipe,
    /// The program or library.
    pub path: PathBuf,
    /// What its link was given.
    pub(super) kept: PathBuf,
    /// The linker that linked it.
    pub(super) linker: String,
}

impl Built {
    /// Builds `artefact` by `recipe`; everything goes to `directory`, which may be an earlier one.
    ///
    /// # Errors
    /// - `Build`: cargo failed; with the end of what it said.
    /// - What is wanted was not built, or cargo could not be started.
    pub fn build(recipe: &Recipe, artefact: &Artefact, directory: &Path) -> Result<Self, RunError> {
        let host = host()?;
        let variable = format!(
            "CARGO_TARGET_{}_LINKER",
            host.to_uppercase().replace(['-', '.'], "_")
        );
        let linker = std::env::var_os(&variable)
            .map_or_else(|| "cc".to_owned(), |it| it.to_string_lossy().into_owned());
        let (script, kept) = layout::keeper(directory, &linker)?;
        let mut command = command(recipe, artefact, directory);
        command.env(&variable, script);
        let output = command
            .output()
            .map_err(|source| senseless(format!("cargo could not be started: {source}")))?;
        if !output.status.success() {
            return Err(RunError::Build {
                what: recipe.said.clone(),
                tail: tail(&output),
            });
        }
        let path = built_path(&output.stdout, artefact).ok_or_else(|| match artefact {
            Artefact::Program(_) => senseless(format!(
                "package {} has no program of its own: --package names another package",
                recipe.package
            )),
            Artefact::Library => senseless(format!(
                "package {} builds no shared library: its crate-type must have \"cdylib\"",
                recipe.package
            )),
        })?;
        Ok(Self {
            recipe: recipe.clone(),
            path,
            kept,
            linker,
        })
    }
}

/// The lines that have code in something that was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeLines(pub(super) BTreeSet<Place>);

impl Built {
    /// Its lines that have code.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn lines(&self) -> Result<CodeLines, RunError> {
        let lines =
            Lines::open(&self.path, &self.recipe.root).map_err(|source| RunError::System {
                what: "read the lines of what was built",
                source,
            })?;
        Ok(CodeLines(lines.all()))
    }
}

fn command(recipe: &Recipe, artefact: &Artefact, directory: &Path) -> Command {
    let mut command = cargo();
    command
        .args(["build", "--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(&recipe.manifest)
        .arg("--target-dir")
        .arg(directory.join("target"))
        .args(["--package", &recipe.package, "--profile", &recipe.profile])
        .args(&recipe.flags)
        .stdin(Stdio::null());
    match artefact {
        Artefact::Program(None) => command.arg("--bins"),
        Artefact::Program(Some(name)) => command.args(["--bin", name]),
        Artefact::Library => command.arg("--lib"),
    };
    let profile = recipe.profile.to_uppercase().replace('-', "_");
    command
        .env(format!("CARGO_PROFILE_{profile}_DEBUG"), "line-tables-only")
        .env(format!("CARGO_PROFILE_{profile}_STRIP"), "none");
    for (name, value) in &recipe.variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The last artefact of the kind that cargo reports.
fn built_path(messages: &[u8], artefact: &Artefact) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    let mut found = None;
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let path = match artefact {
            Artefact::Program(_) => message["executable"].as_str(),
            Artefact::Library => message["filenames"].as_array().and_then(|names| {
                let kinds = message["target"]["crate_types"].as_array()?;
                let is_shared = kinds.iter().any(|kind| kind == "cdylib" || kind == "dylib");
                let mut names = names.iter().filter_map(Value::as_str);
                names.find(|name| is_shared && name.ends_with(".so"))
            }),
        };
        found = path.map(PathBuf::from).or(found);
    }
    found
}

fn tail(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// The platform that the compiler builds for by itself.
fn host() -> Result<String, RunError> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler)
        .arg("-vV")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| senseless(format!("rustc could not be started: {source}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| senseless("rustc -vV names no host".to_owned()))
}

/// Makes a directory and those above it.
pub(super) fn make_directory(path: &Path) -> Result<(), RunError> {
    fs::create_dir_all(path).map_err(|source| RunError::File {
        what: "the directory of a side",
        path: path.to_owned(),
        source,
        advice: "make room, or name another target directory (CARGO_TARGET_DIR)",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_taken_from_cargos_messages() {
        let messages = br#"{"reason":"compiler-artifact","executable":null,"filenames":["/t/libx.so","/t/libx.rlib"],"target":{"crate_types":["cdylib","rlib"]}}
{"reason":"compiler-artifact","executable":"/t/x","filenames":["/t/x"],"target":{"crate_types":["bin"]}}
{"reason":"build-finished","success":true}"#;
        let program = built_path(messages, &Artefact::Program(None));
        assert_eq!(program, Some(PathBuf::from("/t/x")));
        let library = built_path(messages, &Artefact::Library);
        assert_eq!(library, Some(PathBuf::from("/t/libx.so")));
    }
}
