//! What a condition decides.
//!
//! # Role
//! A branch matters by what it guards: nothing but messages, nothing but writes of other counters,
//! or what the program does.

use alloc::collections::BTreeSet;

use super::effects::{self, Effects};
use super::finding::Found;
use super::flow::{Tracer, Way};
use super::judge::is_used;
use super::names;
use crate::facts::{FunctionId, LocationId, Site};
use crate::syntax::Kind;

impl Tracer<'_> {
    pub(super) fn effects_at(&mut self, site: Site) -> Effects {
        effects::of(self.program, self.operations, self.known, site)
    }

    pub(super) fn effects_of(&mut self, id: FunctionId) -> Effects {
        effects::of_function(self.program, self.operations, self.known, id)
    }

    /// A condition: what hangs below it, and what comes after where it leaves early.
    pub(super) fn condition(&mut self, branch: Site, way: &Way) {
        let count = self.program.node(branch).children.len();
        let mut effects = Effects::default();
        for place in 1..count {
            if let Some(child) = self.program.child(branch, place) {
                let inner = self.effects_at(child);
                effects.leaves |= inner.leaves;
                effects.locals.extend(inner.locals.iter().cloned());
                effects.add(&inner);
            }
        }
        self.decided(branch, &effects, way);
        self.follow(branch, &way.told());
    }

    /// `?`: what comes after hangs on the value.
    pub(super) fn ended_early(&mut self, site: Site, way: &Way) {
        let effects = Effects {
            leaves: true,
            ..Effects::default()
        };
        self.decided(site, &effects, way);
    }

    pub(super) fn matched(&mut self, matching: Site, way: &Way) {
        self.bind_arms(matching, way);
        self.condition(matching, way);
    }

    /// `Some(_) if running > limit => ...`: which arm is taken hangs on it.
    pub(super) fn guards_arm(&mut self, test: Site, way: &Way) {
        let arm = self.program.parent(test);
        let Some(arm) = arm.filter(|arm| matches!(self.program.kind(*arm), Kind::Arm { .. }))
        else {
            return;
        };
        let has_body = self.program.node(arm).children.len() > 1;
        if let Some(matching) = self
            .program
            .parent(arm)
            .filter(|_| has_body && self.program.place(test) == 0)
        {
            self.condition(matching, way);
        }
    }

    /// Follows the names that the arms of a `match` bind.
    pub(super) fn bind_arms(&mut self, matching: Site, way: &Way) {
        self.ended();
        let arms: Vec<Site> = self.program.children(matching).skip(1).collect();
        for arm in arms {
            if let Kind::Arm { names } = self.program.kind(arm).clone() {
                self.bound(arm, &names, way);
            }
        }
    }

    /// Code at a place below `parent` that is only reached by the value (`a && b`, `then(...)`).
    pub(super) fn guarded(&mut self, parent: Site, place: usize, way: &Way) {
        if let Some(child) = self.program.child(parent, place) {
            let effects = self.effects_at(child);
            self.decided(parent, &effects, way);
        }
    }

    fn decided(&mut self, branch: Site, effects: &Effects, way: &Way) {
        self.ended();
        if self.is_own_update(branch) {
            return;
        }
        if effects.leaves && !self.keeps_extreme(branch) && self.ends_endless_loop(branch) {
            let what = "it ends a loop, or a turn of it".to_owned();
            return self.note(branch, Found::Decides(what));
        }
        let function = self.program.function_of(branch);
        if effects.leaves && self.leaves_macro(branch) {
            let what = "it leaves the function that the macro stands in".to_owned();
            return self.note(branch, Found::Decides(what));
        }
        let name = function
            .map_or("", |id| self.program.function(id).name.as_str())
            .to_owned();
        if self.shows_only(function) {
            // What is written besides is no text.
            for id in &effects.locations {
                if Some(*id) != self.location {
                    self.note(branch, Found::Into(*id));
                }
            }
            for (owner, name) in effects.fields.iter().cloned() {
                self.note_field(branch, owner, name);
            }
            self.note(branch, Found::Shown(name));
            return;
        }
        let mut all = effects.clone();
        if effects.leaves
            && let Some(id) = function
        {
            // What comes after the early end is decided as well.
            let whole = self.effects_of(id);
            all.add(&whole);
            if self.answers_nothing(id) && names::function_shows(&name) && all.act().is_none() {
                self.note(branch, Found::Message);
                return;
            }
            self.leaves_function(branch, id, &way.told());
        }
        if let Some((_, what)) = all.first {
            self.note(branch, Found::Decides(what));
            return;
        }
        if let Some((_, by)) = all.writes.clone() {
            // What stands in the text, or is left out of it, is weighed like the text.
            self.note(branch, Found::WrittenOut(by));
        }
        if self.tells_of_change(branch, effects.leaves, &all) {
            let what = "it decides whether it is changed, and the answer tells".to_owned();
            self.note(branch, Found::Unknown(what));
        }
        let others = self.written_for_others(branch, way);
        for id in &all.locations {
            if Some(*id) != self.location && !others.contains(id) {
                self.note(branch, Found::Into(*id));
            }
        }
        for field in &all.fields {
            let (owner, name) = field.clone();
            self.note_field(branch, owner, name);
        }
        if all.shows {
            self.note(branch, Found::Message);
        }
        let locals: Vec<String> = effects.locals.iter().cloned().collect();
        self.bound(branch, &locals, &way.told());
    }

    /// Whether a location is changed or not by its own value, in a function whose answer hangs on which:
    /// that takes something, or does not get it, and counts nothing.
    fn tells_of_change(&self, branch: Site, is_early: bool, all: &Effects) -> bool {
        let is_own = self.location.is_some_and(|id| all.locations.contains(&id));
        let function = self.program.function_of(branch);
        let answers = function.is_some_and(|id| !self.answers_nothing(id));
        is_own
            && answers
            && (is_early || is_used(self.program, branch))
            && !self.keeps_extreme(branch)
    }

    /// Locations that the code below a branch in a helper writes only for other callers than those by
    /// which the value came.
    fn written_for_others(&self, branch: Site, way: &Way) -> BTreeSet<LocationId> {
        let mut others = BTreeSet::new();
        let mut own = BTreeSet::new();
        for site in self.program.below(branch) {
            let Some(all) = self.operations.locations_at(site) else {
                continue;
            };
            let reached = self
                .operations
                .locations_reached(self.program, site, &way.calls);
            others.extend(all.iter().copied());
            own.extend(reached.unwrap_or_default());
        }
        others.difference(&own).copied().collect()
    }

    /// Whether nobody can tell by its answer which way a function went.
    pub(super) fn answers_nothing(&self, id: FunctionId) -> bool {
        let function = self.program.function(id);
        let returns = function.returns.trim();
        function.is_macro
            || matches!(returns, "" | "()" | "void")
            || returns.ends_with("fmt::Result")
    }

    fn shows_only(&self, function: Option<FunctionId>) -> bool {
        function.is_some_and(|id| {
            let function = self.program.function(id);
            let of = function.of_trait.as_deref();
            of.is_some_and(names::makes_text)
        })
    }

    /// The condition of a loop decides how long the program runs, whatever the loop does; unless it
    /// only keeps an extreme.
    pub(super) fn waits_or_decides(&mut self, branch: Site, way: &Way) {
        if self.keeps_extreme(branch) {
            return self.condition(branch, way);
        }
        if self.is_own_update(branch) {
            return self.ended();
        }
        self.note(branch, Found::Decides("a loop waits for it".to_owned()));
    }

    /// Whether the code below a branch leaves a loop around it that ends by nothing else.
    fn ends_endless_loop(&self, branch: Site) -> bool {
        let mut jumps = self.program.below(branch).into_iter();
        jumps.any(|inner| {
            if !matches!(self.program.kind(inner), Kind::Jump) {
                return false;
            }
            let mut at = self.program.parent(inner);
            let mut is_outside = false;
            while let Some(here) = at {
                is_outside |= here == branch;
                match self.program.kind(here) {
                    Kind::Loop => return is_outside,
                    Kind::While => return is_outside && self.is_endless(here),
                    Kind::For { .. } | Kind::Lambda(_) => return false,
                    Kind::Match if !self.program.unit(here.unit).is_rust => return false,
                    _ => at = self.program.parent(here),
                }
            }
            false
        })
    }

    /// Whether the code below a branch in a macro returns, or leaves a loop around the macro: what comes after it in the
    /// functions that use it is decided.
    fn leaves_macro(&self, branch: Site) -> bool {
        let function = self.program.function_of(branch);
        let is_macro = function.is_some_and(|id| self.program.function(id).is_macro);
        is_macro
            && self
                .program
                .below(branch)
                .into_iter()
                .any(|inner| match self.program.kind(inner) {
                    Kind::Return => self.program.parent(inner).is_some(),
                    Kind::Jump => self.program.unit(inner.unit).is_rust && !self.is_in_loop(inner),
                    _ => false,
                })
    }

    fn is_in_loop(&self, site: Site) -> bool {
        let mut at = self.program.parent(site);
        while let Some(here) = at {
            if matches!(
                self.program.kind(here),
                Kind::Loop | Kind::While | Kind::For { .. }
            ) {
                return true;
            }
            at = self.program.parent(here);
        }
        false
    }

    /// `while (1)` and `for (;;)`.
    fn is_endless(&self, of_loop: Site) -> bool {
        let Some(condition) = self.program.child(of_loop, 0) else {
            return true;
        };
        let nodes = self.program.below(condition);
        nodes
            .iter()
            .all(|site| matches!(self.program.kind(*site), Kind::Other | Kind::Literal(_)))
    }

    /// An exchange in a loop that only keeps the largest or smallest value.
    pub(super) fn keeps_extreme(&self, site: Site) -> bool {
        let name = self
            .location
            .map_or(String::new(), |id| self.program.location(id).name.clone());
        let function = self
            .program
            .function_of(site)
            .map_or("", |id| self.program.function(id).name.as_str());
        if !names::keeps_extreme(&name) && !names::keeps_extreme(function) {
            return false;
        }
        let body = self
            .program
            .function_of(site)
            .and_then(|id| self.program.body(id));
        body.is_some_and(|body| {
            self.program.below(body).iter().any(|inner| {
                matches!(self.program.kind(*inner), Kind::Binary(op) if matches!(op.as_str(), "<" | ">" | "<=" | ">="))
            })
        })
    }
}
