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
    let mut sources = Vec::new();
    for (name, _) in packages {
        let to = folder.join(name);
        let found = metadata.packages.iter().find(|one| one.name == *name);
        let version = if let Some(found) = found {
            copy(
                found.manifest_path.parent().unwrap_or(&found.manifest_path),
                &to,
            )?;
            found.version.clone()
        } else {
            copy_program(&asking, name, &to)?
        };
        sources.push(Source {
            version,
            folder: to,
        });
    }
    Ok(sources)
}

/// Copies the sources of a package without a library, which cargo fetches and does not list; its version.
fn copy_program(asking: &Path, name: &str, to: &Path) -> Result<String, Failure> {
    let all = asking.join("all");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["vendor", "--quiet", "--manifest-path"])
        .arg(asking.join("Cargo.toml"))
        .arg(&all);
    captured(&mut command, "cargo vendor")?;
    copy(&all.join(name), to)?;
    fs::remove_dir_all(&all).map_err(|error| Failure::file(&all, error))?;
    let path = to.join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
    let manifest: toml::Table =
        toml::from_str(&text).map_err(|error| Failure::content(&path, error))?;
    let version = manifest.get("package").and_then(|one| one.get("version"));
    version
        .and_then(toml::Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Failure::content(&path, "it names no version"))
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
