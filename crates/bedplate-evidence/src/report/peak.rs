//! The one figure of a peak.
//!
//! # Role
//! A resident set's peak is told by four sources: the high-water mark that a process reads at its
//! exit, samples, the totals of measurements, and what the kernel says when it is waited for. Each
//! is a lower bound; the largest is the peak, and the report shows no other.

use super::model::{ChildGroup, ProcessReport};
use super::units::whole_bytes;

/// Up to this many times what starting a process takes, the kernel's figure may be that alone.
const FLOOR_NEAR: f64 = 1.5;
/// Parts measured below this share of the peak are said to be those of a lower moment.
const PEAK_SHARE: f64 = 0.99;

/// The run's peak, which becomes that of its process where no other can have had it.
///
/// `waited_bytes` is the kernel's figure for the program and what it waited for; up to about
/// `floor_bytes` it may be that of the process we forked, before it was the program.
pub(crate) fn settle(
    processes: &mut [ProcessReport],
    children: &[ChildGroup],
    waited_bytes: u64,
    floor_bytes: u64,
) -> u64 {
    let of_processes = processes.iter().map(|process| process.peak_rss_bytes);
    let of_children = children.iter().map(|group| group.peak_rss_bytes);
    let seen = of_processes.chain(of_children).max().unwrap_or(0);
    if seen > 0 && waited_bytes as f64 <= FLOOR_NEAR * floor_bytes as f64 {
        return seen;
    }
    let peak = seen.max(waited_bytes);
    if let [main, ..] = processes
        && children.is_empty()
    {
        main.peak_rss_bytes = peak;
    }
    peak
}

impl ProcessReport {
    /// Says so if the parts were measured below the peak.
    #[must_use]
    pub fn missed_peak(&self) -> Option<String> {
        let measured = self.at_peak.as_ref()?.rss_bytes;
        ((measured as f64) < PEAK_SHARE * self.peak_rss_bytes as f64).then(|| {
            format!(
                "these parts were measured at {}; the peak of {} was between two looks",
                whole_bytes(measured),
                whole_bytes(self.peak_rss_bytes)
            )
        })
    }
}

/// Whose the run's peak may be, if clearly not that of the program's own process.
#[must_use]
pub(crate) fn owner(processes: &[ProcessReport], peak_rss_bytes: u64) -> &'static str {
    let own = processes.first().map_or(0, |main| main.peak_rss_bytes);
    if (own as f64) < PEAK_SHARE * peak_rss_bytes as f64 {
        " (of a process it waited for)"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(peak_rss_bytes: u64) -> ProcessReport {
        ProcessReport {
            pid: 1,
            name: String::new(),
            peak_rss_bytes,
            threads_max: 1,
            timeline: Vec::new(),
            object_timeline: Vec::new(),
            object_heaps: Vec::new(),
            at_peak: None,
            at_end: None,
            end_is_exact: false,
        }
    }

    #[test]
    fn the_largest_source_is_the_peak() {
        let mut alone = [process(90)];
        assert_eq!(settle(&mut alone, &[], 100, 10), 100);
        assert_eq!(alone[0].peak_rss_bytes, 100);
        assert_eq!(settle(&mut alone, &[], 80, 10), 100);
        let mut parent = [process(90)];
        let child = ChildGroup {
            name: String::new(),
            count: 1,
            forked_only: 0,
            left_normally: 1,
            peak_rss_bytes: 200,
        };
        assert_eq!(settle(&mut parent, &[child], 150, 10), 200);
        assert_eq!(parent[0].peak_rss_bytes, 90, "it may be the child's");
        assert_eq!(owner(&parent, 200), " (of a process it waited for)");
        assert_eq!(owner(&parent, 90), "");
        assert_eq!(settle(&mut parent, &[], 110, 100), 90, "of starting it");
    }
}
