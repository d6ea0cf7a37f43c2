//! The pool of blocks.
//!
//! # Role
//! Blocks of a fixed number of tokens in all layers: taken, shared, given back. An id has a generation,
//! so that a block that is given back twice is an error and not another user's loss.
//!
//! # Invariants
//! - I1: a block has users, or is in the list of free ones, or is kept by the index and in the list of
//!   kept ones, or is fresh: its number is `records.len()` or above.
//! - I2: the rows of all blocks below `covered` are committed, and every block in use is below it.
//! - I3: a block that goes to another tenant than its last is zero.

use super::links::{Linked, Links, List};
use super::planes::Planes;
use super::{Backing, BlockError, KvError, KvShape, Tenant};
use alloc::vec::Vec;

/// Names a block for as long as it has a user or is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockId {
    place: u32,
    generation: u32,
}

impl BlockId {
    pub(super) const fn place(self) -> usize {
        self.place as usize
    }
}

#[derive(Debug)]
struct Record {
    generation: u32,
    users: u32,
    links: Links,
    tenant: Tenant,
    /// Whether the index keeps it when it has no user.
    is_kept: bool,
}

impl Linked for Record {
    #[inline]
    fn links(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// Blocks, and the memory of their rows.
#[derive(Debug)]
pub struct BlockPool {
    planes: Planes,
    records: Vec<Record>,
    free: List,
    kept: List,
    /// Tokens of a block, as a power of two.
    shift: u32,
    blocks_max: usize,
    /// Blocks whose rows are committed.
    covered: usize,
    zeroed: u64,
}

impl BlockPool {
    /// A pool for `tokens` tokens, rounded up to whole blocks of `block_tokens`.
    ///
    /// # Errors
    /// - [`KvError::Shape`]: no tokens, too many, or a block that is no power of two.
    /// - [`KvError::Os`], [`KvError::Records`]: no address space, no memory.
    pub fn new(
        shape: &KvShape,
        tokens: usize,
        block_tokens: usize,
        backing: Backing,
    ) -> Result<Self, KvError> {
        if !block_tokens.is_power_of_two() {
            return Err(KvError::Shape("a block is a power of two of tokens"));
        }
        let blocks_max = tokens.div_ceil(block_tokens);
        if blocks_max == 0 || blocks_max >= u32::MAX as usize {
            return Err(KvError::Shape(
                "there must be 1 to four billion blocks of tokens",
            ));
        }
        let rows = blocks_max
            .checked_mul(block_tokens)
            .ok_or(KvError::Shape("no address space holds so many tokens"))?;
        Ok(Self {
            planes: Planes::new(shape, rows, backing)?,
            records: Vec::new(),
            free: List::EMPTY,
            kept: List::EMPTY,
            shift: block_tokens.trailing_zeros(),
            blocks_max,
            covered: 0,
            zeroed: 0,
        })
    }

    /// Takes a block for one user.
    ///
    /// # Errors
    /// - [`KvError::Full`]: none is free.
    /// - [`KvError::Budget`], [`KvError::Os`], [`KvError::Records`]: no memory for a fresh one.
    #[inline]
    pub fn take(&mut self, tenant: Tenant) -> Result<BlockId, KvError> {
        let Some(place) = self.free.pop_front(&mut self.records) else {
            return self.take_fresh(tenant);
        };
        if place as usize >= self.covered
            && let Err(error) = self.cover(place as usize)
        {
            self.free.push_front(&mut self.records, place);
            return Err(error);
        }
        let record = &mut self.records[place as usize];
        record.users = 1;
        let id = BlockId {
            place,
            generation: record.generation,
        };
        if record.tenant != tenant {
            record.tenant = tenant;
            self.zero(place);
        }
        Ok(id)
    }

    #[cold]
    fn zero(&mut self, place: u32) {
        let count = 1 << self.shift;
        self.planes.zero((place as usize) << self.shift, count);
        self.zeroed += 1;
    }

    #[cold]
    fn take_fresh(&mut self, tenant: Tenant) -> Result<BlockId, KvError> {
        let place = self.records.len();
        let full = KvError::Full {
            need_tokens: 1 << self.shift,
            capacity_tokens: self.blocks_max << self.shift,
        };
        if place >= self.blocks_max {
            return Err(full);
        }
        self.records.try_reserve(1)?;
        self.cover(place)?;
        self.records.push(Record {
            generation: 0,
            users: 1,
            links: Links::NOWHERE,
            tenant,
            is_kept: false,
        });
        let place = u32::try_from(place).map_err(|_| full)?;
        Ok(BlockId {
            place,
            generation: 0,
        })
    }

    /// Commits the rows of a block.
    fn cover(&mut self, place: usize) -> Result<(), KvError> {
        let covered = self.planes.cover((place + 1) << self.shift);
        self.covered = self.planes.usable_rows() >> self.shift;
        covered
    }

    #[inline]
    fn record(&mut self, id: BlockId) -> Result<&mut Record, BlockError> {
        let record = self.records.get_mut(id.place());
        let record = record.ok_or(BlockError::Unknown)?;
        if record.generation != id.generation {
            return Err(BlockError::Free);
        }
        Ok(record)
    }

    /// Counts one more user of a block that has one, or is kept.
    ///
    /// # Errors
    /// - [`BlockError`]: the block is free or was never taken.
    #[inline]
    pub fn retain(&mut self, id: BlockId) -> Result<(), BlockError> {
        let record = self.record(id)?;
        match record.users {
            0 if !record.is_kept => return Err(BlockError::Free),
            0 => {
                record.users = 1;
                self.kept.remove(&mut self.records, id.place);
            }
            users => record.users = users.checked_add(1).ok_or(BlockError::Shared)?,
        }
        Ok(())
    }

    /// Counts one user less; the last one frees the block, or leaves it to the index.
    ///
    /// # Errors
    /// - [`BlockError`]: the block is free or was never taken. Nothing has changed.
    #[inline]
    pub fn release(&mut self, id: BlockId) -> Result<(), BlockError> {
        let record = self.record(id)?;
        let Some(users) = record.users.checked_sub(1) else {
            return Err(BlockError::Free);
        };
        record.users = users;
        if users > 0 {
            return Ok(());
        }
        if record.is_kept {
            self.kept.push_front(&mut self.records, id.place);
        } else {
            record.generation = record.generation.wrapping_add(1);
            self.free.push_front(&mut self.records, id.place);
        }
        Ok(())
    }

    /// Whether somebody beside the one user may read the block.
    pub(super) fn is_shared(&mut self, id: BlockId) -> Result<bool, BlockError> {
        Ok(self.record(id)?.users > 1)
    }

    /// Has the index keep a block that has a user.
    pub(super) fn keep(&mut self, id: BlockId) -> Result<(), BlockError> {
        self.record(id)?.is_kept = true;
        Ok(())
    }

    /// Ends the keeping; a block without a user is free then.
    pub(super) fn let_go(&mut self, id: BlockId) -> Result<(), BlockError> {
        let record = self.record(id)?;
        if !core::mem::take(&mut record.is_kept) || record.users > 0 {
            return Ok(());
        }
        record.generation = record.generation.wrapping_add(1);
        self.kept.remove(&mut self.records, id.place);
        self.free.push_front(&mut self.records, id.place);
        Ok(())
    }

    /// The kept block that was longest not used.
    pub(super) fn oldest_kept(&self) -> Option<BlockId> {
        let place = self.kept.last()?;
        let generation = self.records.get(place as usize)?.generation;
        Some(BlockId { place, generation })
    }

    /// Copies the first `tokens` rows of a block to another.
    pub(super) fn copy(&mut self, from: BlockId, to: BlockId, tokens: usize) {
        let row = |id: BlockId| id.place() << self.shift;
        let (from, to) = (row(from), row(to));
        self.planes.copy_within(from, to, tokens);
    }

    /// Gives the memory of free blocks at the end back. Returns how many bytes went.
    pub(super) fn trim(&mut self) -> Result<usize, KvError> {
        let is_free = |record: &Record| record.users == 0 && !record.is_kept;
        let held = self.records.iter().rposition(|record| !is_free(record));
        let held = held.map_or(0, |last| last + 1);
        let gone = self.planes.shrink(held << self.shift);
        // Also where the system refused: some planes have given their rows back.
        self.covered = self.planes.usable_rows() >> self.shift;
        // What has no memory is taken last, and the lowest of it first.
        for place in self.covered..self.records.len() {
            if let Ok(place) = u32::try_from(place) {
                self.free.remove(&mut self.records, place);
                self.free.push_back(&mut self.records, place);
            }
        }
        gone
    }

    pub(super) const fn shift(&self) -> u32 {
        self.shift
    }

    pub(super) const fn capacity_tokens(&self) -> usize {
        self.blocks_max << self.shift
    }

    pub(super) const fn planes(&self) -> &Planes {
        &self.planes
    }

    pub(super) const fn planes_mut(&mut self) -> &mut Planes {
        &mut self.planes
    }

    /// Free blocks that have been used.
    #[must_use]
    pub const fn free_count(&self) -> usize {
        self.free.count()
    }

    /// Blocks that nobody uses and the index keeps.
    #[must_use]
    pub const fn kept_count(&self) -> usize {
        self.kept.count()
    }

    /// Blocks in use, each counted once.
    #[must_use]
    pub const fn used_count(&self) -> usize {
        self.records.len() - self.free.count() - self.kept.count()
    }

    pub(super) const fn zeroed_count(&self) -> u64 {
        self.zeroed
    }
}
