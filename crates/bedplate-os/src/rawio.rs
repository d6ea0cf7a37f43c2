//! Input and output without allocation.
//!
//! # Role
//! Messages to a descriptor, and small files, for code that runs inside an allocator.
//!
//! # Not here
//! Anything that may block for long; paths that the caller did not build itself.

use crate::fault::check as fault;
use crate::linux::calls;
use crate::{Operation, OsError};
use core::ffi::CStr;
use core::fmt;

/// A message being put together on the stack; cut off where it does not fit.
#[derive(Debug)]
pub struct Line<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Line<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Line<N> {
    /// An empty line.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    /// What was written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    /// Sends the line to the standard error of the process.
    pub fn to_stderr(&self) {
        let _sent = write_all(2, self.as_bytes());
    }
}

impl<const N: usize> fmt::Write for Line<N> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = N - self.len;
        let take = s.len().min(room);
        if let (Some(to), Some(from)) = (
            self.bytes.get_mut(self.len..self.len + take),
            s.as_bytes().get(..take),
        ) {
            to.copy_from_slice(from);
        }
        self.len += take;
        Ok(())
    }
}

/// Writes all bytes to a descriptor.
///
/// # Errors
/// - [`Operation::Write`] with the kernel's code where the descriptor takes no more.
pub fn write_all(fd: i32, mut bytes: &[u8]) -> Result<(), OsError> {
    fault(Operation::Write)?;
    while !bytes.is_empty() {
        match calls::write(fd, bytes) {
            Ok(0) => return Err(OsError::new(Operation::Write, libc::EIO)),
            Ok(n) => bytes = bytes.get(n..).unwrap_or(&[]),
            Err(libc::EINTR) => {}
            Err(code) => return Err(OsError::new(Operation::Write, code)),
        }
    }
    Ok(())
}

/// A file opened without allocation, closed when dropped.
#[derive(Debug)]
pub struct RawFile {
    fd: i32,
}

impl RawFile {
    /// Opens with `open(2)` flags; `O_CLOEXEC` is always added.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn open(path: &CStr, flags: i32) -> Result<Self, OsError> {
        fault(Operation::Read)?;
        calls::open(path, flags, 0o600)
            .map(|fd| Self { fd })
            .map_err(|code| OsError::new(Operation::Read, code))
    }

    /// Opens to append; creates the file where it is missing.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn append(path: &CStr) -> Result<Self, OsError> {
        Self::open(path, libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT)
    }

    /// Opens to overwrite; creates the file where it is missing.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn create(path: &CStr) -> Result<Self, OsError> {
        Self::open(path, libc::O_WRONLY | libc::O_TRUNC | libc::O_CREAT)
    }

    /// Opens to read.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn read_only(path: &CStr) -> Result<Self, OsError> {
        Self::open(path, libc::O_RDONLY)
    }

    /// Opens one end of a FIFO without waiting for the other.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn fifo(path: &CStr, writer: bool) -> Result<Self, OsError> {
        let side = if writer {
            libc::O_WRONLY
        } else {
            libc::O_RDONLY
        };
        Self::open(path, side | libc::O_NONBLOCK)
    }

    /// Writes all bytes.
    ///
    /// # Errors
    /// - [`Operation::Write`] with the kernel's code.
    pub fn write_all(&self, bytes: &[u8]) -> Result<(), OsError> {
        write_all(self.fd, bytes)
    }

    /// Reads once; returns how many bytes came, 0 at the end.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn read(&self, bytes: &mut [u8]) -> Result<usize, OsError> {
        fault(Operation::Read)?;
        loop {
            match calls::read(self.fd, bytes) {
                // A signal came first; nothing was read.
                Err(libc::EINTR) => {}
                read => return read.map_err(|code| OsError::new(Operation::Read, code)),
            }
        }
    }

    /// Fills `bytes` from the beginning of the file; returns how many came. For kernel files that
    /// are read again and again through one descriptor.
    ///
    /// # Errors
    /// - [`Operation::Read`] with the kernel's code.
    pub fn read_from_start(&self, bytes: &mut [u8]) -> Result<usize, OsError> {
        fault(Operation::Read)?;
        let mut len = 0;
        // Ends when the file or the room does: each turn moves `len` on or returns.
        while let Some(rest) = bytes.get_mut(len..).filter(|rest| !rest.is_empty()) {
            match calls::read_at(self.fd, rest, len) {
                Ok(0) => break,
                Ok(n) => len += n,
                Err(libc::EINTR) => {}
                Err(code) => return Err(OsError::new(Operation::Read, code)),
            }
        }
        Ok(len)
    }

    pub(crate) const fn from_fd(fd: i32) -> Self {
        Self { fd }
    }

    pub(crate) const fn fd(&self) -> i32 {
        self.fd
    }

    /// Waits up to `timeout_ms` for something to read.
    #[must_use]
    pub fn wait_readable(&self, timeout_ms: u32) -> bool {
        calls::poll_readable(self.fd, timeout_ms)
    }
}

impl Drop for RawFile {
    fn drop(&mut self) {
        calls::close(self.fd);
    }
}

/// This process's number and its parent's.
#[must_use]
pub fn process_ids() -> (u32, u32) {
    calls::process_ids()
}

/// Gives the processor to another thread.
pub fn yield_now() {
    calls::yield_now();
}
