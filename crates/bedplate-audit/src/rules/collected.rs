//! Values that are put into what stands elsewhere.
//!
//! # Role
//! `rows.push(value)`, `map.insert(name, value)`: the list holds the value from then on. An order that
//! hangs on the value (`sort_by_key`) is in the list likewise.
//!
//! # Invariants
//! I1. Where a value is a key, it is none of the values: what is found by it hangs on it.

use super::finding::Found;
use super::flow::{Tracer, Way};
use super::parts::Part;
use crate::facts::Site;
use crate::syntax::Kind;

impl Tracer<'_> {
    /// A value that a method of the standard library puts into a list, a map or a text. False where it is
    /// another method, or where nothing is known of what it is called on.
    pub(super) fn is_collected(&mut self, call: Site, place: usize, name: &str, way: &Way) -> bool {
        let is_method = matches!(self.program.kind(call), Kind::Method { .. });
        let count = self.program.node(call).children.len();
        if !is_method || place == 0 {
            return false;
        }
        if !self.program.unit(call.unit).is_rust {
            return name == "append" && way.is_text && self.is_appended(call, way)
                || self.is_put_into_list(call, name, way);
        }
        let held = match name {
            "push" | "push_back" | "push_front" if count == 2 => way.within(Part::Item),
            "insert" if count == 3 && place == 2 => way.within(Part::Item),
            "extend" | "append" if way.parts.last() == Some(&Part::Item) => way.clone(),
            "push_str" | "extend" | "append" | "extend_from_slice" if way.is_text => way.whole(),
            _ => return false,
        };
        let Some(target) = self.program.child(call, 0) else {
            return false;
        };
        if name == "push" && self.program.type_words(target, 0).contains("BinaryHeap") {
            let note = "it may say what a heap answers first".to_owned();
            self.note(call, Found::Unknown(note));
        }
        self.is_put_into(call, target, &held)
    }

    /// `text.append(part)` of C++, where the text is a local.
    fn is_appended(&mut self, call: Site, way: &Way) -> bool {
        let Some(target) = self.program.child(call, 0) else {
            return false;
        };
        let is_text = matches!(self.program.kind(target), Kind::Name(name)
            if self.program.local_type(target, name).is_some_and(|ty| ty.contains("string") && !ty.contains(['*', '&'])));
        is_text && self.goes_into_local(call, target, way)
    }

    /// Follows a value into what holds it from now on.
    fn is_put_into(&mut self, call: Site, target: Site, held: &Way) -> bool {
        if let Kind::Member(name) = self.program.kind(target).clone() {
            let owner = self.owner_of(target, &name);
            let parts = held.parts.clone();
            self.note(call, Found::IntoField { owner, name, parts });
            return !held.is_text;
        }
        self.holds_it(call, target, held)
    }

    /// A list is put in an order, or made shorter, by what a closure answers.
    pub(super) fn is_ordered_by(&mut self, call: Site, name: &str, way: &Way) -> bool {
        let held = match name {
            "sort_by"
            | "sort_by_key"
            | "sort_by_cached_key"
            | "sort_unstable_by"
            | "sort_unstable_by_key"
            | "select_nth_unstable_by"
            | "select_nth_unstable_by_key" => way.whole().within(Part::Item),
            "retain" | "retain_mut" | "extract_if" | "dedup_by" | "dedup_by_key" => way.whole(),
            "min_by_key"
            | "max_by_key"
            | "min_by"
            | "max_by"
            | "binary_search_by"
            | "binary_search_by_key"
            | "partition_point" => {
                self.note(call, Found::Index);
                return true;
            }
            _ => return false,
        };
        let target = self.program.child(call, 0);
        if !name.contains("sort")
            && target.is_some_and(|it| matches!(self.program.kind(it), Kind::Member(_)))
        {
            let what = format!("what `{name}` leaves is kept by it");
            self.note(call, Found::Decides(what));
            return true;
        }
        if !target.is_some_and(|target| self.is_put_into(call, target, &held)) {
            let note = format!("what `{name}` leaves, and where, hangs on it");
            self.note(call, Found::Unknown(note));
        }
        true
    }

    /// Whether a method is called on a span of `tracing`, of which nothing is read again.
    pub(super) fn is_span(&self, call: Site) -> bool {
        let receiver = self.program.child(call, 0);
        let words = receiver.map(|receiver| self.program.type_words(receiver, 0));
        words.is_some_and(|words| words.contains("tracing") && words.contains("Span"))
    }
}
