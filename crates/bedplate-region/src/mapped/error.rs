//! Model files that could not be had.

use bedplate_os::OsError;
use bedplate_os::budget::BudgetError;
use bedplate_os::files::FileKind;
use core::fmt;

/// A model file that could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// It is no regular file.
    Kind {
        /// What it is.
        kind: FileKind,
    },
    /// It has no bytes.
    Empty,
    /// It is larger than the address space.
    TooLarge {
        /// Its bytes.
        bytes: u64,
    },
    /// It was changed since it was opened here.
    Changed {
        /// Its bytes then.
        was_bytes: u64,
        /// Its bytes now.
        is_bytes: u64,
    },
    /// A range that is not all inside the file.
    Range {
        /// Where it ends.
        end: usize,
        /// The bytes of the file.
        bytes: usize,
    },
    /// The limit on locked memory does not allow it.
    LockLimit {
        /// The bytes to be locked.
        asked_bytes: usize,
        /// The limit in bytes, if it could be read and there is one.
        limit_bytes: Option<u64>,
        /// What the kernel said.
        error: OsError,
    },
    /// Others have it open for writing, it is another user's, or its file system has no leases.
    Lease(OsError),
    /// It has a lease already.
    Leased,
    /// The budget has not enough left.
    Budget(BudgetError),
    /// The system refused.
    Os(OsError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed to load the model file: ")?;
        match self {
            Self::Kind { kind } => f.write_str(match kind {
                FileKind::Directory => "it is a directory; name a file in it",
                FileKind::Fifo => {
                    "it is a FIFO or pipe; write what comes out of it to a file first"
                }
                FileKind::Socket => "it is a socket; write what comes out of it to a file first",
                FileKind::Device => "it is a device; copy what is on it to a file first",
                _ => "it is no regular file; name one",
            }),
            Self::Empty => f.write_str("it is empty; it was not fetched or written, do that again"),
            Self::TooLarge { bytes } => write!(
                f,
                "its {bytes} bytes are more than this address space; use a machine of 64 bits"
            ),
            Self::Changed {
                was_bytes,
                is_bytes,
            } => write!(
                f,
                "it was changed while it was read ({was_bytes} bytes before, {is_bytes} now); load it again once it \
                 is finished, and replace files by renaming"
            ),
            Self::Range { end, bytes } => {
                write!(
                    f,
                    "a range up to byte {end} is not inside its {bytes} bytes"
                )
            }
            Self::LockLimit {
                asked_bytes,
                limit_bytes,
                error,
            } => {
                write!(f, "{asked_bytes} bytes could not be locked in memory")?;
                if let Some(limit) = limit_bytes {
                    write!(f, ", and the limit is {limit}")?;
                }
                write!(f, " (error {}); raise ulimit -l or do not lock", error.code)
            }
            Self::Lease(error) => write!(
                f,
                "no lease on it (error {}): others have it open for writing, it is another user's, or its file \
                 system has none; copy it instead",
                error.code
            ),
            Self::Leased => f.write_str("it has a lease already; keep that one, or end it first"),
            Self::Budget(error) => write!(f, "{error}"),
            Self::Os(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for FileError {}

impl From<OsError> for FileError {
    fn from(error: OsError) -> Self {
        Self::Os(error)
    }
}

impl From<BudgetError> for FileError {
    fn from(error: BudgetError) -> Self {
        Self::Budget(error)
    }
}
