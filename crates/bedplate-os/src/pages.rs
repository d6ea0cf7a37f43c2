//! Pages: the contract between memory code and the kernel.
//!
//! # Role
//! Reserve, map, commit, populate, decommit, release, protect, guard, advise and resize ranges of OS pages,
//! every failure typed.
//!
//! # Not here
//! Who owns which range: callers do. Every range is private, anonymous and zeroed when fresh.
//!
//! # Invariants
//! - I1: a failed call has changed nothing, except where its `# Errors` says what.
//! - I2: no call falls back to something else in silence: it does what it says or is an `Err`.
//! - I3: no call allocates or writes `errno`.

#![expect(unsafe_code, reason = "giving memory back is the caller's promise")]

use crate::fault::check as fault;
use crate::linux::calls;
use crate::{Operation, OsError};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// What may be done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// No access: address space only.
    None,
    /// Reads.
    Read,
    /// Reads and writes.
    ReadWrite,
}

impl Protection {
    const fn bits(self) -> i32 {
        match self {
            Self::None => libc::PROT_NONE,
            Self::Read => libc::PROT_READ,
            Self::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
        }
    }
}

/// A wish for transparent huge pages on one mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HugePages {
    /// Back the range with huge pages where it can be.
    Wanted,
    /// Never back the range with huge pages.
    Refused,
}

/// The size of an OS page in bytes: 4, 16 or 64 KiB.
#[must_use]
#[inline]
pub fn page_size() -> usize {
    static SIZE: AtomicUsize = AtomicUsize::new(0);
    #[cfg(feature = "sim")]
    if let Some(size) = crate::sim::faults::page_size() {
        return size;
    }
    // Relaxed: a single word that only ever gets one value.
    let known = SIZE.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    let size = calls::page_size();
    SIZE.store(size, Ordering::Relaxed);
    size
}

/// `bytes` rounded up to whole OS pages, `None` on overflow.
#[must_use]
#[inline]
pub fn round_up(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(page_size())
}

/// Maps `bytes` of zeroed private pages, near `hint` (an address, 0 for none).
///
/// Readable and writable pages are not charged until touched, except where the kernel refuses
/// overcommit.
///
/// # Errors
/// - [`Operation::Reserve`] with the kernel's code.
pub fn map(hint: usize, bytes: usize, protection: Protection) -> Result<NonNull<u8>, OsError> {
    fault(Operation::Reserve)?;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    calls::mmap(hint, bytes, protection.bits(), flags, -1)
        .map_err(|code| OsError::new(Operation::Reserve, code))
}

/// Maps `bytes` as [`map`] does, at a multiple of `align` (a power of two, at least a page).
///
/// # Errors
/// - [`Operation::Reserve`] with the kernel's code; `ENOMEM` where `bytes + align` overflows.
/// - [`Operation::Release`] where the surplus around an aligned range could not be given back
///   (the mapping count is used up); everything that could be given back was.
pub fn map_aligned(
    hint: usize,
    bytes: usize,
    align: usize,
    protection: Protection,
) -> Result<NonNull<u8>, OsError> {
    let at = map(hint, bytes, protection)?;
    if at.addr().get().is_multiple_of(align) {
        return Ok(at);
    }
    // SAFETY: just mapped, and nobody else knows of it.
    unsafe { release(at, bytes) }?;
    let wide = bytes
        .checked_add(align)
        .ok_or(OsError::new(Operation::Reserve, libc::ENOMEM))?;
    let at = map(0, wide, protection)?;
    let address = at.addr().get();
    let front = address.next_multiple_of(align) - address;
    let back = align - front;
    // SAFETY: `front` is at most `align`, inside the mapping.
    let aligned = unsafe { at.add(front) };
    // SAFETY: `bytes` is inside the mapping.
    let rest = unsafe { aligned.add(bytes) };
    // SAFETY: the front part is ours and unused.
    let front_gone = front == 0 || unsafe { release(at, front) }.is_ok();
    // SAFETY: the part behind is ours and unused.
    let back_gone = back == 0 || unsafe { release(rest, back) }.is_ok();
    if front_gone && back_gone {
        return Ok(aligned);
    }
    // I1: what is left goes too. Where even that fails, address space stays taken and no memory.
    let start = if front_gone { aligned } else { at };
    let end = if back_gone {
        rest.addr().get()
    } else {
        address + wide
    };
    // SAFETY: nobody was told of the range.
    unsafe { release(start, end - start.addr().get()) }?;
    Err(OsError::new(Operation::Release, libc::ENOMEM))
}

/// Reserves `bytes` of address space at a multiple of `align`: no access and no memory until
/// [`commit`].
///
/// # Errors
/// - As [`map_aligned`].
pub fn reserve(bytes: usize, align: usize) -> Result<NonNull<u8>, OsError> {
    map_aligned(0, bytes, align, Protection::None)
}

/// Maps `bytes` (rounded up to whole pages) between two guard pages: a step outside ends the
/// process instead of reaching a neighbour. Give back with [`release_guarded`].
///
/// # Errors
/// - [`Operation::Reserve`] or [`Operation::Commit`] with the kernel's code.
pub fn map_guarded(bytes: usize) -> Result<NonNull<u8>, OsError> {
    let (inner, outer) = guarded_sizes(bytes)?;
    let at = map(0, outer, Protection::None)?;
    // SAFETY: one page is inside the mapping.
    let usable = unsafe { at.add(page_size()) };
    // SAFETY: just mapped.
    match unsafe { commit(usable, inner) } {
        Ok(()) => Ok(usable),
        Err(error) => {
            // SAFETY: nobody was told of the range.
            unsafe { release(at, outer) }?;
            Err(error)
        }
    }
}

/// Gives back what [`map_guarded`] mapped for the same `bytes`, guards and all.
///
/// # Safety
/// - `at` came from `map_guarded(bytes)`, and nothing uses the range any more.
///
/// # Errors
/// - [`Operation::Release`] with the kernel's code.
pub unsafe fn release_guarded(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    let (_, outer) = guarded_sizes(bytes)?;
    // SAFETY: the guard page in front belongs to the mapping.
    let start = unsafe { at.sub(page_size()) };
    // SAFETY: the caller gives the range up.
    unsafe { release(start, outer) }
}

fn guarded_sizes(bytes: usize) -> Result<(usize, usize), OsError> {
    let too_much = OsError::new(Operation::Reserve, libc::ENOMEM);
    let inner = round_up(bytes).ok_or(too_much)?;
    let outer = inner.checked_add(2 * page_size()).ok_or(too_much)?;
    Ok((inner, outer))
}

/// Turns whole pages inside a mapping into guards without splitting it: contents are given up,
/// and any access ends the process until [`unguard`].
///
/// Linux 6.13 and later; older kernels answer `EINVAL`, and [`protect`] is the way that splits.
///
/// # Safety
/// - The caller owns the range and needs its contents no more.
///
/// # Errors
/// - [`Operation::Protect`] with the kernel's code.
pub unsafe fn guard(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::Protect)?;
    // SAFETY: the caller's duty.
    unsafe { calls::madvise(at, bytes, calls::MADV_GUARD_INSTALL) }
        .map_err(|code| OsError::new(Operation::Protect, code))
}

/// Ends a [`guard`]; the pages read as zero.
///
/// # Safety
/// - The caller owns the range.
///
/// # Errors
/// - [`Operation::Protect`] with the kernel's code.
pub unsafe fn unguard(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::Protect)?;
    // SAFETY: removing guards gives rights and leaves other pages alone.
    unsafe { calls::madvise(at, bytes, calls::MADV_GUARD_REMOVE) }
        .map_err(|code| OsError::new(Operation::Protect, code))
}

/// Makes a range that was mapped with [`Protection::None`] usable.
///
/// # Safety
/// - The caller owns the range.
///
/// # Errors
/// - [`Operation::Commit`] with the kernel's code.
pub unsafe fn commit(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::Commit)?;
    // SAFETY: the caller owns the range; nothing loses a right.
    unsafe { calls::mprotect(at, bytes, Protection::ReadWrite.bits()) }
        .map_err(|code| OsError::new(Operation::Commit, code))
}

/// Gives the memory of a range back to the kernel; the addresses stay, and read as zero.
///
/// # Safety
/// - The caller owns the range and needs its contents no more.
///
/// # Errors
/// - [`Operation::Decommit`] with the kernel's code. Where only a part of the range is locked, the
///   memory before that part may be gone.
pub unsafe fn decommit(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::Decommit)?;
    // SAFETY: the caller gives the contents up.
    unsafe { calls::madvise(at, bytes, libc::MADV_DONTNEED) }
        .map_err(|code| OsError::new(Operation::Decommit, code))
}

/// Backs a range with memory at once, so that no first touch has to wait for it. Contents stay.
///
/// Linux 5.14 and later; older kernels answer `EINVAL`.
///
/// # Safety
/// - The caller owns the range, and it is committed.
///
/// # Errors
/// - [`Operation::Commit`] with the kernel's code; a part of the range may be backed.
pub unsafe fn populate(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::Commit)?;
    // SAFETY: pages are faulted in as by a write, which leaves the contents alone.
    unsafe { calls::madvise(at, bytes, libc::MADV_POPULATE_WRITE) }
        .map_err(|code| OsError::new(Operation::Commit, code))
}

/// Gives a range back, addresses and all.
///
/// # Safety
/// - Nothing uses the range any more.
///
/// # Errors
/// - [`Operation::Release`] with the kernel's code.
pub unsafe fn release(at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
    fault(Operation::Release)?;
    // SAFETY: the caller gives the range up.
    unsafe { calls::munmap(at, bytes) }.map_err(|code| OsError::new(Operation::Release, code))
}

/// Changes what may be done with a range.
///
/// # Safety
/// - The caller owns the range and makes no access that the new protection forbids.
///
/// # Errors
/// - [`Operation::Protect`] with the kernel's code.
pub unsafe fn protect(
    at: NonNull<u8>,
    bytes: usize,
    protection: Protection,
) -> Result<(), OsError> {
    fault(Operation::Protect)?;
    // SAFETY: the caller's duty.
    unsafe { calls::mprotect(at, bytes, protection.bits()) }
        .map_err(|code| OsError::new(Operation::Protect, code))
}

/// Asks for huge pages on a range, or refuses them. Contents stay.
///
/// # Safety
/// - The caller owns the range.
///
/// # Errors
/// - [`Operation::Advise`] with the kernel's code (`EINVAL` where the kernel has no huge pages).
pub unsafe fn advise_huge(at: NonNull<u8>, bytes: usize, huge: HugePages) -> Result<(), OsError> {
    fault(Operation::Advise)?;
    let advice = match huge {
        HugePages::Wanted => libc::MADV_HUGEPAGE,
        HugePages::Refused => libc::MADV_NOHUGEPAGE,
    };
    // SAFETY: this advice leaves the contents alone.
    unsafe { calls::madvise(at, bytes, advice) }
        .map_err(|code| OsError::new(Operation::Advise, code))
}

/// Grows or shrinks a mapping where it stands.
///
/// # Safety
/// - The caller owns the range, and uses nothing of what is cut off.
///
/// # Errors
/// - [`Operation::Remap`] with the kernel's code: `ENOMEM` where the space behind is taken.
pub unsafe fn resize_in_place(
    at: NonNull<u8>,
    old_bytes: usize,
    new_bytes: usize,
) -> Result<(), OsError> {
    fault(Operation::Remap)?;
    // SAFETY: without MREMAP_MAYMOVE the mapping stays where it is.
    unsafe { calls::mremap(at, old_bytes, new_bytes, 0, 0) }
        .map(drop)
        .map_err(|code| OsError::new(Operation::Remap, code))
}

/// Grows or shrinks a mapping, at another place where it must; contents are kept without a copy.
/// Returns where it stands.
///
/// # Safety
/// - The caller owns the range, uses nothing of what is cut off, and lets go of every pointer into
///   the old range where the new one is elsewhere.
///
/// # Errors
/// - [`Operation::Remap`] with the kernel's code; the range is as before.
pub unsafe fn resize(
    at: NonNull<u8>,
    old_bytes: usize,
    new_bytes: usize,
) -> Result<NonNull<u8>, OsError> {
    fault(Operation::Remap)?;
    // SAFETY: the caller's duty.
    unsafe { calls::mremap(at, old_bytes, new_bytes, libc::MREMAP_MAYMOVE, 0) }
        .map_err(|code| OsError::new(Operation::Remap, code))
}

/// Moves the pages of a range onto `target`, which the caller mapped, growing to `new_bytes`.
///
/// # Safety
/// - The caller owns both ranges; `target` has room for `new_bytes` and nothing in use.
/// - Nothing points into the old range afterwards.
///
/// # Errors
/// - [`Operation::Remap`] with the kernel's code; the old range is as before. The kernel unmaps
///   the target before it moves, so after a failure the target's addresses are *not known to be
///   the caller's*: releasing them could hit another thread's new mapping.
pub unsafe fn move_onto(
    at: NonNull<u8>,
    old_bytes: usize,
    target: NonNull<u8>,
    new_bytes: usize,
) -> Result<(), OsError> {
    fault(Operation::Remap)?;
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: the caller owns both ranges.
    unsafe {
        calls::mremap(
            at,
            old_bytes,
            new_bytes,
            flags,
            target.as_ptr().expose_provenance(),
        )
    }
    .map(drop)
    .map_err(|code| OsError::new(Operation::Remap, code))
}

/// Maps `bytes` of private memory that `/proc/PID/maps` shows under `name`.
///
/// # Errors
/// - [`Operation::Reserve`] with the kernel's code.
pub fn map_named(name: &core::ffi::CStr, bytes: usize) -> Result<NonNull<u8>, OsError> {
    fault(Operation::Reserve)?;
    let failed = |code| OsError::new(Operation::Reserve, code);
    let fd = calls::memfd(name, bytes).map_err(failed)?;
    let at = calls::mmap(
        0,
        bytes,
        Protection::ReadWrite.bits(),
        libc::MAP_PRIVATE,
        fd,
    );
    calls::close(fd);
    at.map_err(failed)
}

/// The limit on the process's address space or data (`ulimit -v`, `-d`), the lower, in bytes; `None`
/// where there is neither.
///
/// # Errors
/// - [`Operation::Limit`] with the kernel's code.
pub fn address_space_limit() -> Result<Option<u64>, OsError> {
    fault(Operation::Limit)?;
    let failed = |code| OsError::new(Operation::Limit, code);
    let space = calls::soft_limit(libc::RLIMIT_AS).map_err(failed)?;
    let data = calls::soft_limit(libc::RLIMIT_DATA).map_err(failed)?;
    Ok(match (space, data) {
        (Some(space), Some(data)) => Some(space.min(data)),
        (limit, None) | (None, limit) => limit,
    })
}
