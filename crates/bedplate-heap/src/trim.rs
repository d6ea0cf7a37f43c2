//! Free memory goes back to the kernel.
//!
//! # Role
//! [`Given`]: chunks whose memory the kernel has. The addresses stay the heap's; a chunk that is needed again
//! is charged again, and reads as zero.
//!
//! # When
//! - [`Heap::trim`]: all that is free, now.
//! - A full pass that a [`crate::Relief`] asked for ends: the same.
//! - Any other full pass ends: as many chunks as were free all the time since the one before, a few with each
//!   step and tick from then on, so that no pause is longer for it.
//!
//! # Invariants
//! - I1: only free chunks are given, and whoever takes free chunks says so first (`Slots::take_chunks`,
//!   going back to a checkpoint).

use crate::Heap;
use crate::bits::narrow;
use crate::slots::{CHUNK, Use};

/// The bytes of a chunk.
const CHUNK_BYTES: usize = CHUNK as usize * 8;
/// Chunks that are given at a time, and chunks that are looked at for it.
const PIECE: u32 = 8;
const LOOKS: u32 = 256;

/// Which chunks the kernel has.
#[derive(Debug, Default)]
pub(crate) struct Given {
    chunks: Vec<bool>,
    count: usize,
}

/// What is to be given a few chunks at a time.
#[derive(Debug, Default)]
pub(crate) struct Decay {
    /// So many more.
    left: u32,
    /// Chunks below this are looked at.
    below: u32,
    /// The pass under way was asked for by others, who want memory.
    pub(crate) is_asked: bool,
}

impl Given {
    pub(crate) const fn bytes(&self) -> usize {
        self.count * CHUNK_BYTES
    }

    fn is_given(&self, chunk: u32) -> bool {
        self.chunks.get(chunk as usize).is_some_and(|given| *given)
    }

    /// The bytes of those in a row that are given.
    pub(crate) fn bytes_in(&self, first: u32, count: u32) -> usize {
        let given = |chunk: &u32| self.is_given(*chunk);
        (first..first.saturating_add(count)).filter(given).count() * CHUNK_BYTES
    }

    /// A row is given, or is not any more.
    pub(crate) fn set(&mut self, first: u32, count: u32, is_given: bool) {
        let (first, end) = (first as usize, first as usize + count as usize);
        if self.chunks.len() < end {
            self.chunks.resize(end, false);
        }
        let row = &mut self.chunks[first..end];
        let before = row.iter().filter(|given| **given).count();
        row.fill(is_given);
        self.count -= before;
        self.count += if is_given { end - first } else { 0 };
    }
}

impl Heap {
    /// Gives free memory back to the kernel, and to the budget: chunks in which nothing is left, and what
    /// large objects left. How many bytes it was. What is needed again comes back by itself.
    ///
    /// # Cost
    /// A walk over the free slots, and a call of the system for each free run: a few milliseconds for a heap
    /// that was large. Full passes do a few chunks at a time of what was not needed for long.
    pub fn trim(&mut self) -> usize {
        self.reclaim_chunks();
        self.shapes.shrink_whole();
        let runs: Vec<(u32, u32)> = self.slots.spare.runs().collect();
        let given = runs
            .into_iter()
            .map(|(first, count)| self.give_run(first, count));
        let given = given.sum();
        self.decay.left = 0;
        given
    }

    /// The bytes that are committed: those of all chunks that the kernel does not have.
    pub(crate) fn committed_bytes(&self) -> u64 {
        let bytes = self.words.len() as u64 * 8;
        bytes.saturating_sub(self.words.given().bytes() as u64)
    }

    /// Gives a run of free chunks, of which some may be given.
    fn give_run(&mut self, first: u32, count: u32) -> usize {
        let bytes = count as usize * CHUNK_BYTES;
        if self.words.given().bytes_in(first, count) == bytes {
            return 0;
        }
        self.words.discard(first, count)
    }

    /// A full pass has ended.
    pub(crate) fn trim_after_pass(&mut self) {
        let least = self.slots.spare.least();
        if core::mem::take(&mut self.decay.is_asked) {
            self.trim();
        } else {
            self.decay.left =
                least.saturating_sub(narrow(self.words.given().bytes() / CHUNK_BYTES));
            self.decay.below = narrow(self.slots.chunks.len());
        }
        self.slots.spare.count_anew();
    }

    /// Gives a few chunks of what was not needed.
    pub(crate) fn decay_some(&mut self) {
        if self.decay.left == 0 {
            return;
        }
        let end = self.decay.below.min(narrow(self.slots.chunks.len()));
        let start = end.saturating_sub(LOOKS);
        let mut given = 0;
        for chunk in (start..end).rev() {
            if given == PIECE.min(self.decay.left) {
                break;
            }
            self.decay.below = chunk;
            let is_free = self.slots.chunks[chunk as usize].used == Use::Free;
            if is_free && !self.words.given().is_given(chunk) && self.words.discard(chunk, 1) > 0 {
                given += 1;
            }
        }
        self.decay.left -= given;
        if self.decay.below == 0 {
            self.decay.left = 0;
        }
    }
}
