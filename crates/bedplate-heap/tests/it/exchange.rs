//! Graphs between heaps and threads.

use bedplate_heap::{
    Frozen, Heap, HeapError, HostObject, InlineCache, Item, Kind, Ref, TablePosition, Value,
    Visitor,
};
use std::thread;

#[test]
fn heaps_are_sent_and_frozen_graphs_are_shared() {
    const fn sent<T: Send>() {}
    const fn shared<T: Send + Sync>() {}
    sent::<Heap>();
    shared::<bedplate_heap::Parcel>();
    shared::<Frozen>();
}

/// One of each kind that can be moved, in a ring with itself.
fn everything(heap: &mut Heap) -> Ref {
    let [name, ring] = ["name", "ring"].map(|name| heap.key(name));
    let shape = heap.shape(1, &[name, ring]).expect("a shape");
    let record = heap.new_record(shape).expect("memory");
    let array = heap.new_array().expect("memory");
    let long = heap.new_integer(i64::MAX).expect("memory");
    let text = heap.new_text("longer than five").expect("memory");
    let bytes = heap.new_bytes(&[0xff, 0, 1]).expect("memory");
    let cell = heap.new_cell(long).expect("memory");
    let pair = heap.new_pair(text, cell.into()).expect("memory");
    let node = heap.new_node([Some(pair), None], 42).expect("memory");
    heap.retain(cell.into());
    let closure = heap
        .new_closure(9, &[cell.into(), Value::float(0.5)])
        .expect("memory");
    let table = heap.new_table().expect("memory");
    let key = heap.new_text("another long text").expect("memory");
    heap.set(table, key, closure.into()).expect("a table");
    heap.retain(node.into());
    heap.set_meta(table, Some(node)).expect("a table");
    let weak = heap.new_weak(pair).expect("memory");
    for value in [node, bytes, table, weak] {
        heap.push(array, value.into()).expect("an array");
    }
    let mut caches = [InlineCache::default(); 2];
    let items = array.into();
    heap.set_field(record, name, items, &mut caches[0])
        .expect("a record");
    heap.retain(record.into());
    heap.set_field(record, ring, record.into(), &mut caches[1])
        .expect("a record");
    record
}

fn field(heap: &mut Heap, record: Ref, name: &str) -> Ref {
    let key = heap.key(name);
    let value = heap.field(record, key, &mut InlineCache::default());
    value.expect("a record").as_object().expect("an object")
}

/// That a graph is what [`everything`] made.
fn check(heap: &mut Heap, record: Ref) {
    assert_eq!(field(heap, record, "ring"), record);
    let array = field(heap, record, "name");
    let items: Vec<Ref> = (0..4)
        .map(|at| {
            heap.item(array, at)
                .expect("four")
                .as_object()
                .expect("an object")
        })
        .collect();
    let [node, bytes, table, weak] = items[..] else {
        panic!("four items")
    };
    let ([pair, none], word) = heap.node(node).expect("a node");
    let pair = pair.expect("a pair");
    assert_eq!((none, word), (None, 42));
    let text = heap.first(pair).expect("a pair").as_object().expect("text");
    assert_eq!(heap.long_text(text), Ok(Some("longer than five")));
    let cell = heap
        .second(pair)
        .expect("a pair")
        .as_object()
        .expect("a cell");
    let long = heap.cell(cell).expect("a cell").as_object().expect("long");
    assert_eq!(heap.integer(long), Ok(i64::MAX));
    assert_eq!(heap.bytes(bytes), Ok([0xff, 0, 1].as_slice()));
    assert_eq!(heap.meta(table), Ok(Some(node)));
    let entry = heap.next_entry(table, TablePosition::default());
    let (_, key, closure) = entry.expect("a table").expect("an entry");
    assert_eq!(heap.get(table, key), Ok(closure));
    let closure = closure.as_object().expect("a closure");
    assert_eq!(heap.closure(closure), Ok((9, 2)));
    assert_eq!(heap.captured(closure, 0), Ok(cell.into()));
    assert_eq!(heap.captured(closure, 1), Ok(Value::float(0.5)));
    let upgraded = heap.upgrade(weak).expect("weak");
    assert_eq!(upgraded, pair.into());
    heap.release(upgraded);
    assert!(heap.verify_with([record.into()]).is_healthy());
}

#[test]
fn a_graph_of_all_kinds_moves_to_a_heap_on_another_thread() {
    let mut heap = Heap::new().expect("memory");
    let record = everything(&mut heap);
    check(&mut heap, record);
    let live = heap.stats().live_objects();
    let parcel = heap.move_out(record.into()).expect("it is closed");
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
    assert_eq!(parcel.len() as u64, live);
    let left = thread::spawn(move || {
        let mut heap = Heap::new().expect("memory");
        let record = heap.unpack(&parcel).expect("memory");
        let record = record.as_object().expect("a record");
        check(&mut heap, record);
        heap.release(record.into());
        heap.collect();
        heap.stats().live_objects()
    });
    assert_eq!(left.join().expect("no panic"), 0);
}

#[test]
fn a_graph_that_something_else_holds_is_not_moved_but_copied() {
    let mut heap = Heap::new().expect("memory");
    let shared = heap.new_cell(Value::bool(true)).expect("memory");
    heap.retain(shared.into());
    let pair = heap.new_pair(shared.into(), Value::NIL).expect("memory");
    let error = heap.move_out(pair.into()).expect_err("we hold the cell");
    assert_eq!(error, HeapError::NotClosed { object: shared });
    assert!(error.to_string().contains("or copy the graph"));
    assert_eq!(heap.count(pair), 1);
    let parcel = heap.copy_out(pair.into()).expect("no host object");
    heap.release(pair.into());
    let copy = heap.unpack(&parcel).expect("memory");
    let copy = copy.as_object().expect("a pair");
    let cell = heap.first(copy).expect("a pair").as_object();
    assert_ne!(cell, Some(shared));
    assert_eq!(cell.map(|cell| heap.count(cell)), Some(1));
    for object in [copy, shared] {
        heap.release(object.into());
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

/// Stays where it is.
struct Socket;

impl HostObject for Socket {
    fn children(&self, _: &mut Visitor) {}
}

#[test]
fn objects_of_the_host_and_those_with_finalizers_stay() {
    let mut heap = Heap::new().expect("memory");
    let host = heap.new_host(Box::new(Socket)).expect("memory");
    let cell = heap.new_cell(host.into()).expect("memory");
    let error = heap.move_out(cell.into()).expect_err("the host's");
    assert_eq!(error, HeapError::NotMovable { object: Some(host) });
    heap.set_cell(cell, Value::NIL).expect("a cell");
    heap.set_finalizer(cell, Value::bool(true)).expect("alive");
    let error = heap.copy_out(cell.into()).expect_err("a finalizer");
    assert_eq!(error, HeapError::NotMovable { object: Some(cell) });
    assert!(error.to_string().contains("stay with their heap"));
}

#[test]
fn plain_values_and_dead_weak_references_are_packed_too() {
    let mut heap = Heap::new().expect("memory");
    let parcel = heap.move_out(Value::float(1.5)).expect("no object");
    assert!(parcel.is_empty());
    assert_eq!(heap.unpack(&parcel), Ok(Value::float(1.5)));
    let target = heap.new_cell(Value::NIL).expect("memory");
    let weak = heap.new_weak(target).expect("memory");
    // Its object is alive, and not in the graph.
    let parcel = heap.copy_out(weak.into()).expect("a weak reference");
    let copy = heap.unpack(&parcel).expect("memory");
    let copy = copy.as_object().expect("a weak reference");
    assert_eq!(heap.upgrade(copy), Ok(Value::NIL));
    heap.release(target.into());
    let error = heap.copy_out(target.into()).expect_err("freed");
    assert!(matches!(
        error,
        HeapError::Kind {
            found: Kind::Free,
            ..
        }
    ));
}

#[test]
fn a_heap_that_is_full_gives_back_what_it_made() {
    let mut heap = Heap::new().expect("memory");
    let array = heap.new_array().expect("memory");
    for _ in 0..100_000 {
        let cell = heap.new_cell(Value::NIL).expect("memory");
        heap.push(array, cell.into()).expect("an array");
    }
    let parcel = heap.move_out(array.into()).expect("it is closed");
    let limits = bedplate_heap::Limits {
        capacity_bytes: 1 << 20,
        ..bedplate_heap::Limits::DEFAULT
    };
    let mut small = Heap::with(limits).expect("memory");
    let error = small.unpack(&parcel).expect_err("1 MiB is too little");
    assert!(matches!(error, HeapError::Full { .. }));
    small.settle();
    assert_eq!(small.stats().live_objects(), 0);
}

#[test]
fn a_list_of_100_000_is_moved_on_a_small_stack() {
    let run = || {
        let mut heap = Heap::new().expect("memory");
        let mut list = Value::NIL;
        for _ in 0..100_000 {
            list = heap
                .new_pair(Value::bool(true), list)
                .expect("memory")
                .into();
        }
        let parcel = heap.move_out(list).expect("it is closed");
        heap.settle();
        assert_eq!(heap.stats().live_objects(), 0);
        let list = heap.unpack(&parcel).expect("memory");
        assert_eq!(heap.stats().live_objects(), 100_000);
        heap.release(list);
        heap.settle();
        assert_eq!(heap.stats().live_objects(), 0);
    };
    let thread = thread::Builder::new().stack_size(64 << 10).spawn(run);
    thread.expect("a thread").join().expect("no panic");
}

#[test]
fn threads_read_a_frozen_graph_and_heaps_refer_to_it() {
    let mut heap = Heap::new().expect("memory");
    let record = everything(&mut heap);
    let graph = Frozen::new(heap.move_out(record.into()).expect("it is closed"));
    let readers = [(); 4].map(|()| {
        let graph = graph.clone();
        thread::spawn(move || {
            let mut heap = Heap::new().expect("memory");
            let Item::Object(record) = graph.root() else {
                panic!("a record was frozen")
            };
            assert_eq!(graph.kind(record), Kind::Record);
            assert_eq!(graph.field(record, "ring"), Some(Item::Object(record)));
            assert_eq!(graph.field(record, "none"), None);
            let Some(Item::Object(array)) = graph.field(record, "name") else {
                panic!("an array")
            };
            let Some(Item::Object(bytes)) = graph.item(array, 1) else {
                panic!("bytes")
            };
            assert_eq!(graph.bytes(bytes), Some([0xff, 0, 1].as_slice()));
            assert_eq!(graph.item(array, 4), None);
            let Some(Item::Object(node)) = graph.item(array, 0) else {
                panic!("a node")
            };
            assert_eq!(graph.number(node), Some(42));
            let held = heap.new_frozen(&graph, array).expect("memory");
            drop(graph);
            let checkpoint = heap.checkpoint().expect("a frozen graph is copied");
            heap.release(held.into());
            heap.restore(&checkpoint).expect("its own");
            let (graph, place) = heap.frozen(held).expect("alive").expect("frozen");
            assert_eq!(place, array);
            let own = graph.parcel().clone();
            let record = heap.unpack(&own).expect("memory");
            heap.release(record);
            heap.release(held.into());
            heap.collect();
            heap.stats().live_objects()
        })
    });
    drop(graph);
    for reader in readers {
        assert_eq!(reader.join().expect("no panic"), 0);
    }
}
