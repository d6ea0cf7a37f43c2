//! Slots, spans and their limits.

use bedplate_heap::{Heap, HeapError, Limits, Value};

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
