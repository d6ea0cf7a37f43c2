//! A copy of a heap.
//!
//! # Role
//! [`Checkpoint`]: the chunks that are in use, and everything beside them that changes.
//!
//! # Not here
//! Shapes and names: they never change, and those that its records have stay as long as it does, so that those
//! of today explain the records of then, and what instructions remember of them stays true. A shape or a key that the
//! host gave up since stays given up. Limits: settings stay as they are.
//!
//! # Invariants
//! - I1: a checkpoint never changes: what it shares with others is behind `Arc`s.
//! - I2: going back never fails half way: whatever can fail, does before the first word is written.
//! - I3: chunks that came after the checkpoint are free chunks after going back, which are made zero
//!   before they are used.

use crate::bits::{low, narrow};
use crate::cycles::Cycles;
use crate::figures::Tally;
use crate::finalizers::Finalizers;
use crate::header;
use crate::kinds::Boxes;
use crate::raw::Words;
use crate::recover::Acknowledged;
use crate::release::Dying;
use crate::roots::Kept;
use crate::slots::{CHUNK, Chunk, Slots, Use};
use crate::{Heap, HeapError, Kind, Ref, Stats};
use alloc::sync::Arc;
use bedplate_os::clock;
use core::fmt;
use core::time::Duration;
use std::sync::Mutex;

/// The bytes of a chunk.
pub(crate) const CHUNK_BYTES: usize = CHUNK as usize * 8;

/// What a checkpoint took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CheckpointCost {
    /// Bytes that were copied.
    pub copied_bytes: usize,
    /// Bytes that are the same as in the checkpoint before, and shared with it.
    pub shared_bytes: usize,
    /// How long it took.
    pub duration: Duration,
}

/// A heap as it was.
pub struct Checkpoint {
    heap: Arc<Mutex<Vec<u32>>>,
    /// By chunk; nothing where it is free.
    pub(super) chunks: Vec<Option<Arc<[u8]>>>,
    slots: Slots,
    stats: Tally,
    dying: Dying,
    cycles: Cycles,
    kept: Vec<Kept>,
    hosts: Boxes,
    hosts_free: Vec<u32>,
    finalizers: Finalizers,
    acknowledged: Acknowledged,
    cost: CheckpointCost,
    /// Keeps the shapes of its records.
    shapes: Arc<u32>,
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("stats", &self.stats())
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

impl Checkpoint {
    /// What it took to make it.
    #[must_use]
    pub const fn cost(&self) -> CheckpointCost {
        self.cost
    }

    /// The figures of the heap as it was.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats.stats(self.cycles.waiting())
    }

    /// The bytes of chunks that it holds, those that it shares included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunks.iter().flatten().count() * CHUNK_BYTES
    }
}

impl Heap {
    /// A checkpoint of all that the heap holds.
    ///
    /// # Errors
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied.
    ///
    /// # Cost
    /// A copy of the heap.
    pub fn checkpoint(&self) -> Result<Checkpoint, HeapError> {
        self.copy(None)
    }

    /// A checkpoint that shares what did not change with an earlier one.
    ///
    /// # Errors
    /// - [`HeapError::ForeignCheckpoint`]: the earlier one is of another heap.
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied.
    ///
    /// # Cost
    /// The heap is compared with the earlier copy, and copied where it changed.
    pub fn checkpoint_after(&self, earlier: &Checkpoint) -> Result<Checkpoint, HeapError> {
        self.expect_own(earlier)?;
        self.copy(Some(earlier))
    }

    /// Goes back to a checkpoint. Roots that are younger fail from now on; what is held by those that
    /// were dropped since is released. References that the host counts itself are those that it held
    /// when the checkpoint was made. The checkpoint can be used again.
    ///
    /// # Errors
    /// - [`HeapError::ForeignCheckpoint`]: it is of another heap.
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied any more.
    /// - [`HeapError::Budget`]: memory that was given back since is needed again, and the budget has none.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HeapError> {
        self.expect_own(checkpoint)?;
        let hosts = self.copies(&checkpoint.hosts)?;
        for (chunk, copy) in (0_u32..).zip(&checkpoint.chunks) {
            if copy.is_some() {
                self.words.need(chunk, 1)?;
            }
        }
        for (start, chunk) in (0_u32..).step_by(CHUNK as usize).zip(&checkpoint.chunks) {
            if let Some(chunk) = chunk {
                write_changed(&mut self.words, start, chunk);
            }
        }
        let chunks = self.slots.chunks.len();
        self.slots = checkpoint.slots.clone();
        keep_chunks(&mut self.slots, chunks);
        self.tables.forget_all();
        self.stats = checkpoint.stats;
        self.dying = checkpoint.dying.clone();
        self.cycles = checkpoint.cycles.clone();
        let replaced = core::mem::replace(&mut self.hosts.objects, hosts);
        self.hosts.pass_begins();
        self.shapes.are_back(*checkpoint.shapes);
        self.hosts.free.clone_from(&checkpoint.hosts_free);
        self.finalizers = checkpoint.finalizers.clone();
        self.acknowledged = checkpoint.acknowledged;
        let gone = self.roots.restore(&checkpoint.kept);
        self.release_all(gone);
        drop(replaced);
        Ok(())
    }

    fn expect_own(&self, checkpoint: &Checkpoint) -> Result<(), HeapError> {
        if Arc::ptr_eq(&checkpoint.heap, self.roots.identity()) {
            Ok(())
        } else {
            Err(HeapError::ForeignCheckpoint)
        }
    }

    fn copy(&self, earlier: Option<&Checkpoint>) -> Result<Checkpoint, HeapError> {
        let start = clock::monotonic_ns();
        let mut checkpoint = Checkpoint {
            heap: Arc::clone(self.roots.identity()),
            chunks: Vec::with_capacity(self.slots.chunks.len()),
            slots: self.slots.clone(),
            stats: self.stats,
            dying: self.dying.clone(),
            cycles: self.cycles.clone(),
            kept: self.roots.kept.clone(),
            hosts: Boxes::default(),
            hosts_free: self.hosts.free.clone(),
            finalizers: self.finalizers.clone(),
            acknowledged: self.acknowledged,
            cost: CheckpointCost::default(),
            shapes: self.shapes.keep_for_checkpoint(),
        };
        checkpoint.hosts = self.copies(&self.hosts.objects)?;
        let mut cost = CheckpointCost::default();
        for (start, chunk) in (0_u32..).step_by(CHUNK as usize).zip(&self.slots.chunks) {
            let number = checkpoint.chunks.len();
            let copy = is_used(number, chunk).then(|| {
                let bytes = self.words.bytes(start, CHUNK_BYTES);
                let known = earlier.and_then(|earlier| earlier.chunks.get(number)?.as_ref());
                if let Some(known) = known.filter(|known| known[..] == *bytes) {
                    cost.shared_bytes += CHUNK_BYTES;
                    return Arc::clone(known);
                }
                cost.copied_bytes += CHUNK_BYTES;
                Arc::from(bytes)
            });
            checkpoint.chunks.push(copy);
        }
        cost.duration = Duration::from_nanos(clock::monotonic_ns().saturating_sub(start));
        checkpoint.cost = cost;
        Ok(checkpoint)
    }
}

impl Heap {
    /// Copies of objects of the host.
    fn copies(&self, objects: &Boxes) -> Result<Boxes, HeapError> {
        let mut copies = Boxes::default();
        for (number, object) in (0..).zip(&objects.0) {
            let copy = match object {
                None => None,
                Some(object) => Some(object.copy().ok_or_else(|| self.uncopied(number))?),
            };
            copies.0.push(copy);
        }
        Ok(copies)
    }

    /// The error of an object of the host that cannot be copied.
    #[cold]
    fn uncopied(&self, number: u32) -> HeapError {
        let is_it = |at: &u32| {
            header::kind(self.words.load(*at)) == Kind::Host
                && low(self.words.load(*at + 1)) == number
        };
        let at = self.slots.places().find(is_it).and_then(Ref::at);
        HeapError::HostObject { object: at }
    }
}

/// Whether what a chunk holds means anything. The first is never used.
fn is_used(number: usize, chunk: &Chunk) -> bool {
    number > 0 && chunk.used != Use::Free
}

/// Writes a chunk where it is another now.
fn write_changed(words: &mut Words, start: u32, chunk: &[u8]) {
    if words.bytes(start, CHUNK_BYTES) == chunk {
        return;
    }
    for (place, word) in (start..).zip(chunk.as_chunks().0) {
        words.store(place, u64::from_ne_bytes(*word));
    }
}

/// Makes the chunks up to `end` free ones: they were used since (I3).
fn keep_chunks(slots: &mut Slots, end: usize) {
    let start = slots.chunks.len();
    if end <= start {
        return;
    }
    slots.chunks.resize(
        end,
        Chunk {
            used: Use::Free,
            generations: None,
        },
    );
    let (start, count) = (narrow(start), narrow(end - start));
    slots.spare.give(start, count);
}
