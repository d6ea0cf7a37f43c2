//! When to verify how much.

use super::part::Round;
use super::report::Report;
use crate::{Heap, Value};

/// How a watch looks at a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    Off,
    /// The quick check and one chunk at each call: for production.
    Sampled,
    /// Everything, each so many operations: objects made, objects freed and calls. For development.
    Periodic {
        /// The operations.
        operations: u64,
    },
}

impl Default for Mode {
    /// Periodic where debug assertions are on, else sampled.
    fn default() -> Self {
        if cfg!(debug_assertions) {
            Self::Periodic {
                operations: 1 << 20,
            }
        } else {
            Self::Sampled
        }
    }
}

/// Looks at a heap every now and then.
#[derive(Debug, Default)]
pub struct Watch {
    mode: Mode,
    round: Round,
    calls: u64,
    operations: u64,
    looks: u64,
}

impl Watch {
    /// A watch that did not look yet.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }

    /// How often it looked.
    #[must_use]
    pub const fn looks(&self) -> u64 {
        self.looks
    }

    /// How often it went round the whole heap by parts.
    #[must_use]
    pub const fn rounds(&self) -> u64 {
        self.round.rounds()
    }

    /// Looks, if it is time. What was found, if anything was. A safe point of the host.
    pub fn tend(&mut self, heap: &Heap) -> Option<Report> {
        self.look(heap, Heap::verify)
    }

    /// The same; where everything is looked at, with the references that the host counts itself.
    pub fn tend_with<I>(&mut self, heap: &Heap, held: impl FnOnce() -> I) -> Option<Report>
    where
        I: IntoIterator<Item = Value>,
    {
        self.look(heap, |heap| heap.verify_with(held()))
    }

    fn look(&mut self, heap: &Heap, whole: impl FnOnce(&Heap) -> Report) -> Option<Report> {
        let report = match self.mode {
            Mode::Off => return None,
            Mode::Sampled => {
                let quick = heap.quick_check();
                if quick.is_healthy() {
                    heap.verify_part(&mut self.round)
                } else {
                    quick
                }
            }
            Mode::Periodic { operations } => {
                self.calls += 1;
                let now = heap.stats.operations() + self.calls;
                // A heap that went back to a checkpoint counts from there.
                self.operations = self.operations.min(now);
                if now - self.operations < operations {
                    return None;
                }
                self.operations = now;
                whole(heap)
            }
        };
        self.looks += 1;
        (!report.is_healthy()).then_some(report)
    }
}
