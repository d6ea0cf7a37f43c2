//! Values that others pull out.
//!
//! # Role
//! Nobody writes a call of `Iterator::next`, `Stream::poll_next` or `Future::poll`: a loop or an `await` does it. What
//! they answer leaves to callers outside, where only those get such a value.

use super::program::{FunctionId, Program, Site};
use crate::syntax::Kind;

impl Program {
    /// Whether a function answers what only code outside of the tree pulls out of a public type: the tree makes
    /// such values, hands them out by functions that nothing in it calls, and keeps none.
    pub(crate) fn is_pulled_outside(&self, id: FunctionId) -> bool {
        let function = self.function(id);
        let is_pull = matches!(
            (function.of_trait.as_deref(), function.name.as_str()),
            (Some("Iterator"), "next")
                | (Some("DoubleEndedIterator"), "next_back")
                | (Some("Stream"), "poll_next")
                | (Some("Future"), "poll")
        );
        let Some(owner) = function.owner.as_ref().filter(|_| is_pull) else {
            return false;
        };
        let structures = self.units.iter().flat_map(|unit| &unit.structures);
        let mut is_public = false;
        for structure in structures {
            is_public |= structure.name == *owner && structure.is_public;
            if structure
                .fields
                .iter()
                .any(|field| self.words(&field.ty).contains(owner))
            {
                return false;
            }
        }
        is_public && self.is_only_handed_out(owner)
    }

    /// Whether a function makes a value of a public type out of another one (`From`), which code outside of the tree may
    /// ask for as well.
    pub(crate) fn is_made_outside(&self, id: FunctionId) -> bool {
        let function = self.function(id);
        let is_made = matches!(function.of_trait.as_deref(), Some("From" | "TryFrom"));
        let mut structures = self.units.iter().flat_map(|unit| &unit.structures);
        is_made
            && function.owner.as_ref().is_some_and(|owner| {
                structures.any(|structure| structure.name == *owner && structure.is_public)
            })
    }

    fn is_only_handed_out(&self, owner: &str) -> bool {
        for (index, unit) in self.units.iter().enumerate() {
            let unit_index = u32::try_from(index).unwrap_or(u32::MAX);
            for (index, function) in unit.functions.iter().enumerate() {
                let id = FunctionId {
                    unit: unit_index,
                    index: u32::try_from(index).unwrap_or(u32::MAX),
                };
                if self.answers(id, owner) && !self.callers(id).is_empty()
                    || function
                        .parameters
                        .iter()
                        .any(|it| it.name != "self" && self.words(&it.ty).contains(owner))
                {
                    return false;
                }
            }
            for node in unit.ids() {
                let makes = match unit.kind(node) {
                    Kind::Record(name) | Kind::Call { name, .. } => name == owner,
                    _ => false,
                };
                let site = Site {
                    unit: unit_index,
                    node,
                };
                if makes
                    && !self
                        .function_of(site)
                        .is_some_and(|id| self.hands_out(id, owner))
                {
                    return false;
                }
            }
        }
        true
    }

    fn answers(&self, id: FunctionId, owner: &str) -> bool {
        let function = self.function(id);
        let words = self.words(&function.returns);
        words.contains(owner) || words.contains("Self") && function.owner.as_deref() == Some(owner)
    }

    /// Whether a function answers such a value, by its name or as what it can do.
    fn hands_out(&self, id: FunctionId, owner: &str) -> bool {
        let function = self.function(id);
        !function.is_value && self.answers(id, owner)
            || function.returns.contains("impl ") && self.callers(id).is_empty()
    }
}
