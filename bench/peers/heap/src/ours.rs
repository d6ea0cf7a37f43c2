//! Ours: a heap of handles.

use crate::graph::Graph;
use bedplate_heap::{Heap, Mode, Ref, Value, Watch};

/// The heap with its usual limits; `LOOKED`: it was verified, and a watch is there that is off.
pub struct Ours<const LOOKED: bool = false>(
    pub Heap,
    #[expect(dead_code, reason = "it is there, and off")] Watch,
);

#[cold]
#[inline(never)]
fn failed(error: &dyn std::fmt::Display) -> ! {
    eprintln!("{error}");
    std::process::exit(1)
}

/// What a machine does with an error that means a fault of its own.
#[inline]
fn sure<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| failed(&error))
}

impl<const LOOKED: bool> Graph for Ours<LOOKED> {
    type Object = Ref;

    fn new() -> Self {
        let (heap, mut watch) = (sure(Heap::new()), Watch::new(Mode::Off));
        if LOOKED {
            let report = watch.tend(&heap);
            assert!(
                report.is_none() && heap.verify().is_healthy() && heap.quick_check().is_healthy()
            );
        }
        Self(heap, watch)
    }

    #[inline]
    fn node(&mut self, links: [Option<Ref>; 2], word: u64) -> Ref {
        sure(self.0.new_node(links, word))
    }

    #[inline]
    fn share(&mut self, object: &Ref) -> Ref {
        self.0.retain(Value::from(*object));
        *object
    }

    #[inline]
    fn let_go(&mut self, object: Ref) {
        self.0.release(Value::from(object));
    }

    #[inline]
    fn link(&mut self, object: &Ref, side: usize, to: Option<Ref>) {
        let (mut links, _) = sure(self.0.node(*object));
        // The one that stays is given back by the change: it is taken once more.
        self.0.retain(Value::from(links[1 - side]));
        links[side] = to;
        sure(self.0.set_node(*object, links));
    }

    #[inline]
    fn follow(&mut self, object: &Ref, side: usize) -> Option<Ref> {
        let (links, _) = sure(self.0.node(*object));
        self.0.retain(Value::from(links[side]));
        links[side]
    }

    fn sum(&self, object: &Ref) -> u64 {
        let (links, word) = sure(self.0.node(*object));
        links
            .iter()
            .flatten()
            .fold(word, |sum, child| sum + self.sum(child))
    }

    fn collect(&mut self) {
        self.0.collect();
    }
}
