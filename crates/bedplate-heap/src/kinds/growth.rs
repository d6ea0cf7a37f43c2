//! How a table grows.
//!
//! # Role
//! A small table moves to another buffer at once; a large one a few entries with each key that is added, so
//! that no call is long. Only adding moves anything: a walk that removes what it meets goes on.
//!
//! # Phases
//! | flag | the table's buffer | the other one | each key that is added |
//! |---|---|---|---|
//! | none | all entries | | begins, where three quarters of the entries are used |
//! | [`CLEARING`] | all entries | is made empty | empties [`WORDS`] words |
//! | [`MOVING`] | the new one | what is not moved | moves [`ENTRIES`] entries |
//!
//! The two words at the end of the table's buffer are then the other buffer and how far it is; the other's
//! capacity and the flag.
//!
//! # Where memory is short
//! A table that cannot grow has room all the same: it is filled further, and what removed keys left is taken
//! out of it (`order.rs`).
//!
//! # Invariants
//! - I1: each phase ends before the buffer that takes what is added is full: to empty two words costs a
//!   part of an addition, and the new buffer is a quarter of the old one at least.
//! - I2: whoever numbers references (`edges.rs`) sees the other buffer's entries, while it moves, before
//!   the table's. A pass that is inside of the table is told when the numbers change.

use super::entries::{Entries, Hash, LARGE, Parts};
use crate::bits::{high, join, low};
use crate::header::{self, Kind};
use crate::{Heap, HeapError};

/// The other buffer is made empty.
pub(super) const CLEARING: u32 = 1 << 31;
/// Entries are moved out of the other buffer.
pub(super) const MOVING: u32 = 1 << 30;
/// Words that are made empty at a time: those of an OS page.
const WORDS: u32 = 512;
/// The most that is ever asked for: twice what a buffer can have.
const CAPACITY_MAX: u32 = 1 << 30;
/// Entries that are moved at a time.
const ENTRIES: u32 = 16;

/// The buffer beside a table's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    pub(super) entries: Entries,
    /// Words that are empty, or entries that are moved.
    pub(super) done: u32,
    /// What its flag says, to be compared with the table's.
    pub(super) growth: u32,
}

/// The capacity for so many entries: half as many more fit at least before it grows again.
const fn capacity_for(length: u32) -> u32 {
    let need = (length.saturating_mul(8)).div_ceil(3).next_power_of_two();
    // More than a buffer can have is refused where it is asked for.
    if need < 4 {
        4
    } else if need > CAPACITY_MAX {
        CAPACITY_MAX
    } else {
        need
    }
}

impl Heap {
    /// The buffer beside a table's own, while it grows.
    pub(super) fn other(&self, parts: &Parts) -> Option<Other> {
        (parts.growth != 0).then(|| self.other_of(parts.main))
    }

    pub(super) fn other_of(&self, main: Entries) -> Other {
        let (place, state) = (
            self.words.load(main.tail()),
            self.words.load(main.tail() + 1),
        );
        Other {
            entries: Entries {
                buffer: low(place),
                capacity: low(state) & !(CLEARING | MOVING),
            },
            done: high(place),
            growth: high(state),
        }
    }

    pub(super) fn set_other(&mut self, main: Entries, other: &Other) {
        let Other {
            entries,
            done,
            growth,
        } = *other;
        self.words.store(main.tail(), join(entries.buffer, done));
        self.words
            .store(main.tail() + 1, join(entries.capacity, growth));
    }

    /// Entries that are not moved yet, and those of the table's buffer.
    pub(super) fn both(&self, parts: &Parts) -> [Entries; 2] {
        match self.other(parts) {
            Some(other) if parts.growth == MOVING => [other.entries, parts.main],
            _ => [Entries::NONE, parts.main],
        }
    }

    /// The first place and the number of the words of both.
    pub(crate) fn table_rows(&self, at: u32) -> [(u32, u32); 2] {
        let both = self.both(&self.parts_at(at));
        both.map(|entries| (entries.place(0), entries.capacity * 2))
    }

    /// Sees to it that an entry can be added.
    pub(super) fn make_room(&mut self, parts: Parts) -> Result<Parts, HeapError> {
        let mut parts = parts;
        if parts.growth == CLEARING {
            parts = self.clear_some(parts);
            // Only so far (I1) where memory was short, or words are damaged: a search must end.
            while parts.growth == CLEARING && self.is_filled(&parts) {
                parts = self.clear_some(parts);
            }
        }
        let is_full =
            |heap: &Self, parts: &Parts| heap.used(parts.main).0 >= parts.main.capacity / 4 * 3;
        if parts.growth == MOVING {
            parts = self.move_some(parts);
            while parts.growth == MOVING && is_full(self, &parts) {
                parts = self.move_some(parts);
            }
        }
        if parts.growth == 0 && is_full(self, &parts) {
            return self.grow_or_order(parts);
        }
        Ok(parts)
    }

    /// Whether nothing more should be added, whatever it costs: an eighth of the entries is empty, one at
    /// least.
    pub(super) fn is_filled(&self, parts: &Parts) -> bool {
        let capacity = parts.main.capacity;
        self.used(parts.main).0 >= capacity.saturating_sub((capacity / 8).max(1))
    }

    /// Begins to grow a table.
    pub(super) fn grow_table(&mut self, parts: Parts) -> Result<Parts, HeapError> {
        if parts.main.capacity < LARGE {
            return self.rehash(parts);
        }
        let least = (parts.main.capacity / 4).max(LARGE);
        let capacity = capacity_for(parts.length).max(least);
        let mut entries = Entries {
            buffer: 0,
            capacity,
        };
        entries.buffer = self.new_buffer(entries.words() as usize)?;
        let other = Other {
            entries,
            done: 0,
            growth: CLEARING,
        };
        self.set_other(parts.main, &other);
        let parts = Parts {
            growth: CLEARING,
            ..parts
        };
        self.set_parts(&parts);
        Ok(parts)
    }

    /// A small table, at once.
    fn rehash(&mut self, old: Parts) -> Result<Parts, HeapError> {
        let mut main = Entries {
            buffer: 0,
            capacity: capacity_for(old.length),
        };
        main.buffer = self.new_buffer(main.words() as usize)?;
        for place in 1..=main.words() {
            self.words.store(main.buffer + place, 0);
        }
        self.set_used(main, 0, main.capacity);
        for index in 0..old.main.capacity {
            let place = old.main.place(index);
            if self.is_entry(place) {
                self.move_entry(place, main, old.at);
            }
        }
        let parts = Parts { main, ..old };
        self.set_parts(&parts);
        self.tables.forget(old.at);
        self.renumbered(old.at);
        self.give_buffer(old.main.buffer);
        Ok(parts)
    }

    /// Copies an entry to where it belongs in another buffer.
    fn move_entry(&mut self, place: u32, to: Entries, table: u32) -> Hash {
        let (key, value) = (self.value(place), self.value(place + 1));
        let hash = self.hash(table, key);
        self.add_entry(to, hash, key, value);
        hash
    }

    fn clear_some(&mut self, parts: Parts) -> Parts {
        let Some(other) = self.other(&parts) else {
            return parts;
        };
        let end = other.entries.words().min(other.done.saturating_add(WORDS));
        for place in other.done + 1..=end {
            self.words.store(other.entries.buffer + place, 0);
        }
        if end < other.entries.words() {
            self.set_other(parts.main, &Other { done: end, ..other });
            return parts;
        }
        let (old, main) = (parts.main, other.entries);
        self.set_used(main, 0, main.capacity);
        let other = Other {
            entries: old,
            done: 0,
            growth: MOVING,
        };
        self.set_other(main, &other);
        let parts = Parts {
            main,
            growth: MOVING,
            ..parts
        };
        self.set_parts(&parts);
        self.tables.forget(parts.at);
        self.renumbered(parts.at);
        parts
    }

    fn move_some(&mut self, parts: Parts) -> Parts {
        let Some(other) = self.other(&parts) else {
            return parts;
        };
        let old = other.entries;
        let end = old.capacity.min(other.done.saturating_add(ENTRIES));
        for index in other.done..end {
            let place = old.place(index);
            if self.is_entry(place) {
                let entry = [self.value(place).link(), self.value(place + 1).link()];
                self.moved(parts.at, entry);
                let hash = self.move_entry(place, parts.main, parts.at);
                self.clear_entry(place, hash);
            }
        }
        if end < old.capacity {
            self.set_other(parts.main, &Other { done: end, ..other });
            return parts;
        }
        let none = Other {
            entries: Entries::NONE,
            done: 0,
            growth: 0,
        };
        self.set_other(parts.main, &none);
        let parts = Parts { growth: 0, ..parts };
        self.set_parts(&parts);
        self.tables.forget(parts.at);
        self.renumbered(parts.at);
        self.give_buffer(old.buffer);
        parts
    }

    /// Nothing is left before this entry of the buffer that is moved out of.
    pub(super) fn skip_moved(&mut self, parts: &Parts, done: u32) {
        if let Some(other) = self.other(parts)
            && parts.growth == MOVING
            && done > other.done
        {
            let done = done.min(other.entries.capacity);
            self.set_other(parts.main, &Other { done, ..other });
        }
    }

    /// The buffer beside an array's or a table's own, 0 where there is none.
    pub(crate) fn other_buffer(&self, at: u32) -> u32 {
        match header::kind(self.words.load(at)) {
            Kind::Array => high(self.words.load(at + 2)),
            Kind::Table => {
                let other = self.other(&self.parts_at(at));
                other.map_or(0, |other| other.entries.buffer)
            }
            _ => 0,
        }
    }
}
