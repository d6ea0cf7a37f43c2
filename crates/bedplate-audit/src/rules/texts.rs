//! Where a value goes in a text.
//!
//! # Role
//! A text is no end: it may be a key, the name of a file, or what a peer reads.

use super::finding::Found;
use super::flow::{Tracer, Way};
use super::names;
use super::streams::Reader;
use crate::facts::{FunctionId, Site};
use crate::syntax::Kind;

/// Functions that hand a text on to be written, one to the next.
const TEXTS_MAX: u32 = 5;

impl Tracer<'_> {
    /// The texts of macros that name a local in their braces.
    pub(super) fn texts_naming(&self, function: FunctionId, name: &str) -> Vec<Site> {
        let Some(body) = self.program.body(function) else {
            return Vec::new();
        };
        if !self.program.unit(function.unit).is_rust {
            return Vec::new();
        }
        let (plain, formatted) = (format!("{{{name}}}"), format!("{{{name}:"));
        let names_it = |site: &Site| {
            let Kind::Literal(text) = self.program.kind(*site) else {
                return false;
            };
            let parent = self.program.parent(*site);
            let is_in_macro = parent
                .is_some_and(|parent| matches!(self.program.kind(parent), Kind::Macro { .. }));
            is_in_macro && (text.contains(&plain) || text.contains(&formatted))
        };
        let nodes = self.program.below(body);
        nodes.into_iter().filter(names_it).collect()
    }

    /// The texts of macros that name in their braces what a pattern took out of a field.
    pub(super) fn texts_naming_field(&self, owner: &str, field: &str) -> Vec<Site> {
        let last = owner.rsplit("::").next().unwrap_or(owner);
        let mut found = Vec::new();
        for (binder, taken) in self.program.patterns_taking(field) {
            let is_other = !owner.is_empty() && ![owner, last, "Self"].contains(&&taken.owner[..]);
            let function = self.program.function_of(binder);
            if let Some(function) = function.filter(|_| !is_other) {
                found.extend(self.texts_naming(function, &taken.name));
            }
        }
        found
    }

    /// `write!` and `writeln!`: what they write to says what becomes of it.
    pub(super) fn written_text(&mut self, call: Site, place: usize, name: &str, way: &Way) {
        let Some(target) = self.program.child(call, 0) else {
            return self.ended();
        };
        if place == 0 {
            return self.ended();
        }
        if let Some(to) = self.reader_of(target) {
            return self.note(call, to.found(format!("{name}!")));
        }
        if !self.goes_into_local(call, target, way) {
            self.note(call, Found::WrittenOut(format!("{name}!")));
        }
    }

    /// `snprintf` and its relatives: the text goes into their first argument.
    pub(super) fn printed_into(&mut self, call: Site, place: usize, name: &str, way: &Way) {
        let Some(target) = self.program.child(call, 0) else {
            return self.ended();
        };
        if place == 0 {
            return self.ended();
        }
        if !self.goes_into_local(call, target, way) {
            let note = format!("`{name}` puts it into a text of another place");
            self.note(call, Found::Unknown(note));
        }
    }

    /// Follows a text that is put into a local.
    pub(super) fn goes_into_local(&mut self, call: Site, target: Site, way: &Way) -> bool {
        let text = Way {
            is_text: true,
            ..way.whole()
        };
        self.holds_it(call, target, &text)
    }

    /// Follows a local, or what the callers gave, that holds a value from now on. False where it is
    /// neither.
    pub(super) fn holds_it(&mut self, call: Site, target: Site, held: &Way) -> bool {
        let root = self.root(target);
        let Kind::Name(name) = self.program.kind(root).clone() else {
            return false;
        };
        let Some(function) = self.program.function_of(call) else {
            return false;
        };
        let is_rust = self.program.unit(call.unit).is_rust;
        if let Some((place, _)) = self.program.parameter(function, &name) {
            return if is_rust {
                self.goes_to_callers(call, function, place, held)
            } else {
                self.is_text_given_out(call, target)
            };
        }
        if is_rust && self.program.binding(root, &name).is_none() {
            return false;
        }
        self.bound(call, &[name], held);
        true
    }

    /// Whether a text of C goes into what callers from outside of the tree give for it.
    fn is_text_given_out(&mut self, call: Site, target: Site) -> bool {
        let by = self.given_out(target);
        if let Some(by) = by.clone() {
            self.note(call, Found::Leaves(by));
        }
        by.is_some()
    }

    /// Follows a text that is put into what the callers gave (`fn text(&self, out: &mut Line)`). False
    /// where nobody in the tree calls, or one gives what is not a local of its own.
    fn goes_to_callers(
        &mut self,
        at: Site,
        function: FunctionId,
        place: usize,
        text: &Way,
    ) -> bool {
        if text.texts >= TEXTS_MAX {
            return false;
        }
        let (callers, calls) = match text.calls.split_last() {
            Some((call, outer)) => (vec![*call], outer.to_vec()),
            None => (self.program.callers(function), Vec::new()),
        };
        let outer = Way {
            calls,
            texts: text.texts + 1,
            ..text.clone()
        };
        if callers.is_empty() && !text.is_text && self.program.function(function).is_public {
            let name = self.program.function(function).name.clone();
            let found = if text.is_truth {
                Found::Unknown(format!("what `{name}` is given is changed or not by it"))
            } else {
                Found::Leaves(name)
            };
            self.note(at, found);
            return true;
        }
        let mut all = !callers.is_empty();
        for call in callers {
            let given = self.program.child(call, place);
            let Some(given) = given else {
                all = false;
                continue;
            };
            match self.reader_of(given) {
                Some(to) => self.note(call, to.found(self.program.function(function).name.clone())),
                None => all &= self.holds_it(call, given, &outer),
            }
        }
        all
    }

    /// What stands under references, casts, indexes and additions.
    fn root(&self, site: Site) -> Site {
        let mut at = site;
        while matches!(
            self.program.kind(at),
            Kind::Ref | Kind::Deref | Kind::Cast | Kind::Other | Kind::Index | Kind::Binary(_)
        ) && let Some(inner) = self.program.child(at, 0)
        {
            at = inner;
        }
        at
    }

    /// A call that asks a trait of texts for the text of the value (`fmt::LowerHex::fmt(&value, f)`) shows it.
    pub(super) fn asked_for_text(&mut self, call: Site, place: usize, way: &Way) {
        let is_asked = matches!(self.program.kind(call), Kind::Call { name, path }
            if name == "fmt" && path.rsplit("::").next().is_some_and(names::makes_text));
        if is_asked && place == 0 && way.is_value() {
            self.note(call, Found::Shown("fmt".to_owned()));
        }
    }

    /// Who reads what is written there: it is a stream of the process, or what `Display` and its kin are given.
    fn reader_of(&self, target: Site) -> Option<Reader> {
        let id = self.program.function_of(target)?;
        let function = self.program.function(id);
        let of = function.of_trait.as_deref();
        if of.is_some_and(names::makes_text) {
            return Some(Reader::Person);
        }
        let root = self.root(target);
        let mut places = self.program.below(target);
        if let Kind::Name(name) = self.program.kind(root) {
            if let Some((_, parameter)) = self.program.parameter(id, name) {
                let is_formatter = parameter.ty.contains("Formatter");
                let is_output = parameter.ty.contains("Stdout");
                return match (is_formatter, is_output) {
                    (true, _) => Some(Reader::Person),
                    (false, true) => Some(Reader::Anybody),
                    (false, false) => None,
                };
            }
            if let Some(value) = self.program.binding(root, name) {
                places.extend(self.program.below(value));
            }
        }
        let calls = |wanted: &str| {
            places.iter().any(|site| {
                matches!(self.program.kind(*site), Kind::Call { name, .. } if name == wanted)
            })
        };
        if calls("stdout") {
            Some(Reader::Anybody)
        } else {
            calls("stderr").then_some(Reader::Person)
        }
    }
}
