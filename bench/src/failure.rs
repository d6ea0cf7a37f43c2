//! Why something could not be measured.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be measured.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// A program that is needed is not installed.
    Missing {
        program: &'static str,
        package: &'static str,
    },
    /// A program could not be started.
    Start { program: String, error: String },
    /// A program ended with an error.
    Ended { program: String, how: String },
    /// A program printed something else than it should.
    Output { program: String, what: String },
    /// A file could not be read or written.
    File { path: PathBuf, error: String },
    /// The preloaded library was not the one that served malloc.
    NotActive {
        expected: PathBuf,
        served_by: String,
    },
}

impl Failure {
    /// A program could not be started: not installed, when the system says that it is not there.
    pub(crate) fn start(program: &'static str, package: &'static str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing { program, package }
        } else {
            Self::Start {
                program: program.to_owned(),
                error: error.to_string(),
            }
        }
    }

    /// A file operation failed.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self::File {
            path: path.to_path_buf(),
            error: error.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { program, package } => {
                write!(
                    f,
                    "`{program}` is not installed; on Debian: apt-get install {package}"
                )
            }
            Self::Start { program, error } => write!(f, "could not start `{program}`: {error}"),
            Self::Ended { program, how } => write!(f, "`{program}` failed: {how}"),
            Self::Output { program, what } => {
                write!(f, "`{program}` printed something unexpected: {what}")
            }
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::NotActive {
                expected,
                served_by,
            } => write!(
                f,
                "malloc was served by {served_by} instead of {}; the library was not preloaded",
                expected.display()
            ),
        }
    }
}

impl core::error::Error for Failure {}
