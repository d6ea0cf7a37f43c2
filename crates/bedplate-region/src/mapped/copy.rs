//! A copy in huge pages.

use super::FileError;
use super::fill::fill;
use super::source::Seen;
use super::space::Space;
use bedplate_os::OsError;
use bedplate_os::budget::Budget;
use bedplate_os::pages;
use core::ops::Deref;
use std::fs::File;

/// The size of a huge page where there are any: x86-64, and ARM with small pages.
const HUGE_BYTES: usize = 2 << 20;

/// A file's bytes in memory of our own: whatever happens to the file, they stay.
///
/// # Examples
/// ```
/// use bedplate_region::mapped::{HugeCopy, open};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("bedplate-copy-{}", std::process::id()));
/// # let path = path.as_path();
/// # std::fs::write(path, b"weights")?;
/// let copy = HugeCopy::read(&open(path)?, None)?;
/// std::fs::write(path, b"")?;
/// assert_eq!(&copy[..], b"weights");
/// # std::fs::remove_file(path)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HugeCopy {
    space: Space,
    huge: Result<(), OsError>,
    readers: usize,
}

impl HugeCopy {
    /// Reads a whole file. Charges the copy's memory to `budget` if there is one: the size in whole
    /// OS pages, from 2 MiB on in whole huge pages.
    ///
    /// # Errors
    /// - [`FileError::Kind`], [`FileError::Empty`], [`FileError::TooLarge`]: it is no model file.
    /// - [`FileError::Budget`]: the budget has not enough left.
    /// - [`FileError::Changed`]: it was changed while it was read.
    /// - [`FileError::Os`]: the kernel gave no memory, or could not read.
    ///
    /// # Cost
    /// A copy of the file, by up to eight threads from 128 MiB on.
    pub fn read(file: &File, budget: Option<&'static Budget>) -> Result<Self, FileError> {
        let seen = Seen::of(file)?;
        let is_large = seen.bytes() >= HUGE_BYTES;
        let align = if is_large {
            HUGE_BYTES
        } else {
            pages::page_size()
        };
        let mut space = Space::own(seen.bytes(), align, budget)?;
        // Less than one huge page is none.
        let huge = if is_large {
            space.advise_huge()
        } else {
            Ok(())
        };
        let readers = fill(file, &seen, space.seen_mut())?;
        space.freeze()?;
        Ok(Self {
            space,
            huge,
            readers,
        })
    }

    /// Whether the kernel took the wish for huge pages; [`huge_bytes`](Self::huge_bytes) says how many
    /// there were. Without them the copy is as good, and reads of it are some percent slower.
    ///
    /// # Errors
    /// - The kernel's answer: `EINVAL` where it has no huge pages.
    pub const fn huge_pages(&self) -> Result<(), OsError> {
        self.huge
    }

    /// How much of it huge pages back right now, in bytes. For reports; the kernel writes down all of
    /// the process's mappings for it.
    ///
    /// # Errors
    /// - [`FileError::Os`]: the kernel did not say.
    pub fn huge_bytes(&self) -> Result<u64, FileError> {
        Ok(self.space.huge_bytes()?)
    }

    /// How many threads read the file.
    #[must_use]
    pub const fn reader_count(&self) -> usize {
        self.readers
    }

    /// The memory it takes in bytes, as it was charged.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        self.space.bytes()
    }
}

impl Deref for HugeCopy {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.space.seen()
    }
}
