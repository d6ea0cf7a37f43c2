//! Peers that cargo builds.
//!
//! # Role
//! A peer in Rust is a library of its package. A peer whose crate brings its own build (configure and
//! make) leaves an archive, which is linked here into the library its authors would ship.

use super::{Built, carrier, named};
use crate::failure::Failure;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A peer that its carrier's build leaves as an archive of position-independent code.
#[derive(Debug)]
pub(super) struct Archive {
    /// The package under `bench/peers/`.
    pub(super) package: &'static str,
    /// The crate that carries the sources.
    pub(super) carrier: &'static str,
    /// The archive in that crate's output folder.
    pub(super) archive: &'static str,
}

/// A peer in Rust, behind the C family that its package defines.
#[derive(Debug)]
pub(super) struct Cdylib {
    /// The package under `bench/peers/`.
    pub(super) package: &'static str,
    /// The crate of the allocator.
    pub(super) carrier: &'static str,
}

impl Archive {
    pub(super) fn get(&self, name: &str, directory: &Path) -> Result<Built, Failure> {
        let version = carrier::find(self.package, self.carrier)?.version;
        let released = version.split('+').nth(1).unwrap_or(&version);
        let name = named(name, released.split('-').next().unwrap_or(released));
        let library = directory.join(format!("lib{}.so", name.replace(' ', "-")));
        if !library.exists() {
            eprintln!("building {name}");
            let messages = build(self.package, directory)?;
            let output = messages.iter().find_map(|message| {
                let is_script = text(message, "reason") == Some("build-script-executed");
                let is_carrier = text(message, "package_id")?.contains(self.carrier);
                (is_script && is_carrier).then(|| text(message, "out_dir"))?
            });
            let output = output.ok_or_else(|| Failure::Output {
                program: format!("cargo build of {}", self.package),
                what: "no output folder of the build".to_owned(),
            })?;
            link(&Path::new(output).join(self.archive), &library)?;
        }
        Ok(Built { name, library })
    }
}

impl Cdylib {
    pub(super) fn get(&self, name: &str, directory: &Path) -> Result<Built, Failure> {
        let version = carrier::find(self.package, self.carrier)?.version;
        // Cargo knows what is built already.
        let messages = build(self.package, directory)?;
        let built = messages.iter().find_map(|message| {
            let files = message.get("filenames")?.as_array()?;
            files
                .iter()
                .filter_map(Value::as_str)
                .find(|file| file.ends_with(".so"))
        });
        let library = built.map(PathBuf::from).ok_or_else(|| Failure::Output {
            program: format!("cargo build of {}", self.package),
            what: "no shared library".to_owned(),
        })?;
        Ok(Built {
            name: named(name, &version),
            library,
        })
    }
}

fn text<'a>(message: &'a Value, name: &str) -> Option<&'a str> {
    message.get(name)?.as_str()
}

/// Builds a peer's package; cargo's messages.
pub(crate) fn build(package: &str, directory: &Path) -> Result<Vec<Value>, Failure> {
    build_with(package, directory, &[])
}

/// Builds a peer's package with settings of cargo's, as `name = value`; cargo's messages.
pub(crate) fn build_with(
    package: &str,
    directory: &Path,
    settings: &[&str],
) -> Result<Vec<Value>, Failure> {
    let output = Command::new("cargo")
        .args(["build", "--release", "--locked", "--quiet"])
        // A peer may build though it asks for a newer compiler.
        .arg("--ignore-rust-version")
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(carrier::manifest(package))
        .arg("--target-dir")
        .arg(directory.join("peers"))
        .args(settings.iter().flat_map(|setting| ["--config", *setting]))
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            program: format!("cargo build of {package}"),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

fn link(archive: &Path, library: &Path) -> Result<(), Failure> {
    let unfinished = library.with_extension("unfinished");
    let output = Command::new("cc")
        .args(["-shared", "-pthread", "-o"])
        .arg(&unfinished)
        .arg("-Wl,--whole-archive")
        .arg(archive)
        .args(["-Wl,--no-whole-archive", "-ldl", "-lm"])
        .output()
        .map_err(|error| Failure::start("cc", "gcc libc6-dev", &error))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            program: format!("cc for {}", archive.display()),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    fs::rename(&unfinished, library).map_err(|error| Failure::file(library, &error))
}
