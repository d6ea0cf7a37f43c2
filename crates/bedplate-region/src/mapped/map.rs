//! A file where the kernel has it.

use super::Locked;
use super::lease::Lease;
use super::locked::Locks;
use super::prefetch::Prefetch;
use super::source::Seen;
use super::space::Space;
use super::{Advice, FileError};
use alloc::sync::Arc;
use core::ops::{Deref, Range};
use core::sync::atomic::AtomicBool;
use std::fs::File;
use std::os::fd::AsFd;

/// A file's bytes in the page cache, where other processes share them.
///
/// # Examples
/// ```
/// use bedplate_region::gguf::Gguf;
/// use bedplate_region::mapped::{MappedFile, open};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("bedplate-mapped-{}", std::process::id()));
/// # let path = path.as_path();
/// # std::fs::write(path, [b"GGUF\x03\0\0\0".as_slice(), &[0; 16]].concat())?;
/// // SAFETY: models are replaced by renaming here, never written to or cut.
/// let file = unsafe { MappedFile::map(open(path)?) }?;
/// let model = Gguf::parse(&file)?;
/// // What was checked is still what is there.
/// file.check_again()?;
/// # std::fs::remove_file(path)?;
/// # drop(model);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MappedFile {
    shared: Arc<Shared>,
}

/// What the value shares with a thread that reads ahead, and with a lease.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) space: Space,
    pub(super) file: File,
    pub(super) locks: Locks,
    pub(super) is_leased: AtomicBool,
    seen: Seen,
}

impl MappedFile {
    /// Maps a whole file for reading.
    ///
    /// No memory is charged to a budget: the pages are the page cache's, which the kernel takes back
    /// when it wants to.
    ///
    /// # Safety
    /// From here until the value, and every [`Prefetch`] and [`Lease`] of it, is dropped:
    /// - nobody, in no process, writes to the file, or it changes under a `&[u8]`;
    /// - nobody cuts it, or the next touch of a page that is gone ends the process by `SIGBUS`.
    ///
    /// Who cannot promise that takes [`HugeCopy`](super::HugeCopy) or
    /// [`SealedCopy`](super::SealedCopy).
    ///
    /// # Errors
    /// - [`FileError::Kind`], [`FileError::Empty`], [`FileError::TooLarge`]: it is no model file.
    /// - [`FileError::Os`]: the kernel did not map it; `ENOMEM` where address space
    ///   (`ulimit -v`) or mappings are used up.
    pub unsafe fn map(file: File) -> Result<Self, FileError> {
        let seen = Seen::of(&file)?;
        let space = Space::file(file.as_fd(), seen.bytes(), None)?;
        Ok(Self {
            shared: Arc::new(Shared {
                space,
                file,
                locks: Locks::default(),
                is_leased: AtomicBool::new(false),
                seen,
            }),
        })
    }

    /// Asks whether the file is what it was when it was mapped: after a parse, that what was checked
    /// is what is there. It is no protection for what comes after; a [`Lease`] is some. A write that
    /// keeps the size, in the same few milliseconds of the file system's clock as the one before,
    /// is not seen.
    ///
    /// # Errors
    /// - [`FileError::Changed`]: its size or its time of change are others.
    /// - [`FileError::Os`]: the kernel did not say.
    pub fn check_again(&self) -> Result<(), FileError> {
        self.shared.seen.check_again(&self.shared.file)
    }

    /// Tells the kernel how a range will be used; the range is widened to whole OS pages.
    ///
    /// One advice at a time: they are no bits. Two advices are two calls.
    ///
    /// # Errors
    /// - [`FileError::Range`]: the range is not inside.
    /// - [`FileError::Os`]: the kernel does not know the advice, or the file was cut
    ///   ([`Advice::Populate`] says `EFAULT` then).
    pub fn advise(&self, range: Range<usize>, advice: Advice) -> Result<(), FileError> {
        self.shared.space.advise(range.start, range.end, advice)
    }

    /// Reads all of it in on a thread of its own, so that no touch waits for the disk.
    ///
    /// # Errors
    /// - [`FileError::Os`]: there is no thread.
    pub fn prefetch(&self) -> Result<Prefetch, FileError> {
        Prefetch::start(Arc::clone(&self.shared))
    }

    /// Keeps all of it in memory until the guard, and every other one of this file, is dropped. That
    /// does not keep it from being cut.
    ///
    /// # Errors
    /// - [`FileError::LockLimit`]: `ulimit -l` does not allow it.
    /// - [`FileError::Os`]: the kernel could not, as where the file was cut.
    pub fn lock(&self) -> Result<Locked<'_>, FileError> {
        Locked::lock(&self.shared)
    }

    /// Takes a lease: whoever wants to write to the file or cut it waits until it ends.
    ///
    /// # Errors
    /// - [`FileError::Lease`]: it is open for writing somewhere, another user's, or on a file system
    ///   without leases.
    /// - [`FileError::Leased`]: there is one already, which the first of two to end would end for
    ///   both. A descriptor that was duplicated before is not seen through: it shares the lease.
    pub fn lease(&self) -> Result<Lease, FileError> {
        Lease::take(Arc::clone(&self.shared))
    }

    /// How much of it huge pages back right now, in bytes: of most file systems' files nothing. For
    /// reports; the kernel writes down all of the process's mappings for it.
    ///
    /// # Errors
    /// - [`FileError::Os`]: the kernel did not say.
    pub fn huge_bytes(&self) -> Result<u64, FileError> {
        Ok(self.shared.space.huge_bytes()?)
    }

    /// The address space it takes in bytes: its size in whole OS pages. Memory is taken as pages are
    /// touched, and is the page cache's.
    #[must_use]
    pub fn address_space_bytes(&self) -> usize {
        self.shared.space.bytes()
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.shared.space.seen()
    }
}
