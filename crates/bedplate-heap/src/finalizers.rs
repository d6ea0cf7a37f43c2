//! Code that runs before an object is freed.
//!
//! # Role
//! The heap runs no code. An object with a finalizer that would be freed waits in a queue instead, with
//! a reference of the queue's; the host takes it out, runs what it has to run, and releases it. What
//! the code stored elsewhere lives on; a finalizer is used once.
//!
//! A finalizer that leads to its own object keeps it alive: it is given the object, so that it need
//! not hold it.
//!
//! # Invariants
//! - I1: weak references to the object are dead before its finalizer is seen.
//! - I2: an object with the flag has a finalizer in the map, which holds a reference.

use crate::header::FINALIZER;
use crate::{Heap, HeapError, Kind, Ref, Value};
use alloc::collections::VecDeque;
use std::collections::HashMap;

/// An object that would be freed, and what is to run before.
#[must_use = "both values hold references, which are released in the end"]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finalization {
    /// The object, with a reference that is the caller's.
    pub object: Ref,
    /// What was given for it, with a reference that is the caller's.
    pub finalizer: Value,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Finalizers {
    pub(crate) by_object: HashMap<u32, Value>,
    pub(crate) queue: VecDeque<Finalization>,
}

impl Finalizers {
    /// Whether any object has one that did not run.
    pub(crate) fn is_any(&self) -> bool {
        !self.by_object.is_empty()
    }
}

impl Heap {
    /// Gives an object a finalizer, taking one reference to it over. One that it had is released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: the object is freed.
    pub fn set_finalizer(&mut self, object: Ref, finalizer: Value) -> Result<(), HeapError> {
        if self.kind(object) == Kind::Free {
            return Err(Self::freed(object));
        }
        let at = object.index();
        let word = self.words.load(at);
        self.words.store(at, word | FINALIZER);
        if let Some(old) = self.finalizers.by_object.insert(at, finalizer) {
            self.release(old);
        }
        Ok(())
    }

    /// Takes an object's finalizer away, for a program that has done its work already: the reference is the caller's. `None` where it
    /// has none, or waits in the queue with it.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: the object is freed.
    pub fn take_finalizer(&mut self, object: Ref) -> Result<Option<Value>, HeapError> {
        if self.kind(object) == Kind::Free {
            return Err(Self::freed(object));
        }
        let at = object.index();
        let word = self.words.load(at);
        self.words.store(at, word & !FINALIZER);
        Ok(self.finalizers.by_object.remove(&at))
    }

    /// Queues every object that has a finalizer, though it be in use: for a machine that ends and whose language promises that all
    /// run. Weak references to them are dead. How many they were.
    pub fn finalize_all(&mut self) -> usize {
        let mut places: Vec<u32> = self.finalizers.by_object.keys().copied().collect();
        places.sort_unstable();
        for at in &places {
            self.end_weak(*at, self.words.load(*at));
            self.keep_place(*at);
            self.queue_finalization(*at);
        }
        places.len()
    }

    /// Puts an object into the queue. One reference to it is the queue's now.
    pub(crate) fn queue_finalization(&mut self, at: u32) {
        // Whoever held it until now did not tell that it lost it.
        self.taken_out(at);
        let word = self.words.load(at);
        self.words.store(at, word & !FINALIZER);
        let finalizer = self.finalizers.by_object.remove(&at);
        if let (Some(object), Some(finalizer)) = (Ref::at(at), finalizer) {
            self.finalizers
                .queue
                .push_back(Finalization { object, finalizer });
        }
    }

    /// The next object that would be freed but for its finalizer. The host runs it and releases both
    /// values.
    pub fn next_finalization(&mut self) -> Option<Finalization> {
        self.finalizers.queue.pop_front()
    }
}
