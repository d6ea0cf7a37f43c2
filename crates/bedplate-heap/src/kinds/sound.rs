//! Whether a table is sound, and what makes it so again.
//!
//! # Invariants
//! - I1: where the layout fits, all entries lie inside of the buffers, and every search ends.

use super::entries::{Entries, GONE, LARGE, Parts};
use super::growth::{CLEARING, MOVING};
use crate::bits::{high, join, low};
use crate::header::{self, Kind};
use crate::{Heap, Misfit};

impl Heap {
    /// Whether a table's buffers have room for what it says. `room` says what a buffer has, if it may be
    /// this table's.
    pub(crate) fn table_layout(
        &self,
        at: u32,
        mut room: impl FnMut(u32) -> Result<u32, Misfit>,
    ) -> Result<(), Misfit> {
        let parts = self.parts_at(at);
        if !parts.main.fits(room(parts.main.buffer)?) {
            return Err(Misfit::Length);
        }
        if parts.growth == 0 {
            return Ok(());
        }
        if parts.growth == CLEARING | MOVING || parts.main.capacity < LARGE {
            return Err(Misfit::Length);
        }
        let other = self.other_of(parts.main);
        let is_inside = match parts.growth {
            CLEARING => other.done <= other.entries.words(),
            _ => other.done <= other.entries.capacity,
        };
        let is_large = other.entries.capacity >= LARGE;
        let has_room = other.entries.fits(room(other.entries.buffer)?);
        if other.growth == parts.growth && is_large && has_room && is_inside {
            Ok(())
        } else {
            Err(Misfit::Length)
        }
    }

    /// Whether a table has as many entries as it says, and an empty one in each buffer, which ends every
    /// search. The layout fits.
    pub(crate) fn entries_fit(&self, at: u32) -> Result<(), Misfit> {
        if header::kind(self.words.load(at)) != Kind::Table {
            return Ok(());
        }
        let parts = self.parts_at(at);
        let [old, main] = self.both(&parts).map(|entries| self.count_entries(entries));
        let (used, _) = self.used(parts.main);
        let is_endless = |entries: Entries, used| entries.capacity > 0 && used >= entries.capacity;
        let [old_entries, main_entries] = self.both(&parts);
        if used != main.1
            || main.0 + old.0 != parts.length
            || is_endless(main_entries, main.1)
            || is_endless(old_entries, old.1)
        {
            return Err(Misfit::Entries);
        }
        Ok(())
    }

    /// How many entries are there, and how many are not empty.
    fn count_entries(&self, entries: Entries) -> (u32, u32) {
        (0..entries.capacity).fold((0, 0), |(there, used), index| {
            let key = self.value(entries.place(index));
            let is_used = !key.is_nil();
            let is_there = is_used && key != GONE;
            (there + u32::from(is_there), used + u32::from(is_used))
        })
    }

    /// Whether counting a table's entries takes long.
    pub(crate) fn is_large_table(&self, at: u32) -> bool {
        let is_table = header::kind(self.words.load(at)) == Kind::Table;
        is_table && self.parts_at(at).main.capacity >= LARGE
    }

    /// Makes a table's first words say what its buffers hold.
    pub(crate) fn recount_table(&mut self, at: u32) {
        let buffer = low(self.words.load(at + 2));
        if buffer == 0 {
            self.words.store(at + 1, 0);
            return;
        }
        // A buffer has room for less than twice its entries: the capacity is known.
        let entries = (self.room(buffer).saturating_sub(1) / 2).max(1);
        let main = Entries {
            buffer,
            capacity: 1 << entries.ilog2(),
        };
        let mut parts = Parts {
            at,
            length: 0,
            growth: 0,
            main,
        };
        if main.capacity >= LARGE {
            parts.growth = self.sound_growth(main);
            if parts.growth == 0 {
                self.words.store(main.tail(), 0);
                self.words.store(main.tail() + 1, 0);
            }
        }
        let [old, main] = self.both(&parts).map(|entries| self.count_entries(entries));
        parts.length = old.0 + main.0;
        self.set_used(parts.main, main.1, 0);
        self.set_parts(&parts);
    }

    /// The flag of a table that grows, where the end of its buffer says so and it can be.
    fn sound_growth(&self, main: Entries) -> u32 {
        let other = self.other_of(main);
        let buffer = other.entries.buffer;
        let is_slot = self.slots.starting_at(buffer).is_some();
        let is_buffer = is_slot && header::kind(self.words.load(buffer)) == Kind::Buffer;
        let is_large = other.entries.capacity >= LARGE;
        let fits = is_large && other.entries.fits(self.room(buffer));
        let end = match other.growth {
            CLEARING => other.entries.words(),
            MOVING => other.entries.capacity,
            _ => return 0,
        };
        if is_buffer && fits && buffer != main.buffer && other.done <= end {
            other.growth
        } else {
            0
        }
    }

    /// Removes a table's entries that refer to a place, and its metatable where it is that. Nothing is
    /// released.
    pub(crate) fn forget_entries(&mut self, at: u32, place: u32) {
        let links = self.words.load(at + 2);
        if high(links) == place {
            self.words.store(at + 2, join(low(links), 0));
        }
        let mut parts = self.parts_at(at);
        for entries in self.both(&parts) {
            for index in 0..entries.capacity {
                let entry = entries.place(index);
                let (key, value) = (self.value(entry), self.value(entry + 1));
                if self.is_entry(entry) && (key.link() == place || value.link() == place) {
                    self.clear_entry(entry, 0);
                    parts.length = parts.length.saturating_sub(1);
                }
            }
        }
        self.set_parts(&parts);
        self.tables.forget(at);
    }
}

#[cfg(test)]
mod tests {
    use super::super::growth::{CLEARING, MOVING};
    use crate::bits::{high, join, low};
    use crate::{Heap, Ref, Value};

    fn number(number: i64) -> Value {
        Value::integer(number).expect("small")
    }

    fn table(heap: &mut Heap, keys: i64) -> Ref {
        let table = heap.new_table().expect("memory");
        for key in 0..keys {
            let value = heap.new_cell(number(key)).expect("memory");
            heap.set(table, number(key), value.into()).expect("memory");
        }
        table
    }

    fn expect_all(heap: &Heap, table: Ref, keys: i64) {
        assert!(heap.verify_with([table.into()]).is_healthy());
        for key in 0..keys {
            let value = heap.get(table, number(key)).expect("a table");
            let cell = value.as_object().expect("it is there");
            assert_eq!(heap.cell(cell), Ok(number(key)));
        }
    }

    #[test]
    fn a_table_whose_first_word_is_wrong_is_mended_in_all_phases_of_growth() {
        let mut phases = Vec::new();
        for keys in [5, 380, 386, 400, 500] {
            let damages: [fn(u64) -> u64; 4] = [
                |word| word + 1,
                |word| join(low(word), 3),
                |word| join(low(word), high(word) & !(CLEARING | MOVING)),
                |word| join(low(word), high(word) ^ CLEARING),
            ];
            for damage in damages {
                let mut heap = Heap::new().expect("memory");
                let table = table(&mut heap, keys);
                expect_all(&heap, table, keys);
                phases.push(heap.parts_at(table.index()).growth);
                let word = heap.words.load(table.index() + 1);
                heap.words.store(table.index() + 1, damage(word));
                let recovery = heap.recover_with([table.into()]);
                assert!(recovery.after.is_healthy(), "{}", recovery.after);
                expect_all(&heap, table, keys);
                heap.release(table.into());
                heap.settle();
                assert_eq!(heap.stats().live_objects(), 0);
            }
        }
        for phase in [0, CLEARING, MOVING] {
            assert!(phases.contains(&phase), "{phases:?}");
        }
    }

    #[test]
    fn what_cannot_be_said_of_growth_is_a_fault_that_is_mended() {
        for keys in [386, 400] {
            for damage in 0..4 {
                let mut heap = Heap::new().expect("memory");
                let table = table(&mut heap, keys);
                let parts = heap.parts_at(table.index());
                let tail = parts.main.tail();
                let (place, state) = (heap.words.load(tail), heap.words.load(tail + 1));
                let (place, state) = match damage {
                    0 => (join(table.index(), high(place)), state),
                    1 => (join(low(place), u32::MAX), state),
                    2 => (place, join(3, high(state))),
                    _ => (place, 0),
                };
                heap.words.store(tail, place);
                heap.words.store(tail + 1, state);
                assert!(!heap.verify_with([table.into()]).is_healthy());
                let recovery = heap.recover_with([table.into()]);
                assert!(recovery.after.is_healthy(), "{}", recovery.after);
                heap.set(table, number(-1), number(1)).expect("memory");
                assert_eq!(heap.get(table, number(-1)), Ok(number(1)));
            }
        }
    }
}
