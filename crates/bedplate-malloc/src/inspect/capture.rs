//! What a capture says.

use super::{Counters, Library, ReadFailed};
use core::fmt;

/// Everything read of an allocator at about one time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Capture {
    /// How the allocator came into the process.
    pub library: Library,
    /// Names of the gates built in.
    pub gates: Vec<&'static str>,
    /// Counts of the slow paths.
    pub counters: Counters,
    /// What each range of memory is; sorted, disjoint.
    pub ranges: Vec<Range>,
    /// Size classes that have slabs, smallest first.
    pub classes: Vec<ClassFigures>,
    /// Blocks that are runs of slices.
    pub large: BlockFigures,
    /// Blocks with mappings of their own.
    pub huge: BlockFigures,
    /// Threads that have a heap.
    pub threads: u64,
    /// Heaps of threads that ended, not yet adopted.
    pub parked: u64,
    /// Telemetry figures that are not zero, if gates are built in.
    pub telemetry: Vec<(String, u64)>,
}

impl Capture {
    /// Bytes of all live blocks.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        let classes: u64 = self
            .classes
            .iter()
            .map(|c| c.live * u64::from(c.block_bytes))
            .sum();
        classes + self.large.bytes + self.huge.bytes
    }
}

/// A range of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First address.
    pub start: u64,
    /// Address behind the last.
    pub end: u64,
    /// What it is.
    pub kind: RangeKind,
    /// Live bytes in it; only of [`RangeKind::Blocks`].
    pub live_bytes: u64,
}

/// What a range of memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeKind {
    /// Records, headers, heaps.
    Metadata,
    /// The part of a slab, run or huge block that was handed out at some time.
    Blocks,
    /// Free, and possibly touched: waiting to be reused or given back.
    Retained,
    /// Never touched, or given back.
    Untouched,
}

/// A size class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassFigures {
    /// Size of its blocks.
    pub block_bytes: u32,
    /// Slabs.
    pub slabs: u64,
    /// Blocks that fit in them.
    pub capacity: u64,
    /// Blocks handed out.
    pub live: u64,
}

/// Blocks outside slabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockFigures {
    /// How many.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why there is no capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureError {
    /// There is no root page at the address.
    NotBedplate,
    /// The root page is of another version.
    OtherVersion {
        /// The version found.
        found: u64,
    },
    /// The process changed what was being read. Try again.
    Torn,
    /// Memory could not be read.
    Read(ReadFailed),
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBedplate => f.write_str("no bedplate allocator at this address"),
            Self::OtherVersion { found } => write!(
                f,
                "the process runs version {found} of the allocator's layout, this reader knows version {}; \
                 use the `bedplate` that the process was started with",
                crate::root::ROOT_VERSION
            ),
            Self::Torn => f.write_str("the allocator changed while it was read; try again"),
            Self::Read(failed) => write!(f, "{failed}"),
        }
    }
}

impl core::error::Error for CaptureError {}

impl From<ReadFailed> for CaptureError {
    fn from(failed: ReadFailed) -> Self {
        Self::Read(failed)
    }
}
