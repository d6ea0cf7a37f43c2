//! The references of an object.
//!
//! # Role
//! One table of where each kind keeps values, for everything that goes from object to object.
//!
//! # Invariants
//! - I1: every counted reference that an object holds is here once. What is missing here leaks; what is
//!   here and not counted would be given back too often, which `release` refuses.

use crate::bits::{high, low};
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
            Kind::Array => Edges::row(low(word(2)) + 1, low(word(1))),
            Kind::Table => Edges {
                rows: [(low(word(2)) + 1, high(word(1)) * 2), (0, 0)],
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
            Kind::Pair => Some([self.value(at + 1).link(), self.value(at + 2).link()]),
            Kind::Cell => Some([self.value(at + 1).link(), 0]),
            Kind::Node => {
                let links = self.words.load(at + 1);
                Some([low(links), high(links)])
            }
            Kind::Integer | Kind::Bytes | Kind::Weak => Some([0; 2]),
            _ => None,
        }
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
    pub(crate) fn each_edge(&self, at: u32, mut call: impl FnMut(u32)) {
        if let Some(children) = self.edges_small(at, self.words.load(at)) {
            children
                .into_iter()
                .filter(|child| *child != 0)
                .for_each(call);
            return;
        }
        let edges = self.edges(at);
        for place in 0..edges.count() {
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
