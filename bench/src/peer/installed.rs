//! Peers of the distribution.
//!
//! # Role
//! Finds the library of an installed package, and its version.

use super::{Built, named};
use crate::failure::Failure;
use std::path::Path;
use std::process::Command;

/// A library of a Debian package.
#[derive(Debug)]
pub(super) struct Installed {
    /// The library's file.
    pub(super) file: &'static str,
    /// The package.
    pub(super) package: &'static str,
}

/// Where libraries lie.
const DIRECTORIES: &[&str] = &[
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
];

impl Installed {
    pub(super) fn get(&self, name: &str) -> Result<Built, Failure> {
        let found = DIRECTORIES
            .iter()
            .map(|directory| Path::new(directory).join(self.file))
            .find_map(|path| path.canonicalize().ok());
        let library = found.ok_or(Failure::Missing {
            program: self.file,
            package: self.package,
        })?;
        let version = self.version().unwrap_or_else(|| {
            // The file's own name tells a version too, if not the one people know.
            let file = library.file_name().unwrap_or_default();
            file.to_string_lossy().into_owned()
        });
        Ok(Built {
            name: named(name, &version),
            library,
        })
    }

    fn version(&self) -> Option<String> {
        let output = Command::new("dpkg-query")
            .args(["--show", "--showformat=${Version}", self.package])
            .output()
            .ok()?;
        let version = String::from_utf8_lossy(&output.stdout);
        let upstream = version.split('-').next()?.trim();
        (output.status.success() && !upstream.is_empty()).then(|| upstream.to_owned())
    }
}
