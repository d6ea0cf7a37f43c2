//! Records.
//!
//! # Role
//! Fields by name: the shape says where, the record holds values only.
//!
//! # Invariants
//! - I1: word 1 is the shape and the buffer of the fields that do not fit inside, 0 where all do.
//! - I2: a cache that holds the record's shape holds the field's place (shapes I2).

use crate::bits::{high, join, low, narrow};
use crate::header::Kind;
use crate::shapes::OUTSIDE;
use crate::{Heap, HeapError, InlineCache, Key, Ref, Shape, Value};

impl Heap {
    /// A record of a shape with all fields nil. 16 bytes, and 8 for each field inside.
    ///
    /// # Errors
    /// - [`HeapError::ForeignShape`]: the shape is of another heap, or was given up and freed.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_record(&mut self, shape: Shape) -> Result<Ref, HeapError> {
        let shape = self.shapes.number(shape);
        let shape = shape.ok_or(HeapError::ForeignShape)?;
        self.shapes.guard(shape);
        let (inline, more) = self.shapes.room(shape);
        let buffer = if more > 0 {
            self.new_buffer(more as usize)?
        } else {
            0
        };
        let record = match self.make(Kind::Record, inline + 2) {
            Ok(record) => record,
            Err(error) => {
                self.give_buffer(buffer);
                return Err(error);
            }
        };
        let at = record.index();
        self.words.store(at + 1, join(shape, buffer));
        for place in 0..inline {
            self.put(at + 2 + place, Value::NIL);
        }
        for place in 0..more {
            self.put(buffer + 1 + place, Value::NIL);
        }
        self.shapes.see(shape);
        Ok(record)
    }

    /// The shape of a record: there as long as the record has it, or as the host holds it.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no record.
    #[inline]
    pub fn shape_of(&self, record: Ref) -> Result<Shape, HeapError> {
        let at = self.expect(record, Kind::Record)?;
        Ok(self.shapes.own(low(self.words.load(at + 1))))
    }

    /// What an instruction remembers of a record's shape.
    #[inline]
    fn remembered_shape(&self, record: Ref) -> Result<u64, HeapError> {
        let at = self.expect(record, Kind::Record)?;
        Ok(self.shapes.remembered(low(self.words.load(at + 1))))
    }

    /// The word of a field, by what a cache or a shape says.
    #[inline]
    fn field_word(&self, at: u32, place: u32) -> u32 {
        if place & OUTSIDE == 0 {
            at + place
        } else {
            high(self.words.load(at + 1)) + (place & !OUTSIDE)
        }
    }

    /// A field, lent; nil where the record has none of that name.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no record.
    /// - [`HeapError::ForeignKey`]: the key is of another heap, or was given up and freed.
    #[inline]
    pub fn field(
        &self,
        record: Ref,
        key: Key,
        cache: &mut InlineCache,
    ) -> Result<Value, HeapError> {
        let shape = self.remembered_shape(record)?;
        if shape != cache.shape {
            let Some(place) = self.shapes.place(low(shape), key) else {
                return self.no_field(key);
            };
            *cache = InlineCache { shape, place };
        }
        Ok(self.value(self.field_word(record.index(), cache.place)))
    }

    #[cold]
    fn no_field(&self, key: Key) -> Result<Value, HeapError> {
        self.key_name(key)
            .map(|_| Value::NIL)
            .ok_or(HeapError::ForeignKey)
    }

    /// Changes a field, or adds it: the value is taken over, the old one released. A cache belongs to
    /// one key: the instruction's.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no record.
    /// - [`HeapError::ForeignKey`]: the key is of another heap, or was given up and freed.
    /// - [`HeapError::TooLong`]: the record has as many fields as can be; a table takes more. Or there are as
    ///   many shapes as can be.
    /// - [`HeapError::Budget`]: no room for another shape.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    #[inline]
    pub fn set_field(
        &mut self,
        record: Ref,
        key: Key,
        value: Value,
        cache: &mut InlineCache,
    ) -> Result<(), HeapError> {
        let shape = self.remembered_shape(record)?;
        if shape != cache.shape {
            *cache = self.find_or_add(record.index(), shape, key)?;
        }
        let at = self.field_word(record.index(), cache.place);
        self.replace(at, value);
        Ok(())
    }

    #[cold]
    fn find_or_add(&mut self, at: u32, shape: u64, key: Key) -> Result<InlineCache, HeapError> {
        let number = low(shape);
        if let Some(place) = self.shapes.place(number, key) {
            return Ok(InlineCache { shape, place });
        }
        let next = self.shape_with(number, key)?;
        let mut buffer = high(self.words.load(at + 1));
        let (inline, more) = self.shapes.room(next);
        if more > self.room(buffer) {
            buffer = self.widen(buffer, more - 1, more as usize)?;
        }
        let added = narrow(self.shapes.fields(number));
        let word = if added < inline {
            at + 2 + added
        } else {
            buffer + more
        };
        self.put(word, Value::NIL);
        self.words.store(at + 1, join(next, buffer));
        self.shapes.see(next);
        let place = self.shapes.place(next, key).unwrap_or(2);
        let shape = self.shapes.remembered(next);
        Ok(InlineCache { shape, place })
    }
}
