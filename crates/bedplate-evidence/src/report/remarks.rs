//! Sentences about what one process met.
//!
//! # Role
//! Requests that were not served, and modules whose data could not be told from what lies behind.

use super::model::{Measurement, ProcessReport};
use super::units::counted;

/// Modules named in one sentence.
const MODULES_NAMED: usize = 3;

/// What a reader should know of modules whose headers could not be read in `process`.
pub(crate) fn unread_modules(process: &ProcessReport) -> Option<String> {
    let measurements = [&process.at_peak, &process.at_end];
    let unread = measurements
        .into_iter()
        .flatten()
        .find(|measurement| !measurement.unread_modules.is_empty())?;
    unread.note_on_modules(&process.name)
}

impl Measurement {
    /// What a reader should know of modules whose headers could not be read in process `name`.
    pub(crate) fn note_on_modules(&self, name: &str) -> Option<String> {
        let named = self.unread_modules.get(..MODULES_NAMED);
        let mut modules = named.unwrap_or(&self.unread_modules).join(", ");
        let unnamed = self.unread_modules.len().saturating_sub(MODULES_NAMED);
        if unnamed > 0 {
            modules.push_str(&format!(" and {unnamed} more"));
        }
        (!modules.is_empty()).then(|| {
            format!(
                "the headers of {modules} cannot be read in {name}: the nameless memory right \
                 behind their data counts as their data, though some may be the program's own"
            )
        })
    }
}

/// What a reader should know of requests that the allocator refused in `process`.
pub(crate) fn refusals(process: &ProcessReport) -> Vec<String> {
    let last = process.at_end.as_ref().or(process.at_peak.as_ref());
    let sum = |name: &str| -> u64 {
        let heaps = last.into_iter().flat_map(|last| &last.heaps);
        heaps.filter_map(|heap| heap.counters.get(name)).sum()
    };
    let (capped, failed, maps) = (sum("capped"), sum("failed_requests"), sum("failed_maps"));
    let name = &process.name;
    let mut remarks = Vec::new();
    if failed > 0 {
        let times = counted(failed, "request", "requests");
        let why = match (capped > 0, maps > 0) {
            (true, false) => "because of the cap (BEDPLATE_MALLOC_CAP)",
            (false, true) => {
                "because the kernel refused memory (`bedplate probe` shows the limits)"
            }
            (true, true) => {
                "because of the cap (BEDPLATE_MALLOC_CAP), or because the kernel refused memory \
                 (`bedplate probe` shows the limits)"
            }
            (false, false) => "because they were larger than any memory",
        };
        remarks.push(format!("{times} for memory failed in {name} {why}"));
    } else if capped > 0 {
        remarks.push(format!(
            "{name} reached its cap (BEDPLATE_MALLOC_CAP) {}, and memory that was freed served it",
            counted(capped, "time", "times")
        ));
    } else if maps > 0 {
        remarks.push(format!(
            "the kernel refused memory to {name} {}, and memory it already had served it",
            counted(maps, "time", "times")
        ));
    }
    remarks
}
