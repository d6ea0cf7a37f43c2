use crate::node::{Node, ring};
use bedplate_cc::{Cc, Weak, collect_thread_cycles};
use std::rc::Rc;

#[test]
fn counts() {
    let value = Cc::new("text".to_owned());
    let weak = value.downgrade();
    let second = weak.upgrade().unwrap();
    assert_eq!((second.strong_count(), second.weak_count()), (2, 1));
    assert_eq!((weak.strong_count(), weak.clone().weak_count()), (2, 2));
    assert!(!value.is_unique());
    drop((value, second));
    assert!(weak.upgrade().is_none());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
    assert_eq!(format!("{weak:?}"), "(Weak)");
}

#[test]
fn identity() {
    let value = Cc::new(1);
    let (a, b) = (value.downgrade(), value.downgrade());
    assert!(Weak::ptr_eq(&a, &b));
    assert!(!Weak::ptr_eq(&a, &Cc::new(1).downgrade()));
}

#[test]
fn a_ring_is_not_held_by_weak_pointers() {
    let dropped = Rc::default();
    let ring = ring(3, &dropped);
    let weak = [ring.downgrade(), ring.to.borrow()[0].downgrade()];
    drop(ring);
    assert!(weak.iter().all(|weak| weak.upgrade().is_some()));
    assert_eq!(collect_thread_cycles(), 3);
    assert!(weak.iter().all(|weak| weak.upgrade().is_none()));
    assert_eq!((weak[0].weak_count(), weak[0].strong_count()), (1, 0));
    let [first, second] = weak;
    drop(first.clone());
    drop((first, second));
}

#[test]
fn an_object_that_is_held_again_is_alive() {
    let dropped = Rc::default();
    let ring = ring(2, &dropped);
    let weak = ring.downgrade();
    drop(ring);
    let again = weak.upgrade().unwrap();
    assert_eq!(collect_thread_cycles(), 0);
    again.lead_to(&Node::new(9, &dropped));
    drop(again);
    assert_eq!(collect_thread_cycles(), 3);
}
