//! What the audit calls removable, deleted.
//!
//! # Role
//! Works on a copy of a package: deletes every operation on a location that only counts, and runs the
//! package's own tests again. Where they fail, deletes one operation at a time to find which.
//!
//! # Not here
//! Operations that are part of a larger statement, and loads: they are listed as left.

use crate::captured::captured;
use crate::failure::{Failure, Verdict};
use bedplate_audit::{Location, Operation, audit_path, deletion};
use clap::Args;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Arguments of the proof.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of a package, with its manifest.
    package: PathBuf,
    /// Arguments of `cargo test`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// A statement that is an operation and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    /// The file, below the package.
    file: String,
    /// Its lines, from 1.
    first: usize,
    last: usize,
    /// What is counted there.
    location: String,
}

/// Deletes, tests, prints.
///
/// # Errors
/// - [`Failure`]: the package cannot be read or copied, or its tests fail as they are.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let package = &options.package;
    let found = audit_path(&package.join("src"))
        .map_err(|error| Failure::content(package, format!("failed to audit: {error}")))?;
    let mut statements = BTreeSet::new();
    let mut left = Vec::new();
    for location in found.candidates() {
        for operation in &location.operations {
            match statement(package, location, operation)? {
                Some(statement) => _ = statements.insert(statement),
                None => left.push((location.name.as_str(), operation)),
            }
        }
    }
    let copy = Copy::of(package)?;
    println!("running the tests of {} as it is", package.display());
    if let Err(error) = copy.test(&options.arguments) {
        let why = format!("its tests fail before anything is deleted; {error}");
        return Err(Failure::content(package, why));
    }
    let statements: Vec<Statement> = statements.into_iter().collect();
    println!("running them without {} operations", statements.len());
    let failing = without(&copy, &statements, &options.arguments)?;
    println!("{:36} {:30} outcome", "location", "operation");
    for one in &statements {
        let outcome = if failing.contains(one) {
            "TESTS FAIL"
        } else {
            "deleted, tests pass"
        };
        let place = format!("{}:{}", one.file, one.first);
        println!("{:36} {place:30} {outcome}", one.location);
    }
    for (location, operation) in left {
        let place = format!("src/{}:{}", operation.at.file, operation.at.line);
        println!(
            "{location:36} {place:30} left: {}",
            deletion::why_left(operation)
        );
    }
    Ok(Verdict::from_clean(failing.is_empty()))
}

/// The statements without which tests fail: none where all can go at once.
fn without(
    copy: &Copy,
    statements: &[Statement],
    arguments: &[String],
) -> Result<Vec<Statement>, Failure> {
    copy.delete(statements)?;
    if copy.test(arguments).is_ok() {
        return Ok(Vec::new());
    }
    println!("they fail; running them without one at a time");
    let mut failing = Vec::new();
    for one in statements {
        copy.restore()?;
        copy.delete(core::slice::from_ref(one))?;
        if copy.test(arguments).is_err() {
            failing.push(one.clone());
        }
    }
    Ok(failing)
}

/// The statement of an operation, if it is nothing else.
fn statement(
    package: &Path,
    location: &Location,
    operation: &Operation,
) -> Result<Option<Statement>, Failure> {
    let file = format!("src/{}", operation.at.file);
    let path = package.join(&file);
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
    let lines = deletion::statement(&text, operation);
    Ok(lines.map(|lines| Statement {
        file,
        first: *lines.start(),
        last: *lines.end(),
        location: location.name.clone(),
    }))
}

/// A package's copy, where things may be deleted.
#[derive(Debug)]
struct Copy {
    source: PathBuf,
    folder: PathBuf,
}

impl Copy {
    fn of(package: &Path) -> Result<Self, Failure> {
        let source = package
            .canonicalize()
            .map_err(|error| Failure::file(package, error))?;
        let name = source.file_name().unwrap_or_default();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = root.join("target").join("deletable").join(name);
        let copy = Self { source, folder };
        copy_tree(&copy.source, &copy.folder)?;
        // Not a member of the workspace that the copy lies in.
        let manifest = copy.folder.join("Cargo.toml");
        let mut text =
            fs::read_to_string(&manifest).map_err(|error| Failure::file(&manifest, error))?;
        if !text.contains("\n[workspace]") {
            text.push_str("\n[workspace]\n");
        }
        fs::write(&manifest, text).map_err(|error| Failure::file(&manifest, error))?;
        Ok(copy)
    }

    fn restore(&self) -> Result<(), Failure> {
        copy_tree(&self.source.join("src"), &self.folder.join("src"))
    }

    /// Deletes the statements; every other line keeps its number.
    fn delete(&self, statements: &[Statement]) -> Result<(), Failure> {
        for one in statements {
            let path = self.folder.join(&one.file);
            let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
            let kept = deletion::without(&text, &[one.first..=one.last]);
            fs::write(&path, kept).map_err(|error| Failure::file(&path, error))?;
        }
        Ok(())
    }

    fn test(&self, arguments: &[String]) -> Result<(), Failure> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.folder)
            // What was used only by what is deleted is unused then.
            .env("RUSTFLAGS", "--cap-lints=warn")
            .args(["test", "--quiet"])
            .args(arguments);
        captured(&mut cargo, "cargo test").map(drop)
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::file(to, error))?;
    let entries = fs::read_dir(from).map_err(|error| Failure::file(from, error))?;
    for entry in entries.flatten() {
        let (path, goal) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if entry.file_name() != "target" {
                copy_tree(&path, &goal)?;
            }
        } else {
            let text = fs::read(&path).map_err(|error| Failure::file(&path, error))?;
            fs::write(&goal, text).map_err(|error| Failure::file(&goal, error))?;
        }
    }
    Ok(())
}
