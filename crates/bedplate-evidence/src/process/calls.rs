//! System calls that have no safe face in the standard library.
//!
//! # Role
//! The one place of this crate with `unsafe`: reading another process's memory, asking the kernel
//! which pages are resident, waiting with resource use, polling, signals and FIFOs.
//!
//! # Not here
//! Meaning. Every function is one call with checked arguments and an `io::Result`.
//!
//! # Invariants
//! I1. Every pointer handed to the kernel comes from a live Rust slice or struct of this frame,
//!     with the length of that slice or struct.

use alloc::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use core::time::Duration;

/// Copies `into.len()` bytes at `address` of process `pid`.
pub(crate) fn read_memory(pid: i32, address: u64, into: &mut [u8]) -> io::Result<()> {
    let remote_base = usize::try_from(address).map_err(|_wide| io::ErrorKind::InvalidInput)?;
    let mut done = 0_usize;
    while done < into.len() {
        let rest = &mut into[done..];
        let local = libc::iovec {
            iov_base: rest.as_mut_ptr().cast(),
            iov_len: rest.len(),
        };
        let remote = libc::iovec {
            iov_base: core::ptr::without_provenance_mut(remote_base + done),
            iov_len: rest.len(),
        };
        // SAFETY: `local` describes the live slice `rest` (I1); `remote` is only read by the
        // kernel, in the other process, and a bad address there is an error code.
        let copied =
            unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) };
        match usize::try_from(copied) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => done += bytes,
            Err(_negative) => return Err(io::Error::last_os_error()),
        }
    }
    Ok(())
}

/// One run of resident pages as `PAGEMAP_SCAN` reports it (`struct page_region`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageRegion {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) categories: u64,
}

/// `struct pm_scan_arg` of the kernel's interface.
#[repr(C)]
#[derive(Debug, Default)]
struct ScanArguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// The page belongs to a file or to shared memory.
pub(crate) const PAGE_IS_FILE: u64 = 1 << 2;
/// The page is in memory.
pub(crate) const PAGE_IS_PRESENT: u64 = 1 << 3;
/// The page is the kernel's shared page of zeros, which RSS does not count.
pub(crate) const PAGE_IS_PFNZERO: u64 = 1 << 5;

/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: libc::Ioctl = 0xC060_6610;

/// Fills `regions` with the present pages of `start..end`; returns how many regions were filled
/// and the address up to which the kernel looked.
pub(crate) fn scan_pages(
    pagemap: &File,
    start: u64,
    end: u64,
    regions: &mut [PageRegion],
) -> io::Result<(usize, u64)> {
    let mut arguments = ScanArguments {
        size: size_of::<ScanArguments>() as u64,
        start,
        end,
        vec: regions.as_mut_ptr().expose_provenance() as u64,
        vec_len: regions.len() as u64,
        category_mask: PAGE_IS_PRESENT,
        return_mask: PAGE_IS_PRESENT | PAGE_IS_FILE | PAGE_IS_PFNZERO,
        ..ScanArguments::default()
    };
    // SAFETY: the kernel reads and writes `arguments` of the size it states, and writes at most
    // `vec_len` regions into the live slice `regions`, whose address was exposed for it (I1).
    let filled = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut arguments) };
    match usize::try_from(filled) {
        Ok(count) => Ok((count, arguments.walk_end)),
        Err(_negative) => Err(io::Error::last_os_error()),
    }
}

/// How a child ended and what it used, as `wait4` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// Exit code, if it left by itself.
    pub code: Option<i32>,
    /// Signal, if one ended it.
    pub signal: Option<i32>,
    /// CPU seconds in user mode, of the child and the descendants it waited for.
    pub user_s: f64,
    /// CPU seconds in the kernel, counted likewise.
    pub system_s: f64,
    /// Largest resident set of the child or of one descendant it waited for.
    pub peak_rss_bytes: u64,
    /// Page faults served without I/O.
    pub minor_faults: u64,
    /// Page faults that read from a device.
    pub major_faults: u64,
    /// Times it gave up the CPU by itself.
    pub voluntary_switches: u64,
    /// Times the kernel took the CPU away.
    pub involuntary_switches: u64,
}

impl Ended {
    /// The code a shell would show: the exit code, or 128 plus the signal.
    #[must_use]
    pub fn shell_code(&self) -> i32 {
        match (self.code, self.signal) {
            (Some(code), _) => code,
            (None, Some(signal)) => 128 + signal,
            (None, None) => 125,
        }
    }
}

/// Waits for child `pid`; `None` while it still runs and `block` is false.
pub(crate) fn wait_child(pid: i32, block: bool) -> io::Result<Option<Ended>> {
    let mut status = 0_i32;
    // SAFETY: `rusage` is plain numbers, for which all bits zero is a value.
    let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
    let options = if block { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: both pointers are to live locals of the types the call writes (I1).
        let waited = unsafe { libc::wait4(pid, &raw mut status, options, &raw mut usage) };
        match waited {
            0 => return Ok(None),
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            _ => return Ok(Some(ended(status, &usage))),
        }
    }
}

fn ended(status: i32, usage: &libc::rusage) -> Ended {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let count = |value: libc::c_long| u64::try_from(value).unwrap_or(0);
    Ended {
        code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        user_s: seconds(usage.ru_utime),
        system_s: seconds(usage.ru_stime),
        peak_rss_bytes: count(usage.ru_maxrss) * 1024,
        minor_faults: count(usage.ru_minflt),
        major_faults: count(usage.ru_majflt),
        voluntary_switches: count(usage.ru_nvcsw),
        involuntary_switches: count(usage.ru_nivcsw),
    }
}

/// Sends `signal` to process `pid`; a process that is gone is not an error.
pub(crate) fn send_signal(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two numbers.
    let sent = unsafe { libc::kill(pid, signal) };
    if sent == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() == Some(libc::ESRCH) {
        return Ok(());
    }
    Err(error)
}

/// A descriptor that becomes readable when process `pid` ends.
pub(crate) fn watch_process(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes two numbers and makes a new descriptor.
    let made = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let Ok(descriptor) = i32::try_from(made) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so the descriptor is new, open and owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Waits until one of `descriptors` is readable or `limit` has passed; says which are readable.
pub(crate) fn wait_readable(descriptors: &[i32], limit: Duration) -> io::Result<Vec<bool>> {
    let mut polled: Vec<libc::pollfd> = descriptors
        .iter()
        .map(|&fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let timeout = libc::timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    // SAFETY: `polled` is a live array of the stated length, `timeout` a live local, and a null
    // signal mask means none (I1).
    let ready = unsafe {
        libc::ppoll(
            polled.as_mut_ptr(),
            polled.len() as libc::nfds_t,
            &raw const timeout,
            core::ptr::null(),
        )
    };
    if ready < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        return Ok(vec![false; descriptors.len()]);
    }
    Ok(polled.iter().map(|poll| poll.revents != 0).collect())
}

/// Makes a FIFO that only this user can open.
pub(crate) fn make_fifo(path: &Path) -> io::Result<()> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `name` is a live, zero-terminated string (I1).
    let made = unsafe { libc::mkfifo(name.as_ptr(), 0o600) };
    if made == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether this process may execute the file.
pub(crate) fn may_execute(path: &Path) -> bool {
    let Ok(name) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: `name` is a live, zero-terminated string (I1).
    unsafe { libc::access(name.as_ptr(), libc::X_OK) == 0 }
}

/// Whether the file carries capabilities, which make the loader ignore preloaded libraries.
pub(crate) fn has_capabilities(path: &Path) -> bool {
    let Ok(name) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: both strings are live and zero-terminated, and a null buffer of size 0 asks for the
    // size only (I1).
    let size = unsafe {
        libc::getxattr(
            name.as_ptr(),
            c"security.capability".as_ptr(),
            core::ptr::null_mut(),
            0,
        )
    };
    size > 0
}

/// CPU time that the calling thread has used.
pub(crate) fn thread_cpu_time() -> Duration {
    cpu_time(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time that this process has used.
pub(crate) fn process_cpu_time() -> Duration {
    cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn cpu_time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a live local of the type the call writes (I1).
    let read = unsafe { libc::clock_gettime(clock, &raw mut time) };
    match (
        read,
        u64::try_from(time.tv_sec),
        u32::try_from(time.tv_nsec),
    ) {
        (0, Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos),
        // Both clocks exist on every Linux; without one, nothing is charged.
        _ => Duration::ZERO,
    }
}

/// Real user and group of this process.
pub(crate) fn real_ids() -> (u32, u32) {
    // SAFETY: takes nothing and cannot fail.
    let user = unsafe { libc::getuid() };
    // SAFETY: takes nothing and cannot fail.
    let group = unsafe { libc::getgid() };
    (user, group)
}

/// Makes `command` start its child by fork rather than by a shared-memory spawn.
///
/// The kernel carries the high-water mark of the memory a process had before `exec` into its
/// `ru_maxrss`. A child that shares our memory until `exec` would inherit ours; a forked one has
/// only the few pages that were copied.
pub(crate) fn start_by_fork(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: the closure does nothing, so it is sound in a forked child; its presence alone makes
    // the standard library fork.
    unsafe {
        command.pre_exec(|| Ok(()));
    }
}
