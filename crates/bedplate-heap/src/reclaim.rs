//! Chunks of size classes that are free again.
//!
//! # Role
//! A chunk keeps its class while there is memory. Before a heap says that it is full, chunks whose slots
//! are all free become spare ones, for any class and for spans.
//!
//! # Invariants
//! - I1: no list of the collector's holds a place in a chunk that became spare: a place is looked up as
//!   an object's start, which it need not be in the chunk's next use.
//! - I2: a slot that is shut (its generations are used up) is in no list of free slots, so its chunk
//!   keeps its class.

use crate::Heap;
use crate::bits::{low, narrow};
use crate::raw::Words;
use crate::slots::{CHUNK_SHIFT, SIZES, Slots, Use};

impl Heap {
    /// Makes chunks spare whose slots are all free; whether there were any.
    ///
    /// # Cost
    /// A walk over the free slots and the collector's lists.
    #[cold]
    pub(crate) fn reclaim_chunks(&mut self) -> bool {
        let Some(empty) = self.slots.empty_chunks(&self.words) else {
            return false;
        };
        self.slots.make_spare(&mut self.words, &empty);
        self.cycles.forget_places(|at| is_in(&empty, at));
        true
    }
}

fn is_in(chunks: &[bool], place: u32) -> bool {
    let chunk = chunks.get((place >> CHUNK_SHIFT) as usize);
    chunk.is_some_and(|is_empty| *is_empty)
}

impl Slots {
    /// Which chunks of classes have free slots only; none where there is no such chunk, or where a list
    /// of free slots is damaged.
    fn empty_chunks(&self, memory: &Words) -> Option<Vec<bool>> {
        let mut free = vec![0_u32; self.chunks.len()];
        for (words, first) in SIZES.into_iter().zip(self.free) {
            let mut at = first;
            while at != 0 {
                if self.starting_at(at) != Some(words) || memory.load(at) != 0 {
                    return None;
                }
                let slots = &mut free[(at >> CHUNK_SHIFT) as usize];
                *slots += 1;
                // More than can be: the list runs in a circle.
                if *slots << 1 > 1 << CHUNK_SHIFT {
                    return None;
                }
                at = low(memory.load(at + 1));
            }
        }
        let is_empty = |(chunk, free): (u32, &u32)| {
            let (end, words) = self.row(chunk);
            *free > 0 && *free == (end - (chunk << CHUNK_SHIFT)) / words
        };
        let empty: Vec<bool> = (0..).zip(&free).map(is_empty).collect();
        empty.contains(&true).then_some(empty)
    }

    /// Takes chunks out of their classes.
    fn make_spare(&mut self, memory: &mut Words, empty: &[bool]) {
        for class in 0..SIZES.len() {
            self.filter_free(memory, class, empty);
            self.forget_bump(class, |start| is_in(empty, start));
        }
        for (chunk, _) in (0_u32..).zip(empty).filter(|(_, is_empty)| **is_empty) {
            self.chunks[chunk as usize].used = Use::Free;
            self.spare.give(chunk, 1);
        }
    }

    /// Takes slots in empty chunks out of a class's list; the others keep their order.
    fn filter_free(&mut self, memory: &mut Words, class: usize, empty: &[bool]) {
        let mut at = core::mem::take(&mut self.free[class]);
        let mut last = None;
        while at != 0 {
            let next = low(memory.load(at + 1));
            if !is_in(empty, at) {
                match last {
                    None => self.free[class] = at,
                    Some(last) => memory.store(last + 1, u64::from(at)),
                }
                last = Some(at);
            }
            at = next;
        }
        if let Some(last) = last {
            memory.store(last + 1, 0);
        }
    }

    /// Makes the runs of spare chunks from what the chunks say.
    pub(crate) fn rebuild_spare(&mut self) {
        self.spare = crate::spare::Spare::default();
        for chunk in 0..narrow(self.chunks.len()) {
            if self.chunks[chunk as usize].used == Use::Free {
                self.spare.give(chunk, 1);
            }
        }
    }
}
