//! What a heap counts, times and tells while it works.

use crate::triggers::{drop_ring, pair};
use bedplate_heap::{
    Crossing, Heap, History, Kind, Limits, Stats, Thresholds, Trigger, Value, Work,
};

/// The figures agree with each other and with a walk over the heap in which nothing waits.
fn check(heap: &Heap) -> Stats {
    let stats = heap.stats();
    assert_eq!(stats.allocated_by_kind.total(), stats.allocated_objects);
    assert_eq!(stats.freed_by_kind.total(), stats.freed_objects);
    let mut counted: Vec<(Kind, u64)> = heap
        .census()
        .kinds
        .iter()
        .map(|row| (row.kind, row.objects))
        .collect();
    counted.sort_by_key(|(kind, _)| *kind as u8);
    let told: Vec<(Kind, u64)> = stats.live_by_kind().iter().collect();
    assert_eq!(told, counted);
    stats
}

#[test]
fn objects_are_counted_by_kind_when_they_are_made_and_freed() {
    let mut heap = Heap::new().expect("memory");
    let weak_to = pair(&mut heap);
    let key = heap.key("field");
    let shape = heap.shape(1, &[key]).expect("a shape");
    let long = heap.new_integer(i64::MAX).expect("memory");
    let values = vec![
        heap.new_cell(Value::NIL).expect("memory").into(),
        long,
        heap.new_node([None, None], 0).expect("memory").into(),
        heap.new_record(shape).expect("memory").into(),
        heap.new_array().expect("memory").into(),
        heap.new_closure(1, &[Value::NIL]).expect("memory").into(),
        heap.new_bytes(&[1; 100]).expect("memory").into(),
        heap.new_weak(weak_to).expect("memory").into(),
        heap.new_table().expect("memory").into(),
    ];
    let stats = check(&heap);
    assert_eq!(stats.allocated_by_kind.iter().count(), 10);
    let made = stats.allocated_by_kind;
    assert!(made.iter().all(|(_, count)| count == 1));
    // Some by the way of plain objects, some by the list, some as garbage of a trial.
    for value in values {
        heap.release(value);
        check(&heap);
    }
    heap.release(weak_to.into());
    drop_ring(&mut heap, 3);
    heap.collect();
    let stats = check(&heap);
    assert_eq!(stats.live_objects(), 0);
    assert_eq!(stats.freed_by_kind.of(Kind::Pair), 4);
    assert_eq!(stats.freed_by_kind.of(Kind::Table), 1);
    assert_eq!(stats.freed_by_kind.of(Kind::Buffer), 0);
}

#[test]
fn counts_by_kind_go_back_to_a_checkpoint_with_the_heap() {
    let mut heap = Heap::new().expect("memory");
    let kept = pair(&mut heap);
    let checkpoint = heap.checkpoint().expect("no host objects");
    heap.new_cell(kept.into()).expect("memory");
    assert_eq!(check(&heap).live_by_kind().of(Kind::Cell), 1);
    heap.restore(&checkpoint).expect("its own");
    let stats = check(&heap);
    assert_eq!(stats, checkpoint.stats());
    assert_eq!(stats.live_by_kind().of(Kind::Cell), 0);
}

#[test]
fn what_began_a_collection_is_told() {
    let mut heap = Heap::new().expect("memory");
    assert_eq!(heap.stats().last_trigger, None);
    for _ in 0..1000 {
        drop_ring(&mut heap, 3);
    }
    let stats = heap.stats();
    assert_eq!(stats.last_trigger, Some(Trigger::Candidates));
    assert_eq!(stats.triggers.of(Trigger::Candidates), stats.trials);
    // Each ring is a structure of its own, found once.
    assert_eq!(stats.cycles * 3, stats.cycle_objects);
    assert!(stats.tried >= stats.cycles);
    heap.collect();
    assert_eq!(heap.stats().last_trigger, Some(Trigger::Host));
    let told: Vec<&str> = heap
        .stats()
        .triggers
        .iter()
        .map(|(why, _)| why.name())
        .collect();
    assert_eq!(told, ["candidates", "host"]);
    // A ring that no decrement tells of.
    let lost = pair(&mut heap);
    heap.set_first(lost, lost.into()).expect("a pair");
    heap.relief().ask();
    while heap.step() {}
    let stats = heap.stats();
    assert_eq!(stats.last_trigger, Some(Trigger::Relief));
    assert_eq!(
        stats.last_trigger.map(|why| why.to_string()).as_deref(),
        Some("memory was short")
    );
    assert_eq!(stats.live_objects(), 0);
}

#[test]
fn growth_and_allocations_are_told_as_reasons() {
    let mut heap = Heap::with(Limits {
        growth_min_bytes: 64 << 10,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let mut list = pair(&mut heap);
    for _ in 0..100_000 {
        list = heap.new_pair(list.into(), Value::NIL).expect("memory");
    }
    let stats = heap.stats();
    assert!(stats.triggers.of(Trigger::Untold) > 0, "{stats:?}");
    assert_eq!(stats.triggers.of(Trigger::Candidates), 0);
    heap.release(list.into());
    let mut each = Heap::with(Limits {
        collect_each: 10,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let mut kept = Vec::new();
    for number in 0..100 {
        kept.push(match number % 3 {
            0 => pair(&mut each).into(),
            1 => each.new_cell(Value::NIL).expect("memory").into(),
            _ => each.new_integer(i64::MIN).expect("memory"),
        });
    }
    // Before the first, and after each ten.
    assert_eq!(each.stats().triggers.of(Trigger::Each), 10);
    for value in kept {
        each.release(value);
    }
}

#[test]
fn pieces_of_work_are_timed_and_small_ones_are_not() {
    let mut heap = Heap::new().expect("memory");
    let mut list = pair(&mut heap);
    for _ in 0..100_000 {
        list = heap.new_pair(list.into(), Value::NIL).expect("memory");
    }
    let array = heap.new_array().expect("memory");
    heap.release(array.into());
    assert_eq!(heap.pauses(Work::Release).count(), 0);
    heap.release(list.into());
    assert_eq!(heap.pauses(Work::Release).count(), 1);
    heap.settle();
    assert_eq!(heap.pauses(Work::Collection).count(), 1);
    for _ in 0..1000 {
        drop_ring(&mut heap, 3);
    }
    let trials = heap.pauses(Work::Trial);
    assert_eq!(trials.count(), heap.stats().trials);
    assert!(trials.longest() <= trials.total() && trials.within(500) <= trials.longest());
    heap.start_collection();
    while heap.is_collecting() {
        heap.step_by(100);
    }
    assert!(heap.pauses(Work::Pass).count() > 0);
    assert!(heap.gauges().longest_pause >= heap.pauses(Work::Trial).longest());
    let json = serde_json::to_value(heap.pauses(Work::Trial)).expect("data");
    assert_eq!(json["count"], heap.stats().trials);
}

#[test]
fn what_floats_is_told_exactly_and_guessed() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let held = pair(&mut heap);
    for _ in 0..100 {
        drop_ring(&mut heap, 5);
    }
    let floating = heap.floating();
    assert_eq!((floating.objects, floating.bytes), (500, 500 * 24));
    // Nothing was tried: one object for each that waits.
    assert_eq!(heap.gauges().floating_objects, 100);
    assert_eq!(heap.gauges().waiting, 100);
    while heap.step() {}
    assert_eq!(heap.floating(), bedplate_heap::Floating::default());
    assert_eq!(heap.gauges().floating_bytes, 0);
    for _ in 0..100 {
        drop_ring(&mut heap, 5);
    }
    // It learned that there are five for each.
    let guessed = heap.gauges().floating_objects;
    assert!((400..=500).contains(&guessed), "{guessed}");
    assert!(heap.gauges().floating_bytes > 0);
    // Half way through a collection the same floats.
    heap.start_collection();
    for _ in 0..7 {
        heap.step_by(3);
    }
    assert!(heap.floating().objects <= 500);
    heap.collect();
    assert_eq!(heap.floating().objects, 0);
    heap.release(held.into());
}

#[test]
fn a_heap_notes_what_crosses_its_thresholds_once() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory");
    heap.set_thresholds(
        Thresholds::new()
            .with_floating_bytes_max(1000)
            .with_health_min(0.99),
    );
    heap.observe();
    assert_eq!(heap.take_crossings(), []);
    for _ in 0..1000 {
        drop_ring(&mut heap, 2);
    }
    let gauges = heap.observe();
    heap.observe();
    let told = heap.take_crossings();
    assert_eq!(
        told,
        [Crossing::Floating {
            found: gauges.floating_bytes,
            max: 1000
        }]
    );
    let problem = told[0].problem();
    assert_eq!(problem.id, "heap-floating");
    assert!(problem.to_string().contains("call step"), "{problem}");
    heap.collect();
    heap.observe();
    // Given back once too often: that is what the quick check sees.
    let lost = pair(&mut heap);
    heap.release(lost.into());
    heap.release(lost.into());
    assert!(heap.observe().health < 0.99);
    let told = heap.take_crossings();
    assert!(
        matches!(told.as_slice(), [Crossing::Health { .. }]),
        "{told:?}"
    );
    assert_eq!(heap.take_crossings(), []);
}

#[test]
fn gauges_see_a_healthy_heap_wherever_it_is_at_work() {
    let mut heap = Heap::with(Limits {
        pass_steps: 7,
        pass_events: 1,
        release_steps: 16,
        candidates_max: 3,
        candidates_min: 1,
        trial_objects: 16,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let mut kept = Vec::new();
    for round in 0..300_usize {
        drop_ring(&mut heap, 2 + round % 40);
        let array = heap.new_array().expect("memory");
        for _ in 0..round % 60 {
            let inner = pair(&mut heap);
            heap.push(array, inner.into()).expect("an array");
        }
        kept.push(array);
        if round % 3 == 0 {
            heap.release(kept.swap_remove(round % kept.len()).into());
        }
        if round % 50 == 0 {
            heap.start_collection();
        }
        let gauges = heap.observe();
        assert!(gauges.health >= 1.0, "{gauges:?}");
        assert!(gauges.committed_bytes >= gauges.bytes);
    }
    for array in kept {
        heap.release(array.into());
    }
    heap.collect();
    assert_eq!(check(&heap).live_objects(), 0);
}

#[test]
fn a_history_is_data_too() {
    let mut heap = Heap::new().expect("memory");
    let mut history = History::new(Thresholds::new());
    let list = heap.new_array().expect("memory");
    for look in 0..5_u64 {
        for _ in 0..10 {
            let cell = heap.new_cell(Value::NIL).expect("memory");
            heap.push(list, cell.into()).expect("an array");
        }
        assert_eq!(history.look(&heap, look * 1_000_000_000), []);
    }
    let json = serde_json::to_value(&history).expect("data");
    let last = &json["looks"][4];
    assert_eq!(last["stats"]["allocated_by_kind"]["cell"], 50);
    assert_eq!(last["gauges"]["live_objects"], 51);
    assert_eq!(last["census"]["kinds"][0]["kind"], "cell");
    assert!(
        last["made_per_second"]
            .as_f64()
            .is_some_and(|rate| (rate - 10.0).abs() < 0.1)
    );
    let mut svg = String::new();
    history.write_svg(&mut svg).expect("a string");
    assert_eq!(svg.matches("<polyline").count(), 2);
    assert!(svg.contains(">floating</text>") && svg.contains("objects, most 51"));
    heap.release(list.into());
}
