//! What survived a full pass bounds trials, and is freed nevertheless when it dies.

use crate::triggers::drop_ring;
use bedplate_heap::{Heap, Limits, Ref, Value};

/// A full tree of so many levels.
fn tree(heap: &mut Heap, levels: u32) -> Ref {
    if levels == 1 {
        return heap.new_node([None; 2], 1).expect("memory");
    }
    let links = [(); 2].map(|()| Some(tree(heap, levels - 1)));
    heap.new_node(links, 1).expect("memory")
}

/// Walks down, by a reference to each node that is given back when the next is held.
fn walk(heap: &mut Heap, root: Ref, way: u32) {
    let mut at = root;
    heap.retain(at.into());
    let mut level = 0;
    while let Some(next) = heap.node(at).expect("a node").0[(way >> level) as usize & 1] {
        heap.retain(next.into());
        heap.release(at.into());
        at = next;
        level += 1;
    }
    heap.release(at.into());
}

/// A ring of pairs that the caller holds by its first.
fn ring(heap: &mut Heap, objects: usize) -> Ref {
    let first = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    heap.retain(first.into());
    let mut last = first;
    for _ in 1..objects {
        last = heap.new_pair(last.into(), Value::NIL).expect("memory");
    }
    heap.set_first(first, last.into()).expect("a pair");
    first
}

#[test]
fn walks_over_what_survived_a_pass_are_not_tried_again() {
    let mut heap = Heap::new().expect("memory");
    let root = tree(&mut heap, 13);
    heap.collect();
    for way in 0..1 << 12 {
        walk(&mut heap, root, way);
    }
    // Each node was given back at least once. A trial for all of them would look at all, and twice.
    let stats = heap.stats();
    assert!(
        stats.touched_objects < stats.live_objects() / 4,
        "{stats:?}"
    );
    heap.release(root.into());
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_ring_that_leads_to_survivors_is_freed_without_a_look_at_them() {
    let mut heap = Heap::new().expect("memory");
    let root = tree(&mut heap, 13);
    heap.collect();
    let (live, before) = (heap.stats().live_objects(), heap.stats().touched_objects);
    for _ in 0..1000 {
        let first = heap.new_node([None, Some(root)], 0).expect("memory");
        heap.retain(root.into());
        heap.retain(first.into());
        let last = heap.new_node([Some(first), None], 0).expect("memory");
        heap.retain(root.into());
        heap.set_node(first, [Some(last), Some(root)])
            .expect("a node");
        heap.release(first.into());
    }
    let touched = heap.stats().touched_objects - before;
    assert!(touched < 4000, "{touched} objects for rings of 2000");
    heap.collect();
    assert_eq!(heap.stats().live_objects(), live);
}

#[test]
fn small_rings_that_survived_a_pass_are_freed_without_another() {
    let mut heap = Heap::new().expect("memory");
    let rings: Vec<Ref> = (0..1000).map(|_| ring(&mut heap, 8)).collect();
    heap.collect();
    let passes = heap.stats().full_passes;
    for first in rings {
        heap.release(first.into());
    }
    assert_eq!(heap.stats().full_passes, passes);
    assert!(
        heap.stats().live_objects() < 1000,
        "{} of 8000 are left",
        heap.stats().live_objects()
    );
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn large_rings_that_survived_a_pass_go_with_a_later_one() {
    let mut heap = Heap::with(Limits {
        growth_min_bytes: 64 << 10,
        growth_max_bytes: 64 << 10,
        ..Limits::DEFAULT
    })
    .expect("memory");
    let rings: Vec<Ref> = (0..10).map(|_| ring(&mut heap, 2000)).collect();
    heap.collect();
    let passes = heap.stats().full_passes;
    for first in rings {
        heap.release(first.into());
    }
    assert_eq!(heap.stats().live_objects(), 20_000);
    // The program goes on.
    for _ in 0..1000 {
        drop_ring(&mut heap, 100);
    }
    assert!(heap.stats().full_passes > passes);
    assert!(
        heap.stats().live_objects() < 20_000,
        "{} are left",
        heap.stats().live_objects()
    );
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
}
