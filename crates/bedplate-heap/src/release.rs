//! What happens when counts reach zero.
//!
//! # Role
//! Frees objects and what only they held by a list of work: no recursion, so many steps at a time.
//!
//! # Invariants
//! - I1: an object in the list has count zero and is disposed of once.
//! - I2: weak references to it are dead from the moment when its count is zero.

use crate::bits::{high, low};
use crate::header::{self, CONDEMNED, FINALIZER, HAS_WEAK, Kind, ONE, QUIET, STICKY};
use crate::{Heap, Value};

/// An object and its two references.
const SMALL_STEPS: usize = 3;

/// Objects whose count is zero and whose references are still to be released.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dying {
    pub(crate) list: Vec<u32>,
    /// The one whose references were released up to a place.
    pub(crate) begun: Option<(u32, u32)>,
}

impl Heap {
    /// A release that is not a plain difference: the last, a stuck count, or one too many.
    #[inline(never)]
    pub(crate) fn release_slow(&mut self, at: u32, word: u64) {
        match header::count(word) {
            0 => self.stats.underflows += 1,
            STICKY => {}
            _ => {
                if !self.free_small(at, word) {
                    self.last_reference(at, word);
                }
                if self.is_dying() {
                    self.work_off();
                }
                self.trial_if_due();
            }
        }
    }

    /// Frees an object of a kind with two references at most, whose end nobody is to see, without the
    /// list; `false` where it is another.
    #[inline]
    fn free_small(&mut self, at: u32, word: u64) -> bool {
        if word & (FINALIZER | HAS_WEAK) != 0 {
            return false;
        }
        let Some(children) = self.edges_small(at, word) else {
            return false;
        };
        self.stats.freed_objects += 1;
        self.slots.give(&mut self.words, at);
        if children != [0; 2] {
            for child in children {
                if child != 0 {
                    self.release_child(child);
                }
            }
        }
        true
    }

    /// The last reference to an object goes: it dies, or is finalized first.
    fn last_reference(&mut self, at: u32, word: u64) {
        if word & (FINALIZER | HAS_WEAK) != 0 {
            self.end_weak(at, word);
            if word & FINALIZER != 0 {
                // The reference is the finalization's now.
                self.queue_finalization(at);
                return;
            }
        }
        self.words.store(at, word - ONE);
        self.dying.list.push(at);
    }

    /// Ends the weak references to an object.
    pub(crate) fn end_weak(&mut self, at: u32, word: u64) {
        if word & HAS_WEAK != 0 {
            self.slots.end_generation(at);
        }
    }

    /// Releases a reference that a dying object held.
    fn release_child(&mut self, at: u32) {
        let word = self.words.load(at);
        if word & CONDEMNED != 0 {
            return;
        }
        match header::count(word) {
            0 => self.stats.underflows += 1,
            1 => self.last_reference(at, word),
            STICKY => {}
            _ => {
                self.words.store(at, word - ONE);
                if word & QUIET == 0 {
                    self.note_candidate(at);
                }
            }
        }
    }

    /// Works off the list, as many steps as the limits say.
    #[cold]
    #[inline(never)]
    pub(crate) fn work_off(&mut self) {
        self.work_off_steps(self.limits.release_steps);
    }

    /// Whether objects wait to be freed.
    pub(crate) const fn is_dying(&self) -> bool {
        self.dying.begun.is_some() || !self.dying.list.is_empty()
    }

    /// Works off the list in so many steps; how many are left of them.
    pub(crate) fn work_off_steps(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let begun = self.dying.begun.take();
            if let Some((at, from)) = begun {
                left = self.release_children(at, from, left);
                continue;
            }
            let Some(at) = self.dying.list.pop() else {
                return left;
            };
            left = if self.free_small(at, self.words.load(at)) {
                left.saturating_sub(SMALL_STEPS)
            } else {
                self.release_children(at, 0, left)
            };
        }
        0
    }

    /// Releases the references of a dying object from a place on, and disposes of it at the end.
    fn release_children(&mut self, at: u32, from: u32, steps: usize) -> usize {
        if header::kind(self.words.load(at)) == Kind::Host {
            for child in self.host_children(at) {
                self.release_child(child);
            }
        }
        let (edges, mut left) = (self.edges(at), steps - 1);
        for place in from..edges.count() {
            if left == 0 {
                self.dying.begun = Some((at, place));
                return 0;
            }
            left -= 1;
            let child = edges.at(self, place);
            if child != 0 {
                self.release_child(child);
            }
        }
        self.dispose(at);
        left
    }

    /// Gives an object's memory back. Its references are released.
    fn dispose(&mut self, at: u32) {
        let word = self.words.load(at);
        match header::kind(word) {
            Kind::Array => self.give_buffer(low(self.words.load(at + 2))),
            Kind::Table => self.give_buffer(low(self.words.load(at + 2))),
            Kind::Record => self.give_buffer(high(self.words.load(at + 1))),
            Kind::Host => self.drop_host(at),
            _ => {}
        }
        self.stats.freed_objects += 1;
        if word & HAS_WEAK != 0 && self.slots.generation(at) == u32::MAX {
            // Its generations are used up: the slot stays empty, so that no old weak reference finds
            // a new object.
            self.words.store(at, 0);
            return;
        }
        self.slots.give(&mut self.words, at);
    }

    /// Gives the room of an object back.
    pub(crate) fn give_buffer(&mut self, buffer: u32) {
        if buffer != 0 {
            self.slots.give(&mut self.words, buffer);
        }
    }

    /// Frees objects that hold each other and are held by nothing else.
    pub(crate) fn free_condemned(&mut self, garbage: &[u32]) {
        for &at in garbage {
            let word = self.words.load(at);
            self.end_weak(at, word);
            self.words.store(at, word | CONDEMNED);
        }
        let mut children = core::mem::take(&mut self.cycles.children);
        for &at in garbage {
            self.each_edge(at, |child| children.push(child));
            for child in children.drain(..) {
                self.release_child(child);
            }
        }
        self.cycles.children = children;
        for &at in garbage {
            self.dispose(at);
        }
        self.stats.cycle_objects += garbage.len() as u64;
    }

    /// Frees what waits to be freed, all of it.
    ///
    /// # Cost
    /// As much as there is: [`Heap::step`] does a part.
    pub fn settle(&mut self) {
        self.drop_roots();
        while self.is_dying() {
            self.work_off();
        }
    }

    /// Releases several values.
    pub(crate) fn release_all(&mut self, values: impl IntoIterator<Item = Value>) {
        for value in values {
            self.release(value);
        }
    }
}
