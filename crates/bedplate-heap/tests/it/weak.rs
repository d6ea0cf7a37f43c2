//! Weak references.

use bedplate_heap::{Heap, Kind, Value};

#[test]
fn a_weak_reference_does_not_keep_its_object() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let weak = heap.new_weak(cell).expect("memory");
    assert_eq!(heap.upgrade(weak), Ok(cell.into()));
    assert_eq!(heap.count(cell), 2);
    heap.release(cell.into());
    heap.release(cell.into());
    assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
}

#[test]
fn a_new_object_in_the_same_slot_is_not_the_old_one() {
    let mut heap = Heap::new().expect("memory");
    let old = heap.new_cell(Value::NIL).expect("memory");
    let weak = heap.new_weak(old).expect("memory");
    heap.release(old.into());
    let new = heap.new_cell(Value::NIL).expect("memory");
    assert_eq!(old, new);
    assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
    let other = heap.new_weak(new).expect("memory");
    assert_eq!(heap.upgrade(other), Ok(new.into()));
}

#[test]
fn weak_references_into_a_dead_ring_end_with_it() {
    let mut heap = Heap::new().expect("memory");
    let ring = heap.new_cell(Value::NIL).expect("memory");
    let weak = heap.new_weak(ring).expect("memory");
    heap.retain(ring.into());
    heap.set_cell(ring, ring.into()).expect("a cell");
    heap.release(ring.into());
    assert_eq!(heap.collect().objects, 1);
    assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
    heap.release(weak.into());
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn an_object_that_waits_to_be_freed_is_not_found() {
    let mut heap = Heap::new().expect("memory");
    let array = heap.new_array().expect("memory");
    let mut last = None;
    for _ in 0..20_000 {
        let cell = heap.new_cell(Value::NIL).expect("memory");
        heap.push(array, cell.into()).expect("memory");
        last = Some(cell);
    }
    let weak = heap.new_weak(array).expect("memory");
    heap.release(array.into());
    assert!(heap.stats().live_objects() > 10_000);
    assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
    assert_eq!(heap.kind(array), Kind::Free);
    assert!(heap.new_weak(array).is_err());
    assert!(last.is_some());
}
