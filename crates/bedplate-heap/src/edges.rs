//! The references of an object.
//!
//! # Role
//! One table of where each kind keeps values, for everything that goes from object to object.
//!
//! # Invariants
//! - I1: every counted reference that an object holds is here once. What is missing here leaks; what is
//!   here and not counted would be given back too often, which `release` refuses.

use crate::bits::{high, low, narrow};
use crate::header::{self, Kind};
use crate::{Heap, Value};

/// Collects the references of a host object.
#[derive(Debug, Default)]
pub struct Visitor {
    pub(crate) found: Vec<u32>,
}

impl Visitor {
    /// The object holds a reference to this value.
    pub fn visit(&mut self, value: Value) {
        if value.link() != 0 {
            self.found.push(value.link());
        }
    }
}

/// Where an object's references are: two rows of values, and two handles of their own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Edges {
    rows: [(u32, u32); 2],
    links: [u32; 2],
}

impl Edges {
    const fn row(first: u32, count: u32) -> Self {
        Self {
            rows: [(first, count), (0, 0)],
            links: [0; 2],
        }
    }

    /// How many places there are.
    #[inline]
    pub(crate) const fn count(&self) -> u32 {
        let links = if self.links[0] | self.links[1] == 0 {
            0
        } else {
            2
        };
        self.rows[0].1 + self.rows[1].1 + links
    }

    /// The word of a place in the rows, for repairs.
    pub(crate) const fn word(&self, place: u32) -> u32 {
        let [(first, first_count), (second, _)] = self.rows;
        if place < first_count {
            first + place
        } else {
            second + place - first_count
        }
    }

    /// What is at a place: an object, or 0.
    #[inline]
    pub(crate) fn at(&self, heap: &Heap, place: u32) -> u32 {
        let [(first, first_count), (second, second_count)] = self.rows;
        if place < first_count {
            return heap.value(first + place).link();
        }
        let place = place - first_count;
        if place < second_count {
            return heap.value(second + place).link();
        }
        self.links[((place - second_count) & 1) as usize]
    }
}

impl Heap {
    /// Where the references of an object are. Not those of a host object.
    #[inline]
    pub(crate) fn edges(&self, at: u32) -> Edges {
        let word = |offset: u32| self.words.load(at + offset);
        match header::kind(self.words.load(at)) {
            Kind::Pair => Edges::row(at + 1, 2),
            Kind::Cell => Edges::row(at + 1, 1),
            Kind::Node => Edges {
                links: [low(word(1)), high(word(1))],
                ..Edges::default()
            },
            Kind::Closure => Edges::row(at + 2, high(word(1))),
            Kind::Record => self.record_edges(at),
            Kind::Array => {
                let (length, unmoved) = (low(word(1)), high(word(1)));
                let (buffer, old) = (low(word(2)), high(word(2)));
                let moved = length.saturating_sub(unmoved);
                Edges {
                    rows: [(old + 1, unmoved), (buffer + 1 + unmoved, moved)],
                    links: [0; 2],
                }
            }
            Kind::Table => Edges {
                rows: self.table_rows(at),
                links: [high(word(2)), 0],
            },
            Kind::Free | Kind::Integer | Kind::Buffer | Kind::Bytes | Kind::Weak | Kind::Host => {
                Edges::default()
            }
        }
    }

    /// The references of a kind that has two at most, 0 where there is none.
    #[inline]
    pub(crate) fn edges_small(&self, at: u32, header: u64) -> Option<[u32; 2]> {
        match header::kind(header) {
            Kind::Pair => Some([
                Value::from_word(self.words.load_near::<1>(at)).link(),
                Value::from_word(self.words.load_near::<2>(at)).link(),
            ]),
            Kind::Cell => Some([Value::from_word(self.words.load_near::<1>(at)).link(), 0]),
            Kind::Node => {
                let links = self.words.load_near::<1>(at);
                Some([low(links), high(links)])
            }
            Kind::Integer | Kind::Bytes | Kind::Weak => Some([0; 2]),
            _ => None,
        }
    }

    /// Calls for references of an object from a place on, at most `steps` of them but for those of a
    /// small object or one of the host, which are looked at in one go. The place to go on at, if any are
    /// left, and the steps that are left.
    #[inline]
    pub(crate) fn some_edges(
        &mut self,
        at: u32,
        from: u32,
        steps: usize,
        call: fn(&mut Self, u32),
    ) -> (Option<u32>, usize) {
        if let Some(children) = self.edges_small(at, self.words.load(at)) {
            for child in children {
                if child != 0 {
                    call(self, child);
                }
            }
            return (None, steps.saturating_sub(2));
        }
        self.some_edges_large(at, from, steps, call)
    }

    /// The same for an object that is about to be freed: no panic of the host's code is on the way.
    #[inline]
    pub(crate) fn some_last_edges(
        &mut self,
        at: u32,
        from: u32,
        steps: usize,
        call: fn(&mut Self, u32),
    ) -> (Option<u32>, usize) {
        if header::kind(self.words.load(at)) == Kind::Host {
            let children = self.last_children(at);
            return (None, self.call_all(children, steps, call));
        }
        self.some_edges(at, from, steps, call)
    }

    /// Calls for what an object of the host holds; the steps that are left.
    fn call_all(&mut self, children: Vec<u32>, steps: usize, call: fn(&mut Self, u32)) -> usize {
        let left = steps.saturating_sub(children.len());
        children.into_iter().for_each(|child| call(self, child));
        left
    }

    fn some_edges_large(
        &mut self,
        at: u32,
        from: u32,
        steps: usize,
        call: fn(&mut Self, u32),
    ) -> (Option<u32>, usize) {
        if header::kind(self.words.load(at)) == Kind::Host && from == 0 {
            let children = self.host_children(at);
            return (None, self.call_all(children, steps, call));
        }
        let edges = self.edges(at);
        let count = edges.count();
        // One at least, so that each call is a step ahead.
        let end = from.saturating_add(narrow(steps.max(1))).min(count);
        for place in from..end {
            let child = edges.at(self, place);
            if child != 0 {
                call(self, child);
            }
        }
        let left = steps.saturating_sub((end.max(from) - from) as usize);
        (Some(end).filter(|end| *end < count), left)
    }

    fn record_edges(&self, at: u32) -> Edges {
        let word = self.words.load(at + 1);
        let (inline, more) = self.shapes.room(low(word));
        Edges {
            rows: [(at + 2, inline), (high(word) + 1, more)],
            links: [0; 2],
        }
    }

    /// Calls for each reference of an object, host objects included.
    #[inline]
    pub(crate) fn each_edge(&self, at: u32, call: impl FnMut(u32)) {
        self.each_edge_from(at, 0, call);
    }

    /// Calls for each reference of an object from a place on, as [`Self::some_edges`] numbers them.
    pub(crate) fn each_edge_from(&self, at: u32, from: u32, mut call: impl FnMut(u32)) {
        if let Some(children) = self.edges_small(at, self.words.load(at)) {
            children
                .into_iter()
                .filter(|child| *child != 0)
                .for_each(call);
            return;
        }
        let edges = self.edges(at);
        for place in from..edges.count() {
            let child = edges.at(self, place);
            if child != 0 {
                call(child);
            }
        }
        if header::kind(self.words.load(at)) == Kind::Host {
            for child in self.host_children(at) {
                call(child);
            }
        }
    }
}
