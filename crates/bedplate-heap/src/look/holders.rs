//! Who is held from outside.
//!
//! # Role
//! Roots, finalizers and the host's own references are what an object's count has beyond the
//! references of other objects. So nobody needs to say what the roots are.

use crate::Heap;
use crate::header::{self, STICKY};

impl Heap {
    /// The objects that have more references than those of other objects, in the order of places.
    pub(super) fn held_outside(&self) -> Vec<u32> {
        let mut inside = vec![0_u32; self.words.len() / 2];
        for at in self.live_places() {
            self.each_edge(at, |child| {
                // Slots are two words at least: no two objects share a number.
                if let Some(count) = inside.get_mut((child >> 1) as usize) {
                    *count = count.saturating_add(1);
                }
            });
        }
        self.live_places()
            .filter(|at| {
                let count = header::count(self.words.load(*at));
                count > inside[(at >> 1) as usize] || count == STICKY
            })
            .collect()
    }
}
