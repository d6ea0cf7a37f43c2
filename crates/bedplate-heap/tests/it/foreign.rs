//! Handles, shapes and caches of another heap: they fail or meet another object, and nothing panics.

#[cfg(not(feature = "checked"))]
use bedplate_heap::Ref;
use bedplate_heap::{Heap, HeapError, InlineCache, Value};

fn heap() -> Heap {
    Heap::new().expect("memory")
}

/// A handle of one heap whose place is behind all that another has, and is a live closure there.
#[cfg(not(feature = "checked"))]
fn behind_the_last() -> (Heap, Ref, Heap) {
    let (mut one, mut other) = (heap(), heap());
    let mut last = one.new_cell(Value::NIL).expect("memory");
    while last.index() < (1 << 17) + 4096 {
        last = one.new_closure(1, &[]).expect("memory");
    }
    for _ in 0..30_000 {
        other.new_closure(1, &[]).expect("memory");
    }
    (one, last, other)
}

#[cfg(not(feature = "checked"))]
#[test]
fn a_weak_reference_to_a_foreign_handle_is_refused() {
    let (_one, foreign, mut other) = behind_the_last();
    let made = other.new_weak(foreign);
    assert!(
        matches!(made, Err(HeapError::Kind { object, .. }) if object == foreign),
        "{made:?}"
    );
}

#[cfg(not(feature = "checked"))]
#[test]
fn a_release_of_a_foreign_handle_meets_another_object_and_leaves_a_heap_that_works() {
    let (_one, foreign, mut other) = behind_the_last();
    other.retain(foreign.into());
    for _ in 0..2 {
        other.release(foreign.into());
        other.settle();
    }
    other.collect();
    for _ in 0..40 {
        let made = other.new_closure(2, &[]).expect("memory");
        assert!(made.index() < 1 << 17, "{made:?} was handed out");
    }
    let findings = other.verify().findings;
    assert!(findings.is_empty(), "{findings:?}");
}

#[cfg(not(feature = "checked"))]
#[test]
fn a_ring_through_a_foreign_handle_is_collected_without_a_panic() {
    let (_one, foreign, mut other) = behind_the_last();
    let ring = other.new_pair(Value::NIL, foreign.into()).expect("memory");
    other.retain(ring.into());
    other.set_first(ring, ring.into()).expect("a pair");
    other.release(ring.into());
    while other.step() {}
    other.collect();
    let findings = other.verify().findings;
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_foreign_shape_makes_no_record() {
    let (mut one, mut other) = (heap(), heap());
    let keys = |heap: &mut Heap| {
        (0..50)
            .map(|key| heap.key(&format!("x{key}")))
            .collect::<Vec<_>>()
    };
    let (foreign, own) = (keys(&mut one), keys(&mut other));
    let foreign = one.shape(2, &foreign).expect("room");
    assert_eq!(other.new_record(foreign), Err(HeapError::ForeignShape));
    let own = other.shape(2, &own).expect("room");
    assert_ne!(own, foreign);
    assert_eq!(other.new_record(foreign), Err(HeapError::ForeignShape));
    assert!(other.shape_keys(foreign).is_empty());
    assert!(other.new_record(own).is_ok());
}

#[test]
fn a_foreign_cache_never_hits() {
    let (mut one, mut other) = (heap(), heap());
    let keys = [one.key("x"), one.key("y")];
    let shape = one.shape(4, &keys).expect("room");
    let record = one.new_record(shape).expect("memory");
    let mut cache = InlineCache::default();
    one.set_field(record, keys[1], Value::bool(true), &mut cache)
        .expect("a record");

    let keys = [other.key("y"), other.key("x")];
    let shape = other.shape(1, &keys).expect("room");
    let record = other.new_record(shape).expect("memory");
    let next = other.new_cell(Value::float(7.0)).expect("memory");
    other
        .set_field(record, keys[0], Value::bool(false), &mut cache)
        .expect("a record");
    let found = other.field(record, keys[0], &mut InlineCache::default());
    assert_eq!(found, Ok(Value::bool(false)));
    assert_eq!(other.cell(next), Ok(Value::float(7.0)));
    let findings = other.verify().findings;
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_key_of_another_heap_names_no_field() {
    let (mut one, mut other) = (heap(), heap());
    let key = one.key("x");
    let own = other.key("y");
    assert_eq!(other.key_name(key), None);
    assert_eq!(other.shape(2, &[own, key]), Err(HeapError::ForeignKey));
    let shape = other.shape(2, &[own]).expect("room");
    let record = other.new_record(shape).expect("memory");
    let cache = &mut InlineCache::default();
    assert_eq!(
        other.set_field(record, key, Value::NIL, cache),
        Err(HeapError::ForeignKey)
    );
    assert_eq!(other.field(record, key, cache), Err(HeapError::ForeignKey));
    assert_eq!(other.shape_keys(shape), [own]);
    // The same name has a key in each.
    let again = other.key("x");
    assert_eq!(other.field(record, again, cache), Ok(Value::NIL));
}
