//! The sources that the audit's labels are about.
//!
//! # Role
//! Lets cargo fetch them, so that the audit's tests run on the same trees on every machine: without
//! them a quarter of its lines is not run.

use crate::captured::captured;
use crate::failure::Failure;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The package whose tests read them.
pub(super) const READER: &str = "bedplate-audit";

/// Fetches what cargo has not got yet.
///
/// # Errors
/// - [`Failure`]: the manifest cannot be written, or cargo cannot fetch.
pub(super) fn fetch(root: &Path) -> Result<(), Failure> {
    let folder = root.join("target").join("golden");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    let text = bedplate_audit::golden::manifest().map_err(|error| {
        Failure::content(&folder, format!("failed to read the labels: {error}"))
    })?;
    for (name, text) in [("Cargo.toml", text.as_str()), ("lib.rs", "")] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::file(&path, error))?;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["fetch", "--quiet", "--manifest-path"])
        .arg(folder.join("Cargo.toml"));
    captured(&mut cargo, "cargo fetch").map(drop)
}
