//! The report of a run, as data.
//!
//! # Role
//! What `--json` writes and what the text and HTML faces show. Fields are only ever added; a change
//! of meaning raises [`REPORT_VERSION`]. docs/run-report.md describes every field.
//!
//! # Not here
//! Gathering the figures (`crate::run`) and their looks (`text.rs`, `html.rs`).

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::object_heaps::{ObjectHeapReport, ObjectPoint};
use crate::parts::PartKind;
use crate::profile::sites::ProfileReport;
use crate::run::program::ProgramFacts;

/// Version of the report's layout.
pub const REPORT_VERSION: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// Layout of this document.
    pub version: u32,
    /// Version of the program that wrote it.
    pub bedplate: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Whether the program ran on our allocator.
    pub active: bool,
    /// Why it did not.
    pub inactive_because: Option<String>,
    /// `production`, `observed`, `hardened` or `linked`.
    pub library: String,
    /// Telemetry gates built into that library.
    pub gates: Vec<String>,
    /// Exit code of the program; absent if a signal ended it.
    pub program_exit: Option<i32>,
    /// Signal that ended it.
    pub program_signal: Option<i32>,
    /// Facts read from the program file.
    pub program: ProgramFacts,
    /// Seconds from start to end.
    pub wall_s: f64,
    /// CPU seconds in user mode, with the descendants waited for.
    pub user_s: f64,
    /// CPU seconds in the kernel, with the descendants waited for.
    pub system_s: f64,
    /// Largest resident set of any one process, by the kernel's high-water mark.
    pub peak_rss_bytes: u64,
    /// Page faults and switches, with the descendants waited for.
    pub faults: Faults,
    /// Stalls of the whole machine while it ran.
    pub pressure: Pressure,
    /// The program's own process first, then the largest of its descendants on our allocator.
    pub processes: Vec<ProcessReport>,
    /// All descendants on our allocator, by name.
    pub children: Vec<ChildGroup>,
    /// The call sites that hold most, where allocations were sampled.
    #[serde(default)]
    pub profile: Option<ProfileReport>,
    /// Comparison with other allocators.
    pub versus: Option<Versus>,
    /// Sentences a reader should know.
    pub notes: Vec<String>,
    /// What the sampling itself used: CPU seconds of this program.
    pub observer_cpu_s: f64,
}

/// A descendant is shown in full if its peak is at least this share of the largest one's.
const SHOWN_SHARE: f64 = 0.25;

impl RunReport {
    /// The processes worth a section of their own: the program's, and descendants of its size.
    pub fn shown_processes(&self) -> impl Iterator<Item = &ProcessReport> {
        let peaks = self.processes.iter().map(|process| process.peak_rss_bytes);
        let least = SHOWN_SHARE * peaks.max().unwrap_or(0) as f64;
        let (own, descendants) = self.processes.split_at(self.processes.len().min(1));
        own.iter().chain(descendants.iter().filter(move |process| {
            process.at_peak.is_some() && process.peak_rss_bytes as f64 >= least
        }))
    }
}

impl RunReport {
    /// What the program ran on, as the report's first line says it.
    #[must_use]
    pub fn library_phrase(&self) -> String {
        let linked = if self.links_the_allocator() {
            " and bedplate linked into the program"
        } else {
            ""
        };
        format!("{} library{linked}", self.library)
    }

    /// Whether the program brought an allocator of ours, linked into it, beside the preloaded one.
    #[must_use]
    pub fn links_the_allocator(&self) -> bool {
        let main = self.processes.first();
        main.into_iter()
            .flat_map(|main| [&main.at_peak, &main.at_end])
            .flatten()
            .flat_map(|measurement| &measurement.heaps)
            .any(|heap| heap.library == "linked")
    }
}

/// Page faults and context switches.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Faults {
    /// Served without I/O.
    pub minor: u64,
    /// Read from a device.
    pub major: u64,
    /// CPU given up.
    pub voluntary_switches: u64,
    /// CPU taken away.
    pub involuntary_switches: u64,
}

/// Time lost to pressure (PSI), in milliseconds; absent where the kernel does not tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Pressure {
    /// Some task waited for a CPU.
    pub cpu_some_ms: Option<f64>,
    /// Some task waited for memory.
    pub memory_some_ms: Option<f64>,
    /// All tasks waited for memory.
    pub memory_full_ms: Option<f64>,
    /// Some task waited for I/O.
    pub io_some_ms: Option<f64>,
    /// Why it is absent.
    pub absent_because: Option<String>,
}

/// One process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProcessReport {
    /// Its number.
    pub pid: u32,
    /// Its name, as the kernel has it.
    pub name: String,
    /// Largest resident set, by the kernel's high-water mark.
    pub peak_rss_bytes: u64,
    /// Most threads seen.
    pub threads_max: u64,
    /// Live and resident bytes over time.
    pub timeline: Vec<Point>,
    /// What its heaps for language machines held over time, all together.
    #[serde(default)]
    pub object_timeline: Vec<ObjectPoint>,
    /// These heaps, as they were seen last.
    #[serde(default)]
    pub object_heaps: Vec<ObjectHeapReport>,
    /// The measurement nearest to the peak.
    pub at_peak: Option<Measurement>,
    /// The last measurement.
    pub at_end: Option<Measurement>,
    /// The last measurement was taken while the process waited for it at its exit; otherwise it is
    /// the last sample before the process ended.
    pub end_is_exact: bool,
}

/// One point of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Milliseconds since the start of the run.
    pub ms: f64,
    /// Bytes in live blocks; absent where the allocator could not be read.
    pub live_bytes: Option<u64>,
    /// Resident bytes.
    pub rss_bytes: u64,
}

/// The parts of a resident set at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Milliseconds since the start of the run.
    pub ms: f64,
    /// The kernel's total.
    pub rss_bytes: u64,
    /// The parts, each measured on its own.
    pub parts: Vec<Part>,
    /// The total less all parts; negative if the process shrank meanwhile.
    pub unexplained_bytes: i64,
    /// The same in percent of the total.
    pub unexplained_percent: f64,
    /// By how much the total moved during the measurement, in percent.
    pub moved_percent: f64,
    /// Measurements made until it held still enough.
    pub attempts: u32,
    /// Anonymous bytes in huge pages.
    pub huge_page_bytes: u64,
    /// Bytes swapped out.
    pub swap_bytes: u64,
    /// The allocators' figures: one entry, or two where the program also links the allocator.
    pub heaps: Vec<HeapReport>,
    /// Files of modules whose headers could not be read, so that all behind their data counts to
    /// it.
    #[serde(default)]
    pub unread_modules: Vec<String>,
}

/// One part of a resident set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// How the report calls it.
    pub label: String,
    /// Resident bytes.
    pub bytes: u64,
    /// The same in percent of the total.
    pub percent: f64,
}

/// One allocator's figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeapReport {
    /// `production`, `observed`, `hardened` or `linked`.
    pub library: String,
    /// Telemetry gates built in.
    pub gates: Vec<String>,
    /// Bytes in live blocks.
    pub live_bytes: u64,
    /// Size classes with at least one slab.
    pub classes: Vec<ClassReport>,
    /// Blocks with a run of slices of their own.
    pub large: BlockReport,
    /// Blocks with a mapping of their own.
    pub huge: BlockReport,
    /// Threads with a heap.
    pub threads: u64,
    /// Heaps of ended threads that wait for a new owner.
    pub parked: u64,
    /// Slow-path counts, by name.
    pub counters: BTreeMap<String, u64>,
    /// Telemetry counters of the gates built in, by name.
    pub telemetry: BTreeMap<String, u64>,
}

impl HeapReport {
    /// Whose blocks it serves, where a process has two.
    #[must_use]
    pub fn title(&self) -> String {
        if self.library == "linked" {
            "bedplate linked into the program".to_owned()
        } else {
            format!("preloaded {} library", self.library)
        }
    }

    /// Counts that say something: neither zero nor said elsewhere.
    pub fn telling_counters(&self) -> impl Iterator<Item = (&str, u64)> {
        let all_live = self.threads + self.parked;
        self.counters
            .iter()
            .map(|(name, &value)| (name.as_str(), value))
            .filter(move |&(name, value)| {
                value > 0 && !(name == "heaps_started" && value == all_live)
            })
    }
}

impl Measurement {
    /// The figures of the same allocator as `heap`, if it was seen here too.
    #[must_use]
    pub fn heap_like(&self, heap: &HeapReport) -> Option<&HeapReport> {
        self.heaps
            .iter()
            .find(|other| other.library == heap.library)
    }
}

/// One size class.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ClassReport {
    /// Size of its blocks.
    pub block_bytes: u64,
    /// Slabs of it.
    pub slabs: u64,
    /// Blocks these slabs hold.
    pub capacity: u64,
    /// Blocks in use.
    pub live: u64,
}

/// Blocks outside the size classes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct BlockReport {
    /// How many.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Descendants of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildGroup {
    /// Their name, as the kernel has it.
    pub name: String,
    /// How many.
    pub count: u64,
    /// How many of them were forked and never executed another program.
    pub forked_only: u64,
    /// How many reached a normal exit.
    pub left_normally: u64,
    /// Largest resident set of one.
    pub peak_rss_bytes: u64,
}

/// Comparison with other allocators.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Versus {
    /// Rounds run; each runs every allocator once, in random order.
    pub rounds: u64,
    /// Start of the random order.
    pub seed: u64,
    /// Our own figures (medians over the rounds).
    pub ours: ArmReport,
    /// The others.
    pub others: Vec<ArmReport>,
    /// Load of the machine (1 minute) at the start.
    pub load_average: Option<f64>,
    /// Figures of resident sets below this are those of starting a process, not of the program.
    pub rss_floor_bytes: u64,
}

/// One allocator's figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ArmReport {
    /// As it was asked for.
    pub name: String,
    /// The library preloaded for it, if any.
    pub library: Option<String>,
    /// Median seconds.
    pub wall_s: f64,
    /// Median CPU seconds, user and kernel.
    pub cpu_s: f64,
    /// Median largest resident set.
    pub peak_rss_bytes: f64,
    /// Ours over this one; absent for ours itself.
    pub ratios: Option<Ratios>,
    /// Each round: seconds, CPU seconds, bytes.
    pub raw: Vec<(f64, f64, u64)>,
    /// Exit codes seen (as a shell shows them).
    pub exit_codes: Vec<i32>,
    /// What differed from ours: loud in the report.
    pub differences: Vec<String>,
}

/// Ours over another's: below 1 is better for us.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ratios {
    /// Wall time.
    pub wall: Option<RatioReport>,
    /// CPU time.
    pub cpu: Option<RatioReport>,
    /// Largest resident set.
    pub peak_rss: Option<RatioReport>,
}

/// A ratio with its exact signed-rank interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioReport {
    /// Hodges-Lehmann estimate.
    pub ratio: f64,
    /// Lower end, 95 %.
    pub low: f64,
    /// Upper end, 95 %.
    pub high: f64,
}
