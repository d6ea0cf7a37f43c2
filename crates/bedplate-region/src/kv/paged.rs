//! The paged cache.
//!
//! # Role
//! Sequences are tables of blocks that they share: a fork counts users, a write to a shared block copies
//! it first, and blocks of a published prefix stay when their last user has gone, until room is wanted.
//!
//! # Eviction
//! Room is made in this order: free blocks, fresh blocks, kept blocks of the index that were longest not
//! used (the end of a prefix before its beginning), sequences that are not pinned. When the budget's soft
//! mark is crossed or pressure is high, the next append evicts [`RELIEF_BLOCKS`] kept blocks, then one
//! sequence that is not pinned, and gives free memory at the end back.
//!
//! # Invariants
//! - I1: every block of a table has a user for it.
//! - I2: the block in which a sequence's next row is written has one user and no entry in the index.

use super::prefix::{BEGINNING, Prefixes};
use super::relief::Flag;
use super::runs::check_layer;
use super::sequences::{Sequence, Sequences};
use super::span::Span;
use super::table::{Rows, Table};
use super::{
    Backing, BlockId, BlockPool, KvCache, KvError, KvShape, KvStats, Relief, Runs, SequenceId,
    Settings, Slots, State, Tenant,
};
use core::hash::BuildHasher;
use std::hash::RandomState;

/// How many kept blocks an append evicts when it is asked to.
const RELIEF_BLOCKS: usize = 64;

/// How a paged cache is cut up.
#[derive(Clone, Copy)]
pub struct Pages {
    tokens: usize,
    block_tokens: usize,
    key: Option<[u64; 2]>,
}

impl core::fmt::Debug for Pages {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The key is a secret.
        f.debug_struct("Pages")
            .field("tokens", &self.tokens)
            .field("block_tokens", &self.block_tokens)
            .finish_non_exhaustive()
    }
}

impl Pages {
    /// Room for so many tokens of all sequences, in blocks of 64.
    #[must_use]
    pub const fn new(tokens: usize) -> Self {
        Self {
            tokens,
            block_tokens: 64,
            key: None,
        }
    }

    /// Blocks of so many tokens, a power of two. Smaller ones waste less, larger ones are read faster.
    #[must_use]
    pub const fn block_tokens(mut self, tokens: usize) -> Self {
        self.block_tokens = tokens;
        self
    }

    /// The secret of the prefix index; a random one otherwise.
    #[must_use]
    pub const fn key(mut self, key: [u64; 2]) -> Self {
        self.key = Some(key);
        self
    }
}

/// A cache whose sequences share blocks.
#[derive(Debug)]
pub struct PagedKv {
    shape: KvShape,
    pool: BlockPool,
    sequences: Sequences<Table>,
    prefixes: Prefixes,
    flag: Flag,
    copied: u64,
    evicted: u64,
    hits: u64,
    lookups: u64,
}

impl PagedKv {
    /// Reserves a cache; commits nothing.
    ///
    /// # Errors
    /// - [`KvError::Shape`]: settings that are none.
    /// - [`KvError::Os`], [`KvError::Records`], [`KvError::Budget`], [`KvError::Relief`]: no address
    ///   space, no memory, or no place left to hear of the budget.
    pub fn new(shape: KvShape, pages: Pages, backing: Backing) -> Result<Self, KvError> {
        let key = pages.key.unwrap_or_else(|| {
            let random = RandomState::new();
            [random.hash_one(0_u8), random.hash_one(1_u8)]
        });
        Ok(Self {
            shape,
            pool: BlockPool::new(&shape, pages.tokens, pages.block_tokens, backing)?,
            sequences: Sequences::new(),
            prefixes: Prefixes::new(key, pages.block_tokens),
            flag: Flag::new(backing.budget)?,
            copied: 0,
            evicted: 0,
            hits: 0,
            lookups: 0,
        })
    }

    /// What asks this cache to evict: a listener for a pressure monitor.
    #[must_use]
    pub const fn relief(&self) -> Relief {
        self.flag.relief()
    }

    /// The tokens of a block.
    #[must_use]
    pub const fn block_tokens(&self) -> usize {
        1 << self.pool.shift()
    }

    /// Files the first committed blocks of a sequence, so that [`attach`](Self::attach) finds them. `tokens` are
    /// those of the sequence from its first on; what does not fill a block is not filed. What is open can
    /// be written no more. Returns how many tokens of the sequence can now be found.
    ///
    /// # Errors
    /// - [`KvError::NoPrefix`]: the sequence was shifted, or cut at its front.
    /// - [`KvError::Uncommitted`]: more tokens than the sequence has committed.
    pub fn publish(&mut self, id: SequenceId, tokens: &[u32]) -> Result<usize, KvError> {
        let sequence = self.sequences.get_mut(id)?;
        if !sequence.span.is_prefix() {
            return Err(KvError::NoPrefix);
        }
        let committed_tokens = sequence.span.committed_tokens();
        if tokens.len() > committed_tokens {
            return Err(KvError::Uncommitted {
                asked_tokens: tokens.len(),
                committed_tokens,
            });
        }
        sequence.span.close();
        let tenant = sequence.settings().tenant;
        let mut before = BEGINNING;
        let mut filed = 0;
        let blocks = sequence.memory.blocks().iter();
        for (tokens, block) in tokens.chunks_exact(1 << self.pool.shift()).zip(blocks) {
            let filing = (self.prefixes.hash(tenant, before, tokens), tokens);
            before = match self.prefixes.find(tenant, before, filing) {
                Ok(Some((_, link))) => link,
                // The block has an entry elsewhere, or the hash is another's: the chain ends here.
                Ok(None) if self.prefixes.has(*block) => break,
                Err(_) => break,
                Ok(None) => {
                    let link = self.prefixes.file((tenant, *block), before, filing)?;
                    self.pool.keep(*block)?;
                    link
                }
            };
            filed += tokens.len();
        }
        Ok(filed)
    }

    /// Makes a sequence that begins with as many of the tokens as are filed, in whole blocks. Returns it
    /// and how many these are: the others are to be appended.
    ///
    /// A whole prompt may be found, and then no row is left to compute. Who wants what a model says after
    /// the prompt asks for all but its last token, whose logits that is.
    ///
    /// # Errors
    /// - [`KvError::Shape`]: settings that are none.
    /// - [`KvError::Records`]: no memory.
    pub fn attach(
        &mut self,
        settings: Settings,
        tokens: &[u32],
    ) -> Result<(SequenceId, usize), KvError> {
        settings.check()?;
        self.sequences.prepare()?;
        let block_tokens = self.block_tokens();
        let mut table = Table::default();
        table.prepare(tokens.len() / block_tokens)?;
        let mut span = Span::new(settings);
        let mut before = BEGINNING;
        self.lookups += 1;
        for tokens in tokens.chunks_exact(block_tokens) {
            let hash = self.prefixes.hash(settings.tenant, before, tokens);
            let found = self.prefixes.find(settings.tenant, before, (hash, tokens));
            let Ok(Some((block, link))) = found else {
                break;
            };
            if let Err(error) = self.pool.retain(block) {
                self.release_all(&mut table);
                return Err(error.into());
            }
            table.push(block);
            before = link;
        }
        let blocks = table.blocks().len();
        if let Err(error) = span.begin_with(blocks * block_tokens) {
            self.release_all(&mut table);
            return Err(error);
        }
        self.hits += blocks as u64;
        let id = self.sequences.add(span, table);
        Ok((id, blocks * block_tokens))
    }

    /// Gives a table's blocks up, the last first, so that of a prefix the end is evicted first.
    fn release_all(&mut self, table: &mut Table) {
        while let Some(block) = table.pop() {
            self.release(block);
        }
    }

    fn release(&mut self, block: BlockId) {
        let released = self.pool.release(block);
        // By I1 it has a user.
        debug_assert!(released.is_ok(), "{released:?}");
    }

    /// Takes a block, making room where there is none. `spared` is the sequence that it is for.
    fn take(&mut self, tenant: Tenant, spared: SequenceId) -> Result<BlockId, KvError> {
        loop {
            match self.pool.take(tenant) {
                Ok(block) => return Ok(block),
                // Each round ends a kept block or a sequence, of which there are only so many.
                Err(error) if !self.make_room(spared) => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Ends the kept block that was longest not used, or else a sequence.
    #[cold]
    fn make_room(&mut self, spared: SequenceId) -> bool {
        self.evict_kept() || self.evict_sequence(Some(spared)).is_some()
    }

    fn evict_kept(&mut self) -> bool {
        let Some(block) = self.pool.oldest_kept() else {
            return false;
        };
        self.prefixes.forget(block);
        self.evicted += 1;
        self.pool.let_go(block).is_ok()
    }

    fn evict_sequence(&mut self, spared: Option<SequenceId>) -> Option<SequenceId> {
        let (id, mut sequence) = self.sequences.evict(spared)?;
        self.release_all(&mut sequence.memory);
        Some(id)
    }

    /// What an append does when it is asked to evict.
    #[cold]
    fn relieve(&mut self, spared: SequenceId) {
        let mut evicted = 0;
        while evicted < RELIEF_BLOCKS && self.evict_kept() {
            evicted += 1;
        }
        if evicted == 0 && self.evict_sequence(Some(spared)).is_none() {
            self.flag.lower();
        }
        // What the system does not take back stays committed and charged, as the figures show, and is
        // offered again by the next append; this one does not depend on it.
        let _gone = self.pool.trim();
    }

    /// The blocks that `end` tokens want beyond those of the table, and whether the last one of the table
    /// is to be copied before it is written.
    fn wanted(&mut self, id: SequenceId, end: usize) -> Result<(usize, Option<BlockId>), KvError> {
        let shift = self.pool.shift();
        let Sequence { span, memory, .. } = self.sequences.get_mut(id)?;
        if memory.blocks().is_empty() {
            memory.begin_at(span.end());
        }
        let had = memory.blocks().len();
        let blocks = (end - memory.base()).div_ceil(1 << shift) - had;
        let is_partial = span.end() < memory.base() + (had << shift) && end > span.end();
        let mut copied = None;
        if let Some(last) = memory.last().filter(|_| is_partial) {
            if self.pool.is_shared(last)? {
                copied = Some(last);
            } else if self.prefixes.has(last) {
                // Ours alone, and about to hold other tokens than it is filed for.
                self.prefixes.forget(last);
                self.pool.let_go(last)?;
            }
        }
        memory.prepare(blocks + 1)?;
        Ok((blocks, copied))
    }

    /// Takes the blocks for an append, all or none.
    fn take_blocks(&mut self, id: SequenceId, end: usize) -> Result<(), KvError> {
        let (blocks, copied) = self.wanted(id, end)?;
        let Sequence { span, .. } = self.sequences.get(id)?;
        let (tenant, need_tokens) = (span.settings().tenant, end - span.end());
        let mut taken = Table::default();
        let count = blocks + usize::from(copied.is_some());
        if count == 0 {
            return Ok(());
        }
        taken.prepare(count)?;
        for _ in 0..count {
            match self.take(tenant, id) {
                Ok(block) => taken.push(block),
                Err(error) => {
                    self.release_all(&mut taken);
                    return Err(error.for_tokens(need_tokens));
                }
            }
        }
        let mut fresh = taken.blocks().iter().copied();
        let Sequence { span, memory, .. } = self.sequences.get_mut(id)?;
        if let Some((old, new)) = copied.and_then(|old| Some((old, fresh.next()?))) {
            let inside = (span.end() - memory.base()) & ((1 << self.pool.shift()) - 1);
            self.pool.copy(old, new, inside);
            memory.pop();
            memory.push(new);
            self.pool.release(old)?;
            self.copied += 1;
        }
        let Sequence { memory, .. } = self.sequences.get_mut(id)?;
        for block in fresh {
            memory.push(block);
        }
        Ok(())
    }

    /// Gives up the blocks that hold no token any more, at both ends.
    fn settle(&mut self, id: SequenceId) -> Result<(), KvError> {
        let block_tokens = self.block_tokens();
        let Sequence { span, memory, .. } = self.sequences.get_mut(id)?;
        let (front, end) = (span.front(), span.end());
        let is_empty = span.tokens() == 0;
        loop {
            let reach = memory.base() + memory.blocks().len() * block_tokens;
            let is_behind = is_empty || reach.saturating_sub(block_tokens) >= end;
            let Some(block) = memory.last().filter(|_| is_behind) else {
                break;
            };
            memory.pop();
            self.pool.release(block)?;
        }
        while memory.base() + block_tokens <= front {
            let Some(block) = memory.pop_front(block_tokens) else {
                break;
            };
            self.pool.release(block)?;
        }
        Ok(())
    }

    fn lend(&mut self, id: SequenceId, first: Option<usize>) -> Result<Slots<'_>, KvError> {
        let shape = self.shape;
        let shift = self.pool.shift();
        let Sequence { span, memory, .. } = self.sequences.get_mut(id)?;
        Ok(Slots {
            rows: rows(memory, shift),
            planes: self.pool.planes_mut(),
            span,
            shape,
            first: first.unwrap_or_else(|| span.open()),
        })
    }
}

fn rows(table: &Table, shift: u32) -> Rows<'_> {
    Rows::Blocks {
        blocks: table.blocks(),
        base: table.base(),
        shift,
    }
}

impl KvCache for PagedKv {
    fn shape(&self) -> KvShape {
        self.shape
    }

    fn create(&mut self, settings: Settings) -> Result<SequenceId, KvError> {
        settings.check()?;
        self.sequences.prepare()?;
        Ok(self.sequences.add(Span::new(settings), Table::default()))
    }

    fn append(&mut self, id: SequenceId, tokens: usize) -> Result<Slots<'_>, KvError> {
        let span = &mut self.sequences.get_mut(id)?.span;
        let first = span.end();
        let capacity_tokens = self.pool.capacity_tokens();
        if tokens > capacity_tokens {
            return Err(KvError::Full {
                need_tokens: tokens,
                capacity_tokens,
            });
        }
        let end = span.appended_end(tokens, capacity_tokens)?;
        if self.flag.is_raised() {
            self.relieve(id);
        }
        self.take_blocks(id, end)?;
        self.sequences.get_mut(id)?.span.append(end);
        self.lend(id, Some(first))
    }

    fn slots(&mut self, id: SequenceId) -> Result<Slots<'_>, KvError> {
        self.lend(id, None)
    }

    fn runs(&self, id: SequenceId, layer: usize) -> Result<Runs<'_>, KvError> {
        let sequence = self.sequences.get(id)?;
        check_layer(&self.shape, layer)?;
        let rows = rows(&sequence.memory, self.pool.shift());
        Ok(Runs::new(self.pool.planes(), rows, &sequence.span, layer))
    }

    fn fork(&mut self, id: SequenceId) -> Result<SequenceId, KvError> {
        self.sequences.prepare()?;
        let sequence = self.sequences.get_mut(id)?;
        let span = sequence.span.fork()?;
        let mut table = sequence.memory.fork()?;
        for (at, block) in table.blocks().iter().enumerate() {
            if let Err(error) = self.pool.retain(*block) {
                while table.blocks().len() > at {
                    table.pop();
                }
                self.release_all(&mut table);
                return Err(error.into());
            }
        }
        sequence.span.close();
        Ok(self.sequences.add(span, table))
    }

    fn truncate(&mut self, id: SequenceId, tokens: usize) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.truncate(tokens)?;
        self.settle(id)
    }

    fn drop_front(&mut self, id: SequenceId, tokens: usize) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.drop_front(tokens)?;
        self.settle(id)
    }

    fn shift(&mut self, id: SequenceId, by: i64) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.shift(by)
    }

    fn commit(&mut self, id: SequenceId) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.commit();
        self.settle(id)
    }

    fn roll_back(&mut self, id: SequenceId) -> Result<(), KvError> {
        self.sequences.get_mut(id)?.span.roll_back();
        self.settle(id)
    }

    fn drop_sequence(&mut self, id: SequenceId) -> Result<(), KvError> {
        let mut sequence = self.sequences.remove(id)?;
        self.release_all(&mut sequence.memory);
        Ok(())
    }

    fn pin(&mut self, id: SequenceId, pinned: bool) -> Result<(), KvError> {
        self.sequences.pin(id, pinned)
    }

    fn evict(&mut self) -> Option<SequenceId> {
        self.evict_sequence(None)
    }

    fn state(&self, id: SequenceId) -> Result<State, KvError> {
        Ok(self.sequences.get(id)?.state())
    }

    fn trim(&mut self) -> Result<usize, KvError> {
        self.pool.trim()
    }

    fn stats(&self) -> KvStats {
        let planes = self.pool.planes();
        KvStats {
            sequences: self.sequences.count(),
            reserved_bytes: planes.reserved_bytes(),
            committed_bytes: planes.committed_bytes(),
            blocks_used: self.pool.used_count(),
            blocks_kept: self.pool.kept_count(),
            blocks_free: self.pool.free_count(),
            blocks_copied: self.copied,
            blocks_zeroed: self.pool.zeroed_count(),
            blocks_evicted: self.evicted,
            sequences_evicted: self.sequences.evicted_count(),
            prefix_hits: self.hits,
            prefix_lookups: self.lookups,
        }
    }
}
