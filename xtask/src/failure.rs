//! How a chore ends.
//!
//! # Role
//! The verdict a chore exits with, and the error for a chore that could not be done at all.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a chore found; the exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing was found: exit 0.
    Clean,
    /// Something was found: exit 10.
    Found,
    /// The chore could not be done: exit 2.
    Unable,
}

impl Verdict {
    /// `Clean` when nothing was found.
    pub(crate) const fn from_clean(is_clean: bool) -> Self {
        if is_clean { Self::Clean } else { Self::Found }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::SUCCESS,
            Verdict::Found => Self::from(10),
            Verdict::Unable => Self::from(2),
        }
    }
}

/// Why a chore could not be done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file could not be read or written.
    File { path: PathBuf, error: io::Error },
    /// A file does not hold what it should.
    Content { path: PathBuf, why: String },
    /// A program could not be started.
    Start { program: String, error: io::Error },
    /// A program ended with an error.
    Program { program: String, stderr: String },
}

impl Failure {
    /// A file operation on `path` failed.
    pub(crate) fn file(path: &Path, error: io::Error) -> Self {
        Self::File {
            path: path.to_path_buf(),
            error,
        }
    }

    /// The file at `path` does not hold what it should.
    pub(crate) fn content(path: &Path, why: impl fmt::Display) -> Self {
        Self::Content {
            path: path.to_path_buf(),
            why: why.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Content { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Start { program, error } => {
                write!(f, "could not start `{program}`: {error}; is it installed?")
            }
            Self::Program { program, stderr } => write!(f, "`{program}` failed:\n{stderr}"),
        }
    }
}

impl core::error::Error for Failure {}
