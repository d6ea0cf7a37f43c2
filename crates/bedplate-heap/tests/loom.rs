//! Frozen graphs under every interleaving that loom finds.
//!
//! Run with `RUSTFLAGS="--cfg bedplate_loom" cargo test -p bedplate-heap --test loom --release`. Loom's
//! count fails a model in which it is not zero at the end, or is dropped too often.
#![cfg(bedplate_loom)]

use bedplate_heap::{Frozen, Heap, Item, Parcel, Value};
use loom::thread;

/// A ring of two pairs: inside, the members' counts never go to zero.
fn ring() -> Parcel {
    let mut heap = Heap::new().expect("memory");
    let first = heap
        .new_pair(Value::NIL, Value::bool(true))
        .expect("memory");
    heap.retain(first.into());
    let second = heap.new_pair(first.into(), Value::NIL).expect("memory");
    heap.set_first(first, second.into()).expect("a pair");
    heap.move_out(first.into()).expect("nobody else holds it")
}

fn walk(graph: &Frozen) {
    let Item::Object(first) = graph.root() else {
        panic!("a pair was frozen")
    };
    let Some(Item::Object(second)) = graph.item(first, 0) else {
        panic!("it refers to the other")
    };
    assert_eq!(graph.item(second, 0), Some(Item::Object(first)));
}

#[test]
fn the_last_of_three_threads_frees_a_ring_once() {
    let parcel = ring();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let graph = Frozen::new(parcel.clone());
        let threads = [(); 2].map(|()| {
            let graph = graph.clone();
            thread::spawn(move || {
                let again = graph.clone();
                drop(graph);
                walk(&again);
            })
        });
        walk(&graph);
        drop(graph);
        for thread in threads {
            thread.join().expect("no panic");
        }
    });
}
