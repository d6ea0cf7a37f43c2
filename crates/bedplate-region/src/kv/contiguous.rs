//! The contiguous cache.
//!
//! # Role
//! Each sequence has a range of address space of its own, committed as it grows: kernels read one piece.
//! A sequence that drops its front goes round in its range.
//!
//! # Not here
//! Sharing: a fork copies.
//!
//! # Invariants
//! - I1: a sequence's rows are never another's, and go back to the system with it.

use super::planes::Planes;
use super::runs::check_layer;
use super::sequences::{Sequence, Sequences};
use super::span::Span;
use super::table::Rows;
use super::{
    Backing, KvCache, KvError, KvShape, KvStats, Runs, SequenceId, Settings, Slots, State,
};

/// A cache whose sequences lie side by side in memory.
#[derive(Debug)]
pub struct ContiguousKv {
    shape: KvShape,
    /// The tokens of a sequence.
    capacity: usize,
    backing: Backing,
    sequences: Sequences<Planes>,
}

impl ContiguousKv {
    /// A cache whose sequences have up to `tokens` tokens each. Nothing is reserved before there is one.
    ///
    /// # Errors
    /// - [`KvError::Shape`]: no tokens, more than an address space holds, or a step that is none.
    pub fn new(shape: KvShape, tokens: usize, backing: Backing) -> Result<Self, KvError> {
        if tokens == 0 {
            return Err(KvError::Shape("a sequence has a token at least"));
        }
        Planes::check(&shape, tokens, backing)?;
        Ok(Self {
            shape,
            capacity: tokens,
            backing,
            sequences: Sequences::new(),
        })
    }

    /// Commits memory for `tokens` more ahead of their append, from a moment that can wait.
    ///
    /// # Errors
    /// - As of [`KvCache::append`].
    pub fn prepare(&mut self, sequence: SequenceId, tokens: usize) -> Result<(), KvError> {
        let capacity = self.capacity;
        let sequence = self.sequences.get_mut(sequence)?;
        let end = room(&mut sequence.span, tokens, capacity)?;
        sequence.memory.cover(end.min(capacity))
    }

    const fn rows(&self) -> Rows<'static> {
        Rows::Ring {
            capacity: self.capacity,
        }
    }

    fn lend(&mut self, id: SequenceId, first: Option<usize>) -> Result<Slots<'_>, KvError> {
        let rows = self.rows();
        let shape = self.shape;
        let Sequence { span, memory, .. } = self.sequences.get_mut(id)?;
        Ok(Slots {
            planes: memory,
            rows,
            span,
            shape,
            first: first.unwrap_or_else(|| span.open()),
        })
    }
}

/// Where a sequence would end with so many more tokens, if its range holds them.
fn room(span: &mut Span, tokens: usize, capacity: usize) -> Result<usize, KvError> {
    if tokens > capacity - span.tokens() {
        return Err(KvError::Full {
            need_tokens: tokens,
            capacity_tokens: capacity,
        });
    }
    span.appended_end(tokens, capacity)
}

impl KvCache for ContiguousKv {
    fn shape(&self) -> KvShape {
        self.shape
    }

    fn create(&mut self, settings: Settings) -> Result<SequenceId, KvError> {
        settings.check()?;
        self.sequences.prepare()?;
        let planes = Planes::new(&self.shape, self.capacity, self.backing)?;
        Ok(self.sequences.add(Span::new(settings), planes))
    }

    fn append(&mut self, id: SequenceId, tokens: usize) -> Result<Slots<'_>, KvError> {
        let capacity = self.capacity;
        let sequence = self.sequences.get_mut(id)?;
        let first = sequence.span.end();
        let end = room(&mut sequence.span, tokens, capacity)?;
        sequence.memory.cover(end.min(capacity))?;
        sequence.span.append(end);
        self.lend(id, Some(first))
    }

    fn slots(&mut self, id: SequenceId) -> Result<Slots<'_>, KvError> {
        self.lend(id, None)
    }

    fn runs(&self, id: SequenceId, layer: usize) -> Result<Runs<'_>, KvError> {
        let sequence = self.sequences.get(id)?;
        check_layer(&self.shape, layer)?;
        Ok(Runs::new(
            &sequence.memory,
            self.rows(),
            &sequence.span,
            layer,
        ))
    }

    fn fork(&mut self, id: SequenceId) -> Result<SequenceId, KvError> {
        self.sequences.prepare()?;
        let rows = self.rows();
        let mut planes = Planes::new(&self.shape, self.capacity, self.backing)?;
        let sequence = self.sequences.get_mut(id)?;
        planes.cover(sequence.span.end().min(self.capacity))?;
        let mut next = sequence.span.front();
        while next < sequence.span.end() {
            let (row, count) = rows.piece(next, sequence.span.end());
            planes.copy_from(&sequence.memory, row, count);
            next += count;
        }
        let span = sequence.span.fork()?;
        sequence.span.close();
        Ok(self.sequences.add(span, planes))
    }

    fn truncate(&mut self, id: SequenceId, tokens: usize) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.truncate(tokens)
    }

    fn drop_front(&mut self, id: SequenceId, tokens: usize) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.drop_front(tokens)
    }

    fn shift(&mut self, id: SequenceId, by: i64) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.shift(by)
    }

    fn commit(&mut self, id: SequenceId) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.commit();
        Ok(())
    }

    fn roll_back(&mut self, id: SequenceId) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.roll_back();
        Ok(())
    }

    fn drop_sequence(&mut self, id: SequenceId) -> Result<(), KvError> {
        self.sequences.remove(id).map(drop)
    }

    fn pin(&mut self, id: SequenceId, pinned: bool) -> Result<(), KvError> {
        self.sequences.pin(id, pinned)
    }

    fn evict(&mut self) -> Option<SequenceId> {
        self.sequences.evict(None).map(|(id, _)| id)
    }

    fn state(&self, id: SequenceId) -> Result<State, KvError> {
        Ok(self.sequences.get(id)?.state())
    }

    fn trim(&mut self) -> Result<usize, KvError> {
        let capacity = self.capacity;
        let mut gone = 0;
        for Sequence { span, memory, .. } in self.sequences.iter_mut() {
            // Once round, any row may be in use.
            let rows = match (span.tokens(), span.end()) {
                (0, _) => 0,
                (_, end) => end.min(capacity),
            };
            gone += memory.shrink(rows)?;
        }
        Ok(gone)
    }

    fn stats(&self) -> KvStats {
        let planes = || self.sequences.iter().map(|sequence| &sequence.memory);
        KvStats {
            sequences: self.sequences.count(),
            reserved_bytes: planes().map(Planes::reserved_bytes).sum(),
            committed_bytes: planes().map(Planes::committed_bytes).sum(),
            sequences_evicted: self.sequences.evicted_count(),
            ..KvStats::default()
        }
    }
}
