//! Deep structures on a stack of 64 KiB.

use bedplate_heap::{Heap, Ref, Round, Value};

const OBJECTS: u32 = 1_000_000;

fn on_a_small_stack(test: impl FnOnce(&mut Heap) + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 10);
    let thread = thread.spawn(move || {
        let mut heap = Heap::new().expect("memory");
        test(&mut heap);
        heap.settle();
        assert_eq!(heap.stats().live_objects(), 0);
        assert_eq!(heap.stats().underflows, 0);
    });
    thread.expect("a thread").join().expect("the test passes");
}

fn list(heap: &mut Heap) -> (Ref, Ref) {
    let end = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    let mut head = end;
    for number in 1..OBJECTS {
        let number = Value::integer(number.into()).expect("small");
        head = heap.new_pair(head.into(), number).expect("memory");
    }
    (head, end)
}

#[test]
fn a_list_of_a_million_is_walked_and_freed() {
    on_a_small_stack(|heap| {
        let (head, _) = list(heap);
        let (mut at, mut length) = (Some(head), 0);
        while let Some(object) = at {
            length += 1;
            at = heap.first(object).expect("a pair").as_object();
        }
        assert_eq!(length, OBJECTS);
        assert_eq!(heap.collect().objects, 0);
        heap.release(head.into());
    });
}

#[test]
fn a_release_is_done_in_parts() {
    on_a_small_stack(|heap| {
        let (head, _) = list(heap);
        heap.release(head.into());
        let freed = heap.stats().freed_objects;
        assert!(freed > 0 && freed < 10_000, "{freed}");
    });
}

#[test]
fn a_ring_of_a_million_is_kept_and_freed_when_it_is_cut() {
    on_a_small_stack(|heap| {
        let (head, end) = list(heap);
        heap.retain(end.into());
        heap.set_first(end, head.into()).expect("a pair");
        assert_eq!(heap.collect().objects, 0);
        heap.set_first(end, Value::NIL).expect("a pair");
        heap.release(end.into());
    });
}

#[test]
fn a_dead_ring_of_a_million_is_collected() {
    on_a_small_stack(|heap| {
        let (head, end) = list(heap);
        heap.retain(head.into());
        heap.set_first(end, head.into()).expect("a pair");
        heap.release(head.into());
        while heap.step() {}
        heap.collect();
        assert_eq!(heap.stats().cycle_objects, u64::from(OBJECTS));
    });
}

#[test]
fn a_tree_as_deep_as_a_million_is_freed() {
    on_a_small_stack(|heap| {
        let mut tree = heap.new_node([None, None], 0).expect("memory");
        for number in 1..u64::from(OBJECTS / 2) {
            let leaf = heap.new_node([None, None], number).expect("memory");
            tree = heap.new_node([Some(tree), Some(leaf)], 0).expect("memory");
        }
        heap.release(tree.into());
    });
}

#[test]
fn an_array_of_a_million_objects_is_freed_in_parts() {
    on_a_small_stack(|heap| {
        let array = heap.new_array().expect("memory");
        for _ in 0..OBJECTS {
            let cell = heap.new_cell(Value::NIL).expect("memory");
            heap.push(array, cell.into()).expect("memory");
        }
        heap.release(array.into());
        assert!(heap.stats().freed_objects < 10_000);
    });
}

/// Verified as a whole and by parts, taken as checkpoints, gone back to, recovered.
fn look_at(heap: &mut Heap, held: &[Value]) {
    let report = heap.verify_with(held.iter().copied());
    assert!(report.is_healthy(), "{report}");
    assert!(report.objects >= u64::from(OBJECTS) - 1);
    assert!(heap.verify().is_healthy() && heap.quick_check().is_healthy());
    let mut round = Round::default();
    while round.rounds() == 0 {
        assert!(heap.verify_part(&mut round).is_healthy());
    }
    let checkpoint = heap.checkpoint().expect("no hosts");
    let again = heap.checkpoint_after(&checkpoint).expect("its own");
    assert_eq!(again.cost().copied_bytes, 0);
    // A count too high is mended, and what was mended is undone.
    heap.retain(held[0]);
    let recovery = heap.recover_with(held.iter().copied());
    assert_eq!(recovery.repairs.len(), 1);
    heap.restore(&again).expect("its own");
    assert!(heap.verify_with(held.iter().copied()).is_healthy());
}

#[test]
fn a_list_of_a_million_is_verified_and_comes_back() {
    on_a_small_stack(|heap| {
        let (head, _) = list(heap);
        look_at(heap, &[head.into()]);
        let checkpoint = heap.checkpoint().expect("no hosts");
        heap.release(head.into());
        heap.settle();
        assert_eq!(heap.stats().live_objects(), 0);
        heap.restore(&checkpoint).expect("its own");
        assert_eq!(heap.stats().live_objects(), u64::from(OBJECTS));
        heap.release(head.into());
    });
}

#[test]
fn a_ring_of_a_million_is_verified_and_comes_back() {
    on_a_small_stack(|heap| {
        let (head, end) = list(heap);
        heap.retain(head.into());
        heap.set_first(end, head.into()).expect("a pair");
        look_at(heap, &[head.into()]);
        heap.release(head.into());
        // Dead, and a candidate is its announcement.
        assert!(heap.verify_with([]).is_healthy());
        assert_eq!(heap.collect().objects, OBJECTS as usize);
    });
}

#[test]
fn a_tree_as_deep_as_a_million_is_verified_and_comes_back() {
    on_a_small_stack(|heap| {
        let mut tree = heap.new_node([None, None], 0).expect("memory");
        for number in 1..u64::from(OBJECTS) {
            let leaf = if number % 8 == 0 {
                Some(heap.new_node([None, None], number).expect("memory"))
            } else {
                None
            };
            tree = heap.new_node([Some(tree), leaf], 0).expect("memory");
        }
        look_at(heap, &[tree.into()]);
        heap.release(tree.into());
    });
}
