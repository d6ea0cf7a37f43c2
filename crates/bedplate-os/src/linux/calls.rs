//! Each system call with its types.
//!
//! # Role
//! Thin typed faces of the calls that `pages`, `lock`, `clock` and `rawio` make.
//!
//! # Not here
//! Retries and policy.

use super::raw::call;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU32;

/// The kernel's word as a result.
#[inline]
pub(super) const fn checked(word: isize) -> Result<usize, i32> {
    if word < 0 && word >= -4095 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an error number is below 4096"
        )]
        Err(-word as i32)
    } else {
        Ok(word.cast_unsigned())
    }
}

/// The kernel's word as a new descriptor.
#[inline]
pub(super) fn descriptor(word: isize) -> Result<i32, i32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "a descriptor is an int"
    )]
    checked(word).map(|fd| fd as i32)
}

/// An int as the kernel takes it: sign and all.
#[inline]
pub(super) const fn word(int: i32) -> usize {
    (int as isize).cast_unsigned()
}

#[inline]
pub(super) fn address(p: NonNull<u8>) -> usize {
    p.as_ptr().expose_provenance()
}

/// Maps private anonymous pages, at `hint` if the kernel likes it.
pub(crate) fn mmap(
    hint: usize,
    bytes: usize,
    prot: i32,
    flags: i32,
    fd: i32,
) -> Result<NonNull<u8>, i32> {
    let args = [
        hint,
        bytes,
        prot.cast_unsigned() as usize,
        flags.cast_unsigned() as usize,
        word(fd),
        0,
    ];
    // SAFETY: without MAP_FIXED a new mapping never overlaps memory that is in use; the callers
    // in `pages` pass MAP_FIXED only over address space that they own.
    let word = unsafe { call(libc::SYS_mmap, args) };
    let at = checked(word)?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(at)).ok_or(libc::ENOMEM)
}

/// Unmaps.
///
/// # Safety
/// - Nothing uses the range any more.
pub(crate) unsafe fn munmap(at: NonNull<u8>, bytes: usize) -> Result<(), i32> {
    // SAFETY: the caller gives the range up.
    let word = unsafe { call(libc::SYS_munmap, [address(at), bytes, 0, 0, 0, 0]) };
    checked(word).map(drop)
}

/// Advises.
///
/// # Safety
/// - The caller owns the range and expects what the advice does to its contents.
pub(crate) unsafe fn madvise(at: NonNull<u8>, bytes: usize, advice: i32) -> Result<(), i32> {
    let args = [address(at), bytes, advice.cast_unsigned() as usize, 0, 0, 0];
    // SAFETY: the caller owns the range.
    let word = unsafe { call(libc::SYS_madvise, args) };
    checked(word).map(drop)
}

/// Advice: make guards of the pages (Linux 6.13; not in every libc's list yet).
pub(crate) const MADV_GUARD_INSTALL: i32 = 102;
/// Advice: end the guards.
pub(crate) const MADV_GUARD_REMOVE: i32 = 103;

/// Protects.
///
/// # Safety
/// - The caller owns the range and makes no access that the new protection forbids.
pub(crate) unsafe fn mprotect(at: NonNull<u8>, bytes: usize, prot: i32) -> Result<(), i32> {
    let args = [address(at), bytes, prot.cast_unsigned() as usize, 0, 0, 0];
    // SAFETY: the caller owns the range.
    let word = unsafe { call(libc::SYS_mprotect, args) };
    checked(word).map(drop)
}

/// Resizes or moves a mapping.
///
/// # Safety
/// - The caller owns both ranges, and nothing points into the old one where it moves.
pub(crate) unsafe fn mremap(
    at: NonNull<u8>,
    old_bytes: usize,
    new_bytes: usize,
    flags: i32,
    target: usize,
) -> Result<NonNull<u8>, i32> {
    let args = [
        address(at),
        old_bytes,
        new_bytes,
        flags.cast_unsigned() as usize,
        target,
        0,
    ];
    // SAFETY: the caller owns the ranges.
    let word = unsafe { call(libc::SYS_mremap, args) };
    let at = checked(word)?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(at)).ok_or(libc::ENOMEM)
}

/// Sleeps while `*word == expected`, at most `timeout_ns` if given. Spurious returns are allowed.
pub(crate) fn futex_wait(
    word: &AtomicU32,
    expected: u32,
    timeout_ns: Option<u64>,
) -> Result<(), i32> {
    let time = timeout_ns.map(|ns| libc::timespec {
        tv_sec: i64::try_from(ns / 1_000_000_000).unwrap_or(i64::MAX),
        #[expect(clippy::cast_possible_wrap, reason = "below 10^9")]
        tv_nsec: (ns % 1_000_000_000) as i64,
    });
    let time_at = time
        .as_ref()
        .map_or(0, |t| core::ptr::from_ref(t).expose_provenance());
    let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    let args = [
        word.as_ptr().expose_provenance(),
        op.cast_unsigned() as usize,
        expected as usize,
        time_at,
        0,
        0,
    ];
    // SAFETY: the word and the time outlive the call, which only reads them.
    let r = unsafe { call(libc::SYS_futex, args) };
    checked(r).map(drop)
}

/// Wakes at most `count` sleepers on `word`.
pub(crate) fn futex_wake(word: &AtomicU32, count: u32) {
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    let args = [
        word.as_ptr().expose_provenance(),
        op.cast_unsigned() as usize,
        count as usize,
        0,
        0,
        0,
    ];
    // SAFETY: a wake reads nothing but the address.
    let _woken = unsafe { call(libc::SYS_futex, args) };
}

/// Writes bytes to a descriptor; returns how many went out.
pub(crate) fn write(fd: i32, bytes: &[u8]) -> Result<usize, i32> {
    let args = [
        word(fd),
        bytes.as_ptr().expose_provenance(),
        bytes.len(),
        0,
        0,
        0,
    ];
    // SAFETY: the slice is readable for its length.
    let r = unsafe { call(libc::SYS_write, args) };
    checked(r)
}

/// Reads bytes from a descriptor; returns how many came.
pub(crate) fn read(fd: i32, bytes: &mut [u8]) -> Result<usize, i32> {
    let args = [
        word(fd),
        bytes.as_mut_ptr().expose_provenance(),
        bytes.len(),
        0,
        0,
        0,
    ];
    // SAFETY: the slice is writable for its length.
    let r = unsafe { call(libc::SYS_read, args) };
    checked(r)
}

/// Reads bytes from a place in a file; returns how many came.
pub(crate) fn read_at(fd: i32, bytes: &mut [u8], offset: usize) -> Result<usize, i32> {
    let args = [
        word(fd),
        bytes.as_mut_ptr().expose_provenance(),
        bytes.len(),
        offset,
        0,
        0,
    ];
    // SAFETY: the slice is writable for its length.
    let r = unsafe { call(libc::SYS_pread64, args) };
    checked(r)
}

/// Opens a file; `path` ends with a zero byte.
pub(crate) fn open(path: &core::ffi::CStr, flags: i32, mode: u32) -> Result<i32, i32> {
    let args = [
        word(libc::AT_FDCWD),
        path.as_ptr().expose_provenance(),
        (flags | libc::O_CLOEXEC).cast_unsigned() as usize,
        mode as usize,
        0,
        0,
    ];
    // SAFETY: the path is a terminated string.
    let r = unsafe { call(libc::SYS_openat, args) };
    descriptor(r)
}

/// Closes a descriptor that the caller opened.
pub(crate) fn close(fd: i32) {
    // SAFETY: closing a descriptor touches no memory.
    let _r = unsafe { call(libc::SYS_close, [word(fd), 0, 0, 0, 0, 0]) };
}

/// An anonymous file with a name, for a mapping that others can find in `/proc/PID/maps`.
pub(crate) fn memfd(name: &core::ffi::CStr, bytes: usize) -> Result<i32, i32> {
    let make = |flags: u32| {
        let args = [
            name.as_ptr().expose_provenance(),
            flags as usize,
            0,
            0,
            0,
            0,
        ];
        // SAFETY: the name is a terminated string.
        unsafe { call(libc::SYS_memfd_create, args) }
    };
    // A system that refuses executable files in memory wants to hear that this is none
    // (vm.memfd_noexec = 2); kernels before 6.3 do not know the word.
    let r = match make(libc::MFD_CLOEXEC | libc::MFD_NOEXEC_SEAL) {
        r if checked(r) == Err(libc::EINVAL) => make(libc::MFD_CLOEXEC),
        r => r,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "a descriptor is an int"
    )]
    let fd = checked(r)? as i32;
    // SAFETY: sizing a file touches no memory.
    let r = unsafe { call(libc::SYS_ftruncate, [word(fd), bytes, 0, 0, 0, 0]) };
    match checked(r) {
        Ok(_) => Ok(fd),
        Err(code) => {
            close(fd);
            Err(code)
        }
    }
}

/// A resource limit's soft value, `None` where unlimited.
pub(crate) fn soft_limit(resource: u32) -> Result<Option<u64>, i32> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let at = core::ptr::from_mut(&mut limit).expose_provenance();
    // SAFETY: the kernel writes one rlimit to `limit`.
    let r = unsafe { call(libc::SYS_prlimit64, [0, resource as usize, 0, at, 0, 0]) };
    checked(r)?;
    Ok((limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur))
}

/// Nanoseconds of a clock. The vDSO answers without entering the kernel.
pub(crate) fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is writable; a known clock cannot fail, so errno stays (I1).
    let _r = unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// This process's and the parent's number.
pub(crate) fn process_ids() -> (u32, u32) {
    // SAFETY: no memory is touched.
    let own = unsafe { call(libc::SYS_getpid, [0; 6]) };
    // SAFETY: no memory is touched.
    let parent = unsafe { call(libc::SYS_getppid, [0; 6]) };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "process numbers are below 2^22"
    )]
    (own as u32, parent as u32)
}

/// True if a thread of this number lives in this process.
pub(crate) fn is_thread_of_this_process(thread: u32) -> bool {
    let (own, _parent) = process_ids();
    // SAFETY: no memory is touched; signal 0 is none.
    let code = unsafe {
        call(
            libc::SYS_tgkill,
            [own as usize, thread as usize, 0, 0, 0, 0],
        )
    };
    checked(code) != Err(libc::ESRCH)
}

/// This thread's number.
pub(crate) fn thread_id() -> u32 {
    // SAFETY: no memory is touched.
    let own = unsafe { call(libc::SYS_gettid, [0; 6]) };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "thread numbers are below 2^22"
    )]
    let own = own as u32;
    own
}

/// Gives the processor to another thread.
pub(crate) fn yield_now() {
    // SAFETY: no memory is touched.
    let _r = unsafe { call(libc::SYS_sched_yield, [0; 6]) };
}

/// Waits up to `timeout_ms` until `fd` is readable. True if it is.
pub(crate) fn poll_readable(fd: i32, timeout_ms: u32) -> bool {
    let mut entry = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    let time = libc::timespec {
        tv_sec: i64::from(timeout_ms / 1000),
        tv_nsec: i64::from(timeout_ms % 1000) * 1_000_000,
    };
    let args = [
        core::ptr::from_mut(&mut entry).expose_provenance(),
        1,
        core::ptr::from_ref(&time).expose_provenance(),
        0,
        8,
        0,
    ];
    // SAFETY: one entry and one time are valid for the call; no signal mask is passed.
    let r = unsafe { call(libc::SYS_ppoll, args) };
    r > 0 && entry.revents & libc::POLLIN != 0
}

/// The size of an OS page in bytes, from the auxiliary vector.
pub(crate) fn page_size() -> usize {
    // SAFETY: getauxval reads the process's own vector.
    let size = unsafe { libc::getauxval(libc::AT_PAGESZ) };
    usize::try_from(size).unwrap_or(4096)
}
