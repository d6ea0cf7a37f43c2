//! Tables and arrays that grow while everything else goes on.

use alloc::collections::BTreeMap;
use bedplate_heap::{Heap, Kind, Limits, Ref, TablePosition, Value, View};
use bedplate_testkit::Chance;

fn number(number: usize) -> Value {
    Value::integer(i64::try_from(number).expect("small")).expect("small")
}

/// A table and an array that hold cells, which hold numbers, and what should be in them.
struct Garden {
    heap: Heap,
    chance: Chance,
    table: Ref,
    array: Ref,
    /// Keys are numbers, and cells that the model holds, too.
    keys: Vec<Value>,
    entries: BTreeMap<usize, usize>,
    items: Vec<usize>,
    made: usize,
}

impl Garden {
    fn new(seed: u64, limits: Limits, keys: usize) -> Self {
        let mut heap = Heap::with(limits).expect("memory");
        let table = heap.new_table().expect("memory");
        let array = heap.new_array().expect("memory");
        let mut make = |key: usize| {
            if key.is_multiple_of(3) {
                heap.new_cell(number(key)).expect("memory").into()
            } else {
                number(key)
            }
        };
        Self {
            keys: (0..keys).map(&mut make).collect(),
            heap,
            chance: Chance::new(seed),
            table,
            array,
            entries: BTreeMap::new(),
            items: Vec::new(),
            made: 0,
        }
    }

    /// A cell that only what it is given to holds; some are in rings with the table.
    fn cell(&mut self) -> (usize, Value) {
        self.made += 1;
        let value = number(self.made);
        if self.made.is_multiple_of(5) {
            self.heap.retain(self.table.into());
            let pair = self.heap.new_pair(value, self.table.into());
            return (self.made, pair.expect("memory").into());
        }
        (self.made, self.heap.new_cell(value).expect("memory").into())
    }

    fn number_of(&self, value: Value) -> usize {
        let object = value.as_object().expect("an object");
        let held = self.heap.cell(object).or_else(|_| self.heap.first(object));
        match held.expect("a cell or a pair").view() {
            View::Integer(number) => usize::try_from(number).expect("a number of the model's"),
            other => panic!("{other:?}"),
        }
    }

    fn set(&mut self) {
        let key = self.chance.below(self.keys.len());
        let (made, value) = self.cell();
        self.heap.retain(self.keys[key]);
        self.heap
            .set(self.table, self.keys[key], value)
            .expect("memory");
        self.entries.insert(key, made);
    }

    fn remove(&mut self) {
        let key = self.chance.below(self.keys.len());
        self.heap.retain(self.keys[key]);
        self.heap
            .set(self.table, self.keys[key], Value::NIL)
            .expect("a table");
        self.entries.remove(&key);
    }

    fn push(&mut self) {
        let (made, value) = self.cell();
        self.heap.push(self.array, value).expect("memory");
        self.items.push(made);
    }

    fn pop(&mut self) {
        let value = self.heap.pop(self.array).expect("an array");
        assert_eq!(value.is_some(), !self.items.is_empty());
        self.items.pop();
        self.heap.release(value.unwrap_or(Value::NIL));
    }

    /// Walks through the table and removes each third of what it meets.
    fn walk_and_remove(&mut self) {
        let mut from = TablePosition::default();
        let mut met = 0;
        let before = self.entries.len();
        while let Some((next, key, _)) = self.heap.next_entry(self.table, from).expect("a table") {
            from = next;
            met += 1;
            if self.chance.happens(1, 3) {
                let known = self.keys.iter().position(|other| *other == key);
                let known = known.expect("a key of the model");
                assert!(self.entries.remove(&known).is_some());
                self.heap.retain(key);
                self.heap.set(self.table, key, Value::NIL).expect("a table");
                // As one whose walks know only their key.
                let place = self.heap.position_of(self.table, key).expect("a table");
                assert_eq!(place, Some(next));
            }
        }
        assert_eq!(met, before);
    }

    /// Everything is there, and nothing else.
    fn check(&self) {
        let length = self.heap.table_length(self.table);
        assert_eq!(length.map(|length| length as usize), Ok(self.entries.len()));
        for (key, value) in self.keys.iter().enumerate() {
            let found = self.heap.get(self.table, *value).expect("a table");
            let known = self.entries.get(&key);
            assert_eq!(found.is_nil(), known.is_none(), "{key}");
            if let Some(made) = known {
                assert_eq!(self.number_of(found), *made);
            }
        }
        let length = self.heap.array_length(self.array);
        assert_eq!(length.map(|length| length as usize), Ok(self.items.len()));
        for (index, made) in (0..).zip(&self.items) {
            let item = self.heap.item(self.array, index).expect("there");
            assert_eq!(self.number_of(item), *made);
        }
    }

    fn held(&self) -> impl Iterator<Item = Value> {
        let own = [self.table.into(), self.array.into()];
        self.keys.clone().into_iter().chain(own)
    }

    fn verify(&self) {
        let report = self.heap.verify_with(self.held());
        assert!(report.is_healthy(), "{report}");
    }

    fn run(mut self, acts: usize, growing: usize) {
        let mut kept = None;
        for act in 0..acts {
            // Periods of growing, and of becoming less.
            let is_growing = act / growing % 3 < 2;
            match (is_growing, self.chance.below(10)) {
                (true, 0..=4) => self.set(),
                (true, 5..=8) => self.push(),
                (true, _) | (false, 0..=4) => self.remove(),
                (false, 5..=7) => self.pop(),
                (false, _) => self.set(),
            }
            if self.chance.happens(1, 3) {
                self.heap.start_collection();
                let steps = 1 + self.chance.below(60);
                self.heap.step_by(steps);
            }
            match self.chance.below(400) {
                0 => self.verify(),
                1 => self.check(),
                2 if self.chance.happens(1, 3) => self.walk_and_remove(),
                3 => {
                    let point = self.heap.checkpoint().expect("room");
                    kept = Some((point, self.entries.clone(), self.items.clone()));
                }
                4 if self.chance.happens(1, 3) => {
                    if let Some((point, entries, items)) = kept.take() {
                        self.heap.restore(&point).expect("its own");
                        (self.entries, self.items) = (entries, items);
                        self.verify();
                    }
                }
                5 if self.chance.happens(1, 8) => {
                    let parcel = self.heap.copy_out(self.table.into());
                    let copy = self.heap.unpack(&parcel.expect("nothing of the host"));
                    let copy = copy.expect("memory");
                    let object = copy.as_object().expect("a table");
                    let length = self.heap.table_length(object);
                    assert_eq!(length, self.heap.table_length(self.table));
                    self.heap.release(copy);
                }
                _ => {}
            }
        }
        self.check();
        self.verify();
        for value in self.held().collect::<Vec<_>>() {
            self.heap.release(value);
        }
        self.heap.collect();
        assert_eq!(self.heap.stats().live_objects(), 0);
        assert_eq!(self.heap.stats().underflows, 0);
        assert!(self.heap.verify_with([]).is_healthy());
    }
}

#[test]
fn random_programs_while_tables_and_arrays_grow() {
    for seed in 0..4_usize {
        let limits = Limits {
            pass_steps: 1 + 13 * (seed % 4),
            pass_events: 1 + seed % 3,
            release_steps: 16,
            large_bytes: 64 << 10,
            automatic: seed % 2 == 0,
            ..Limits::DEFAULT
        };
        Garden::new(seed as u64, limits, 4000).run(12_000, 2500);
    }
}

#[test]
fn random_programs_with_trials_of_tables_that_grow() {
    for seed in 100..103 {
        let limits = Limits {
            candidates_min: 1,
            candidates_max: 8,
            trial_objects: 60_000,
            ..Limits::DEFAULT
        };
        Garden::new(seed, limits, 3000).run(4000, 1500);
    }
}

#[test]
fn a_table_from_which_keys_go_as_others_come_stays_as_small() {
    let mut heap = Heap::new().expect("memory");
    let table = heap.new_table().expect("memory");
    for key in 0..2000 {
        heap.set(table, number(key), number(1)).expect("memory");
    }
    let mut words = 0;
    for key in 2000..30_000 {
        heap.set(table, number(key), number(1)).expect("memory");
        heap.set(table, number(key - 2000), Value::NIL)
            .expect("a table");
        words = words.max(heap.census().committed_bytes);
    }
    assert_eq!(heap.table_length(table), Ok(2000));
    assert!(words <= 2 << 20, "{words}");
    heap.release(table.into());
}

/// A heap in which no memory is left for a greater buffer, and a table with so many keys.
fn short_of_memory(keys: usize, capacity_bytes: usize) -> (Heap, Ref) {
    let limits = Limits {
        capacity_bytes,
        ..Limits::DEFAULT
    };
    let mut heap = Heap::with(limits).expect("memory");
    let table = heap.new_table().expect("memory");
    for key in 0..keys {
        heap.set(table, number(key), number(1)).expect("memory");
    }
    use_up(&mut heap);
    (heap, table)
}

/// Leaves no memory; the array that holds it.
fn use_up(heap: &mut Heap) -> Ref {
    let ballast = heap.new_array().expect("memory");
    for length in [60_000, 5000, 1000, 100] {
        while let Ok(bytes) = heap.new_bytes(&vec![1; length]) {
            if heap.push(ballast, bytes.into()).is_err() {
                heap.release(bytes.into());
                break;
            }
        }
    }
    ballast
}

#[test]
fn keys_are_replaced_where_no_memory_is_left() {
    for (keys, capacity_bytes) in [(5, 1 << 20), (90, 1 << 20), (250, 1 << 20), (9000, 2 << 20)] {
        let (mut heap, table) = short_of_memory(keys, capacity_bytes);
        for key in keys..keys * 5 + 2000 {
            heap.set(table, number(key - keys), Value::NIL)
                .expect("a table");
            let added = heap.set(table, number(key), number(key));
            assert_eq!(added, Ok(()), "{keys} keys, key {key}");
        }
        let last = keys * 5 + 2000;
        assert_eq!(
            heap.table_length(table).map(|length| length as usize),
            Ok(keys)
        );
        for key in last - keys..last {
            assert_eq!(heap.get(table, number(key)), Ok(number(key)));
        }
        let (mut position, mut met) = (TablePosition::default(), 0);
        while let Some((next, ..)) = heap.next_entry(table, position).expect("a table") {
            position = next;
            met += 1;
        }
        assert_eq!(met, keys);
        assert!(heap.verify().is_healthy());
    }
}

/// A heap without memory for a greater buffer, and a table that is put in order as soon as more keys come: with
/// pairs that only it leads to, and entries of removed keys.
fn about_to_be_put_in_order(seed: u64) -> (Heap, Ref, Vec<Ref>) {
    let limits = Limits {
        capacity_bytes: 1 << 20,
        automatic: false,
        ..Limits::DEFAULT
    };
    let mut heap = Heap::with(limits).expect("memory");
    let mut chance = Chance::new(seed);
    let table = heap.new_table().expect("memory");
    let mut pairs = Vec::new();
    // A quarter of the keys is removed.
    let mut removed = Vec::new();
    for key in 0..380 {
        let value = if chance.happens(1, 4) {
            removed.push(key);
            number(1)
        } else {
            let pair = heap.new_pair(number(key), Value::NIL).expect("memory");
            pairs.push(pair);
            pair.into()
        };
        heap.set(table, number(key), value).expect("memory");
    }
    for key in removed {
        heap.set(table, number(key), Value::NIL).expect("a table");
    }
    while heap.new_bytes(&[1; 9000]).is_ok() {}
    (heap, table, pairs)
}

#[test]
fn a_pass_goes_on_in_a_table_that_is_put_in_order_where_no_memory_is_left() {
    let (mut slices, mut is_over) = (0, false);
    while !is_over {
        let (mut heap, table, pairs) = about_to_be_put_in_order(slices as u64);
        heap.start_collection();
        // So that it is now here and now there in the table, and between.
        heap.step_by(1 + slices);
        slices += 11;
        is_over = !heap.is_collecting();
        // It goes round once, in pieces.
        for key in 1000..1060 {
            heap.set(table, number(key), number(key)).expect("room");
        }
        while heap.is_collecting() {
            heap.step_by(1000);
        }
        for pair in &pairs {
            assert_eq!(heap.kind(*pair), Kind::Pair, "after {slices} slices");
        }
        heap.collect();
        assert!(pairs.iter().all(|pair| heap.count(*pair) == 1));
    }
}

#[test]
fn a_table_that_cannot_grow_says_so_and_loses_nothing() {
    let (mut heap, table) = short_of_memory(250, 1 << 20);
    let mut keys = 250;
    while heap.set(table, number(keys), number(keys)).is_ok() {
        keys += 1;
    }
    assert!((380..512).contains(&keys), "{keys}");
    assert!((250..keys).all(|key| heap.get(table, number(key)) == Ok(number(key))));
    // Emptied, it has room again.
    for key in 0..keys {
        heap.set(table, number(key), Value::NIL).expect("a table");
    }
    for key in 0..300 {
        heap.set(table, number(key), number(1)).expect("room");
    }
    assert!(heap.verify().is_healthy());
}

#[test]
fn a_table_that_was_large_becomes_small() {
    let mut heap = Heap::new().expect("memory");
    let table = heap.new_table().expect("memory");
    for key in 0..10_000 {
        heap.set(table, number(key), number(1)).expect("memory");
    }
    for key in 10..10_000 {
        heap.set(table, number(key), Value::NIL).expect("a table");
    }
    // What is added and removed in turn uses the entries up, and each time it moves to less.
    for key in 0..100_000 {
        let key = number(100_000 + key);
        heap.set(table, key, number(1)).expect("memory");
        heap.set(table, key, Value::NIL).expect("a table");
    }
    for key in 0..10 {
        assert_eq!(heap.get(table, number(key)), Ok(number(1)));
    }
    let census = heap.census();
    let row = census.kinds.iter().find(|row| row.objects > 0);
    assert!(row.expect("a table").bytes < 64 << 10, "{census:?}");
    heap.release(table.into());
    assert!(heap.verify_with([]).is_healthy());
}

#[test]
fn a_small_table_replaces_keys_where_no_memory_is_left() {
    for (entries, automatic) in [(1, false), (1, true), (4, false), (5, true)] {
        let limits = Limits {
            capacity_bytes: 1 << 20,
            automatic,
            ..Limits::DEFAULT
        };
        let mut heap = Heap::with(limits).expect("memory");
        let table = heap.new_table().expect("memory");
        for key in 0..entries {
            heap.set(table, number(key), number(key)).expect("memory");
        }
        for bytes in [9000, 1000, 200, 100, 64, 48, 32, 24, 16, 8, 1] {
            while heap.new_bytes(&vec![1; bytes]).is_ok() {}
        }
        for key in 0..100 {
            let gone = heap.set(table, number(key), Value::NIL);
            gone.expect("nothing is added");
            let (new, value) = (number(key + entries), number(key));
            heap.set(table, new, value).expect("one went");
        }
        let length = u32::try_from(entries).expect("few");
        assert_eq!(heap.table_length(table), Ok(length));
    }
}
