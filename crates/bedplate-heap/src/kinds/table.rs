//! Tables.
//!
//! # Role
//! Values by value: open addressing in a buffer; removal shifts back, so that nothing marks a gap.
//!
//! # Not here
//! Which keys are equal, and their hashes: `keys.rs`.
//!
//! # Invariants
//! - I1: word 1 is how many entries there are and the capacity, zero or a power of two; word 2 the buffer
//!   and the metatable. An entry is two words; a nil key is an empty one.
//! - I2: at least a quarter of the entries is empty, and between an entry and where its key belongs none
//!   is.
//! - I3: keys are in the form that they have as keys, and their hash does not change.

use super::keys::normal;
use crate::bits::{high, join, low};
use crate::header::Kind;
use crate::{Heap, HeapError, Ref, Value};

/// Where a walk through a table is; the default is the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TablePosition(u32);

#[derive(Clone, Copy)]
struct Parts {
    at: u32,
    length: u32,
    capacity: u32,
    buffer: u32,
}

impl Parts {
    const fn entry(&self, index: u32) -> u32 {
        self.buffer + 1 + 2 * (index & (self.capacity - 1))
    }
}

impl Heap {
    /// An empty table. 24 bytes, and a buffer with the first entry.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_table(&mut self) -> Result<Ref, HeapError> {
        let table = self.make(Kind::Table, 3)?;
        self.words.store(table.index() + 1, 0);
        self.words.store(table.index() + 2, 0);
        Ok(table)
    }

    fn parts(&self, table: Ref) -> Result<Parts, HeapError> {
        let at = self.expect(table, Kind::Table)?;
        let word = self.words.load(at + 1);
        Ok(Parts {
            at,
            length: low(word),
            capacity: high(word),
            buffer: low(self.words.load(at + 2)),
        })
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    pub fn table_length(&self, table: Ref) -> Result<u32, HeapError> {
        Ok(self.parts(table)?.length)
    }

    /// The handle that the table keeps for the language, lent: a metatable.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    pub fn meta(&self, table: Ref) -> Result<Option<Ref>, HeapError> {
        let parts = self.parts(table)?;
        Ok(Ref::at(high(self.words.load(parts.at + 2))))
    }

    /// Changes it: the new one is taken over, the old one released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    pub fn set_meta(&mut self, table: Ref, meta: Option<Ref>) -> Result<(), HeapError> {
        let parts = self.parts(table)?;
        let old = self.meta(table)?;
        let meta = meta.map_or(0, Ref::index);
        self.words.store(parts.at + 2, join(parts.buffer, meta));
        self.release(old.into());
        Ok(())
    }

    /// The entry of a key, or the empty one where it would be (I2).
    fn probe(&self, parts: &Parts, key: Value) -> (u32, bool) {
        let mut index = self.hash(parts.at, key) & (parts.capacity - 1);
        loop {
            let found = self.value(parts.entry(index));
            if found.is_nil() || self.same_key(found, key) {
                return (index, !found.is_nil());
            }
            index = (index + 1) & (parts.capacity - 1);
        }
    }

    /// The value of a key, lent; nil where there is none.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    /// - [`HeapError::Key`]: no such key can be.
    pub fn get(&self, table: Ref, key: Value) -> Result<Value, HeapError> {
        let parts = self.parts(table)?;
        let key = normal(key)?;
        if parts.capacity == 0 {
            return Ok(Value::NIL);
        }
        match self.probe(&parts, key) {
            (index, true) => Ok(self.value(parts.entry(index) + 1)),
            _ => Ok(Value::NIL),
        }
    }

    /// Sets the value of a key; nil removes it. Key and value are taken over; what is not kept is
    /// released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    /// - [`HeapError::Key`]: no such key can be.
    /// - [`HeapError::TooLong`]: more than 2^28 entries.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn set(&mut self, table: Ref, key: Value, value: Value) -> Result<(), HeapError> {
        let key = normal(key)?;
        let mut parts = self.parts(table)?;
        if !value.is_nil() && parts.length >= parts.capacity / 4 * 3 {
            parts = self.rehash(&parts)?;
        }
        if parts.capacity == 0 {
            self.release(key);
            return Ok(());
        }
        let (index, is_there) = self.probe(&parts, key);
        let entry = parts.entry(index);
        match (is_there, value.is_nil()) {
            (true, true) => {
                let old = [self.value(entry), self.value(entry + 1), key];
                self.close_gap(&parts, index);
                self.set_length(&parts, parts.length - 1);
                self.release_all(old);
            }
            (true, false) => {
                let old = self.value(entry + 1);
                self.put(entry + 1, value);
                self.release_all([old, key]);
            }
            (false, true) => self.release(key),
            (false, false) => {
                self.tables.note_entry(parts.at, index);
                self.put(entry, key);
                self.put(entry + 1, value);
                self.set_length(&parts, parts.length + 1);
            }
        }
        Ok(())
    }

    /// Puts an entry where its key belongs; there is room for it, and none of that key. For repairs.
    pub(crate) fn put_entry(&mut self, at: u32, key: Value, value: Value) {
        let word = self.words.load(at + 1);
        let parts = Parts {
            at,
            length: low(word),
            capacity: high(word),
            buffer: low(self.words.load(at + 2)),
        };
        let (index, _) = self.probe(&parts, key);
        let entry = parts.entry(index);
        self.tables.note_entry(at, index);
        self.put(entry, key);
        self.put(entry + 1, value);
        self.set_length(&parts, parts.length + 1);
    }

    fn set_length(&mut self, parts: &Parts, length: u32) {
        self.words.store(parts.at + 1, join(length, parts.capacity));
    }

    /// Moves entries back over one that is removed, as far as their keys allow (I2).
    fn close_gap(&mut self, parts: &Parts, gap: u32) {
        let mask = parts.capacity - 1;
        let (mut gap, mut index) = (gap, gap);
        loop {
            index = (index + 1) & mask;
            let key = self.value(parts.entry(index));
            if key.is_nil() {
                break;
            }
            let home = self.hash(parts.at, key) & mask;
            // Farther from its home than the gap is: the gap lies between.
            if index.wrapping_sub(home) & mask >= index.wrapping_sub(gap) & mask {
                let value = self.value(parts.entry(index) + 1);
                self.moved(parts.at, [key.link(), value.link()]);
                self.put(parts.entry(gap), key);
                self.put(parts.entry(gap) + 1, value);
                gap = index;
            }
        }
        self.put(parts.entry(gap), Value::NIL);
        self.put(parts.entry(gap) + 1, Value::NIL);
    }

    /// Twice the capacity.
    fn rehash(&mut self, old: &Parts) -> Result<Parts, HeapError> {
        let capacity = (old.capacity * 2).max(4);
        let buffer = self.new_buffer(capacity as usize * 2)?;
        for place in 1..=capacity * 2 {
            self.put(buffer + place, Value::NIL);
        }
        let new = Parts {
            capacity,
            buffer,
            ..*old
        };
        // The metatable's place is behind the entries: it moves even where there are none.
        self.moved(old.at, [0; 2]);
        for index in 0..old.capacity {
            let key = self.value(old.entry(index));
            if !key.is_nil() {
                let value = self.value(old.entry(index) + 1);
                self.moved(old.at, [key.link(), value.link()]);
                let (place, _) = self.probe(&new, key);
                self.put(new.entry(place), key);
                self.put(new.entry(place) + 1, value);
            }
        }
        let meta = high(self.words.load(old.at + 2));
        self.words.store(old.at + 2, join(buffer, meta));
        self.set_length(&new, old.length);
        self.tables.forget();
        self.give_buffer(old.buffer);
        Ok(new)
    }

    /// The next entry of a walk, lent, and where the walk is then. Changing values keeps a walk
    /// valid; adding and removing keys may show entries twice or not at all.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    pub fn next_entry(
        &self,
        table: Ref,
        from: TablePosition,
    ) -> Result<Option<(TablePosition, Value, Value)>, HeapError> {
        let parts = self.parts(table)?;
        // Whoever takes out the first again and again need not pass what is empty each time.
        let first = self.tables.first(parts.at);
        let is_start = from.0 <= first;
        for index in from.0.max(first)..parts.capacity {
            let key = self.value(parts.entry(index));
            if !key.is_nil() {
                if is_start {
                    self.tables.set_first(parts.at, index);
                }
                let value = self.value(parts.entry(index) + 1);
                return Ok(Some((TablePosition(index + 1), key, value)));
            }
        }
        if is_start {
            self.tables.set_first(parts.at, parts.capacity);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Heap, Limits, Ref, TablePosition, Value};

    fn heap() -> Heap {
        Heap::with(Limits::DEFAULT).expect("memory")
    }

    fn number(number: i64) -> Value {
        Value::integer(number).expect("small")
    }

    /// How far entries are from where their keys belong, on average.
    fn displacement(heap: &Heap, table: Ref) -> u64 {
        let parts = heap.parts(table).expect("a table");
        let mask = parts.capacity - 1;
        let far = (0..parts.capacity).map(|index| {
            let key = heap.value(parts.entry(index));
            let home = heap.hash(parts.at, key);
            u64::from(!key.is_nil()) * u64::from(index.wrapping_sub(home) & mask)
        });
        far.sum::<u64>() / u64::from(parts.length.max(1))
    }

    #[test]
    fn a_table_that_is_filled_in_the_order_of_another_has_its_keys_near_their_places() {
        let mut heap = heap();
        let (from, to) = (heap.new_table(), heap.new_table());
        let (from, to) = (from.expect("memory"), to.expect("memory"));
        for key in 0..23_000 {
            heap.set(from, number(key * 3), number(1)).expect("memory");
        }
        for key in 0..6000 {
            let key = number(1_000_000_000 + key * 7);
            heap.set(to, key, number(1)).expect("memory");
        }
        let mut position = TablePosition::default();
        // The first half of the walk: before it grows again, the table is full where the walk was.
        for _ in 0..6000 {
            let entry = heap.next_entry(from, position).expect("a table");
            let (next, key, value) = entry.expect("an entry");
            heap.set(to, key, value).expect("memory");
            position = next;
        }
        assert!(displacement(&heap, to) < 20, "{}", displacement(&heap, to));
    }

    #[test]
    fn keys_that_were_chosen_to_collide_do_not() {
        let odd = 0x9e37_79b9_7f4a_7c15_u64;
        let inverse = (0..6).fold(1_u64, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)))
        });
        let mut heap = heap();
        let table = heap.new_table().expect("memory");
        for key in 0..3000_u64 {
            // What a hash that multiplies by a number that everybody knows makes one.
            let product = (0x1234_5678_0000_0000 | key).wrapping_mul(inverse);
            let word = (0..3).fold(product, |word, _| product ^ word >> 29);
            let word = word ^ 8_u64.rotate_left(40);
            let key = heap.new_bytes(&word.to_ne_bytes()).expect("memory");
            heap.set(table, key.into(), number(1)).expect("memory");
        }
        assert!(displacement(&heap, table) < 20);
    }

    #[test]
    fn a_walk_that_begins_again_passes_what_is_empty_once() {
        let mut heap = heap();
        let table = heap.new_table().expect("memory");
        for key in 0..1000 {
            heap.set(table, number(key), number(1)).expect("memory");
        }
        let start = TablePosition::default();
        while let Some((next, key, _)) = heap.next_entry(table, start).expect("a table") {
            assert_eq!(heap.tables.first(table.index()), next.0 - 1);
            heap.set(table, key, Value::NIL).expect("a table");
        }
        assert_eq!(heap.table_length(table), Ok(0));
        // What comes before is seen.
        for key in 0..500 {
            heap.set(table, number(key), number(1)).expect("memory");
            let (_, first, _) = heap
                .next_entry(table, start)
                .expect("a table")
                .expect("one");
            heap.set(table, first, Value::NIL).expect("a table");
            assert_eq!(heap.next_entry(table, start), Ok(None));
        }
    }
}
