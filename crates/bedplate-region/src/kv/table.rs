//! Which blocks a sequence holds.
//!
//! # Role
//! The table of a sequence in the paged cache, and the way from a token to its row in both caches.
//!
//! # Invariants
//! - I1: block `i` of a table holds the tokens `base + i * B .. base + (i + 1) * B`, and a table has no
//!   block that holds none of its sequence's tokens.

use super::{BlockId, KvError};
use alloc::vec::Vec;

/// The blocks of a sequence. Those that were dropped at its front stand before `head`, until there are
/// as many of them as of the others.
#[derive(Debug, Default)]
pub(super) struct Table {
    blocks: Vec<BlockId>,
    head: usize,
    base: usize,
}

impl Table {
    /// Room for so many more.
    pub(super) fn prepare(&mut self, blocks: usize) -> Result<(), KvError> {
        self.blocks.try_reserve(blocks)?;
        Ok(())
    }

    pub(super) fn blocks(&self) -> &[BlockId] {
        self.blocks.get(self.head..).unwrap_or(&[])
    }

    pub(super) const fn base(&self) -> usize {
        self.base
    }

    /// The first token of an empty table.
    pub(super) const fn begin_at(&mut self, token: usize) {
        self.base = token;
    }

    /// Records were prepared.
    pub(super) fn push(&mut self, block: BlockId) {
        self.blocks.push(block);
    }

    pub(super) fn last(&self) -> Option<BlockId> {
        self.blocks().last().copied()
    }

    pub(super) fn pop(&mut self) -> Option<BlockId> {
        if self.blocks().is_empty() {
            return None;
        }
        self.blocks.pop()
    }

    pub(super) fn pop_front(&mut self, block_tokens: usize) -> Option<BlockId> {
        let block = self.blocks().first().copied()?;
        self.head += 1;
        self.base += block_tokens;
        if self.head * 2 >= self.blocks.len() {
            self.blocks.drain(..self.head);
            self.head = 0;
        }
        Some(block)
    }

    pub(super) fn fork(&self) -> Result<Self, KvError> {
        let mut blocks = Vec::new();
        blocks.try_reserve(self.blocks().len())?;
        blocks.extend_from_slice(self.blocks());
        Ok(Self {
            blocks,
            head: 0,
            base: self.base,
        })
    }
}

/// Where the rows of a sequence's tokens are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows<'a> {
    /// In blocks of 2 to the power of `shift` tokens, the first of which begins with token `base`.
    Blocks {
        blocks: &'a [BlockId],
        base: usize,
        shift: u32,
    },
    /// One behind the other, and from the front again.
    Ring { capacity: usize },
}

impl Rows<'_> {
    /// The row of a token that the sequence holds.
    #[inline]
    pub(super) fn row(&self, token: usize) -> usize {
        match *self {
            Self::Blocks {
                blocks,
                base,
                shift,
            } => {
                let at = token - base;
                let inside = at & ((1 << shift) - 1);
                (blocks[at >> shift].place() << shift) + inside
            }
            Self::Ring { capacity } => token % capacity,
        }
    }

    /// The row of a token and how many of `first..end` lie side by side from there on.
    pub(super) fn piece(&self, first: usize, end: usize) -> (usize, usize) {
        let row = self.row(first);
        let tokens = match *self {
            Self::Blocks {
                blocks,
                base,
                shift,
            } => {
                let at = (first - base) >> shift;
                let pairs = blocks[at..].windows(2);
                let joined = pairs.take_while(|pair| pair[0].place() + 1 == pair[1].place());
                base + ((at + 1 + joined.count()) << shift) - first
            }
            Self::Ring { capacity } => capacity - row,
        };
        (row, tokens.min(end - first))
    }
}
