//! Whether a name is that of a program.
//!
//! # Role
//! A process that has ended shows nothing but its name. Where no look has met that name, the
//! process either executed a program that is without our library, or renamed itself since the last
//! look. The kernel names a process after the file it executes, so a name of some program at hand
//! means the former; or that this program would have had our library, and ended before its start.
//!
//! # Not here
//! The names that looks have met (`watched.rs`).

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::program::inspect_program;
use crate::process::Ended;

/// Bytes that the kernel keeps of a name.
const NAME_BYTES_MAX: usize = 15;

/// What a name that no look has met leaves in doubt.
#[derive(Debug)]
pub(super) enum Doubt {
    /// It is that of no program at hand.
    Renamed(String),
    /// It is that of a program that would have had the library, and the end was an early one.
    Unstarted(String),
}

impl Doubt {
    /// The sentence for the report.
    pub(super) fn note(&self) -> String {
        match self {
            Self::Renamed(name) => format!(
                "its process ended as {name}, a name it had at no look: it renamed itself just \
                 before, or executed a program without the library that was over before the next \
                 look"
            ),
            Self::Unstarted(name) => format!(
                "its process ended as {name}, which it had executed after the last look: {name} \
                 was killed or could not be loaded before the library in it started, or \
                 LD_PRELOAD was removed from its environment"
            ),
        }
    }
}

/// Whether a program that ended so may never have come to its own code: the loader leaves with 127
/// where a library is missing.
pub(super) fn is_early(ended: &Ended) -> bool {
    ended.signal.is_some() || ended.code == Some(127)
}

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
        !name.is_empty() && (self.named(name).next().is_some() || self.found(name).is_some())
    }

    /// Whether the program of this name can be read, and the library can be preloaded into it.
    pub(super) fn would_load(&self, name: &str) -> bool {
        let inspected = |file: &OsStr| inspect_program(file, self.search_path).ok();
        // A word of the command says more than the search path, which may hold a namesake.
        let mut named = self.named(name).filter_map(inspected).peekable();
        if named.peek().is_some() {
            return named.all(|facts| facts.obstacle.is_none());
        }
        let found = self
            .found(name)
            .and_then(|path| inspected(path.as_os_str()));
        found.is_some_and(|facts| facts.obstacle.is_none())
    }

    /// Files of this name in the command.
    fn named(&self, name: &str) -> impl Iterator<Item = &OsStr> {
        let is_end = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"._+-/".contains(byte);
        // The first word is what was executed first, and its name is known.
        self.command
            .iter()
            .skip(1)
            .flat_map(move |word| word.as_bytes().split(is_end))
            .filter(move |part| {
                let mut pieces = part.rsplit(|&byte| byte == b'/');
                pieces.next().is_some_and(|file| is_named(file, name))
            })
            .map(OsStr::from_bytes)
    }

    fn found(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return None;
        }
        std::env::split_paths(self.search_path.unwrap_or_default())
            .filter(|directory| directory.is_absolute())
            .find_map(|directory| find_in(&directory, name))
    }
}

/// Whether a file called `file` gives a process this name.
fn is_named(file: &[u8], name: &str) -> bool {
    &file[..file.len().min(NAME_BYTES_MAX)] == name.as_bytes()
}

fn find_in(directory: &Path, name: &str) -> Option<PathBuf> {
    if name.len() < NAME_BYTES_MAX {
        let path = directory.join(name);
        return path.is_file().then_some(path);
    }
    let mut entries = fs::read_dir(directory).ok()?.flatten();
    entries
        .find(|entry| is_named(entry.file_name().as_bytes(), name))
        .map(|entry| entry.path())
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

    #[test]
    fn only_a_dynamic_program_that_is_found_would_have_loaded_the_library() {
        let command = ["env", "-i", "sh; exec /no/such/place/dash"].map(OsString::from);
        let programs = Programs {
            command: &command,
            search_path: Some(OsStr::new("/usr/bin:/bin")),
        };
        assert!(programs.would_load("sh"));
        assert!(programs.would_load("dash"), "by the search path");
        assert!(!programs.would_load("no-program"));
    }
}
