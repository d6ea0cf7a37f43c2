//! Whether a name is that of a program.
//!
//! # Role
//! A process that has ended shows nothing but its name. Where no look has met that name, the
//! process either executed a program that is without our library, or renamed itself since the last
//! look. The kernel names a process after the file it executes, so a name of some program at hand
//! means the former.
//!
//! # Not here
//! The names that looks have met (`watched.rs`).

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Bytes that the kernel keeps of a name.
const NAME_BYTES_MAX: usize = 15;

/// Where the program of a run may have found others to execute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Programs<'run> {
    /// Its own words: what a launcher or shell is to execute stands there.
    pub(super) command: &'run [OsString],
    /// The value of `PATH`.
    pub(super) search_path: Option<&'run OsStr>,
}

impl Programs<'_> {
    /// Whether a program of this name (as the kernel keeps it) is among them.
    pub(super) fn hold(&self, name: &str) -> bool {
        !name.is_empty() && (self.are_named(name) || self.are_found(name))
    }

    fn are_named(&self, name: &str) -> bool {
        // The first word is what was executed first, and its name is known.
        self.command.iter().skip(1).any(|word| {
            let is_end = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"._+-".contains(byte);
            word.as_bytes()
                .split(is_end)
                .any(|part| is_named(part, name))
        })
    }

    fn are_found(&self, name: &str) -> bool {
        if name.contains('/') {
            return false;
        }
        let directories = std::env::split_paths(self.search_path.unwrap_or_default());
        directories
            .filter(|directory| directory.is_absolute())
            .any(|directory| holds(&directory, name))
    }
}

/// Whether a file called `file` gives a process this name.
fn is_named(file: &[u8], name: &str) -> bool {
    &file[..file.len().min(NAME_BYTES_MAX)] == name.as_bytes()
}

fn holds(directory: &Path, name: &str) -> bool {
    if name.len() < NAME_BYTES_MAX {
        return directory.join(name).is_file();
    }
    let Ok(entries) = fs::read_dir(directory) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| is_named(entry.file_name().as_bytes(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_the_command_and_the_search_path() {
        let place = tempfile::tempdir().unwrap();
        for name in ["found", "a-name-longer-than-the-kernel-keeps"] {
            fs::write(place.path().join(name), "").unwrap();
        }
        let command = ["sh", "-c", "unset X; exec \"/opt/t/static-1\" now"].map(OsString::from);
        let programs = Programs {
            command: &command,
            search_path: Some(place.path().as_os_str()),
        };
        for name in ["static-1", "found", "a-name-longer-t"] {
            assert!(programs.hold(name), "{name}");
        }
        for name in [
            "",
            "sh",
            "worker 7",
            "founder",
            "a-name-longer-x",
            "../found",
        ] {
            assert!(!programs.hold(name), "{name}");
        }
    }
}
