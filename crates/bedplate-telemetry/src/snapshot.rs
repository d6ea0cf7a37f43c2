//! Copies to read.
//!
//! # Role
//! A plain struct of all figures at one time; readers never look at live memory.

use crate::block::{CLASS_SLOTS, METRICS, Metric, Telemetry};

/// All figures at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The single figures, by [`Metric`] number.
    pub figures: [u64; METRICS],
    /// Allocations by size class.
    pub class_allocations: [u64; CLASS_SLOTS],
    /// Frees by size class.
    pub class_frees: [u64; CLASS_SLOTS],
}

impl Snapshot {
    /// Words of a snapshot as they lie at the start of a [`Telemetry`] block.
    pub const WORDS: usize = METRICS + 2 * CLASS_SLOTS;

    /// Copies the figures. Each is whole; together they are as of about one time.
    #[must_use]
    pub fn of(telemetry: &Telemetry) -> Self {
        Self {
            figures: core::array::from_fn(|i| {
                Metric::ALL.get(i).map_or(0, |m| telemetry.figure(*m))
            }),
            class_allocations: core::array::from_fn(|i| telemetry.allocations_of(i)),
            class_frees: core::array::from_fn(|i| telemetry.frees_of(i)),
        }
    }

    /// Puts a snapshot together from the words of a block read elsewhere, `None` if too few.
    #[must_use]
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let (figures, rest) = words.split_first_chunk::<METRICS>()?;
        let (class_allocations, rest) = rest.split_first_chunk::<CLASS_SLOTS>()?;
        let class_frees = rest.first_chunk::<CLASS_SLOTS>()?;
        Some(Self {
            figures: *figures,
            class_allocations: *class_allocations,
            class_frees: *class_frees,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Snapshot;
    use crate::block::{Metric, TELEMETRY};

    #[test]
    fn a_snapshot_is_a_copy() {
        let before = Snapshot::of(&TELEMETRY);
        TELEMETRY.add(Metric::OsMaps, 3);
        TELEMETRY.class_allocation(7);
        let after = Snapshot::of(&TELEMETRY);
        assert_eq!(
            after.figures[Metric::OsMaps as usize],
            before.figures[Metric::OsMaps as usize] + 3
        );
        assert_eq!(after.class_allocations[7], before.class_allocations[7] + 1);
        assert_eq!(before.class_frees, after.class_frees);
    }
}
