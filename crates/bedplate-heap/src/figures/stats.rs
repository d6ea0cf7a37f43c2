//! A copy of the counts, for hosts.

use super::by_kind::ByKind;
use super::trigger::{ByTrigger, Trigger};

/// A copy of a heap's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// Objects that were made.
    pub allocated_objects: u64,
    /// Objects that were freed, cycles included.
    pub freed_objects: u64,
    /// Objects that were made, by kind.
    pub allocated_by_kind: ByKind,
    /// Objects that were freed, by kind.
    pub freed_by_kind: ByKind,
    /// Trials.
    pub trials: u64,
    /// Objects that trials looked at.
    pub touched_objects: u64,
    /// Dead structures that trials and passes found: what a trial met from one candidate counts once, and
    /// so does all the garbage of a pass.
    pub cycles: u64,
    /// Objects that were freed as parts of cycles.
    pub cycle_objects: u64,
    /// Trials that met a limit or an old object.
    pub cut_trials: u64,
    /// Full passes.
    pub full_passes: u64,
    /// References that were given back more often than they were taken: nothing was changed.
    pub underflows: u64,
    /// Retains that changed nothing: of objects whose count sticks, each time anew, and of objects that
    /// were freed or about to be.
    pub refused_retains: u64,
    /// Objects that wait for a trial now; some may be freed since.
    pub candidates: u64,
    /// Objects that wait for a full pass now; some may be freed since.
    pub deferred: u64,
    /// Bytes of free memory that the kernel has now ([`crate::Heap::trim`]). Going back to a checkpoint does
    /// not bring this back.
    pub given_back_bytes: u64,
    /// Candidates and deferred objects that trials took up, those that were freed meanwhile included.
    pub tried: u64,
    /// How often each reason began a trial, a pass or a collection.
    pub triggers: ByTrigger,
    /// The last reason.
    pub last_trigger: Option<Trigger>,
}

impl Stats {
    /// Objects that are there now, those that wait to be freed included.
    #[must_use]
    pub const fn live_objects(&self) -> u64 {
        self.allocated_objects.saturating_sub(self.freed_objects)
    }

    /// The same by kind.
    #[must_use]
    pub fn live_by_kind(&self) -> ByKind {
        self.allocated_by_kind.less(&self.freed_by_kind)
    }
}
