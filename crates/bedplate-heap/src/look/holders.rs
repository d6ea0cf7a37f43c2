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
        let mut count_inside = |child: u32| {
            // Slots are two words at least: no two objects share a number.
            if let Some(count) = inside.get_mut((child >> 1) as usize) {
                *count = count.saturating_add(1);
            }
        };
        for at in self.live_places() {
            self.each_edge(at, &mut count_inside);
        }
        // What a collection is freeing is nobody's reason to live, but what it did not let go of yet is
        // counted still.
        let swept = self.swept();
        let is_holding =
            |at: &u32| self.is_condemned(self.words.load(*at)) && swept.binary_search(at).is_err();
        for at in self.slots.places().filter(is_holding) {
            self.each_edge_from(at, self.swept_up_to(at), &mut count_inside);
        }
        self.live_places()
            .filter(|at| {
                let count = header::count(self.words.load(*at));
                count > inside[(at >> 1) as usize] || count == STICKY
            })
            .collect()
    }
}
