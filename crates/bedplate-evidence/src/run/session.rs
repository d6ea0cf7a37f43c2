//! The directory through which a run and its processes talk.
//!
//! # Role
//! Makes the directory with its `events` file and its `leaving` and `go` FIFOs, reads the events,
//! and answers a process that waits at its exit to be measured. Removed on drop.
//!
//! # Not here
//! What the events mean for the report (`children.rs`).
//!
//! # Invariants
//! I1. The directory's name ends in `-PID` of this process, by which a child knows its parent.
//! I2. The events file is locked for as long as this process lives; by that and I1 a later run knows
//!     a directory that was left behind (`stale.rs`).
//! I3. Both FIFOs are held open for reading and writing, so that neither side ever blocks in open.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use bedplate_malloc::inspect::{RECORD_BYTES, Record};

use super::stale::{PREFIX, remove_stale};
use crate::error::RunError;
use crate::process::calls;

/// The setting that has allocations sampled.
pub const PROFILE_SETTING: &str = "BEDPLATE_MALLOC_PROFILE";

/// The setting that names the directory to the processes of the run.
pub const RUN_SETTING: &str = "BEDPLATE_MALLOC_RUN";

/// Longest path a process takes for the directory, in bytes.
const PATH_BYTES_MAX: usize = 199;
/// Records kept waiting for one read.
const RECORDS_AT_ONCE: usize = 256;
/// Names tried for the directory.
const NAMES_MAX: u32 = 100;

/// The open directory of a run.
#[derive(Debug)]
pub struct Session {
    directory: PathBuf,
    events: File,
    read_bytes: u64,
    leaving: File,
    go: File,
}

impl Session {
    /// Makes the directory below `temporary`.
    ///
    /// # Errors
    /// `File`: it could not be made.
    pub fn open(temporary: &Path) -> Result<Self, RunError> {
        let temporary = absolute(temporary)?;
        remove_stale(&temporary);
        let directory = make_directory(&temporary)?;
        Self::fill(&directory).map_err(|source| {
            // The half-made directory is of no use to anyone; its removal may fail likewise.
            drop(fs::remove_dir_all(&directory));
            RunError::File {
                what: "the run directory",
                path: directory,
                source,
                advice: ADVICE,
            }
        })
    }

    fn fill(directory: &Path) -> io::Result<Self> {
        let events_path = directory.join("events");
        let events = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(events_path)?;
        // Tells later runs that this one lives. On a file system without locks nobody can take it,
        // and nothing is ever removed as stale.
        drop(events.try_lock());
        let fifo = |name: &str| {
            let path = directory.join(name);
            calls::make_fifo(&path)?;
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(path)
        };
        Ok(Self {
            directory: directory.to_owned(),
            events,
            read_bytes: 0,
            leaving: fifo("leaving")?,
            go: fifo("go")?,
        })
    }

    /// What [`RUN_SETTING`] is set to.
    #[must_use]
    pub fn setting(&self) -> &OsStr {
        self.directory.as_os_str()
    }

    /// The records appended since the last call.
    ///
    /// # Errors
    /// What reading the file gave.
    pub fn new_records(&mut self) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        let mut buffer = vec![0_u8; RECORD_BYTES * RECORDS_AT_ONCE];
        loop {
            let got = self.events.read_at(&mut buffer, self.read_bytes)?;
            // A record is appended whole; what is not whole yet is read again next time.
            let (whole, _rest) = buffer[..got].as_chunks::<RECORD_BYTES>();
            records.extend(whole.iter().filter_map(|bytes| Record::parse(bytes)));
            self.read_bytes += (whole.len() * RECORD_BYTES) as u64;
            if whole.len() < RECORDS_AT_ONCE {
                return Ok(records);
            }
        }
    }

    /// The descriptor that becomes readable when a process waits at its exit.
    pub(crate) fn leaving_descriptor(&self) -> i32 {
        self.leaving.as_raw_fd()
    }

    /// A process that waits at its exit, if there is one.
    #[must_use]
    pub fn waiting(&self) -> Option<u32> {
        let mut pid = [0_u8; 4];
        match (&self.leaving).read(&mut pid) {
            Ok(4) => Some(u32::from_le_bytes(pid)),
            _ => None,
        }
    }

    /// Lets the waiting process go.
    pub fn let_go(&self) {
        // Should the FIFO be full, the process goes by itself after its own limit of time.
        drop((&self.go).write(&[1]));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A directory that cannot be removed is left to the system's cleaning of temporary files.
        drop(fs::remove_dir_all(&self.directory));
    }
}

const ADVICE: &str = "set TMPDIR to a directory that can be written";

/// The directory as an absolute path that the processes of the run will take.
fn absolute(temporary: &Path) -> Result<PathBuf, RunError> {
    let refuse = |source| RunError::File {
        what: "the run directory below",
        path: temporary.to_owned(),
        source,
        advice: "set TMPDIR to a directory with a short absolute path",
    };
    let path = std::path::absolute(temporary).map_err(refuse)?;
    // Room for the directory's own name.
    if path.as_os_str().len() + 40 > PATH_BYTES_MAX {
        return Err(refuse(io::ErrorKind::InvalidFilename.into()));
    }
    Ok(path)
}

fn make_directory(temporary: &Path) -> Result<PathBuf, RunError> {
    let pid = std::process::id();
    for number in 0..NAMES_MAX {
        let directory = temporary.join(format!("{PREFIX}{number}-{pid}"));
        match fs::DirBuilder::new().mode(0o700).create(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(RunError::File {
                    what: "the run directory",
                    path: directory,
                    source,
                    advice: ADVICE,
                });
            }
        }
    }
    Err(RunError::File {
        what: "the run directory",
        path: temporary.join(format!("{PREFIX}*-{pid}")),
        source: io::ErrorKind::AlreadyExists.into(),
        advice: "remove the old bedplate-run directories there",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_lives_as_long_as_the_session() {
        let temporary = tempfile::tempdir().unwrap();
        let mut session = Session::open(temporary.path()).unwrap();
        let path = PathBuf::from(session.setting());
        assert!(
            path.to_str()
                .unwrap()
                .ends_with(&format!("-{}", std::process::id()))
        );
        assert!(session.new_records().unwrap().is_empty());
        assert_eq!(session.waiting(), None);
        (&session.leaving).write_all(&77_u32.to_le_bytes()).unwrap();
        assert_eq!(session.waiting(), Some(77));
        drop(session);
        assert!(!path.exists());
    }

    #[test]
    fn half_a_record_is_not_lost() {
        let temporary = tempfile::tempdir().unwrap();
        let mut session = Session::open(temporary.path()).unwrap();
        (&session.events).write_all(&[0; 100]).unwrap();
        assert!(session.new_records().unwrap().is_empty());
        assert_eq!(session.read_bytes, 0);
        (&session.events).write_all(&[0; 156]).unwrap();
        session.new_records().unwrap();
        assert_eq!(session.read_bytes, 256);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let error = Session::open(Path::new("/proc")).unwrap_err();
        assert!(error.to_string().contains("TMPDIR"), "{error}");
    }
}
