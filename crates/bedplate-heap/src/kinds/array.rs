//! Arrays.
//!
//! # Role
//! Values in a row, in a buffer that grows.
//!
//! # Invariants
//! - I1: word 1 is the length, word 2 the buffer, 0 where there is none. Values up to the length are the
//!   array's.

use crate::bits::{low, narrow};
use crate::header::{Kind, LEAF, ONE};
use crate::{Heap, HeapError, Ref, Value};

/// The most words of a buffer.
const BUFFER_MAX: usize = 1 << 30;

impl Heap {
    /// A buffer that has room for so many words.
    pub(crate) fn new_buffer(&mut self, words: usize) -> Result<u32, HeapError> {
        if words > BUFFER_MAX {
            return Err(HeapError::TooLong {
                asked: words,
                max: BUFFER_MAX,
            });
        }
        let buffer = self.take(narrow(words) + 1)?.index();
        // No count: a buffer is its owner's alone.
        self.words.store(buffer, Kind::Buffer.header() - ONE);
        debug_assert!(self.words.load(buffer) & LEAF != 0);
        Ok(buffer)
    }

    /// The words that a buffer has room for.
    pub(crate) fn room(&self, buffer: u32) -> u32 {
        if buffer == 0 {
            return 0;
        }
        self.slots.words(buffer).saturating_sub(1)
    }

    /// A buffer with more room and the same words.
    pub(crate) fn widen(&mut self, old: u32, used: u32, need: usize) -> Result<u32, HeapError> {
        let new = self.new_buffer(need.max(used as usize * 3 / 2).max(3))?;
        for place in 1..=used {
            let word = self.words.load(old + place);
            self.words.store(new + place, word);
        }
        self.give_buffer(old);
        Ok(new)
    }

    /// An empty array. 24 bytes, and the buffer with the first value.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_array(&mut self) -> Result<Ref, HeapError> {
        let array = self.make(Kind::Array, 3)?;
        self.words.store(array.index() + 1, 0);
        self.words.store(array.index() + 2, 0);
        Ok(array)
    }

    /// How many values there are.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no array.
    #[inline]
    pub fn array_length(&self, array: Ref) -> Result<u32, HeapError> {
        let at = self.expect(array, Kind::Array)?;
        Ok(low(self.words.load(at + 1)))
    }

    #[inline]
    fn item_place(&self, array: Ref, index: u32) -> Result<u32, HeapError> {
        let length = self.array_length(array)?;
        if index >= length {
            return Err(HeapError::Index { index, length });
        }
        Ok(low(self.words.load(array.index() + 2)) + 1 + index)
    }

    /// A value, lent.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no array.
    /// - [`HeapError::Index`]: there are fewer.
    #[inline]
    pub fn item(&self, array: Ref, index: u32) -> Result<Value, HeapError> {
        Ok(self.value(self.item_place(array, index)?))
    }

    /// Changes a value: the new one is taken over, the old one released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no array.
    /// - [`HeapError::Index`]: there are fewer.
    #[inline]
    pub fn set_item(&mut self, array: Ref, index: u32, value: Value) -> Result<(), HeapError> {
        let at = self.item_place(array, index)?;
        self.replace(at, value);
        Ok(())
    }

    /// Adds a value at the end, taken over.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no array.
    /// - [`HeapError::TooLong`]: more than 2^30 values.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn push(&mut self, array: Ref, value: Value) -> Result<(), HeapError> {
        let length = self.array_length(array)?;
        let at = array.index();
        let mut buffer = low(self.words.load(at + 2));
        if length >= self.room(buffer) {
            buffer = self.widen(buffer, length, length as usize + 1)?;
            self.words.store(at + 2, u64::from(buffer));
        }
        self.put(buffer + 1 + length, value);
        self.words.store(at + 1, u64::from(length) + 1);
        Ok(())
    }

    /// Takes the last value out; its reference is the caller's. `None` where there is none.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no array.
    pub fn pop(&mut self, array: Ref) -> Result<Option<Value>, HeapError> {
        let length = self.array_length(array)?;
        let Some(last) = length.checked_sub(1) else {
            return Ok(None);
        };
        let value = self.item(array, last)?;
        self.taken_out(value.link());
        self.words.store(array.index() + 1, u64::from(last));
        Ok(Some(value))
    }
}
