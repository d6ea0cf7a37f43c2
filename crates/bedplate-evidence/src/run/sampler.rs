//! Watching the processes of a run.
//!
//! # Role
//! Follows the program's own process and those of its descendants that run on our allocator,
//! samples them at the pace of `pace.rs`, and measures the parts at each new peak.
//!
//! # Not here
//! Starting and waiting for the program (`conduct.rs`).
//!
//! # Invariants
//! I1. At most `WATCHED_MAX` descendants are watched at once and `KEPT_MAX` ended ones kept,
//!     so a run of any length with any number of children needs bounded memory.

use core::time::Duration;
use std::time::Instant;

use bedplate_malloc::inspect::{Record, RecordKind};

use super::children::Children;
use super::ending::{Doubt, Programs};
use super::pace::Pace;
use super::session::Session;
use super::watched::Watched;
use crate::process::{Process, calls};
use crate::profile::Snapshot;
use crate::report::model::{ChildGroup, ProcessReport};

/// Descendants watched at once.
const WATCHED_MAX: usize = 12;
/// Ended descendants kept for the report, the largest ones.
const KEPT_MAX: usize = 4;
/// Points of the program's own timeline.
const POINTS: usize = 1200;
/// Points of a descendant's timeline.
const CHILD_POINTS: usize = 300;
/// Time between two looks at threads and high-water mark.
const FIGURES_APART: Duration = Duration::from_millis(100);
/// Attempts at measuring a process that waits for it at its exit.
const EXIT_ATTEMPTS: u32 = 3;
/// A descendant smaller than this is measured once at most.
const SMALL_BYTES: u64 = 4 << 20;

/// What is known while the program runs.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    /// Time since the start.
    pub elapsed: Duration,
    /// Bytes in live blocks of the program's own process.
    pub live_bytes: Option<u64>,
    /// Resident bytes of the program's own process.
    pub rss_bytes: u64,
    /// Its threads.
    pub threads: u64,
    /// Descendants being watched.
    pub descendants: usize,
}

/// The watching of one run.
#[derive(Debug)]
pub(crate) struct Sampler {
    started: Instant,
    main_pid: u32,
    main: Option<Watched>,
    descendants: Vec<Watched>,
    kept: Vec<Watched>,
    children: Children,
    pace: Pace,
    figures_at: Duration,
    active: bool,
    /// CPU time of the watching thread when the last sample ended.
    cpu_at_last: Duration,
}

impl Sampler {
    pub(crate) fn new(main_pid: u32, name: &str) -> Self {
        Self {
            started: Instant::now(),
            main_pid,
            main: Process::open(main_pid)
                .ok()
                .map(|process| Watched::new(process, name, POINTS)),
            descendants: Vec::new(),
            kept: Vec::new(),
            children: Children::default(),
            pace: Pace::default(),
            figures_at: Duration::ZERO,
            active: false,
            cpu_at_last: calls::thread_cpu_time(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn ms(&self) -> f64 {
        self.elapsed().as_secs_f64() * 1e3
    }

    /// Whether the program's own process has announced itself.
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// Takes in what the processes wrote.
    pub(crate) fn take_records(&mut self, session: &mut Session) {
        for record in session.new_records().unwrap_or_default() {
            if record.pid == self.main_pid {
                self.record_of_main(&record);
            } else {
                self.record_of_descendant(&record);
            }
        }
        self.sweep();
    }

    /// Forgets descendants that ended without telling.
    fn sweep(&mut self) {
        self.children
            .sweep(|pid| std::path::Path::new(&format!("/proc/{pid}")).exists());
    }

    fn record_of_main(&mut self, record: &Record) {
        self.active |= record.kind == RecordKind::Start;
        let Some(main) = &mut self.main else { return };
        match record.kind {
            RecordKind::Start => main.executed(&record.name),
            RecordKind::Exit => main.recorded_peak(record.peak_rss_bytes),
            _ => {}
        }
    }

    fn record_of_descendant(&mut self, record: &Record) {
        let has_room = self.descendants.len() < WATCHED_MAX;
        let known = self
            .descendants
            .iter_mut()
            .find(|watched| watched.process.pid() == record.pid && !watched.gone);
        match (record.kind, known) {
            (RecordKind::Exit, Some(watched)) => {
                watched.recorded_peak(record.peak_rss_bytes);
                watched.gone = true;
            }
            (RecordKind::Start, Some(watched)) => watched.executed(&record.name),
            (RecordKind::Start | RecordKind::Fork, None) if has_room => {
                if let Ok(process) = Process::open(record.pid) {
                    self.descendants
                        .push(Watched::new(process, &record.name, CHILD_POINTS));
                }
            }
            _ => {}
        }
        self.children.record(record);
    }

    /// Samples everything once; returns the time until the next sample.
    pub(crate) fn sample(&mut self) -> Duration {
        // The time since the last sample ended counts too: reading records, waiting for the end.
        let before = self.cpu_at_last;
        let mut apart = Duration::ZERO;
        let elapsed = self.elapsed();
        let ms = self.ms();
        let with_figures = elapsed >= self.figures_at + FIGURES_APART;
        if with_figures {
            self.figures_at = elapsed;
        }
        let mut grew = false;
        for watched in self.main.iter_mut().chain(&mut self.descendants) {
            if watched.gone {
                continue;
            }
            let rss_before = watched.rss_bytes;
            watched.sample();
            if watched.gone {
                continue;
            }
            grew |= Pace::is_move(rss_before, watched.rss_bytes);
            if self.pace.may_look(elapsed, watched.look_cost) || watched.has_new_name() {
                let look = watched.look();
                self.pace.looked(look);
                apart += look;
            }
            watched.keep_sample(ms);
            if with_figures {
                watched.read_figures();
                watched.look_at_objects(ms, false);
            }
            self.children
                .seen_peak(watched.process.pid(), watched.peak_rss_bytes);
        }
        let cost = calls::thread_cpu_time().saturating_sub(before + apart);
        self.measure_peaks(elapsed, ms);
        self.retire();
        self.cpu_at_last = calls::thread_cpu_time();
        self.pace.next(elapsed, cost, grew)
    }

    fn measure_peaks(&mut self, elapsed: Duration, ms: f64) {
        let staying = |watched: &&mut Watched| !watched.gone && !watched.end_is_exact;
        let all = self.main.iter_mut().chain(&mut self.descendants);
        for watched in all.filter(staying) {
            let small = watched.process.pid() != self.main_pid
                && watched.measured_bytes > 0
                && watched.rss_bytes < SMALL_BYTES;
            let attempts = self
                .pace
                .attempts_worth(elapsed, watched.height(), watched.last_cost);
            if !small && attempts > 0 {
                let cost = watched.measure(ms, false, attempts);
                self.pace.measured(elapsed, cost, watched.last_cost);
            } else if !small
                && watched.is_outdated(ms)
                && self.pace.may_renew(elapsed, watched.last_cost)
            {
                let cost = watched.measure(ms, false, 1);
                self.pace.renewed(cost);
            }
        }
    }

    /// Moves ended descendants away and keeps the largest.
    fn retire(&mut self) {
        let (gone, alive): (Vec<_>, Vec<_>) =
            self.descendants.drain(..).partition(|watched| watched.gone);
        self.descendants = alive;
        self.kept.extend(gone);
        self.kept
            .sort_by_key(|watched| core::cmp::Reverse(watched.peak_rss_bytes));
        self.kept.truncate(KEPT_MAX);
    }

    /// A process waits at its exit: measures it while it holds still.
    pub(crate) fn process_leaves(&mut self, pid: u32) {
        let ms = self.ms();
        let leaving = self
            .main
            .iter_mut()
            .chain(&mut self.descendants)
            .find(|watched| watched.process.pid() == pid);
        if let Some(watched) = leaving {
            watched.look_at_objects(ms, true);
            watched.measure(ms, true, EXIT_ATTEMPTS);
        }
    }

    /// What is known now.
    pub(crate) fn live(&self) -> Live {
        let main = self.main.as_ref();
        Live {
            elapsed: self.elapsed(),
            live_bytes: main.and_then(|watched| watched.live_bytes),
            rss_bytes: main.map_or(0, |watched| watched.rss_bytes),
            threads: main.map_or(0, |watched| watched.threads),
            descendants: self.descendants.len(),
        }
    }

    /// Name of the program's own process, as last announced.
    pub(crate) fn main_name(&self) -> &str {
        self.main
            .as_ref()
            .map_or("", |watched| watched.name.as_str())
    }

    /// The program's own process has ended but was not reaped yet.
    pub(super) fn main_has_ended(&mut self, programs: Programs<'_>) {
        if let Some(main) = &mut self.main {
            main.has_ended(programs);
        }
    }

    /// How the program's own process ended has become known.
    pub(super) fn main_ended(&mut self, is_early: bool) {
        if let Some(main) = &mut self.main {
            main.ended(is_early);
        }
    }

    /// What the name with which the program's own process ended leaves in doubt.
    pub(super) fn main_doubt(&self) -> Option<&Doubt> {
        let main = self.main.as_ref().filter(|_main| self.active)?;
        main.doubt()
    }

    /// Whether the program's own process was seen without the library.
    pub(crate) fn main_is_without(&self) -> bool {
        self.main.as_ref().is_some_and(Watched::is_without)
    }

    /// Whether the program's own process executed another program that is without our library.
    pub(crate) fn main_lost_the_library(&self) -> bool {
        self.active && self.main.as_ref().is_some_and(Watched::lost_the_library)
    }

    /// Whether the allocator was seen at work in the program's own process.
    pub(crate) fn main_has_heap(&self) -> bool {
        self.main.as_ref().is_some_and(Watched::has_heap)
    }

    /// Whether the program's own process was seen never to have asked the allocator for a block.
    pub(crate) fn main_served_nothing(&self) -> bool {
        self.main.as_ref().is_some_and(Watched::served_nothing)
    }

    /// The samples of the program's own process; of its descendant with the most, if it has none
    /// itself.
    pub(crate) fn take_samples(&mut self) -> Option<(Snapshot, Option<Snapshot>)> {
        let main = self.main.as_mut().and_then(Watched::take_samples);
        if main.as_ref().is_some_and(|(end, _)| end.samples() > 0) {
            return main;
        }
        let others = self.kept.iter_mut().chain(&mut self.descendants);
        others
            .filter_map(Watched::take_samples)
            .max_by_key(|(end, _)| end.samples())
            .or(main)
    }

    /// The reports: the program's own process first, then the largest descendants.
    pub(crate) fn finish(mut self) -> (Vec<ProcessReport>, Vec<ChildGroup>) {
        for watched in &mut self.descendants {
            watched.gone = true;
        }
        self.retire();
        let reports = self
            .main
            .into_iter()
            .chain(self.kept)
            .map(Watched::into_report)
            .collect();
        (reports, self.children.into_groups())
    }
}
