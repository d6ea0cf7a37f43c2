//! What is set aside.

use crate::Heap;
use alloc::collections::BTreeSet;

/// Slots that are not used again, and the faults that are dealt with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quarantine {
    pub(crate) shut: BTreeSet<u32>,
    /// Releases that were refused and are accounted for.
    pub(crate) underflows: u64,
}

impl Quarantine {
    pub(crate) const fn unseen_underflows(&self, underflows: u64) -> u64 {
        underflows.saturating_sub(self.underflows)
    }
}

impl Heap {
    /// Whether a free slot is not to be used again: set aside, or out of generations.
    pub(crate) fn is_shut(&self, at: u32) -> bool {
        self.slots.generation(at) == u32::MAX || self.quarantine.shut.contains(&at)
    }
}
