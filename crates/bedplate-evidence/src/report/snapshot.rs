//! One look at a running process.
//!
//! # Role
//! What `bedplate top` shows: as data and as text.

use serde::{Deserialize, Serialize};

use super::model::{HeapReport, Measurement, Part, REPORT_VERSION};
use super::paint::Paint;
use super::text::{heap_lines, note_line, parts_lines};
use super::units::{count, counted, whole_bytes};
use crate::error::LookError;
use crate::parts::measure;
use crate::process::Process;
use crate::process::heap::root_pages;

/// Measurements tried before the steadiest is taken.
const ATTEMPTS: u32 = 3;

/// A process at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Layout of this document.
    pub version: u32,
    /// The process.
    pub pid: u32,
    /// Its name, as the kernel has it.
    pub name: String,
    /// Its command line.
    pub command: Vec<String>,
    /// Threads.
    pub threads: u64,
    /// Largest resident set so far, by the kernel's high-water mark.
    pub peak_rss_bytes: u64,
    /// Page faults served without I/O, so far.
    pub minor_faults: u64,
    /// Page faults that read from a device, so far.
    pub major_faults: u64,
    /// The parts of its resident set.
    pub measurement: Measurement,
}

impl Snapshot {
    /// Looks at `process`, which must run on the allocator.
    ///
    /// # Errors
    /// - `NotBedplate`: no allocator of ours is in it.
    /// - `Gone`, `Denied`, `OtherVersion`, `Torn`, `Read`.
    pub fn take(process: &Process) -> Result<Self, LookError> {
        if root_pages(&process.maps()?).is_empty() {
            return Err(LookError::NotBedplate { pid: process.pid() });
        }
        let measured = measure(process, ATTEMPTS)?;
        let figures = process.figures()?;
        Ok(Self {
            version: REPORT_VERSION,
            pid: process.pid(),
            name: figures.name,
            command: process.command()?,
            threads: figures.threads,
            peak_rss_bytes: figures.peak_rss_bytes,
            minor_faults: figures.minor_faults,
            major_faults: figures.major_faults,
            measurement: Measurement::of(&measured, 0.0),
        })
    }

    /// Bytes in live blocks.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        self.heaps().iter().map(|heap| heap.live_bytes).sum()
    }

    /// The allocators' figures.
    #[must_use]
    pub fn heaps(&self) -> &[HeapReport] {
        &self.measurement.heaps
    }

    /// The parts of the resident set.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.measurement.parts
    }

    /// As text.
    #[must_use]
    pub fn render(&self, paint: Paint) -> String {
        let titles: Vec<String> = self.heaps().iter().map(HeapReport::title).collect();
        let mut text = format!(
            "bedplate: {} in {} (pid {}): {}, {}\n  resident {} (peak {}) · live {} · \
             faults {} minor, {} major\n\n",
            paint.good("ACTIVE"),
            self.name,
            self.pid,
            titles.join(" and "),
            counted(self.threads, "thread", "threads"),
            whole_bytes(self.measurement.rss_bytes),
            whole_bytes(self.peak_rss_bytes),
            whole_bytes(self.live_bytes()),
            count(self.minor_faults),
            count(self.major_faults),
        );
        text.push_str(&parts_lines(&self.measurement, paint));
        for heap in self.heaps() {
            text.push('\n');
            if titles.len() > 1 {
                text.push_str(&format!("  {}:\n", paint.bold(&heap.title())));
            }
            text.push_str(&heap_lines(heap, paint));
        }
        if let Some(note) = self.measurement.note_on_modules(&self.name) {
            text.push_str(&note_line(&note, paint));
        }
        text
    }
}
