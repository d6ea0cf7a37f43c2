//! Finding the crate that carries a peer's sources.
//!
//! # Role
//! Asks cargo, which fetches it first where it must.

use crate::failure::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate on this machine.
#[derive(Debug)]
pub(crate) struct Carrier {
    /// Its folder.
    pub(super) directory: PathBuf,
    /// Its version in the registry.
    pub(crate) version: String,
}

/// The manifest of a peer's package.
pub(super) fn manifest(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(package)
        .join("Cargo.toml")
}

/// Finds a crate among the dependencies of a peer's package.
///
/// # Errors
/// - [`Failure::Missing`], [`Failure::Start`], [`Failure::Ended`]: cargo.
/// - [`Failure::Output`]: the crate is not among them.
pub(crate) fn find(package: &str, carrier: &str) -> Result<Carrier, Failure> {
    let output = Command::new("cargo")
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--manifest-path",
        ])
        .arg(manifest(package))
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    let program = format!("cargo metadata for {package}");
    if !output.status.success() {
        let how = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Ended { program, how });
    }
    let unexpected = |what: String| Failure::Output {
        program: program.clone(),
        what,
    };
    let document: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| unexpected(error.to_string()))?;
    let packages = document.get("packages").and_then(Value::as_array);
    let found = packages
        .into_iter()
        .flatten()
        .find(|package| package.get("name").and_then(Value::as_str) == Some(carrier));
    let text = |name: &str| found?.get(name)?.as_str();
    let (Some(manifest), Some(version)) = (text("manifest_path"), text("version")) else {
        return Err(unexpected(format!("no package {carrier}")));
    };
    Ok(Carrier {
        directory: Path::new(manifest).with_file_name(""),
        version: version.to_owned(),
    })
}
