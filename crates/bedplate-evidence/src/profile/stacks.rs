//! Estimates by stack.
//!
//! # Role
//! From snapshots to named stacks with what they allocated and hold, as estimates of all blocks,
//! not of the sampled ones.
//!
//! # Invariants
//! - I1: the allocator's own frames are cut off: a stack begins with who called it.
//! - I2: sites of a process are only ever added, so a site has the same index in two snapshots.

use alloc::collections::BTreeMap;

use bedplate_malloc::inspect::ProfileSite;

pub use super::symbols::Frame;
use super::{Snapshot, symbols::Symbols};
use crate::process::Mapping;

/// Blocks, as estimates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Blocks {
    /// Allocated until the end.
    pub allocated: f64,
    /// Live at the end.
    pub live: f64,
    /// Live at the moment taken for the peak.
    pub peak: f64,
}

/// One stack and one block size.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Indices of [`Profile::locations`], innermost first.
    pub locations: Vec<usize>,
    /// Bytes of each block.
    pub block_bytes: u64,
    /// How many blocks.
    pub blocks: Blocks,
}

/// A return address with its functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The address.
    pub address: u64,
    /// Index of [`Profile::code`].
    pub mapping: Option<usize>,
    /// Functions, those inlined into the others first; never none.
    pub frames: Vec<Frame>,
}

/// A heap profile with names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Bytes for each sample on the average.
    pub rate_bytes: u64,
    /// Samples behind the estimates.
    pub samples: u64,
    /// Samples that the allocator could not note.
    pub dropped: u64,
    /// Return addresses.
    pub locations: Vec<Location>,
    /// Mappings that hold code.
    pub code: Vec<Mapping>,
    /// Stacks.
    pub stacks: Vec<Stack>,
}

impl Profile {
    /// Names and weighs the samples of a process: as they were at its end, and at its peak where
    /// that was looked at.
    #[must_use]
    pub fn new(end: &Snapshot, peak: Option<&Snapshot>) -> Self {
        let mut names = Names {
            symbols: Symbols::new(&end.code),
            known: BTreeMap::new(),
            locations: Vec::new(),
        };
        let mut stacks = Vec::new();
        for (index, site) in end.heap.sites.iter().enumerate() {
            let weight = end.heap.weight(site.block_bytes);
            let at_peak = peak
                .and_then(|peak| peak.heap.sites.get(index))
                .filter(|then| then.frames == site.frames && then.block_bytes == site.block_bytes);
            let blocks = Blocks {
                allocated: weight * site.allocated as f64,
                live: weight * live(site),
                peak: weight * at_peak.map_or(0.0, live),
            };
            stacks.push(Stack {
                locations: names.stack(site),
                block_bytes: site.block_bytes,
                blocks,
            });
        }
        Self {
            rate_bytes: end.heap.rate_bytes,
            samples: end.samples(),
            dropped: end.heap.dropped,
            locations: names.locations,
            code: end.code.clone(),
            stacks,
        }
    }

    /// The frames of a stack, innermost first.
    #[must_use]
    pub fn frames<'all>(
        &'all self,
        stack: &'all Stack,
    ) -> impl DoubleEndedIterator<Item = &'all Frame> {
        stack
            .locations
            .iter()
            .filter_map(|index| self.locations.get(*index))
            .flat_map(|location| &location.frames)
    }
}

impl Stack {
    /// Bytes of a number of its blocks.
    #[must_use]
    pub fn bytes(&self, blocks: f64) -> f64 {
        blocks * self.block_bytes as f64
    }
}

fn live(site: &ProfileSite) -> f64 {
    site.allocated.saturating_sub(site.freed) as f64
}

struct Names<'maps> {
    symbols: Symbols<'maps>,
    known: BTreeMap<u64, usize>,
    locations: Vec<Location>,
}

impl Names<'_> {
    /// The locations of a site, without the allocator's own (I1).
    fn stack(&mut self, site: &ProfileSite) -> Vec<usize> {
        let all: Vec<usize> = site.frames.iter().map(|a| self.location(*a)).collect();
        let own = all
            .iter()
            .rposition(|index| self.is_own(*index))
            .map_or(0, |last| last + 1);
        let outside: Vec<usize> = all.get(own..).unwrap_or(&[]).to_vec();
        if outside.is_empty() { all } else { outside }
    }

    fn location(&mut self, address: u64) -> usize {
        if let Some(known) = self.known.get(&address) {
            return *known;
        }
        let index = self.locations.len();
        self.locations.push(Location {
            address,
            mapping: self.symbols.mapping(address.saturating_sub(1)),
            frames: self.symbols.frames(address),
        });
        self.known.insert(address, index);
        index
    }

    /// Whether a location is the allocator's, or the way into it that Rust programs have.
    fn is_own(&self, index: usize) -> bool {
        self.locations.get(index).is_some_and(|location| {
            // What is inlined into the program's own function is no reason to cut that.
            location
                .frames
                .last()
                .is_some_and(|frame| is_allocator(&frame.function))
        })
    }
}

/// Names of functions that stand between a program and its blocks.
fn is_allocator(function: &str) -> bool {
    const STARTS: &[&str] = &[
        "bedplate_malloc::",
        "<bedplate_malloc::",
        "bedplate_preload",
        "bedplate_os::",
        "_Unwind_Backtrace",
        "libbedplate_preload",
        "__rust_alloc",
        "__rust_realloc",
        "__rustc::__rust_",
        "__rdl_",
        "__rg_",
        "alloc::alloc::",
        "<alloc::alloc::Global",
    ];
    const NAMES: &[&str] = &[
        "malloc",
        "calloc",
        "realloc",
        "reallocarray",
        "memalign",
        "aligned_alloc",
        "posix_memalign",
        "valloc",
        "pvalloc",
    ];
    NAMES.contains(&function)
        || STARTS.iter().any(|start| function.starts_with(start))
        || function.starts_with("operator new")
}

#[cfg(test)]
mod tests {
    use super::is_allocator;

    #[test]
    fn the_allocator_is_told_from_the_program() {
        for own in [
            "malloc",
            "bedplate_malloc::profile::stack::Stack::capture",
            "operator new(unsigned long)",
            "alloc::alloc::exchange_malloc",
            "libbedplate_preload.so+0x12",
        ] {
            assert!(is_allocator(own), "{own}");
        }
        for other in ["main", "malloc_hook", "zmalloc", "my::alloc::thing"] {
            assert!(!is_allocator(other), "{other}");
        }
    }
}
