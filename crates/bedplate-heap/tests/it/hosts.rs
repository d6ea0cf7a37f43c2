//! Objects of the host: changed while a pass is under way, and code that panics.

use alloc::sync::Arc;
use bedplate_heap::{Heap, HostObject, Kind, Limits, Ref, Value, Visitor};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// Two host objects whose destructors panic, and a pair that holds them and that they hold.
fn two_bombs(heap: &mut Heap) -> Ref {
    let pair = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    for set in [Heap::set_first, Heap::set_second] {
        heap.retain(pair.into());
        let bomb = heap.new_host(Box::new(Bomb(pair.into()))).expect("memory");
        set(heap, pair, bomb.into()).expect("a pair");
    }
    pair
}

#[test]
fn of_several_destructors_that_panic_all_run_and_one_panic_goes_on() {
    // A second panic while the first one unwinds would end the process.
    let mut heap = heap();
    let pair = two_bombs(&mut heap);
    heap.release(pair.into());
    assert!(catch_unwind(AssertUnwindSafe(|| while heap.step() {})).is_err());
    assert_eq!(heap.stats().live_objects(), 0);

    two_bombs(&mut heap);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(heap))).is_err());

    // While another panic unwinds, none goes on.
    let dropped = catch_unwind(|| {
        let mut heap = self::heap();
        two_bombs(&mut heap);
        panic!("of the host's own");
    });
    let panic = dropped.expect_err("it panicked");
    assert_eq!(panic.downcast_ref(), Some(&"of the host's own"));
}

/// Does not say what it holds while it is told so.
struct Mute(Value, Arc<AtomicBool>);

impl HostObject for Mute {
    fn children(&self, visitor: &mut Visitor) {
        assert!(!self.1.load(Ordering::Relaxed), "no answer");
        visitor.visit(self.0);
    }
}

/// A mute object that holds a cell that holds a pair, and its flag.
fn mute(heap: &mut Heap) -> ([Ref; 3], Arc<AtomicBool>) {
    let is_mute = Arc::new(AtomicBool::new(false));
    let pair = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    let cell = heap.new_cell(pair.into()).expect("memory");
    let object = Mute(cell.into(), Arc::clone(&is_mute));
    let host = heap.new_host(Box::new(object)).expect("memory");
    ([host, cell, pair], is_mute)
}

#[test]
fn a_pass_in_which_an_object_does_not_say_what_it_holds_frees_nothing_of_that() {
    let mut panics = 0;
    for at in 0..200 {
        let mut heap = heap();
        let ([host, cell, pair], is_mute) = mute(&mut heap);
        heap.start_collection();
        for step in 0..200 {
            is_mute.store(step == at, Ordering::Relaxed);
            let stepped = catch_unwind(AssertUnwindSafe(|| heap.step_by(1)));
            panics += u32::from(stepped.is_err());
        }
        is_mute.store(false, Ordering::Relaxed);
        while heap.step() {}
        assert_eq!(heap.kind(cell), Kind::Cell, "at {at}");
        assert_eq!(heap.cell(cell), Ok(pair.into()));
        let report = heap.verify_with([host.into()]);
        assert!(report.is_healthy(), "at {at}: {report}");
        heap.release(host.into());
        heap.collect();
        assert_eq!(heap.stats().live_objects(), 0);
    }
    assert!(panics > 1, "{panics}");
}

#[test]
fn a_trial_in_which_an_object_does_not_say_what_it_holds_is_left() {
    let mut heap = heap();
    let ([host, ..], is_mute) = mute(&mut heap);
    let mut held = vec![Value::from(host)];
    let touch = |heap: &mut Heap, value: Value| {
        heap.retain(value);
        heap.release(value);
    };
    for _ in 0..5 {
        let pair = heap.new_pair(Value::NIL, host.into()).expect("memory");
        heap.retain(host.into());
        touch(&mut heap, pair.into());
        held.push(pair.into());
    }
    let ring = heap.new_cell(Value::NIL).expect("memory");
    heap.retain(ring.into());
    heap.set_cell(ring, ring.into()).expect("a cell");
    heap.release(ring.into());
    is_mute.store(true, Ordering::Relaxed);
    let mut panics = 0;
    for _ in 0..100 {
        let stepped = catch_unwind(AssertUnwindSafe(|| heap.step()));
        panics += u32::from(stepped.is_err());
    }
    is_mute.store(false, Ordering::Relaxed);
    let report = heap.verify_with(held.iter().copied());
    assert!(panics > 0 && report.is_healthy(), "{report}");
    heap.collect();
    let report = heap.verify_with(held.iter().copied());
    assert!(report.is_healthy(), "{report}");
    assert_eq!(heap.kind(ring), Kind::Free);
    held.into_iter().for_each(|value| heap.release(value));
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

/// Says once less than it is asked what it holds.
struct Moody(Value, AtomicUsize);

impl HostObject for Moody {
    fn children(&self, visitor: &mut Visitor) {
        assert!(self.1.fetch_sub(1, Ordering::Relaxed) != 1, "no answer");
        visitor.visit(self.0);
    }
}

#[test]
fn an_object_that_does_not_say_what_it_holds_is_freed_all_the_same() {
    for is_pass in [false, true] {
        let mut panics = 0;
        for silent_at in 0..8 {
            let mut heap = heap();
            // A ring of the object and a pair, which holds a cell.
            let cell = heap.new_cell(Value::NIL).expect("memory");
            let pair = heap.new_pair(Value::NIL, cell.into()).expect("memory");
            let moody = Moody(pair.into(), AtomicUsize::new(silent_at));
            let host = heap.new_host(Box::new(moody)).expect("memory");
            heap.set_first(pair, host.into()).expect("a pair");
            heap.retain(host.into());
            heap.release(host.into());
            if is_pass {
                heap.start_collection();
            }
            for _ in 0..20 {
                let stepped = catch_unwind(AssertUnwindSafe(|| heap.step()));
                panics += u32::from(stepped.is_err());
            }
            heap.collect();
            assert_eq!(heap.stats().live_objects(), 0, "silent at {silent_at}");
            let report = heap.verify();
            assert!(report.is_healthy(), "silent at {silent_at}: {report}");
        }
        assert_eq!(panics, 2);
    }
    // By its count: what it holds leaks.
    let mut heap = heap();
    let ([host, cell, _], is_mute) = mute(&mut heap);
    is_mute.store(true, Ordering::Relaxed);
    let released = catch_unwind(AssertUnwindSafe(|| heap.release(host.into())));
    assert!(released.is_err());
    assert_eq!(heap.kind(host), Kind::Free);
    assert!(heap.verify_with([cell.into()]).is_healthy());
}
