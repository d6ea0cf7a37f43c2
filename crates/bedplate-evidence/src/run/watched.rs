//! One process while it is watched.
//!
//! # Role
//! Samples live and resident bytes cheaply, and measures the parts when asked.
//!
//! # Not here
//! Which processes are watched and when (`sampler.rs`).

use core::time::Duration;

use super::ending::{Doubt, Programs};
use super::pace::{Height, Pace};
use super::shape::Shape;
use super::timeline::Timeline;
use crate::error::LookError;
use crate::parts::measure;
use crate::process::heap::{capture_heaps, is_undecided, live_bytes, root_pages};
use crate::process::{Process, calls};
use crate::profile::Snapshot;
use crate::report::model::{Measurement, Point, ProcessReport};

/// Samples between two looks for an allocator that was not found.
const LOOKS_APART: u32 = 16;

/// Resident sets within this share of each other count as equally high.
const PEAK_MARGIN: f64 = 0.02;

/// A measurement no longer holds once live or resident bytes moved by this share of the resident
/// set since.
const OUTDATED_SHARE: f64 = 0.05;
/// Or once it is this old, in milliseconds.
const OUTDATED_MS: f64 = 1000.0;

/// A measurement that leaves a larger share of the resident set unexplained is unsteady.
const UNEXPLAINED_MAX: f64 = 0.02;

/// What is known of the program that the process executes now.
#[derive(Debug, Default)]
struct Image {
    /// Names the process had since that program announced itself.
    names: Vec<String>,
    /// It left by a normal exit, with our library in it.
    left_normally: bool,
    /// Its mappings were seen to hold no allocator of ours.
    is_without: bool,
    /// What the name it ended with leaves in doubt.
    doubt: Option<Doubt>,
    /// The name it ended with, if that is of a program that would have our library in it.
    executed_last: Option<String>,
}

/// Points of its heaps of objects over time.
const SHAPE_POINTS: usize = 300;

/// Names remembered of one program; a program may rename itself at any rate.
const NAMES_MAX: usize = 8;

/// A watched process.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) process: Process,
    pub(crate) name: String,
    pub(crate) gone: bool,
    pub(crate) rss_bytes: u64,
    pub(crate) live_bytes: Option<u64>,
    pub(crate) threads: u64,
    pub(crate) peak_rss_bytes: u64,
    /// Resident bytes of the measurement kept as the peak, less if it does not explain itself.
    pub(crate) measured_bytes: u64,
    /// Live bytes of the same measurement.
    measured_live_bytes: Option<u64>,
    /// CPU time of one attempt at a measurement.
    pub(crate) last_cost: Duration,
    /// CPU time of the last look at the heaps.
    pub(crate) look_cost: Duration,
    /// Samples since it last grew.
    still_samples: u32,
    /// The live bytes are of the last sample.
    is_live_new: bool,
    roots: Vec<u64>,
    looks_until_search: u32,
    image: Image,
    threads_max: u64,
    timeline: Timeline,
    /// Its heaps of objects.
    shape: Shape,
    at_peak: Option<Measurement>,
    at_end: Option<Measurement>,
    /// The samples of its heap profile, read with the same two measurements.
    sampled_at_peak: Option<Snapshot>,
    sampled_at_end: Option<Snapshot>,
    /// The last measurement is the one for which it waited at its exit; no later one, of a process
    /// half taken down, may take its place.
    pub(crate) end_is_exact: bool,
}

impl Watched {
    pub(crate) fn new(process: Process, name: &str, points: usize) -> Self {
        Self {
            process,
            name: name.to_owned(),
            gone: false,
            rss_bytes: 0,
            live_bytes: None,
            threads: 1,
            peak_rss_bytes: 0,
            measured_bytes: 0,
            measured_live_bytes: None,
            last_cost: Duration::ZERO,
            look_cost: Duration::ZERO,
            still_samples: 0,
            is_live_new: false,
            roots: Vec::new(),
            looks_until_search: 0,
            image: Image::default(),
            threads_max: 1,
            timeline: Timeline::new(points),
            shape: Shape::new(points.min(SHAPE_POINTS)),
            at_peak: None,
            at_end: None,
            sampled_at_peak: None,
            sampled_at_end: None,
            end_is_exact: false,
        }
    }

    /// Another program was executed in the process: its allocator is another one.
    pub(crate) fn executed(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.image = Image {
            names: vec![name.to_owned()],
            ..Image::default()
        };
        self.end_is_exact = false;
        self.sampled_at_peak = None;
        self.sampled_at_end = None;
        self.roots.clear();
        self.looks_until_search = 0;
        self.shape.forget_pages();
    }

    /// Reads the resident set, which costs little at any size.
    pub(crate) fn sample(&mut self) {
        let Ok(rss_bytes) = self.process.rss_bytes() else {
            self.gone = true;
            return;
        };
        self.still_samples = self.still_samples.saturating_add(1);
        if Pace::is_move(self.rss_bytes, rss_bytes) {
            self.still_samples = 0;
        }
        self.is_live_new = false;
        self.rss_bytes = rss_bytes;
        self.peak_rss_bytes = self.peak_rss_bytes.max(rss_bytes);
    }

    /// Reads the live bytes, which costs more the larger the heaps are; returns the CPU time.
    pub(crate) fn look(&mut self) -> Duration {
        let before = calls::thread_cpu_time();
        let live_before = self.live_bytes.unwrap_or(0);
        self.live_bytes = self.look_at_heaps();
        self.is_live_new = true;
        if Pace::is_move(live_before, self.live_bytes.unwrap_or(0)) {
            self.still_samples = 0;
        }
        self.look_cost = calls::thread_cpu_time().saturating_sub(before);
        self.look_cost
    }

    /// Keeps what was sampled for the timeline.
    pub(crate) fn keep_sample(&mut self, ms: f64) {
        self.timeline.add(Point {
            ms,
            live_bytes: self.live_bytes.filter(|_live| self.is_live_new),
            rss_bytes: self.rss_bytes,
        });
    }

    /// What the samples say of its height.
    pub(crate) fn height(&self) -> Height {
        let live_then = self.measured_live_bytes.unwrap_or(0);
        Height {
            rss_bytes: self.rss_bytes,
            measured_bytes: self.measured_bytes,
            still_samples: self.still_samples,
            is_news: Pace::is_news(self.measured_bytes, self.rss_bytes)
                || Pace::is_news(live_then, self.live_bytes.unwrap_or(0)),
        }
    }

    /// Reads threads and high-water mark, which cost more than a sample.
    pub(crate) fn read_figures(&mut self) {
        if let Ok(figures) = self.process.figures() {
            self.threads = figures.threads;
            self.threads_max = self.threads_max.max(figures.threads);
            self.peak_rss_bytes = self.peak_rss_bytes.max(figures.peak_rss_bytes);
        }
    }

    /// Looks at its heaps of objects; searches for new ones now where it is about to end.
    pub(crate) fn look_at_objects(&mut self, ms: f64, at_exit: bool) {
        self.shape.look(&self.process, ms, at_exit);
    }

    fn look_at_heaps(&mut self) -> Option<u64> {
        if self.roots.is_empty() {
            if self.looks_until_search > 0 {
                self.looks_until_search -= 1;
                return None;
            }
            self.looks_until_search = LOOKS_APART;
            let mappings = self.process.maps().ok()?;
            self.roots = root_pages(&mappings);
            let is_undecided = self.roots.is_empty() && is_undecided(&mappings);
            self.image.is_without = self.roots.is_empty() && !is_undecided;
            if is_undecided {
                self.looks_until_search = 0;
            }
        }
        // Read before: if another program is executed in between, the capture fails.
        let name = self.process.name();
        match capture_heaps(&self.process, &self.roots) {
            Ok(heaps) => {
                if let Ok(name) = name {
                    self.remember_name(name);
                }
                Some(live_bytes(&heaps))
            }
            Err(LookError::Torn { .. }) => self.live_bytes,
            Err(_changed) => {
                self.roots.clear();
                self.looks_until_search = 0;
                None
            }
        }
    }

    /// Measures the parts and keeps them as the last, and as the peak if they are higher.
    /// Returns the CPU time it took.
    pub(crate) fn measure(&mut self, ms: f64, at_exit: bool, attempts: u32) -> Duration {
        let before = calls::thread_cpu_time();
        let mut made = attempts;
        if let Ok(measured) = measure(&self.process, attempts) {
            made = measured.attempts;
            let measurement = Measurement::of(&measured, ms);
            let live = (!measured.heaps.is_empty()).then(|| live_bytes(&measured.heaps));
            let sampled = Snapshot::take(&self.process, &self.roots());
            let rss_bytes = measured.rss_bytes;
            self.timeline.add(Point {
                ms,
                live_bytes: live,
                rss_bytes,
            });
            self.peak_rss_bytes = self.peak_rss_bytes.max(rss_bytes);
            // A measurement that does not explain itself stands for less, so that a steady one at
            // about the same height takes its place.
            let unsteady = measured.unexplained_share().abs() > UNEXPLAINED_MAX;
            let weight = if unsteady {
                rss_bytes / 10 * 9
            } else {
                rss_bytes
            };
            if self.is_nearer_to_peak(weight, live) {
                // The bound stays: small steps down must not add up.
                self.measured_bytes = self.measured_bytes.max(weight);
                self.measured_live_bytes = live;
                self.at_peak = Some(measurement.clone());
                self.sampled_at_peak.clone_from(&sampled);
            }
            self.at_end = Some(measurement);
            self.sampled_at_end = sampled.or(self.sampled_at_end.take());
            self.end_is_exact = at_exit;
            self.read_figures();
        }
        let cost = calls::thread_cpu_time().saturating_sub(before);
        self.last_cost = cost / made.max(1);
        cost
    }

    /// The root pages of its allocators: those known, or looked for.
    fn roots(&self) -> Vec<u64> {
        if self.roots.is_empty() {
            let maps = self.process.maps().unwrap_or_default();
            return root_pages(&maps);
        }
        self.roots.clone()
    }

    /// Takes the samples of its heap profile, as of its end and of its peak.
    pub(crate) fn take_samples(&mut self) -> Option<(Snapshot, Option<Snapshot>)> {
        Some((self.sampled_at_end.take()?, self.sampled_at_peak.take()))
    }

    /// Whether the last measurement no longer shows the process as it is. While it grows each is
    /// outdated at once, and the next height will be measured anyway.
    pub(crate) fn is_outdated(&self, ms: f64) -> bool {
        let is_still = self.still_samples > 0;
        let Some(last) = self.at_end.as_ref().filter(|_last| is_still) else {
            return false;
        };
        let live_then: u64 = last.heaps.iter().map(|heap| heap.live_bytes).sum();
        let moved = self
            .live_bytes
            .map_or(0, |live| live.abs_diff(live_then))
            .max(self.rss_bytes.abs_diff(last.rss_bytes));
        ms - last.ms >= OUTDATED_MS || moved as f64 > OUTDATED_SHARE * last.rss_bytes.max(1) as f64
    }

    /// Whether a measurement shows the peak better than the one kept: clearly higher, or about as
    /// high with more of it live (a resident set stays high for a while after blocks were freed).
    fn is_nearer_to_peak(&self, weight: u64, live: Option<u64>) -> bool {
        let share = weight as f64 / self.measured_bytes.max(1) as f64;
        share > 1.0 + PEAK_MARGIN || (share > 1.0 - PEAK_MARGIN && live > self.measured_live_bytes)
    }

    /// A program may rename itself: the name it has while our allocator is in it is its own.
    fn remember_name(&mut self, name: String) {
        if !self.image.names.contains(&name) {
            self.image.names.truncate(NAMES_MAX - 1);
            self.image.names.push(name);
        }
    }

    /// Whether it has a name that no look has met: then one is due at once, for should the process
    /// end before the next, that name could be taken for another program's.
    pub(crate) fn has_new_name(&self) -> bool {
        let names = &self.image.names;
        !self.roots.is_empty()
            && names.len() < NAMES_MAX
            && self.process.name().is_ok_and(|name| !names.contains(&name))
    }

    /// The process has ended and was not reaped yet: its name is the last thing left of what it
    /// executed last.
    pub(crate) fn has_ended(&mut self, programs: Programs<'_>) {
        let Ok(name) = self.process.name() else {
            return;
        };
        let is_known = self.image.names.is_empty() || self.image.names.contains(&name);
        if !is_known && !self.image.is_without {
            if !programs.hold(&name) {
                self.image.doubt = Some(Doubt::Renamed(name));
                return;
            }
            if programs.would_load(&name) {
                self.image.executed_last = Some(name);
                return;
            }
        }
        self.image.is_without |= !is_known;
        if self.image.is_without && !self.image.left_normally {
            self.name = name;
        }
    }

    /// How it ended has become known: a program that would have had our library in it either
    /// ended before its start, or was started without it.
    pub(super) fn ended(&mut self, is_early: bool) {
        let Some(name) = self.image.executed_last.take() else {
            return;
        };
        if is_early {
            self.image.doubt = Some(Doubt::Unstarted(name));
        } else {
            self.image.is_without = true;
            if !self.image.left_normally {
                self.name = name;
            }
        }
    }

    /// What the name it ended with leaves in doubt.
    pub(super) fn doubt(&self) -> Option<&Doubt> {
        let doubt = self.image.doubt.as_ref()?;
        (!self.image.left_normally).then_some(doubt)
    }

    /// Whether a look found its program to be without our library.
    pub(crate) fn is_without(&self) -> bool {
        self.image.is_without
    }

    /// Whether what it executed last was without our allocator, though something before had it.
    pub(crate) fn lost_the_library(&self) -> bool {
        self.image.is_without && !self.image.left_normally
    }

    /// Takes the high-water mark that the process itself recorded at its exit.
    pub(crate) fn recorded_peak(&mut self, peak_rss_bytes: u64) {
        self.image.left_normally = true;
        self.peak_rss_bytes = self.peak_rss_bytes.max(peak_rss_bytes);
    }

    /// Whether an allocator of ours was ever measured in it.
    pub(crate) fn has_heap(&self) -> bool {
        self.at_end
            .as_ref()
            .is_some_and(|measurement| !measurement.heaps.is_empty())
            || self
                .timeline
                .points()
                .iter()
                .any(|point| point.live_bytes.is_some())
    }

    /// Whether the last measurement found that no block was ever asked of the allocator.
    pub(crate) fn served_nothing(&self) -> bool {
        let counts = |name: &str| {
            let heaps = self
                .at_end
                .iter()
                .flat_map(|measurement| &measurement.heaps);
            heaps
                .filter_map(|heap| heap.counters.get(name))
                .sum::<u64>()
        };
        self.at_end
            .as_ref()
            .is_some_and(|measurement| !measurement.heaps.is_empty())
            && counts("slabs_taken") + counts("huge_maps") + counts("heaps_started") == 0
    }

    pub(crate) fn into_report(self) -> ProcessReport {
        let (object_timeline, object_heaps) = self.shape.into_parts();
        ProcessReport {
            pid: self.process.pid(),
            name: self.name,
            peak_rss_bytes: self.peak_rss_bytes,
            threads_max: self.threads_max,
            timeline: self.timeline.points().to_vec(),
            object_timeline,
            object_heaps,
            at_peak: self.at_peak,
            at_end: self.at_end,
            end_is_exact: self.end_is_exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_has_ended_does_not_look_like_one_without_the_library() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = Process::open(child.id()).unwrap();
        // Not waited for, it stays, without any mapping.
        while process.maps().is_ok_and(|mappings| !mappings.is_empty()) {
            std::thread::yield_now();
        }
        let mut watched = Watched::new(process, "true", 4);
        watched.executed("true");
        watched.look();
        assert!(!watched.is_without() && !watched.lost_the_library());
        child.wait().unwrap();
    }
}
