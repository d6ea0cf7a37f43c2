//! Sequences by their ids.
//!
//! # Role
//! A slab with generations: an id of a sequence that ended finds none, whoever has its place now.

use super::span::Span;
use super::{KvError, Settings, State};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

/// How many caches there were. One of four billion later may have an older one's number.
static CACHES: AtomicU32 = AtomicU32::new(0);

/// Names a sequence of one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SequenceId {
    cache: u32,
    place: u32,
    generation: u32,
}

/// A sequence: its tokens, and where they are.
#[derive(Debug)]
pub(super) struct Sequence<T> {
    pub(super) span: Span,
    pub(super) memory: T,
    is_pinned: bool,
    /// When it was changed last, in changes of the cache.
    changed: u64,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    /// Whether the last one here was evicted.
    was_evicted: bool,
    sequence: Option<Sequence<T>>,
}

/// Sequences of a cache.
#[derive(Debug)]
pub(super) struct Sequences<T> {
    /// The number of this cache, in its ids.
    cache: u32,
    places: Vec<Place<T>>,
    free: Vec<u32>,
    changes: u64,
    evicted: u64,
}

impl<T> Sequences<T> {
    pub(super) fn new() -> Self {
        Self {
            // Relaxed: a number that nothing is ordered by.
            cache: CACHES.fetch_add(1, Ordering::Relaxed),
            places: Vec::new(),
            free: Vec::new(),
            changes: 0,
            evicted: 0,
        }
    }

    pub(super) const fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) const fn evicted_count(&self) -> u64 {
        self.evicted
    }

    /// Sees to it that the next [`Self::add`] has its records.
    pub(super) fn prepare(&mut self) -> Result<(), KvError> {
        if self.free.is_empty() {
            if u32::try_from(self.places.len()).is_err() {
                return Err(KvError::Records);
            }
            self.places.try_reserve(1)?;
            // So that an end never allocates.
            self.free
                .try_reserve(self.places.len() + 1 - self.free.len())?;
        }
        Ok(())
    }

    /// Takes a sequence in, pinned; records were prepared.
    pub(super) fn add(&mut self, span: Span, memory: T) -> SequenceId {
        self.changes += 1;
        let sequence = Some(Sequence {
            span,
            memory,
            is_pinned: true,
            changed: self.changes,
        });
        if let Some(place) = self.free.pop()
            && let Some(room) = self.places.get_mut(place as usize)
        {
            room.sequence = sequence;
            return SequenceId {
                cache: self.cache,
                place,
                generation: room.generation,
            };
        }
        // Fits: `prepare` asked.
        let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place {
            generation: 0,
            was_evicted: false,
            sequence,
        });
        SequenceId {
            cache: self.cache,
            place,
            generation: 0,
        }
    }

    pub(super) fn get(&self, id: SequenceId) -> Result<&Sequence<T>, KvError> {
        let place = self.places.get(id.place as usize);
        let place = place
            .filter(|_| id.cache == self.cache)
            .ok_or(KvError::Unknown)?;
        match &place.sequence {
            Some(sequence) if place.generation == id.generation => Ok(sequence),
            _ => Err(place.gone(id)),
        }
    }

    /// A sequence that is about to change.
    pub(super) fn get_mut(&mut self, id: SequenceId) -> Result<&mut Sequence<T>, KvError> {
        self.changes += 1;
        let place = self.places.get_mut(id.place as usize);
        let place = place
            .filter(|_| id.cache == self.cache)
            .ok_or(KvError::Unknown)?;
        let gone = place.gone(id);
        match &mut place.sequence {
            Some(sequence) if place.generation == id.generation => {
                sequence.changed = self.changes;
                Ok(sequence)
            }
            _ => Err(gone),
        }
    }

    /// Ends a sequence.
    pub(super) fn remove(&mut self, id: SequenceId) -> Result<Sequence<T>, KvError> {
        self.get(id)?;
        let place = self.places.get_mut(id.place as usize);
        let place = place.ok_or(KvError::Unknown)?;
        place.generation = place.generation.wrapping_add(1);
        place.was_evicted = false;
        let sequence = place.sequence.take().ok_or(KvError::Unknown)?;
        self.free.push(id.place);
        Ok(sequence)
    }

    pub(super) fn pin(&mut self, id: SequenceId, pinned: bool) -> Result<(), KvError> {
        self.get_mut(id)?.is_pinned = pinned;
        Ok(())
    }

    /// Ends the sequence that is not pinned and was longest not changed.
    pub(super) fn evict(
        &mut self,
        spared: Option<SequenceId>,
    ) -> Option<(SequenceId, Sequence<T>)> {
        let oldest = self
            .places
            .iter()
            .zip(0_u32..)
            .filter_map(|(room, place)| {
                let sequence = room.sequence.as_ref().filter(|s| !s.is_pinned)?;
                let id = SequenceId {
                    cache: self.cache,
                    place,
                    generation: room.generation,
                };
                Some((sequence.changed, id))
            })
            .filter(|(_, id)| Some(*id) != spared)
            .min_by_key(|(changed, _)| *changed);
        let (_, id) = oldest?;
        let sequence = self.remove(id).ok()?;
        if let Some(place) = self.places.get_mut(id.place as usize) {
            place.was_evicted = true;
        }
        self.evicted += 1;
        Some((id, sequence))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sequence<T>> {
        self.places.iter().filter_map(|room| room.sequence.as_ref())
    }

    /// All of them, none of which counts as changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Sequence<T>> {
        self.places
            .iter_mut()
            .filter_map(|room| room.sequence.as_mut())
    }
}

impl<T> Place<T> {
    /// Why the sequence of an id is not here.
    const fn gone(&self, id: SequenceId) -> KvError {
        if self.was_evicted && self.generation == id.generation.wrapping_add(1) {
            KvError::Evicted
        } else {
            KvError::Unknown
        }
    }
}

impl<T> Sequence<T> {
    pub(super) const fn state(&self) -> State {
        State {
            tokens: self.span.tokens(),
            committed_tokens: self.span.committed_tokens(),
            first_position: self.span.position(self.span.front()),
            is_pinned: self.is_pinned,
        }
    }

    pub(super) const fn settings(&self) -> Settings {
        self.span.settings()
    }
}
