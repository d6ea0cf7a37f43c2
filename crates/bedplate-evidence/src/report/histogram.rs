//! Size classes gathered into bins that double.
//!
//! # Role
//! Makes the seventy-odd classes of an allocator readable in a dozen lines.

use super::model::HeapReport;
use super::units::{count, whole_bytes};

/// Blocks of similar size.
#[derive(Clone, Debug, PartialEq)]
pub struct Bin {
    /// Sizes in it, as text.
    pub label: String,
    /// Slabs, or 0 for blocks outside the size classes.
    pub slabs: u64,
    /// Live blocks.
    pub live_blocks: u64,
    /// Bytes in live blocks.
    pub live_bytes: u64,
    /// Bytes in free blocks of the slabs.
    pub free_bytes: u64,
}

impl Bin {
    /// The slabs as a table has them; `none` stands for blocks outside the size classes.
    #[must_use]
    pub fn shown_slabs(&self, none: &str) -> String {
        if self.slabs == 0 {
            none.to_owned()
        } else {
            count(self.slabs)
        }
    }
}

/// Bytes of the largest bin, live and free, but not 0: what a bar of full length stands for.
#[must_use]
pub fn full_length(bins: &[Bin]) -> f64 {
    let bytes = bins.iter().map(|bin| bin.live_bytes + bin.free_bytes);
    bytes.max().unwrap_or(0).max(1) as f64
}

/// The bins of one heap, smallest sizes first, those without blocks left out.
#[must_use]
pub fn bins(heap: &HeapReport) -> Vec<Bin> {
    let mut bins = Vec::new();
    let mut low = 0;
    let mut high = 16;
    let largest = heap
        .classes
        .iter()
        .map(|class| class.block_bytes)
        .max()
        .unwrap_or(0);
    while low < largest {
        let within: Vec<_> = heap
            .classes
            .iter()
            .filter(|class| class.block_bytes > low && class.block_bytes <= high)
            .collect();
        if !within.is_empty() {
            bins.push(Bin {
                label: format!("{} - {}", short(low + 1), short(high)),
                slabs: within.iter().map(|class| class.slabs).sum(),
                live_blocks: within.iter().map(|class| class.live).sum(),
                live_bytes: within
                    .iter()
                    .map(|class| class.live * class.block_bytes)
                    .sum(),
                free_bytes: within
                    .iter()
                    .map(|class| class.capacity.saturating_sub(class.live) * class.block_bytes)
                    .sum(),
            });
        }
        low = high;
        high *= 2;
    }
    let own = [("large", &heap.large), ("huge", &heap.huge)];
    bins.extend(
        own.into_iter()
            .filter(|(_, blocks)| blocks.blocks > 0)
            .map(|(name, blocks)| Bin {
                label: name.to_owned(),
                slabs: 0,
                live_blocks: blocks.blocks,
                live_bytes: blocks.bytes,
                free_bytes: 0,
            }),
    );
    bins
}

/// A size of a bin's edge.
fn short(bytes: u64) -> String {
    if bytes >= 1024 && bytes.is_multiple_of(1024) {
        format!("{} KiB", bytes / 1024)
    } else if bytes > 1024 && (bytes - 1).is_multiple_of(1024) {
        format!("{}K+1", (bytes - 1) / 1024)
    } else if bytes < 1024 {
        bytes.to_string()
    } else {
        whole_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::report::model::{BlockReport, ClassReport};

    #[test]
    fn classes_fall_into_doubling_bins() {
        let class = |block_bytes, live| ClassReport {
            block_bytes,
            slabs: 1,
            capacity: 100,
            live,
        };
        let heap = HeapReport {
            library: "production".to_owned(),
            gates: Vec::new(),
            live_bytes: 0,
            classes: vec![class(16, 10), class(32, 20), class(24, 5), class(32768, 1)],
            large: BlockReport {
                blocks: 2,
                bytes: 200_000,
            },
            huge: BlockReport::default(),
            threads: 1,
            parked: 0,
            counters: BTreeMap::new(),
            telemetry: BTreeMap::new(),
        };
        let bins = bins(&heap);
        let labels: Vec<&str> = bins.iter().map(|bin| bin.label.as_str()).collect();
        assert_eq!(labels, ["1 - 16", "17 - 32", "16K+1 - 32 KiB", "large"]);
        assert_eq!(bins[1].live_blocks, 25);
        assert_eq!(bins[1].live_bytes, 20 * 32 + 5 * 24);
        assert_eq!(bins[1].free_bytes, 80 * 32 + 95 * 24);
    }
}
