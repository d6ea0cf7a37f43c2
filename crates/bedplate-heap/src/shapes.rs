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
//! - I5: a shape's keys are the first of its line's. Shapes of which each adds one field to the last share
//!   a line, so that a record of n fields takes n places, not a square of them.
//! - I3: `inline` is the same along a chain of shapes.
//! - I4: heaps have numbers, none twice before four billion were made. With its heap's number a shape is
//!   another than any other heap's: caches and shapes that went astray never fit.

use crate::bits::{high, join, low, narrow};
use crate::{Heap, HeapError};
use bedplate_os::budget::Budget;
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

#[derive(Clone, Copy, Debug)]
struct Entry {
    inline: u32,
    fields: u32,
    /// Its keys are the first `fields` of this line's.
    line: u32,
}

/// The keys of a chain of shapes, each with one field more: they share it.
#[derive(Debug, Default)]
struct Line {
    keys: Vec<Key>,
    slots: HashMap<Key, u32>,
}

/// About what a shape takes, and what a field in a line takes.
const SHAPE_BYTES: u64 = 64;
const FIELD_BYTES: u64 = 24;
/// About what a name takes beside two copies of its text.
const NAME_BYTES: u64 = 64;

#[derive(Debug)]
pub(crate) struct Shapes {
    /// The heap's number in the upper half (I4).
    heap: u64,
    entries: Vec<Entry>,
    lines: Vec<Line>,
    /// The shape with one field more.
    next: HashMap<(u32, Key), u32>,
    empty: HashMap<u32, u32>,
    names: HashMap<Box<str>, Key>,
    texts: Vec<Box<str>>,
    budget: Option<&'static Budget>,
    charged: u64,
    /// What names take that the budget had no room for.
    owed: u64,
}

impl Drop for Shapes {
    fn drop(&mut self) {
        if let Some(budget) = self.budget {
            budget.release(self.charged);
        }
    }
}

impl Shapes {
    pub(crate) fn new(budget: Option<&'static Budget>) -> Self {
        let heap = join(0, NEXT_HEAP.fetch_add(1, Ordering::Relaxed));
        let mut shapes = Self {
            heap,
            entries: Vec::new(),
            lines: Vec::new(),
            next: HashMap::new(),
            empty: HashMap::new(),
            names: HashMap::new(),
            texts: Vec::new(),
            budget,
            charged: 0,
            owed: 0,
        };
        shapes.add_empty(0);
        shapes
    }

    fn add_empty(&mut self, inline: u32) -> u32 {
        let line = narrow(self.lines.len());
        self.lines.push(Line::default());
        self.add(inline, 0, line)
    }

    fn add(&mut self, inline: u32, fields: u32, line: u32) -> u32 {
        self.entries.push(Entry {
            inline,
            fields,
            line,
        });
        narrow(self.entries.len() - 1)
    }

    /// Shapes stay until the heap's end: a script that makes ever new ones meets its budget's.
    fn charge(&mut self, bytes: u64) -> Result<(), HeapError> {
        if let Some(budget) = self.budget {
            let bytes = bytes + self.owed;
            budget.charge(bytes).map_err(HeapError::Budget)?;
            self.charged += bytes;
            self.owed = 0;
        }
        Ok(())
    }

    /// A name is there, whether the budget has room or not: what it has none for, the next shape pays.
    fn charge_name(&mut self, name: &str) {
        let bytes = NAME_BYTES + 2 * name.len() as u64;
        if self.charge(bytes).is_err() {
            self.owed = self.owed.saturating_add(bytes);
        }
    }

    /// The keys of a shape in their order.
    fn keys(&self, shape: u32) -> &[Key] {
        let entry = self.entries.get(shape as usize);
        let keys = entry.and_then(|entry| {
            let line = self.lines.get(entry.line as usize)?;
            line.keys.get(..entry.fields as usize)
        });
        keys.unwrap_or(&[])
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
            (entry.inline, entry.fields.saturating_sub(entry.inline))
        })
    }

    pub(crate) const fn is_shape(&self, shape: u32) -> bool {
        (shape as usize) < self.entries.len()
    }

    pub(crate) fn fields(&self, shape: u32) -> usize {
        let entry = self.entries.get(shape as usize);
        entry.map_or(0, |entry| entry.fields as usize)
    }

    /// Where a field lies: words behind the record's start, or [`OUTSIDE`] and words behind the
    /// buffer's.
    pub(crate) fn place(&self, shape: u32, key: Key) -> Option<u32> {
        let entry = self.entries.get(shape as usize)?;
        let slot = *self.lines.get(entry.line as usize)?.slots.get(&key)?;
        // Behind them are those of longer shapes.
        if slot >= entry.fields {
            return None;
        }
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
        let (inline, fields, line) = (entry.inline, entry.fields, entry.line);
        if let Some(next) = self.next.get(&(shape, key)) {
            return Ok(*next);
        }
        if fields as usize >= FIELDS_MAX {
            return Err(HeapError::TooLong {
                asked: FIELDS_MAX + 1,
                max: FIELDS_MAX,
            });
        }
        let line = self.line_to_extend(line, fields)?;
        let extended = &mut self.lines[line as usize];
        extended.keys.push(key);
        extended.slots.insert(key, fields);
        let next = self.add(inline, fields + 1, line);
        self.next.insert((shape, key), next);
        Ok(next)
    }

    /// The line that a field behind so many others goes to: the same if it has no more, else a copy of
    /// them, for another shape went on from here already.
    fn line_to_extend(&mut self, line: u32, fields: u32) -> Result<u32, HeapError> {
        let keys = &self.lines[line as usize].keys;
        let bytes = SHAPE_BYTES + FIELD_BYTES;
        if keys.len() == fields as usize {
            self.charge(bytes)?;
            return Ok(line);
        }
        let keys = keys[..fields as usize].to_vec();
        self.charge(bytes + FIELD_BYTES * u64::from(fields))?;
        let slots = keys.iter().copied().zip(0..).collect();
        self.lines.push(Line { keys, slots });
        Ok(narrow(self.lines.len() - 1))
    }
}

impl Heap {
    /// The key of a name: the same for the same name. It is charged to the budget; where that has no room,
    /// the next new shape is refused.
    pub fn key(&mut self, name: &str) -> Key {
        if let Some(key) = self.shapes.names.get(name) {
            return *key;
        }
        self.shapes.charge_name(name);
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
    /// - [`HeapError::Budget`]: no room for another shape.
    pub fn shape(&mut self, inline: u8, keys: &[Key]) -> Result<Shape, HeapError> {
        let inline = u32::from(inline).min(INLINE_MAX);
        let mut shape = match self.shapes.empty.get(&inline) {
            Some(shape) => *shape,
            None => {
                let shape = self.shapes.add_empty(inline);
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
        number.map_or(&[], |number| self.shapes.keys(number))
    }
}
