//! The second half of a full pass: what was not met goes.
//!
//! # Why in two walks
//! Garbage holds garbage. A slot that is given back is soon another object's, and a reference to it
//! would be taken for one to that object. So first all garbage lets go of what is outside, and then its
//! memory is given back.
//!
//! # Invariants
//! - I1: weak references to garbage are dead before anything of it is released.
//! - I2: an object with a finalizer was met (`Phase::Finalize`): it is no garbage.

use super::pass::Phase;
use crate::Heap;
use crate::Kind;
use crate::header::{self, HAS_WEAK};

impl Heap {
    pub(super) fn sweep_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let Some((at, from)) = self.next_unmet() else {
                self.next_phase(Phase::Dispose);
                return left;
            };
            left -= 1;
            let word = self.words.load(at);
            if !self.is_unmet(word) {
                // What is garbage lets go of its shape, too.
                if header::is_of(word, Kind::Record) {
                    self.see_shape(at);
                }
                continue;
            }
            let (next, rest) = self.some_last_edges(at, from, left, Self::release_outside);
            self.cycles.pass.begun = next.map(|next| (at, next));
            if next.is_none() {
                self.cycles.pass.garbage.push(at);
            }
            left = rest;
        }
        0
    }

    /// Releases what garbage holds, unless it is garbage, too.
    fn release_outside(&mut self, child: u32) {
        if !self.is_unmet(self.words.load(child)) {
            self.release_child(child);
        }
    }

    pub(super) fn dispose_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let Some(at) = self.cycles.pass.garbage.pop() else {
                self.next_phase(Phase::Shapes);
                return left;
            };
            left = left.saturating_sub(2);
            // Whoever asked while it was swept was told that it is no more.
            let word = self.words.load(at);
            if word & HAS_WEAK != 0 {
                self.slots.end_generation(at);
            }
            let host = self.dispose_all_but_host(at);
            self.stats.cycle_objects += 1;
            self.cycles.triggers.pass_freed();
            if host.is_some() {
                self.end_hosts(host);
            }
        }
        0
    }

    pub(super) fn shapes_some(&mut self, steps: usize) -> usize {
        let (left, is_over) = self.shapes.free_unused(steps);
        if is_over {
            self.next_phase(Phase::Idle);
            self.pass_ended();
        }
        left
    }

    /// Objects that are garbage and let go of what is outside of it, in order; for verification.
    pub(crate) fn swept(&self) -> Vec<u32> {
        let mut swept: Vec<u32> = self.cycles.pass.garbage.iter().copied().collect();
        swept.sort_unstable();
        swept
    }

    /// The place among the references of an object up to which it let go of them.
    pub(crate) fn swept_up_to(&self, at: u32) -> u32 {
        match self.cycles.pass.begun {
            Some((begun, from)) if begun == at && self.cycles.pass.phase == Phase::Sweep => from,
            _ => 0,
        }
    }
}
