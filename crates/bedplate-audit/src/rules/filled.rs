//! Lists and records that are filled.
//!
//! # Role
//! `counts[i] = value` of a list that is a local or a field, `out->push_back(value)` of C++, and the record that a
//! function of C fills and returns.
//!
//! # Not here
//! `push` and `insert` of Rust: `collected.rs`.

use super::finding::Found;
use super::flow::{Tracer, Way};
use super::parts::Part;
use crate::facts::Site;
use crate::syntax::Kind;

impl Tracer<'_> {
    /// Follows a value into the list or map whose element is assigned. False where it is not known whose that is.
    pub(super) fn goes_into_element(&mut self, assign: Site, target: Site, way: &Way) -> bool {
        if let Some(by) = self.given_out(target) {
            self.note(assign, Found::Leaves(by));
            return true;
        }
        match self.program.child(target, 0) {
            Some(list) => self.goes_into_list(assign, list, way),
            None => false,
        }
    }

    /// `*to = value` in `for to in sums.iter_mut()`, also beside another list (`zip`). False where it is not that.
    pub(super) fn goes_into_turn(&mut self, assign: Site, name: &str, way: &Way) -> bool {
        let list = self.program.list_of_turn(assign, name);
        list.is_some_and(|list| self.goes_into_list(assign, list, way))
    }

    fn goes_into_list(&mut self, assign: Site, list: Site, way: &Way) -> bool {
        let is_rust = self.program.unit(assign.unit).is_rust;
        let held = if is_rust {
            way.within(Part::Item)
        } else {
            way.whole()
        };
        match self.program.kind(list).clone() {
            Kind::Name(name) if self.is_own_list(list, &name) => {
                self.bound(assign, &[name], &held);
                true
            }
            Kind::Member(name) if is_rust => {
                let owner = self.owner_of(list, &name);
                let parts = held.parts;
                self.note(assign, Found::IntoField { owner, name, parts });
                true
            }
            _ => false,
        }
    }

    /// Whether a local holds its elements itself, and is no pointer to those of another one.
    fn is_own_list(&self, site: Site, name: &str) -> bool {
        if !self.program.unit(site.unit).is_rust {
            let ty = self.program.local_type(site, name);
            return ty.is_some_and(|ty| !ty.contains(['*', '&']) && !ty.contains("auto"));
        }
        let bound = self.program.binding(site, name);
        bound.is_some_and(|value| match self.program.kind(value) {
            Kind::List => true,
            Kind::Macro { name } => name == "vec",
            Kind::Call { path, .. } => {
                matches!(path.as_str(), "Vec" | "HashMap" | "BTreeMap" | "VecDeque")
            }
            _ => false,
        })
    }

    /// What a method of a list of C++ puts into it. False where it is another method, or not known whose list.
    pub(super) fn is_put_into_list(&mut self, call: Site, name: &str, way: &Way) -> bool {
        let puts = matches!(
            name,
            "push_back"
                | "emplace_back"
                | "push_front"
                | "emplace_front"
                | "insert"
                | "emplace"
                | "push"
        );
        let Some(list) = self.program.child(call, 0).filter(|_| puts) else {
            return false;
        };
        if let Some(by) = self.given_out(list) {
            self.note(call, Found::Leaves(by));
            return true;
        }
        // What stands at the front of a map or in a set is looked up by it.
        let is_back = name.ends_with("_back");
        match self.program.kind(list).clone() {
            Kind::Name(local) if is_back && self.is_own_list(list, &local) => {
                self.bound(call, &[local], &way.whole());
                true
            }
            _ => false,
        }
    }

    /// A member of a local of C, which the function returns.
    pub(super) fn returned_within(&mut self, target: Site, name: &str, way: &Way) {
        let base = self.program.child(target, 0);
        let Some(base) = base.filter(|base| !self.program.unit(base.unit).is_rust) else {
            return;
        };
        let (Kind::Name(record), Some(function)) = (
            self.program.kind(base).clone(),
            self.program.function_of(base),
        ) else {
            return;
        };
        if !self.is_own_list(base, &record) {
            return;
        }
        let within = way.within(Part::Field(name.to_owned()));
        let mentions = self.program.names_in(function, &record).to_vec();
        for mention in mentions {
            let parent = self.program.parent(mention);
            if parent.is_some_and(|parent| matches!(self.program.kind(parent), Kind::Return)) {
                self.follow(mention, &within);
            }
        }
    }
}
