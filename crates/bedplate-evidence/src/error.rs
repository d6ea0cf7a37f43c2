//! What can go wrong while evidence is gathered.

use core::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
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
        /// The user whose it is, as far as known.
        owner: Option<u32>,
    },
    /// No allocator of ours is in it, no pool and no object heap.
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
            Some(libc::EPERM | libc::EACCES) => Self::Denied {
                pid,
                what,
                owner: std::fs::metadata(format!("/proc/{pid}"))
                    .ok()
                    .map(|metadata| metadata.uid()),
            },
            _ => Self::Read { what, source },
        }
    }
}

impl fmt::Display for LookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { pid } => write!(f, "process {pid} does not exist (any more)"),
            Self::Denied { pid, what, owner } => {
                write!(f, "no permission to read {what} of process {pid}: ")?;
                let (user, _group) = crate::process::calls::real_ids();
                f.write_str(&denied(user, *owner))
            }
            Self::NotBedplate { pid } => write!(
                f,
                "process {pid} does not run on the bedplate allocator and has no bedplate pool or object \
                 heap: start it with `bedplate run`, build it with bedplate's #[global_allocator], or \
                 let it make a bedplate_pool::ThreadPool or a bedplate_heap::Heap (which shows itself \
                 when it has worked for a tenth of a second)"
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

/// Why `user` may not look at a process of `owner`, and what to do.
fn denied(user: u32, owner: Option<u32>) -> String {
    match owner {
        _ if user == 0 => "this root lacks a right that the process has, as in a container: run \
                           bedplate with CAP_SYS_PTRACE (docker run --cap-add SYS_PTRACE), or on \
                           the host"
            .to_owned(),
        Some(owner) if owner != user => format!(
            "it belongs to user {owner} and this is user {user}: run bedplate as that user or as \
             root (sudo)"
        ),
        _ => "kernel.yama.ptrace_scope is 1 or more, or the process protects itself: run bedplate \
              as root (sudo), or set sysctl kernel.yama.ptrace_scope=0"
            .to_owned(),
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
    /// A file or directory that was named could not be read.
    Unread {
        /// What it is.
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
    /// A side was not built.
    Build {
        /// Which.
        what: String,
        /// The end of what the compiler said.
        tail: String,
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
            Self::Unread {
                what,
                path,
                source,
                advice,
            } => write!(
                f,
                "failed to read {what} {}: {source}: {advice}",
                path.display()
            ),
            Self::AllocatorAbsent { name, advice } => {
                write!(f, "allocator {name} is not on this machine: {advice}")
            }
            Self::Build { what, tail } => {
                write!(f, "{what} could not be built; the end of what cargo said:")?;
                tail.lines().try_for_each(|line| write!(f, "\n    {line}"))
            }
            Self::System { what, source } => write!(f, "failed to {what}: {source}"),
        }
    }
}

impl core::error::Error for RunError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File { source, .. }
            | Self::Unread { source, .. }
            | Self::System { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::denied;

    #[test]
    fn a_refusal_says_what_to_do() {
        assert!(denied(0, Some(0)).contains("CAP_SYS_PTRACE"));
        assert!(denied(1000, Some(0)).contains("belongs to user 0"));
        assert!(denied(1000, Some(1000)).contains("ptrace_scope=0"));
        assert!(denied(1000, None).contains("ptrace_scope=0"));
    }
}
