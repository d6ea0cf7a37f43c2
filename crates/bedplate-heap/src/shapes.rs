//! Field names and where they lie.
//!
//! # Role
//! A record has a number, its shape; a shape knows the fields in their order. Adding a field leads to
//! the next shape, the same for every record that adds it. An instruction remembers a shape and a place
//! ([`InlineCache`]): a hit is one compare, and nothing is in the record but its values.
//!
//! # Invariants
//! - I1: shape 0 is none, so that an empty cache never hits.
//! - I2: a shape's fields never change; shapes are never removed. Caches need no invalidation.
//! - I3: `inline` is the same along a chain of shapes.
//! - I4: heaps have numbers, none twice before four billion were made. With its heap's number a shape is
//!   another than any other heap's: caches and shapes that went astray never fit.

use crate::bits::{high, join, low, narrow};
use crate::{Heap, HeapError};
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::HashMap;

/// The most fields of a record.
pub(crate) const FIELDS_MAX: usize = 1 << 12;
/// The most fields inside the record.
pub(crate) const INLINE_MAX: u32 = 255;
/// Marks a place in the record's buffer.
pub(crate) const OUTSIDE: u32 = 1 << 31;

/// A field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u32);

/// The next heap's number (I4).
static NEXT_HEAP: AtomicU32 = AtomicU32::new(1);

/// The fields of a record. It is its heap's: another refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape(pub(crate) u64);

/// What an instruction remembers of the record that it met last. In another heap it does not hit.
#[derive(Clone, Copy, Debug, Default)]
pub struct InlineCache {
    pub(crate) shape: u64,
    pub(crate) place: u32,
}

#[derive(Debug)]
struct Entry {
    inline: u32,
    keys: Vec<Key>,
    slots: HashMap<Key, u32>,
    next: HashMap<Key, u32>,
}

#[derive(Debug)]
pub(crate) struct Shapes {
    /// The heap's number in the upper half (I4).
    heap: u64,
    entries: Vec<Entry>,
    empty: HashMap<u32, u32>,
    names: HashMap<Box<str>, Key>,
    texts: Vec<Box<str>>,
}

impl Shapes {
    pub(crate) fn new() -> Self {
        let heap = join(0, NEXT_HEAP.fetch_add(1, Ordering::Relaxed));
        let mut shapes = Self {
            heap,
            entries: Vec::new(),
            empty: HashMap::new(),
            names: HashMap::new(),
            texts: Vec::new(),
        };
        shapes.add(0, Vec::new());
        shapes
    }

    fn add(&mut self, inline: u32, keys: Vec<Key>) -> u32 {
        let slots = keys.iter().copied().zip(0..).collect();
        self.entries.push(Entry {
            inline,
            keys,
            slots,
            next: HashMap::new(),
        });
        narrow(self.entries.len() - 1)
    }

    /// A shape by its number, as nobody else's (I4).
    #[inline]
    pub(crate) const fn own(&self, shape: u32) -> Shape {
        Shape(self.heap | join(shape, 0))
    }

    /// The number of a shape of this heap.
    pub(crate) fn number(&self, shape: Shape) -> Option<u32> {
        let number = low(shape.0);
        (high(shape.0) == high(self.heap) && self.is_shape(number)).then_some(number)
    }

    /// How many fields are inside records of a shape, and how many outside.
    pub(crate) fn room(&self, shape: u32) -> (u32, u32) {
        self.entries.get(shape as usize).map_or((0, 0), |entry| {
            let fields = narrow(entry.keys.len());
            (entry.inline, fields.saturating_sub(entry.inline))
        })
    }

    pub(crate) const fn is_shape(&self, shape: u32) -> bool {
        (shape as usize) < self.entries.len()
    }

    pub(crate) fn fields(&self, shape: u32) -> usize {
        let entry = self.entries.get(shape as usize);
        entry.map_or(0, |entry| entry.keys.len())
    }

    /// Where a field lies: words behind the record's start, or [`OUTSIDE`] and words behind the
    /// buffer's.
    pub(crate) fn place(&self, shape: u32, key: Key) -> Option<u32> {
        let entry = self.entries.get(shape as usize)?;
        let slot = *entry.slots.get(&key)?;
        Some(if slot < entry.inline {
            slot + 2
        } else {
            OUTSIDE | (slot - entry.inline + 1)
        })
    }

    /// The shape with one field more.
    pub(crate) fn with(&mut self, shape: u32, key: Key) -> Result<u32, HeapError> {
        let entry = self.entries.get(shape as usize);
        let entry = entry.ok_or(HeapError::ForeignShape)?;
        if let Some(next) = entry.next.get(&key) {
            return Ok(*next);
        }
        if entry.keys.len() >= FIELDS_MAX {
            return Err(HeapError::TooLong {
                asked: FIELDS_MAX + 1,
                max: FIELDS_MAX,
            });
        }
        let (inline, mut keys) = (entry.inline, entry.keys.clone());
        keys.push(key);
        let next = self.add(inline, keys);
        self.entries[shape as usize].next.insert(key, next);
        Ok(next)
    }
}

impl Heap {
    /// The key of a name: the same for the same name.
    pub fn key(&mut self, name: &str) -> Key {
        if let Some(key) = self.shapes.names.get(name) {
            return *key;
        }
        let key = Key(narrow(self.shapes.texts.len()));
        self.shapes.texts.push(name.into());
        self.shapes.names.insert(name.into(), key);
        key
    }

    /// The name of a key; `None` where it is of another heap.
    #[must_use]
    pub fn key_name(&self, key: Key) -> Option<&str> {
        self.shapes.texts.get(key.0 as usize).map(|text| &**text)
    }

    /// A shape with fields, whose records have room for `inline` fields inside; more go to a buffer.
    ///
    /// # Errors
    /// - [`HeapError::TooLong`]: more fields than a record can have.
    pub fn shape(&mut self, inline: u8, keys: &[Key]) -> Result<Shape, HeapError> {
        let inline = u32::from(inline).min(INLINE_MAX);
        let mut shape = match self.shapes.empty.get(&inline) {
            Some(shape) => *shape,
            None => {
                let shape = self.shapes.add(inline, Vec::new());
                self.shapes.empty.insert(inline, shape);
                shape
            }
        };
        for key in keys {
            if self.shapes.place(shape, *key).is_none() {
                shape = self.shapes.with(shape, *key)?;
            }
        }
        Ok(self.shapes.own(shape))
    }

    /// The keys of a shape in their order; none where it is of another heap.
    #[must_use]
    pub fn shape_keys(&self, shape: Shape) -> &[Key] {
        let number = self.shapes.number(shape);
        let entry = number.and_then(|number| self.shapes.entries.get(number as usize));
        entry.map_or(&[], |entry| &entry.keys)
    }
}
