//! What a heap shows to those who look.

use bedplate_heap::{
    Crossing, Heap, HostObject, InlineCache, Kind, Limits, Ref, Thresholds, Value, Visitor,
};

fn named(heap: &mut Heap, name: &str, value: Value) -> Ref {
    let key = heap.key(name);
    let shape = heap.shape(1, &[key]).expect("a shape");
    let record = heap.new_record(shape).expect("memory");
    let mut cache = InlineCache::default();
    heap.set_field(record, key, value, &mut cache)
        .expect("a record");
    record
}

#[test]
fn a_census_counts_objects_and_the_buffers_behind_them() {
    let mut heap = Heap::new().expect("memory");
    let array = heap.new_array().expect("memory");
    for _ in 0..3 {
        heap.push(array, Value::NIL).expect("an array");
    }
    let record = named(&mut heap, "name", array.into());
    let census = heap.census();
    assert_eq!(census.objects(), 2);
    let row = |kind| census.kinds.iter().find(|row| row.kind == kind);
    // Three words and a buffer of four; three words.
    assert_eq!(row(Kind::Array).map(|row| row.bytes), Some(56));
    assert_eq!(row(Kind::Record).map(|row| row.bytes), Some(24));
    assert_eq!(census.bytes(), 80);
    assert_eq!(census.shapes.len(), 1);
    assert_eq!(census.shapes[0].objects, 1);
    assert!(
        census
            .to_string()
            .contains("Array               1             56")
    );
    assert!(census.committed_bytes >= census.bytes());
    heap.release(record.into());
    assert_eq!(heap.census().objects(), 0);
    let given = heap.new_bytes(&vec![1; 1 << 20]).expect("memory");
    let committed = heap.census().committed_bytes;
    heap.release(given.into());
    heap.settle();
    let given = heap.trim() as u64;
    assert!(given >= 1 << 20);
    assert_eq!(heap.census().committed_bytes, committed - given);
    assert_eq!(heap.gauges().committed_bytes, committed - given);
}

#[test]
fn a_retaining_path_names_every_reference_on_the_way() {
    let mut heap = Heap::new().expect("memory");
    let leaf = heap.new_cell(Value::NIL).expect("memory");
    let table = heap.new_table().expect("memory");
    let key = heap.new_text("a long key").expect("memory");
    heap.set(table, key, leaf.into()).expect("a table");
    let array = heap.new_array().expect("memory");
    heap.push(array, Value::NIL).expect("an array");
    heap.push(array, table.into()).expect("an array");
    let record = named(&mut heap, "items", array.into());
    let root = heap.root(record.into());
    let path = heap.retaining_path(leaf).expect("it is held");
    let by: Vec<&str> = path.steps.iter().map(|step| step.by.as_str()).collect();
    assert_eq!(by, ["", ".items", "[1]", "[Bytes \"a long key\"]"]);
    let text = path.to_string();
    assert!(text.starts_with("held outside: Record"), "{text}");
    assert!(text.contains("Table of 1"), "{text}");
    drop(root);
    heap.settle();
    assert_eq!(heap.retaining_path(leaf), None);
}

#[test]
fn what_only_a_cycle_keeps_has_no_retaining_path() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    heap.retain(cell.into());
    heap.set_cell(cell, cell.into()).expect("a cell");
    assert!(heap.retaining_path(cell).is_some());
    heap.release(cell.into());
    assert_eq!(heap.count(cell), 1);
    assert_eq!(heap.retaining_path(cell), None);
    heap.collect();
    assert_eq!(heap.census().objects(), 0);
}

/// Holds one value.
struct Holder(Value);

impl HostObject for Holder {
    fn children(&self, visitor: &mut Visitor) {
        visitor.visit(self.0);
    }
}

#[test]
fn dot_has_objects_references_and_says_what_it_left_out() {
    let mut heap = Heap::new().expect("memory");
    let text = heap.new_text("says \"hello\" to \\all").expect("memory");
    let closure = heap.new_closure(7, &[text]).expect("memory");
    let pair = heap.new_pair(Value::NIL, closure.into()).expect("memory");
    let node = heap.new_node([Some(pair), None], 0).expect("memory");
    let host = heap
        .new_host(Box::new(Holder(node.into())))
        .expect("memory");
    let mut dot = String::new();
    heap.write_dot(&mut dot, &[], 10).expect("a string");
    assert!(dot.starts_with("digraph heap {"), "{dot}");
    assert!(dot.contains("Host\\ncount 1\", style=bold"), "{dot}");
    assert!(dot.contains("[label=\"second\"]"), "{dot}");
    assert!(dot.contains("Closure of code 7"), "{dot}");
    assert!(dot.contains("\\\\\\\"hello\\\\\\\" to"), "{dot}");
    assert_eq!(dot.matches("->").count(), 4);
    let mut short = String::new();
    heap.write_dot(&mut short, &[host.into()], 2)
        .expect("a string");
    assert_eq!(short.matches("->").count(), 1);
    assert!(
        short.contains("1 references to what is not shown"),
        "{short}"
    );
    heap.release(host.into());
}

#[test]
fn a_threshold_is_told_once_until_it_was_left() {
    let mut heap = Heap::new().expect("memory");
    let thresholds = Thresholds::new().with_bytes_max(1000).with_waiting_max(3);
    let mut history = bedplate_heap::History::new(thresholds);
    let array = heap.new_array().expect("memory");
    assert_eq!(history.look(&heap, 0), []);
    for _ in 0..200 {
        heap.push(array, Value::NIL).expect("an array");
    }
    let told = history.look(&heap, 1_000_000_000);
    assert!(matches!(
        told.as_slice(),
        [Crossing::Bytes { max: 1000, .. }]
    ));
    assert!(told[0].to_string().contains("retaining path"));
    assert_eq!(history.look(&heap, 2_000_000_000), []);
    heap.release(array.into());
    assert_eq!(history.look(&heap, 3_000_000_000), []);
    let cells: Vec<Ref> = (0..5)
        .map(|_| heap.new_pair(Value::NIL, Value::NIL).expect("memory"))
        .collect();
    for cell in &cells {
        heap.retain((*cell).into());
        heap.release((*cell).into());
    }
    let told = history.look(&heap, 4_000_000_000);
    assert!(matches!(
        told.as_slice(),
        [Crossing::Waiting { found: 5, max: 3 }]
    ));
    assert!(told[0].to_string().contains("run_for"));
}

#[test]
fn a_history_keeps_its_size_and_draws_itself() {
    let mut heap = Heap::new().expect("memory");
    let mut history = bedplate_heap::History::new(Thresholds::default());
    let list = heap.new_array().expect("memory");
    for second in 0..1500_u64 {
        let cell = heap.new_cell(Value::NIL).expect("memory");
        heap.push(list, cell.into()).expect("an array");
        assert_eq!(history.look(&heap, second * 1_000_000_000), []);
    }
    let looks = history.looks();
    assert!(looks.len() >= 256 && looks.len() < 512, "{}", looks.len());
    assert_eq!(looks[0].at_ns, 0);
    assert!(looks.is_sorted_by_key(|look| look.at_ns));
    assert!((looks[looks.len() - 1].made_per_second - 1.0).abs() < 0.01);
    let mut svg = String::new();
    history.write_svg(&mut svg).expect("a string");
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<polygon").count(), 2);
    assert!(svg.contains(">Cell</text>") && svg.contains(">Array</text>"));
    heap.release(list.into());
}

#[test]
fn why_an_object_is_there_is_true_while_garbage_that_held_it_is_freed() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let object = heap.new_cell(Value::NIL).expect("memory");
    let holder = heap.new_cell(object.into()).expect("memory");
    let mut dead = Vec::new();
    for _ in 0..50 {
        heap.retain(object.into());
        let one = heap.new_pair(Value::NIL, object.into()).expect("memory");
        let other = heap.new_pair(one.into(), Value::NIL).expect("memory");
        heap.set_first(one, other.into()).expect("a pair");
        dead.push(one);
    }
    heap.start_collection();
    while heap.is_collecting() {
        heap.step_by(5);
        let path = heap.retaining_path(object).expect("it is held");
        let objects: Vec<Ref> = path.steps.iter().map(|step| step.object).collect();
        assert_eq!(objects, [holder, object]);
        if heap.stats().live_objects() < 102 {
            assert_eq!(heap.census().objects(), 2);
            assert!(dead.iter().all(|one| heap.retaining_path(*one).is_none()));
        }
    }
}
