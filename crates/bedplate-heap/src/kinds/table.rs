//! Tables.
//!
//! # Role
//! Values by value: open addressing in a buffer; removal shifts back, so that nothing marks a gap.
//!
//! # Invariants
//! - I1: word 1 is how many entries there are and the capacity, zero or a power of two; word 2 the buffer
//!   and the metatable. An entry is two words; a nil key is an empty one.
//! - I2: at least a quarter of the entries is empty, and between an entry and where its key belongs none
//!   is.
//! - I3: keys that are equal have one form: an integral float is an integer, short text is in the value.

use crate::bits::{high, join, low, narrow};
use crate::header::Kind;
use crate::{Heap, HeapError, Ref, Value, View};

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

/// One form for equal keys (I3).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "exactly the floats that come back the same are integers"
)]
fn normal(key: Value) -> Result<Value, HeapError> {
    match key.view() {
        View::Nil => Err(HeapError::Key),
        View::Float(number) if number.is_nan() => Err(HeapError::Key),
        View::Float(number) if (number as i64) as f64 == number => {
            Ok(Value::integer(number as i64).unwrap_or(key))
        }
        _ => Ok(key),
    }
}

const fn mix(word: u64) -> u32 {
    high((word ^ word >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15))
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

    fn hash(&self, key: Value) -> u32 {
        let bytes = key.as_object().and_then(|object| self.bytes(object).ok());
        bytes.map_or_else(
            || mix(key.word()),
            |bytes| {
                bytes.chunks(8).fold(narrow(bytes.len()), |hash, part| {
                    let mut word = [0; 8];
                    word[..part.len()].copy_from_slice(part);
                    mix(u64::from_ne_bytes(word) ^ u64::from(hash).rotate_left(40))
                })
            },
        )
    }

    /// Whether two keys are one: the same word, or the same bytes in two objects.
    fn same_key(&self, one: Value, other: Value) -> bool {
        if one == other {
            return true;
        }
        let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else {
            return false;
        };
        let is_text = |object: Ref| high(self.words.load(object.index() + 1));
        match (self.bytes(one), self.bytes(other)) {
            (Ok(bytes), Ok(others)) => bytes == others && is_text(one) == is_text(other),
            _ => false,
        }
    }

    /// The entry of a key, or the empty one where it would be (I2).
    fn probe(&self, parts: &Parts, key: Value) -> (u32, bool) {
        let mut index = self.hash(key) & (parts.capacity - 1);
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
            let home = self.hash(key) & mask;
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
        for index in from.0..parts.capacity {
            let key = self.value(parts.entry(index));
            if !key.is_nil() {
                let value = self.value(parts.entry(index) + 1);
                return Ok(Some((TablePosition(index + 1), key, value)));
            }
        }
        Ok(None)
    }
}
