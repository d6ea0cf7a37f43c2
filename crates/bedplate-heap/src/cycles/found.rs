//! Cycles, as they are told to the host.
//!
//! # Role
//! [`Heap::collect_cycles`]: collects, and says what it freed: which objects held each other, and the
//! reference that closed the ring. For those who look for the mistake in their program.
//!
//! # Cost
//! As [`Heap::collect`], and a search through the garbage whose tables are as large as that.

use super::manual::Collected;
use super::pass::Phase;
use crate::bits::{high, low, narrow};
use crate::header::{self, Kind};
use crate::{Heap, Ref, Trigger, Work};
use bedplate_os::clock;
use std::collections::HashMap;

/// An object that was freed as a part of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Where it was: the handle is dead.
    pub object: Ref,
    /// What it was.
    pub kind: Kind,
    /// Its memory in bytes, its buffer included; not what it kept elsewhere.
    pub bytes: usize,
}

/// A reference of one object to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// Who held it.
    pub from: Ref,
    /// What it was to.
    pub to: Ref,
}

/// Objects that held each other, each reachable from each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cycle {
    /// In the order in which references lead from the first to the others.
    pub members: Vec<Member>,
    /// A reference that led back to the first member: without it there were no ring through that.
    pub closing: Edge,
}

impl Cycle {
    /// The memory of all members, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.members.iter().map(|member| member.bytes).sum()
    }
}

/// Garbage by number, and its references among itself.
#[derive(Debug, Default)]
struct Graph {
    objects: Vec<u32>,
    /// The references of each object: from its start to the next one's.
    starts: Vec<usize>,
    targets: Vec<u32>,
}

/// Where the search through a graph is, by number of the object.
#[derive(Debug, Default)]
struct Search {
    /// When it was met, from 1.
    met: Vec<u32>,
    /// The earliest that it leads back to.
    low: Vec<u32>,
    is_open: Vec<bool>,
    /// Who holds a reference that leads back to it.
    back: Vec<Option<u32>>,
    open: Vec<u32>,
    /// Who is looked at, and the reference that is next.
    path: Vec<(u32, usize)>,
}

impl Search {
    fn new(objects: usize) -> Self {
        Self {
            met: vec![0; objects],
            low: vec![0; objects],
            is_open: vec![false; objects],
            back: vec![None; objects],
            ..Self::default()
        }
    }

    fn enter(&mut self, object: u32, graph: &Graph, clock: &mut u32) {
        *clock += 1;
        let at = object as usize;
        (self.met[at], self.low[at], self.is_open[at]) = (*clock, *clock, true);
        self.open.push(object);
        self.path.push((object, graph.starts[at]));
    }

    /// Follows one reference, or leaves the object whose references are all followed: the objects of a
    /// ring, if that was the first of one.
    fn go_on(&mut self, graph: &Graph, clock: &mut u32) -> Option<Vec<u32>> {
        let (object, next) = self.path.last_mut()?;
        let (from, at) = (*object, *object as usize);
        if *next < graph.starts[at + 1] {
            let target = graph.targets[*next];
            *next += 1;
            let to = target as usize;
            if self.met[to] == 0 {
                self.enter(target, graph, clock);
            } else if self.is_open[to] {
                self.low[at] = self.low[at].min(self.met[to]);
                self.back[to] = Some(from);
            }
            return None;
        }
        self.path.pop();
        if let Some((above, _)) = self.path.last() {
            let above = *above as usize;
            self.low[above] = self.low[above].min(self.low[at]);
        }
        if self.low[at] < self.met[at] {
            return None;
        }
        let first = self.open.iter().rposition(|open| *open == from)?;
        let members = self.open.split_off(first);
        for member in &members {
            self.is_open[*member as usize] = false;
        }
        Some(members)
    }
}

impl Graph {
    /// The rings of the graph, each by its first object and in order.
    fn rings(&self) -> Vec<(Vec<u32>, u32)> {
        let mut search = Search::new(self.objects.len());
        let (mut rings, mut clock) = (Vec::new(), 0);
        for start in 0..narrow(self.objects.len()) {
            if search.met[start as usize] == 0 {
                search.enter(start, self, &mut clock);
            }
            while !search.path.is_empty() {
                let Some(members) = search.go_on(self, &mut clock) else {
                    continue;
                };
                if let Some(from) = search.back[members[0] as usize] {
                    rings.push((members, from));
                }
            }
        }
        rings
    }
}

impl Heap {
    /// Frees all dead cycles as [`Self::collect`] does, and says which there were.
    pub fn collect_cycles(&mut self) -> (Collected, Vec<Cycle>) {
        self.settle();
        self.stats.began(Trigger::Host);
        let began_ns = clock::monotonic_ns();
        let queued = self.finalizers.queue.len();
        self.finish_pass(Phase::Idle);
        self.work_off_all();
        self.begin_pass();
        self.finish_pass(Phase::Sweep);
        let cycles = self.condemned_cycles();
        let before = self.stats.freed_objects();
        self.finish_pass(Phase::Idle);
        self.work_off_all();
        self.piece_ended(Work::Collection, began_ns);
        let collected = Collected {
            objects: usize::try_from(self.stats.freed_objects() - before).unwrap_or(usize::MAX),
            finalizations: self.finalizers.queue.len().saturating_sub(queued),
        };
        (collected, cycles)
    }

    /// The rings among the objects that are about to be swept.
    fn condemned_cycles(&self) -> Vec<Cycle> {
        let graph = self.condemned_graph();
        let object = |number: u32| Ref::at(graph.objects[number as usize]);
        let rings = graph.rings().into_iter().filter_map(|(members, from)| {
            let closing = Edge {
                from: object(from)?,
                to: object(members[0])?,
            };
            let members = members.into_iter().filter_map(object);
            let members = members.map(|object| self.member(object)).collect();
            Some(Cycle { members, closing })
        });
        rings.collect()
    }

    fn condemned_graph(&self) -> Graph {
        let is_condemned = |at: &u32| self.is_unmet(self.words.load(*at));
        let mut graph = Graph {
            objects: self.slots.places().filter(is_condemned).collect(),
            ..Graph::default()
        };
        let numbers: HashMap<u32, u32> = graph.objects.iter().copied().zip(0..).collect();
        for at in &graph.objects {
            graph.starts.push(graph.targets.len());
            self.each_edge(*at, |child| graph.targets.extend(numbers.get(&child)));
        }
        graph.starts.push(graph.targets.len());
        graph
    }

    fn member(&self, object: Ref) -> Member {
        let at = object.index();
        let kind = header::kind(self.words.load(at));
        let buffer = match kind {
            Kind::Array | Kind::Table => low(self.words.load(at + 2)),
            Kind::Record => high(self.words.load(at + 1)),
            _ => 0,
        };
        let buffers = [buffer, self.other_buffer(at)].into_iter();
        let rooms = buffers.filter(|buffer| *buffer != 0);
        let rooms: u32 = rooms.map(|buffer| self.slots.words(buffer)).sum();
        let words = self.slots.words(at) + rooms;
        Member {
            object,
            kind,
            bytes: words as usize * 8,
        }
    }
}
