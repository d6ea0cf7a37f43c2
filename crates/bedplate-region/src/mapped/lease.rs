//! Being asked before others change a file.
//!
//! # Role
//! A lease for reading: who opens the file for writing, or cuts it, waits in the kernel until the
//! lease ends. The holder looks now and then whether somebody waits, copies what it needs, and lets
//! go.
//!
//! # Not here
//! Protection for ever: after `/proc/sys/fs/lease-break-time` (45 s) the kernel ends the lease by
//! itself. The kernel also sends `SIGURG`, which a process ignores unless it says otherwise.

use super::FileError;
use super::map::Shared;
use alloc::sync::Arc;
use bedplate_os::files;
use core::sync::atomic::Ordering;
use std::os::fd::AsFd;

/// A lease on a mapped file; it ends when this is dropped.
#[derive(Debug)]
pub struct Lease {
    shared: Arc<Shared>,
}

impl Lease {
    pub(super) fn take(shared: Arc<Shared>) -> Result<Self, FileError> {
        // Acquire: pairs with the Release below; the lease before this one has ended.
        if shared.is_leased.swap(true, Ordering::Acquire) {
            return Err(FileError::Leased);
        }
        if let Err(error) = files::take_lease(shared.file.as_fd()) {
            shared.is_leased.store(false, Ordering::Release);
            return Err(FileError::Lease(error));
        }
        Ok(Self { shared })
    }

    /// True while nobody waits to write to the file or cut it.
    ///
    /// # Errors
    /// - [`FileError::Lease`]: the kernel did not say.
    pub fn is_whole(&self) -> Result<bool, FileError> {
        files::is_lease_whole(self.shared.file.as_fd()).map_err(FileError::Lease)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // What cannot be ended ends when the file is closed.
        let _ended = files::end_lease(self.shared.file.as_fd());
        // Release: pairs with the Acquire where one is taken.
        self.shared.is_leased.store(false, Ordering::Release);
    }
}
