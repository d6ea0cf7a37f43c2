//! A value that can be a part of anything.

use bedplate_cc::{Cc, Trace};
use core::cell::{Cell, RefCell};
use std::rc::Rc;

#[derive(Trace)]
#[trace(tracking(force))]
pub(crate) struct Node {
    pub(crate) number: usize,
    pub(crate) to: RefCell<Vec<Cc<Node>>>,
    #[trace(skip)]
    dropped: Rc<Cell<usize>>,
}

impl Node {
    pub(crate) fn new(number: usize, dropped: &Rc<Cell<usize>>) -> Cc<Self> {
        Cc::new(Self::value(number, dropped))
    }

    pub(crate) fn value(number: usize, dropped: &Rc<Cell<usize>>) -> Self {
        Self {
            number,
            to: RefCell::default(),
            dropped: Rc::clone(dropped),
        }
    }

    pub(crate) fn lead_to(&self, other: &Cc<Self>) {
        self.to.borrow_mut().push(other.clone());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.dropped.set(self.dropped.get() + 1);
    }
}

/// A ring of so many nodes; one pointer into it.
pub(crate) fn ring(length: usize, dropped: &Rc<Cell<usize>>) -> Cc<Node> {
    let first = Node::new(0, dropped);
    let mut last = first.clone();
    for number in 1..length {
        let next = Node::new(number, dropped);
        last.lead_to(&next);
        last = next;
    }
    last.lead_to(&first);
    first
}
