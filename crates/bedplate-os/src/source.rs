//! Where the files of the kernel are read from.
//!
//! # Role
//! A [`Machine`] is a root folder: `/` for the running machine, any other folder for a described
//! one. Every detection room reads through it, so each can be shown a machine that is not at hand.
//!
//! # Not here
//! Memory paths: this room uses the standard library and allocates.

use crate::fact::{Because, Reason};
use crate::{Operation, OsError};
use alloc::string::String;
use alloc::vec::Vec;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The longest file that is read: room for the CPU descriptions of eight thousand CPUs.
const LONGEST_BYTES: u64 = 16 << 20;

/// A machine: the running one, or one described by a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    root: PathBuf,
    running: bool,
}

impl Machine {
    /// The machine that this process runs on.
    #[must_use]
    pub fn running() -> Self {
        Self {
            root: PathBuf::from("/"),
            running: true,
        }
    }

    /// A machine described by the files under `root` (`root/proc/...`, `root/sys/...`).
    #[must_use]
    pub fn described_by(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            running: false,
        }
    }

    /// True if calls to the kernel speak of this machine too.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.running
    }

    /// The folder that holds the machine's files.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the machine's file `path` (absolute, as on the machine) lies.
    #[must_use]
    pub fn locate(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// True if the machine has a file or folder `path`.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.locate(path).exists()
    }

    /// The whole text of a file.
    ///
    /// # Errors
    /// - The reason with `path`: not there, forbidden, not text, too long.
    pub fn read(&self, path: &str) -> Result<String, Because> {
        self.read_text(path).map_err(|reason| reason.at(path))
    }

    /// The text of a file through a parser.
    ///
    /// # Errors
    /// - The reason of the reading, or the parser's, with `path`.
    pub fn parse<T>(
        &self,
        path: &str,
        parser: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Result<T, Because> {
        let text = self.read(path)?;
        parser(&text).map_err(|reason| reason.at(path))
    }

    fn read_text(&self, path: &str) -> Result<String, Reason> {
        let failed = |e: std::io::Error| Reason::of_code(e.raw_os_error().unwrap_or(libc::EIO));
        fault().map_err(|e| Reason::of_code(e.code))?;
        // A group's path comes from a file; it must not lead out of the machine's folder.
        if path.split('/').any(|part| part == "..") {
            return Err(Reason::OutsideMount);
        }
        let file = File::open(self.locate(path)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(LONGEST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > LONGEST_BYTES {
            return Err(Reason::TooLong);
        }
        String::from_utf8(bytes).map_err(|_| Reason::Garbage)
    }
}

fn fault() -> Result<(), OsError> {
    crate::fault::check(Operation::Read)
}

#[cfg(test)]
mod tests {
    use super::Machine;
    use crate::fact::Reason;

    #[test]
    fn a_path_that_climbs_is_refused() {
        let machine = Machine::described_by("/proc/self");
        let read = machine.read("/../../etc/hostname").map_err(|b| b.reason);
        assert_eq!(read, Err(Reason::OutsideMount));
    }

    #[test]
    fn what_is_missing_is_not_there() {
        let machine = Machine::described_by("/nonexistent");
        assert_eq!(
            machine.read("/proc/meminfo").map_err(|b| b.reason),
            Err(Reason::NotThere)
        );
    }
}
