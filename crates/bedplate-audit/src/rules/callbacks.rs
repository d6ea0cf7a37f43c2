//! Values that are given to closures.
//!
//! # Role
//! `let rate = |count: u64| count as f64 / seconds; rate(hits)`: the closure is followed. `each(value)`, where `each` is a
//! parameter: what the callers give is followed, and what callers outside of the tree give is a reader.

use super::finding::Found;
use super::flow::{Tracer, Way};
use crate::facts::{FunctionId, Site};
use crate::syntax::Kind;

impl Tracer<'_> {
    /// Follows a value into a closure of Rust that is called by a name. False where it is no such call.
    pub(super) fn is_called_back(&mut self, call: Site, place: usize, way: &Way) -> bool {
        if let Some(closure) = self.program.local_closure(call) {
            return self.enters(closure, place, way);
        }
        let Kind::Call { name, path } = self.program.kind(call).clone() else {
            return false;
        };
        let Some(id) = self.program.function_of(call) else {
            return false;
        };
        let is_rust = self.program.unit(call.unit).is_rust;
        let parameter = self.program.parameter(id, &name);
        let Some((of, _)) = parameter.filter(|_| is_rust && path.is_empty()) else {
            return false;
        };
        self.given_to_parameter(call, place, (id, of), way)
    }

    fn given_to_parameter(
        &mut self,
        call: Site,
        place: usize,
        (id, of): (FunctionId, usize),
        way: &Way,
    ) -> bool {
        let (callers, calls) = match way.calls.split_last() {
            Some((caller, outer)) => (vec![*caller], outer.to_vec()),
            None => (self.program.callers(id), Vec::new()),
        };
        let function = self.program.function(id);
        let is_public = function.is_public || self.program.is_of_public_trait(id);
        if callers.is_empty() && !is_public {
            return false;
        }
        if is_public && way.calls.is_empty() {
            let name = function.name.clone();
            self.note(call, Found::Leaves(name));
        }
        let outer = Way {
            calls,
            ..way.clone()
        };
        callers.into_iter().all(|caller| {
            let given = self.program.child(caller, of);
            given.is_some_and(|given| self.enters(given, place, &outer))
        })
    }

    /// Follows a value into the parameter of a closure.
    fn enters(&mut self, closure: Site, place: usize, way: &Way) -> bool {
        let Kind::Lambda(names) = self.program.kind(closure).clone() else {
            return false;
        };
        let Some(name) = names.get(place) else {
            return false;
        };
        self.bound_in_closure(closure, name, way);
        true
    }

    /// Every mention of a parameter inside of its closure.
    fn bound_in_closure(&mut self, closure: Site, name: &str, way: &Way) {
        self.ended();
        let mentions: Vec<Site> = self.program.below(closure);
        for mention in mentions {
            let is_it = matches!(self.program.kind(mention), Kind::Name(known) if known == name);
            if is_it && !self.is_written(mention) {
                self.follow_to_end(mention, way);
            }
        }
        if let Some(function) = self.program.function_of(closure) {
            for text in self.texts_naming(function, name) {
                self.follow(text, way);
            }
        }
    }
}
