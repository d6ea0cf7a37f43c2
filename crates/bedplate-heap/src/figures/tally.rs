//! The counts themselves.
//!
//! # Role
//! What the heap counts. Objects made and freed are counted by kind where it is known which kind it is,
//! by the one addition that a count of all would take; a sum is made when somebody asks.

use super::by_kind::ByKind;
use super::stats::Stats;
use super::trigger::{ByTrigger, Trigger};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) made: ByKind,
    pub(crate) freed: ByKind,
    pub(crate) trials: u64,
    pub(crate) touched_objects: u64,
    pub(crate) cycles: u64,
    pub(crate) cycle_objects: u64,
    pub(crate) cut_trials: u64,
    pub(crate) full_passes: u64,
    pub(crate) underflows: u64,
    pub(crate) refused_retains: u64,
    /// Places that trials took out of the lists of candidates and deferred objects.
    pub(crate) taken: u64,
    pub(crate) triggers: ByTrigger,
    pub(crate) last_trigger: Option<Trigger>,
}

impl Tally {
    pub(crate) fn allocated_objects(&self) -> u64 {
        self.made.total()
    }

    pub(crate) fn freed_objects(&self) -> u64 {
        self.freed.total()
    }

    /// Objects that are there now, those that wait to be freed included.
    pub(crate) fn live_objects(&self) -> u64 {
        self.made.total().saturating_sub(self.freed.total())
    }

    /// Objects made and freed.
    pub(crate) fn operations(&self) -> u64 {
        self.made.total() + self.freed.total()
    }

    pub(crate) const fn began(&mut self, trigger: Trigger) {
        self.triggers.add(trigger);
        self.last_trigger = Some(trigger);
    }

    /// A copy for hosts; who waits is told by the lists.
    pub(crate) fn stats(&self, (candidates, deferred): (u64, u64)) -> Stats {
        Stats {
            allocated_objects: self.allocated_objects(),
            freed_objects: self.freed_objects(),
            allocated_by_kind: self.made,
            freed_by_kind: self.freed,
            trials: self.trials,
            touched_objects: self.touched_objects,
            cycles: self.cycles,
            cycle_objects: self.cycle_objects,
            cut_trials: self.cut_trials,
            full_passes: self.full_passes,
            underflows: self.underflows,
            refused_retains: self.refused_retains,
            candidates,
            deferred,
            given_back_bytes: 0,
            tried: self.taken,
            triggers: self.triggers,
            last_trigger: self.last_trigger,
        }
    }
}
