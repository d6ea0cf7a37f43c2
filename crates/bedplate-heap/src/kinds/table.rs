//! Tables.
//!
//! # Role
//! Values by value.
//!
//! # Not here
//! Which keys are equal, and their hashes: `keys.rs`. Where entries lie: `entries.rs`; how a table grows:
//! `growth.rs`; walks: `walk.rs`.
//!
//! # Invariants
//! - I1: word 1 is how many entries there are, the capacity of the buffer and how it grows; word 2 the buffer
//!   and the metatable.
//! - I2: keys are in the form that they have as keys, and their hash does not change.

use super::entries::{Hash, Parts};
use super::keys::normal;
use crate::bits::{high, join};
use crate::header::Kind;
use crate::{Heap, HeapError, Ref, Value};

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
        self.words
            .store(parts.at + 2, join(parts.main.buffer, meta));
        self.release(old.into());
        Ok(())
    }

    /// The place of the entry of a key. What growth did not move yet is asked for last.
    fn locate(&self, parts: &Parts, hash: Hash, key: Value) -> Option<u32> {
        self.find(parts.main, hash, key).or_else(|| {
            let [old, _] = self.both(parts);
            self.find(old, hash, key)
        })
    }

    /// The value of a key, lent; nil where there is none.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    /// - [`HeapError::Key`]: no such key can be.
    pub fn get(&self, table: Ref, key: Value) -> Result<Value, HeapError> {
        let parts = self.parts(table)?;
        let key = normal(key)?;
        if parts.length == 0 {
            return Ok(Value::NIL);
        }
        let hash = self.hash(parts.at, key);
        let found = self.locate(&parts, hash, key);
        Ok(found.map_or(Value::NIL, |place| self.value(place + 1)))
    }

    /// The value of a text, lent, without a text in the heap; nil where there is none.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    pub fn get_text(&self, table: Ref, text: &str) -> Result<Value, HeapError> {
        if let Some(key) = Value::text(text) {
            return self.get(table, key);
        }
        let parts = self.parts(table)?;
        let hash = self.text_hash(parts.at, text);
        let [old, main] = self.both(&parts);
        let found = self.find_text(main, hash, text);
        let found = found.or_else(|| self.find_text(old, hash, text));
        Ok(found.map_or(Value::NIL, |place| self.value(place + 1)))
    }

    /// Sets the value of a key; nil removes it. Key and value are taken over; what is not kept is
    /// released. Changing and removing keep walks valid.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    /// - [`HeapError::Key`]: no such key can be.
    /// - [`HeapError::TooLong`]: more than seven eighths of 2^29 entries.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    ///
    /// # Cost
    /// A table that grows moves a few entries with each key that is added: no call moves all. Where there is
    /// no memory to grow, what removed keys left is taken out of a few entries with each.
    pub fn set(&mut self, table: Ref, key: Value, value: Value) -> Result<(), HeapError> {
        let key = normal(key)?;
        let mut parts = self.parts(table)?;
        let hash = self.hash(parts.at, key);
        match (self.locate(&parts, hash, key), value.is_nil()) {
            (Some(place), true) => {
                let old = [self.value(place), self.value(place + 1), key];
                self.note_removal(&parts, place);
                self.clear_entry(place, hash);
                parts.length = parts.length.saturating_sub(1);
                self.set_parts(&parts);
                self.release_all(old);
            }
            (Some(place), false) => {
                let old = self.value(place + 1);
                self.put(place + 1, value);
                self.release_all([old, key]);
            }
            (None, true) => self.release(key),
            (None, false) => {
                parts = self.make_room(parts)?;
                self.tables.forget(parts.at);
                self.add_entry(parts.main, hash, key, value);
                parts.length += 1;
                self.set_parts(&parts);
            }
        }
        Ok(())
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
        let mask = parts.main.capacity - 1;
        let far = (0..parts.main.capacity).map(|index| {
            let place = parts.main.place(index);
            let home = heap.hash(parts.at, heap.value(place)).index();
            u64::from(heap.is_entry(place)) * u64::from(index.wrapping_sub(home) & mask)
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
}
