//! What a heap keeps of its figures.
//!
//! # Role
//! Times the pieces of the collector's work, and looks at the gauges every now and then where a clock was
//! read anyway: what is shown to readers outside is as of then, and crossed thresholds are noted.

use super::gauges::{Gauges, Yield};
use super::pauses::{Pauses, Work};
use super::rate::Rate;
use super::thresholds::{Alarms, Crossing, Thresholds};
use crate::Heap;
use crate::outside::{Showing, Shown};
use bedplate_os::clock;
use core::time::Duration;

/// Time between two looks.
const LOOKS_APART_NS: u64 = 100_000_000;
/// Crossings that are kept until somebody takes them; then the oldest go.
const CROSSINGS_MAX: usize = 64;

#[derive(Debug)]
pub(crate) struct Observed {
    pub(super) pauses: [Pauses; Work::ALL.len()],
    pub(super) rate: Rate,
    /// Garbage for each place that trials took up.
    pub(super) trials: Yield,
    /// Garbage for each object that was deferred when a pass began.
    pub(super) passes: Yield,
    /// How many were when the one under way began.
    pub(crate) deferred_then: u64,
    began_ns: u64,
    looked_ns: u64,
    alarms: Alarms,
    crossings: Vec<Crossing>,
    showing: Showing,
}

impl Observed {
    pub(crate) fn new() -> Self {
        let now_ns = clock::monotonic_ns();
        Self {
            pauses: [Pauses::default(); Work::ALL.len()],
            rate: Rate::new(now_ns),
            trials: Yield::default(),
            passes: Yield::default(),
            deferred_then: 0,
            began_ns: now_ns,
            looked_ns: now_ns,
            alarms: Alarms::default(),
            crossings: Vec::new(),
            showing: Showing::default(),
        }
    }

    pub(super) fn longest_piece(&self) -> Duration {
        let pieces = Work::ALL.into_iter().zip(&self.pauses);
        let pieces = pieces.filter(|(work, _)| *work != Work::Collection);
        let longest = pieces.map(|(_, pauses)| pauses.longest()).max();
        longest.unwrap_or_default()
    }

    /// A trial took so many places up and found so much garbage.
    pub(crate) fn trial_ended(&mut self, tried: u64, found: u64) {
        self.trials.note(tried, found);
    }

    /// A pass freed so much garbage.
    pub(crate) fn pass_ended(&mut self, found: u64) {
        self.passes.note(self.deferred_then, found);
    }
}

impl Heap {
    /// How long the pieces of work for a purpose took. Those of less than some thirty steps are not
    /// timed.
    #[must_use]
    pub fn pauses(&self, work: Work) -> &Pauses {
        &self.observed.pauses[work as usize]
    }

    /// Has the heap look at its gauges every now and then while it works, and note each threshold that is
    /// crossed, once. What was noted for other thresholds is kept.
    pub fn set_thresholds(&mut self, thresholds: Thresholds) {
        self.observed.alarms = Alarms::new(thresholds);
    }

    /// The crossings that were noted since the last call, the oldest first.
    pub fn take_crossings(&mut self) -> Vec<Crossing> {
        core::mem::take(&mut self.observed.crossings)
    }

    /// Looks at the gauges now: notes thresholds that are crossed, and shows the figures to `bedplate top`.
    /// Where the heap works it does so by itself, at most ten times a second.
    ///
    /// # Cost
    /// The quick check; a page of memory the first time.
    pub fn observe(&mut self) -> Gauges {
        self.observe_at(clock::monotonic_ns())
    }

    /// Says how the heap is called in `bedplate top`, and shows it there from now on.
    pub fn show_as(&mut self, name: &str) {
        self.observed.showing.set_name(name);
        self.observe();
    }

    fn observe_at(&mut self, now_ns: u64) -> Gauges {
        let made = self.stats.allocated_objects();
        self.observed.rate.note(now_ns, made);
        self.observed.looked_ns = now_ns;
        let gauges = self.gauges_at(self.observed.rate.per_second());
        let stats = self.stats();
        let observed = &mut self.observed;
        let crossings = observed.alarms.check(&gauges);
        observed.crossings.extend(crossings);
        let more = observed.crossings.len().saturating_sub(CROSSINGS_MAX);
        observed.crossings.drain(..more);
        observed.showing.show(Shown {
            began_ns: observed.began_ns,
            taken_ns: now_ns,
            stats,
            gauges,
            pauses: observed.pauses,
        });
        gauges
    }

    /// Looks if the last look was long enough ago.
    pub(crate) fn observe_if_due(&mut self, now_ns: u64) {
        if now_ns.saturating_sub(self.observed.looked_ns) >= LOOKS_APART_NS {
            self.observe_at(now_ns);
        }
    }

    /// A piece of work ended that began then.
    #[cold]
    pub(crate) fn piece_ended(&mut self, work: Work, began_ns: u64) {
        let now_ns = clock::monotonic_ns();
        self.observed.pauses[work as usize].note(now_ns.saturating_sub(began_ns));
        self.observe_if_due(now_ns);
    }
}
