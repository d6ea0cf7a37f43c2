//! Depth costs no stack.

use crate::node::Node;
use bedplate_cc::{Cc, Trace, collect_thread_cycles, count_thread_tracked};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread;

const LENGTH: usize = if cfg!(miri) { 2000 } else { 1_000_000 };
/// What the standard library's own start of a thread leaves of it is enough.
const STACK: usize = if cfg!(miri) { 1 << 20 } else { 64 << 10 };

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(work);
    thread.unwrap().join().unwrap();
}

fn list() -> (Cc<Node>, Cc<Node>, Rc<Cell<usize>>) {
    let dropped = Rc::default();
    let first = Node::new(0, &dropped);
    let mut last = first.clone();
    for number in 1..LENGTH {
        let next = Node::new(number, &dropped);
        last.lead_to(&next);
        last = next;
    }
    (first, last, dropped)
}

#[test]
fn a_list_of_a_million() {
    on_a_small_stack(|| {
        let (first, last, dropped) = list();
        drop(last);
        drop(first);
        assert_eq!((dropped.get(), count_thread_tracked()), (LENGTH, 0));
    });
}

#[test]
fn a_ring_of_a_million() {
    on_a_small_stack(|| {
        let (first, last, dropped) = list();
        last.lead_to(&first);
        drop((first, last));
        assert_eq!(dropped.get(), 0);
        assert_eq!(collect_thread_cycles(), LENGTH);
        assert_eq!((dropped.get(), count_thread_tracked()), (LENGTH, 0));
    });
}

#[test]
fn a_list_behind_a_ring() {
    on_a_small_stack(|| {
        let (first, last, dropped) = list();
        drop(last);
        let ring = crate::node::ring(2, &dropped);
        ring.lead_to(&first);
        drop((first, ring));
        collect_thread_cycles();
        assert_eq!(dropped.get(), LENGTH + 2);
    });
}

/// Untracked by declaration, and deep nevertheless.
#[derive(Trace)]
#[trace(tracking(ignore))]
struct Quiet {
    next: RefCell<Option<Cc<Quiet>>>,
}

#[test]
fn an_untracked_list() {
    on_a_small_stack(|| {
        let mut list: Option<Cc<Quiet>> = None;
        for _ in 0..LENGTH / 4 {
            let next = RefCell::new(list.take());
            list = Some(Cc::new(Quiet { next }));
        }
        assert_eq!(count_thread_tracked(), 0);
        drop(list);
    });
}

#[test]
fn a_tree_with_long_branches_is_freed_at_once() {
    on_a_small_stack(|| {
        let dropped: Rc<Cell<usize>> = Rc::default();
        let root = Node::new(0, &dropped);
        for _ in 0..10 {
            let mut tip = Node::new(0, &dropped);
            for number in 1..LENGTH / 100 {
                let node = Node::new(number, &dropped);
                node.lead_to(&tip);
                node.lead_to(&Node::new(number, &dropped));
                tip = node;
            }
            root.lead_to(&tip);
        }
        drop(root);
        assert_eq!(count_thread_tracked(), 0);
    });
}
