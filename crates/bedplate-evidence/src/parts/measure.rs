//! Measuring the parts of a resident set.
//!
//! # Role
//! Puts together the kernel's map, the kernel's page presence and the allocator's ranges, and
//! compares the sum with the kernel's own total.
//!
//! # Not here
//! What the figures look like in a report (`crate::report`).
//!
//! # Invariants
//! I1. No part is computed as a difference: each is a count of resident pages that were found
//!     where the part lies. What is left of the kernel's total is `unexplained`.
//! I2. The total comes from another source (`smaps_rollup`) than the parts (page map).

use core::time::Duration;
use std::time::Instant;

use bedplate_malloc::inspect::{Capture, Range, RangeKind};

use super::classify::{Known, Purpose, classify};
use super::kinds::{PartKind, PartSizes};
use super::modules::Modules;
use crate::error::LookError;
use crate::process::heap::{capture_heaps, root_pages};
use crate::process::residency::{Run, resident_runs};
use crate::process::{Mapping, Process, Rollup};

/// Largest share by which the resident set may have moved during a measurement before it is
/// repeated.
const MOVED_SHARE_MAX: f64 = 0.01;

/// A resident set and its parts, at one moment.
#[derive(Debug)]
pub struct Measured {
    /// The kernel's total.
    pub rss_bytes: u64,
    /// The parts found.
    pub parts: PartSizes,
    /// The total less the parts; negative when the process shrank meanwhile.
    pub unexplained_bytes: i64,
    /// Share of the total by which it moved during the measurement.
    pub moved_share: f64,
    /// Measurements made.
    pub attempts: u32,
    /// What else the kernel's walk found.
    pub rollup: Rollup,
    /// The allocators' figures; empty if there are none.
    pub heaps: Vec<Capture>,
    /// Files of modules whose headers could not be read: a mapping behind their data counts to it.
    pub unread_modules: Vec<String>,
    /// How long the taken measurement lasted.
    pub lasted: Duration,
}

impl Measured {
    /// The unexplained share of the total.
    #[must_use]
    pub fn unexplained_share(&self) -> f64 {
        if self.rss_bytes == 0 {
            return 0.0;
        }
        self.unexplained_bytes as f64 / self.rss_bytes as f64
    }
}

/// Measures the parts of `process`, up to `attempts` times while it moves; the steadiest is taken.
///
/// A process without an allocator of ours is measured all the same, without the malloc parts.
///
/// # Errors
/// `Gone`, `Denied`, `OtherVersion`, `Torn` or `Read`.
pub fn measure(process: &Process, attempts: u32) -> Result<Measured, LookError> {
    let mut best: Option<Measured> = None;
    for attempt in 1..=attempts {
        let mut measured = match measure_once(process) {
            Ok(measured) => measured,
            Err(error @ (LookError::Torn { .. } | LookError::Read { .. })) => {
                if attempt < attempts {
                    continue;
                }
                match best {
                    Some(best) => return Ok(best),
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        measured.attempts = attempt;
        if measured.moved_share <= MOVED_SHARE_MAX {
            return Ok(measured);
        }
        let steadier = best
            .as_ref()
            .is_none_or(|best| measured.moved_share < best.moved_share);
        if steadier {
            best = Some(measured);
        }
    }
    best.ok_or(LookError::Torn { pid: process.pid() })
}

/// One measurement: the kernel's total, then the parts.
fn measure_once(process: &Process) -> Result<Measured, LookError> {
    let started = Instant::now();
    // One walk over all page tables for the total; by how much it moved meanwhile, the kernel's
    // running count tells at a small part of that cost.
    let before = process.rss_bytes()?;
    let mut rollup = process.rollup()?;
    let between = process.rss_bytes()?;
    let mappings = process.maps()?;
    let roots = root_pages(&mappings);
    let heaps = if roots.is_empty() {
        Vec::new()
    } else {
        capture_heaps(process, &roots)?
    };
    let runs = resident_runs(process, &mappings)?;
    let after = process.rss_bytes()?;
    let modules = Modules::find(process, &mappings, process.page_bytes());
    let mappings = modules.cut(mappings);
    let known = Known {
        stack_pointers: &process.stack_pointers(),
        modules: &modules,
    };
    let purposes = classify(&mappings, &known);
    let mut ranges: Vec<Range> = heaps
        .iter()
        .flat_map(|heap| heap.ranges.iter().cloned())
        .collect();
    ranges.sort_by_key(|range| range.start);
    let parts = divide(&mappings, &purposes, &ranges, &runs);
    // The walk was made between the first two counts and the parts counted between the last two.
    // The middles of both are their moments if the process moved evenly; it is the total of the
    // second moment that the parts are compared with.
    let moment = signed(between.midpoint(after)) - signed(before.midpoint(between));
    rollup.rss_bytes = rollup.rss_bytes.saturating_add_signed(moment);
    let rss_bytes = rollup.rss_bytes;
    let moved = before.abs_diff(between).max(between.abs_diff(after));
    Ok(Measured {
        rss_bytes,
        unexplained_bytes: signed(rss_bytes) - signed(parts.total()),
        parts,
        moved_share: moved as f64 / rss_bytes.max(1) as f64,
        attempts: 1,
        rollup,
        heaps,
        unread_modules: modules.unread,
        lasted: started.elapsed(),
    })
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Counts every resident byte to its part. All inputs are sorted by address.
pub(crate) fn divide(
    mappings: &[Mapping],
    purposes: &[Purpose],
    ranges: &[Range],
    runs: &[Run],
) -> PartSizes {
    let mut sizes = PartSizes::default();
    let mut resident_of_range = vec![0_u64; ranges.len()];
    let (mut at_mapping, mut at_range) = (0, 0);
    for run in runs {
        let mut from = run.start;
        while from < run.end {
            while at_mapping < mappings.len() && mappings[at_mapping].end <= from {
                at_mapping += 1;
            }
            while at_range < ranges.len() && ranges[at_range].end <= from {
                at_range += 1;
            }
            let (Some(mapping), Some(purpose)) =
                (mappings.get(at_mapping), purposes.get(at_mapping))
            else {
                break;
            };
            let mut to = run.end.min(mapping.end);
            let range = ranges.get(at_range).filter(|range| range.start < to);
            match range {
                Some(range) if range.start <= from => {
                    to = to.min(range.end);
                    resident_of_range[at_range] += to - from;
                }
                _ => {
                    to = range.map_or(to, |range| range.start);
                    let kind = if run.of_file {
                        purpose.file
                    } else {
                        purpose.anonymous
                    };
                    if let Some(kind) = kind {
                        sizes.add(kind, to - from);
                    }
                }
            }
            from = to;
        }
    }
    for (range, &resident) in ranges.iter().zip(&resident_of_range) {
        add_range(&mut sizes, range, resident);
    }
    sizes
}

/// Counts the resident bytes of one of the allocator's ranges.
fn add_range(sizes: &mut PartSizes, range: &Range, resident: u64) {
    match range.kind {
        RangeKind::Metadata => sizes.add(PartKind::MallocMetadata, resident),
        RangeKind::Retained => sizes.add(PartKind::MallocRetained, resident),
        RangeKind::Untouched => sizes.add(PartKind::MallocUntouched, resident),
        RangeKind::Blocks => {
            // A live block need not be touched: what is live of the range is at most what is
            // resident of it.
            let live = range.live_bytes.min(resident);
            sizes.add(PartKind::MallocLive, live);
            sizes.add(PartKind::MallocFree, resident - live);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::maps::parse_maps;

    fn run(start: u64, end: u64) -> Run {
        Run {
            start,
            end,
            of_file: false,
        }
    }

    #[test]
    fn a_segment_merged_with_another_mapping_is_cut_out_of_it() {
        let mappings = parse_maps("10000-40000 rw-p 0 00:00 0 \n");
        let known = Known {
            stack_pointers: &[],
            modules: &Modules::default(),
        };
        let purposes = classify(&mappings, &known);
        let ranges = [
            Range {
                start: 0x20000,
                end: 0x21000,
                kind: RangeKind::Metadata,
                live_bytes: 0,
            },
            Range {
                start: 0x21000,
                end: 0x24000,
                kind: RangeKind::Blocks,
                live_bytes: 0x1800,
            },
            Range {
                start: 0x24000,
                end: 0x30000,
                kind: RangeKind::Untouched,
                live_bytes: 0,
            },
        ];
        let runs = [
            run(0x10000, 0x12000),
            run(0x1f000, 0x24000),
            run(0x3f000, 0x40000),
        ];
        let sizes = divide(&mappings, &purposes, &ranges, &runs);
        assert_eq!(sizes.of(PartKind::Anonymous), 0x2000 + 0x1000 + 0x1000);
        assert_eq!(sizes.of(PartKind::MallocMetadata), 0x1000);
        assert_eq!(sizes.of(PartKind::MallocLive), 0x1800);
        assert_eq!(sizes.of(PartKind::MallocFree), 0x1800);
        assert_eq!(sizes.of(PartKind::MallocUntouched), 0);
        assert_eq!(sizes.total(), 0x8000);
    }

    #[test]
    fn untouched_live_blocks_are_not_resident() {
        let mappings = parse_maps("10000-40000 rw-p 0 00:00 0 \n");
        let known = Known {
            stack_pointers: &[],
            modules: &Modules::default(),
        };
        let purposes = classify(&mappings, &known);
        let ranges = [Range {
            start: 0x10000,
            end: 0x40000,
            kind: RangeKind::Blocks,
            live_bytes: 0x30000,
        }];
        let sizes = divide(&mappings, &purposes, &ranges, &[run(0x10000, 0x11000)]);
        assert_eq!(sizes.of(PartKind::MallocLive), 0x1000);
        assert_eq!(sizes.of(PartKind::MallocFree), 0);
    }

    #[test]
    fn the_parts_of_this_process_explain_its_resident_set() {
        let measured = measure(&Process::open(std::process::id()).unwrap(), 3).unwrap();
        assert!(
            measured.unexplained_share().abs() <= 0.02,
            "unexplained {} of {}",
            measured.unexplained_bytes,
            measured.rss_bytes
        );
    }
}
