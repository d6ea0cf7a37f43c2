//! What each kind holds.

use bedplate_heap::{
    Heap, HeapError, HostObject, InlineCache, Kind, Ref, TablePosition, Value, View, Visitor,
};

fn heap() -> Heap {
    Heap::new().expect("memory")
}

fn number(number: i64) -> Value {
    Value::integer(number).expect("small")
}

fn ends_empty(heap: &Heap) {
    assert_eq!(heap.stats().live_objects(), 0);
    assert_eq!(heap.stats().underflows, 0);
}

#[test]
fn a_wide_integer_is_an_object() {
    let mut heap = heap();
    assert_eq!(heap.new_integer(5), Ok(number(5)));
    let wide = heap.new_integer(i64::MIN).expect("memory");
    let object = wide.as_object().expect("an object");
    assert_eq!(heap.integer(object), Ok(i64::MIN));
    heap.release(wide);
    ends_empty(&heap);
}

#[test]
fn a_handle_of_another_kind_or_freed_is_an_error() {
    let mut heap = heap();
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let error = heap.first(cell).expect_err("a cell");
    assert!(error.to_string().contains("it is a Cell"), "{error}");
    heap.release(cell.into());
    assert_eq!(heap.kind(cell), Kind::Free);
    assert!(heap.cell(cell).is_err());
}

#[test]
fn a_pair_releases_what_it_held() {
    let mut heap = heap();
    let inner = heap.new_pair(number(1), number(2)).expect("memory");
    let pair = heap.new_pair(inner.into(), Value::NIL).expect("memory");
    heap.set_first(pair, number(3)).expect("a pair");
    assert_eq!(heap.kind(inner), Kind::Free);
    heap.set_second(pair, number(4)).expect("a pair");
    assert_eq!(heap.first(pair), Ok(number(3)));
    assert_eq!(heap.second(pair), Ok(number(4)));
    heap.release(pair.into());
    ends_empty(&heap);
}

#[test]
fn a_node_holds_two_handles_and_a_word() {
    let mut heap = heap();
    let left = heap.new_node([None, None], 1).expect("memory");
    let right = heap.new_node([None, None], 2).expect("memory");
    let node = heap
        .new_node([Some(left), Some(right)], u64::MAX)
        .expect("memory");
    assert_eq!(heap.node(node), Ok(([Some(left), Some(right)], u64::MAX)));
    heap.retain(right.into());
    heap.set_node(node, [None, Some(right)]).expect("a node");
    assert_eq!(heap.kind(left), Kind::Free);
    heap.release(node.into());
    ends_empty(&heap);
}

#[test]
fn a_closure_keeps_what_it_captured() {
    let mut heap = heap();
    let cell = heap.new_cell(number(1)).expect("memory");
    let closure = heap.new_closure(9, &[cell.into(), number(2)]);
    let closure = closure.expect("memory");
    assert_eq!(heap.closure(closure), Ok((9, 2)));
    assert_eq!(heap.captured(closure, 0), Ok(cell.into()));
    let error = heap.captured(closure, 2).expect_err("behind the end");
    assert_eq!(error.to_string(), "failed to index 2: there are 2");
    heap.set_captured(closure, 1, number(3)).expect("there");
    assert_eq!(heap.captured(closure, 1), Ok(number(3)));
    assert!(heap.new_closure(0, &vec![Value::NIL; 5000]).is_err());
    heap.release(closure.into());
    ends_empty(&heap);
}

#[test]
fn bytes_and_texts_of_every_length_come_back() {
    let mut heap = heap();
    for length in (0..100).chain([1000, 8176, 8177, 16_384, 100_000]) {
        let bytes: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
        let object = heap.new_bytes(&bytes).expect("memory");
        assert_eq!(heap.bytes(object), Ok(&bytes[..]));
        assert_eq!(heap.long_text(object), Ok(None));
        heap.release(object.into());
        let text = "z".repeat(length);
        let value = heap.new_text(&text).expect("memory");
        match value.view() {
            View::Text(short) => assert_eq!(short.bytes(), text.as_bytes()),
            View::Object(object) => assert_eq!(heap.long_text(object), Ok(Some(&*text))),
            other => panic!("{other:?}"),
        }
        heap.release(value);
    }
    ends_empty(&heap);
}

#[test]
fn an_array_grows_and_shrinks_at_its_end() {
    let mut heap = heap();
    let array = heap.new_array().expect("memory");
    for index in 0..5000 {
        let cell = heap.new_cell(number(index)).expect("memory");
        heap.push(array, cell.into()).expect("memory");
    }
    assert_eq!(heap.array_length(array), Ok(5000));
    heap.set_item(array, 17, number(17)).expect("there");
    assert_eq!(heap.item(array, 17), Ok(number(17)));
    assert!(heap.item(array, 5000).is_err());
    for index in (1000..5000).rev() {
        let value = heap.pop(array).expect("an array").expect("not empty");
        let cell = value.as_object().expect("a cell");
        assert_eq!(heap.cell(cell), Ok(number(index)));
        heap.release(value);
    }
    heap.release(array.into());
    heap.settle();
    ends_empty(&heap);
    let empty = heap.new_array().expect("memory");
    assert_eq!(heap.pop(empty), Ok(None));
}

#[test]
fn records_that_add_the_same_fields_share_a_shape() {
    let mut heap = heap();
    let keys = ["x", "y", "z", "w"].map(|name| heap.key(name));
    assert_eq!(heap.key("x"), keys[0]);
    assert_eq!(heap.key_name(keys[1]), Some("y"));
    let empty = heap.shape(2, &[]).expect("room");
    let records = [0, 1].map(|_| heap.new_record(empty).expect("memory"));
    for record in records {
        for (key, value) in keys.iter().zip(10..) {
            let cache = &mut InlineCache::default();
            heap.set_field(record, *key, number(value), cache)
                .expect("memory");
        }
    }
    let [one, other] = records;
    assert_eq!(heap.shape_of(one), heap.shape_of(other));
    let shape = heap.shape_of(one).expect("a record");
    assert_eq!(heap.shape_keys(shape), keys);
    for (key, value) in keys.iter().zip(10..) {
        let cache = &mut InlineCache::default();
        // The second time the cache knows.
        assert_eq!(heap.field(one, *key, cache), Ok(number(value)));
        assert_eq!(heap.field(other, *key, cache), Ok(number(value)));
    }
    let unknown = heap.key("unknown");
    let cache = &mut InlineCache::default();
    assert_eq!(heap.field(one, unknown, cache), Ok(Value::NIL));
    heap.release(one.into());
    heap.release(other.into());
    ends_empty(&heap);
}

#[test]
fn a_cache_that_met_another_shape_finds_the_place_again() {
    let mut heap = heap();
    let (x, y) = (heap.key("x"), heap.key("y"));
    let shapes = [[x, y], [y, x]].map(|keys| heap.shape(2, &keys).expect("room"));
    let cache = &mut InlineCache::default();
    for _ in 0..3 {
        for shape in shapes {
            let record = heap.new_record(shape).expect("memory");
            heap.set_field(record, x, number(1), cache).expect("there");
            assert_eq!(heap.field(record, x, cache), Ok(number(1)));
            let other = &mut InlineCache::default();
            assert_eq!(heap.field(record, y, other), Ok(Value::NIL));
            heap.release(record.into());
        }
    }
    ends_empty(&heap);
}

#[test]
fn a_record_of_many_fields_keeps_and_releases_them() {
    let mut heap = heap();
    let keys: Vec<_> = (0..300).map(|n| heap.key(&n.to_string())).collect();
    let shape = heap.shape(4, &[]).expect("room");
    let record = heap.new_record(shape).expect("memory");
    for key in &keys {
        let cell = heap.new_cell(Value::NIL).expect("memory");
        let cache = &mut InlineCache::default();
        heap.set_field(record, *key, cell.into(), cache)
            .expect("memory");
    }
    assert_eq!(heap.stats().live_objects(), 301);
    let full = heap.shape_of(record).expect("a record");
    let copy = heap.new_record(full).expect("memory");
    heap.release(record.into());
    heap.release(copy.into());
    ends_empty(&heap);
}

#[test]
fn a_table_finds_equal_keys() {
    let mut heap = heap();
    let table = heap.new_table().expect("memory");
    heap.set(table, Value::float(3.0), number(1))
        .expect("memory");
    assert_eq!(heap.get(table, number(3)), Ok(number(1)));
    let text = heap.new_text("a longer text").expect("memory");
    let same = heap.new_text("a longer text").expect("memory");
    heap.set(table, text, number(2)).expect("memory");
    assert_eq!(heap.get(table, same), Ok(number(2)));
    let bytes = heap.new_bytes(b"a longer text").expect("memory");
    assert_eq!(heap.get(table, bytes.into()), Ok(Value::NIL));
    heap.set(table, same, number(3)).expect("memory");
    assert_eq!(heap.get(table, text), Ok(number(3)));
    heap.release(bytes.into());
    for key in [Value::NIL, Value::float(f64::NAN)] {
        assert_eq!(heap.get(table, key), Err(HeapError::Key));
        assert_eq!(heap.set(table, key, number(1)), Err(HeapError::Key));
    }
    heap.release(table.into());
    ends_empty(&heap);
}

#[test]
fn long_integers_are_keys_by_their_number() {
    let mut heap = heap();
    let table = heap.new_table().expect("memory");
    let long = |heap: &mut Heap, number| heap.new_integer(number).expect("memory");
    for (key, value) in [(1 << 50, 1), (-(1 << 50), 2), (i64::MAX, 3), (i64::MIN, 4)] {
        let key = long(&mut heap, key);
        heap.set(table, key, number(value)).expect("memory");
    }
    let other = long(&mut heap, 1 << 50);
    assert_eq!(heap.get(table, other), Ok(number(1)));
    let found = |heap: &Heap, key: f64| heap.get(table, Value::float(key)).expect("a table");
    assert_eq!(found(&heap, 2_f64.powi(50)), number(1));
    assert_eq!(found(&heap, -(2_f64.powi(50))), number(2));
    assert_eq!(found(&heap, -(2_f64.powi(63))), number(4));
    // No integer of 64 bits: not the greatest, which it would be cut to.
    assert_eq!(found(&heap, 2_f64.powi(63)), Value::NIL);
    // One that came as a float is found as an integer and changed in its place.
    let key = Value::float(-(2_f64.powi(60)));
    heap.set(table, key, number(5)).expect("memory");
    let key = long(&mut heap, -(1 << 60));
    assert_eq!(heap.get(table, key), Ok(number(5)));
    heap.set(table, key, number(6)).expect("memory");
    assert_eq!(heap.table_length(table), Ok(5));
    heap.set(table, other, Value::NIL).expect("a table");
    assert_eq!(heap.table_length(table), Ok(4));
    heap.release(table.into());
    heap.settle();
    ends_empty(&heap);
}

#[test]
fn tables_and_heaps_walk_in_orders_of_their_own() {
    let walked = |heap: &mut Heap| {
        let table = heap.new_table().expect("memory");
        for key in 0..500 {
            heap.set(table, number(key), number(1)).expect("memory");
        }
        let (mut position, mut keys) = (TablePosition::default(), Vec::new());
        while let Some((next, key, _)) = heap.next_entry(table, position).expect("a table") {
            keys.push(key);
            position = next;
        }
        keys
    };
    let (mut one, mut other) = (heap(), heap());
    let orders = [walked(&mut one), walked(&mut one), walked(&mut other)];
    assert_eq!(orders.each_ref().map(Vec::len), [500; 3]);
    assert!(orders[0] != orders[1] && orders[0] != orders[2]);
}

#[test]
fn a_table_is_what_a_map_is() {
    use std::collections::HashMap;
    let mut chance = bedplate_testkit::Chance::new(5);
    let mut heap = heap();
    let table = heap.new_table().expect("memory");
    let mut model: HashMap<i64, i64> = HashMap::new();
    for round in 0..20_000 {
        let key = i64::try_from(chance.below(300)).expect("small");
        if chance.happens(1, 2) {
            model.insert(key, round);
            let cell = heap.new_cell(number(round)).expect("memory");
            heap.set(table, number(key), cell.into()).expect("memory");
        } else {
            model.remove(&key);
            heap.set(table, number(key), Value::NIL).expect("a table");
        }
        assert_eq!(
            heap.table_length(table),
            Ok(model.len().try_into().expect("few"))
        );
    }
    let (mut position, mut seen) = (TablePosition::default(), 0);
    while let Some((next, key, value)) = heap.next_entry(table, position).expect("a table") {
        let View::Integer(key) = key.view() else {
            panic!("{key:?}");
        };
        let cell = value.as_object().expect("a cell");
        assert_eq!(heap.cell(cell), Ok(number(model[&key])));
        (position, seen) = (next, seen + 1);
    }
    assert_eq!(seen, model.len());
    assert_eq!(heap.stats().live_objects(), 1 + model.len() as u64);
    heap.release(table.into());
    heap.settle();
    ends_empty(&heap);
}

#[test]
fn a_table_is_asked_for_texts_that_are_not_in_the_heap() {
    let mut heap = Heap::new().expect("memory");
    let table = heap.new_table().expect("memory");
    let names: Vec<String> = (0..1500).map(|number| format!("{number:03}x")).collect();
    let longer: Vec<String> = names.iter().map(|name| format!("{name} longer")).collect();
    for (number, name) in (0..).zip(names.iter().chain(&longer)) {
        assert_eq!(heap.get_text(table, name), Ok(Value::NIL));
        let key = heap.new_text(name).expect("memory");
        let value = Value::float(f64::from(number));
        heap.set(table, key, value).expect("memory");
        // In the midst of growth, too.
        assert_eq!(heap.get_text(table, name), Ok(value));
    }
    for (number, name) in (0..).zip(names.iter().chain(&longer)) {
        let value = Value::float(f64::from(number));
        assert_eq!(heap.get_text(table, name), Ok(value));
    }
    // Bytes are no text.
    let bytes = heap.new_bytes(b"some bytes").expect("memory");
    heap.set(table, bytes.into(), Value::bool(true))
        .expect("memory");
    assert_eq!(heap.get_text(table, "some bytes"), Ok(Value::NIL));
    heap.release(table.into());
    assert!(heap.get_text(table, "some bytes").is_err());
}

#[test]
fn a_table_keeps_its_metatable() {
    let mut heap = heap();
    let table = heap.new_table().expect("memory");
    let meta = heap.new_table().expect("memory");
    heap.set_meta(table, Some(meta)).expect("a table");
    heap.set(table, number(1), number(1)).expect("memory");
    assert_eq!(heap.meta(table), Ok(Some(meta)));
    heap.set(table, number(1), Value::NIL).expect("a table");
    heap.release(table.into());
    ends_empty(&heap);
}

struct Held {
    values: Vec<Value>,
    _alive: alloc::sync::Arc<()>,
}

impl HostObject for Held {
    fn children(&self, visitor: &mut Visitor) {
        for value in &self.values {
            visitor.visit(*value);
        }
    }
}

#[test]
fn an_object_of_the_host_is_traced_and_dropped() {
    let mut heap = heap();
    let alive = alloc::sync::Arc::new(());
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let held = Held {
        values: vec![cell.into(), number(1)],
        _alive: alive.clone(),
    };
    let host = heap.new_host(Box::new(held)).expect("memory");
    assert_eq!(
        heap.host::<Held>(host)
            .expect("a host")
            .map(|held| held.values.len()),
        Some(2)
    );
    heap.retain(host.into());
    heap.set_cell(cell, host.into()).expect("a cell");
    let tail: Ref = heap.new_array().expect("memory");
    let held = heap.host_mut::<Held>(host).expect("a host");
    held.expect("of this type").values.push(tail.into());
    heap.release(host.into());
    assert_eq!(alloc::sync::Arc::strong_count(&alive), 2);
    heap.collect();
    assert_eq!(alloc::sync::Arc::strong_count(&alive), 1);
    ends_empty(&heap);
}

#[test]
fn a_root_of_another_heap_is_an_error_and_heaps_can_be_sent() {
    let (mut one, mut other) = (heap(), heap());
    let cell = one.new_cell(Value::NIL).expect("memory");
    let root = one.root(cell.into());
    let foreign = other.root(Value::NIL);
    assert_eq!(one.rooted(&foreign), Err(HeapError::ForeignRoot));
    let one = std::thread::spawn(move || {
        drop(root);
        one.collect();
        one
    });
    ends_empty(&one.join().expect("the thread ends"));
}
