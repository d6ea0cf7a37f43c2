//! Full passes in slices, and what the program does between them.

use bedplate_heap::{Heap, HostObject, Kind, Limits, Ref, Value, Visitor, What};
use bedplate_testkit::Chance;

fn heap() -> Heap {
    Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory")
}

fn pair(heap: &mut Heap) -> Ref {
    heap.new_pair(Value::NIL, Value::NIL).expect("memory")
}

/// A ring of so many pairs, held by nobody; its first object.
fn dead_ring(heap: &mut Heap, objects: usize) -> Ref {
    let first = pair(heap);
    let mut last = first;
    for _ in 1..objects {
        last = heap.new_pair(last.into(), Value::NIL).expect("memory");
    }
    heap.set_first(first, last.into()).expect("a pair");
    first
}

/// Nothing is wrong but that no decrement announced the rings of these tests: only a pass finds them.
fn expect_sound(heap: &Heap) {
    let report = heap.verify();
    let mut findings = report.findings.iter();
    assert!(
        findings.all(|found| found.what == What::Unreached),
        "{report}"
    );
}

/// Runs an experiment with each number of slices, of one step each, before the program acts. What that
/// holds then is released after the check.
fn at_each_moment(
    prepare: impl Fn(&mut Heap) -> Vec<Ref>,
    act: impl Fn(&mut Heap, &[Ref]) -> Value,
    check: impl Fn(&mut Heap, &[Ref]),
) {
    let mut slices = 1;
    loop {
        let mut heap = heap();
        let objects = prepare(&mut heap);
        heap.start_collection();
        for _ in 0..slices {
            heap.step_by(1);
        }
        let is_over = !heap.is_collecting();
        let held = act(&mut heap, &objects);
        let mut is_more = true;
        while is_more {
            expect_sound(&heap);
            is_more = heap.step_by(7);
        }
        check(&mut heap, &objects);
        heap.release(held);
        heap.collect();
        assert_eq!(heap.stats().live_objects(), 0);
        assert_eq!(heap.stats().underflows, 0);
        if is_over {
            return;
        }
        slices += 1;
    }
}

/// Two holders, and an object that the first of them holds.
fn holders(heap: &mut Heap) -> Vec<Ref> {
    let object = pair(heap);
    let (one, other) = (heap.new_array(), heap.new_array());
    let (one, other) = (one.expect("memory"), other.expect("memory"));
    heap.push(one, object.into()).expect("memory");
    dead_ring(heap, 3);
    vec![one, other, object]
}

/// The object lives; the holders go.
fn release_holders(heap: &mut Heap, objects: &[Ref]) {
    assert_eq!(heap.kind(objects[2]), Kind::Pair);
    heap.release(objects[0].into());
    heap.release(objects[1].into());
}

#[test]
fn what_is_popped_and_pushed_elsewhere_lives() {
    at_each_moment(
        holders,
        |heap, objects| {
            let value = heap.pop(objects[0]).expect("an array").expect("an item");
            heap.push(objects[1], value).expect("memory");
            Value::NIL
        },
        release_holders,
    );
}

#[test]
fn what_is_popped_and_held_by_the_host_lives() {
    at_each_moment(
        holders,
        |heap, objects| heap.pop(objects[0]).expect("an array").expect("an item"),
        release_holders,
    );
}

#[test]
fn what_moves_into_a_new_object_while_its_holder_dies_lives() {
    at_each_moment(
        holders,
        |heap, objects| {
            heap.retain(objects[2].into());
            let new = heap.new_cell(objects[2].into()).expect("memory");
            heap.release(objects[0].into());
            new.into()
        },
        |heap, objects| {
            assert_eq!(heap.kind(objects[2]), Kind::Pair);
            heap.release(objects[1].into());
        },
    );
}

#[test]
fn a_reference_that_the_host_hands_over_is_not_lost() {
    at_each_moment(
        |heap| vec![pair(heap), pair(heap)],
        // The count of the second does not change, but who holds it does.
        |heap, objects| {
            let done = heap.set_first(objects[0], objects[1].into());
            done.expect("a pair");
            Value::NIL
        },
        |heap, objects| {
            assert_eq!(heap.first(objects[0]), Ok(objects[1].into()));
            assert_eq!(heap.kind(objects[1]), Kind::Pair);
            heap.release(objects[0].into());
        },
    );
}

#[test]
fn a_weak_reference_that_is_made_strong_keeps_its_ring() {
    at_each_moment(
        |heap| {
            let first = dead_ring(heap, 4);
            let weak = heap.new_weak(first).expect("memory");
            vec![weak, first]
        },
        |heap, objects| heap.upgrade(objects[0]).expect("a weak reference"),
        |heap, objects| {
            let value = heap.upgrade(objects[0]).expect("a weak reference");
            if !value.is_nil() {
                walk_ring(heap, objects[1], 4);
            }
            heap.release(value);
            heap.release(objects[0].into());
        },
    );
}

fn walk_ring(heap: &Heap, first: Ref, objects: usize) {
    let mut at = first;
    for _ in 0..objects {
        let next = heap.first(at).expect("a pair");
        at = next.as_object().expect("a ring");
    }
    assert_eq!(at, first);
}

struct Bag(Vec<Value>);

impl HostObject for Bag {
    fn children(&self, visitor: &mut Visitor) {
        self.0.iter().for_each(|value| visitor.visit(*value));
    }
}

#[test]
fn what_the_host_takes_out_of_its_object_lives() {
    at_each_moment(
        |heap| {
            let object = pair(heap);
            let bag = Bag(vec![object.into()]);
            let host = heap.new_host(Box::new(bag)).expect("memory");
            let array = heap.new_array().expect("memory");
            vec![host, array, object]
        },
        |heap, objects| {
            let bag = heap.host_mut::<Bag>(objects[0]).expect("a host");
            let value = bag.expect("a bag").0.pop().expect("one");
            heap.push(objects[1], value).expect("memory");
            Value::NIL
        },
        release_holders,
    );
}

#[test]
fn a_finalizer_keeps_what_it_leads_to() {
    at_each_moment(
        |heap| {
            let first = dead_ring(heap, 5);
            heap.set_finalizer(first, Value::bool(true)).expect("there");
            let dead = dead_ring(heap, 5);
            vec![first, dead]
        },
        |_, _| Value::NIL,
        |heap, objects| {
            heap.collect();
            let due = heap.next_finalization().expect("one is due");
            assert_eq!(due.object, objects[0]);
            walk_ring(heap, due.object, 5);
            assert_eq!(heap.stats().live_objects(), 5);
            heap.release(due.object.into());
        },
    );
}

#[test]
fn entries_of_a_table_that_change_their_places_live() {
    let size = 300_u32;
    let texts: Vec<Value> = (0..size)
        .map(|number| Value::text(&number.to_string()).expect("short"))
        .collect();
    for seed in 0..12_u64 {
        let mut heap = heap();
        let mut chance = Chance::new(seed);
        let table = heap.new_table().expect("memory");
        for key in &texts {
            let object = pair(&mut heap);
            heap.set(table, *key, object.into()).expect("memory");
        }
        let mut there = texts.clone();
        for _ in 0..6 {
            heap.start_collection();
            while heap.is_collecting() {
                heap.step_by(1 + chance.below(90));
                // Removing shifts others back.
                if there.len() > 100 {
                    let key = there.swap_remove(chance.below(there.len()));
                    heap.set(table, key, Value::NIL).expect("a table");
                }
            }
            while there.len() < texts.len() {
                let key = chance.pick(&texts);
                if !there.contains(&key) {
                    let object = pair(&mut heap);
                    heap.set(table, key, object.into()).expect("memory");
                    there.push(key);
                }
            }
            for key in &there {
                let value = heap.get(table, *key).expect("a table");
                let object = value.as_object().expect("an entry");
                assert_eq!((heap.kind(object), heap.count(object)), (Kind::Pair, 1));
            }
        }
        heap.release(table.into());
        heap.settle();
        assert_eq!(heap.stats().live_objects(), 0);
    }
}

#[test]
fn an_object_with_more_references_than_a_scratch_number_holds_is_decided() {
    let mut heap = heap();
    let object = pair(&mut heap);
    let array = heap.new_array().expect("memory");
    for _ in 0..70_000 {
        heap.retain(object.into());
        heap.push(array, object.into()).expect("memory");
    }
    // One reference is the host's, who lets it go later.
    heap.set_first(object, array.into()).expect("a pair");
    assert_eq!(heap.collect().objects, 0);
    heap.release(object.into());
    assert_eq!(heap.collect().objects, 2);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn slices_are_bounded_by_what_they_look_at() {
    let mut heap = heap();
    let array = heap.new_array().expect("memory");
    for _ in 0..50_000 {
        let cell = heap.new_cell(Value::NIL).expect("memory");
        heap.push(array, cell.into()).expect("memory");
    }
    dead_ring(&mut heap, 50_000);
    heap.start_collection();
    let mut slices = 0;
    while heap.is_collecting() {
        heap.step_by(100);
        slices += 1;
    }
    // Each object is walked over three times, each reference followed twice at most.
    assert!(slices >= 100_000 * 3 / 100, "{slices}");
    while heap.step() {}
    assert_eq!(heap.stats().live_objects(), 50_001);
    heap.release(array.into());
    heap.settle();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_collection_that_was_begun_goes_on_by_itself() {
    let mut heap = Heap::new().expect("memory");
    dead_ring(&mut heap, 10_000);
    heap.start_collection();
    for _ in 0..100_000 {
        let one = pair(&mut heap);
        heap.release(one.into());
    }
    assert!(!heap.is_collecting());
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_metatable_is_counted_once_where_its_table_gets_its_first_entry() {
    at_each_moment(
        |heap| {
            let table = heap.new_table().expect("memory");
            let (ring, meta) = (pair(heap), pair(heap));
            heap.retain(meta.into());
            heap.set_meta(table, Some(meta)).expect("a table");
            vec![table, ring, meta]
        },
        |heap, objects| {
            // The last reference to the table goes into its own ring: no decrement tells of it.
            let key = Value::text("key").expect("short");
            heap.set(objects[0], key, objects[1].into())
                .expect("a table");
            heap.set_first(objects[1], objects[0].into())
                .expect("a pair");
            objects[2].into()
        },
        |heap, objects| {
            assert_eq!(heap.kind(objects[2]), Kind::Pair);
        },
    );
}
