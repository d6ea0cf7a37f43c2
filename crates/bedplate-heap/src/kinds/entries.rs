//! Where a table's entries lie.
//!
//! # Role
//! [`Parts`]: what a table's two words and its buffers say. [`Entries`]: open addressing in one buffer.
//!
//! # Invariants
//! - I1: an entry is two words; a nil key is an empty one. One that was removed, or that growth moved, has
//!   [`GONE`] for a key and the key's hash for a value: searches pass it, and a walk that stands there finds
//!   it again. Neither word leads to an object.
//! - I2: a part of the entries is empty, and between an entry and where its key belongs none is.
//! - I3: the first word behind a buffer's header is how many entries are not empty, and an entry below which
//!   none is there. A buffer of [`LARGE`] entries or more has two more words at its end, which say how it
//!   grows (`growth.rs`) and are zero where it does not.

use crate::bits::{high, join, low};
use crate::header::Kind;
use crate::{Heap, HeapError, Ref, Value};

/// The key of an entry that is no more there. Programs cannot make it: it lies below all floats.
pub(super) const GONE: Value = Value::from_word(3);
/// The entries from which on a table grows in steps.
pub(super) const LARGE: u32 = 512;
/// The most entries of a buffer.
const CAPACITY: u32 = (1 << 30) - 1;

/// What stands for a key in a table: 63 bits, so that a key that was removed is known by it, and none of them is a handle's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const fn new(word: u64) -> Self {
        Self(word >> 1)
    }

    /// Where its key belongs.
    #[inline]
    pub(super) const fn index(self) -> u32 {
        low(self.0)
    }
}

/// Entries in a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries {
    pub(super) buffer: u32,
    /// Zero or a power of two.
    pub(super) capacity: u32,
}

/// A table's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) at: u32,
    pub(super) length: u32,
    /// How it grows: flags of `growth.rs`.
    pub(super) growth: u32,
    pub(super) main: Entries,
}

impl Entries {
    /// No entries.
    pub(super) const NONE: Self = Self {
        buffer: 0,
        capacity: 0,
    };

    /// The place of an entry; what is beyond the last goes round.
    #[inline]
    pub(super) const fn place(self, index: u32) -> u32 {
        let entry = index & self.capacity.wrapping_sub(1);
        self.buffer.wrapping_add(2 + 2 * entry)
    }

    /// The entry of a place.
    pub(super) const fn index(self, place: u32) -> u32 {
        place.wrapping_sub(self.buffer).wrapping_sub(2) / 2
    }

    pub(super) const fn has(self, place: u32) -> bool {
        place.wrapping_sub(self.buffer).wrapping_sub(2) < 2 * self.capacity
    }

    /// The place of the two words at the end of a large buffer (I3).
    pub(super) const fn tail(self) -> u32 {
        self.buffer.wrapping_add(2 + 2 * self.capacity)
    }

    /// The words of the buffer behind its header.
    pub(super) const fn words(self) -> u32 {
        1 + 2 * self.capacity + if self.capacity < LARGE { 0 } else { 2 }
    }

    /// Whether it can be: a buffer has room for so many words.
    pub(super) const fn fits(self, room: u32) -> bool {
        let is_size = self.capacity.is_power_of_two() && self.capacity <= CAPACITY / 2 + 1;
        self.capacity == 0 || is_size && self.words() <= room
    }
}

impl Heap {
    pub(super) fn parts(&self, table: Ref) -> Result<Parts, HeapError> {
        Ok(self.parts_at(self.expect(table, Kind::Table)?))
    }

    pub(super) fn parts_at(&self, at: u32) -> Parts {
        let word = self.words.load(at + 1);
        Parts {
            at,
            length: low(word),
            growth: high(word) & !CAPACITY,
            main: Entries {
                buffer: low(self.words.load(at + 2)),
                capacity: high(word) & CAPACITY,
            },
        }
    }

    pub(super) fn set_parts(&mut self, parts: &Parts) {
        let word = join(parts.length, parts.main.capacity | parts.growth);
        self.words.store(parts.at + 1, word);
        let meta = high(self.words.load(parts.at + 2));
        self.words
            .store(parts.at + 2, join(parts.main.buffer, meta));
    }

    /// How many entries of a buffer are not empty, and an entry below which none is there.
    pub(super) fn used(&self, entries: Entries) -> (u32, u32) {
        if entries.capacity == 0 {
            return (0, 0);
        }
        let word = self.words.load(entries.buffer + 1);
        (low(word), high(word))
    }

    pub(super) fn set_used(&mut self, entries: Entries, used: u32, first: u32) {
        self.words.store(entries.buffer + 1, join(used, first));
    }

    /// The place of the entry of a key.
    pub(super) fn find(&self, entries: Entries, hash: Hash, key: Value) -> Option<u32> {
        self.probe(entries, hash, |_, found| self.same_key(found, key))
    }

    /// The place of the entry of a text that is not in a value.
    pub(super) fn find_text(&self, entries: Entries, hash: Hash, text: &str) -> Option<u32> {
        self.probe(entries, hash, |_, found| {
            let key = found.as_object();
            key.is_some_and(|key| self.long_text(key) == Ok(Some(text)))
        })
    }

    /// The place of an entry of a key that is no more there, by the key's hash.
    pub(super) fn find_gone(&self, entries: Entries, hash: Hash) -> Option<u32> {
        self.probe(entries, hash, |place, found| {
            found == GONE && self.words.load(place + 1) == hash.0
        })
    }

    /// The first place on the way of a hash that holds what is looked for.
    #[inline(always)]
    fn probe(
        &self,
        entries: Entries,
        hash: Hash,
        is_it: impl Fn(u32, Value) -> bool,
    ) -> Option<u32> {
        if entries.capacity == 0 {
            return None;
        }
        let mut index = hash.index();
        loop {
            let place = entries.place(index);
            let found = self.value(place);
            if found.is_nil() {
                return None;
            }
            if is_it(place, found) {
                return Some(place);
            }
            index = index.wrapping_add(1);
        }
    }

    /// Puts an entry where its key belongs: there is room for it, and none of that key.
    pub(super) fn add_entry(&mut self, entries: Entries, hash: Hash, key: Value, value: Value) {
        let mut index = hash.index();
        let (place, is_new) = loop {
            let place = entries.place(index);
            let found = self.value(place);
            if found.is_nil() || found == GONE {
                break (place, found.is_nil());
            }
            index = index.wrapping_add(1);
        };
        self.put(place, key);
        self.put(place + 1, value);
        let (used, first) = self.used(entries);
        let first = first.min(entries.index(place));
        self.set_used(entries, used.saturating_add(is_new.into()), first);
    }

    /// Makes an entry one that is no more there. What it held is the caller's.
    pub(super) fn clear_entry(&mut self, place: u32, hash: Hash) {
        self.put(place, GONE);
        self.words.store(place + 1, hash.0);
    }

    /// Whether an entry is there.
    #[inline]
    pub(super) fn is_entry(&self, place: u32) -> bool {
        let key = self.value(place);
        !key.is_nil() && key != GONE
    }
}
