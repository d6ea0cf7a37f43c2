//! Builds of the preload libraries for the check.
//!
//! # Role
//! Builds a library with the profile it is shipped with, before stripping, and says where it is.

use crate::captured::captured;
use crate::failure::Failure;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A library to build.
#[derive(Debug, Clone, Copy)]
pub(super) enum Library<'a> {
    /// The one that is shipped.
    Production,
    /// The observed one with a single gate.
    OnlyGate(&'a str),
}

impl Library<'_> {
    const fn package(self) -> &'static str {
        match self {
            Self::Production => "bedplate-preload",
            Self::OnlyGate(_) => "bedplate-preload-observed",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Production => "libbedplate_preload.so",
            Self::OnlyGate(_) => "libbedplate_preload_observed.so",
        }
    }
}

/// Builds a library.
///
/// Flags of the caller are left out, as they are where the shipped library is built: they would
/// make another library than the one that is shipped.
///
/// # Errors
/// - [`Failure::Start`]: cargo is not there.
/// - [`Failure::Program`]: the build failed.
pub(super) fn build(library: Library<'_>) -> Result<PathBuf, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = target_directory(&root).join("hotcheck");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(&root)
        .args([
            "build",
            "--quiet",
            "--profile",
            "preload",
            "--package",
            library.package(),
        ])
        .arg("--target-dir")
        .arg(&target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("BEDPLATE_GATES");
    if let Library::OnlyGate(gate) = library {
        command.env("BEDPLATE_GATES", gate);
    }
    let program = format!("cargo build --profile preload -p {}", library.package());
    captured(&mut command, &program)?;
    Ok(target.join("preload").join(library.file()))
}

/// Where cargo puts what it builds.
fn target_directory(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
