//! Copies of a heap, and going back to them.

use crate::garden::{Bag, Garden};
use bedplate_heap::{Checkpoints, Heap, HeapError, HostObject, InlineCache, Pace, Value, Visitor};
use core::time::Duration;

#[test]
fn a_random_heap_comes_back_as_it_was() {
    for seed in 0..40 {
        let mut garden = Garden::new(seed);
        garden.grow(1500);
        let (view, held) = (garden.view(), garden.held.clone());
        let checkpoint = garden.heap.checkpoint().expect("bags can be copied");
        for _ in 0..3 {
            garden.grow(1500);
            garden.heap.collect();
            garden.heap.restore(&checkpoint).expect("its own");
            garden.held.clone_from(&held);
            assert_eq!(garden.view(), view);
            let (mut now, mut then) = (garden.heap.stats(), checkpoint.stats());
            // What the kernel has is as it is.
            (now.given_back_bytes, then.given_back_bytes) = (0, 0);
            assert_eq!(now, then);
        }
        garden.grow(500);
        garden.clear();
    }
}

#[test]
fn checkpoints_that_share_chunks_come_back_in_any_order() {
    for seed in 100..120 {
        let mut garden = Garden::new(seed);
        let mut all = Vec::new();
        for _ in 0..6 {
            garden.grow(400);
            let checkpoint = match all.last() {
                Some((last, _, _)) => garden.heap.checkpoint_after(last),
                None => garden.heap.checkpoint(),
            };
            all.push((
                checkpoint.expect("bags can be copied"),
                garden.view(),
                garden.held.clone(),
            ));
        }
        for _ in 0..20 {
            let (checkpoint, view, held) = &all[garden.chance.below(all.len())];
            garden.heap.restore(checkpoint).expect("its own");
            garden.held.clone_from(held);
            assert_eq!(&garden.view(), view);
            garden.grow(50);
        }
        garden.clear();
    }
}

#[test]
fn unchanged_chunks_are_shared() {
    let mut heap = Heap::new().expect("memory");
    let pairs: Vec<_> = (0..100_000)
        .map(|_| heap.new_pair(Value::NIL, Value::NIL).expect("memory"))
        .collect();
    let first = heap.checkpoint().expect("no hosts");
    assert_eq!(first.cost().shared_bytes, 0);
    heap.set_first(pairs[5], Value::bool(true)).expect("a pair");
    let second = heap.checkpoint_after(&first).expect("its own");
    let cost = second.cost();
    assert_eq!(cost.copied_bytes, 16 << 10);
    assert_eq!(cost.copied_bytes + cost.shared_bytes, first.bytes());
    heap.restore(&first).expect("its own");
    assert_eq!(heap.first(pairs[5]), Ok(Value::NIL));
    heap.restore(&second).expect("its own");
    assert_eq!(heap.first(pairs[5]), Ok(Value::bool(true)));
}

#[test]
fn memory_that_came_later_is_fresh_when_it_is_used_again() {
    let mut heap = Heap::new().expect("memory");
    let checkpoint = heap.checkpoint().expect("empty");
    for round in 0..3 {
        for _ in 0..2000 {
            heap.new_bytes(&[0xff; 1000]).expect("memory");
        }
        heap.new_bytes(&vec![0xff; 3_000_000]).expect("memory");
        heap.restore(&checkpoint).expect("its own");
        let array = heap.new_array().expect("memory");
        for number in 0..5000 {
            heap.push(array, Value::integer(number).expect("small"))
                .expect("memory");
        }
        assert_eq!(
            heap.item(array, 4999),
            Ok(Value::integer(4999).expect("small"))
        );
        assert_eq!(heap.stats().live_objects(), 1, "round {round}");
    }
}

#[test]
fn roots_go_back_as_far_as_they_can() {
    let mut heap = Heap::new().expect("memory");
    let old = heap.new_cell(Value::bool(true)).expect("memory");
    let dropped = heap.new_cell(Value::bool(false)).expect("memory");
    let (old_root, dropped_root) = (heap.root(old.into()), heap.root(dropped.into()));
    let before = heap.checkpoint().expect("no hosts");
    drop(dropped_root);
    let young = heap.new_cell(Value::NIL).expect("memory");
    let young_root = heap.root(young.into());
    let after = heap.checkpoint_after(&before).expect("its own");

    heap.restore(&before).expect("its own");
    assert_eq!(heap.rooted(&old_root), Ok(old.into()));
    let error = heap.rooted(&young_root).expect_err("younger");
    assert_eq!(error, HeapError::StaleRoot);
    assert!(error.to_string().contains("make it again"));
    // Nobody holds what the dropped root kept.
    assert_eq!(heap.stats().live_objects(), 1);

    heap.restore(&after).expect("its own");
    assert_eq!(heap.rooted(&young_root), Ok(young.into()));
    heap.restore(&before).expect("its own");
    drop(young_root);
    drop(old_root);
    heap.settle();
    assert_eq!(heap.stats().live_objects(), 0);
    assert_eq!(heap.stats().underflows, 0);
}

#[test]
fn a_number_that_has_another_root_now_is_no_excuse() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let first = heap.root(cell.into());
    let checkpoint = heap.checkpoint().expect("no hosts");
    drop(first);
    let second = heap.root(Value::bool(true));
    heap.restore(&checkpoint).expect("its own");
    assert_eq!(heap.rooted(&second), Err(HeapError::StaleRoot));
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn weak_references_and_finalizers_go_back() {
    let mut heap = Heap::new().expect("memory");
    let target = heap.new_cell(Value::NIL).expect("memory");
    let weak = heap.new_weak(target).expect("memory");
    heap.set_finalizer(target, Value::bool(true)).expect("held");
    let checkpoint = heap.checkpoint().expect("no hosts");
    for _ in 0..2 {
        heap.release(target.into());
        assert_eq!(heap.upgrade(weak), Ok(Value::NIL));
        let due = heap.next_finalization().expect("one");
        heap.release(due.object.into());
        assert_eq!(heap.stats().live_objects(), 1);
        heap.restore(&checkpoint).expect("its own");
        assert_eq!(heap.upgrade(weak), Ok(target.into()));
        heap.release(target.into());
    }
}

#[test]
fn shapes_and_what_instructions_remember_of_them_outlive_going_back() {
    let mut heap = Heap::new().expect("memory");
    let (x, y) = (heap.key("x"), heap.key("y"));
    let shape = heap.shape(2, &[x]).expect("room");
    let record = heap.new_record(shape).expect("memory");
    let checkpoint = heap.checkpoint().expect("no hosts");
    let mut cache = InlineCache::default();
    heap.set_field(record, y, Value::bool(true), &mut cache)
        .expect("room");
    heap.restore(&checkpoint).expect("its own");
    let mut other = InlineCache::default();
    assert_eq!(heap.field(record, y, &mut other), Ok(Value::NIL));
    heap.set_field(record, y, Value::bool(false), &mut cache)
        .expect("room");
    assert_eq!(heap.field(record, y, &mut cache), Ok(Value::bool(false)));
}

struct Socket;

impl HostObject for Socket {
    fn children(&self, _: &mut Visitor) {}
}

#[test]
fn host_objects_are_copied_or_refused() {
    let mut heap = Heap::new().expect("memory");
    let bag = heap.new_host(Box::new(Bag(Vec::new()))).expect("memory");
    let checkpoint = heap.checkpoint().expect("a bag can be copied");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let inside = heap.host_mut::<Bag>(bag).expect("a host").expect("a bag");
    inside.0.push(cell.into());
    heap.restore(&checkpoint).expect("its own");
    let inside = heap.host::<Bag>(bag).expect("a host").expect("a bag");
    assert!(inside.0.is_empty());

    let socket = heap.new_host(Box::new(Socket)).expect("memory");
    let error = heap.checkpoint().expect_err("a socket cannot");
    let object = Some(socket);
    assert_eq!(error, HeapError::HostObject { object });
    assert!(error.to_string().contains("HostObject::copy"));
}

#[test]
fn another_heap_is_refused() {
    let (one, mut other) = (Heap::new().expect("memory"), Heap::new().expect("memory"));
    let checkpoint = one.checkpoint().expect("empty");
    let error = other.restore(&checkpoint).expect_err("another's");
    assert_eq!(error, HeapError::ForeignCheckpoint);
    assert!(other.checkpoint_after(&checkpoint).is_err());
    assert!(error.to_string().contains("another heap"));
    assert!(format!("{checkpoint:?}").contains("Checkpoint"));
}

#[test]
fn a_series_keeps_the_last_few() {
    let mut heap = Heap::new().expect("memory");
    let mut series = Checkpoints::new(Pace {
        operations: 100,
        every: Duration::MAX,
        keep: 3,
        cost_percent_max: 100,
        ..Pace::DEFAULT
    });
    let array = heap.new_array().expect("memory");
    let mut made = 0;
    for number in 0..1000 {
        heap.push(array, Value::integer(number).expect("small"))
            .expect("memory");
        heap.new_cell(Value::NIL).expect("memory");
        made += usize::from(series.tend(&heap).expect("no hosts").is_some());
    }
    // Each round is an object and a call.
    assert!((19..=20).contains(&made), "{made}");
    let figures = series.figures();
    assert_eq!((figures.kept, figures.made), (3, made as u64));
    assert!(figures.bytes > 0 && figures.duration_max <= figures.duration);
    let lengths: Vec<_> = (0..3)
        .map(|_| {
            assert!(series.go_back(&mut heap, 0).expect("its own"));
            let length = heap.array_length(array).expect("an array");
            series.go_back(&mut heap, 1).expect("its own");
            length
        })
        .collect();
    assert_eq!(lengths[0] - lengths[1], 50);
    assert_eq!(series.iter().count(), 1);
    assert!(!series.go_back(&mut heap, 1).expect("nothing is done"));
}

#[test]
fn a_series_by_time_is_bounded_by_what_it_costs() {
    let mut heap = Heap::new().expect("memory");
    for _ in 0..100_000 {
        heap.new_cell(Value::NIL).expect("memory");
    }
    let pace = Pace {
        every: Duration::ZERO,
        cost_percent_max: 1,
        bytes_max: 1,
        ..Pace::DEFAULT
    };
    let mut series = Checkpoints::new(pace);
    let first = series.tend(&heap).expect("no hosts").expect("due");
    while series.tend(&heap).expect("no hosts").is_none() {}
    let figures = series.figures();
    assert_eq!((figures.made, figures.kept), (2, 1));
    assert!(figures.put_off > 0);
    assert_eq!(figures.copied_bytes, first.copied_bytes as u64);
}
