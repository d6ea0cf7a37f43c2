//! The shapes, and the keys that they share.
//!
//! # Invariants
//! - I1: a shape's keys are the first of its line's. Shapes of which each adds one field to the last share
//!   a line, so that a record of n fields takes n places, not a square of them. The longest of them has all
//!   of the line's keys.
//! - I2: `inline` is the same along a chain of shapes.
//! - I3: the parent of a shape is there as long as the shape is.
//! - I4: a number is a place among the entries and how often that was used before. A place whose uses cannot
//!   be counted any more is not used again until there is no other place. Then the heap takes another number, and places
//!   are counted anew: what instructions remember hits no more, and what the host holds has the number that the heap had
//!   when it was made (`Entry::heap`).

use super::names::Names;
use super::unused::Uses;
use super::{FIELDS_MAX, Key, OUTSIDE, Shape};
use crate::HeapError;
use crate::bits::{high, join, low, narrow};
use bedplate_os::budget::Budget;
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::HashMap;

/// The bits of a number that are a place.
const PLACE_BITS: u32 = 22;
/// The most shapes at a time.
const SHAPES_MAX: usize = 1 << PLACE_BITS;
/// The last use of a place.
const USE_MAX: u32 = (1 << (u32::BITS - PLACE_BITS)) - 1;

/// The next heap's number.
static NEXT_HEAP: AtomicU32 = AtomicU32::new(1);

/// About what a shape takes, and what a field in a line takes.
const SHAPE_BYTES: u64 = 64;
/// So many shapes are moved within a slice of a pass.
const SHRINK_MAX: usize = 1024;
const FIELD_BYTES: u64 = 24;

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The heap's number when it was made.
    heap: u32,
    inline: u32,
    pub(super) fields: u32,
    /// Its keys are the first `fields` of this line's.
    line: u32,
    /// The shape with one field less; none for one without fields.
    parent: u32,
    /// Shapes with one field more.
    pub(super) children: u32,
    /// How often the host holds it.
    pub(super) held: u32,
    /// When it was seen in use.
    pub(super) seen: u32,
    /// The number that it has, or would have next.
    pub(super) number: u32,
    pub(super) is_there: bool,
}

/// The keys of a chain of shapes, each with one field more: they share it.
#[derive(Debug, Default)]
struct Line {
    keys: Vec<Key>,
    slots: HashMap<Key, u32>,
}

#[derive(Debug)]
pub(crate) struct Shapes {
    /// The heap's number in the upper half.
    heap: u64,
    pub(super) entries: Vec<Entry>,
    /// Places that are free.
    free: Vec<u32>,
    lines: Vec<Line>,
    lines_free: Vec<u32>,
    /// The shape with one field more.
    next: HashMap<(u32, Key), u32>,
    empty: HashMap<u32, u32>,
    pub(super) names: Names,
    /// The most places; tests have fewer.
    places_max: usize,
    pub(super) uses: Uses,
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

/// A number that no heap has, in the upper half.
fn next_heap() -> u64 {
    join(0, NEXT_HEAP.fetch_add(1, Ordering::Relaxed))
}

const fn place_of(shape: u32) -> usize {
    shape as usize & (SHAPES_MAX - 1)
}

impl Shapes {
    pub(crate) fn new(budget: Option<&'static Budget>) -> Self {
        let heap = next_heap();
        let mut shapes = Self {
            heap,
            entries: Vec::new(),
            free: Vec::new(),
            lines: Vec::new(),
            lines_free: Vec::new(),
            next: HashMap::new(),
            empty: HashMap::new(),
            names: Names::new(heap),
            places_max: SHAPES_MAX,
            uses: Uses::default(),
            budget,
            charged: 0,
            owed: 0,
        };
        shapes.add_empty(0);
        shapes
    }

    fn add_empty(&mut self, inline: u32) -> u32 {
        let line = self.add_line(Line::default());
        self.add(inline, 0, line, 0)
    }

    fn add_line(&mut self, line: Line) -> u32 {
        if let Some(free) = self.lines_free.pop() {
            self.lines[free as usize] = line;
            return free;
        }
        self.lines.push(line);
        narrow(self.lines.len() - 1)
    }

    fn add(&mut self, inline: u32, fields: u32, line: u32, parent: u32) -> u32 {
        if self.free.is_empty() && self.entries.len() >= self.places_max {
            self.count_anew();
        }
        let mut entry = Entry {
            heap: high(self.heap),
            inline,
            fields,
            line,
            parent,
            children: 0,
            held: 0,
            seen: self.uses.now(),
            number: narrow(self.entries.len()),
            is_there: true,
        };
        self.uses.made();
        if let Some(free) = self.free.pop() {
            entry.number = self.entries[free as usize].number;
            self.entries[free as usize] = entry;
        } else {
            self.entries.push(entry);
        }
        entry.number
    }

    /// All places are in use, or used up: those that are used up are counted anew (I4).
    ///
    /// # Cost
    /// A walk over all places, once in four thousand million shapes.
    #[cold]
    fn count_anew(&mut self) {
        self.heap = next_heap();
        let used_up = self.entries.iter_mut().zip(0..);
        for (entry, place) in used_up.filter(|(entry, _)| !entry.is_there) {
            entry.number = place;
            self.free.push(place);
        }
    }

    fn charge(&mut self, bytes: u64) -> Result<(), HeapError> {
        if let Some(budget) = self.budget {
            let bytes = bytes + self.owed;
            budget.charge(bytes).map_err(HeapError::Budget)?;
            self.charged += bytes;
            self.owed = 0;
        }
        Ok(())
    }

    fn discharge(&mut self, bytes: u64) {
        if let Some(budget) = self.budget {
            let of_owed = bytes.min(self.owed);
            self.owed -= of_owed;
            let bytes = (bytes - of_owed).min(self.charged);
            self.charged -= bytes;
            budget.release(bytes);
        }
    }

    /// The key of a name, held once more. The name is there, whether the budget has room or not: what it has none for, the next
    /// shape pays.
    pub(super) fn hold_key(&mut self, name: &str) -> Key {
        let key = self.names.key(name).unwrap_or_else(|| {
            let bytes = Names::bytes(name);
            if self.charge(bytes).is_err() {
                self.owed = self.owed.saturating_add(bytes);
            }
            self.names.add(name, next_heap)
        });
        self.names.hold(key);
        key
    }

    pub(super) fn give_up_key(&mut self, key: Key) {
        let bytes = self.names.give_up(key);
        self.discharge(bytes);
    }

    pub(super) fn entry(&self, shape: u32) -> Option<&Entry> {
        let entry = self.entries.get(place_of(shape))?;
        (entry.number == shape && entry.is_there).then_some(entry)
    }

    pub(super) fn entry_mut(&mut self, shape: u32) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(place_of(shape))?;
        (entry.number == shape && entry.is_there).then_some(entry)
    }

    /// The keys of a shape in their order.
    pub(super) fn keys(&self, shape: u32) -> &[Key] {
        let keys = self.entry(shape).and_then(|entry| {
            let line = self.lines.get(entry.line as usize)?;
            line.keys.get(..entry.fields as usize)
        });
        keys.unwrap_or(&[])
    }

    /// What instructions remember of a shape: its number, and the heap's of now.
    #[inline]
    pub(crate) const fn remembered(&self, shape: u32) -> u64 {
        self.heap | join(shape, 0)
    }

    /// A shape by its number, as nobody else's.
    pub(crate) fn own(&self, shape: u32) -> Shape {
        let heap = self.entry(shape).map_or(0, |entry| entry.heap);
        Shape(join(shape, heap))
    }

    /// The number of a shape of this heap.
    pub(crate) fn number(&self, shape: Shape) -> Option<u32> {
        let entry = self.entry(low(shape.0))?;
        (high(shape.0) == entry.heap).then_some(entry.number)
    }

    /// How many fields are inside records of a shape, and how many outside. None where there is no such
    /// shape: what words say that are damaged leads to nobody's fields.
    pub(crate) fn room(&self, shape: u32) -> (u32, u32) {
        self.entry(shape).map_or((0, 0), |entry| {
            (entry.inline, entry.fields.saturating_sub(entry.inline))
        })
    }

    pub(crate) fn is_shape(&self, shape: u32) -> bool {
        self.entry(shape).is_some()
    }

    pub(crate) fn fields(&self, shape: u32) -> usize {
        self.entry(shape).map_or(0, |entry| entry.fields as usize)
    }

    /// How many there are; the first is none.
    pub(super) const fn count(&self) -> usize {
        self.uses.there() - 1
    }

    /// Whether no more can be.
    pub(super) const fn is_full(&self) -> bool {
        self.uses.there() >= self.places_max
    }

    /// The error where no more can be.
    const fn too_many(&self) -> HeapError {
        HeapError::TooLong {
            asked: self.places_max + 1,
            max: self.places_max,
        }
    }

    /// A record of a shape is there.
    #[inline]
    pub(crate) fn see(&mut self, shape: u32) {
        let now = self.uses.now();
        if let Some(entry) = self.entries.get_mut(place_of(shape)) {
            entry.seen = now;
        }
    }

    /// Where a field lies: words behind the record's start, or [`OUTSIDE`] and words behind the
    /// buffer's.
    pub(crate) fn place(&self, shape: u32, key: Key) -> Option<u32> {
        let entry = self.entry(shape)?;
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

    /// The shape with all of these fields.
    pub(super) fn with_all(&mut self, inline: u32, keys: &[Key]) -> Result<u32, HeapError> {
        let mut shape = match self.empty.get(&inline) {
            Some(shape) => *shape,
            None if self.is_full() => return Err(self.too_many()),
            None => {
                let shape = self.add_empty(inline);
                self.empty.insert(inline, shape);
                shape
            }
        };
        for key in keys {
            if self.place(shape, *key).is_none() {
                shape = self.with(shape, *key)?;
            }
        }
        Ok(shape)
    }

    /// The shape with one field more.
    pub(super) fn with(&mut self, shape: u32, key: Key) -> Result<u32, HeapError> {
        let entry = *self.entry(shape).ok_or(HeapError::ForeignShape)?;
        if let Some(next) = self.next.get(&(shape, key)).copied() {
            self.see(next);
            self.uses.guard(next);
            return Ok(next);
        }
        if !self.names.is_key(key) {
            return Err(HeapError::ForeignKey);
        }
        if entry.fields as usize >= FIELDS_MAX {
            return Err(HeapError::TooLong {
                asked: FIELDS_MAX + 1,
                max: FIELDS_MAX,
            });
        }
        if self.is_full() {
            return Err(self.too_many());
        }
        let line = self.line_to_extend(entry.line, entry.fields)?;
        let extended = &mut self.lines[line as usize];
        extended.keys.push(key);
        extended.slots.insert(key, entry.fields);
        let next = self.add(entry.inline, entry.fields + 1, line, shape);
        self.next.insert((shape, key), next);
        self.names.join_shape(key);
        self.entries[place_of(shape)].children += 1;
        self.uses.guard(next);
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
        Ok(self.add_line(Line { keys, slots }))
    }

    /// Frees a shape that has fields and that no other goes on from: it is the longest of its line (I1). Its
    /// parent.
    pub(super) fn remove(&mut self, shape: u32) -> u32 {
        let place = place_of(shape);
        let Entry {
            line,
            parent,
            fields,
            ..
        } = self.entries[place];
        let mut bytes = SHAPE_BYTES + FIELD_BYTES;
        let shortened = &mut self.lines[line as usize];
        if let Some(key) = shortened.keys.pop() {
            shortened.slots.remove(&key);
            self.next.remove(&(parent, key));
            bytes += self.names.leave_shape(key);
        }
        shortened.shrink();
        let above = &mut self.entries[place_of(parent)];
        above.children = above.children.saturating_sub(1);
        if above.line != line {
            // It began the line, by a copy of what was before.
            bytes += FIELD_BYTES * u64::from(fields - 1);
            self.lines[line as usize] = Line::default();
            self.lines_free.push(line);
        }
        self.discharge(bytes);
        self.uses.freed();
        let entry = &mut self.entries[place];
        entry.is_there = false;
        // At its last use it stays as it is (I4).
        if shape >> PLACE_BITS < USE_MAX {
            entry.number += 1 << PLACE_BITS;
            self.free.push(narrow(place));
        }
        parent
    }

    /// Gives back what the tables of shapes and names have too much since many were freed, where that is soon done:
    /// what stays is moved at once.
    pub(super) fn shrink(&mut self) {
        if self.next.len() <= SHRINK_MAX {
            self.shrink_next();
        }
        if self.names.count() <= SHRINK_MAX {
            self.names.shrink();
        }
    }

    /// The same, however long it takes.
    pub(crate) fn shrink_whole(&mut self) {
        self.shrink_next();
        self.names.shrink();
    }

    fn shrink_next(&mut self) {
        if self.next.len() < self.next.capacity() / 4 {
            self.next.shrink_to(self.next.len() * 2);
        }
    }
}

impl Line {
    /// Gives back what is too much, each time when half of it went.
    fn shrink(&mut self) {
        if self.keys.len().is_power_of_two() {
            self.keys.shrink_to(self.keys.len() * 2);
            self.slots.shrink_to(self.keys.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Shapes, USE_MAX};

    #[test]
    fn a_place_whose_uses_are_counted_out_is_not_used_again() {
        let mut shapes = Shapes::new(None);
        let [one, other_one] = ["one", "other"].map(|name| shapes.hold_key(name));
        let empty = shapes.with_all(2, &[]).expect("room");
        let mut last = shapes.with(empty, other_one).expect("room");
        assert_eq!(shapes.remove(last), empty);
        for _ in 0..USE_MAX {
            let next = shapes.with(empty, one).expect("room");
            assert!(next > last, "a number twice");
            assert!(shapes.is_shape(next) && !shapes.is_shape(last));
            assert_eq!(shapes.remove(next), empty);
            last = next;
        }
        let other = shapes.with(empty, one).expect("room");
        assert!(other < last && shapes.is_shape(other) && !shapes.is_shape(last));
        // None, the empty one, the place that is used up, and the next.
        assert_eq!((shapes.entries.len(), shapes.count()), (4, 2));
    }

    #[test]
    fn many_names_that_stay_are_not_moved_within_a_slice() {
        let mut shapes = Shapes::new(None);
        let names: Vec<String> = (0..9000).map(|number| number.to_string()).collect();
        let keys: Vec<_> = names.iter().map(|name| shapes.hold_key(name)).collect();
        let (stay, go) = keys.split_at(1500);
        go.iter().for_each(|key| shapes.give_up_key(*key));
        let room = shapes.names.room();
        shapes.shrink();
        assert_eq!(shapes.names.room(), room);
        shapes.shrink_whole();
        assert!(shapes.names.room() < room / 2);
        assert!(stay.iter().all(|key| shapes.names.is_key(*key)));
    }

    #[test]
    fn lines_and_shapes_that_go_leave_what_others_share() {
        let mut shapes = Shapes::new(None);
        let empty = shapes.with_all(2, &[]).expect("room");
        let keys = ["0", "1", "2", "3", "4"].map(|name| shapes.hold_key(name));
        let long = shapes.with_all(2, &keys).expect("room");
        let branch = [keys[0], keys[1], keys[4]];
        let other = shapes.with_all(2, &branch).expect("room");
        let third = shapes.remove(long);
        assert_eq!(shapes.keys(third), &keys[..4]);
        let second = shapes.remove(third);
        let first = shapes.remove(second);
        assert_eq!(shapes.keys(first), &keys[..2]);
        // What began on a copy of the line is there, and the line goes on where it ends now.
        assert_eq!(shapes.keys(other), branch);
        let again = shapes.with(first, keys[3]).expect("room");
        assert_eq!(shapes.keys(again), [keys[0], keys[1], keys[3]]);
        assert_eq!(shapes.place(again, keys[2]), None);
        assert_eq!(shapes.remove(other), first);
        assert_eq!(shapes.remove(again), first);
        let none = shapes.remove(first);
        assert_eq!(shapes.remove(none), empty);
        assert_eq!((shapes.count(), shapes.next.len()), (1, 0));
        assert!(shapes.lines.iter().all(|line| line.keys.is_empty()));
    }

    #[test]
    fn places_that_are_used_up_are_used_again_under_another_number_of_the_heap() {
        let mut shapes = Shapes::new(None);
        shapes.places_max = 5;
        let [one, other] = ["one", "other"].map(|name| shapes.hold_key(name));
        let empty = shapes.with_all(2, &[]).expect("room");
        let kept = shapes.with(empty, one).expect("room");
        let (own, remembered) = (shapes.own(kept), shapes.remembered(kept));
        let mut seen = std::collections::HashSet::new();
        for round in 0..4 * USE_MAX {
            let next = shapes.with(kept, other).expect("room");
            assert!(seen.insert(shapes.remembered(next)), "round {round}");
            let shape = shapes.own(next);
            assert_eq!(shape.0, shapes.remembered(next));
            assert_eq!(shapes.number(shape), Some(next));
            assert_eq!(shapes.remove(next), kept);
            assert_eq!(shapes.number(shape), None);
        }
        // What the host holds is what it was; what instructions remember is not.
        assert_eq!((shapes.own(kept), shapes.number(own)), (own, Some(kept)));
        assert_ne!(shapes.remembered(kept), remembered);
        assert_eq!((shapes.entries.len(), shapes.count()), (5, 2));
        // As many as there can be at a time, and no more.
        shapes.with(kept, other).expect("room");
        shapes.with_all(3, &[]).expect("room");
        assert!(shapes.is_full());
        assert!(shapes.with(empty, other).is_err() && shapes.with_all(4, &[]).is_err());
        assert_eq!((shapes.entries.len(), shapes.count()), (5, 4));
    }
}
