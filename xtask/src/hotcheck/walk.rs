//! What the entries reach.
//!
//! # Role
//! Follows calls, jumps, tail jumps, procedure-linkage stubs and linker slots through the library,
//! and sorts every function reached into the hit path or the cold rest.
//!
//! # Invariants
//! - I1: the *hit path* is what the entries reach without entering a declared cold function; every
//!   other function reached is *cold*.
//! - I2: nothing is passed over: a step that cannot be followed becomes an [`Unfollowed`].
//! - I3: once a declared indirect call is reached, every function whose address stands in data is
//!   taken as reached too.

use super::code::{self, Flow, Step};
use super::declared::Declared;
use super::image::{Function, Image, Slot};
use super::rules;
use std::collections::{BTreeMap, VecDeque};

/// Which part of the library a function belongs to (I1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// On the hit path.
    Hit,
    /// Reached, through a cold function or by its address.
    Cold,
}

/// A function that was reached.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Where it belongs.
    pub(crate) part: Part,
    /// The function that led to it; none for an entry.
    pub(crate) from: Option<u64>,
    /// Its instructions.
    pub(crate) steps: Vec<Step>,
    /// Functions of other libraries that it calls, with the place.
    pub(crate) imports: Vec<(u64, String)>,
    /// Functions of this library that it calls or jumps to, with the place.
    pub(crate) calls: Vec<(u64, u64)>,
}

/// A step whose target is not known.
#[derive(Debug)]
pub(crate) struct Unfollowed {
    /// The function it stands in.
    pub(crate) function: u64,
    /// Where it stands.
    pub(crate) address: u64,
    /// Why it could not be followed.
    pub(crate) why: &'static str,
}

/// Everything reached from the entries.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// By address of the function.
    pub(crate) visits: BTreeMap<u64, Visit>,
    /// What could not be followed.
    pub(crate) unfollowed: Vec<Unfollowed>,
}

/// Where a step leads outside its function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To a function of this library.
    Function(u64),
    /// To a function of another library.
    Import(String),
}

/// Finds what a code address is: a function, or a stub that jumps through a slot.
pub(crate) fn resolve(image: &Image, address: u64) -> Option<Target> {
    if let Some(function) = image.function_at(address) {
        return Some(Target::Function(function.address));
    }
    if !image.is_code(address) {
        return None;
    }
    // A stub of the procedure linkage table: at most `endbr64; jmp [slot]`.
    let stub = code::steps(image, address, address + 16);
    let jump = stub.iter().take(3).find_map(|step| match step.flow {
        Flow::JumpSlot(slot) => Some(slot),
        _ => None,
    })?;
    resolve_slot(image, jump)
}

/// Finds what a linker slot leads to.
pub(crate) fn resolve_slot(image: &Image, slot: u64) -> Option<Target> {
    match image.slot(slot)? {
        Slot::Inside(address) => Some(Target::Function(image.function_at(*address)?.address)),
        Slot::Import(name) => Some(Target::Import(name.clone())),
        Slot::Other => None,
    }
}

/// Follows everything: the hit paths from `entries`, and from `others` what is cold from its start.
pub(crate) fn walk(image: &Image, declared: &Declared, entries: &[u64], others: &[u64]) -> Walk {
    let edges = |entries: &[u64]| {
        entries
            .iter()
            .map(|to| Edge {
                from: None,
                to: *to,
            })
            .collect()
    };
    let mut hit: VecDeque<Edge> = edges(entries);
    let cold = edges(others);
    let mut walker = Walker {
        image,
        declared,
        walk: Walk::default(),
        cold,
    };
    while let Some(edge) = hit.pop_front() {
        walker.enter(edge, Part::Hit, &mut hit);
    }
    while let Some(edge) = walker.cold.pop_front() {
        let mut next = VecDeque::new();
        walker.enter(edge, Part::Cold, &mut next);
        walker.cold.append(&mut next);
    }
    walker.walk
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    from: Option<u64>,
    to: u64,
}

struct Walker<'a> {
    image: &'a Image,
    declared: &'a Declared,
    walk: Walk,
    cold: VecDeque<Edge>,
}

impl Walker<'_> {
    fn enter(&mut self, edge: Edge, part: Part, next: &mut VecDeque<Edge>) {
        if self.walk.visits.contains_key(&edge.to) {
            return;
        }
        let image = self.image;
        let Some(function) = image.function_at(edge.to) else {
            return;
        };
        // A panic on the hit path is a finding where it is called; its own code is not the hit path.
        let is_off = self.declared.is_cold(function) || rules::is_forbidden_on_hit_path(function);
        if part == Part::Hit && edge.from.is_some() && is_off {
            self.cold.push_back(edge);
            return;
        }
        let steps = code::steps(image, function.address, function.end);
        let mut visit = Visit {
            part,
            from: edge.from,
            steps: Vec::new(),
            imports: Vec::new(),
            calls: Vec::new(),
        };
        for step in &steps {
            self.follow(function, step, &mut visit);
        }
        if steps.last().map(|step| step.next) != Some(function.end) {
            let address = steps.last().map_or(function.address, |step| step.next);
            let why = "the bytes from here on are no instructions";
            self.walk.unfollowed.push(Unfollowed {
                function: function.address,
                address,
                why,
            });
        }
        next.extend(visit.calls.iter().map(|(_, to)| Edge {
            from: Some(function.address),
            to: *to,
        }));
        visit.steps = steps;
        self.walk.visits.insert(function.address, visit);
    }

    fn follow(&mut self, function: &Function, step: &Step, visit: &mut Visit) {
        let target = match step.flow {
            Flow::Next | Flow::Table | Flow::Return | Flow::Stop => {
                self.note_address_taken(function, step);
                return;
            }
            Flow::Branch(to) | Flow::Jump(to) | Flow::Call(to) if function.holds(to) => return,
            Flow::Branch(to) | Flow::Jump(to) | Flow::Call(to) => resolve(self.image, to),
            Flow::JumpSlot(slot) | Flow::CallSlot(slot) => resolve_slot(self.image, slot),
            Flow::JumpUnknown | Flow::CallUnknown => None,
        };
        match target {
            Some(Target::Function(to)) => visit.calls.push((step.address, to)),
            Some(Target::Import(name)) => visit.imports.push((step.address, name)),
            None if self.declared.may_call_indirectly(function) => self.reach_pointers(function),
            None => self.walk.unfollowed.push(Unfollowed {
                function: function.address,
                address: step.address,
                why: "the target is known only at run time",
            }),
        }
    }

    /// A function whose address is computed or read from a slot may be called by whoever gets it.
    /// That cannot be on the hit path: the call itself would be a step that cannot be followed.
    fn note_address_taken(&mut self, function: &Function, step: &Step) {
        let Some(named) = step.names else { return };
        let taken = match self.image.slot(named) {
            Some(Slot::Inside(address)) => *address,
            _ if step.is_address_taken => named,
            _ => return,
        };
        if let Some(to) = self
            .image
            .function_at(taken)
            .filter(|to| to.address == taken)
        {
            self.cold.push_back(Edge {
                from: Some(function.address),
                to: to.address,
            });
        }
    }

    /// I3.
    fn reach_pointers(&mut self, function: &Function) {
        let pointers = self.image.slots().filter_map(|(_, slot)| match slot {
            Slot::Inside(address) => self.image.function_at(*address),
            _ => None,
        });
        let from = Some(function.address);
        let edges: Vec<Edge> = pointers
            .map(|to| Edge {
                from,
                to: to.address,
            })
            .collect();
        self.cold.extend(
            edges
                .into_iter()
                .filter(|edge| !self.walk.visits.contains_key(&edge.to)),
        );
    }
}
