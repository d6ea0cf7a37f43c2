//! Slots of objects.
//!
//! # Role
//! [`Slots`]: memory in chunks of 16 KiB, each of one size class, and spans of whole chunks for what is
//! greater. Free slots of a class are a list through the slots.
//!
//! # Not here
//! Counts and kinds.
//!
//! # Invariants
//! - I1: place 0 is never handed out: chunk 0 is not used.
//! - I2: the header of a free slot is zero; its second word is the next free slot, 0 at the end.
//! - I3: a chunk that got a class keeps it until memory is short and all its slots are free
//!   (`reclaim.rs`); slots begin at multiples of the class's size in it, up to
//!   the class's bump where it is the class's last chunk.
//! - I4: a generation changes only when an object that had weak references dies. A slot whose
//!   generation is used up is never handed out again.

use crate::bits::{low, narrow};
use crate::raw::Words;
use crate::spare::Spare;
use crate::{HeapError, Ref};
use alloc::sync::Arc;

/// The words of a chunk.
pub(crate) const CHUNK: u32 = 1 << CHUNK_SHIFT;
pub(crate) const CHUNK_SHIFT: u32 = 11;
/// Words of each class.
pub(crate) const SIZES: [u32; 28] = [
    2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 170, 204,
    256, 341, 512, 1024,
];
/// The greatest slot.
pub(crate) const SLOT_WORDS_MAX: u32 = SIZES[SIZES.len() - 1];
/// The class of each size.
const CLASS_OF: [u8; SLOT_WORDS_MAX as usize + 1] = class_table();
/// Room for the classes: a power of two, so that any number can be cut to one.
const CLASSES: usize = 32;
/// How many slots are chained at a time.
const BATCH: u32 = 16;

const fn class_table() -> [u8; SLOT_WORDS_MAX as usize + 1] {
    let mut table = [0; SLOT_WORDS_MAX as usize + 1];
    let (mut size, mut class) = (0, 0_u8);
    while size < table.len() {
        if size > SIZES[class as usize] as usize {
            class += 1;
        }
        table[size] = class;
        size += 1;
    }
    table
}

/// What a chunk is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Use {
    Free,
    Class(u8),
    /// The first of so many chunks.
    Span(u32),
    /// Inside a span.
    Inside,
}

#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) used: Use,
    /// By half the place in the chunk, which no two slots share; made with the first weak reference.
    /// Checkpoints share it until it changes.
    pub(crate) generations: Option<Arc<[u32]>>,
}

/// Where a walk over all places is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Walk {
    /// The chunk after this one.
    chunk: u32,
    next: u32,
    end: u32,
    step: u32,
}

/// Where slots come from.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    pub(crate) free: [u32; CLASSES],
    bump: [u32; CLASSES],
    bump_end: [u32; CLASSES],
    pub(crate) chunks: Vec<Chunk>,
    /// Chunks that are free.
    pub(crate) spare: Spare,
    /// Chunks of spans.
    in_spans: u32,
}

impl Walk {
    /// Leaves the chunk that it is in, if that is one of these; by the chunk's start.
    pub(crate) fn leave(&mut self, is_gone: impl FnOnce(u32) -> bool) {
        if self.next < self.end && is_gone((self.chunk - 1) << CHUNK_SHIFT) {
            self.next = self.end;
        }
    }
}

impl Slots {
    pub(crate) fn new() -> Self {
        let first = Chunk {
            used: Use::Inside,
            generations: None,
        };
        Self {
            free: [0; CLASSES],
            bump: [0; CLASSES],
            bump_end: [0; CLASSES],
            chunks: vec![first],
            spare: Spare::default(),
            in_spans: 0,
        }
    }

    /// The class for a size of at most [`SLOT_WORDS_MAX`].
    #[inline]
    pub(crate) const fn class(words: u32) -> usize {
        CLASS_OF[words as usize] as usize
    }

    /// Takes a slot of a class, if one is at hand.
    #[inline]
    pub(crate) fn take(&mut self, memory: &Words, class: usize) -> Option<Ref> {
        let free = &mut self.free[class & (CLASSES - 1)];
        let slot = Ref::at(*free)?;
        *free = low(memory.load_near::<1>(slot.index()));
        Some(slot)
    }

    /// Chains fresh slots of a class.
    #[cold]
    pub(crate) fn refill_slow(
        &mut self,
        memory: &mut Words,
        class: usize,
    ) -> Result<(), HeapError> {
        let size = SIZES[class];
        if self.bump[class] + size > self.bump_end[class] {
            let chunk = self.take_chunks(memory, 1)?;
            self.chunks[chunk as usize].used = Use::Class(CLASS_OF[size as usize]);
            self.bump[class] = chunk << CHUNK_SHIFT;
            self.bump_end[class] = (chunk + 1) << CHUNK_SHIFT;
        }
        let fit = ((self.bump_end[class] - self.bump[class]) / size).min(BATCH);
        for slot in (0..fit).rev() {
            let place = self.bump[class] + slot * size;
            self.give_slot(memory, class, place);
        }
        self.bump[class] += fit * size;
        Ok(())
    }

    /// Takes a slot of a class back.
    #[inline]
    pub(crate) fn give_slot(&mut self, memory: &mut Words, class: usize, slot: u32) {
        // A wrong handle comes back as the place that it led to: what is handed out is inside.
        let slot = memory.cut(slot);
        memory.store(slot, 0);
        let free = &mut self.free[class & (CLASSES - 1)];
        memory.store_near::<1>(slot, u64::from(*free));
        *free = slot;
    }

    /// Takes a span for what is greater than a slot.
    pub(crate) fn take_span(&mut self, memory: &mut Words, words: u32) -> Result<u32, HeapError> {
        let count = words.div_ceil(CHUNK);
        let first = self.take_chunks(memory, count)?;
        self.in_spans += count;
        self.chunks[first as usize].used = Use::Span(count);
        for chunk in first + 1..first + count {
            self.chunks[chunk as usize].used = Use::Inside;
        }
        Ok(first << CHUNK_SHIFT)
    }

    /// Takes chunks in a row. They hold what they held: whoever takes them writes the headers.
    fn take_chunks(&mut self, memory: &mut Words, count: u32) -> Result<u32, HeapError> {
        if let Some(first) = self.spare.take(count) {
            if let Err(error) = memory.need(first, count) {
                self.spare.give(first, count);
                return Err(error);
            }
            return Ok(first);
        }
        let first = self.chunks.len();
        let end = first + count as usize;
        memory.grow(end << CHUNK_SHIFT)?;
        self.chunks.resize_with(end, || Chunk {
            used: Use::Free,
            generations: None,
        });
        Ok(narrow(first))
    }

    /// What the chunk of a place is for; behind the last it is nothing that objects are in.
    fn used(&self, place: u32) -> Use {
        let chunk = self.chunks.get((place >> CHUNK_SHIFT) as usize);
        chunk.map_or(Use::Inside, |chunk| chunk.used)
    }

    /// Whether objects can be in the chunk of a place: only a wrong handle is elsewhere.
    pub(crate) fn holds(&self, place: u32) -> bool {
        matches!(self.used(place), Use::Class(_) | Use::Span(_))
    }

    /// Takes a slot or a span back; `false` where there is none, as a wrong handle may say.
    #[inline]
    pub(crate) fn give(&mut self, memory: &mut Words, place: u32) -> bool {
        let place = memory.cut(place);
        match self.used(place) {
            Use::Class(class) => self.give_slot(memory, usize::from(class), place),
            Use::Span(count) if place & (CHUNK - 1) == 0 => self.give_span(memory, place, count),
            Use::Span(_) | Use::Free | Use::Inside => return false,
        }
        true
    }

    #[cold]
    fn give_span(&mut self, memory: &mut Words, place: u32, count: u32) {
        memory.store(place, 0);
        self.in_spans = self.in_spans.saturating_sub(count);
        let first = place >> CHUNK_SHIFT;
        for chunk in first..first + count {
            self.chunks[chunk as usize].used = Use::Free;
        }
        self.spare.give(first, count);
    }

    /// The words of the slot or span at a place.
    pub(crate) fn words(&self, place: u32) -> u32 {
        match self.used(place) {
            Use::Class(class) => SIZES[usize::from(class)],
            Use::Span(count) => count << CHUNK_SHIFT,
            Use::Free | Use::Inside => 0,
        }
    }

    /// Every place where an object may begin.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> {
        let mut walk = Walk::default();
        core::iter::from_fn(move || self.next_place(&mut walk))
    }

    /// The next place of a walk. Chunks may come and go between two steps: a walk meets every object
    /// that is there from its beginning to its end.
    #[inline]
    pub(crate) fn next_place(&self, walk: &mut Walk) -> Option<u32> {
        if walk.next >= walk.end && !self.next_chunk(walk) {
            return None;
        }
        let place = walk.next;
        walk.next += walk.step;
        Some(place)
    }

    /// Goes on to the next chunk where objects may begin; `false` where there is none.
    fn next_chunk(&self, walk: &mut Walk) -> bool {
        while let Some(entry) = self.chunks.get(walk.chunk as usize) {
            let start = walk.chunk << CHUNK_SHIFT;
            walk.chunk += 1;
            let (end, step) = match entry.used {
                Use::Class(class) => (self.class_end(class, start), SIZES[usize::from(class)]),
                Use::Span(_) => (start + 1, 1),
                Use::Free | Use::Inside => continue,
            };
            if start < end {
                (walk.next, walk.end, walk.step) = (start, end, step);
                return true;
            }
        }
        false
    }

    /// Chunks of size classes, and of spans.
    pub(crate) fn chunks_used(&self) -> [usize; 2] {
        let (spare, spans) = (self.spare.chunks() as usize, self.in_spans as usize);
        [self.chunks.len().saturating_sub(spare + spans), spans]
    }

    /// Behind the last slot that was chained once, in the chunk that starts so (I3).
    pub(crate) fn class_end(&self, class: u8, start: u32) -> u32 {
        let (class, bump) = (usize::from(class), self.bump[usize::from(class)]);
        if (start..=start + CHUNK).contains(&bump) && self.bump_end[class] == start + CHUNK {
            bump
        } else {
            start + CHUNK / SIZES[class] * SIZES[class]
        }
    }

    /// Chains no more slots of a class's last chunk, if that is one of these; by the chunk's start.
    pub(crate) fn forget_bump(&mut self, class: usize, is_gone: impl FnOnce(u32) -> bool) {
        let end = self.bump_end[class];
        if end != 0 && is_gone(end - CHUNK) {
            (self.bump[class], self.bump_end[class]) = (0, 0);
        }
    }

    /// The generation of the object at a place.
    pub(crate) fn generation(&self, place: u32) -> u32 {
        let chunk = self.chunks.get((place >> CHUNK_SHIFT) as usize);
        let table = chunk.and_then(|chunk| chunk.generations.as_ref());
        table.map_or(0, |table| table[half(place)])
    }

    /// Makes sure that the object at a place has a generation of its own.
    pub(crate) fn track(&mut self, place: u32) -> u32 {
        let Some(chunk) = self.chunks.get_mut((place >> CHUNK_SHIFT) as usize) else {
            return 0;
        };
        let table = chunk
            .generations
            .get_or_insert_with(|| vec![0; CHUNK as usize / 2].into());
        table[half(place)]
    }

    /// Ends a generation: weak references to it are dead.
    pub(crate) fn end_generation(&mut self, place: u32) {
        let chunk = self.chunks.get_mut((place >> CHUNK_SHIFT) as usize);
        if let Some(table) = chunk.and_then(|chunk| chunk.generations.as_mut()) {
            let generation = &mut Arc::make_mut(table)[half(place)];
            *generation = generation.saturating_add(1);
        }
    }
}

const fn half(place: u32) -> usize {
    ((place & (CHUNK - 1)) >> 1) as usize
}
