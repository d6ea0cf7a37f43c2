//! Updates that try again.
//!
//! # Role
//! A loop that in every turn tries to put a changed value in place of the one that was read, and does
//! nothing else, is an addition by other means: how often it turns decides nothing.
//!
//! # Not here
//! Loops that keep an extreme: `branch.rs` knows them by their names.

use alloc::collections::BTreeSet;

use super::flow::Tracer;
use crate::facts::{FunctionId, LocationId, OpKind, Site};
use crate::syntax::Kind;

impl Tracer<'_> {
    /// Whether a piece of code stands in a loop that only updates the location, at the end of a function
    /// that answers nothing.
    pub(super) fn is_own_update(&mut self, site: Site) -> bool {
        let Some(location) = self.location else {
            return false;
        };
        let Some(function) = self.program.function_of(site) else {
            return false;
        };
        if !self.program.unit(site.unit).is_rust || !self.answers_nothing(function) {
            return false;
        }
        let Some(whole) = self.last_loop(site) else {
            return false;
        };
        let mut exchanges = self.program.below(whole).into_iter().filter(|inner| {
            let op = self.program.op(*inner);
            op.is_some_and(|op| op.kind == OpKind::Exchange)
        });
        let (Some(exchange), None) = (exchanges.next(), exchanges.next()) else {
            return false;
        };
        let Some(reached) = self.operations.locations_at(exchange).cloned() else {
            return false;
        };
        reached.contains(&location)
            && self.is_tried_each_turn(exchange, whole)
            && self.expects_what_was_read(function, exchange, location)
            && self.does_nothing_else(whole, &reached)
    }

    /// The loop around `site`, where nothing comes after it in the function.
    fn last_loop(&self, site: Site) -> Option<Site> {
        let mut at = site;
        let mut found = None;
        loop {
            match self.program.kind(at) {
                Kind::Loop | Kind::While => found = Some(at),
                Kind::For { .. } | Kind::Lambda(_) => return None,
                _ => {}
            }
            let Some(parent) = self.program.parent(at) else {
                return found;
            };
            let is_last = self.program.place(at) + 1 == self.program.node(parent).children.len();
            if found.is_some()
                && matches!(self.program.kind(parent), Kind::Block { .. })
                && !is_last
            {
                return None;
            }
            at = parent;
        }
    }

    /// Whether no turn goes by without the exchange, unless it leaves the loop.
    fn is_tried_each_turn(&self, exchange: Site, whole: Site) -> bool {
        let mut at = exchange;
        while at != whole {
            let Some(parent) = self.program.parent(at) else {
                return false;
            };
            let is_first = self.program.place(at) == 0;
            match self.program.kind(parent) {
                Kind::If | Kind::Match if !is_first => return false,
                Kind::Binary(operator) if matches!(operator.as_str(), "&&" | "||") => return false,
                Kind::While if is_first != (parent == whole) => return false,
                Kind::Arm { .. } | Kind::Lambda(_) => return false,
                _ => at = parent,
            }
        }
        let unit = self.program.unit(whole.unit);
        let text = |site: Site| {
            let line = (self.program.node(site).line as usize).checked_sub(1);
            line.and_then(|line| unit.lines.get(line))
        };
        let goes_on = |site: &Site| {
            matches!(self.program.kind(*site), Kind::Jump)
                && text(*site).is_none_or(|it| it.contains("continue") && !it.contains("Err("))
        };
        !self.program.below(whole).iter().any(goes_on)
    }

    /// Whether what the exchange expects was read from the location: another one is waited for.
    fn expects_what_was_read(
        &self,
        function: FunctionId,
        exchange: Site,
        location: LocationId,
    ) -> bool {
        let expected = self.program.child(exchange, 1);
        let Some(Kind::Name(name)) = expected.map(|site| self.program.kind(site)) else {
            return false;
        };
        let reads = |value: &Site| {
            self.program.below(*value).iter().any(|inner| {
                let op = self.program.op(*inner);
                let locations = self.operations.locations_at(*inner);
                op.is_some() && locations.is_some_and(|ids| ids.contains(&location))
            })
        };
        self.program
            .values_of(function, name)
            .first()
            .is_some_and(reads)
    }

    fn does_nothing_else(&mut self, whole: Site, own: &BTreeSet<LocationId>) -> bool {
        let effects = self.effects_at(whole);
        effects.act().is_none()
            && effects.ends.is_none()
            && !effects.shows
            && effects.fields.is_empty()
            && effects.locations.is_subset(own)
    }
}
