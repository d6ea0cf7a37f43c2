//! How much garbage there is, exactly.

use crate::Heap;
use crate::header::{self, Kind};

/// Garbage that is not freed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Floating {
    /// Objects that nothing outside of the heap leads to, those that wait to be freed included.
    pub objects: u64,
    /// Their slots and the buffers behind them.
    pub bytes: u64,
}

impl Heap {
    /// The garbage that is not freed yet: what floats.
    ///
    /// # Cost
    /// Two walks over all references; memory for each object. [`Heap::gauges`] has an estimate.
    #[must_use]
    pub fn floating(&self) -> Floating {
        let mut open = self.held_outside();
        let mut is_reached = vec![false; self.words.len() / 2];
        for at in &open {
            is_reached[(at >> 1) as usize] = true;
        }
        while let Some(at) = open.pop() {
            self.each_edge(at, |child| {
                // Slots are two words at least: no two objects share a number.
                if let Some(is_reached) = is_reached.get_mut((child >> 1) as usize)
                    && !*is_reached
                {
                    *is_reached = true;
                    open.push(child);
                }
            });
        }
        let mut floating = Floating::default();
        for at in self.slots.places() {
            let word = self.words.load(at);
            let is_object = !matches!(header::kind(word), Kind::Free | Kind::Buffer);
            if is_object && !is_reached[(at >> 1) as usize] {
                floating.objects += 1;
                floating.bytes += self.bytes_of(at);
            }
        }
        floating
    }
}
