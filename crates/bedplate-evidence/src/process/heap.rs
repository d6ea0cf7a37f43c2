//! The allocator's own figures of another process.
//!
//! # Role
//! Finds the allocators in a process by the name of their root page and captures their figures
//! from outside; the process is neither stopped nor called.
//!
//! # Not here
//! The layout of those figures, which `bedplate_malloc::inspect` knows.

use bedplate_malloc::inspect::{self, Capture, CaptureError, Memory, ROOT_MAPPING, ReadFailed};

use super::handle::Process;
use super::maps::Mapping;
use crate::error::LookError;

/// How often a capture that changed under us is tried again.
const ATTEMPTS: u32 = 4;

impl Memory for Process {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), ReadFailed> {
        self.read_memory(address, into)
            .map_err(|_error| ReadFailed { address })
    }
}

/// Whether the mapping is an allocator's root page.
#[must_use]
pub fn is_root_page(mapping: &Mapping) -> bool {
    mapping.path.starts_with(ROOT_MAPPING)
}

/// Addresses of the root pages among `mappings`: one for each allocator in the process.
#[must_use]
pub fn root_pages(mappings: &[Mapping]) -> Vec<u64> {
    mappings
        .iter()
        .filter(|mapping| is_root_page(mapping))
        .map(|mapping| mapping.start)
        .collect()
}

/// Whether mappings without a root page do not tell that the program is without an allocator of
/// ours: its loader has not mapped any library yet, or has mapped ours and not started it; or the
/// process ended while they were read, which cuts the list short of the stack near its end.
#[must_use]
pub fn is_undecided(mappings: &[Mapping]) -> bool {
    let mut modules: Vec<&str> = mappings
        .iter()
        .filter(|mapping| mapping.executable && mapping.path.starts_with('/'))
        .filter_map(|mapping| mapping.path.rsplit('/').next())
        .collect();
    modules.sort_unstable();
    modules.dedup();
    let is_mapped = |start: &str| modules.iter().any(|name| name.starts_with(start));
    let is_whole = mappings.iter().any(|mapping| mapping.path == "[stack]");
    !is_whole
        || modules.is_empty()
        || is_mapped(LIBRARY_START)
        || (is_mapped(LOADER_START) && modules.len() <= 2)
}

/// How the files of the libraries to preload begin.
const LIBRARY_START: &str = "libbedplate_preload";
/// And that of glibc's loader; musl's is its libc too, and loads no library of ours.
const LOADER_START: &str = "ld-linux";

/// Captures every allocator whose root page is in `roots`.
///
/// # Errors
/// - `NotBedplate`: there is none.
/// - `OtherVersion`, `Torn`, `Denied`, `Gone`.
pub fn capture_heaps(process: &Process, roots: &[u64]) -> Result<Vec<Capture>, LookError> {
    if roots.is_empty() {
        return Err(LookError::NotBedplate { pid: process.pid() });
    }
    roots
        .iter()
        .map(|&root| capture_one(process, root))
        .collect()
}

fn capture_one(process: &Process, root: u64) -> Result<Capture, LookError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match inspect::capture(process, root) {
            Ok(capture) => return Ok(capture),
            Err(CaptureError::Torn | CaptureError::Read(_)) if attempt < ATTEMPTS => {}
            Err(error) => return Err(look_error(process, &error)),
        }
    }
}

fn look_error(process: &Process, error: &CaptureError) -> LookError {
    let pid = process.pid();
    match error {
        CaptureError::NotBedplate => LookError::NotBedplate { pid },
        CaptureError::OtherVersion { found } => LookError::OtherVersion { found: *found },
        CaptureError::Read(failed) => refusal(process, *failed),
        _ => LookError::Torn { pid },
    }
}

/// Tells a process that may not be read from one that is gone or changed.
fn refusal(process: &Process, failed: ReadFailed) -> LookError {
    let mut byte = [0_u8; 1];
    match process.read_memory(failed.address, &mut byte) {
        Ok(()) => LookError::Torn { pid: process.pid() },
        Err(error) if error.raw_os_error() == Some(libc::EFAULT) => {
            LookError::Torn { pid: process.pid() }
        }
        Err(error) => LookError::from_io(process.pid(), "memory", error),
    }
}

/// Bytes in live blocks, over all captured allocators.
#[must_use]
pub fn live_bytes(heaps: &[Capture]) -> u64 {
    heaps.iter().map(Capture::live_bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::maps::parse_maps;

    #[test]
    fn only_another_library_or_none_in_a_static_program_shows_that_ours_is_missing() {
        let program = "10000-20000 r-xp 0 fe:00 1 /bin/p\n";
        let loader = "30000-40000 r-xp 0 fe:00 2 /lib64/ld-linux-x86-64.so.2\n";
        let libc = "50000-60000 r-xp 0 fe:00 3 /lib/libc.so.6\n";
        let ours = "70000-80000 r-xp 0 fe:00 4 /c/libbedplate_preload-1.so\n";
        let stack = "90000-a0000 rw-p 0 00:00 0 [stack]\n";
        let is = |parts: &[&str]| is_undecided(&parse_maps(&(parts.concat() + stack)));
        assert!(is(&[]), "executed just now");
        assert!(is_undecided(&parse_maps(&[program, libc].concat())), "cut");
        assert!(is(&[program, loader]));
        assert!(is(&[program, loader, libc, ours]));
        assert!(!is(&[program, loader, libc]));
        assert!(!is(&[program]), "statically linked");
    }
}
