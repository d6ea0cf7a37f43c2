//! The straight way through a hit path.
//!
//! # Role
//! Lists the instructions from an entry to its return when every likely thing happens: branches
//! fall through, and calls return. Where falling through ends in a cold function or a trap, the
//! other side is taken.
//!
//! # Not here
//! What a program really executes: the rows `M3.pair-*` of the bench measure that.

use super::code::{Flow, Step};
use super::image::Image;
use super::walk::{self, Part, Target, Walk};
use std::collections::BTreeSet;

/// Steps tried before the search gives up; hit paths are below a hundred.
const STEPS_MAX: u32 = 100_000;

/// The addresses of the instructions in the order in which they run, or none when every way is cold.
pub(crate) fn way(image: &Image, walk: &Walk, entry: u64) -> Option<Vec<u64>> {
    let mut search = Search {
        image,
        walk,
        tried: 0,
        on_path: BTreeSet::new(),
    };
    let mut way = search.from(entry)?;
    way.reverse();
    Some(way)
}

struct Search<'a> {
    image: &'a Image,
    walk: &'a Walk,
    tried: u32,
    on_path: BTreeSet<u64>,
}

impl Search<'_> {
    /// Instructions from an address to the return of its function, the last one first.
    fn from(&mut self, address: u64) -> Option<Vec<u64>> {
        self.tried += 1;
        if self.tried > STEPS_MAX || !self.on_path.insert(address) {
            return None;
        }
        let found = self.step_at(address).and_then(|step| self.after(&step));
        self.on_path.remove(&address);
        let mut way = found?;
        way.push(address);
        Some(way)
    }

    fn step_at(&self, address: u64) -> Option<Step> {
        let function = self.image.function_at(address)?;
        let visit = self.walk.visits.get(&function.address)?;
        if visit.part != Part::Hit {
            return None;
        }
        let index = visit
            .steps
            .binary_search_by_key(&address, |step| step.address)
            .ok()?;
        visit.steps.get(index).copied()
    }

    fn after(&mut self, step: &Step) -> Option<Vec<u64>> {
        let nothing = || Some(Vec::new());
        match step.flow {
            Flow::Next => self.from(step.next),
            Flow::Branch(to) => self.from(step.next).or_else(|| self.from(to)),
            Flow::Jump(to) => self.jump(to),
            Flow::Call(to) => {
                let inside = self.jump(to)?;
                self.and_back(inside, step)
            }
            Flow::CallSlot(slot) => {
                let inside = match walk::resolve_slot(self.image, slot) {
                    Some(Target::Function(to)) => self.from(to)?,
                    Some(Target::Import(_)) | None => Vec::new(),
                };
                self.and_back(inside, step)
            }
            Flow::JumpSlot(slot) => match walk::resolve_slot(self.image, slot) {
                Some(Target::Function(to)) => self.from(to),
                Some(Target::Import(_)) | None => nothing(),
            },
            // What cannot be followed is a finding of its own; here it counts as nothing.
            Flow::CallUnknown => self.from(step.next),
            Flow::Return | Flow::JumpUnknown => nothing(),
            Flow::Table | Flow::Stop => None,
        }
    }

    /// What a call runs, and then what follows the call.
    fn and_back(&mut self, inside: Vec<u64>, call: &Step) -> Option<Vec<u64>> {
        let mut way = self.from(call.next)?;
        way.extend(inside);
        Some(way)
    }

    /// A jump may go to a stub, whose own two instructions are not counted.
    fn jump(&mut self, to: u64) -> Option<Vec<u64>> {
        if self.image.function_at(to).is_some() {
            return self.from(to);
        }
        match walk::resolve(self.image, to)? {
            Target::Function(to) => self.from(to),
            Target::Import(_) => Some(Vec::new()),
        }
    }
}
