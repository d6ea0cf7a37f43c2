//! The peers: counted pointers, and pointers that a collector follows.
//!
//! # Role
//! Each with its own trace, and the cells that it offers or else the standard library's. A peer that
//! does not start by itself is asked between steps, as its documentation proposes.

use crate::graph::Graph;
use std::cell::{Cell, RefCell};

/// A heap whose objects are pointers to nodes with two cells and a word.
macro_rules! pointers {
    ($heap:ident, $node:ident, $pointer:ident, new: $new:expr, poll: $poll:expr, collect: $collect:expr) => {
        #[derive(Default)]
        pub struct $heap {
            /// Steps since the last collection that was asked for.
            steps: Cell<usize>,
        }

        impl Graph for $heap {
            type Object = $pointer<$node>;

            fn new() -> Self {
                Self::default()
            }

            #[inline]
            fn node(
                &mut self,
                [left, right]: [Option<Self::Object>; 2],
                word: u64,
            ) -> Self::Object {
                $new($node {
                    links: [Slot::new(left), Slot::new(right)],
                    word,
                })
            }

            #[inline]
            fn share(&mut self, object: &Self::Object) -> Self::Object {
                object.clone()
            }

            #[inline]
            fn let_go(&mut self, object: Self::Object) {
                drop(object);
            }

            #[inline]
            fn link(&mut self, object: &Self::Object, side: usize, to: Option<Self::Object>) {
                // Dropped when nothing is borrowed any more.
                let old = std::mem::replace(&mut *object.links[side].borrow_mut(), to);
                drop(old);
            }

            #[inline]
            fn follow(&mut self, object: &Self::Object, side: usize) -> Option<Self::Object> {
                object.links[side].borrow().clone()
            }

            fn sum(&self, object: &Self::Object) -> u64 {
                object.links.iter().fold(object.word, |sum, link| {
                    sum + link.borrow().as_ref().map_or(0, |child| self.sum(child))
                })
            }

            #[inline]
            fn poll(&mut self) {
                let poll: fn(&Cell<usize>) = $poll;
                poll(&self.steps);
            }

            fn collect(&mut self) {
                let collect: fn() = $collect;
                collect();
            }
        }
    };
}

/// Calls each thousand steps.
#[inline]
fn each_thousand(steps: &Cell<usize>, collect: fn()) {
    steps.set(steps.get() + 1);
    if steps.get() == 1000 {
        steps.set(0);
        collect();
    }
}

pub mod rc {
    use super::{Cell, Graph, RefCell};
    use std::rc::Rc;

    type Slot = RefCell<Option<Rc<Node>>>;

    pub struct Node {
        links: [Slot; 2],
        word: u64,
    }

    // Frees no cycle.
    pointers!(Counted, Node, Rc, new: Rc::new, poll: |_| {}, collect: || {});
}

pub mod dumpster {
    use super::{Cell, Graph, RefCell};
    use ::dumpster::Trace;
    use ::dumpster::unsync::{Gc, collect};

    type Slot = RefCell<Option<Gc<Node>>>;

    #[derive(Trace)]
    pub struct Node {
        links: [Slot; 2],
        word: u64,
    }

    pointers!(Dumpster, Node, Gc, new: Gc::new, poll: |_| {}, collect: collect);
}

pub mod rust_cc {
    use super::{Cell, Graph, RefCell};
    use ::rust_cc::{Cc, Finalize, Trace, collect_cycles};

    type Slot = RefCell<Option<Cc<Node>>>;

    #[derive(Trace, Finalize)]
    pub struct Node {
        links: [Slot; 2],
        word: u64,
    }

    pointers!(RustCc, Node, Cc, new: Cc::new, poll: |_| {}, collect: collect_cycles);
}

pub mod bacon {
    use super::{Cell, Graph, RefCell};
    use bacon_rajan_cc::{Cc, Trace, Tracer, collect_cycles, number_of_roots_buffered};

    type Slot = RefCell<Option<Cc<Node>>>;

    pub struct Node {
        links: [Slot; 2],
        word: u64,
    }

    impl Trace for Node {
        fn trace(&self, tracer: &mut Tracer) {
            for link in &self.links {
                link.trace(tracer);
            }
        }
    }

    fn poll(_: &Cell<usize>) {
        if number_of_roots_buffered() >= 1000 {
            collect_cycles();
        }
    }

    pointers!(BaconRajan, Node, Cc, new: Cc::new, poll: poll, collect: collect_cycles);
}

pub mod gcmodule {
    use super::{Cell, Graph, RefCell, each_thousand};
    use jrsonnet_gcmodule::{Cc, Trace, Tracer, collect_thread_cycles};

    type Slot = RefCell<Option<Cc<Node>>>;

    pub struct Node {
        links: [Slot; 2],
        word: u64,
    }

    impl Trace for Node {
        fn is_type_tracked() -> bool {
            true
        }

        fn trace(&self, tracer: &mut Tracer<'_>) {
            for link in &self.links {
                link.trace(tracer);
            }
        }
    }

    fn collect() {
        let _freed = collect_thread_cycles();
    }

    pointers!(Gcmodule, Node, Cc, new: Cc::new, poll: |steps| each_thousand(steps, collect), collect: collect);
}

pub mod boa {
    use super::{Cell, Graph};
    use boa_gc::{Finalize, Gc, GcRefCell, Trace, force_collect};

    type Slot = GcRefCell<Option<Gc<Node>>>;

    #[derive(Trace, Finalize)]
    pub struct Node {
        links: [Slot; 2],
        word: u64,
    }

    pointers!(Boa, Node, Gc, new: Gc::new, poll: |_| {}, collect: force_collect);
}
