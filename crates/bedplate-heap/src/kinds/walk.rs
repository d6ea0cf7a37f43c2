//! Walks through tables.
//!
//! # Role
//! From entry to entry, and from a key to where a walk is that was shown it last.
//!
//! # Invariants
//! - I1: only adding a key moves entries: who changes and removes what a walk shows meets each entry once.
//! - I2: what is known of empty beginnings (a buffer's first entry, how far growth is, `Tables`) says too
//!   little at most.

use super::entries::{Entries, Parts};
use super::growth::MOVING;
use crate::{Heap, HeapError, Ref, Value};

/// Where a walk through a table is; the default is the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TablePosition(u32);

impl Heap {
    /// The next entry of a walk, lent, and where the walk is then. Changing values and removing keys, the
    /// one that was shown last or any other, keeps a walk valid. Adding keys may show entries twice or not
    /// at all; a language that calls that an error compares [`Self::table_length`], or counts what it adds.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    pub fn next_entry(
        &self,
        table: Ref,
        from: TablePosition,
    ) -> Result<Option<(TablePosition, Value, Value)>, HeapError> {
        let parts = self.parts(table)?;
        if parts.length == 0 {
            return Ok(None);
        }
        let [old, main] = self.both(&parts);
        // Whoever takes out the first again and again need not pass what is empty each time.
        let first = self.walk_start(&parts, old);
        let is_start = from.0 <= first;
        let main_first = old.capacity + self.used(main).1;
        let mut index = from.0.max(first);
        while index < old.capacity + main.capacity {
            if index >= old.capacity && index < main_first {
                index = main_first;
                continue;
            }
            let place = if index < old.capacity {
                old.place(index)
            } else {
                main.place(index - old.capacity)
            };
            if self.is_entry(place) {
                if is_start {
                    self.tables.set_first(parts.at, index);
                }
                let position = TablePosition(index + 1);
                return Ok(Some((position, self.value(place), self.value(place + 1))));
            }
            index += 1;
        }
        Ok(None)
    }

    /// Where a walk is that was shown this key last, though the key be removed since: for languages whose
    /// walks know nothing but the key. `None` where the table has, and had, no such key; also where it was
    /// removed and keys were added since. What was removed is known by 63 bits of its hash.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no table.
    /// - [`HeapError::Key`]: no such key can be.
    pub fn position_of(&self, table: Ref, key: Value) -> Result<Option<TablePosition>, HeapError> {
        let parts = self.parts(table)?;
        let key = super::keys::normal(key)?;
        let hash = self.hash(parts.at, key);
        let [old, main] = self.both(&parts);
        let found = self.find(main, hash, key);
        let found = found.or_else(|| self.find(old, hash, key));
        let found = found.or_else(|| self.find_gone(main, hash));
        let found = found.or_else(|| self.find_gone(old, hash));
        Ok(found.map(|place| TablePosition(index_of([old, main], place) + 1)))
    }

    /// An entry before which a walk finds none.
    fn walk_start(&self, parts: &Parts, old: Entries) -> u32 {
        let known = match self.other(parts) {
            Some(other) if parts.growth == MOVING && other.done < old.capacity => other.done,
            _ => old.capacity + self.used(parts.main).1,
        };
        known.max(self.tables.first(parts.at))
    }

    /// An entry goes. Where a walk from the start came to it first, the next one need not pass what is
    /// before it.
    pub(super) fn note_removal(&mut self, parts: &Parts, place: u32) {
        let [old, main] = self.both(parts);
        let index = index_of([old, main], place);
        if !self.tables.is_first(parts.at, index) {
            return;
        }
        if index < old.capacity {
            self.skip_moved(parts, index + 1);
        } else {
            self.skip_moved(parts, old.capacity);
            let (used, _) = self.used(main);
            self.set_used(main, used, index + 1 - old.capacity);
        }
    }
}

/// The number of an entry in a walk.
fn index_of([old, main]: [Entries; 2], place: u32) -> u32 {
    if old.has(place) {
        old.index(place)
    } else {
        old.capacity + main.index(place)
    }
}

#[cfg(test)]
mod tests {
    use super::TablePosition;
    use crate::{Heap, Ref, Value};

    const START: TablePosition = TablePosition(0);

    fn number(number: i64) -> Value {
        Value::integer(number).expect("small")
    }

    fn table(heap: &mut Heap, keys: i64) -> Ref {
        let table = heap.new_table().expect("memory");
        for key in 0..keys {
            heap.set(table, number(key), number(1)).expect("memory");
        }
        table
    }

    #[test]
    fn walks_that_begin_again_pass_what_is_empty_once() {
        let mut heap = Heap::new().expect("memory");
        // 1600: in the midst of growth.
        let tables = [1000, 1600, 300, 7].map(|keys| table(&mut heap, keys));
        let mut left = 1000 + 1600 + 300 + 7;
        while left > 0 {
            for table in tables {
                let before = heap.next_entry(table, START).expect("a table");
                let Some((next, key, _)) = before else {
                    continue;
                };
                assert!(heap.tables.is_first(table.index(), next.0 - 1));
                heap.set(table, key, Value::NIL).expect("a table");
                let parts = heap.parts(table).expect("a table");
                let [old, _] = heap.both(&parts);
                // The table itself knows it, whatever else was walked meanwhile.
                heap.tables.forget_all();
                assert!(heap.walk_start(&parts, old) >= next.0 || parts.length == 0);
                left -= 1;
            }
        }
        // What comes before is seen.
        let table = tables[0];
        for key in 0..500 {
            heap.set(table, number(key), number(1)).expect("memory");
            let entry = heap.next_entry(table, START).expect("a table");
            let (_, first, _) = entry.expect("one");
            heap.set(table, first, Value::NIL).expect("a table");
            assert_eq!(heap.next_entry(table, START), Ok(None));
        }
    }

    #[test]
    fn a_walk_that_knows_its_last_key_removes_what_it_meets() {
        for keys in [1, 3, 100, 1600, 4000] {
            let mut heap = Heap::new().expect("memory");
            let table = table(&mut heap, keys);
            let (mut position, mut met) = (START, 0);
            while let Some((_, key, _)) = heap.next_entry(table, position).expect("a table") {
                heap.set(table, key, Value::NIL).expect("a table");
                let place = heap.position_of(table, key).expect("a table");
                position = place.expect("it was there");
                met += 1;
            }
            assert_eq!((met, heap.table_length(table)), (keys, Ok(0)));
            let never = heap.position_of(table, number(-1)).expect("a table");
            assert_eq!(never, None);
        }
    }

    #[test]
    fn a_walk_that_knows_its_last_key_goes_on_from_there_in_a_table_of_many() {
        // So many that some of them have 32 bits of their hashes in common.
        const KEYS: i64 = 250_000;
        let mut heap = Heap::new().expect("memory");
        let table = table(&mut heap, KEYS);
        let (mut position, mut met) = (START, 0);
        while let Some((next, key, _)) = heap.next_entry(table, position).expect("a table") {
            heap.set(table, key, Value::NIL).expect("a table");
            let place = heap.position_of(table, key).expect("a table");
            assert_eq!(place, Some(next), "{key:?}");
            position = next;
            met += 1;
        }
        assert_eq!(met, KEYS);
    }
}
