//! What can go wrong while evidence is gathered.

use core::fmt;
use std::io;
use std::path::PathBuf;

/// Why a process could not be looked at.
#[derive(Debug)]
#[non_exhaustive]
pub enum LookError {
    /// It ended, or never was.
    Gone {
        /// The process.
        pid: u32,
    },
    /// The kernel does not let this user read it.
    Denied {
        /// The process.
        pid: u32,
        /// What was to be read.
        what: &'static str,
    },
    /// No allocator of ours is in it.
    NotBedplate {
        /// The process.
        pid: u32,
    },
    /// It runs another version of the allocator, whose figures are laid out differently.
    OtherVersion {
        /// The layout version found.
        found: u64,
    },
    /// Its figures changed under every attempt to read them.
    Torn {
        /// The process.
        pid: u32,
    },
    /// Reading failed otherwise.
    Read {
        /// What was to be read.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl LookError {
    /// Sorts a failed read of `what` of process `pid` into a kind.
    pub(crate) fn from_io(pid: u32, what: &'static str, source: io::Error) -> Self {
        match source.raw_os_error() {
            Some(libc::ESRCH | libc::ENOENT) => Self::Gone { pid },
            Some(libc::EPERM | libc::EACCES) => Self::Denied { pid, what },
            _ => Self::Read { what, source },
        }
    }
}

impl fmt::Display for LookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { pid } => write!(f, "process {pid} does not exist (any more)"),
            Self::Denied { pid, what } if crate::process::calls::real_ids().0 == 0 => write!(
                f,
                "no permission to read {what} of process {pid}, even for root: it has rights that \
                 this one lacks, or a container or security module forbids it; look from outside \
                 the container, or with CAP_SYS_PTRACE"
            ),
            Self::Denied { pid, what } => write!(
                f,
                "no permission to read {what} of process {pid}: run as the same user or as root; \
                 where kernel.yama.ptrace_scope is 1 or more, only root and the process that \
                 started it may look"
            ),
            Self::NotBedplate { pid } => write!(
                f,
                "process {pid} does not run on the bedplate allocator: start it with `bedplate run`, \
                 or build it with bedplate's #[global_allocator]"
            ),
            Self::OtherVersion { found } => write!(
                f,
                "the process runs another version of the allocator (layout {found}): use the \
                 `bedplate` program of that version"
            ),
            Self::Torn { pid } => write!(
                f,
                "the figures of process {pid} changed under every attempt to read them: try again"
            ),
            Self::Read { what, source } => write!(f, "failed to read {what}: {source}"),
        }
    }
}

impl core::error::Error for LookError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Why a program could not be run, or its report not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// No such program (exit code 127).
    NotFound {
        /// As it was given.
        program: String,
    },
    /// Found, but not to be executed (exit code 126).
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A setting of the allocator in the environment is wrong.
    Setting {
        /// The sentence to print.
        message: String,
    },
    /// A directory or file that the run needs could not be made or written.
    File {
        /// What it is for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// What to do about it.
        advice: &'static str,
    },
    /// An allocator to compare with is not on this machine.
    AllocatorAbsent {
        /// Its name.
        name: String,
        /// What to do.
        advice: String,
    },
    /// What was asked for makes no sense.
    Senseless {
        /// The sentence to print.
        message: String,
    },
    /// A call to the system failed.
    System {
        /// What was attempted.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl RunError {
    /// Exit code of the command line, as `env` has it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } => 126,
            _ => 125,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { program } => write!(
                f,
                "{program}: program not found: check the spelling, or give its path"
            ),
            Self::NotExecutable { path, why } => {
                write!(f, "{}: cannot be executed: {why}", path.display())
            }
            Self::Setting { message } | Self::Senseless { message } => f.write_str(message),
            Self::File {
                what,
                path,
                source,
                advice,
            } => {
                write!(
                    f,
                    "failed to write {what} {}: {source}: {advice}",
                    path.display()
                )
            }
            Self::AllocatorAbsent { name, advice } => {
                write!(f, "allocator {name} is not on this machine: {advice}")
            }
            Self::System { what, source } => write!(f, "failed to {what}: {source}"),
        }
    }
}

impl core::error::Error for RunError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::System { source, .. } => Some(source),
            _ => None,
        }
    }
}
