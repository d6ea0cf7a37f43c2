//! Arrays.
//!
//! # Role
//! Values in a row, in a buffer that grows. A long array moves to a greater one from its end on, a few
//! values with each that is added or taken out, so that no call is long.
//!
//! # Invariants
//! - I1: word 1 is the length, and the number of values at the beginning that are not moved yet; word 2 the
//!   buffer, 0 where there is none, and the one that those are in, 0 where all are moved.
//! - I2: a value's number never changes by a move, nor its number among the references (`edges.rs`): a pass
//!   that is inside of the array need not be told.

use crate::bits::{high, join, low, narrow};
use crate::header::{Kind, LEAF, ONE};
use crate::{Heap, HeapError, Ref, Value};

/// The most words of a buffer: a table's of 2^29 entries.
const BUFFER_MAX: usize = (1 << 30) + 3;
/// The most values of an array.
const LENGTH_MAX: u32 = 1 << 30;
/// The values that are moved in one go.
const AT_ONCE: u32 = 1024;
/// The values that are moved with each that is added, if they are more: twice would do, for the new buffer
/// has room for half as many more.
const STEP: u32 = 64;

/// The room for an array that is full: half as much again, as far as an array can be.
const fn room_after(length: u32) -> usize {
    let more = length as usize * 3 / 2;
    if more > LENGTH_MAX as usize && length < LENGTH_MAX {
        LENGTH_MAX as usize
    } else {
        more
    }
}

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
        let at = self.expect(array, Kind::Array)?;
        let word = self.words.load(at + 1);
        let (length, unmoved) = (low(word), high(word));
        if index >= length {
            return Err(HeapError::Index { index, length });
        }
        let buffers = self.words.load(at + 2);
        let buffer = if index >= unmoved {
            low(buffers)
        } else {
            high(buffers)
        };
        Ok(buffer + 1 + index)
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
        let at = self.expect(array, Kind::Array)?;
        self.move_some_items(at);
        let length = low(self.words.load(at + 1));
        let mut buffer = low(self.words.load(at + 2));
        if length >= self.room(buffer) {
            buffer = self.widen_array(at, length)?;
        }
        self.put(buffer + 1 + length, value);
        let unmoved = high(self.words.load(at + 1));
        self.words.store(at + 1, join(length + 1, unmoved));
        Ok(())
    }

    /// Whether values may be on their way into a buffer: those of a short array move at once.
    pub(crate) fn may_move(&self, buffer: u32) -> bool {
        self.room(buffer) > AT_ONCE
    }

    /// A greater buffer, into which a long array's values move with what is added from now on.
    fn widen_array(&mut self, at: u32, length: u32) -> Result<u32, HeapError> {
        // Never so far (`STEP`), but for an array that was mended.
        while high(self.words.load(at + 1)) > 0 {
            self.move_some_items(at);
        }
        let need = length as usize + 1;
        let old = low(self.words.load(at + 2));
        debug_assert!(high(self.words.load(at + 2)) == 0, "one move at a time");
        if length <= AT_ONCE {
            let new = self.widen(old, length, need)?;
            self.words.store(at + 2, u64::from(new));
            return Ok(new);
        }
        let new = self.new_buffer(need.max(room_after(length)))?;
        self.words.store(at + 2, join(new, old));
        self.words.store(at + 1, join(length, length));
        Ok(new)
    }

    /// Moves some of the values that are not, and gives their buffer back with the last ones.
    #[inline]
    fn move_some_items(&mut self, at: u32) {
        let word = self.words.load(at + 1);
        if high(word) > 0 {
            self.move_items(at, low(word), high(word));
        }
    }

    #[cold]
    #[inline(never)]
    fn move_items(&mut self, at: u32, length: u32, unmoved: u32) {
        let buffers = self.words.load(at + 2);
        let (new, old) = (low(buffers), high(buffers));
        // What was taken out since need not move.
        let end = unmoved.min(length);
        let start = end.saturating_sub(STEP);
        for index in start..end {
            let word = self.words.load(old + 1 + index);
            self.words.store(new + 1 + index, word);
        }
        self.words.store(at + 1, join(length, start));
        if start == 0 {
            self.words.store(at + 2, u64::from(new));
            self.give_buffer(old);
        }
    }

    /// Takes the last value out; its reference is the caller's. `None` where there is none.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no array.
    pub fn pop(&mut self, array: Ref) -> Result<Option<Value>, HeapError> {
        let at = self.expect(array, Kind::Array)?;
        let Some(last) = low(self.words.load(at + 1)).checked_sub(1) else {
            return Ok(None);
        };
        let value = self.item(array, last)?;
        self.taken_out(value.link());
        let unmoved = high(self.words.load(at + 1)).min(last);
        self.words.store(at + 1, join(last, unmoved));
        if unmoved == 0 {
            self.give_unneeded(at);
        }
        Ok(Some(value))
    }

    /// Gives the buffer back out of which the last value was taken.
    #[inline]
    fn give_unneeded(&mut self, at: u32) {
        let buffers = self.words.load(at + 2);
        if high(buffers) != 0 {
            self.words.store(at + 2, u64::from(low(buffers)));
            self.give_buffer(high(buffers));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::bits::{high, join, low};
    use crate::{Action, Heap, Ref, Value};

    fn number(number: u32) -> Value {
        Value::integer(number.into()).expect("small")
    }

    /// A long array whose values move, its length, and a cell that is named in all memory that was free.
    fn moving(heap: &mut Heap) -> (Ref, u32, Ref) {
        let cell = heap.new_cell(number(7)).expect("memory");
        let before = heap.new_array().expect("memory");
        for _ in 0..3000 {
            heap.retain(cell.into());
            heap.push(before, cell.into()).expect("memory");
        }
        heap.release(before.into());
        heap.settle();
        let array = heap.new_array().expect("memory");
        let mut length = 0;
        while high(heap.words.load(array.index() + 1)) == 0 {
            heap.push(array, number(length)).expect("memory");
            length += 1;
        }
        for _ in 0..3 {
            heap.push(array, number(length)).expect("memory");
            length += 1;
        }
        (array, length, cell)
    }

    #[test]
    fn a_move_that_is_not_known_any_more_shows_no_stale_memory() {
        // How many are not moved: none, more than there are, as before; and how long it is.
        let damages: [fn(u64) -> u64; 4] = [
            |word| join(low(word), 0),
            |word| join(low(word), u32::MAX),
            |word| join(u32::MAX, high(word)),
            |_| join(u32::MAX, 0),
        ];
        for damage in damages {
            let mut heap = Heap::new().expect("memory");
            let (array, length, cell) = moving(&mut heap);
            let word = heap.words.load(array.index() + 1);
            assert!(high(word) > 0);
            heap.words.store(array.index() + 1, damage(word));
            let recovery = heap.recover_with([array.into(), cell.into()]);
            assert!(recovery.after.is_healthy(), "{}", recovery.after);
            assert_eq!(recovery.repairs[0].action, Action::Clipped);
            for index in 0..length {
                assert_eq!(heap.item(array, index), Ok(number(index)));
            }
            // It goes on growing.
            let length = heap.array_length(array).expect("an array");
            for index in length..length + 5000 {
                heap.push(array, number(index)).expect("memory");
            }
            assert_eq!(heap.item(array, length + 4999), Ok(number(length + 4999)));
            assert!(heap.verify_with([array.into(), cell.into()]).is_healthy());
        }
    }

    #[test]
    fn values_whose_buffer_is_not_known_any_more_are_nil() {
        let mut heap = Heap::new().expect("memory");
        let (array, length, cell) = moving(&mut heap);
        let unmoved = high(heap.words.load(array.index() + 1));
        let buffers = heap.words.load(array.index() + 2);
        heap.words.store(array.index() + 2, u64::from(low(buffers)));
        let recovery = heap.recover_with([array.into(), cell.into()]);
        assert!(recovery.after.is_healthy(), "{}", recovery.after);
        for index in 0..length {
            let left = if index < unmoved {
                Value::NIL
            } else {
                number(index)
            };
            assert_eq!(heap.item(array, index), Ok(left));
        }
        assert_eq!(heap.count(cell), 1);
    }

    #[test]
    fn an_array_grows_to_the_most_that_it_can_have() {
        assert_eq!(super::room_after(2048), 3072);
        let mut length = 2048;
        while length < super::LENGTH_MAX {
            let room = super::room_after(length);
            assert!(
                room > length as usize && room <= super::BUFFER_MAX,
                "{length}"
            );
            length = u32::try_from(room).expect("small");
        }
        assert_eq!(length, super::LENGTH_MAX);
        assert!(super::room_after(length) > super::BUFFER_MAX);
    }

    #[test]
    fn a_short_array_loses_nothing_by_a_move_that_cannot_be() {
        let mut heap = Heap::new().expect("memory");
        let array = heap.new_array().expect("memory");
        for index in 0..1000 {
            heap.push(array, number(index)).expect("memory");
        }
        let word = heap.words.load(array.index() + 1);
        heap.words.store(array.index() + 1, join(low(word), 500));
        let recovery = heap.recover_with([array.into()]);
        assert!(recovery.after.is_healthy(), "{}", recovery.after);
        for index in 0..1000 {
            assert_eq!(heap.item(array, index), Ok(number(index)));
        }
    }
}
