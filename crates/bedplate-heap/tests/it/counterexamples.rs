//! The usual mistakes of cycle collectors with counts, each with the least program that shows it.

use bedplate_heap::{Heap, Limits, Ref, Value};

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

/// Two pairs that hold each other; both references are the caller's still.
fn ring(heap: &mut Heap) -> (Ref, Ref) {
    let (one, other) = (pair(heap), pair(heap));
    for (from, to) in [(one, other), (other, one)] {
        heap.retain(to.into());
        heap.set_first(from, to.into()).expect("a pair");
    }
    (one, other)
}

fn steps(heap: &mut Heap) {
    while heap.step() {}
}

#[test]
fn a_ring_whose_counts_are_one_is_freed() {
    let mut heap = heap();
    let (one, other) = ring(&mut heap);
    heap.release(one.into());
    heap.release(other.into());
    assert_eq!((heap.count(one), heap.count(other)), (1, 1));
    steps(&mut heap);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_ring_that_was_checked_while_it_lived_is_freed_when_it_is_dropped() {
    let mut heap = heap();
    let (one, other) = ring(&mut heap);
    heap.release(other.into());
    steps(&mut heap);
    assert_eq!(heap.stats().live_objects(), 2);
    heap.release(one.into());
    steps(&mut heap);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn an_acyclic_object_that_is_held_twice_is_no_cycle() {
    let mut heap = heap();
    let leaf = pair(&mut heap);
    heap.retain(leaf.into());
    let parent = heap.new_pair(leaf.into(), leaf.into()).expect("memory");
    heap.retain(parent.into());
    heap.release(parent.into());
    steps(&mut heap);
    assert_eq!(heap.stats().cycle_objects, 0);
    assert_eq!(heap.collect().objects, 0);
    heap.release(parent.into());
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_ring_greater_than_a_trial_is_freed_by_the_full_pass() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        trial_objects: 100,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let first = pair(&mut heap);
    let mut last = first;
    for _ in 1..500 {
        heap.retain(last.into());
        let next = heap.new_pair(last.into(), Value::NIL).expect("memory");
        heap.release(last.into());
        last = next;
    }
    heap.set_first(first, last.into()).expect("a pair");
    // The ring holds itself now; this only makes a candidate.
    heap.retain(first.into());
    heap.release(first.into());
    steps(&mut heap);
    assert_eq!(heap.stats().live_objects(), 500);
    assert!(heap.stats().cut_trials > 0);
    assert_eq!(heap.collect().objects, 500);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_ring_of_a_table_and_a_cell_is_freed() {
    let mut heap = heap();
    let table = heap.new_table().expect("memory");
    let cell = heap.new_cell(table.into()).expect("memory");
    heap.retain(table.into());
    heap.set(table, Value::bool(true), cell.into())
        .expect("memory");
    heap.release(table.into());
    steps(&mut heap);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_cell_that_owns_a_table_takes_it_along() {
    let mut heap = heap();
    let table = heap.new_table().expect("memory");
    let cell = heap.new_cell(table.into()).expect("memory");
    heap.release(cell.into());
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn an_object_held_only_by_the_host_is_a_root() {
    let mut heap = heap();
    let (one, other) = ring(&mut heap);
    heap.release(one.into());
    let root = heap.root(other.into());
    assert_eq!(heap.collect().objects, 0);
    assert_eq!(heap.rooted(&root), Ok(other.into()));
    drop(root);
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn trials_come_by_themselves() {
    let mut heap = Heap::new().expect("memory");
    for _ in 0..20_000 {
        let (one, other) = ring(&mut heap);
        heap.release(one.into());
        heap.release(other.into());
    }
    assert!(heap.stats().live_objects() < 20_000);
    assert!(heap.stats().trials > 0);
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_few_rings_that_hold_much_are_freed_by_themselves() {
    let mut heap = Heap::with(Limits {
        capacity_bytes: 64 << 20,
        candidates_min: 8192,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let bytes = vec![1; 2 << 20];
    // More than the capacity, in fewer rings than a trial waits for.
    for _ in 0..60 {
        let (one, other) = ring(&mut heap);
        let held = heap.new_bytes(&bytes).expect("memory");
        heap.set_second(one, held.into()).expect("a pair");
        heap.release(one.into());
        heap.release(other.into());
    }
    assert!(heap.stats().live_objects() < 60);
}

#[test]
fn steps_for_a_time_come_to_an_end() {
    let mut heap = heap();
    for _ in 0..5000 {
        let (one, other) = ring(&mut heap);
        heap.release(one.into());
        heap.release(other.into());
    }
    // No time is one step.
    assert!(heap.run_for(core::time::Duration::ZERO));
    assert!(heap.stats().live_objects() > 0);
    assert!(!heap.run_for(core::time::Duration::from_secs(600)));
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_program_without_cycles_starts_no_trial() {
    let mut heap = Heap::new().expect("memory");
    let before = heap.candidates_threshold();
    for _ in 0..100_000 {
        let one = pair(&mut heap);
        heap.release(one.into());
    }
    assert_eq!(heap.stats().trials, 0);
    assert_eq!(heap.candidates_threshold(), before);
}

#[test]
fn what_is_alive_beside_a_ring_is_not_touched() {
    let mut heap = heap();
    let live: Vec<Ref> = (0..10_000).map(|_| pair(&mut heap)).collect();
    let (one, other) = ring(&mut heap);
    heap.release(one.into());
    heap.release(other.into());
    steps(&mut heap);
    assert_eq!(heap.stats().touched_objects, 2);
    assert_eq!(heap.stats().live_objects(), live.len() as u64);
}

#[test]
fn a_young_ring_through_an_old_object_is_not_lost() {
    let mut heap = heap();
    let (old, young) = ring(&mut heap);
    for _ in 0..3 {
        heap.retain(old.into());
        heap.release(old.into());
        steps(&mut heap);
    }
    heap.set_first(old, Value::NIL).expect("a pair");
    heap.set_first(young, Value::NIL).expect("a pair");
    let fresh = heap.new_pair(old.into(), Value::NIL).expect("memory");
    heap.retain(fresh.into());
    heap.set_first(old, fresh.into()).expect("a pair");
    heap.release(fresh.into());
    heap.release(young.into());
    // Old, it waits for a trial of its own, and is freed by that.
    steps(&mut heap);
    assert!(heap.stats().deferred > 0);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_hundred_thousand_references_to_one_object_are_counted() {
    let mut heap = heap();
    let one = pair(&mut heap);
    for _ in 0..100_000 {
        heap.retain(one.into());
    }
    assert_eq!(heap.count(one), 100_001);
    for _ in 0..100_001 {
        heap.release(one.into());
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn one_release_too_many_is_refused() {
    let mut heap = heap();
    let one = pair(&mut heap);
    heap.release(one.into());
    heap.release(one.into());
    heap.retain(one.into());
    let stats = heap.stats();
    assert_eq!((stats.underflows, stats.refused_retains), (1, 1));
    assert_eq!(stats.freed_objects, 1);
    let (first, second) = (pair(&mut heap), pair(&mut heap));
    assert_ne!(first, second);
}
