//! From measurements to the report's model.

use alloc::collections::BTreeMap;

use bedplate_malloc::inspect::{BlockFigures, Capture, Counters, Library};

use super::model::{BlockReport, ClassReport, HeapReport, Measurement, Part, RatioReport};
use crate::ab::signed_rank::Estimate;
use crate::parts::{Measured, PartKind};

/// The report's word for a library.
pub(super) fn library_name(library: Library) -> &'static str {
    match library {
        Library::Preload => "production",
        Library::Observed => "observed",
        Library::Hardened => "hardened",
        Library::Linked => "linked",
    }
}

impl Measurement {
    /// The measurement as the report has it; `ms` is the time since the start of the run.
    #[must_use]
    pub fn of(measured: &Measured, ms: f64) -> Self {
        let total = measured.rss_bytes.max(1) as f64;
        let parts = PartKind::ALL
            .into_iter()
            .map(|kind| {
                let bytes = measured.parts.of(kind);
                Part {
                    kind,
                    label: kind.label().to_owned(),
                    bytes,
                    percent: 100.0 * bytes as f64 / total,
                }
            })
            .filter(|part| part.bytes > 0)
            .collect();
        Self {
            ms,
            rss_bytes: measured.rss_bytes,
            parts,
            unexplained_bytes: measured.unexplained_bytes,
            unexplained_percent: 100.0 * measured.unexplained_share(),
            moved_percent: 100.0 * measured.moved_share,
            attempts: measured.attempts,
            huge_page_bytes: measured.rollup.anonymous_huge_bytes,
            swap_bytes: measured.rollup.swap_bytes,
            heaps: measured.heaps.iter().map(HeapReport::of).collect(),
            unread_modules: measured.unread_modules.clone(),
        }
    }
}

impl HeapReport {
    /// One allocator's figures as the report has them.
    #[must_use]
    pub fn of(heap: &Capture) -> Self {
        Self {
            library: library_name(heap.library).to_owned(),
            gates: heap.gates.iter().map(|&gate| gate.to_owned()).collect(),
            live_bytes: heap.live_bytes(),
            classes: heap
                .classes
                .iter()
                .filter(|class| class.slabs > 0)
                .map(|class| ClassReport {
                    block_bytes: u64::from(class.block_bytes),
                    slabs: class.slabs,
                    capacity: class.capacity,
                    live: class.live,
                })
                .collect(),
            large: blocks(&heap.large),
            huge: blocks(&heap.huge),
            threads: heap.threads,
            parked: heap.parked,
            counters: counters(heap),
            telemetry: heap.telemetry.iter().cloned().collect(),
        }
    }
}

fn blocks(figures: &BlockFigures) -> BlockReport {
    BlockReport {
        blocks: figures.blocks,
        bytes: figures.bytes,
    }
}

fn counters(heap: &Capture) -> BTreeMap<String, u64> {
    let names = Counters::NAMES.iter().map(|&name| name.to_owned());
    names.zip(heap.counters.words()).collect()
}

impl From<Estimate> for RatioReport {
    fn from(estimate: Estimate) -> Self {
        Self {
            ratio: estimate.ratio,
            low: estimate.low,
            high: estimate.high,
        }
    }
}
