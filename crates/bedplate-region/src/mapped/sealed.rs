//! A copy that nobody can change.

use super::FileError;
use super::fill::fill;
use super::source::Seen;
use super::space::Space;
use bedplate_os::budget::Budget;
use bedplate_os::files;
use core::ops::Deref;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A file's bytes in a file in memory, sealed against writes, cuts and growth: not even this process
/// can change them, and other processes can map the same bytes by its descriptor.
#[derive(Debug)]
pub struct SealedCopy {
    space: Space,
    file: OwnedFd,
}

impl SealedCopy {
    /// Reads a whole file. Charges the copy's memory to `budget` if there is one: the size in whole
    /// OS pages.
    ///
    /// # Errors
    /// - As [`HugeCopy::read`](super::HugeCopy::read); [`FileError::Os`] also where the kernel makes
    ///   or seals no file in memory.
    pub fn read(file: &File, budget: Option<&'static Budget>) -> Result<Self, FileError> {
        let seen = Seen::of(file)?;
        let sealed = files::in_memory(c"bedplate-model", seen.bytes())?;
        // Mapped, and so charged, before a page is written.
        let space = Space::file(sealed.as_fd(), seen.bytes(), budget)?;
        let mut writer = Space::shared(sealed.as_fd(), seen.bytes())?;
        fill(file, &seen, writer.seen_mut())?;
        // No seal while it is mapped for writing.
        writer.give_back()?;
        files::seal(sealed.as_fd())?;
        Ok(Self {
            space,
            file: sealed,
        })
    }

    /// The memory it takes in bytes, as it was charged.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        self.space.bytes()
    }
}

impl Deref for SealedCopy {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.space.seen()
    }
}

impl AsFd for SealedCopy {
    /// The sealed file, to be given to another process.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
