//! Figures from outside: reading the heaps of another process.
//!
//! # Role
//! From a way to read memory and the address of a heap's page to the heap's figures. The process is
//! neither stopped nor called.
//!
//! # Not here
//! How memory is read (`process_vm_readv` or else), and where pages are: mappings whose path begins
//! with [`PAGE_MAPPING`].
//!
//! # Concurrency
//! The process goes on meanwhile. Figures are of one moment, when the heap wrote them last: while it works,
//! a tenth of a second ago at most, and longer where it rests.

use crate::figures::{Gauges, Pauses, Stats, Work};
use crate::outside::{
    COUNT, FIGURES, MAGIC, NAME_BYTES, PAGE_MAGIC, PAGE_VERSION, SEQUENCE, Shown, VERSION,
};
use bedplate_os::clock;
use core::fmt;

/// How the path of a heap's page begins in `/proc/PID/maps`.
pub const PAGE_MAPPING: &str = "/memfd:bedplate-heap";
/// So often a page is read whose writer is at it.
const ATTEMPTS: u32 = 100;

/// A way to read a process's memory: fills the slice from the address on, or says that it cannot.
pub type Read<'r> = &'r dyn Fn(u64, &mut [u8]) -> bool;

/// A heap as found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HeapCapture {
    /// Its name, the first 64 bytes; empty where it was given none.
    pub name: String,
    /// When it was made, in nanoseconds of the system's monotonic clock.
    pub began_ns: u64,
    /// When its figures were written, likewise.
    pub taken_ns: u64,
    /// When they were read, likewise.
    pub read_ns: u64,
    /// Its counts.
    pub stats: Stats,
    /// Its gauges.
    pub gauges: Gauges,
    pauses: [Pauses; Work::ALL.len()],
}

impl HeapCapture {
    /// How long the pieces of work for a purpose took.
    #[must_use]
    pub const fn pauses(&self, work: Work) -> &Pauses {
        &self.pauses[work as usize]
    }
}

/// Why a heap could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureError {
    /// No heap is at the address, or none any more.
    Gone,
    /// Its figures are written without a pause.
    Busy,
    /// It is laid out differently.
    OtherVersion {
        /// The version found.
        found: u64,
    },
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the heap has ended"),
            Self::Busy => f.write_str(
                "the heap was writing its figures, or stopped while it did; look again later",
            ),
            Self::OtherVersion { found } => write!(
                f,
                "the heap's figures are laid out differently (version {found:#x}); use the `bedplate` \
                 program of that version"
            ),
        }
    }
}

impl core::error::Error for CaptureError {}

/// Reads the heap whose page is at `page`.
///
/// # Errors
/// - [`CaptureError`]: what was found instead.
pub fn capture(read: Read<'_>, page: u64) -> Result<HeapCapture, CaptureError> {
    let count = Shown::words();
    for _ in 0..ATTEMPTS {
        let words = words(read, page, FIGURES + count)?;
        if words[MAGIC] != PAGE_MAGIC {
            // Not written yet, or not any more.
            return Err(CaptureError::Gone);
        }
        if words[VERSION] != PAGE_VERSION || words[COUNT] != count as u64 {
            return Err(CaptureError::OtherVersion {
                found: words[VERSION],
            });
        }
        let sequence = words[SEQUENCE];
        let after = self::words(read, page, FIGURES)?[SEQUENCE];
        if sequence == after && sequence.is_multiple_of(2) {
            return Ok(heap(&words));
        }
    }
    Err(CaptureError::Busy)
}

fn heap(words: &[u64]) -> HeapCapture {
    let (head, figures) = words.split_at(FIGURES);
    let mut shown = Shown::default();
    let mut next = figures.iter();
    shown.each_word(&mut |word| *word = next.next().copied().unwrap_or(0));
    let name = head.iter().skip(FIGURES - NAME_BYTES / 8);
    let name: Vec<u8> = name
        .flat_map(|word| word.to_ne_bytes())
        .take_while(|byte| *byte != 0)
        .collect();
    HeapCapture {
        name: String::from_utf8_lossy(&name).into_owned(),
        began_ns: shown.began_ns,
        taken_ns: shown.taken_ns,
        read_ns: clock::monotonic_ns(),
        stats: shown.stats,
        gauges: shown.gauges,
        pauses: shown.pauses,
    }
}

fn words(read: Read<'_>, at: u64, count: usize) -> Result<Vec<u64>, CaptureError> {
    let mut bytes = vec![0_u8; count * 8];
    if !read(at, &mut bytes) {
        return Err(CaptureError::Gone);
    }
    let (words, _) = bytes.as_chunks::<8>();
    Ok(words.iter().copied().map(u64::from_ne_bytes).collect())
}
