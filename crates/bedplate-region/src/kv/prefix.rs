//! The index of prefixes.
//!
//! # Role
//! Finds the blocks that hold the beginning of a prompt. A block is filed under a keyed hash of the chain
//! of blocks before it, its tokens, and its tenant; and what is found is compared before it is used.
//!
//! # Invariants
//! - I1: an entry is found only for the same tenant, the same tokens, and the same entry before it: by
//!   induction the same tokens from the first on. A collision of hashes is a miss.
//! - I2: a block has one entry at most, and the pool keeps exactly the blocks that have one.

use super::keyed::{Key, Keyed};
use super::{BlockId, KvError, Tenant};
use alloc::vec::Vec;
use core::hash::{BuildHasherDefault, Hasher};
use std::collections::HashMap;

/// Keeps hashes of this index apart from others with the same key.
const DOMAIN: u64 = u64::from_le_bytes(*b"kvprefix");

/// What is before the first block.
pub(super) const BEGINNING: Link = Link { hash: 0, serial: 0 };

/// A place in a chain of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    hash: u128,
    /// Never given twice, so that an entry filed again is another one.
    serial: u64,
}

#[derive(Debug)]
struct Entry {
    block: BlockId,
    tenant: Tenant,
    before: u64,
    serial: u64,
}

/// Hashes are as good as random already.
#[derive(Debug, Default)]
struct Low(u64);

impl Hasher for Low {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, i: u128) {
        let [low, high] = [i, i >> 64].map(|part| part & u128::from(u64::MAX));
        self.0 = u64::try_from(low ^ high).unwrap_or(0);
    }
}

/// Entries by their hashes.
#[derive(Debug)]
pub(super) struct Prefixes {
    key: Key,
    entries: HashMap<u128, Entry, BuildHasherDefault<Low>>,
    /// The hash of each block's entry, by the block's place.
    filed: Vec<Option<u128>>,
    /// The tokens of each block's entry, by the block's place.
    tokens: Vec<u32>,
    block_tokens: usize,
    serial: u64,
}

impl Prefixes {
    pub(super) fn new(key: [u64; 2], block_tokens: usize) -> Self {
        Self {
            key: Key(key),
            entries: HashMap::default(),
            filed: Vec::new(),
            tokens: Vec::new(),
            block_tokens,
            serial: 0,
        }
    }

    /// The hash of a block of tokens behind a link.
    pub(super) fn hash(&self, tenant: Tenant, before: Link, tokens: &[u32]) -> u128 {
        let mut keyed = Keyed::new(self.key);
        keyed.word(DOMAIN);
        keyed.word(tenant.0);
        for part in [before.hash, before.hash >> 64] {
            keyed.word(u64::try_from(part & u128::from(u64::MAX)).unwrap_or(0));
        }
        let (pairs, rest) = tokens.as_chunks::<2>();
        for [one, other] in pairs {
            keyed.word(u64::from(*one) | (u64::from(*other) << 32));
        }
        for one in rest {
            keyed.word(u64::from(*one));
        }
        keyed.finish()
    }

    /// The block that holds these tokens behind a link, and the link to what comes behind it. `Err` where
    /// the hash is somebody else's.
    pub(super) fn find(
        &self,
        tenant: Tenant,
        before: Link,
        (hash, tokens): (u128, &[u32]),
    ) -> Result<Option<(BlockId, Link)>, Collision> {
        let Some(entry) = self.entries.get(&hash) else {
            return Ok(None);
        };
        let is_same = entry.tenant == tenant
            && entry.before == before.serial
            && self.tokens_of(entry.block) == Some(tokens);
        if !is_same {
            return Err(Collision);
        }
        let serial = entry.serial;
        Ok(Some((entry.block, Link { hash, serial })))
    }

    fn tokens_of(&self, block: BlockId) -> Option<&[u32]> {
        let first = block.place() * self.block_tokens;
        self.tokens.get(first..first + self.block_tokens)
    }

    /// Files a block that has no entry, under a hash that has none.
    pub(super) fn file(
        &mut self,
        (tenant, block): (Tenant, BlockId),
        before: Link,
        (hash, tokens): (u128, &[u32]),
    ) -> Result<Link, KvError> {
        let places = block.place() + 1;
        let more = places.saturating_sub(self.filed.len());
        self.filed.try_reserve(more)?;
        self.tokens.try_reserve(more * self.block_tokens)?;
        self.entries.try_reserve(1)?;
        if more > 0 {
            self.filed.resize(places, None);
            self.tokens.resize(places * self.block_tokens, 0);
        }
        let first = block.place() * self.block_tokens;
        if let Some(room) = self.tokens.get_mut(first..first + self.block_tokens) {
            room.copy_from_slice(tokens);
        }
        if let Some(filed) = self.filed.get_mut(block.place()) {
            *filed = Some(hash);
        }
        self.serial += 1;
        let serial = self.serial;
        let entry = Entry {
            block,
            tenant,
            before: before.serial,
            serial,
        };
        self.entries.insert(hash, entry);
        Ok(Link { hash, serial })
    }

    /// Whether a block has an entry.
    pub(super) fn has(&self, block: BlockId) -> bool {
        self.filed.get(block.place()).is_some_and(Option::is_some)
    }

    /// Ends a block's entry.
    pub(super) fn forget(&mut self, block: BlockId) {
        let filed = self.filed.get_mut(block.place());
        if let Some(hash) = filed.and_then(Option::take) {
            self.entries.remove(&hash);
        }
    }
}

/// Two prefixes with one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Collision;

#[cfg(test)]
mod tests {
    use super::{BEGINNING, Collision, Prefixes};
    use crate::kv::{Backing, BlockPool, KvShape, Row, RowFormat, Tenant};

    #[test]
    fn a_hash_alone_finds_nothing() {
        let row = Row {
            elements: 1,
            format: RowFormat::F32,
        };
        let shape = KvShape::new(1, row, row).unwrap();
        let backing = Backing::new()
            .huge_pages(false)
            .step_bytes(bedplate_os::pages::page_size());
        let mut pool = BlockPool::new(&shape, 64, 4, backing).unwrap();
        let mut index = Prefixes::new([1, 2], 4);
        let (one, other) = (Tenant(1), Tenant(2));
        let tokens = [1_u32, 2, 3, 4];
        let block = pool.take(one).unwrap();
        let hash = index.hash(one, BEGINNING, &tokens);
        let link = index
            .file((one, block), BEGINNING, (hash, &tokens))
            .unwrap();
        assert_eq!(
            index.find(one, BEGINNING, (hash, &tokens)),
            Ok(Some((block, link)))
        );
        // The same hash with other tokens, another tenant, another block before: collisions.
        let others = [1_u32, 2, 3, 5];
        for found in [
            index.find(one, BEGINNING, (hash, &others)),
            index.find(other, BEGINNING, (hash, &tokens)),
            index.find(one, link, (hash, &tokens)),
        ] {
            assert_eq!(found, Err(Collision));
        }
        assert_ne!(hash, index.hash(other, BEGINNING, &tokens));
        assert_ne!(hash, index.hash(one, link, &tokens));
        assert_ne!(hash, Prefixes::new([1, 3], 4).hash(one, BEGINNING, &tokens));
        index.forget(block);
        assert!(!index.has(block));
        assert_eq!(index.find(one, BEGINNING, (hash, &tokens)), Ok(None));
    }
}
