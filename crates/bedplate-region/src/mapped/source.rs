//! What a file must be.
//!
//! # Role
//! Opens, asks the descriptor, refuses what is no regular file with bytes, and asks again later.

use super::FileError;
use bedplate_os::files::{self, FileFacts, FileKind};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

/// Opens a model file for reading. A FIFO is refused and not waited for.
///
/// # Errors
/// - [`FileError::Os`]: it cannot be opened.
/// - [`FileError::Kind`], [`FileError::Empty`], [`FileError::TooLarge`]: it is no model file.
pub fn open(path: &Path) -> Result<File, FileError> {
    let file = files::open(path)?;
    Seen::of(&file)?;
    Ok(file)
}

/// What a file was when it was first seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    facts: FileFacts,
    bytes: usize,
}

impl Seen {
    /// Asks the descriptor.
    pub(super) fn of(file: &File) -> Result<Self, FileError> {
        let facts = files::facts(file.as_fd())?;
        if facts.kind != FileKind::Regular {
            return Err(FileError::Kind { kind: facts.kind });
        }
        if facts.bytes == 0 {
            return Err(FileError::Empty);
        }
        // No range of memory is longer.
        let bytes =
            isize::try_from(facts.bytes).map_err(|_| FileError::TooLarge { bytes: facts.bytes })?;
        let bytes = bytes.unsigned_abs();
        Ok(Self { facts, bytes })
    }

    /// Its bytes, at least one.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Asks again, and refuses a file that was changed.
    pub(super) fn check_again(&self, file: &File) -> Result<(), FileError> {
        let now = files::facts(file.as_fd())?;
        // Renaming and linking change `changed_ns` too, and no byte.
        if now.bytes != self.facts.bytes || now.modified_ns != self.facts.modified_ns {
            return Err(self.changed(now.bytes));
        }
        Ok(())
    }

    /// It is not what it was.
    pub(super) const fn changed(&self, is_bytes: u64) -> FileError {
        FileError::Changed {
            was_bytes: self.facts.bytes,
            is_bytes,
        }
    }
}
