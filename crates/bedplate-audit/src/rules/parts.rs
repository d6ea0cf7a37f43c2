//! Values that are parts of others.
//!
//! # Role
//! A figure in a list or a record is not the list: how often a loop over the list turns does not hang on
//! it, and the other fields of the record are not it.
//!
//! # Invariants
//! I1. What is not known to hold its parts as they are gives up the knowledge, and the value is taken
//!     for the whole. Numbers and pointers have no elements and no fields, so that a part that was
//!     taken out unseen is misjudged by none of the rules here.

use super::finding::Found;
use super::flow::{Tracer, Way};
use super::names;
use crate::facts::{FunctionId, Site};
use crate::syntax::Kind;

/// What a value is of the one that is followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// One of a list.
    Item,
    /// A field of a record.
    Field(String),
    /// What a variant of an enumeration holds.
    Variant(String),
    /// What is in a `Some` or an `Ok`: whether there is one does not hang on it.
    Wrapped,
}

/// Lists in records in lists: deeper ones are taken for the value.
const PARTS_MAX: usize = 6;

/// Steps back to what a name was bound to.
const BINDINGS_MAX: u32 = 4;

/// Methods that go through something, or are called on what does.
const ITERATORS: [&str; 20] = [
    "iter",
    "into_iter",
    "iter_mut",
    "zip",
    "enumerate",
    "copied",
    "cloned",
    "rev",
    "chars",
    "bytes",
    "values",
    "keys",
    "lines",
    "windows",
    "chunks",
    "skip",
    "step_by",
    "peekable",
    "chain",
    "map",
];

/// Methods of lists whose answer holds the same parts.
fn keeps_items(name: &str) -> bool {
    let is_iterator = ITERATORS.contains(&name) && !matches!(name, "windows" | "chunks");
    is_iterator
        || matches!(
            name,
            "collect"
                | "to_vec"
                | "as_slice"
                | "as_ref"
                | "clone"
                | "to_owned"
                | "by_ref"
                | "filter"
                | "take"
                | "take_while"
                | "skip_while"
                | "inspect"
                | "for_each"
                | "map_err"
                | "ok"
                | "unwrap"
                | "expect"
        )
}

/// Methods of `Option` and `Result` whose answer holds the same value.
fn keeps_wrapped(name: &str) -> bool {
    matches!(
        name,
        "map"
            | "map_err"
            | "ok"
            | "ok_or"
            | "ok_or_else"
            | "or"
            | "or_else"
            | "inspect"
            | "as_ref"
            | "copied"
            | "cloned"
            | "clone"
            | "context"
            | "with_context"
    )
}

/// Methods of `Option` and `Result` that answer what is in them.
fn unwraps(name: &str) -> bool {
    name.starts_with("unwrap") || matches!(name, "expect" | "map_or" | "map_or_else")
}

/// Methods of `Option` and `Result` that answer whether there is something.
fn asks_for_any(name: &str) -> bool {
    matches!(name, "is_some" | "is_none" | "is_ok" | "is_err")
}

/// Methods of `Option` and `Result` that call a closure where there is nothing in them, or an error.
pub(super) fn calls_without_wrapped(name: &str) -> bool {
    matches!(
        name,
        "map_err" | "or_else" | "ok_or_else" | "unwrap_or_else"
    )
}

/// Methods of `Option` and `Result` that call a closure with what is in them, whatever it is.
pub(super) fn calls_with_wrapped(name: &str) -> bool {
    unwraps(name) || keeps_wrapped(name) || name == "and_then"
}

/// Methods of lists that answer one of the parts.
fn takes_item(name: &str) -> bool {
    matches!(name, "get" | "first" | "last" | "next" | "nth" | "pop")
}

/// Methods of lists that leave the list as long as it was, or longer whatever is in it.
pub(super) fn keeps_length(name: &str) -> bool {
    keeps_items(name)
        || takes_item(name)
        || name.starts_with("sort")
        || matches!(
            name,
            "push"
                | "insert"
                | "extend"
                | "reverse"
                | "swap"
                | "fill"
                | "join"
                | "concat"
                | "sum"
                | "product"
                | "fold"
                | "any"
                | "all"
                | "find"
                | "find_map"
                | "position"
                | "contains"
                | "flatten"
                | "flat_map"
                | "filter_map"
                | "windows"
                | "chunks"
        )
}

/// Methods of lists and texts that make them longer or shorter, whatever the value in them is.
pub(super) fn changes_list(name: &str) -> bool {
    matches!(
        name,
        "push_back"
            | "push_front"
            | "push_str"
            | "append"
            | "extend_from_slice"
            | "clear"
            | "truncate"
            | "shrink_to_fit"
    )
}

/// Calls that answer what the closure they are given answers.
fn answers_closure(name: &str) -> bool {
    matches!(
        name,
        "map" | "then" | "and_then" | "unwrap_or_else" | "map_or_else" | "or_else" | "from_fn"
    )
}

impl Way {
    /// The same value as a part of something.
    pub(super) fn within(&self, part: Part) -> Self {
        let mut inner = self.clone();
        if inner.parts.len() < PARTS_MAX {
            inner.parts.push(part);
        } else {
            inner.parts.clear();
        }
        inner
    }

    /// Whether it is the value, or what is in a `Some` or an `Ok` is.
    pub(super) fn is_value(&self) -> bool {
        self.parts.iter().all(|part| *part == Part::Wrapped)
    }

    /// The value in a `Some` or an `Ok`.
    pub(super) fn wrapped(&self) -> Self {
        self.within(Part::Wrapped)
    }

    /// The part taken out.
    pub(super) fn taken_out(&self) -> Self {
        let mut inner = self.clone();
        inner.parts.pop();
        inner
    }

    /// The value, whatever it was a part of.
    pub(super) fn whole(&self) -> Self {
        Self {
            parts: Vec::new(),
            ..self.clone()
        }
    }
}

impl Tracer<'_> {
    /// Follows a value into or out of what it is a part of. False where the parent is neither.
    pub(super) fn as_part(&mut self, parent: Site, kind: &Kind, place: usize, way: &Way) -> bool {
        match (kind, way.parts.last()) {
            (Kind::List, _) => self.follow(parent, &way.within(Part::Item)),
            (Kind::Member(name), Some(Part::Field(field))) => {
                if name == field {
                    self.follow(parent, &way.taken_out());
                } else {
                    // Where the field is read elsewhere is looked up by its name.
                    self.ended();
                }
            }
            (Kind::Index, Some(Part::Item)) if place == 0 => {
                self.follow(parent, &way.taken_out());
            }
            (Kind::For { names }, Some(Part::Item)) if place == 0 => {
                let names = names.clone();
                self.bound(parent, &names, &way.taken_out());
            }
            (Kind::Try, Some(Part::Wrapped)) => self.follow(parent, &way.taken_out()),
            (Kind::Try | Kind::Record(_), Some(_)) => self.follow(parent, way),
            (Kind::Let { names, .. } | Kind::Test { names }, Some(Part::Wrapped))
                if place == 0
                    && !self.is_by_value(parent)
                    && (matches!(kind, Kind::Test { .. })
                        || self.program.node(parent).children.len() > 1) =>
            {
                // A pattern that may fail takes it out.
                let names = names.clone();
                self.bound(parent, &names, &way.taken_out());
            }
            (Kind::Let { names, .. } | Kind::Test { names }, Some(_))
                if place == 0 && !self.is_by_value(parent) =>
            {
                // Whether it fits the pattern does not hang on the part.
                let names = names.clone();
                self.bound(parent, &names, way);
            }
            (Kind::Match, Some(Part::Variant(_)))
                if place == 0 && !self.has_arms_by_value(parent) =>
            {
                self.ended();
                let arms: Vec<Site> = self.program.children(parent).skip(1).collect();
                for arm in arms {
                    if let Kind::Arm { names } = self.program.kind(arm).clone() {
                        self.taken_from_variant(arm, &names, way);
                    }
                }
            }
            (Kind::Let { names, .. } | Kind::Test { names }, Some(Part::Variant(_)))
                if place == 0 && !self.is_by_value(parent) =>
            {
                let names = names.clone();
                self.ended();
                self.taken_from_variant(parent, &names, way);
            }
            (Kind::Match, Some(Part::Wrapped)) if place == 0 && !self.has_arms_by_value(parent) => {
                self.bind_arms(parent, &way.taken_out());
            }
            (Kind::Match, Some(_)) if place == 0 && !self.has_arms_by_value(parent) => {
                self.bind_arms(parent, way);
            }
            _ => return false,
        }
        true
    }

    /// What a pattern takes out of a variant: nothing where it is another one's.
    fn taken_from_variant(&mut self, binder: Site, names: &[String], way: &Way) {
        let Some(Part::Variant(variant)) = way.parts.last() else {
            return;
        };
        let unit = self.program.unit(binder.unit);
        let pattern = unit.beside.get(&binder.node).map_or("", String::as_str);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let words = pattern
            .split(|c| !is_word(c))
            .filter(|word| !word.is_empty());
        if pattern.is_empty()
            || !words
                .clone()
                .any(|word| word.starts_with(char::is_uppercase))
        {
            return self.bound(binder, names, way);
        }
        if !words.clone().any(|word| word == variant) {
            // What is no variant's name may be another name of it.
            let is_variant = |word: &str| self.program.is_variant(word, "");
            let mut named = words.filter(|word| word.starts_with(char::is_uppercase));
            if !named.any(is_variant) || pattern.contains(['|', '@']) {
                self.bound(binder, names, &way.whole());
            }
            return;
        }
        let inner = way.taken_out();
        let taken = unit.taken.get(&binder.node).cloned().unwrap_or_default();
        let Some(Part::Field(field)) = inner.parts.last().filter(|_| !taken.is_empty()) else {
            return self.bound(binder, names, &inner);
        };
        let own = taken
            .iter()
            .filter(|it| it.field == *field)
            .map(|it| it.name.clone());
        self.bound(binder, &own.collect::<Vec<String>>(), &inner.taken_out());
    }

    /// Whether a pattern holds values, which what is looked at is compared with.
    fn is_by_value(&self, site: Site) -> bool {
        self.program.unit(site.unit).by_value.contains(&site.node)
    }

    fn has_arms_by_value(&self, matching: Site) -> bool {
        let mut arms = self.program.children(matching).skip(1);
        arms.any(|arm| self.is_by_value(arm))
    }

    /// Whether the value at a place of its parent is still a part of the same things.
    pub(super) fn keeps_parts(&self, parent: Site, kind: &Kind, place: usize) -> bool {
        match kind {
            Kind::Other => self.program.node(parent).children.len() == 1,
            Kind::If | Kind::Match => place > 0,
            Kind::Binary(_)
            | Kind::Unary(_)
            | Kind::Deref
            | Kind::Cast
            | Kind::Index
            | Kind::Assign { compound: true }
            | Kind::Macro { .. }
            | Kind::While
            | Kind::For { .. } => false,
            _ => true,
        }
    }

    /// A closure that is given to a call answers the value.
    pub(super) fn answered_by_closure(&mut self, call: Site, name: &str, way: &Way) {
        if self.program.callees(call, name).is_empty() && self.is_ordered_by(call, name, way) {
            return;
        }
        if self.goes_by_closure(call, name, way) {
            let note =
                format!("`{name}`, which is not in the tree, goes by what the closure answers");
            self.note(call, Found::Unknown(note));
        }
        if !answers_closure(name) {
            if names::goes_by_answer(name) && self.program.callees(call, name).is_empty() {
                let note = format!("`{name}` keeps what the closure answers, or goes by it");
                self.note(call, Found::Unknown(note));
            }
            return self.follow(call, &way.whole());
        }
        let is_list = name == "from_fn" || name == "map" && self.goes_through(call);
        if is_list {
            self.follow(call, &way.within(Part::Item));
        } else if matches!(name, "map" | "then") && self.program.callees(call, name).is_empty() {
            self.follow(call, &way.wrapped());
        } else {
            self.follow(call, way);
        }
    }

    /// Whether a function from elsewhere does by a truth that a closure answers what is not known (`poll_fn(|_| ...)`), or waits for
    /// what it answers.
    fn goes_by_closure(&self, call: Site, name: &str, way: &Way) -> bool {
        // What lists of Rust do with it is looked at elsewhere.
        let is_rust = self.program.unit(call.unit).is_rust;
        let is_known = answers_closure(name) || keeps_length(name) || names::is_pure(name);
        let hands_on = is_rust && is_known || names::hands_on(name);
        self.program.callees(call, name).is_empty()
            && (name.starts_with("wait") || way.is_truth && !hands_on)
    }

    /// A list that is given to a method which goes on with its elements (`a.zip(b)`).
    pub(super) fn joins_list(&self, call: Site, place: usize, name: &str, way: &Way) -> bool {
        way.parts.last() == Some(&Part::Item)
            && place == 1
            && matches!(name, "zip" | "chain")
            && self.goes_through(call)
    }

    /// A call of the kernel to write, by its number among the arguments.
    pub(super) fn asks_to_write(&self, call: Site) -> bool {
        let mut arguments = self.program.children(call);
        arguments.any(|argument| {
            matches!(self.program.kind(argument), Kind::Name(name)
                if matches!(name.as_str(), "SYS_write" | "SYS_pwrite64" | "SYS_writev"))
        })
    }

    /// Whether a method is called on what goes through something.
    fn goes_through(&self, call: Site) -> bool {
        let receiver = self.program.child(call, 0);
        receiver.is_some_and(|receiver| self.is_iterator(receiver, 0))
    }

    fn is_iterator(&self, site: Site, depth: u32) -> bool {
        match self.program.kind(site) {
            Kind::Method { name } => ITERATORS.contains(&name.as_str()),
            Kind::List => true,
            Kind::Call { name, .. } => name == "from_fn",
            Kind::Name(name) if depth < BINDINGS_MAX => {
                let bound = self.program.binding(site, name);
                bound.is_some_and(|value| self.is_iterator(value, depth + 1))
            }
            _ => false,
        }
    }

    /// A method of a list, of `Option` or `Result`. The way of its answer; none where that does not hang on the value.
    pub(super) fn list_method(&self, name: &str, way: &Way) -> Option<Way> {
        match way.parts.last() {
            Some(Part::Item) => {}
            Some(Part::Wrapped) if asks_for_any(name) => return None,
            Some(Part::Wrapped) if unwraps(name) => return Some(way.taken_out()),
            Some(Part::Wrapped) if !keeps_wrapped(name) => return Some(way.whole()),
            _ => return Some(way.clone()),
        }
        match name {
            "len" | "is_empty" => None,
            _ if takes_item(name) => Some(way.taken_out()),
            _ if keeps_items(name) => Some(way.clone()),
            _ => Some(way.whole()),
        }
    }

    /// A method of the tree that is called on a record, which is followed into it.
    pub(super) fn record_method(&mut self, call: Site, functions: &[FunctionId], way: &Way) {
        for id in functions {
            self.enter_parameter(call, *id, 0, way);
        }
    }
}

/// Methods of texts that add to them.
pub(super) fn adds_text(name: &str) -> bool {
    writes_text(name)
        || matches!(
            name,
            "push" | "push_str" | "extend" | "extend_from_slice" | "append"
        )
}

/// Methods of texts, and of what holds them, that do nothing but make another one of it, or ask it.
pub(super) fn is_of_texts(name: &str) -> bool {
    names::is_pure(name)
        || names::makes_room(name)
        || keeps_length(name)
        || changes_list(name)
        || adds_text(name)
        || matches!(
            name,
            "addr"
                | "expose_provenance"
                | "repeat"
                | "parse"
                | "replace"
                | "display"
                | "join"
                | "into_bytes"
                | "into_string"
                | "into_boxed_str"
                | "escape_debug"
                | "escape_default"
                | "await"
                | "ok_or"
                | "ok_or_else"
                | "cloned"
                | "replacen"
                | "format"
                | "context"
                | "with_context"
                | "green"
                | "red"
                | "bold"
                | "dimmed"
                | "yellow"
                | "cyan"
        )
}

/// Methods of the standard library's `Write` for texts.
pub(super) fn writes_text(name: &str) -> bool {
    matches!(name, "write_char" | "write_str" | "write_fmt")
}

/// Functions of libraries that hand bytes to a file, a stream or a peer.
pub(super) fn writes_out(name: &str) -> bool {
    matches!(
        name,
        "write" | "write_all" | "write_str" | "pwrite" | "fwrite"
    )
}
