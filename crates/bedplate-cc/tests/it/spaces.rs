use crate::node::Node;
use bedplate_cc::{Cc, Limits, ObjectSpace, count_thread_tracked};
use std::cell::Cell;
use std::rc::Rc;

fn ring_in(space: &ObjectSpace, dropped: &Rc<Cell<usize>>) -> Cc<Node> {
    let a = space.create(Node::value(0, dropped));
    let b = space.create(Node::value(1, dropped));
    a.lead_to(&b);
    b.lead_to(&a);
    a
}

#[test]
fn a_space_collects_its_own() {
    let dropped = Rc::default();
    let (one, two) = (ObjectSpace::default(), ObjectSpace::default());
    drop(ring_in(&one, &dropped));
    drop(ring_in(&two, &dropped));
    assert_eq!((one.count_tracked(), count_thread_tracked()), (2, 0));
    assert_eq!((one.collect_cycles(), one.collect_cycles()), (2, 0));
    assert_eq!(dropped.get(), 2);
    drop(two); // collects
    assert_eq!(dropped.get(), 4);
}

#[test]
fn objects_outlive_their_space_and_their_rings_are_found() {
    let dropped = Rc::default();
    let space = ObjectSpace::default();
    let ring = ring_in(&space, &dropped);
    drop(space);
    assert_eq!((ring.number, dropped.get()), (0, 0));
    drop(ring);
    assert_eq!(dropped.get(), 2);
}

#[test]
fn a_ring_across_spaces_leaks_and_does_no_harm() {
    let dropped = Rc::default();
    let (one, two) = (ObjectSpace::default(), ObjectSpace::default());
    let a = one.create(Node::value(0, &dropped));
    let b = two.create(Node::value(1, &dropped));
    a.lead_to(&b);
    b.lead_to(&a);
    let weak = a.downgrade();
    drop((a, b));
    assert_eq!((one.collect_cycles(), two.collect_cycles()), (0, 0));
    weak.upgrade().unwrap().to.take();
    assert_eq!(dropped.get(), 2);
}

#[test]
fn what_is_leaked_is_left_to_its_counts() {
    let dropped = Rc::default();
    let space = ObjectSpace::default();
    let ring = ring_in(&space, &dropped);
    let alone = space.create(Node::value(2, &dropped));
    space.leak();
    assert_eq!(space.count_tracked(), 0);
    drop(alone);
    assert_eq!(dropped.get(), 1);
    let weak = ring.downgrade();
    drop(ring);
    assert_eq!((space.collect_cycles(), dropped.get()), (0, 1));
    weak.upgrade().unwrap().to.take();
    assert_eq!(dropped.get(), 3);
}

#[test]
fn limits_are_put_inside_their_bounds() {
    let space = ObjectSpace::with_limits(Limits {
        trial_objects: 0,
        candidates_min: 0,
        candidates_max: 0,
        ..Limits::default()
    });
    let limits = space.limits();
    assert_eq!(limits.trial_objects, 16);
    assert_eq!((limits.candidates_min, limits.candidates_max), (1, 1));
    let dropped = Rc::default();
    drop(ring_in(&space, &dropped));
    drop(ring_in(&space, &dropped));
    assert!(dropped.get() >= 2);
}
