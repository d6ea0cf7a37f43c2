//! Figures.
//!
//! # Role
//! What slow paths count anyway. Counters that a hit would pay for are not here.

/// A copy of a heap's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Objects that were made.
    pub allocated_objects: u64,
    /// Objects that were freed, cycles included.
    pub freed_objects: u64,
    /// Trials.
    pub trials: u64,
    /// Objects that trials looked at.
    pub touched_objects: u64,
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
}

impl Stats {
    /// Objects that are there now, those that wait to be freed included.
    #[must_use]
    pub const fn live_objects(&self) -> u64 {
        self.allocated_objects.saturating_sub(self.freed_objects)
    }
}
