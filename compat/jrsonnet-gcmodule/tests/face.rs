//! The original's names, used as its users do.
#![expect(missing_docs, reason = "a test")]

use jrsonnet_gcmodule::{
    Acyclic, Cc, ObjectSpace, RawCc, Trace, TraceBox, Tracer, Weak, cc_dyn, collect_thread_cycles,
    count_thread_tracked,
};
use std::cell::RefCell;

trait Named {
    type Name;
    fn name(&self) -> Self::Name;
}

cc_dyn!(
    /// Anything with a name.
    #[derive(Clone)]
    CcNamed<N: Clone>,
    Named<Name = N>,
    pub fn new() {...}
);

#[derive(Clone, Acyclic)]
struct Label(String);

#[derive(Trace)]
enum Node<T: Trace> {
    Leaf(#[trace(skip)] Label),
    Ring {
        to: RefCell<Option<CcNamed<T>>>,
        #[trace(with(trace_extra))]
        extra: Vec<Cc<u8>>,
    },
    #[trace(skip)]
    #[expect(dead_code, reason = "a variant that is not traced")]
    Other(std::sync::mpsc::Sender<u8>),
}

fn trace_extra(extra: &[Cc<u8>], tracer: &mut Tracer) {
    extra.trace(tracer);
}

impl Named for Node<u32> {
    type Name = u32;

    fn name(&self) -> u32 {
        match self {
            Self::Leaf(label) => u32::try_from(label.0.len()).unwrap(),
            Self::Ring { extra, .. } => u32::from(*extra[0]),
            Self::Other(_) => 0,
        }
    }
}

struct Shared(Cc<Node<u32>>);

impl Trace for Shared {
    fn trace(&self, tracer: &mut Tracer) {
        self.0.trace(tracer);
    }
}

impl Named for Shared {
    type Name = u32;

    fn name(&self) -> u32 {
        self.0.name()
    }
}

#[test]
fn names_of_the_original() {
    assert!(Node::<u32>::is_type_tracked());
    assert!(!Label::is_type_tracked());
    let leaf = Node::Leaf(Label("four".to_owned()));
    assert_eq!(CcNamed::new(leaf).0.name(), 4);
    let ring = Cc::new(Node::Ring {
        to: RefCell::default(),
        extra: vec![Cc::new(7)],
    });
    let named = CcNamed::new(Shared(ring.clone()));
    assert_eq!(named.0.name(), 7);
    let Node::Ring { to, .. } = &*ring else {
        panic!("it is a ring");
    };
    *to.borrow_mut() = Some(named.clone());
    let weak: Weak<Node<u32>> = ring.downgrade();
    drop((ring, named));
    assert_eq!(count_thread_tracked(), 2);
    assert_eq!(collect_thread_cycles(), 2);
    assert!(weak.upgrade().is_none());
}

#[test]
fn spaces_and_trait_objects() {
    let space = ObjectSpace::default();
    let list: RawCc<RefCell<Vec<TraceBox<dyn Trace>>>> = space.create(RefCell::default());
    list.borrow_mut().push(TraceBox(Box::new(list.clone())));
    let any: Cc<dyn Trace> = list.into_dyn();
    assert_eq!((any.strong_count(), space.collect_cycles()), (2, 0));
    drop(any);
    assert_eq!((space.collect_cycles(), space.count_tracked()), (1, 0));
}
