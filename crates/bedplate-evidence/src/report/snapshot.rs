//! One look at a running process.
//!
//! # Role
//! What `bedplate top` shows: as data and as text.

use serde::{Deserialize, Serialize};

use super::model::{HeapReport, Measurement, Part, REPORT_VERSION};
use super::object_heaps::ObjectHeapReport;
use super::paint::Paint;
use super::pools::PoolReport;
use super::text::{heap_lines, note_line, parts_lines};
use super::units::{count, counted, whole_bytes};
use crate::error::LookError;
use crate::parts::measure;
use crate::process::Process;
use crate::process::heap::root_pages;
use crate::process::object_heaps::{capture_object_heaps, object_heap_pages};
use crate::process::pools::{capture_pools, pool_pages};

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
    /// Its work-stealing pools.
    #[serde(default)]
    pub pools: Vec<PoolReport>,
    /// Why further pools could not be read.
    #[serde(default)]
    pub unread_pools: Vec<String>,
    /// Its heaps for language machines.
    #[serde(default)]
    pub object_heaps: Vec<ObjectHeapReport>,
    /// Why further ones could not be read.
    #[serde(default)]
    pub unread_object_heaps: Vec<String>,
}

impl Snapshot {
    /// Looks at `process`, which must run on the allocator, or have a pool or a heap of objects.
    ///
    /// # Errors
    /// - `NotBedplate`: neither an allocator nor a pool nor a heap of objects of ours is in it.
    /// - `Gone`, `Denied`, `OtherVersion`, `Torn`, `Read`.
    pub fn take(process: &Process) -> Result<Self, LookError> {
        let mappings = process.maps()?;
        let pools = pool_pages(&mappings);
        let object_heaps = object_heap_pages(&mappings);
        let has_allocator = !root_pages(&mappings).is_empty();
        if !has_allocator && pools.is_empty() && object_heaps.is_empty() {
            return Err(LookError::NotBedplate { pid: process.pid() });
        }
        let (pools, unread_pools) = capture_pools(process, &pools)?;
        let (object_heaps, unread_object_heaps) = capture_object_heaps(process, &object_heaps)?;
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
            pools: pools.iter().map(PoolReport::of).collect(),
            unread_pools,
            object_heaps: object_heaps.iter().map(ObjectHeapReport::of).collect(),
            unread_object_heaps,
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

    /// What of ours is in the process.
    #[must_use]
    pub fn what(&self) -> String {
        let mut parts: Vec<String> = self.heaps().iter().map(HeapReport::title).collect();
        if parts.is_empty() {
            parts.push("another allocator".to_owned());
        }
        let pools = self.pools.len() as u64;
        if pools > 0 {
            parts.push(counted(pools, "pool", "pools"));
        }
        let heaps = self.object_heaps.len() as u64;
        if heaps > 0 {
            parts.push(counted(heaps, "object heap", "object heaps"));
        }
        parts.join(" and ")
    }

    /// As text.
    #[must_use]
    pub fn render(&self, paint: Paint) -> String {
        let titles: Vec<String> = self.heaps().iter().map(HeapReport::title).collect();
        let live = match titles.len() {
            0 => String::new(),
            _ => format!(" · live {}", whole_bytes(self.live_bytes())),
        };
        let mut text = format!(
            "bedplate: {} in {} (pid {}): {}, {}\n  resident {} (peak {}){live} · \
             faults {} minor, {} major\n\n",
            paint.good("ACTIVE"),
            self.name,
            self.pid,
            self.what(),
            counted(self.threads, "thread", "threads"),
            whole_bytes(self.measurement.rss_bytes),
            whole_bytes(self.peak_rss_bytes),
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
        for pool in &self.pools {
            text.push('\n');
            text.push_str(&pool.render(paint));
        }
        for heap in &self.object_heaps {
            text.push('\n');
            text.push_str(&heap.render(paint));
        }
        for why in self.unread_pools.iter().chain(&self.unread_object_heaps) {
            text.push_str(&note_line(why, paint));
        }
        if let Some(note) = self.measurement.note_on_modules(&self.name) {
            text.push_str(&note_line(&note, paint));
        }
        text
    }
}
