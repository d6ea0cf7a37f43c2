//! The test of the whole heap.
//!
//! # Role
//! The same theorem with all objects as the set: complete, and as long as the heap is large. Roots need
//! not be known: they are the counts that the heap itself does not explain.
//!
//! # Cost
//! Two walks over all references; four bytes for each two words of the heap while it runs.

use crate::Heap;
use crate::header::{self, BUFFERED, DEFERRED, STICKY};

/// What a full pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// Objects freed as parts of dead cycles, and what only those held among them.
    pub objects: usize,
    /// Finalizations that were queued; the objects that wait for them are not freed yet.
    pub finalizations: usize,
}

impl Heap {
    /// Frees all dead cycles, and what waits to be freed.
    pub fn collect(&mut self) -> Collected {
        self.settle();
        let queued = self.finalizers.queue.len();
        let objects: Vec<u32> = self
            .slots
            .places()
            .filter(|at| self.is_object(*at))
            .collect();
        let outside = self.held_from_outside(&objects);
        let garbage = self.unreached(&objects, outside);
        for at in &objects {
            let word = self.words.load(*at);
            self.words.store(*at, word & !(BUFFERED | DEFERRED));
        }
        self.cycles.candidates.clear();
        self.cycles.deferred.clear();
        self.stats.full_passes += 1;
        let objects = self.free_or_finalize(&garbage);
        self.settle();
        Collected {
            objects,
            finalizations: self.finalizers.queue.len() - queued,
        }
    }

    fn is_object(&self, at: u32) -> bool {
        header::count(self.words.load(at)) > 0
    }

    /// The objects that have more references than the heap's own.
    fn held_from_outside(&self, objects: &[u32]) -> Vec<u32> {
        let mut inside = vec![0_u32; self.words.len() / 2];
        for at in objects {
            self.each_edge(*at, |child| {
                // Slots are two words at least: no two objects share a number.
                let count = &mut inside[(child >> 1) as usize];
                *count = count.saturating_add(1);
            });
        }
        let is_held = |at: &&u32| {
            let count = header::count(self.words.load(**at));
            count > inside[(**at >> 1) as usize] || count == STICKY
        };
        objects.iter().filter(is_held).copied().collect()
    }

    /// The objects that cannot be reached from `open`. Marks are scratch indices, zero again at the
    /// end.
    fn unreached(&mut self, objects: &[u32], mut open: Vec<u32>) -> Vec<u32> {
        let mut next = Vec::new();
        for at in &open {
            let word = self.words.load(*at);
            self.words.store(*at, header::with_scratch(word, 1));
        }
        while let Some(at) = open.pop() {
            self.each_edge(at, |child| next.push(child));
            for child in next.drain(..) {
                let word = self.words.load(child);
                if header::scratch(word) == 0 {
                    self.words.store(child, header::with_scratch(word, 1));
                    open.push(child);
                }
            }
        }
        let mut garbage = Vec::new();
        for at in objects {
            let word = self.words.load(*at);
            if header::scratch(word) == 0 {
                garbage.push(*at);
            }
            self.words.store(*at, header::with_scratch(word, 0));
        }
        garbage
    }
}
