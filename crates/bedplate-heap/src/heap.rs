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
use crate::figures::{Observed, Tally};
use crate::finalizers::Finalizers;
use crate::header::{self, Kind, ONE, STICKY};
use crate::kinds::{Hosts, Tables};
use crate::raw::Words;
use crate::recover::Acknowledged;
use crate::release::Dying;
use crate::relief::Relief;
use crate::roots::Roots;
use crate::shapes::Shapes;
use crate::slots::{SLOT_WORDS_MAX, Slots};
use crate::trim::Decay;
use crate::{HeapError, Limits, Ref, Stats, Value};
use bedplate_os::budget::Budget;

/// A heap of objects.
#[derive(Debug)]
pub struct Heap {
    pub(crate) words: Words,
    pub(crate) slots: Slots,
    pub(crate) stats: Tally,
    pub(crate) dying: Dying,
    pub(crate) cycles: Cycles,
    pub(crate) limits: Limits,
    pub(crate) shapes: Shapes,
    pub(crate) hosts: Hosts,
    pub(crate) tables: Tables,
    pub(crate) roots: Roots,
    pub(crate) finalizers: Finalizers,
    pub(crate) acknowledged: Acknowledged,
    pub(crate) relief: Relief,
    pub(crate) decay: Decay,
    /// Apart, so that what is used all the time lies together.
    pub(crate) observed: Box<Observed>,
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
        Self::build(limits, None)
    }

    /// A heap whose memory is charged to a budget when it is committed, and given back when the heap is
    /// dropped. Above the budget's soft mark each commit begins a collection.
    ///
    /// # Errors
    /// - [`HeapError::Os`]: the system has no address space or memory.
    /// - [`HeapError::Budget`]: the budget has not enough left.
    pub fn charged(limits: Limits, budget: &'static Budget) -> Result<Self, HeapError> {
        Self::build(limits, Some(budget))
    }

    fn build(limits: Limits, budget: Option<&'static Budget>) -> Result<Self, HeapError> {
        let limits = limits.bounded();
        Ok(Self {
            words: Words::new(limits.capacity_bytes / 8, budget)?,
            slots: Slots::new(),
            stats: Tally::default(),
            dying: Dying::default(),
            cycles: Cycles::new(&limits),
            limits,
            shapes: Shapes::new(budget),
            hosts: Hosts::default(),
            tables: Tables::new(),
            roots: Roots::default(),
            finalizers: Finalizers::default(),
            acknowledged: Acknowledged::default(),
            relief: Relief::default(),
            decay: Decay::default(),
            observed: Box::new(Observed::new()),
        })
    }

    /// What asks this heap, from any thread, to begin a collection: for a pressure monitor.
    #[must_use]
    pub fn relief(&self) -> Relief {
        self.relief.clone()
    }

    /// The limits, as they are inside their bounds.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            given_back_bytes: self.words.given().bytes() as u64,
            ..self.stats.stats(self.cycles.waiting())
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
        match header::count(self.words.load(object.index())) {
            STICKY => u32::MAX,
            count => count,
        }
    }

    /// One reference more to a value; nothing where it is no object.
    #[inline]
    pub fn retain(&mut self, value: Value) {
        if !value.is_object() {
            return;
        }
        let at = value.place();
        let word = self.words.load(at).wrapping_add(ONE);
        if header::has_grown(word) {
            self.words.store(at, word);
        } else {
            self.retain_slow(at);
        }
    }

    /// A count that is at its end, sticks, or is of an object that is no more.
    #[cold]
    #[inline(never)]
    fn retain_slow(&mut self, at: u32) {
        let word = self.words.load(at);
        if header::is_full(word) {
            self.words.store(at, header::stuck(word));
        }
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
        let less = word.wrapping_sub(ONE);
        if !header::has_left(less) {
            self.release_slow(at, word);
            return;
        }
        self.words.store(at, less);
        if word & self.cycles.quiet == 0 {
            self.loss_slow(at);
        }
    }

    #[cold]
    #[inline(never)]
    fn loss_slow(&mut self, at: u32) {
        self.note_loss(at);
        if self.cycles.triggers.is_due {
            self.attend();
        }
    }

    /// Makes an object of a kind: its header is written, its other words are what they were.
    #[inline]
    pub(crate) fn make(&mut self, kind: Kind, words: u32) -> Result<Ref, HeapError> {
        if self.stats.made.of(kind) >= self.cycles.triggers.ticks.at(kind) {
            self.tick(kind);
        }
        let object = self.take(words)?;
        let header = kind.header() | self.cycles.colour;
        self.words.store(object.index(), header);
        self.stats.made.add(kind);
        Ok(object)
    }

    /// Takes so many words.
    #[inline]
    pub(crate) fn take(&mut self, words: u32) -> Result<Ref, HeapError> {
        if words > SLOT_WORDS_MAX {
            return self.take_span(words);
        }
        let class = Slots::class(words);
        match self.slots.take(&self.words, class) {
            Some(slot) => Ok(slot),
            None => self.take_slow(class),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_span(&mut self, words: u32) -> Result<Ref, HeapError> {
        self.note_large(words);
        let mut span = self.slots.take_span(&mut self.words, words);
        if span.is_err() && self.reclaim_chunks() {
            span = self.slots.take_span(&mut self.words, words);
        }
        if span.is_err() && self.collect_for_room() {
            self.reclaim_chunks();
            span = self.slots.take_span(&mut self.words, words);
        }
        self.ask_above_soft();
        self.object_at(span?)
    }

    /// What waits to be freed is freed before memory is asked for.
    #[cold]
    #[inline(never)]
    fn take_slow(&mut self, class: usize) -> Result<Ref, HeapError> {
        self.work_off();
        if let Some(slot) = self.slots.take(&self.words, class) {
            return Ok(slot);
        }
        let filled = self.slots.refill_slow(&mut self.words, class);
        if let Err(error) = filled
            && !self.reclaim_chunks()
        {
            if !self.collect_for_room() {
                return Err(error);
            }
            self.reclaim_chunks();
        }
        self.ask_above_soft();
        match self.slots.take(&self.words, class) {
            Some(slot) => Ok(slot),
            None => {
                self.slots.refill_slow(&mut self.words, class)?;
                let slot = self.slots.take(&self.words, class);
                self.object_at(slot.map_or(0, Ref::index))
            }
        }
    }

    /// Above the soft mark of its budget a heap that takes more asks itself to collect.
    fn ask_above_soft(&self) {
        if let Some(budget) = self.words.budget()
            && budget.used_bytes() >= budget.soft_bytes()
        {
            self.relief.ask();
        }
    }

    fn object_at(&self, at: u32) -> Result<Ref, HeapError> {
        let capacity_bytes = self.limits.capacity_bytes;
        Ref::at(at).ok_or(HeapError::Full { capacity_bytes })
    }

    /// The place of an object of a kind.
    #[inline]
    pub(crate) fn expect(&self, object: Ref, wanted: Kind) -> Result<u32, HeapError> {
        let word = self.words.load(object.index());
        if header::is_kind(word, wanted) {
            return Ok(object.index());
        }
        Err(self.unexpected(object, wanted))
    }

    #[cold]
    #[inline(never)]
    fn unexpected(&self, object: Ref, wanted: Kind) -> HeapError {
        HeapError::Kind {
            object,
            found: self.kind(object),
            wanted,
        }
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

    /// A value near an object's header.
    #[inline]
    pub(crate) fn value_near<const OFFSET: usize>(&self, at: u32) -> Value {
        Value::from_word(self.words.load_near::<OFFSET>(at))
    }

    /// Writes a value into a new object.
    #[inline]
    pub(crate) fn put_near<const OFFSET: usize>(&mut self, object: Ref, value: Value) {
        self.words
            .store_near::<OFFSET>(object.index(), value.word());
    }

    /// Writes a value near an object's header and releases what was there.
    #[inline]
    pub(crate) fn replace_near<const OFFSET: usize>(&mut self, at: u32, value: Value) {
        let old = self.value_near::<OFFSET>(at);
        self.words.store_near::<OFFSET>(at, value.word());
        self.release(old);
    }

    /// Writes a value and releases what was there.
    #[inline]
    pub(crate) fn replace(&mut self, at: u32, value: Value) {
        let old = self.value(at);
        self.put(at, value);
        self.release(old);
    }
}
