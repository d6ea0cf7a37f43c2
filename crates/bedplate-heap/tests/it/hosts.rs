//! Objects of the host: changed while a pass is under way, and destructors that panic.

use alloc::sync::Arc;
use bedplate_heap::{Heap, HostObject, Kind, Limits, Ref, Value, Visitor};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;
use std::sync::Mutex;

fn heap() -> Heap {
    Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory")
}

/// Changes through `&`, and counts how often it was asked.
struct Shelf(Mutex<Vec<Value>>, Arc<AtomicUsize>);

impl HostObject for Shelf {
    fn children(&self, visitor: &mut Visitor) {
        self.1.fetch_add(1, Ordering::Relaxed);
        let values = self.0.lock().expect("not poisoned");
        values.iter().for_each(|value| visitor.visit(*value));
    }
}

fn shelf(heap: &mut Heap, values: Vec<Value>) -> (Ref, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let object = Shelf(Mutex::new(values), Arc::clone(&asked));
    (heap.new_host(Box::new(object)).expect("memory"), asked)
}

fn opened(heap: &Heap, object: Ref) -> &Mutex<Vec<Value>> {
    let shelf = heap.host::<Shelf>(object).expect("an object of the host");
    &shelf.expect("a shelf").0
}

#[test]
fn what_is_taken_out_of_a_host_object_through_a_shared_reference_lives() {
    for slices in 0..80 {
        let mut heap = heap();
        let value = heap.new_cell(Value::NIL).expect("memory");
        let (first, _) = shelf(&mut heap, vec![value.into()]);
        let (second, _) = shelf(&mut heap, Vec::new());
        for slice in 0..slices {
            if slice == 0 {
                heap.start_collection();
            }
            heap.step_by(1);
        }
        let take = |heap: &Heap, object| {
            let mut values = opened(heap, object).lock().expect("not poisoned");
            values.pop().expect("it is there")
        };
        // Into the other one, and out of that one, with some slices between.
        let taken = take(&heap, first);
        let other = opened(&heap, second);
        other.lock().expect("not poisoned").push(taken);
        heap.step_by(1 + slices % 7);
        let taken = take(&heap, second);
        while heap.is_collecting() {
            heap.step_by(1000);
        }
        assert_eq!(heap.kind(value), Kind::Cell, "after {slices} slices");
        for value in [taken, first.into(), second.into()] {
            heap.release(value);
        }
        heap.collect();
        assert_eq!(heap.stats().live_objects(), 0);
        assert!(heap.verify().is_healthy());
    }
}

#[test]
fn an_object_that_is_opened_again_in_a_pass_is_not_asked_again() {
    let mut heap = heap();
    let value = heap.new_cell(Value::NIL).expect("memory");
    let (object, asked) = shelf(&mut heap, vec![value.into()]);
    for passes in 1..4 {
        heap.start_collection();
        for _ in 0..100 {
            let shelf = heap.host_mut::<Shelf>(object).expect("one of the host");
            assert!(shelf.is_some());
            opened(&heap, object);
        }
        assert_eq!(asked.swap(0, Ordering::Relaxed), 1, "pass {passes}");
        while heap.is_collecting() {
            heap.step_by(1000);
        }
        asked.store(0, Ordering::Relaxed);
    }
    heap.release(object.into());
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

/// Panics when it is dropped.
struct Bomb(Value);

impl HostObject for Bomb {
    fn children(&self, visitor: &mut Visitor) {
        visitor.visit(self.0);
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a destructor of the host");
    }
}

/// A host object in a ring with a pair.
fn ring(heap: &mut Heap) -> Ref {
    let pair = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    heap.retain(pair.into());
    let bomb = heap.new_host(Box::new(Bomb(pair.into()))).expect("memory");
    heap.set_first(pair, bomb.into()).expect("a pair");
    pair
}

fn goes_on_after_a_panic(begin: impl Fn(&mut Heap), end: impl Fn(&mut Heap)) {
    let mut heap = heap();
    begin(&mut heap);
    for _ in 0..10 {
        if catch_unwind(AssertUnwindSafe(|| end(&mut heap))).is_ok() {
            break;
        }
        let report = heap.verify();
        assert!(report.is_healthy(), "{report}");
    }
    assert_eq!(heap.stats().live_objects(), 0);
    let next = heap.new_host(Box::new(Shelf(Mutex::default(), Arc::default())));
    heap.release(next.expect("memory").into());
    let report = heap.verify();
    assert!(report.is_healthy(), "{report}");
}

#[test]
fn a_panic_in_a_destructor_of_the_host_leaves_nothing_behind() {
    // By counts.
    goes_on_after_a_panic(
        |heap| {
            let value = heap.new_cell(Value::NIL).expect("memory");
            let bomb = heap.new_host(Box::new(Bomb(value.into()))).expect("memory");
            let freed = catch_unwind(AssertUnwindSafe(|| heap.release(bomb.into())));
            assert!(freed.is_err());
        },
        Heap::settle,
    );
    // By a trial.
    goes_on_after_a_panic(
        |heap| {
            let pair = ring(heap);
            heap.release(pair.into());
        },
        |heap| {
            heap.collect_cycles();
        },
    );
    // By a full pass.
    goes_on_after_a_panic(
        |heap| {
            let pair = ring(heap);
            heap.release(pair.into());
            heap.start_collection();
        },
        |heap| while heap.step() {},
    );
}
