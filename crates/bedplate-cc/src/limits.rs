//! The numbers that steer the collector.

/// The numbers that steer the collector, each with its unit and bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects in one trial, or in one slice of a full pass; twice as many references are followed. Bounds the pause. 16 at least.
    pub trial_objects: usize,
    /// The new candidates that start a trial: between these two, moved by how much the last ones freed.
    pub candidates_min: usize,
    /// The upper end of the same.
    pub candidates_max: usize,
    /// So many objects more than after the last full pass start one, or as many again where that is more; three times as many
    /// where that pass freed less than a fifth. What waits for it is never more.
    pub growth_min: usize,
    /// Bytes of new tracked objects that start a trial however few candidates there are: a few rings may hold much.
    pub bytes: usize,
    /// Trials on their own, when an object is made. Off, only `collect_cycles` and `step` collect.
    pub automatic: bool,
}

impl Limits {
    /// The limits as they are.
    pub const DEFAULT: Self = Self {
        trial_objects: 1024,
        candidates_min: 64,
        candidates_max: 8192,
        growth_min: 10_000,
        bytes: 4 << 20,
        automatic: true,
    };

    /// The limits inside their bounds.
    pub(crate) fn bounded(mut self) -> Self {
        self.trial_objects = self.trial_objects.max(16);
        self.candidates_min = self.candidates_min.max(1);
        self.candidates_max = self.candidates_max.max(self.candidates_min);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
