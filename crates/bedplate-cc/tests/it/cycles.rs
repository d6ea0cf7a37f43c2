use crate::node::{Node, ring};
use bedplate_cc::{
    Cc, Limits, collect_thread_cycles, count_thread_tracked, with_thread_object_space,
};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn a_dead_ring_is_freed_on_request() {
    let dropped = Rc::default();
    let ring = ring(5, &dropped);
    assert_eq!((collect_thread_cycles(), count_thread_tracked()), (0, 5));
    drop(ring);
    assert_eq!(dropped.get(), 0);
    assert_eq!((collect_thread_cycles(), count_thread_tracked()), (5, 0));
    assert_eq!(dropped.get(), 5);
}

#[test]
fn dead_rings_are_freed_without_a_request() {
    let dropped: Rc<Cell<usize>> = Rc::default();
    for _ in 0..10_000 {
        drop(ring(3, &dropped));
    }
    assert!(
        count_thread_tracked() < 12_000,
        "{}",
        count_thread_tracked()
    );
    assert!(with_thread_object_space(|space| space.stats().trials) > 10);
}

#[test]
fn rings_that_lead_to_what_lives_do_not_hold_each_other_up() {
    // Each dead ring leads to one node of a large live graph, so that every trial meets it.
    let dropped: Rc<Cell<usize>> = Rc::default();
    let live = ring(20_000, &dropped);
    for _ in 0..5000 {
        let dead = ring(2, &dropped);
        dead.lead_to(&live);
    }
    let stats = with_thread_object_space(bedplate_cc::ObjectSpace::stats);
    assert!(stats.live_objects < 45_000, "{stats:?}");
    // Live objects are looked at twice each, not once per ring.
    assert!(stats.touched_objects < 2_000_000, "{stats:?}");
    drop(live);
    collect_thread_cycles();
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn a_ring_that_was_tried_alive_dies_later() {
    let dropped = Rc::default();
    let ring = ring(4, &dropped);
    for _ in 0..10 {
        drop(ring.clone());
        with_thread_object_space(bedplate_cc::ObjectSpace::step);
    }
    assert_eq!(collect_thread_cycles(), 0);
    drop(ring);
    assert_eq!(collect_thread_cycles(), 4);
}

#[test]
fn what_is_borrowed_mutably_is_held() {
    let dropped = Rc::default();
    let ring = ring(2, &dropped);
    drop(ring.clone());
    let borrowed = ring.to.borrow_mut();
    assert_eq!(collect_thread_cycles(), 0);
    drop(borrowed);
    drop(ring);
    assert_eq!(collect_thread_cycles(), 2);
}

#[test]
fn trees_beneath_a_ring_go_with_it() {
    let dropped = Rc::default();
    let ring = ring(2, &dropped);
    for number in 10..20 {
        let tree = Node::new(number, &dropped);
        tree.lead_to(&Node::new(number, &dropped));
        ring.lead_to(&tree);
    }
    drop(ring);
    assert_eq!(collect_thread_cycles(), 22);
    assert_eq!(dropped.get(), 22);
}

#[test]
fn a_node_with_more_references_than_a_trial_follows_waits_for_a_full_pass() {
    let dropped = Rc::default();
    let hub = Node::new(0, &dropped);
    for number in 1..5000 {
        let spoke = Node::new(number, &dropped);
        spoke.lead_to(&hub);
        hub.lead_to(&spoke);
    }
    drop(hub);
    let stats = || with_thread_object_space(bedplate_cc::ObjectSpace::stats);
    while stats().candidates > 0 {
        with_thread_object_space(bedplate_cc::ObjectSpace::step);
    }
    assert_eq!(dropped.get(), 0);
    assert!(stats().cut_trials > 0 && stats().deferred > 0);
    while with_thread_object_space(bedplate_cc::ObjectSpace::step) {}
    assert_eq!(dropped.get(), 5000);
}

#[test]
fn growth_starts_a_full_pass_on_its_own() {
    let dropped: Rc<Cell<usize>> = Rc::default();
    with_thread_object_space(|space| {
        space.set_limits(Limits {
            trial_objects: 16,
            growth_min: 100,
            ..Limits::DEFAULT
        });
    });
    for _ in 0..1000 {
        drop(ring(64, &dropped)); // larger than a trial
    }
    let stats = with_thread_object_space(bedplate_cc::ObjectSpace::stats);
    assert!(stats.full_passes > 0, "{stats:?}");
    assert!(stats.live_objects < 1000, "{stats:?}");
}

#[test]
fn without_candidates_there_are_no_trials() {
    let dropped = Rc::default();
    for number in 0..100_000 {
        drop(Node::new(number, &dropped));
    }
    let stats = with_thread_object_space(bedplate_cc::ObjectSpace::stats);
    assert_eq!((stats.trials, stats.full_passes), (0, 0));
}

#[test]
fn automatic_collection_can_be_turned_off() {
    let dropped = Rc::default();
    with_thread_object_space(|space| {
        let automatic = false;
        space.set_limits(Limits {
            automatic,
            ..space.limits()
        });
    });
    for _ in 0..1000 {
        drop(ring(2, &dropped));
    }
    assert_eq!(dropped.get(), 0);
    assert_eq!(collect_thread_cycles(), 2000);
}

#[test]
fn a_pointer_to_itself_three_times() {
    let dropped = Rc::default();
    let node = Node::new(0, &dropped);
    for _ in 0..3 {
        node.lead_to(&node);
    }
    assert_eq!(node.strong_count(), 4);
    drop(node);
    assert_eq!(collect_thread_cycles(), 1);
}

#[test]
fn objects_leave_the_lists_when_they_go() {
    let dropped: Rc<Cell<usize>> = Rc::default();
    let nodes: Vec<Cc<Node>> = (0..50)
        .map(|number| {
            let node = Node::new(number, &dropped);
            drop(node.clone());
            node
        })
        .collect();
    let waiting = || with_thread_object_space(|space| space.stats().candidates);
    assert_eq!(waiting(), 50);
    for (index, node) in nodes.into_iter().enumerate() {
        drop(node);
        assert_eq!(waiting(), 49 - index);
    }
    assert_eq!(dropped.get(), 50);
}
