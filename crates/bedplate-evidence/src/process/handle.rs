//! One process, looked at from outside.
//!
//! # Role
//! Holds `/proc/PID` open, so that a later process with the same number is never mistaken for it,
//! and reads the kernel's files about it.
//!
//! # Not here
//! The allocator's figures (`heap.rs`) and what the mappings are for (`crate::parts`).

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use super::calls;
use super::figures::{Figures, Rollup, parse_figures, parse_rollup, parse_statm_rss};
use super::maps::{Mapping, parse_maps};
use crate::error::LookError;

/// A process held for looking at.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    directory: File,
    page_bytes: u64,
}

impl Process {
    /// Opens process `pid`.
    ///
    /// # Errors
    /// - `Gone`: there is no such process.
    /// - `Denied`, `Read`: `/proc` could not be opened.
    pub fn open(pid: u32) -> Result<Self, LookError> {
        let directory = File::open(format!("/proc/{pid}"))
            .map_err(|source| LookError::from_io(pid, "/proc", source))?;
        Ok(Self {
            pid,
            directory,
            page_bytes: page_bytes(),
        })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its number as the kernel's calls take it.
    pub(crate) fn signed_pid(&self) -> i32 {
        i32::try_from(self.pid).unwrap_or(i32::MAX)
    }

    /// A file of its `/proc` directory, through the directory held open.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        PathBuf::from(format!(
            "/proc/self/fd/{}/{file}",
            self.directory.as_raw_fd()
        ))
    }

    fn text(&self, file: &'static str) -> Result<String, LookError> {
        let bytes = fs::read(self.path(file))
            .map_err(|source| LookError::from_io(self.pid, file, source))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Its mappings, in order of address.
    ///
    /// # Errors
    /// `Gone`, `Denied` or `Read`.
    pub fn maps(&self) -> Result<Vec<Mapping>, LookError> {
        let maps = parse_maps(&self.text("maps")?);
        // A zombie still has its files, but they are empty.
        if maps.is_empty() {
            Err(LookError::Gone { pid: self.pid })
        } else {
            Ok(maps)
        }
    }

    /// The kernel's exact total over all page tables.
    ///
    /// # Errors
    /// `Gone`, `Denied` or `Read`.
    pub fn rollup(&self) -> Result<Rollup, LookError> {
        parse_rollup(&self.text("smaps_rollup")?).ok_or(LookError::Gone { pid: self.pid })
    }

    /// Threads, faults, switches and high-water mark.
    ///
    /// # Errors
    /// `Gone`, `Denied` or `Read`.
    pub fn figures(&self) -> Result<Figures, LookError> {
        Ok(parse_figures(&self.text("status")?, &self.text("stat")?))
    }

    /// Resident bytes by the kernel's running count: cheap, and off by a few pages per CPU.
    ///
    /// # Errors
    /// `Gone`, `Denied` or `Read`.
    pub fn rss_bytes(&self) -> Result<u64, LookError> {
        parse_statm_rss(&self.text("statm")?, self.page_bytes)
            .filter(|&rss| rss > 0)
            .ok_or(LookError::Gone { pid: self.pid })
    }

    /// The kernel's name of it (at most 15 bytes); a zombie still has one.
    ///
    /// # Errors
    /// `Gone`, `Denied` or `Read`.
    pub fn name(&self) -> Result<String, LookError> {
        Ok(self.text("comm")?.trim_end_matches('\n').to_owned())
    }

    /// The command line it was started with.
    ///
    /// # Errors
    /// `Gone`, `Denied` or `Read`.
    pub fn command(&self) -> Result<Vec<String>, LookError> {
        let text = self.text("cmdline")?;
        // Programs that write a title over their arguments fill the rest with zeros.
        let text = text.trim_end_matches('\0');
        Ok(text.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Opens its page map.
    pub(crate) fn pagemap(&self) -> Result<File, LookError> {
        File::open(self.path("pagemap"))
            .map_err(|source| LookError::from_io(self.pid, "pagemap", source))
    }

    /// Stack pointers of its threads, as far as the kernel tells (a running thread has none).
    pub(crate) fn stack_pointers(&self) -> Vec<u64> {
        let Ok(tasks) = fs::read_dir(self.path("task")) else {
            return Vec::new();
        };
        tasks
            .flatten()
            .filter_map(|task| fs::read_to_string(task.path().join("syscall")).ok())
            .filter_map(|line| stack_pointer(&line))
            .collect()
    }

    /// Copies memory of the process.
    pub(crate) fn read_memory(&self, address: u64, into: &mut [u8]) -> std::io::Result<()> {
        calls::read_memory(self.signed_pid(), address, into)
    }

    /// Bytes of one OS page.
    pub(crate) fn page_bytes(&self) -> u64 {
        self.page_bytes
    }
}

/// The last but one field of `/proc/PID/task/TID/syscall`.
fn stack_pointer(line: &str) -> Option<u64> {
    let field = line.split_whitespace().rev().nth(1)?;
    u64::from_str_radix(field.strip_prefix("0x")?, 16).ok()
}

/// Bytes of one OS page on this machine.
fn page_bytes() -> u64 {
    bedplate_os::pages::page_size() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_looked_at() {
        let process = Process::open(std::process::id()).unwrap();
        let maps = process.maps().unwrap();
        assert!(maps.iter().any(|mapping| mapping.path == "[stack]"));
        assert!(process.rollup().unwrap().rss_bytes > 0);
        assert!(process.figures().unwrap().threads >= 1);
        assert!(process.rss_bytes().unwrap() > 0);
    }

    #[test]
    fn no_such_process_is_gone() {
        assert!(matches!(
            Process::open(u32::MAX),
            Err(LookError::Gone { .. })
        ));
    }

    #[test]
    fn stack_pointers_are_read_from_blocked_threads_only() {
        assert_eq!(
            stack_pointer("0 0x3 0x7f 0x7ffe01 0x7f02"),
            Some(0x007f_fe01)
        );
        assert_eq!(stack_pointer("running"), None);
    }
}
