//! Keeping a file in memory.
//!
//! # Role
//! [`Locked`]: a guard, of which a file may have several, and why there is none.
//!
//! # Invariants
//! - I1: the kernel's lock holds while the count is above zero: it counts none itself.
//! - I2: a lock that failed leaves nothing locked.

use super::FileError;
use super::map::Shared;
use super::space::Space;
use bedplate_os::{OsError, files};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many guards there are.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<usize>);

impl Locks {
    fn count(&self) -> MutexGuard<'_, usize> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is kept in memory while this lives.
#[derive(Debug)]
pub struct Locked<'a> {
    shared: &'a Shared,
}

impl<'a> Locked<'a> {
    pub(super) fn lock(shared: &'a Shared) -> Result<Self, FileError> {
        let mut count = shared.locks.count();
        if *count == 0
            && let Err(error) = shared.space.lock()
        {
            // The kernel marks the range before it reads it in, and leaves the mark where that
            // fails (I2). A mark that cannot be ended ends with the mapping.
            let _ended = shared.space.unlock();
            return Err(why(&shared.space, error));
        }
        *count += 1;
        Ok(Self { shared })
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let mut count = self.shared.locks.count();
        *count -= 1;
        if *count == 0 {
            // A lock that cannot be ended ends with the mapping.
            let _ended = self.shared.space.unlock();
        }
    }
}

/// Whether the limit is why a lock failed. `ENOMEM` is also what a file says that was cut.
fn why(space: &Space, error: OsError) -> FileError {
    // Where the limit cannot be read, only what the kernel says of it counts.
    let limit_bytes = files::lock_limit().ok().flatten();
    let asked = space.bytes() as u64;
    let is_above = limit_bytes.is_some_and(|limit| locked_bytes().saturating_add(asked) > limit);
    if error.code == libc::EPERM || (error.code == libc::ENOMEM && is_above) {
        FileError::LockLimit {
            asked_bytes: space.bytes(),
            limit_bytes,
            error,
        }
    } else {
        FileError::Os(error)
    }
}

/// What the process has locked; nothing where the kernel does not say.
fn locked_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}
