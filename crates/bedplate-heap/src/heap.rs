//! The heap.
//!
//! # Role
//! [`Heap`]: makes objects, counts references.
//!
//! # Invariants
//! - I1: an object's count is the references to it from live objects, roots and finalizations, and those
//!   that the host took and did not give back.
//! - I2: no code of the user runs inside the heap but [`crate::HostObject`]'s `children` and drop, which
//!   have no heap: nothing re-enters.
//!
//! # Cost
//! Retaining and releasing what is not an object is one compare. An object's retain is a load, a
//! compare, a store; its release the same, and a test of flags in the word that was loaded.

use crate::cycles::Cycles;
use crate::finalizers::Finalizers;
use crate::header::{self, Kind, ONE, QUIET};
use crate::kinds::Hosts;
use crate::raw::Words;
use crate::recover::Acknowledged;
use crate::release::Dying;
use crate::roots::Roots;
use crate::shapes::Shapes;
use crate::slots::{SLOT_WORDS_MAX, Slots};
use crate::{HeapError, Limits, Ref, Stats, Value};

/// A heap of objects.
#[derive(Debug)]
pub struct Heap {
    pub(crate) words: Words,
    pub(crate) slots: Slots,
    pub(crate) stats: Stats,
    pub(crate) dying: Dying,
    pub(crate) cycles: Cycles,
    pub(crate) limits: Limits,
    pub(crate) shapes: Shapes,
    pub(crate) hosts: Hosts,
    pub(crate) roots: Roots,
    pub(crate) finalizers: Finalizers,
    pub(crate) acknowledged: Acknowledged,
}

impl Heap {
    /// A heap with the usual limits.
    ///
    /// # Errors
    /// - [`HeapError::Os`]: the system has no address space or memory.
    pub fn new() -> Result<Self, HeapError> {
        Self::with(Limits::DEFAULT)
    }

    /// A heap with limits; those outside their bounds are moved to them.
    ///
    /// # Errors
    /// - [`HeapError::Os`]: the system has no address space or memory.
    pub fn with(limits: Limits) -> Result<Self, HeapError> {
        let limits = limits.bounded();
        Ok(Self {
            words: Words::new(limits.capacity_bytes / 8)?,
            slots: Slots::new(),
            stats: Stats::default(),
            dying: Dying::default(),
            cycles: Cycles::new(&limits),
            limits,
            shapes: Shapes::new(),
            hosts: Hosts::default(),
            roots: Roots::default(),
            finalizers: Finalizers::default(),
            acknowledged: Acknowledged::default(),
        })
    }

    /// The figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (candidates, deferred) = self.cycles.waiting();
        Stats {
            candidates,
            deferred,
            ..self.stats
        }
    }

    /// What a handle is of; [`Kind::Free`] where the object is freed or about to be.
    #[must_use]
    #[inline]
    pub fn kind(&self, object: Ref) -> Kind {
        let header = self.words.load(object.index());
        if header::count(header) == 0 {
            Kind::Free
        } else {
            header::kind(header)
        }
    }

    /// How many references there are to an object; 0 where it is freed. `u32::MAX` sticks.
    #[must_use]
    pub fn count(&self, object: Ref) -> u32 {
        header::count(self.words.load(object.index()))
    }

    /// One reference more to a value; nothing where it is no object.
    #[inline]
    pub fn retain(&mut self, value: Value) {
        if !value.is_object() {
            return;
        }
        let at = value.place();
        let word = self.words.load(at);
        if header::can_grow(word) {
            self.words.store(at, word + ONE);
        } else {
            self.refuse_slow();
        }
    }

    #[cold]
    fn refuse_slow(&mut self) {
        self.stats.refused_retains += 1;
    }

    /// One reference less to a value; nothing where it is no object. The last one frees it, and what
    /// only it held, without recursion.
    #[inline]
    pub fn release(&mut self, value: Value) {
        if !value.is_object() {
            return;
        }
        let at = value.place();
        let word = self.words.load(at);
        if !header::can_shrink(word) {
            self.release_slow(at, word);
            return;
        }
        self.words.store(at, word - ONE);
        if word & QUIET == 0 {
            self.candidate_slow(at);
        }
    }

    #[cold]
    #[inline(never)]
    fn candidate_slow(&mut self, at: u32) {
        self.note_candidate(at);
        self.trial_if_due();
    }

    /// Makes an object of a kind: its header is written, its other words are what they were.
    #[inline]
    pub(crate) fn make(&mut self, kind: Kind, words: u32) -> Result<Ref, HeapError> {
        let at = self.take(words)?;
        self.words.store(at, kind.header());
        self.stats.allocated_objects += 1;
        Ref::at(at).ok_or(HeapError::Full { capacity_bytes: 0 })
    }

    /// Takes so many words.
    #[inline]
    pub(crate) fn take(&mut self, words: u32) -> Result<u32, HeapError> {
        if words > SLOT_WORDS_MAX {
            self.note_large(words);
            return self.slots.take_span(&mut self.words, words);
        }
        let class = Slots::class(words);
        match self.slots.take(&self.words, class) {
            Some(slot) => Ok(slot),
            None => self.take_slow(class),
        }
    }

    /// What waits to be freed is freed before memory is asked for.
    #[cold]
    #[inline(never)]
    fn take_slow(&mut self, class: usize) -> Result<u32, HeapError> {
        self.work_off();
        if let Some(slot) = self.slots.take(&self.words, class) {
            return Ok(slot);
        }
        self.slots.refill_slow(&mut self.words, class)?;
        let capacity_bytes = self.limits.capacity_bytes;
        let slot = self.slots.take(&self.words, class);
        slot.ok_or(HeapError::Full { capacity_bytes })
    }

    /// The place of an object of a kind.
    #[inline]
    pub(crate) fn expect(&self, object: Ref, wanted: Kind) -> Result<u32, HeapError> {
        let found = self.kind(object);
        if found == wanted {
            return Ok(object.index());
        }
        Err(HeapError::Kind {
            object,
            found,
            wanted,
        })
    }

    /// The error of a handle whose object is freed.
    pub(crate) const fn freed(object: Ref) -> HeapError {
        HeapError::Kind {
            object,
            found: Kind::Free,
            wanted: Kind::Free,
        }
    }

    /// A value of an object.
    #[inline]
    pub(crate) fn value(&self, at: u32) -> Value {
        Value::from_word(self.words.load(at))
    }

    /// Writes a value where none was.
    #[inline]
    pub(crate) fn put(&mut self, at: u32, value: Value) {
        self.words.store(at, value.word());
    }

    /// Writes a value and releases what was there.
    #[inline]
    pub(crate) fn replace(&mut self, at: u32, value: Value) {
        let old = self.value(at);
        self.put(at, value);
        self.release(old);
    }
}
