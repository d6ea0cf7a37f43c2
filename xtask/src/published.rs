//! Sources of published packages.
//!
//! # Invariants
//! - I1: nothing but `Cargo.lock` is changed: cargo fetches the package, and its folder is copied as it is.

use crate::captured::captured;
use crate::failure::Failure;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
}

/// A package's source in a folder of ours.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
}

/// Copies the sources of `packages`, each with a version requirement, beneath `folder`, in the same order.
pub(crate) fn fetch(packages: &[(&str, &str)], folder: &Path) -> Result<Vec<Source>, Failure> {
    let asking = folder.join("asking");
    make(&asking.join("src"))?;
    let mut manifest = String::from(
        "[package]\nname = \"asking\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n",
    );
    for (name, version) in packages {
        manifest.push_str(&format!("{name} = \"{version}\"\n"));
    }
    write(&asking.join("Cargo.toml"), &manifest)?;
    write(&asking.join("src/lib.rs"), "")?;
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(asking.join("Cargo.toml"));
    let text = captured(&mut command, "cargo metadata")?;
    let metadata: Metadata = serde_json::from_str(&text)
        .map_err(|error| Failure::content(Path::new("cargo metadata"), error))?;
    packages
        .iter()
        .map(|(name, _)| {
            let found = metadata.packages.iter().find(|one| one.name == *name);
            let found = found.ok_or_else(|| {
                Failure::content(
                    Path::new("cargo metadata"),
                    format!("it does not name {name}"),
                )
            })?;
            let from = found.manifest_path.parent().unwrap_or(&found.manifest_path);
            let to = folder.join(name);
            copy(from, &to)?;
            Ok(Source {
                version: found.version.clone(),
                folder: to,
            })
        })
        .collect()
}

/// Copies a folder and what is beneath it; files become writable.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    make(to)?;
    let entries = fs::read_dir(from).map_err(|error| Failure::file(from, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file(from, error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            let bytes = fs::read(&source).map_err(|error| Failure::file(&source, error))?;
            fs::write(&target, bytes).map_err(|error| Failure::file(&target, error))?;
        }
    }
    Ok(())
}

/// Makes a folder.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))
}

/// Writes a file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::file(path, error))
}
