//! The tools that read profiles.
//!
//! # Role
//! llvm-profdata and llvm-cov of the compiler's own version: the formats differ between versions
//! of LLVM, so one that happens to be installed will not do.

use crate::captured::captured;
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tools are.
#[derive(Debug)]
pub(super) struct Tools {
    pub profdata: PathBuf,
    pub cov: PathBuf,
    /// The compiler's own target.
    pub host: String,
}

impl Tools {
    /// Finds the tools in the compiler's own folder; adds the component if they are not there.
    ///
    /// # Errors
    /// - [`Failure`]: no compiler, or a compiler without the component that cannot be given it.
    pub(super) fn find() -> Result<Self, Failure> {
        let folder = PathBuf::from(output(&["--print", "target-libdir"])?).join("../bin");
        let version = output(&["-vV"])?;
        let host = version.lines().find_map(|l| l.strip_prefix("host: "));
        let tools = Self {
            profdata: folder.join("llvm-profdata"),
            cov: folder.join("llvm-cov"),
            host: host.unwrap_or_default().to_owned(),
        };
        if !tools.are_there() {
            add_component(&folder)?;
        }
        if tools.are_there() {
            return Ok(tools);
        }
        Err(unable(&folder, "rustup added llvm-tools, but not there"))
    }

    fn are_there(&self) -> bool {
        self.profdata.is_file() && self.cov.is_file()
    }
}

fn unable(folder: &Path, why: &str) -> Failure {
    Failure::content(
        folder,
        format!(
            "no llvm-profdata and llvm-cov here ({why}). Run `rustup component add llvm-tools`; \
             a compiler not installed by rustup needs its packager's llvm-tools in this folder"
        ),
    )
}

fn output(arguments: &[&str]) -> Result<String, Failure> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    captured(Command::new(program).args(arguments), "rustc")
}

fn add_component(folder: &Path) -> Result<(), Failure> {
    eprintln!("xtask: the compiler has no llvm-tools: `rustup component add llvm-tools`");
    let mut rustup = Command::new("rustup");
    match captured(rustup.args(["component", "add", "llvm-tools"]), "rustup") {
        Ok(_) => Ok(()),
        Err(failure) => Err(unable(folder, failure.to_string().trim())),
    }
}
