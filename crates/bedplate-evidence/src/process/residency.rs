//! Which pages of a process are in memory.
//!
//! # Role
//! Lists the resident runs of a range of addresses, by the kernel's `PAGEMAP_SCAN` where it exists
//! (Linux 6.7 on) and else by reading `/proc/PID/pagemap` entry by entry.
//!
//! # Not here
//! What the pages are for (`crate::parts`).
//!
//! # Invariants
//! I1. Runs come in order of address and do not overlap.
//! I2. The kernel's shared page of zeros is left out where the kernel can tell it (by the scan):
//!     it is mapped but is not part of the resident set.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::calls::{self, PAGE_IS_FILE, PAGE_IS_PFNZERO, PageRegion};
use super::handle::Process;
use super::maps::Mapping;
use crate::error::LookError;

/// A run of resident pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// The pages belong to a file or to shared memory; else they are anonymous.
    pub of_file: bool,
}

/// Regions asked for in one call.
const REGIONS: usize = 1024;
/// Page-map entries read at once where there is no scan.
const ENTRIES: usize = 8192;
/// Page is in memory (pagemap entry).
const ENTRY_PRESENT: u64 = 1 << 63;
/// Page is of a file or shared memory (pagemap entry).
const ENTRY_FILE: u64 = 1 << 61;

/// Resident runs of all `mappings` (sorted by address).
///
/// # Errors
/// `Gone`, `Denied` or `Read`.
pub fn resident_runs(process: &Process, mappings: &[Mapping]) -> Result<Vec<Run>, LookError> {
    let pagemap = process.pagemap()?;
    let mut runs = Vec::new();
    let mut by_scan = true;
    for mapping in mappings {
        // The kernel's own page lies outside the addresses a page map speaks of.
        if mapping.path == "[vsyscall]" {
            continue;
        }
        if by_scan {
            match scan(&pagemap, mapping.start, mapping.end, &mut runs) {
                Ok(()) => continue,
                Err(error) if is_unsupported(&error) => by_scan = false,
                Err(error) => return Err(LookError::from_io(process.pid(), "pagemap", error)),
            }
        }
        // Entry by entry a reservation of terabytes would take minutes, and holds no page.
        if !mapping.is_inaccessible() {
            read_entries(&pagemap, mapping, process.page_bytes(), &mut runs)
                .map_err(|error| LookError::from_io(process.pid(), "pagemap", error))?;
        }
    }
    Ok(runs)
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENOTTY | libc::EINVAL | libc::ENOSYS)
    )
}

fn scan(pagemap: &File, start: u64, end: u64, runs: &mut Vec<Run>) -> io::Result<()> {
    let mut regions = vec![PageRegion::default(); REGIONS];
    let mut from = start;
    while from < end {
        let (count, looked_to) = calls::scan_pages(pagemap, from, end, &mut regions)?;
        let filled = &regions[..count.min(REGIONS)];
        for region in filled {
            if region.categories & PAGE_IS_PFNZERO == 0 {
                push(
                    runs,
                    region.start,
                    region.end,
                    region.categories & PAGE_IS_FILE != 0,
                );
            }
        }
        // Only a full list ends a scan early. Where the kernel says it stopped is no sign of that:
        // having emptied its own buffer of 512 regions on the way, it leaves that place standing
        // though it went on to the end, and a second scan from there would count pages twice.
        let Some(last) = filled.last().filter(|_last| count >= REGIONS) else {
            break;
        };
        from = looked_to.max(last.end);
    }
    Ok(())
}

fn read_entries(
    pagemap: &File,
    mapping: &Mapping,
    page_bytes: u64,
    runs: &mut Vec<Run>,
) -> io::Result<()> {
    let mut buffer = vec![0_u8; ENTRIES * 8];
    let mut address = mapping.start;
    while address < mapping.end {
        let wanted = usize::try_from((mapping.end - address) / page_bytes).unwrap_or(ENTRIES);
        let bytes = wanted.min(ENTRIES) * 8;
        let got = pagemap.read_at(&mut buffer[..bytes], address / page_bytes * 8)?;
        if got < 8 {
            break;
        }
        for entry in buffer[..got].as_chunks::<8>().0 {
            let entry = u64::from_le_bytes(*entry);
            if entry & ENTRY_PRESENT != 0 {
                push(runs, address, address + page_bytes, entry & ENTRY_FILE != 0);
            }
            address += page_bytes;
        }
    }
    Ok(())
}

/// Appends a run, joined to the one before where they touch and are alike.
fn push(runs: &mut Vec<Run>, start: u64, end: u64, of_file: bool) {
    match runs.last_mut() {
        Some(last) if last.end == start && last.of_file == of_file => last.end = end,
        _ => runs.push(Run {
            start,
            end,
            of_file,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(runs: &[Run]) -> u64 {
        runs.iter().map(|run| run.end - run.start).sum()
    }

    #[test]
    fn both_ways_find_the_pages_that_were_touched() {
        let mut memory = vec![0_u8; 1 << 20];
        for byte in memory.iter_mut().step_by(4096) {
            *byte = 1;
        }
        let process = Process::open(std::process::id()).unwrap();
        let start = memory.as_ptr().addr() as u64;
        let page = process.page_bytes();
        let mapping = Mapping {
            start: start.next_multiple_of(page),
            end: (start + (1 << 20)) / page * page,
            readable: true,
            writable: true,
            executable: false,
            shared: false,
            offset: 0,
            path: String::new(),
        };
        let pagemap = process.pagemap().unwrap();
        let mut by_entry = Vec::new();
        read_entries(&pagemap, &mapping, page, &mut by_entry).unwrap();
        assert_eq!(bytes(&by_entry), mapping.bytes());
        let runs = resident_runs(&process, core::slice::from_ref(&mapping)).unwrap();
        assert_eq!(bytes(&runs), mapping.bytes());
    }

    #[test]
    fn pages_with_gaps_between_them_are_counted_once() {
        let process = Process::open(std::process::id()).unwrap();
        let page = usize::try_from(process.page_bytes()).unwrap();
        // More runs than the kernel gathers at once, fewer and more than one call returns.
        for count in [700, 1024, 3000] {
            let mut memory = vec![0_u8; (2 * count + 2) * page];
            let first = memory.as_ptr().align_offset(page);
            for byte in memory[first..].iter_mut().step_by(2 * page).take(count) {
                *byte = 1;
            }
            let start = memory[first..].as_ptr().addr() as u64;
            let end = start + (2 * count * page) as u64;
            let mut runs = Vec::new();
            match scan(&process.pagemap().unwrap(), start, end, &mut runs) {
                Err(error) if is_unsupported(&error) => return,
                result => result.unwrap(),
            }
            assert!(runs.is_sorted_by(|one, next| one.end <= next.start));
            // Where huge pages are always on, the gaps are filled.
            let least = (count * page) as u64;
            assert!((least..=end - start).contains(&bytes(&runs)), "{count}");
        }
    }

    #[test]
    fn touching_runs_of_one_kind_are_one() {
        let mut runs = Vec::new();
        push(&mut runs, 0, 4096, false);
        push(&mut runs, 4096, 8192, false);
        push(&mut runs, 8192, 12288, true);
        assert_eq!(runs.len(), 2);
    }
}
