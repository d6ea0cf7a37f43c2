//! The ways a program is started.
//!
//! # Role
//! Without us, by the `bedplate` program as a user would, or by `LD_PRELOAD` alone for a library under work.

use super::Options;
use super::process;
use crate::failure::Failure;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How programs of a run are started.
#[derive(Clone, Debug)]
pub(super) enum Arm {
    /// As they are.
    Without,
    /// By `bedplate run`.
    Bedplate(PathBuf),
    /// With this library preloaded.
    Library(PathBuf),
}

impl Arm {
    /// For people and file names.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Without => "without".to_owned(),
            Self::Bedplate(_) => "bedplate-run".to_owned(),
            Self::Library(_) => "preloaded".to_owned(),
        }
    }
}

/// The arm to compare with; `None` for the baseline alone.
///
/// The program or library is copied to `folder`, where a server's own user can read it too.
pub(super) fn second(options: &Options, folder: &Path) -> Result<Option<Arm>, Failure> {
    if options.baseline {
        return Ok(None);
    }
    if let Some(library) = &options.library {
        return copied(library, &folder.join("libbedplate.so"))
            .map(|path| Some(Arm::Library(path)));
    }
    let built = match &options.bedplate {
        Some(path) => path.clone(),
        None => build()?,
    };
    copied(&built, &folder.join("bedplate")).map(|path| Some(Arm::Bedplate(path)))
}

fn copied(from: &Path, to: &Path) -> Result<PathBuf, Failure> {
    fs::copy(from, to).map_err(|error| Failure::file(from, error))?;
    Ok(to.to_path_buf())
}

/// Builds `bedplate` and says where it is.
fn build() -> Result<PathBuf, Failure> {
    let root = process::root();
    let arguments = [
        "build",
        "--release",
        "-p",
        "bedplate-cli",
        "--message-format=json",
    ];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(&root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| Failure::Start {
            program: "cargo".to_owned(),
            error,
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let executable = text.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    executable.ok_or_else(|| Failure::Program {
        program: "cargo build --release -p bedplate-cli".to_owned(),
        stderr: format!("{}: no program was built", output.status),
    })
}
