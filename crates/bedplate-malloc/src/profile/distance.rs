//! What a thread knows of its sample points.
//!
//! # Role
//! For each class, and for blocks above the classes: the bytes until the next sample point, and the
//! list and countdown that the current slab had at the last look.
//!
//! # Invariants
//! - I1: a heap's distances are touched by whoever may touch its cells (heap I3).
//! - I2: since the last look at a class's current slab, `given` plus the frees counted down less
//!   the length of its list now is the number of blocks allocated.

use super::draw::Random;
use crate::class::CLASSES;
use core::cell::Cell;

/// The index of the line of blocks above the classes.
pub(crate) const LARGE: usize = CLASSES;
/// No sample point was drawn yet.
const UNDRAWN: u64 = u64::MAX;

/// One class.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Distance {
    /// Whole bytes until the next sample point.
    until: Cell<u64>,
    /// Blocks on the current slab's list at the last look.
    pub(super) given: Cell<u32>,
    /// The slab's countdown then.
    pub(super) countdown: Cell<u32>,
}

/// All classes of a heap.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Distances {
    classes: [Distance; CLASSES + 1],
    random: Random,
    /// True while the thread takes a sample: what the unwinder allocates is none.
    pub(super) samples: Cell<bool>,
}

impl Distances {
    /// Nothing drawn.
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            classes: [const {
                Distance {
                    until: Cell::new(UNDRAWN),
                    given: Cell::new(0),
                    countdown: Cell::new(0),
                }
            }; CLASSES + 1],
            random: Random::new(seed),
            samples: Cell::new(false),
        }
    }

    /// The line of a class, or of [`LARGE`].
    pub(super) fn of(&self, class: usize) -> &Distance {
        debug_assert!(class <= LARGE);
        self.classes.get(class).unwrap_or(&self.classes[LARGE])
    }

    /// Draws a class's next sample point.
    pub(super) fn draw(&self, class: usize) {
        let rate = super::tables::rate();
        self.of(class).until.set(self.random.distance(rate));
    }

    /// Blocks of `block_bytes` until the one that is sampled.
    pub(super) fn blocks_before(&self, class: usize, block_bytes: usize) -> u64 {
        let distance = self.of(class);
        if distance.until.get() == UNDRAWN {
            self.draw(class);
        }
        distance.until.get() / (block_bytes.max(1) as u64)
    }

    /// True if the next block of `block_bytes` is to be sampled.
    pub(super) fn is_next(&self, class: usize, block_bytes: usize) -> bool {
        if self.of(class).until.get() == UNDRAWN {
            self.draw(class);
        }
        self.of(class).until.get() < block_bytes as u64
    }
}

impl Distance {
    /// True if the next sample point was drawn and is farther than so many bytes.
    pub(super) fn is_beyond(&self, bytes: u64) -> bool {
        self.until.get() > bytes && self.until.get() != UNDRAWN
    }

    /// Goes on by so many bytes without a sample.
    pub(super) fn pass(&self, bytes: u64) {
        if self.until.get() != UNDRAWN {
            self.until.set(self.until.get().saturating_sub(bytes));
        }
    }
}
