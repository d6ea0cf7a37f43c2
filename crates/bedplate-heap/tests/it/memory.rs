//! Slots, spans and their limits.

use bedplate_heap::{Heap, HeapError, InlineCache, Limits, Value};
use bedplate_os::budget::Budget;

#[test]
fn memory_is_used_again() {
    let limits = Limits {
        capacity_bytes: 1 << 20,
        ..Limits::DEFAULT
    };
    let mut heap = Heap::with(limits).expect("memory");
    for round in 0..200_usize {
        let bytes = heap.new_bytes(&vec![1; 40_000 + round * 977]);
        let cells: Vec<_> = (0..1000)
            .map(|_| heap.new_cell(Value::NIL).expect("memory"))
            .collect();
        heap.release(bytes.expect("memory").into());
        for cell in cells {
            heap.release(cell.into());
        }
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_full_heap_says_so_and_goes_on() {
    let limits = Limits {
        capacity_bytes: 1 << 20,
        ..Limits::DEFAULT
    };
    let mut heap = Heap::with(limits).expect("memory");
    let mut list = Value::NIL;
    let error = loop {
        match heap.new_pair(list, Value::NIL) {
            Ok(pair) => list = pair.into(),
            Err(error) => break error,
        }
    };
    let capacity_bytes = 1 << 20;
    assert_eq!(error, HeapError::Full { capacity_bytes });
    heap.release(list);
    heap.settle();
    assert_eq!(heap.stats().live_objects(), 0);
    assert!(heap.new_pair(Value::NIL, Value::NIL).is_ok());
}

#[test]
fn an_object_of_two_handles_and_a_word_takes_24_bytes() {
    let mut heap = Heap::new().expect("memory");
    let nodes: Vec<_> = (0..1000)
        .map(|_| heap.new_node([None, None], 0).expect("memory").index())
        .collect();
    let spread = nodes.iter().max().expect("some") - nodes.iter().min().expect("some");
    // In words; a chunk ends with what no slot fits into.
    assert!(spread < 1000 * 3 + 4, "{spread}");
}

#[test]
fn memory_grows_beyond_the_first_step() {
    let mut heap = Heap::new().expect("memory");
    let all: Vec<_> = (0..40_u8)
        .map(|byte| heap.new_bytes(&vec![byte; 300_000]).expect("memory"))
        .collect();
    for (byte, object) in (0..40_u8).zip(all) {
        let bytes = heap.bytes(object).expect("bytes");
        assert!(bytes.len() == 300_000 && bytes.iter().all(|b| *b == byte));
        heap.release(object.into());
    }
}

#[test]
fn a_heap_that_was_full_of_pairs_has_room_for_other_sizes() {
    let limits = Limits {
        capacity_bytes: 4 << 20,
        ..Limits::DEFAULT
    };
    let mut heap = Heap::with(limits).expect("memory");
    for _ in 0..3 {
        let mut list = Value::NIL;
        while let Ok(pair) = heap.new_pair(Value::NIL, list) {
            list = pair.into();
        }
        heap.release(list);
        heap.settle();
        assert_eq!(heap.stats().live_objects(), 0);
        let bytes = heap.new_bytes(&vec![7; 3 << 20]).expect("a span");
        let read = heap.bytes(bytes).expect("bytes");
        assert!(read.len() == 3 << 20 && read.iter().all(|byte| *byte == 7));
        let cell = heap.new_cell(Value::NIL).expect("a cell");
        let report = heap.verify_with([cell.into(), bytes.into()]);
        assert!(report.is_healthy(), "{report}");
        heap.release(cell.into());
        heap.release(bytes.into());
    }
}

#[test]
fn what_waits_for_the_collector_is_not_sought_in_a_chunk_that_became_anothers() {
    let limits = Limits {
        capacity_bytes: 1 << 20,
        automatic: false,
        ..Limits::DEFAULT
    };
    let mut heap = Heap::with(limits).expect("memory");
    let keep = heap.new_cell(Value::bool(true)).expect("memory");
    let mut pairs = Vec::new();
    while let Ok(pair) = heap.new_pair(Value::NIL, Value::NIL) {
        pairs.push(pair);
    }
    heap.release(pairs.pop().map_or(Value::NIL, Value::from));
    for pair in &pairs {
        heap.retain((*pair).into());
        heap.release((*pair).into());
    }
    heap.start_collection();
    heap.step_by(600);
    assert!(heap.stats().candidates > 0 && heap.is_collecting());
    for pair in pairs {
        heap.release(pair.into());
    }
    heap.settle();
    // Where pairs were lie bytes that look like a candidate with many references.
    let mut texts = Vec::new();
    while let Ok(bytes) = heap.new_bytes(&[0xff; 70]) {
        texts.push(bytes);
    }
    assert!(texts.len() > 5000, "{}", texts.len());
    while heap.step() {}
    heap.collect();
    let held = texts.iter().map(|bytes| Value::from(*bytes));
    let report = heap.verify_with(held.chain([keep.into()]));
    assert!(report.is_healthy(), "{report}");
    for bytes in texts {
        assert_eq!(heap.bytes(bytes).expect("bytes"), [0xff; 70]);
        heap.release(bytes.into());
    }
    assert_eq!(heap.cell(keep).expect("a cell"), Value::bool(true));
}

#[test]
fn shapes_take_what_their_fields_do_and_are_charged() {
    static BUDGET: Budget = Budget::new(4 << 20, u64::MAX);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    let empty = heap.shape(4, &[]).expect("a shape");
    let before = BUDGET.used_bytes();
    let record = heap.new_record(empty).expect("memory");
    for field in 0..4096 {
        let (key, value) = (heap.key(&format!("field {field}")), f64::from(field));
        let set = heap.set_field(
            record,
            key,
            Value::float(value),
            &mut InlineCache::default(),
        );
        set.expect("room");
    }
    // With all keys in each shape it were a hundred times as much.
    let charged = BUDGET.used_bytes() - before;
    assert!((4096..1 << 20).contains(&charged), "{charged}");
    let last = heap.key("field 4095");
    let read = heap.field(record, last, &mut InlineCache::default());
    assert_eq!(read, Ok(Value::float(4095.0)));
    // Others that go on from its shapes in other ways know nothing of its fields.
    let (first, second) = (heap.key("field 0"), heap.key("field 1"));
    let short = heap.shape(4, &[first, last]).expect("a shape");
    assert_eq!(heap.shape_keys(short), [first, last]);
    let other = heap.new_record(short).expect("memory");
    let read = heap.field(other, second, &mut InlineCache::default());
    assert_eq!(read, Ok(Value::NIL));
    // Ever new shapes meet the budget's end, and the heap goes on.
    let mut keys: Vec<_> = (0..4000)
        .map(|at| heap.key(&format!("other {at}")))
        .collect();
    let error = loop {
        keys.rotate_left(1);
        if let Err(error) = heap.shape(4, &keys) {
            break error;
        }
    };
    assert!(matches!(error, HeapError::Budget(_)), "{error}");
    assert!(heap.verify_with([record.into(), other.into()]).is_healthy());
    drop(heap);
    assert_eq!(BUDGET.used_bytes(), 0);
}

#[test]
fn names_are_charged_and_what_they_owe_the_next_shape_pays() {
    static BUDGET: Budget = Budget::new(2 << 20, u64::MAX);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    let before = BUDGET.used_bytes();
    let key = heap.key(&"long".repeat(1000));
    let charged = BUDGET.used_bytes() - before;
    assert!((4000..8000).contains(&charged), "{charged}");
    assert_eq!(heap.key(&"long".repeat(1000)), key);
    assert_eq!(BUDGET.used_bytes() - before, charged);
    // Names never fail; a shape does.
    let room = (2 << 20) - BUDGET.used_bytes();
    BUDGET.charge(room).expect("room");
    let other = heap.key("another");
    BUDGET.release(100);
    let refused = heap.shape(4, &[key, other]);
    assert!(matches!(refused, Err(HeapError::Budget(_))));
    BUDGET.release(room - 100);
    assert!(heap.shape(4, &[key, other]).is_ok());
    drop(heap);
    assert_eq!(BUDGET.used_bytes(), 0);
}

/// A list of pairs and a long text.
fn much(heap: &mut Heap) -> [Value; 2] {
    let mut list = Value::NIL;
    for _ in 0..100_000 {
        list = heap.new_pair(Value::NIL, list).expect("memory").into();
    }
    let text = heap.new_bytes(&vec![7; 2 << 20]).expect("memory");
    [list, text.into()]
}

#[test]
fn free_memory_goes_back_to_the_kernel_and_to_the_budget() {
    static BUDGET: Budget = Budget::new(32 << 20, u64::MAX);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    let keep = heap.new_cell(Value::bool(true)).expect("memory");
    let values = much(&mut heap);
    let point = heap.checkpoint().expect("no host objects");
    let full = BUDGET.used_bytes();
    for _ in 0..3 {
        for value in values {
            heap.release(value);
        }
        heap.settle();
        let given = heap.trim() as u64;
        assert!(given > 3 << 20, "{given}");
        assert_eq!(heap.stats().given_back_bytes, given);
        assert_eq!(BUDGET.used_bytes(), full - given);
        assert_eq!(heap.trim(), 0);
        assert_eq!(heap.cell(keep), Ok(Value::bool(true)));
        assert!(heap.verify_with([keep.into()]).is_healthy());
        // Used again it is charged again.
        let again = much(&mut heap);
        assert!(heap.stats().given_back_bytes < given - (3 << 20));
        let given = heap.stats().given_back_bytes;
        assert_eq!(BUDGET.used_bytes(), full - given);
        again.into_iter().for_each(|value| heap.release(value));
        heap.settle();
        heap.trim();
        // And so is what a checkpoint brings back.
        heap.restore(&point).expect("room");
        let held = values.into_iter().chain([keep.into()]);
        assert!(heap.verify_with(held).is_healthy());
        assert_eq!(BUDGET.used_bytes(), full - heap.stats().given_back_bytes);
    }
    drop(heap);
    assert_eq!(BUDGET.used_bytes(), 0);
}

#[test]
fn a_budget_that_others_used_meanwhile_is_no_harm() {
    static BUDGET: Budget = Budget::new(16 << 20, u64::MAX);
    let mut heap = Heap::charged(Limits::DEFAULT, &BUDGET).expect("memory");
    let [list, text] = much(&mut heap);
    let point = heap.checkpoint().expect("no host objects");
    heap.release(text);
    heap.release(list);
    heap.settle();
    assert!(heap.trim() > 3 << 20);
    let others = 16 << 20;
    let others = others - BUDGET.used_bytes();
    BUDGET.charge(others).expect("room");
    assert!(heap.new_bytes(&vec![7; 2 << 20]).is_err());
    assert!(matches!(heap.restore(&point), Err(HeapError::Budget(_))));
    assert!(heap.verify_with([]).is_healthy());
    BUDGET.release(others);
    assert!(heap.new_bytes(&vec![7; 2 << 20]).is_ok());
    heap.restore(&point).expect("room");
    assert!(heap.verify_with([list, text]).is_healthy());
}

#[test]
fn a_heap_that_is_asked_for_relief_gives_memory_back() {
    let mut heap = Heap::new().expect("memory");
    for value in much(&mut heap) {
        heap.release(value);
    }
    heap.relief().ask();
    while heap.step() {}
    assert!(heap.stats().given_back_bytes > 3 << 20);
}

#[test]
fn what_is_free_from_one_pass_to_the_next_is_given_back_in_pieces() {
    let mut heap = Heap::new().expect("memory");
    let [list, text] = much(&mut heap);
    heap.release(text);
    heap.collect();
    for _ in 0..1000 {
        heap.step();
    }
    // It was needed since the pass before.
    assert_eq!(heap.stats().given_back_bytes, 0);
    heap.collect();
    heap.step();
    let piece = heap.stats().given_back_bytes;
    assert!(piece > 0 && piece <= 256 << 10, "{piece}");
    for _ in 0..1000 {
        heap.step();
    }
    assert!(heap.stats().given_back_bytes >= 2 << 20);
    assert!(heap.verify_with([list]).is_healthy());
    heap.release(list);
}
