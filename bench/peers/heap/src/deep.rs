//! Structures of 10^6 objects on a stack of 64 KiB.
//!
//! # Role
//! Made, walked, and dropped; ours verified and checkpointed, too. A heap that recurses ends the process.

use crate::graph::Graph;
use crate::ours::Ours;
use bedplate_heap::Value;
use std::hint::black_box;
use std::thread;

const OBJECTS: u64 = 1_000_000;
const STACK_BYTES: usize = 64 << 10;

/// What hangs on the next.
fn build<G: Graph>(graph: &mut G, shape: &str) -> Option<G::Object> {
    let first = graph.node([None, None], 0);
    let mut last = graph.share(&first);
    for word in 1..OBJECTS {
        // A tree as deep as it has levels: each has a leaf beside.
        let leaf = (shape == "tree").then(|| graph.node([None, None], word));
        last = graph.node([Some(last), leaf], word);
    }
    match shape {
        "list" | "tree" => {}
        "ring" => {
            let again = graph.share(&last);
            graph.link(&first, 0, Some(again));
        }
        _ => return None,
    }
    graph.let_go(first);
    Some(last)
}

/// Walks down, and counts.
fn walk<G: Graph>(graph: &mut G, root: &G::Object) -> u64 {
    let mut at = graph.share(root);
    let mut count = 1;
    while let Some(next) = graph.follow(&at, 0) {
        graph.let_go(at);
        at = next;
        count += 1;
        if count == OBJECTS {
            break;
        }
    }
    graph.let_go(at);
    count
}

fn run<G: Graph>(shape: &str, look: fn(&mut G, &G::Object), is_empty: fn(&G) -> bool) -> bool {
    let graph = &mut G::new();
    let Some(root) = build(graph, shape) else {
        return false;
    };
    let count = walk(graph, &root);
    look(graph, &root);
    graph.let_go(black_box(root));
    graph.collect();
    count == OBJECTS && is_empty(graph)
}

/// Ours is looked at meanwhile, and is empty in the end.
fn run_ours(shape: &str) -> bool {
    run::<Ours>(shape, look, |ours| ours.0.stats().live_objects() == 0)
}

/// A verification, a checkpoint, and back to it.
fn look(ours: &mut Ours, root: &bedplate_heap::Ref) {
    let heap = &mut ours.0;
    let report = heap.verify_with([Value::from(*root)]);
    assert!(report.is_healthy(), "{report}");
    let live = heap.stats().live_objects();
    let checkpoint = heap.checkpoint().unwrap_or_else(|error| panic!("{error}"));
    heap.restore(&checkpoint)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(heap.stats().live_objects(), live);
}

fn on_small_stack(shape: String, run: fn(&str) -> bool) -> bool {
    let thread = thread::Builder::new().stack_size(STACK_BYTES);
    let thread = thread.spawn(move || run(&shape));
    thread.is_ok_and(|thread| thread.join().unwrap_or(false))
}

/// Whether a heap can do it.
pub fn holds(name: &str, shape: &str) -> bool {
    use crate::pointers::{bacon, boa, dumpster, gcmodule, rc, rust_cc};
    let run: fn(&str) -> bool = match name {
        "bedplate" => run_ours,
        "rc" => |shape| run::<rc::Counted>(shape, |_, _| {}, |_| true),
        "dumpster" => |shape| run::<dumpster::Dumpster>(shape, |_, _| {}, |_| true),
        "rust-cc" => |shape| run::<rust_cc::RustCc>(shape, |_, _| {}, |_| true),
        "bacon_rajan_cc" => |shape| run::<bacon::BaconRajan>(shape, |_, _| {}, |_| true),
        "jrsonnet-gcmodule" => |shape| run::<gcmodule::Gcmodule>(shape, |_, _| {}, |_| true),
        "boa_gc" => |shape| run::<boa::Boa>(shape, |_, _| {}, |_| true),
        "gc-arena" => crate::arena::deep,
        _ => return false,
    };
    on_small_stack(shape.to_owned(), run)
}
