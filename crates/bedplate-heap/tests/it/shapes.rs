//! Shapes come and go with their records.

use bedplate_heap::{Heap, HeapError, InlineCache, Key, Limits, Ref, Trigger, Value};
use bedplate_os::budget::Budget;
use bedplate_testkit::Chance;

fn integer(number: u64) -> Value {
    Value::integer(number.cast_signed()).expect("small")
}

fn keys(heap: &mut Heap, count: usize) -> Vec<Key> {
    let name = |at| format!("field {at}");
    (0..count).map(|at| heap.key(&name(at))).collect()
}

fn empty_record(heap: &mut Heap) -> Ref {
    let empty = heap.shape(2, &[]).expect("room");
    heap.new_record(empty).expect("memory")
}

/// Fields in this order, each with its number.
fn add(heap: &mut Heap, record: Ref, fields: &[Key]) {
    for (key, value) in fields.iter().zip(0..) {
        let set = heap.set_field(record, *key, integer(value), &mut InlineCache::default());
        set.expect("room");
    }
}

fn read(heap: &Heap, record: Ref, key: Key) -> Value {
    let read = heap.field(record, key, &mut InlineCache::default());
    read.expect("a record")
}

/// A record with five of the fields, by chance.
fn by_chance(heap: &mut Heap, keys: &[Key], chance: &mut Chance) -> (Ref, Vec<Key>) {
    let record = empty_record(heap);
    let mut fields: Vec<Key> = Vec::new();
    while fields.len() < 5 {
        let key = keys[chance.below(keys.len())];
        if !fields.contains(&key) {
            fields.push(key);
        }
    }
    add(heap, record, &fields);
    (record, fields)
}

#[test]
fn shapes_whose_records_are_gone_are_freed_meanwhile() {
    let mut heap = Heap::new().expect("memory");
    let keys = keys(&mut heap, 60);
    let mut chance = Chance::new(1);
    let (kept, fields) = by_chance(&mut heap, &keys, &mut chance);
    let mut most = 0;
    for _ in 0..40_000 {
        let (record, _) = by_chance(&mut heap, &keys, &mut chance);
        heap.release(record.into());
        most = most.max(heap.shape_count());
    }
    // About three new ones with each record.
    assert!(most < 20_000, "{most}");
    assert!(heap.stats().triggers.of(Trigger::Shapes) > 3);
    heap.collect();
    heap.collect();
    // The kept one's five, the empty one, and those of the last.
    assert!(heap.shape_count() <= 11, "{}", heap.shape_count());
    for (key, value) in fields.iter().zip(0..) {
        assert_eq!(read(&heap, kept, *key), integer(value));
    }
}

#[test]
fn what_an_instruction_remembers_of_a_freed_shape_never_hits() {
    let mut heap = Heap::new().expect("memory");
    let keys = keys(&mut heap, 2);
    let mut cache = InlineCache::default();
    for round in 0..3000 {
        let record = empty_record(&mut heap);
        let order = [keys[round % 2], keys[1 - round % 2]];
        add(&mut heap, record, &order);
        let place = u64::try_from(round % 2).expect("small");
        let read = heap.field(record, keys[0], &mut cache);
        assert_eq!(read, Ok(integer(place)), "round {round}");
        heap.release(record.into());
        // Another record's shapes are what was asked for last.
        let other = empty_record(&mut heap);
        let other_key = heap.key("other");
        add(&mut heap, other, &[other_key]);
        heap.collect();
        assert!(heap.shape_count() <= 3, "{}", heap.shape_count());
        heap.release(other.into());
    }
}

#[test]
fn a_shape_that_the_host_holds_stays_until_it_is_given_up_as_often() {
    let mut heap = Heap::new().expect("memory");
    let keys = keys(&mut heap, 3);
    let shape = heap.shape(1, &keys).expect("room");
    assert_eq!(heap.shape(1, &keys), Ok(shape));
    heap.release_shape(shape);
    // Asked for last.
    let other = heap.shape(1, &keys[2..]).expect("room");
    heap.collect();
    heap.collect();
    assert_eq!(heap.shape_keys(shape), keys);
    let record = heap.new_record(shape).expect("it is there");
    heap.release_shape(shape);
    heap.collect();
    heap.collect();
    assert_eq!(heap.shape_of(record), Ok(shape));
    heap.release(record.into());
    let record = heap.new_record(other).expect("it is there");
    heap.collect();
    heap.collect();
    assert_eq!(heap.new_record(shape), Err(HeapError::ForeignShape));
    assert!(heap.shape_keys(shape).is_empty());
    // Once too often is nothing.
    heap.release_shape(shape);
    // The same fields come to another.
    let again = heap.shape(1, &keys).expect("room");
    assert!(again != shape && heap.shape_keys(again) == keys);
    heap.release(record.into());
}

#[test]
fn a_checkpoint_keeps_the_shapes_of_its_records() {
    let mut heap = Heap::new().expect("memory");
    let keys = keys(&mut heap, 40);
    let mut chance = Chance::new(2);
    let (record, fields) = by_chance(&mut heap, &keys, &mut chance);
    heap.collect();
    let checkpoint = heap.checkpoint().expect("a copy");
    heap.release(record.into());
    for _ in 0..4 {
        heap.collect();
        for _ in 0..100 {
            let (other, _) = by_chance(&mut heap, &keys, &mut chance);
            heap.release(other.into());
        }
    }
    heap.restore(&checkpoint).expect("its own");
    for (key, value) in fields.iter().zip(0..) {
        assert_eq!(read(&heap, record, *key), integer(value));
    }
    assert!(heap.verify_with([record.into()]).is_healthy());
    drop(checkpoint);
    heap.collect();
    assert!(heap.verify_with([record.into()]).is_healthy());
    heap.release(record.into());
    let other = empty_record(&mut heap);
    add(&mut heap, other, &keys[..1]);
    heap.collect();
    heap.collect();
    assert_eq!(heap.shape_count(), 2);
}

#[test]
fn a_checkpoint_in_the_midst_of_a_pass_frees_nothing_that_it_did_not_see() {
    for steps in 1..400 {
        let mut heap = Heap::with(Limits {
            automatic: false,
            ..Limits::DEFAULT
        })
        .expect("memory");
        let keys = keys(&mut heap, 12);
        let mut chance = Chance::new(steps);
        let kept: Vec<_> = (0..10)
            .map(|_| by_chance(&mut heap, &keys, &mut chance))
            .collect();
        heap.start_collection();
        for _ in 0..steps {
            heap.step_by(1);
        }
        let checkpoint = heap.checkpoint().expect("a copy");
        for (record, _) in &kept {
            heap.release((*record).into());
        }
        heap.collect();
        heap.collect();
        let (other, _) = by_chance(&mut heap, &keys, &mut chance);
        heap.release(other.into());
        heap.restore(&checkpoint).expect("its own");
        drop(checkpoint);
        while heap.is_collecting() {
            heap.step_by(3);
        }
        heap.collect();
        for (record, fields) in &kept {
            for (key, value) in fields.iter().zip(0..) {
                assert_eq!(read(&heap, *record, *key), integer(value), "{steps} steps");
            }
        }
    }
}

#[test]
fn where_there_is_no_room_for_a_shape_unused_ones_go() {
    static BUDGET: Budget = Budget::new(4 << 20, u64::MAX);
    let mut heap = Heap::charged(
        Limits {
            // Only the budget's end asks for it.
            shapes_min: 1 << 20,
            ..Limits::DEFAULT
        },
        &BUDGET,
    )
    .expect("memory");
    let keys = keys(&mut heap, 60);
    let before = BUDGET.used_bytes();
    let mut chance = Chance::new(3);
    for _ in 0..60_000 {
        let (record, _) = by_chance(&mut heap, &keys, &mut chance);
        heap.release(record.into());
    }
    assert!(heap.stats().triggers.of(Trigger::NoRoom) > 0);
    let other = empty_record(&mut heap);
    add(&mut heap, other, &keys[..1]);
    heap.collect();
    heap.collect();
    // What is left is that record's; memory of objects was there before, but for a few chunks.
    let more = BUDGET.used_bytes() - before;
    assert!(more <= 1 << 20, "{more}");
    drop(heap);
    assert_eq!(BUDGET.used_bytes(), 0);
}

#[test]
fn records_beside_passes_in_slices_keep_their_fields() {
    for seed in 0..30 {
        let mut chance = Chance::new(seed);
        let mut heap = Heap::with(Limits {
            automatic: false,
            ..Limits::DEFAULT
        })
        .expect("memory");
        let keys = keys(&mut heap, 9);
        let mut records: Vec<(Ref, Vec<Key>)> = Vec::new();
        for _ in 0..1500 {
            let at = chance.below(records.len() + 1);
            match records.get_mut(at) {
                Some((record, fields)) if chance.happens(2, 3) => {
                    let key = keys[chance.below(9)];
                    if !fields.contains(&key) {
                        let value = integer(fields.len() as u64);
                        let mut cache = InlineCache::default();
                        heap.set_field(*record, key, value, &mut cache)
                            .expect("room");
                        fields.push(key);
                    }
                }
                Some(_) => {
                    let (record, _) = records.swap_remove(at);
                    heap.release(record.into());
                }
                None => {
                    for _ in 0..3 {
                        records.push((empty_record(&mut heap), Vec::new()));
                    }
                }
            }
            if !heap.is_collecting() {
                heap.start_collection();
            }
            heap.step_by(1 + chance.below(8));
        }
        let passes = heap.stats().full_passes;
        assert!(passes > 5, "{passes}");
        for (record, fields) in &records {
            for (key, value) in fields.iter().zip(0..) {
                assert_eq!(read(&heap, *record, *key), integer(value), "seed {seed}");
            }
        }
        let held = records.iter().map(|(record, _)| Value::from(*record));
        let report = heap.verify_with(held);
        assert!(report.is_healthy(), "seed {seed}: {report}");
        for (record, _) in records {
            heap.release(record.into());
        }
        let last = empty_record(&mut heap);
        add(&mut heap, last, &keys[..1]);
        heap.collect();
        heap.collect();
        assert_eq!(heap.shape_count(), 2, "seed {seed}");
    }
}

/// A record of these fields, and one of `others`, as two checkpoints know them: the second was made after
/// the heap went back to the first, which is gone, as the records' shapes would be if they were not kept.
fn behind_two_checkpoints(others: usize) -> (Heap, Ref, Vec<Ref>, Ref) {
    let mut heap = Heap::new().expect("memory");
    let [fields, others] = [5, others].map(|count| {
        let name = |at| format!("{count} {at}");
        let keys = (0..count).map(|at| heap.key(&name(at)));
        keys.collect::<Vec<_>>()
    });
    let held = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    let record = empty_record(&mut heap);
    add(&mut heap, record, &fields);
    let near: Vec<Key> = keys(&mut heap, 5);
    let near_shape = heap.shape(2, &near).expect("room");
    let neighbours = (0..20).map(|_| {
        let neighbour = heap.new_record(near_shape).expect("memory");
        for key in &near {
            heap.retain(held.into());
            let set = heap.set_field(neighbour, *key, held.into(), &mut InlineCache::default());
            set.expect("room");
        }
        neighbour
    });
    let neighbours: Vec<Ref> = neighbours.collect();
    let first = heap.checkpoint().expect("a copy");
    heap.release(record.into());
    for _ in 0..3 {
        heap.collect();
    }
    heap.restore(&first).expect("its own");
    let second = heap.checkpoint().expect("a copy");
    drop(first);
    heap.release(record.into());
    let _asked_last = heap.shape(2, &others[..others.len() / 2]).expect("room");
    for _ in 0..3 {
        heap.collect();
    }
    // They would take the places of those that are gone.
    let _longer = heap.shape(2, &others).expect("room");
    heap.restore(&second).expect("its own");
    for (key, value) in fields.iter().zip(0..) {
        assert_eq!(read(&heap, record, *key), integer(value));
    }
    (heap, record, neighbours, held)
}

#[test]
fn a_checkpoint_after_a_return_to_an_older_one_keeps_its_shapes() {
    for others in [2, 60] {
        let (mut heap, record, neighbours, held) = behind_two_checkpoints(others);
        let mut held: Vec<Value> = neighbours
            .into_iter()
            .chain([held])
            .map(Value::from)
            .collect();
        held.push(record.into());
        let report = heap.verify_with(held.iter().copied());
        assert!(report.is_healthy(), "{report}");
        heap.release(record.into());
        held.pop();
        heap.collect();
        let report = heap.verify_with(held);
        assert!(report.is_healthy(), "{report}");
    }
}

/// A record with one field of this name, and the name's key, which is given up.
fn of_a_name(heap: &mut Heap, name: &str, value: Value) -> (Ref, Key) {
    let record = empty_record(heap);
    let key = heap.key(name);
    heap.set_field(record, key, value, &mut InlineCache::default())
        .expect("room");
    heap.release_key(key);
    (record, key)
}

#[test]
fn names_that_a_program_makes_up_go_with_their_shapes() {
    static BUDGET: Budget = Budget::new(64 << 20, u64::MAX);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    let (kept, key) = of_a_name(&mut heap, "kept", integer(1));
    let before = BUDGET.used_bytes();
    let mut most = 0;
    for number in 0..50_000 {
        let name = format!("a name that a program makes up, number {number}");
        let (record, key) = of_a_name(&mut heap, &name, integer(number));
        assert_eq!(heap.key_name(key), Some(&*name));
        assert_eq!(read(&heap, record, key), integer(number));
        heap.release(record.into());
        most = most.max(heap.key_count());
    }
    assert!(most < 20_000, "{most}");
    let (last, last_key) = of_a_name(&mut heap, "last", integer(2));
    heap.collect();
    heap.collect();
    assert_eq!(heap.key_count(), 2);
    assert_eq!(read(&heap, kept, key), integer(1));
    assert_eq!(read(&heap, last, last_key), integer(2));
    let more = BUDGET.used_bytes().saturating_sub(before);
    assert!(more <= 1 << 20, "{more}");
}

#[test]
fn a_name_stays_while_its_key_is_held_or_a_shape_has_it() {
    let mut heap = Heap::new().expect("memory");
    assert_eq!(heap.find_key("name"), None);
    let key = heap.key("name");
    assert_eq!((heap.key("name"), heap.find_key("name")), (key, Some(key)));
    heap.release_key(key);
    assert_eq!(heap.key_name(key), Some("name"));
    let shape = heap.shape(1, &[key]).expect("room");
    heap.release_key(key);
    // Once too often is nothing, and so is a key of another heap.
    heap.release_key(key);
    let foreign = Heap::new().expect("memory").key("name");
    heap.release_key(foreign);
    assert_eq!(heap.shape_keys(shape), [key]);
    let record = heap.new_record(shape).expect("memory");
    heap.release_shape(shape);
    let mut cache = InlineCache::default();
    heap.set_field(record, key, integer(5), &mut cache)
        .expect("a record");
    heap.collect();
    heap.collect();
    assert_eq!(heap.field(record, key, &mut cache), Ok(integer(5)));
    heap.release(record.into());
    let other = of_a_name(&mut heap, "other", integer(1)).0;
    heap.collect();
    heap.collect();
    assert_eq!((heap.key_name(key), heap.find_key("name")), (None, None));
    // What an instruction remembers of it does not hit, and the name has another key.
    let refused = heap.field(other, key, &mut cache);
    assert_eq!(refused, Err(HeapError::ForeignKey));
    let refused = heap.set_field(other, key, integer(1), &mut cache);
    assert_eq!(refused, Err(HeapError::ForeignKey));
    assert_ne!(heap.key("name"), key);
}

#[test]
fn names_of_a_parcel_and_of_a_checkpoint_are_there_as_long_as_their_records() {
    let mut heap = Heap::new().expect("memory");
    let (record, key) = of_a_name(&mut heap, "name", integer(3));
    heap.collect();
    let checkpoint = heap.checkpoint().expect("a copy");
    let parcel = heap.move_out(record.into()).expect("it is closed");
    let forget = |heap: &mut Heap| {
        let other = of_a_name(heap, "other", integer(1)).0;
        heap.collect();
        heap.collect();
        heap.release(other.into());
    };
    forget(&mut heap);
    heap.restore(&checkpoint).expect("its own");
    assert_eq!(read(&heap, record, key), integer(3));
    drop(checkpoint);
    let again = heap.unpack(&parcel).expect("memory");
    let copy = again.as_object().expect("a record");
    assert_eq!(read(&heap, copy, key), integer(3));
    heap.release(again);
    heap.release(record.into());
    forget(&mut heap);
    assert_eq!(heap.find_key("name"), None);
}
