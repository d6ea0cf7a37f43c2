//! The numbers that steer the collector.

use crate::header::SCRATCH_MAX;

/// The numbers that steer the collector, each with its unit and bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The heap's greatest size in bytes: address space, not memory. Rounded up to a power of two
    /// between 1 MiB and 32 GiB.
    pub capacity_bytes: usize,
    /// Objects in one trial, and references followed in it: bounds the pause. 16 to 65535.
    pub trial_objects: usize,
    /// The candidates that start a trial: between these two, moved by how much the last ones freed.
    pub candidates_min: usize,
    /// The upper end of the same.
    pub candidates_max: usize,
    /// Bytes of objects above 8 KiB that are made since the last trial and start one, however few
    /// candidates there are: a few rings may hold much.
    pub large_bytes: usize,
    /// References released and objects freed in one go; the rest waits for the next.
    pub release_steps: usize,
    /// Trials on their own, where candidates are enough. Off, only [`crate::Heap::collect`] and
    /// [`crate::Heap::step`] collect.
    pub automatic: bool,
}

impl Limits {
    /// The limits as they are.
    pub const DEFAULT: Self = Self {
        capacity_bytes: 32 << 30,
        trial_objects: 1024,
        candidates_min: 64,
        candidates_max: 8192,
        large_bytes: 16 << 20,
        release_steps: 4096,
        automatic: true,
    };

    /// The limits inside their bounds.
    pub(crate) fn bounded(mut self) -> Self {
        self.trial_objects = self.trial_objects.clamp(16, SCRATCH_MAX);
        self.candidates_min = self.candidates_min.max(1);
        self.candidates_max = self.candidates_max.max(self.candidates_min);
        self.release_steps = self.release_steps.max(16);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
