//! Field names and where they lie.
//!
//! # Role
//! A record has a number, its shape; a shape knows the fields in their order. Adding a field leads to
//! the next shape, the same for every record that adds it. An instruction remembers a shape and a place
//! ([`InlineCache`]): a hit is one compare, and nothing is in the record but its values.
//!
//! # Invariants
//! - I1: shape 0 is none, so that an empty cache never hits.
//! - I2: a shape's fields never change, and no two shapes of a heap ever have one number, as long as the heap has the same.
//!   Caches need no invalidation.
//! - I3: heaps have numbers, none twice before four billion were given. With its heap's number a shape is
//!   another than any other heap's: caches and shapes that went astray never fit. A heap takes another number where those of
//!   shapes are used up.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `chains.rs` | the shapes, and the keys that they share |
//! | `names.rs` | names and their keys |
//! | `unused.rs` | shapes that nothing uses any more |

mod chains;
mod names;
mod unused;

pub(crate) use chains::Shapes;

use crate::bits::low;
use crate::{Heap, HeapError, Trigger};

/// The most fields of a record.
pub(crate) const FIELDS_MAX: usize = 1 << 12;
/// The most fields inside the record.
pub(crate) const INLINE_MAX: u32 = 255;
/// Marks a place in the record's buffer.
pub(crate) const OUTSIDE: u32 = 1 << 31;

/// A field's name. It is its heap's: another refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

/// The fields of a record. It is its heap's: another refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape(pub(crate) u64);

/// What an instruction remembers of the record that it met last. In another heap it does not hit.
#[derive(Clone, Copy, Debug, Default)]
pub struct InlineCache {
    pub(crate) shape: u64,
    pub(crate) place: u32,
}

impl Heap {
    /// The key of a name: the same for the same name. It is charged to the budget; where that has no room,
    /// the next new shape is refused.
    ///
    /// It is the caller's, as often as it was asked for: it stays until it was given up as often ([`Self::release_key`]). A
    /// compiler that asks for the names of a program once need never do that; who makes names up while a program runs
    /// should, for they stay else until the heap's end.
    pub fn key(&mut self, name: &str) -> Key {
        self.shapes.hold_key(name)
    }

    /// The key of a name, if it has one: no field of any record is called so where it has none. It is lent: it stays while it is
    /// held or a shape has it.
    #[must_use]
    pub fn find_key(&self, name: &str) -> Option<Key> {
        self.shapes.names.key(name)
    }

    /// Gives up a key that [`Self::key`] gave. When it was given up as often as it was asked for, it stays while there are shapes
    /// that have it, and the name goes with the last of them. Nothing where it was not asked for.
    pub fn release_key(&mut self, key: Key) {
        self.shapes.give_up_key(key);
    }

    /// The name of a key; `None` where it is of another heap, or was given up and freed.
    #[must_use]
    pub fn key_name(&self, key: Key) -> Option<&str> {
        self.shapes.names.text(key)
    }

    /// How many names have a key.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.shapes.names.count()
    }

    /// A shape with fields, whose records have room for `inline` fields inside; more go to a buffer.
    ///
    /// It is the caller's, as often as it was asked for: it stays until it was given up as often
    /// ([`Self::release_shape`]). A machine that asks for its shapes once need never do that. Shapes that
    /// records came to by themselves stay as long as there are such records.
    ///
    /// # Errors
    /// - [`HeapError::ForeignKey`]: a key is of another heap, or was given up and freed.
    /// - [`HeapError::TooLong`]: more fields than a record can have, or more shapes than a heap.
    /// - [`HeapError::Budget`]: no room for another shape.
    pub fn shape(&mut self, inline: u8, keys: &[Key]) -> Result<Shape, HeapError> {
        let shape = self.shape_for(inline, keys)?;
        self.shapes.hold(shape);
        Ok(self.shapes.own(shape))
    }

    /// Gives up a shape that [`Self::shape`] gave. When it was given up as often as it was asked for, it
    /// stays while there are records of it; then a full pass frees it. Nothing where it was not asked for.
    pub fn release_shape(&mut self, shape: Shape) {
        if let Some(number) = self.shapes.number(shape) {
            self.shapes.give_up(number);
        }
    }

    /// The number of a shape, which stays until something else is asked of the shapes.
    pub(crate) fn shape_for(&mut self, inline: u8, keys: &[Key]) -> Result<u32, HeapError> {
        let inline = u32::from(inline).min(INLINE_MAX);
        let first = self.shapes.with_all(inline, keys);
        self.retried(first, |shapes| shapes.with_all(inline, keys))
    }

    /// The shape with one field more.
    pub(crate) fn shape_with(&mut self, shape: u32, key: Key) -> Result<u32, HeapError> {
        let first = self.shapes.with(shape, key);
        self.retried(first, |shapes| shapes.with(shape, key))
    }

    /// What came of asking for a shape; asked again where there was no room, and some shapes could go.
    fn retried(
        &mut self,
        first: Result<u32, HeapError>,
        ask: impl FnOnce(&mut Shapes) -> Result<u32, HeapError>,
    ) -> Result<u32, HeapError> {
        let is_short = matches!(first, Err(HeapError::Budget(_))) || self.shapes.is_full();
        if first.is_ok() || !is_short || !self.limits.automatic {
            self.attend_to_shapes();
            return first;
        }
        self.collect_because(Trigger::NoRoom);
        ask(&mut self.shapes)
    }

    /// The keys of a shape in their order; none where it is of another heap.
    #[must_use]
    pub fn shape_keys(&self, shape: Shape) -> &[Key] {
        let number = self.shapes.number(shape);
        number.map_or(&[], |number| self.shapes.keys(number))
    }

    /// How many shapes there are.
    #[must_use]
    pub fn shape_count(&self) -> usize {
        self.shapes.count()
    }

    /// A record is there: so its shape is used.
    #[inline]
    pub(crate) fn see_shape(&mut self, at: u32) {
        let shape = low(self.words.load(at + 1));
        self.shapes.see(shape);
    }
}
