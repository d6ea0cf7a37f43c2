//! Errors of the operating system.
//!
//! # Role
//! One small copyable type that says which operation failed and with which code.
//!
//! # Not here
//! Heap memory: these errors are made on memory paths, where nothing may allocate.

use core::fmt;

/// What was asked of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Reserve address space.
    Reserve,
    /// Make pages usable.
    Commit,
    /// Give the memory of pages back, keeping the addresses.
    Decommit,
    /// Give addresses back.
    Release,
    /// Change the protection of pages.
    Protect,
    /// Advise the kernel on pages.
    Advise,
    /// Grow or shrink a mapping.
    Remap,
    /// Bind memory to nodes.
    Bind,
    /// Bind a thread to a CPU.
    BindThread,
    /// Start a thread.
    ThreadStart,
    /// Make a fence on all CPUs.
    Barrier,
    /// Open or read a file.
    Read,
    /// Write to a descriptor.
    Write,
    /// Read a limit.
    Limit,
    /// Register what to do around a fork.
    ForkHook,
    /// Ask what an open file is.
    Inspect,
    /// Map a file.
    MapFile,
    /// Lock pages in memory, or end that.
    LockPages,
    /// Make a file in memory.
    MakeFile,
    /// Seal a file in memory.
    Seal,
    /// Take, ask for or end a lease on a file.
    Lease,
}

impl Operation {
    /// The operation as a verb phrase, fit for "failed to ...".
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Reserve => "reserve address space",
            Self::Commit => "commit pages",
            Self::Decommit => "give pages back",
            Self::Release => "release a mapping",
            Self::Protect => "protect pages",
            Self::Advise => "advise on pages",
            Self::Remap => "resize a mapping",
            Self::Bind => "bind pages to a node",
            Self::BindThread => "bind a thread to a CPU",
            Self::ThreadStart => "start a thread",
            Self::Barrier => "make a fence on all CPUs",
            Self::Read => "open or read a file",
            Self::Write => "write to a descriptor",
            Self::Limit => "read a limit",
            Self::ForkHook => "register a fork handler",
            Self::Inspect => "ask what an open file is",
            Self::MapFile => "map a file",
            Self::LockPages => "lock pages in memory",
            Self::MakeFile => "make a file in memory",
            Self::Seal => "seal a file in memory",
            Self::Lease => "lease a file",
        }
    }
}

/// A failed operation and the kernel's code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OsError {
    /// What was asked.
    pub operation: Operation,
    /// The kernel's error number (`ENOMEM`, `EINVAL` and so on).
    pub code: i32,
}

impl OsError {
    /// Makes an error.
    #[must_use]
    pub const fn new(operation: Operation, code: i32) -> Self {
        Self { operation, code }
    }

    /// What a person can do about it, or an empty string where nothing general helps.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self.code {
            libc::ENOMEM => {
                "memory, address space (ulimit -v), the mapping count (vm.max_map_count) or the \
                 overcommit limit is used up; raise it or use less"
            }
            libc::EPERM | libc::EACCES => {
                "the process lacks the right; run it with the right or without the feature"
            }
            libc::ENOSYS => "this kernel does not offer it; use a newer kernel or do without",
            libc::ENOENT => "there is no such file; check its name",
            libc::EISDIR => "it is a directory; name a file in it",
            libc::ENOTDIR => "a part of its path is no directory; check its name",
            libc::EMFILE | libc::ENFILE => "too many files are open; close some or raise ulimit -n",
            libc::ENOSPC => "the device is full; make room on it",
            libc::EIO => "the device failed; check it",
            libc::EAGAIN => "a limit on locked memory or threads is reached; raise ulimit -l or -u",
            _ => "",
        }
    }
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failed to {} (error {})",
            self.operation.phrase(),
            self.code
        )?;
        if !self.advice().is_empty() {
            write!(f, ": {}", self.advice())?;
        }
        Ok(())
    }
}

impl core::error::Error for OsError {}
