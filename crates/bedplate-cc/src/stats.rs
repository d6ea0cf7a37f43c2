//! Figures of a space.

/// Figures of a space, since it was made where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Tracked objects that are alive.
    pub live_objects: usize,
    /// Objects that wait for a trial.
    pub candidates: usize,
    /// Objects that wait for a full pass.
    pub deferred: usize,
    /// Trials.
    pub trials: u64,
    /// Trials that met a limit or an old object.
    pub cut_trials: u64,
    /// Slices of full passes.
    pub pass_slices: u64,
    /// Full passes that came to their end.
    pub full_passes: u64,
    /// Objects that trials and full passes looked at.
    pub touched_objects: u64,
    /// Objects freed as parts of dead cycles.
    pub cycle_objects: u64,
}
