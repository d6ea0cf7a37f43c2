//! Calls on open files: facts, mappings of files, seals, leases.
//!
//! # Role
//! Thin typed faces of the calls that `crate::files` makes.
//!
//! # Not here
//! Policy.

use super::calls::{checked, descriptor, word};
use super::raw::call;
use core::ffi::CStr;
use core::ptr::NonNull;

/// The signal a broken lease sends: one whose default is to be ignored, unlike that of `SIGIO`.
const QUIET_SIGNAL: i32 = libc::SIGURG;
/// `fcntl`: which signal tells of a lease (Linux; not in every libc's list).
const F_SETSIG: i32 = 10;
/// Advice: read the pages in now and map them (Linux 5.14).
pub(crate) const MADV_POPULATE_READ: i32 = 22;

/// What the kernel knows of an open file.
pub(crate) fn facts(fd: i32) -> Result<libc::statx, i32> {
    // SAFETY: the struct is plain numbers, for which zero is a value.
    let mut facts: libc::statx = unsafe { core::mem::zeroed() };
    let args = [
        word(fd),
        c"".as_ptr().expose_provenance(),
        libc::AT_EMPTY_PATH.cast_unsigned() as usize,
        libc::STATX_BASIC_STATS as usize,
        core::ptr::from_mut(&mut facts).expose_provenance(),
        0,
    ];
    // SAFETY: the path is a terminated string, and the kernel writes one struct to `facts`.
    let r = unsafe { call(libc::SYS_statx, args) };
    checked(r).map(|_| facts)
}

/// Locks pages in memory.
///
/// # Safety
/// - The caller owns the range.
pub(crate) unsafe fn lock(at: NonNull<u8>, bytes: usize) -> Result<(), i32> {
    let args = [at.as_ptr().expose_provenance(), bytes, 0, 0, 0, 0];
    // SAFETY: contents stay; the caller owns the range.
    let r = unsafe { call(libc::SYS_mlock, args) };
    checked(r).map(drop)
}

/// Ends a lock.
///
/// # Safety
/// - The caller owns the range.
pub(crate) unsafe fn unlock(at: NonNull<u8>, bytes: usize) -> Result<(), i32> {
    let args = [at.as_ptr().expose_provenance(), bytes, 0, 0, 0, 0];
    // SAFETY: contents stay; the caller owns the range.
    let r = unsafe { call(libc::SYS_munlock, args) };
    checked(r).map(drop)
}

/// An anonymous file that can be sealed.
pub(crate) fn sealable(name: &CStr) -> Result<i32, i32> {
    let make = |flags: u32| {
        let at = name.as_ptr().expose_provenance();
        // SAFETY: the name is a terminated string.
        unsafe { call(libc::SYS_memfd_create, [at, flags as usize, 0, 0, 0, 0]) }
    };
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // As in `calls::memfd`: kernels before 6.3 do not know the first word.
    match make(flags | libc::MFD_NOEXEC_SEAL) {
        r if checked(r) == Err(libc::EINVAL) => descriptor(make(flags)),
        r => descriptor(r),
    }
}

/// Sets a file's size.
pub(crate) fn set_size(fd: i32, bytes: usize) -> Result<(), i32> {
    // SAFETY: sizing a file touches no memory.
    let r = unsafe { call(libc::SYS_ftruncate, [word(fd), bytes, 0, 0, 0, 0]) };
    checked(r).map(drop)
}

/// `fcntl` with a number.
fn control(fd: i32, command: i32, value: i32) -> Result<usize, i32> {
    let args = [word(fd), word(command), word(value), 0, 0, 0];
    // SAFETY: the commands below take a number and touch no memory.
    checked(unsafe { call(libc::SYS_fcntl, args) })
}

/// Adds seals to an anonymous file, and seals the seals.
pub(crate) fn seal(fd: i32) -> Result<(), i32> {
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;
    control(fd, libc::F_ADD_SEALS, seals).map(drop)
}

/// Takes a lease for reading that tells of its breaking by a signal nobody dies of.
pub(crate) fn take_lease(fd: i32) -> Result<(), i32> {
    control(fd, F_SETSIG, QUIET_SIGNAL)?;
    control(fd, libc::F_SETLEASE, libc::F_RDLCK).map(drop)
}

/// True while nobody wants the lease to end.
pub(crate) fn is_lease_whole(fd: i32) -> Result<bool, i32> {
    control(fd, libc::F_GETLEASE, 0).map(|kind| kind == word(libc::F_RDLCK))
}

/// Ends a lease.
pub(crate) fn end_lease(fd: i32) -> Result<(), i32> {
    control(fd, libc::F_SETLEASE, libc::F_UNLCK).map(drop)
}
