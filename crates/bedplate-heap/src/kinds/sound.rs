//! Whether a table is sound, and what makes it so again.
//!
//! # Invariants
//! - I1: where the layout and the entries fit, all entries lie inside of the buffers, every search ends, and
//!   growth goes on to its end without losing one.

use super::entries::{Entries, GONE, Hash, LARGE, Parts};
use super::growth::{CLEARING, MOVING, Other};
use crate::bits::{high, join, low};
use crate::header::{self, Kind};
use crate::{Heap, Misfit};

/// What a buffer holds.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Entries that are there.
    there: u32,
    /// Entries that are not empty.
    used: u32,
    /// The first that is there; the capacity where none is.
    first: u32,
}

/// Whether a buffer that is made empty is one that growth would have chosen: no less than a quarter of the
/// table's, and half of it empty when the entries are moved there.
const fn is_enough(parts: &Parts, other: Entries) -> bool {
    other.capacity >= parts.main.capacity / 4 && parts.length <= other.capacity / 2
}

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
        let is_enough = parts.growth == MOVING || is_enough(&parts, other.entries);
        if other.growth == parts.growth && is_large && has_room && is_inside && is_enough {
            Ok(())
        } else {
            Err(Misfit::Length)
        }
    }

    /// Whether a table has as many entries as it says, an empty one in each buffer, which ends every search,
    /// and whether what its buffers say of themselves is so. The layout fits.
    pub(crate) fn entries_fit(&self, at: u32) -> Result<(), Misfit> {
        if header::kind(self.words.load(at)) != Kind::Table {
            return Ok(());
        }
        let parts = self.parts_at(at);
        let both = self.both(&parts);
        let [old, main] = both.map(|entries| self.count_entries(entries));
        let (used, first) = self.used(parts.main);
        let is_endless = |(entries, found): (Entries, &Found)| {
            entries.capacity > 0 && found.used >= entries.capacity
        };
        if used != main.used
            || first > main.first
            || main.there + old.there != parts.length
            || both.into_iter().zip([&old, &main]).any(is_endless)
            || !self.growth_fits(&parts, &old)
        {
            return Err(Misfit::Entries);
        }
        Ok(())
    }

    /// Whether the other buffer is as far as it says: what is said to be empty or moved is never looked at
    /// again.
    fn growth_fits(&self, parts: &Parts, old: &Found) -> bool {
        let Some(other) = self.other(parts) else {
            return true;
        };
        if parts.growth == MOVING {
            return other.done <= old.first;
        }
        let buffer = other.entries.buffer;
        (1..=other.done).all(|place| self.words.load(buffer + place) == 0)
    }

    fn count_entries(&self, entries: Entries) -> Found {
        let mut found = Found {
            first: entries.capacity,
            ..Found::default()
        };
        for index in 0..entries.capacity {
            let key = self.value(entries.place(index));
            if key.is_nil() {
                continue;
            }
            found.used += 1;
            if key != GONE {
                found.there += 1;
                found.first = found.first.min(index);
            }
        }
        found
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
        let found = self.count_entries(main);
        let mut parts = Parts {
            at,
            length: found.there,
            growth: 0,
            main,
        };
        self.set_used(main, found.used, found.first);
        if main.capacity >= LARGE {
            self.mend_growth(&mut parts);
        }
        self.set_parts(&parts);
    }

    /// Makes the end of a large buffer say how its table grows: what is said to be done is done again.
    fn mend_growth(&mut self, parts: &mut Parts) {
        let other = self.other_of(parts.main);
        parts.growth = self.sound_growth(parts, &other);
        if parts.growth == 0 {
            self.words.store(parts.main.tail(), 0);
            self.words.store(parts.main.tail() + 1, 0);
            return;
        }
        let mut done = 0;
        if parts.growth == MOVING {
            let old = self.count_entries(other.entries);
            parts.length += old.there;
            done = old.first;
        }
        self.set_other(parts.main, &Other { done, ..other });
    }

    /// The flag of a table that grows, where the end of its buffer says so and it can be.
    fn sound_growth(&self, parts: &Parts, other: &Other) -> u32 {
        let buffer = other.entries.buffer;
        let is_slot = self.slots.starting_at(buffer).is_some();
        let is_buffer = is_slot && header::kind(self.words.load(buffer)) == Kind::Buffer;
        let is_large = other.entries.capacity >= LARGE;
        let fits = is_large && other.entries.fits(self.room(buffer));
        let is_enough = match other.growth {
            CLEARING => is_enough(parts, other.entries),
            MOVING => true,
            _ => return 0,
        };
        if is_buffer && fits && buffer != parts.main.buffer && is_enough {
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
                    self.clear_entry(entry, Hash::default());
                    parts.length = parts.length.saturating_sub(1);
                }
            }
        }
        self.set_parts(&parts);
        self.tables.forget(at);
    }

    /// Makes what a table's buffers say of themselves too much, for tests; `None` where nothing would be
    /// passed over.
    #[cfg(any(test, feature = "inject"))]
    pub(crate) fn damage_entries(&mut self, at: u32) -> Option<&'static str> {
        let parts = self.parts_at(at);
        let both = self.both(&parts);
        let [old, main] = both.map(|entries| self.count_entries(entries));
        if let Some(other) = self.other(&parts) {
            let (end, is_passed, how) = if parts.growth == MOVING {
                let how = "a table whose entries are not moved as far as it says";
                (other.entries.capacity, old.there > 0, how)
            } else {
                let (end, buffer) = (other.entries.words(), other.entries.buffer);
                let mut left = other.done + 1..=end;
                let is_passed = left.any(|place| self.words.load(buffer + place) != 0);
                let how = "a table whose next buffer is not as empty as it says";
                (end, is_passed, how)
            };
            if is_passed {
                self.set_other(parts.main, &Other { done: end, ..other });
                return Some(how);
            }
        }
        if main.there == 0 {
            return None;
        }
        self.set_used(parts.main, main.used, parts.main.capacity);
        Some("a table whose first entries come before the one it calls the first")
    }
}

#[cfg(test)]
mod tests {
    use super::super::growth::{CLEARING, MOVING};
    use crate::bits::{high, join, low};
    use crate::{Heap, Ref, TablePosition, Value};

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

    /// A table that was filled until it is in a phase of growth, and the number of its keys.
    fn growing(heap: &mut Heap, phase: u32) -> (Ref, i64) {
        // The next buffer is not empty.
        let bytes = heap.new_bytes(&vec![0x41; 200_000]).expect("memory");
        heap.release(bytes.into());
        heap.settle();
        let table = heap.new_table().expect("memory");
        let mut keys = 0;
        while heap.parts_at(table.index()).growth != phase {
            let value = heap.new_cell(number(keys)).expect("memory");
            heap.set(table, number(keys), value.into()).expect("memory");
            keys += 1;
        }
        (table, keys)
    }

    fn walked(heap: &Heap, table: Ref) -> i64 {
        let (mut position, mut met) = (TablePosition::default(), 0);
        while let Some((next, ..)) = heap.next_entry(table, position).expect("a table") {
            position = next;
            met += 1;
        }
        met
    }

    #[test]
    fn what_a_table_says_too_much_of_its_buffers_is_found_and_mended() {
        let mut ways = alloc::collections::BTreeSet::new();
        for (phase, more) in [(CLEARING, 0), (MOVING, 0), (MOVING, 8), (0, 100), (0, 5)] {
            let mut heap = Heap::new().expect("memory");
            let (table, mut keys) = if phase == 0 {
                (table(&mut heap, more), more)
            } else {
                growing(&mut heap, phase)
            };
            for key in keys..keys + more {
                let value = heap.new_cell(number(key)).expect("memory");
                heap.set(table, number(key), value.into()).expect("memory");
            }
            keys += more;
            expect_all(&heap, table, keys);
            ways.insert(heap.damage_entries(table.index()).expect("entries"));
            assert!(!heap.verify_with([table.into()]).is_healthy());
            let recovery = heap.recover_with([table.into()]);
            assert!(recovery.after.is_healthy(), "{}", recovery.after);
            assert!(recovery.is_lossless());
            assert_eq!(walked(&heap, table), keys);
            for key in keys..keys + 2000 {
                let value = heap.new_cell(number(key)).expect("memory");
                heap.set(table, number(key), value.into()).expect("memory");
            }
            expect_all(&heap, table, keys + 2000);
            assert_eq!(walked(&heap, table), keys + 2000);
        }
        assert_eq!(ways.len(), 3, "{ways:?}");
    }

    #[test]
    fn a_next_buffer_that_is_too_small_is_found_and_mended() {
        let mut heap = Heap::new().expect("memory");
        let table = table(&mut heap, 6000);
        let mut keys = 6000;
        while heap.parts_at(table.index()).growth != CLEARING {
            let value = heap.new_cell(number(keys)).expect("memory");
            heap.set(table, number(keys), value.into()).expect("memory");
            keys += 1;
        }
        let tail = heap.parts_at(table.index()).main.tail();
        heap.words.store(tail + 1, join(512, CLEARING));
        assert!(!heap.verify_with([table.into()]).is_healthy());
        let recovery = heap.recover_with([table.into()]);
        assert!(recovery.after.is_healthy() && recovery.is_lossless());
        for key in keys..keys + 9000 {
            let value = heap.new_cell(number(key)).expect("memory");
            heap.set(table, number(key), value.into()).expect("memory");
        }
        expect_all(&heap, table, keys + 9000);
    }

    #[test]
    fn a_table_that_is_mended_or_emptied_is_walked_from_its_start() {
        for is_emptied in [false, true] {
            let mut heap = Heap::new().expect("memory");
            let (table, keys) = growing(&mut heap, MOVING);
            let at = table.index();
            for key in keys..keys + 8 {
                heap.set(table, number(key), number(1)).expect("memory");
            }
            // Nothing is left in the buffer that is moved out of, which is not known yet.
            let [old, _] = heap.both(&heap.parts_at(at));
            for key in 0..keys + 8 {
                let hash = heap.hash(at, number(key));
                if heap.find(old, hash, number(key)).is_some() {
                    heap.set(table, number(key), Value::NIL).expect("a table");
                }
            }
            let there = walked(&heap, table);
            assert!(there > 0 && heap.tables.first(at) >= old.capacity);
            let word = heap.words.load(at + 1);
            let main = heap.parts_at(at).main;
            if is_emptied {
                heap.words.store(at + 2, u64::from(at));
            } else {
                // How it grows cannot be told any more.
                let high = high(word) & !(CLEARING | MOVING);
                heap.words.store(at + 1, join(low(word), high));
                heap.words.store(main.tail() + 1, 0);
            }
            let recovery = heap.recover_with([table.into()]);
            assert!(recovery.after.is_healthy(), "{}", recovery.after);
            assert_eq!(heap.tables.first(at), 0);
            let left = if is_emptied { 0 } else { there };
            assert_eq!(walked(&heap, table), left);
            heap.set(table, number(-1), number(1)).expect("memory");
            assert_eq!(walked(&heap, table), left + 1);
        }
    }
}
