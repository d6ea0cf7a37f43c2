//! The tests of a package, instrumented.
//!
//! # Role
//! Builds the test programs of all packages at once, and runs those of one package where cargo
//! would, each process with a profile of its own.

use super::tools::Tools;
use crate::captured::captured;
use crate::failure::Failure;
use serde::Deserialize;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of one package.
#[derive(Debug)]
pub(super) struct Suite {
    pub package: String,
    /// The package's folder.
    pub folder: PathBuf,
    /// Test programs.
    pub tests: Vec<PathBuf>,
    /// Programs that the tests start.
    pub programs: Vec<PathBuf>,
    /// Where the profiles go.
    pub profiles: PathBuf,
}

/// A line of what cargo says.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    profile: Profile,
}

#[derive(Debug, Default, Deserialize)]
struct Profile {
    test: bool,
}

/// Features that make another library of a package, whose tests count for it too.
const VARIANTS: [(&str, &str); 1] = [("bedplate-malloc", "hardened")];

/// Builds the packages' tests and those of their variants, with a target folder of their own: the
/// flag rebuilds everything.
///
/// # Errors
/// - [`Failure`]: the build fails, or a package has no tests.
pub(super) fn build(root: &Path, packages: &[&str], tools: &Tools) -> Result<Vec<Suite>, Failure> {
    let mut suites = build_one(root, packages, None, tools)?;
    for (package, feature) in VARIANTS {
        if packages.contains(&package) {
            suites.extend(build_one(root, &[package], Some(feature), tools)?);
        }
    }
    Ok(suites)
}

fn build_one(
    root: &Path,
    packages: &[&str],
    feature: Option<&str>,
    tools: &Tools,
) -> Result<Vec<Suite>, Failure> {
    let target = root.join("target").join("coverage");
    let with = feature.map_or_else(String::new, |feature| format!(" with {feature}"));
    println!("building the tests of {}{with}", packages.join(", "));
    let mut cargo = Command::new(cargo());
    cargo
        .current_dir(root)
        // With a target named, build scripts and macros are not instrumented.
        .args(["test", "--quiet", "--no-run", "--tests", "--target"])
        .arg(&tools.host)
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--target-dir")
        .arg(&target)
        // Counters in a mapped file: a child that ends by a signal or `_exit` leaves them too.
        .env(
            "RUSTFLAGS",
            "-C instrument-coverage -C llvm-args=-runtime-counter-relocation",
        )
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("BEDPLATE_GATES")
        // Counters in wholly unoptimised code take three times as long; lines stay the same.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    for package in packages {
        cargo.args(["--package", package]);
    }
    if let Some(feature) = feature {
        cargo.args(["--features", feature]);
    }
    let said = captured(&mut cargo, "cargo test --no-run")?;
    let messages: Vec<Message> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    packages
        .iter()
        .map(|package| suite(root, &target, (package, feature), &messages))
        .collect()
}

fn suite(
    root: &Path,
    target: &Path,
    (package, feature): (&str, Option<&str>),
    messages: &[Message],
) -> Result<Suite, Failure> {
    let folder = root.join("crates").join(package);
    let manifest = folder.join("Cargo.toml");
    let of_kind = |test: bool| -> Vec<PathBuf> {
        messages
            .iter()
            .filter(|m| m.manifest_path == manifest && m.profile.test == test)
            .filter_map(|m| m.executable.clone())
            .collect()
    };
    let suite = Suite {
        package: package.to_owned(),
        tests: of_kind(true),
        programs: of_kind(false),
        profiles: target
            .join("profiles")
            .join(feature.map_or_else(|| package.to_owned(), |f| format!("{package}-{f}"))),
        folder,
    };
    if suite.tests.is_empty() {
        return Err(Failure::content(
            &manifest,
            "the package has no tests to run",
        ));
    }
    Ok(suite)
}

/// Runs the tests; each of their processes leaves a profile in the suite's folder.
///
/// # Errors
/// - [`Failure::Program`]: a test fails; what it printed is in the message.
pub(super) fn run(suite: &Suite) -> Result<(), Failure> {
    println!("running the tests of {}", suite.package);
    let folder = &suite.profiles;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    }
    fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    for test in &suite.tests {
        let mut command = Command::new(test);
        command
            .current_dir(&suite.folder)
            .env("CARGO", cargo())
            .env("CARGO_MANIFEST_DIR", &suite.folder)
            // Of each process (%p) and program (%m), one file, written as it runs (%c): the tests
            // start themselves again, and some of these end by a signal.
            .env("LLVM_PROFILE_FILE", folder.join("%p-%m%c.profraw"));
        let output = command.output().map_err(|error| Failure::Start {
            program: test.display().to_string(),
            error,
        })?;
        if !output.status.success() {
            let mut stderr = String::from_utf8_lossy(&output.stdout).into_owned();
            stderr.push_str(&String::from_utf8_lossy(&output.stderr));
            let program = test.display().to_string();
            return Err(Failure::Program { program, stderr });
        }
    }
    Ok(())
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
