//! What starts a collection, and what it tells.

use bedplate_heap::{Heap, HeapError, Kind, Limits, Ref, Value};
use bedplate_os::budget::{Budget, UNLIMITED};

pub(crate) fn pair(heap: &mut Heap) -> Ref {
    heap.new_pair(Value::NIL, Value::NIL).expect("memory")
}

/// A pair that holds itself, and nobody else holds; no decrement says so.
fn silent_ring(heap: &mut Heap) {
    let object = pair(heap);
    heap.set_first(object, object.into()).expect("a pair");
}

/// A ring of pairs that is dropped by its last holder.
pub(crate) fn drop_ring(heap: &mut Heap, objects: usize) {
    let first = pair(heap);
    heap.retain(first.into());
    let mut last = first;
    for _ in 1..objects {
        last = heap.new_pair(last.into(), Value::NIL).expect("memory");
    }
    heap.set_first(first, last.into()).expect("a pair");
    heap.release(first.into());
}

#[test]
fn rings_that_no_decrement_tells_of_do_not_fill_the_heap() {
    let mut heap = Heap::with(Limits {
        capacity_bytes: 16 << 20,
        ..Limits::DEFAULT
    })
    .expect("memory");
    // Twice the capacity.
    for _ in 0..1_400_000 {
        silent_ring(&mut heap);
    }
    assert!(heap.stats().full_passes > 0);
}

#[test]
fn rings_greater_than_trials_start_a_pass_by_growth() {
    let mut heap = Heap::with(Limits {
        growth_min_bytes: 1 << 20,
        ..Limits::DEFAULT
    })
    .expect("memory");
    for _ in 0..200 {
        drop_ring(&mut heap, 2000);
    }
    assert!(heap.stats().full_passes > 0);
    assert!(heap.stats().live_objects() < 200_000);
}

#[test]
fn a_large_heap_from_the_start_does_not_end_collections() {
    let mut heap = Heap::with(Limits {
        growth_max_bytes: 1 << 20,
        growth_min_bytes: 1 << 20,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let mut list = pair(&mut heap);
    for _ in 0..400_000 {
        list = heap.new_pair(list.into(), Value::NIL).expect("memory");
    }
    heap.collect();
    let passes = heap.stats().full_passes;
    // Far less than half of what is alive.
    for _ in 0..400 {
        drop_ring(&mut heap, 2000);
    }
    assert!(heap.stats().full_passes > passes);
    heap.release(list.into());
}

#[test]
fn a_program_without_cycles_starts_no_pass_and_moves_nothing() {
    let mut heap = Heap::new().expect("memory");
    let threshold = heap.candidates_threshold();
    for _ in 0..300_000 {
        let one = pair(&mut heap);
        heap.release(one.into());
    }
    let stats = heap.stats();
    assert_eq!((stats.trials, stats.full_passes), (0, 0));
    assert_eq!(heap.candidates_threshold(), threshold);
}

#[test]
fn pressure_starts_a_collection_in_pieces() {
    let mut heap = Heap::new().expect("memory");
    for _ in 0..1000 {
        silent_ring(&mut heap);
    }
    heap.relief().ask();
    assert!(heap.step());
    assert!(heap.is_collecting());
    while heap.step() {}
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn commits_are_charged_and_given_back() {
    static BUDGET: Budget = Budget::new(UNLIMITED, UNLIMITED);
    {
        let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
        let before = BUDGET.used_bytes();
        assert!(before >= 1 << 20);
        let bytes = heap.new_bytes(&vec![0; 5 << 20]).expect("memory");
        assert!(BUDGET.used_bytes() >= before + (5 << 20));
        heap.release(bytes.into());
    }
    assert_eq!(BUDGET.used_bytes(), 0);
    assert_eq!(BUDGET.over_released_bytes(), 0);
}

#[test]
fn a_budget_that_is_used_up_is_an_error_and_garbage_goes_first() {
    static BUDGET: Budget = Budget::new(9 << 20, UNLIMITED);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    for _ in 0..1_000_000 {
        silent_ring(&mut heap);
    }
    let mut list = Value::NIL;
    let error = loop {
        match heap.new_pair(list, Value::NIL) {
            Ok(pair) => list = pair.into(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, HeapError::Budget(_)), "{error}");
    assert!(error.to_string().contains("raise the limit or hold less"));
    heap.release(list);
    heap.settle();
    assert!(heap.new_pair(Value::NIL, Value::NIL).is_ok());
}

#[test]
fn above_the_soft_mark_a_heap_collects() {
    static BUDGET: Budget = Budget::new(UNLIMITED, 1 << 20);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    for _ in 0..200_000 {
        silent_ring(&mut heap);
    }
    assert!(heap.stats().full_passes > 0);
}

#[test]
fn a_collection_tells_which_rings_it_freed() {
    let mut heap = Heap::new().expect("memory");
    let (one, other) = (pair(&mut heap), pair(&mut heap));
    let held = heap.new_bytes(&[1; 100]).expect("memory");
    heap.set_second(one, held.into()).expect("a pair");
    heap.retain(one.into());
    heap.set_first(one, other.into()).expect("a pair");
    heap.set_first(other, one.into()).expect("a pair");
    let array = heap.new_array().expect("memory");
    heap.retain(array.into());
    heap.push(array, array.into()).expect("memory");
    // Holds a ring, and is in none.
    heap.retain(one.into());
    let outside = heap.new_cell(one.into()).expect("memory");
    heap.release(one.into());
    heap.release(array.into());
    let alive = pair(&mut heap);
    heap.release(outside.into());
    let (collected, mut cycles) = heap.collect_cycles();
    assert_eq!(collected.objects, 4);
    cycles.sort_by_key(|cycle| cycle.members.len());
    let [single, ring] = cycles.as_slice() else {
        panic!("{cycles:?}");
    };
    assert_eq!(single.members[0].kind, Kind::Array);
    assert_eq!((single.closing.from, single.closing.to), (array, array));
    // Three words, and a buffer of four.
    assert_eq!(single.bytes(), 56);
    let members: Vec<Ref> = ring.members.iter().map(|member| member.object).collect();
    assert!(members.contains(&one) && members.contains(&other));
    assert_eq!(ring.closing.to, members[0]);
    assert_eq!((ring.closing.from, ring.bytes()), (members[1], 48));
    assert_eq!(heap.stats().live_objects(), 1);
    heap.release(alive.into());
}

#[test]
fn a_deep_ring_is_told_without_recursion() {
    let mut heap = Heap::new().expect("memory");
    drop_ring(&mut heap, 200_000);
    let (collected, cycles) = heap.collect_cycles();
    assert_eq!((collected.objects, cycles.len()), (200_000, 1));
    assert_eq!(cycles[0].members.len(), 200_000);
}

#[test]
fn limits_say_what_they_are() {
    for row in Limits::TABLE {
        assert!(row.min <= row.default && row.default <= row.max, "{row:?}");
    }
    let heap = Heap::with(Limits {
        trial_objects: 0,
        ..Limits::DEBUGGING
    });
    assert_eq!(heap.expect("memory").limits().trial_objects, 16);
}

#[test]
fn a_step_frees_no_more_where_many_roots_were_dropped() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let mut roots = Vec::new();
    for _ in 0..200 {
        let mut list = Value::NIL;
        for _ in 0..500 {
            list = heap.new_pair(list, Value::NIL).expect("memory").into();
        }
        roots.push(heap.root(list));
    }
    drop(roots);
    let mut live = heap.stats().live_objects();
    assert_eq!(live, 100_000);
    while heap.step_by(1000) {
        let now = heap.stats().live_objects();
        assert!(live - now <= 1000, "{} in one step", live - now);
        live = now;
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_step_looks_at_so_many_candidates_that_are_none_any_more() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        trial_objects: 16,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let cells: Vec<Ref> = (0..1000)
        .map(|_| heap.new_cell(Value::NIL).expect("memory"))
        .collect();
    for cell in &cells {
        heap.retain((*cell).into());
        heap.release((*cell).into());
    }
    for cell in &cells {
        heap.release((*cell).into());
    }
    heap.settle();
    let mut waiting = heap.stats().candidates;
    assert_eq!((waiting, heap.stats().live_objects()), (1000, 0));
    while waiting > 0 {
        heap.step();
        let now = heap.stats().candidates;
        assert!(waiting - now <= 32, "{} in one step", waiting - now);
        waiting = now;
    }
    assert!(!heap.step());
}
