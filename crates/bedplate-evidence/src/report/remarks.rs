//! Sentences about requests that were not served.

use super::model::ProcessReport;
use super::units::counted;

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
