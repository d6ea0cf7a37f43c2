//! Finalizers.

use bedplate_heap::{Heap, Value};

#[test]
fn a_finalizer_comes_once_and_before_the_end() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::bool(true)).expect("memory");
    let finalizer = heap.new_closure(7, &[]).expect("memory");
    heap.set_finalizer(cell, finalizer.into()).expect("alive");
    heap.release(cell.into());
    let due = heap.next_finalization().expect("one");
    assert_eq!((due.object, due.finalizer), (cell, finalizer.into()));
    assert_eq!(heap.cell(cell), Ok(Value::bool(true)));
    heap.release(due.object.into());
    heap.release(due.finalizer);
    assert_eq!(heap.next_finalization(), None);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn an_object_that_its_finalizer_kept_dies_without_another() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    heap.set_finalizer(cell, Value::bool(true)).expect("alive");
    heap.release(cell.into());
    let due = heap.next_finalization().expect("one");
    let keeper = heap.new_cell(due.object.into()).expect("memory");
    assert_eq!(heap.cell(keeper), Ok(cell.into()));
    heap.release(keeper.into());
    assert_eq!(heap.next_finalization(), None);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn weak_references_are_dead_before_the_finalizer_is_seen() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let weak = heap.new_weak(cell).expect("memory");
    heap.set_finalizer(cell, Value::NIL).expect("alive");
    heap.release(cell.into());
    assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
    let due = heap.next_finalization().expect("one");
    heap.release(due.object.into());
}

#[test]
fn a_dead_ring_waits_for_its_finalizer_and_is_freed_then() {
    for is_kept in [false, true] {
        let mut heap = Heap::new().expect("memory");
        let one = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
        let other = heap.new_pair(one.into(), Value::NIL).expect("memory");
        heap.set_first(one, other.into()).expect("a pair");
        heap.retain(one.into());
        heap.set_finalizer(one, Value::NIL).expect("alive");
        heap.release(one.into());
        while heap.step() {
            assert_eq!(heap.stats().live_objects(), 2);
            if heap.stats().trials > 3 {
                break;
            }
        }
        let due = heap.next_finalization().expect("one");
        assert_eq!(due.object, one);
        if is_kept {
            assert_eq!(heap.collect().objects, 0);
            assert_eq!(heap.first(other), Ok(one.into()));
        }
        heap.release(due.object.into());
        heap.collect();
        assert_eq!(heap.next_finalization(), None);
        assert_eq!(heap.stats().live_objects(), 0);
    }
}

#[test]
fn a_finalizer_of_a_freed_object_is_an_error() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    heap.release(cell.into());
    let error = heap.set_finalizer(cell, Value::NIL).expect_err("freed");
    assert!(error.to_string().contains("it is freed"));
}

#[test]
fn a_collection_of_cycles_tells_only_of_finalizations_that_it_queued() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    heap.set_finalizer(cell, Value::NIL).expect("alive");
    heap.release(cell.into());
    assert_eq!(heap.collect_cycles().0.finalizations, 0);
    let ring = heap.new_cell(Value::NIL).expect("memory");
    heap.set_finalizer(ring, Value::NIL).expect("alive");
    heap.set_cell(ring, ring.into()).expect("a cell");
    assert_eq!(heap.collect_cycles().0.finalizations, 1);
    while let Some(due) = heap.next_finalization() {
        heap.release(due.object.into());
    }
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_finalizer_that_is_taken_away_does_not_come() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    assert_eq!(heap.take_finalizer(cell), Ok(None));
    let finalizer = heap.new_text("a finalizer").expect("memory");
    heap.set_finalizer(cell, finalizer).expect("alive");
    assert_eq!(heap.take_finalizer(cell), Ok(Some(finalizer)));
    assert_eq!(heap.take_finalizer(cell), Ok(None));
    heap.release(finalizer);
    heap.release(cell.into());
    assert_eq!(heap.next_finalization(), None);
    assert_eq!(heap.stats().live_objects(), 0);
    assert!(heap.take_finalizer(cell).is_err() && heap.verify().is_healthy());
}

#[test]
fn a_machine_that_ends_runs_all_finalizers() {
    for is_collecting in [false, true] {
        let mut heap = Heap::new().expect("memory");
        let held: Vec<_> = (0..10)
            .map(|number| {
                let cell = heap.new_cell(Value::NIL).expect("memory");
                heap.set_finalizer(cell, Value::float(f64::from(number)))
                    .expect("alive");
                cell
            })
            .collect();
        let weak = heap.new_weak(held[3]).expect("memory");
        if is_collecting {
            heap.start_collection();
            heap.step_by(7);
        }
        assert_eq!((heap.finalize_all(), heap.finalize_all()), (10, 0));
        assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
        let mut met = 0;
        while let Some(due) = heap.next_finalization() {
            assert!(held.contains(&due.object));
            heap.release(due.object.into());
            met += 1;
        }
        assert_eq!(met, 10);
        let values = held.iter().chain([&weak]).map(|held| Value::from(*held));
        let values: Vec<Value> = values.collect();
        assert!(heap.verify_with(values.iter().copied()).is_healthy());
        values.into_iter().for_each(|value| heap.release(value));
        heap.collect();
        assert_eq!(
            (heap.next_finalization(), heap.stats().live_objects()),
            (None, 0)
        );
    }
}
