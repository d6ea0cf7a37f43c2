//! Files as memory.
//!
//! # Role
//! What is known of an open file, mappings of it, reads at a place, files in memory that can be
//! sealed, leases.
//!
//! # Not here
//! Whether a file is fit to be mapped, and what follows when it changes: `bedplate-region` says.
//!
//! # Invariants
//! - I1: a failed call has changed nothing.
//! - I2: an advice is one of a list, given alone: the kernel's numbers are no bits to be combined.
//! - I3: no call but [`open`] and [`huge_bytes`] allocates or writes `errno`.

#![expect(unsafe_code, reason = "ranges are given as addresses")]

use crate::fault::check as fault;
use crate::linux::{calls, files};
use crate::{Operation, OsError};
use core::ffi::CStr;
use core::ops::Range;
use core::ptr::NonNull;
use std::fs::{File, OpenOptions};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What an open file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// Bytes with a size.
    Regular,
    /// A directory.
    Directory,
    /// A FIFO or pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// Something else, as an event or a process.
    Other,
}

/// What the kernel knows of an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// What it is.
    pub kind: FileKind,
    /// Its size in bytes; of no meaning but for regular files.
    pub bytes: u64,
    /// When its contents last changed, in nanoseconds since 1970.
    pub modified_ns: i128,
    /// When its contents or attributes last changed, in nanoseconds since 1970.
    pub changed_ns: i128,
}

/// What the kernel may know of the use of a mapping. One at a time (I2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// No special use.
    Normal,
    /// From front to back, soon after each other.
    Sequential,
    /// Here and there: no reading ahead.
    Random,
    /// Needed soon: the kernel begins to read, as far as it likes.
    WillNeed,
    /// Read in and mapped before the call returns (Linux 5.14). A file that was cut short gives
    /// `EFAULT` here instead of a signal.
    Populate,
    /// Not needed for a while: the first to go when memory is short. Contents stay.
    Cold,
}

impl Advice {
    const fn number(self) -> i32 {
        match self {
            Self::Normal => libc::MADV_NORMAL,
            Self::Sequential => libc::MADV_SEQUENTIAL,
            Self::Random => libc::MADV_RANDOM,
            Self::WillNeed => libc::MADV_WILLNEED,
            Self::Populate => files::MADV_POPULATE_READ,
            Self::Cold => libc::MADV_COLD,
        }
    }
}

/// Opens a file for reading, without waiting for the other end where it is a FIFO.
///
/// # Errors
/// - [`Operation::Read`] with the kernel's code.
pub fn open(path: &Path) -> Result<File, OsError> {
    fault(Operation::Read)?;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    options.open(path).map_err(|error| {
        // A path that is no path to the library has no code: it holds a zero byte.
        OsError::new(
            Operation::Read,
            error.raw_os_error().unwrap_or(libc::EINVAL),
        )
    })
}

/// What the kernel knows of an open file.
///
/// # Errors
/// - [`Operation::Inspect`] with the kernel's code.
pub fn facts(file: BorrowedFd<'_>) -> Result<FileFacts, OsError> {
    fault(Operation::Inspect)?;
    let facts = files::facts(file.as_raw_fd()).map_err(of(Operation::Inspect))?;
    let time = |time: libc::statx_timestamp| {
        i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
    };
    Ok(FileFacts {
        kind: kind(u32::from(facts.stx_mode)),
        bytes: facts.stx_size,
        modified_ns: time(facts.stx_mtime),
        changed_ns: time(facts.stx_ctime),
    })
}

const fn kind(mode: u32) -> FileKind {
    match mode & libc::S_IFMT {
        libc::S_IFREG => FileKind::Regular,
        libc::S_IFDIR => FileKind::Directory,
        libc::S_IFIFO => FileKind::Fifo,
        libc::S_IFSOCK => FileKind::Socket,
        libc::S_IFCHR | libc::S_IFBLK => FileKind::Device,
        _ => FileKind::Other,
    }
}

/// Maps the first `bytes` of a file for reading. Other processes' writes show.
///
/// # Errors
/// - [`Operation::MapFile`] with the kernel's code.
pub fn map(file: BorrowedFd<'_>, bytes: usize) -> Result<NonNull<u8>, OsError> {
    // Private, though nothing is ever written: a sealed file gives no other mapping on kernels
    // before 6.7, and pages that are only read are the page cache's either way.
    map_with(file, bytes, libc::PROT_READ, libc::MAP_PRIVATE)
}

/// Maps the first `bytes` of a file for writing; what is written is in the file.
///
/// # Errors
/// - [`Operation::MapFile`] with the kernel's code.
pub fn map_shared(file: BorrowedFd<'_>, bytes: usize) -> Result<NonNull<u8>, OsError> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    map_with(file, bytes, protection, libc::MAP_SHARED)
}

fn map_with(
    file: BorrowedFd<'_>,
    bytes: usize,
    protection: i32,
    flags: i32,
) -> Result<NonNull<u8>, OsError> {
    fault(Operation::MapFile)?;
    calls::mmap(0, bytes, protection, flags, file.as_raw_fd()).map_err(of(Operation::MapFile))
}

/// Advises on whole pages of a mapping of a file.
///
/// # Safety
/// - The caller owns the range, and nobody writes to it.
///
/// # Errors
/// - [`Operation::Advise`] with the kernel's code: `EINVAL` where the kernel does not know the
///   advice, `EFAULT` where [`Advice::Populate`] met the end of a file that was cut short.
pub unsafe fn advise(at: NonNull<u8>, bytes: usize, advice: Advice) -> Result<(), OsError> {
    fault(Operation::Advise)?;
    // SAFETY: none of the advices changes contents.
    unsafe { calls::madvise(at, bytes, advice.number()) }.map_err(of(Operation::Advise))
}

/// How much of a range huge pages back right now, in bytes. For reports: the kernel writes down all of
/// the process's mappings for it, and where it made one mapping of two neighbours, the second's are
/// told for the first.
///
/// # Errors
/// - [`Operation::Read`] with the kernel's code.
pub fn huge_bytes(at: NonNull<u8>, bytes: usize) -> Result<u64, OsError> {
    fault(Operation::Read)?;
    let text = std::fs::read_to_string("/proc/self/smaps")
        .map_err(|error| of(Operation::Read)(error.raw_os_error().unwrap_or(libc::EIO)))?;
    let start = at.addr().get();
    let huge = huge_in(&text, start..start.saturating_add(bytes));
    // The kernel may have made one mapping of two neighbours.
    Ok(huge.min(bytes as u64))
}

/// Sums the huge pages of the mappings that begin in a range, from the text of `smaps`.
fn huge_in(text: &str, range: Range<usize>) -> u64 {
    let mut is_inside = false;
    let mut kib = 0;
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let size = words.next().and_then(|word| word.parse::<u64>().ok());
        match (name, size) {
            ("AnonHugePages:" | "ShmemPmdMapped:" | "FilePmdMapped:", Some(size)) if is_inside => {
                kib += size;
            }
            // Only the first line of a mapping begins with a range.
            _ => {
                if let Some((start, _)) = name.split_once('-') {
                    is_inside =
                        usize::from_str_radix(start, 16).is_ok_and(|at| range.contains(&at));
                }
            }
        }
    }
    kib * 1024
}

/// Locks whole pages in memory.
///
/// # Safety
/// - The caller owns the range.
///
/// # Errors
/// - [`Operation::LockPages`] with the kernel's code: `EPERM`, `ENOMEM` or `EAGAIN` where the limit
///   ([`lock_limit`]) is reached.
pub unsafe fn lock(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::LockPages)?;
    // SAFETY: the caller's duty.
    unsafe { files::lock(at, bytes) }.map_err(of(Operation::LockPages))
}

/// Ends a [`lock`].
///
/// # Safety
/// - The caller owns the range.
///
/// # Errors
/// - [`Operation::LockPages`] with the kernel's code.
pub unsafe fn unlock(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::LockPages)?;
    // SAFETY: the caller's duty.
    unsafe { files::unlock(at, bytes) }.map_err(of(Operation::LockPages))
}

/// How much the process may lock in memory (`ulimit -l`), in bytes; `None` where there is no limit.
///
/// # Errors
/// - [`Operation::Limit`] with the kernel's code.
pub fn lock_limit() -> Result<Option<u64>, OsError> {
    fault(Operation::Limit)?;
    calls::soft_limit(libc::RLIMIT_MEMLOCK).map_err(of(Operation::Limit))
}

/// Reads from a place in a file; returns how many bytes came, fewer than asked for only at its end.
///
/// # Errors
/// - [`Operation::Read`] with the kernel's code.
pub fn read_at(file: BorrowedFd<'_>, bytes: &mut [u8], offset: u64) -> Result<usize, OsError> {
    fault(Operation::Read)?;
    let failed = of(Operation::Read);
    let mut len = 0;
    // Ends when the file or the room does: each turn moves `len` on or returns.
    while let Some(rest) = bytes.get_mut(len..).filter(|rest| !rest.is_empty()) {
        let place = usize::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(len))
            .ok_or(OsError::new(Operation::Read, libc::EOVERFLOW))?;
        match calls::read_at(file.as_raw_fd(), rest, place) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(libc::EINTR) => {}
            Err(code) => return Err(failed(code)),
        }
    }
    Ok(len)
}

/// Makes a file in memory that can be [sealed](seal); it is gone with its last user.
///
/// # Errors
/// - [`Operation::MakeFile`] with the kernel's code.
pub fn in_memory(name: &CStr, bytes: usize) -> Result<OwnedFd, OsError> {
    fault(Operation::MakeFile)?;
    let fd = files::sealable(name).map_err(of(Operation::MakeFile))?;
    // SAFETY: the kernel just made the descriptor, and nobody else has it.
    let file = unsafe { OwnedFd::from_raw_fd(fd) };
    files::set_size(fd, bytes).map_err(of(Operation::MakeFile))?;
    Ok(file)
}

/// Seals a file in memory for ever: nobody can write, cut or extend it any more.
///
/// # Errors
/// - [`Operation::Seal`] with the kernel's code: `EBUSY` while it is mapped for writing.
pub fn seal(file: BorrowedFd<'_>) -> Result<(), OsError> {
    fault(Operation::Seal)?;
    files::seal(file.as_raw_fd()).map_err(of(Operation::Seal))
}

/// Takes a lease for reading: who wants to write or cut the file waits until it ends, at most the
/// seconds of `/proc/sys/fs/lease-break-time`.
///
/// The kernel tells of that by `SIGURG`, which a process ignores unless it says otherwise.
///
/// # Errors
/// - [`Operation::Lease`] with the kernel's code: `EAGAIN` where the file is open for writing,
///   `EACCES` where it is another user's, `EINVAL` where the file system has no leases.
pub fn take_lease(file: BorrowedFd<'_>) -> Result<(), OsError> {
    fault(Operation::Lease)?;
    files::take_lease(file.as_raw_fd()).map_err(of(Operation::Lease))
}

/// True while nobody waits for a lease to end.
///
/// # Errors
/// - [`Operation::Lease`] with the kernel's code.
pub fn is_lease_whole(file: BorrowedFd<'_>) -> Result<bool, OsError> {
    fault(Operation::Lease)?;
    files::is_lease_whole(file.as_raw_fd()).map_err(of(Operation::Lease))
}

/// Ends a lease.
///
/// # Errors
/// - [`Operation::Lease`] with the kernel's code.
pub fn end_lease(file: BorrowedFd<'_>) -> Result<(), OsError> {
    fault(Operation::Lease)?;
    files::end_lease(file.as_raw_fd()).map_err(of(Operation::Lease))
}

/// Makes errors of one operation.
fn of(operation: Operation) -> impl Fn(i32) -> OsError {
    move |code| OsError::new(operation, code)
}

#[cfg(test)]
mod tests {
    use super::huge_in;

    const SMAPS: &str = "\
00200000-00600000 r--p 00000000 00:00 0
Size:               4096 kB
AnonHugePages:      4096 kB
ShmemPmdMapped:        0 kB
VmFlags: rd mr mw
00600000-00601000 rw-p 00000000 08:01 99   /a/file-with-a-dash
AnonHugePages:         0 kB
FilePmdMapped:      2048 kB
00800000-00a00000 rw-p 00000000 00:00 0 [heap]
AnonHugePages:      2048 kB
";

    #[test]
    fn huge_pages_are_summed_over_the_mappings_of_a_range() {
        assert_eq!(huge_in(SMAPS, 0x20_0000..0x60_0000), 4 << 20);
        assert_eq!(huge_in(SMAPS, 0x20_0000..0x60_0001), 6 << 20);
        assert_eq!(huge_in(SMAPS, 0x80_0000..0xA0_0000), 2 << 20);
        assert_eq!(huge_in(SMAPS, 0..0x20_0000), 0);
        assert_eq!(huge_in("garbage\nAnonHugePages: x kB\n", 0..usize::MAX), 0);
    }
}
