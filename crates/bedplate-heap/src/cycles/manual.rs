//! Collections that the host asks for.
//!
//! # Role
//! All at once ([`Heap::collect`]), a piece ([`Heap::step`], [`Heap::step_by`]), or for a time
//! ([`Heap::run_for`]).

use super::pass::Phase;
use crate::release::FEW_STEPS;
use crate::{Heap, Trigger, Work};
use bedplate_os::clock;
use core::time::Duration;

/// Roots whose end a step sees to.
const ROOTS: usize = 256;

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// Objects freed as parts of dead cycles, and what only those held.
    pub objects: usize,
    /// Finalizations that were queued; the objects that wait for them are not freed yet.
    pub finalizations: usize,
}

impl Heap {
    /// Frees all dead cycles, and what waits to be freed.
    ///
    /// # Cost
    /// Some walks over all objects, without a pause between: [`Self::start_collection`] does the same in
    /// pieces.
    pub fn collect(&mut self) -> Collected {
        self.drop_roots();
        self.collect_because(Trigger::Host)
    }

    /// The same, without looking at dropped roots: what the caller was lent through one stays.
    pub(crate) fn collect_because(&mut self, why: Trigger) -> Collected {
        self.stats.began(why);
        let began_ns = clock::monotonic_ns();
        let collected = self.collect_held();
        self.piece_ended(Work::Collection, began_ns);
        collected
    }

    fn collect_held(&mut self) -> Collected {
        self.work_off_all();
        let before = (self.stats.freed_objects(), self.finalizers.queue.len());
        // One that is under way does not know what died since it began. What it lets go of is to be freed
        // before the next begins, which would take what that holds for held.
        self.finish_pass(Phase::Idle);
        self.work_off_all();
        self.begin_pass();
        self.finish_pass(Phase::Idle);
        self.work_off_all();
        Collected {
            objects: usize::try_from(self.stats.freed_objects() - before.0).unwrap_or(usize::MAX),
            finalizations: self.finalizers.queue.len().saturating_sub(before.1),
        }
    }

    /// Goes on with a pass until a phase or its end.
    pub(crate) fn finish_pass(&mut self, until: Phase) {
        while !self.cycles.pass.is_idle() && self.cycles.pass.phase != until {
            self.pass_slice_until(until, 1 << 20);
        }
    }

    /// Begins a collection of all dead cycles that goes on in pieces: by itself with what the program
    /// does, and with each step. One that is under way is left at that.
    pub fn start_collection(&mut self) {
        if self.cycles.pass.is_idle() {
            self.stats.began(Trigger::Host);
        }
        self.begin_pass();
    }

    /// Whether a collection of all dead cycles is under way.
    #[must_use]
    pub const fn is_collecting(&self) -> bool {
        !self.cycles.pass.is_idle()
    }

    /// One bounded piece of the collector's work, as long as the limits say. Whether there is more.
    pub fn step(&mut self) -> bool {
        self.step_by(self.limits.release_steps.max(self.limits.pass_steps))
    }

    /// One piece of the collector's work: so many objects and references are looked at. What waits to be
    /// freed comes first, then a trial (which is as long as [`crate::Limits::trial_objects`] says), then a
    /// slice of a collection that is under way or due. Whether there is more.
    pub fn step_by(&mut self, steps: usize) -> bool {
        self.drop_some_roots(ROOTS);
        let few = steps.clamp(1, FEW_STEPS);
        let mut left = self.work_off_steps(few) + (steps.max(1) - few);
        if left > 0 && self.is_dying() {
            let began_ns = clock::monotonic_ns();
            left = self.work_off_steps(left);
            self.piece_ended(Work::Release, began_ns);
        }
        if left > 0 {
            self.step_cycles(left);
        }
        self.is_dying() || self.has_work()
    }

    fn step_cycles(&mut self, left: usize) {
        if !self.cycles.candidates.is_empty() {
            self.timed_trial(false, Trigger::Host);
        } else if !self.cycles.deferred.is_empty() {
            self.timed_trial(true, Trigger::Host);
        } else {
            self.begin_pass_if_due();
            self.timed_steps(left);
            self.decay_some();
        }
    }

    /// Whether a step would find something to do.
    fn has_work(&self) -> bool {
        let cycles = &self.cycles;
        let is_waiting = !cycles.candidates.is_empty() || !cycles.deferred.is_empty();
        is_waiting || !cycles.pass.is_idle() || self.pass_due().is_some()
    }

    /// Steps until a time is over or nothing is left to do; whether there is more. It may take one
    /// step longer.
    pub fn run_for(&mut self, duration: Duration) -> bool {
        let limit = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let start = clock::monotonic_ns();
        while self.step() {
            if clock::monotonic_ns().saturating_sub(start) >= limit {
                return true;
            }
        }
        false
    }
}
