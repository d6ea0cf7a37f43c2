//! Which functions of the tree a call may lead to, and which calls to a function.
//!
//! # Role
//! Calls are joined with functions by name, module, number of arguments and what is known of the receiver;
//! what other code's values and the standard library's iterators are asked is nobody's here.

use std::ffi::OsStr;
use std::path::Path;

use super::program::{FunctionId, Program, Site};
use super::resolve::SAME;
use crate::syntax::Kind;

/// Steps back to what made the receiver of a method.
const NAMES_MAX: u32 = 8;

/// Methods that do what a function of another name says.
const CONVERSIONS: [(&str, &str); 2] = [("into", "from"), ("try_into", "try_from")];

/// Methods of the standard library's iterators that answer iterators.
const ADAPTORS: [&str; 22] = [
    "zip",
    "chain",
    "map",
    "filter",
    "enumerate",
    "copied",
    "cloned",
    "rev",
    "skip",
    "take",
    "step_by",
    "peekable",
    "flatten",
    "inspect",
    "take_while",
    "skip_while",
    "map_while",
    "filter_map",
    "flat_map",
    "scan",
    "fuse",
    "cycle",
];

impl Program {
    pub(crate) fn is_known_call(&self, name: &str) -> bool {
        !self.functions_named(name).is_empty()
    }

    pub(super) fn is_method_name(&self, name: &str) -> bool {
        let mut functions = self.functions_named(name).iter();
        functions.any(|id| {
            let first = self.function(*id).parameters.first();
            first.is_some_and(|first| first.name == "self")
        })
    }

    /// The functions that a call may lead to.
    pub(crate) fn callees(&self, call: Site, name: &str) -> Vec<FunctionId> {
        if let Some(found) = self.memory.callees.borrow().get(&call) {
            return found.clone();
        }
        if self.is_local_call(call, name) {
            return Vec::new();
        }
        let functions = self.functions_named(name).iter().copied();
        let mut found: Vec<FunctionId> = functions.filter(|id| self.may_call(call, *id)).collect();
        if let Some((_, from)) = CONVERSIONS.iter().find(|(into, _)| *into == name) {
            let conversions = self.functions_named(from).iter().copied();
            found.extend(conversions.filter(|id| self.may_convert(call, *id)));
        }
        self.memory.callees.borrow_mut().insert(call, found.clone());
        found
    }

    /// The calls that may lead to a function.
    pub(crate) fn callers(&self, id: FunctionId) -> Vec<Site> {
        if let Some(found) = self.memory.callers.borrow().get(&id) {
            return found.clone();
        }
        let function = self.function(id);
        let calls = self.calls_named(&function.name).iter().copied();
        let mut found: Vec<Site> = calls.filter(|call| self.may_call(*call, id)).collect();
        if let Some((into, _)) = CONVERSIONS.iter().find(|(_, from)| *from == function.name) {
            let calls = self.calls_named(into).iter().copied();
            found.extend(calls.filter(|call| self.may_convert(*call, id)));
        }
        self.memory.callers.borrow_mut().insert(id, found.clone());
        found
    }

    /// Whether a call of Rust is one of what a parameter or a local of the name is.
    fn is_local_call(&self, call: Site, name: &str) -> bool {
        let is_plain = matches!(self.kind(call), Kind::Call { path, .. } if path.is_empty());
        let function = self.function_of(call);
        let is_given = || function.is_some_and(|id| self.parameter(id, name).is_some());
        is_plain
            && self.unit(call.unit).is_rust
            && (is_given() || self.binder(call, name).is_some())
    }

    /// Whether `x.into()` may be what an implementation of `From` does.
    fn may_convert(&self, call: Site, id: FunctionId) -> bool {
        let function = self.function(id);
        let is_conversion = matches!(function.of_trait.as_deref(), Some("From" | "TryFrom"));
        let (Some(from), Some(receiver)) = (function.parameters.first(), self.child(call, 0))
        else {
            return false;
        };
        let is_method = matches!(self.kind(call), Kind::Method { .. });
        if !is_conversion || !is_method || self.node(call).children.len() != 1 {
            return false;
        }
        let has = self.type_words(receiver, 0);
        let takes = self.words(&from.ty);
        has.is_empty() && !self.is_foreign(receiver) || takes.iter().any(|word| has.contains(word))
    }

    pub(crate) fn may_call(&self, call: Site, id: FunctionId) -> bool {
        let function = self.function(id);
        if self.takes_others(call, id) || self.is_hidden_from(id, call) {
            return false;
        }
        match self.kind(call) {
            Kind::Macro { .. } => function.is_macro,
            Kind::Call { path, .. } => {
                let is_type = path.starts_with(char::is_uppercase);
                match &function.owner {
                    Some(owner) if is_type => {
                        path == owner
                            || path == "Self" && self.is_self_of(call, id)
                            || function.of_trait.as_ref() == Some(path)
                    }
                    // `std::min` is no method of a class of the tree.
                    Some(owner) => {
                        let is_std = path == "std" || path.starts_with("std::");
                        !self.unit(call.unit).is_rust
                            && !is_std
                            && self.is_own_call(call, id, owner)
                    }
                    None if self.unit(call.unit).is_rust => !is_type && self.is_in_module(id, path),
                    None => true,
                }
            }
            Kind::Method { .. } => self.receiver_fits(call, id),
            _ => false,
        }
    }

    /// Whether a plain call in a method of C++ may be one of a method of `owner`: where the class, or one of
    /// its kin, has a method of the name, it is that.
    fn is_own_call(&self, call: Site, id: FunctionId, owner: &str) -> bool {
        let caller = self.function_of(call).map(|caller| self.function(caller));
        let Some(class) = caller.and_then(|caller| caller.owner.as_ref()) else {
            return true;
        };
        let is_plain = matches!(self.kind(call), Kind::Call { path, .. } if path.is_empty());
        let named = self.functions_named(&self.function(id).name).iter();
        let mut owners = named.filter_map(|id| self.function(*id).owner.as_ref());
        !is_plain || self.is_kin(class, owner) || !owners.any(|it| self.is_kin(class, it))
    }

    /// Whether `Self` at a call may be the type that a function is of.
    fn is_self_of(&self, call: Site, id: FunctionId) -> bool {
        let caller = self.function_of(call).map(|caller| self.function(caller));
        let own = caller.and_then(|caller| caller.owner.as_ref());
        let function = self.function(id);
        own.is_none_or(|own| {
            Some(own) == function.owner.as_ref()
                || self.is_trait(own)
                || function.of_trait.is_some()
        })
    }

    /// Whether a function may be the one of its name in a module. Where files of the tree have the name
    /// of the module, and the function, it is in one of them; a name may also be given by `use`.
    fn is_in_module(&self, id: FunctionId, module: &str) -> bool {
        if module.is_empty() || matches!(module, "self" | "super" | "crate") {
            return true;
        }
        let is_of = |id: &FunctionId| {
            let path = Path::new(&self.unit(id.unit).path);
            let stem = path.file_stem().and_then(OsStr::to_str);
            let folder = path.parent().and_then(Path::file_name);
            stem == Some(module)
                || stem == Some("mod") && folder.and_then(OsStr::to_str) == Some(module)
        };
        let named = self.functions_named(&self.function(id).name);
        is_of(&id) || !named.iter().any(is_of)
    }

    /// Whether a call of Rust gives more or fewer arguments than a function takes; or one of C++ more than a
    /// method does. (It may give fewer: the class says what the others are.)
    fn takes_others(&self, call: Site, id: FunctionId) -> bool {
        let (from, to) = (self.unit(call.unit), self.unit(id.unit));
        let is_macro = matches!(self.kind(call), Kind::Macro { .. }) || self.function(id).is_macro;
        let function = self.function(id);
        if !from.is_rust && !to.is_rust {
            let receivers = usize::from(matches!(self.kind(call), Kind::Method { .. }));
            let given = self.node(call).children.len().saturating_sub(receivers);
            return !is_macro
                && function.owner.is_some()
                && !function.is_variadic
                && given > function.parameters.len();
        }
        let is_whole = from.unread.is_empty() && to.unread.is_empty();
        let given = self.node(call).children.len();
        from.is_rust
            && to.is_rust
            && is_whole
            && !is_macro
            && given != self.function(id).parameters.len()
    }

    fn receiver_fits(&self, call: Site, id: FunctionId) -> bool {
        let Some(owner) = &self.function(id).owner else {
            return !self.unit(call.unit).is_rust;
        };
        let first = self.function(id).parameters.first();
        if self.unit(id.unit).is_rust && first.is_none_or(|first| first.name != "self") {
            return false;
        }
        let Some(receiver) = self.child(call, 0) else {
            return false;
        };
        if let Some(is_called) = self.calls_by_type(call, id) {
            return is_called;
        }
        let words = self.type_words(receiver, 0);
        if words.is_empty() || words.contains(owner) {
            return !(words.is_empty() && self.is_foreign(receiver));
        }
        // What is known by a trait may be any type that has it.
        let of_trait = self.function(id).of_trait.as_ref();
        if of_trait.is_some_and(|of| words.contains(of)) {
            return true;
        }
        // What is known by a base class may be any that is derived from it, with methods of its own.
        if words.iter().any(|word| self.is_derived(owner, word)) {
            return true;
        }
        let is_rust = self.unit(call.unit).is_rust || self.unit(id.unit).is_rust;
        if !is_rust && self.is_of_another_class(receiver, owner) {
            return false;
        }
        // A generic or a trait object may be anything; a type of the tree that has such a method
        // itself is not this one.
        if self.is_foreign(receiver) {
            return false;
        }
        let name = &self.function(id).name;
        let others = self.functions_named(name).iter().any(|other| {
            let other = self.function(*other).owner.as_ref();
            other.is_some_and(|other| other != owner && words.contains(other))
        });
        let is_std = [
            "AtomicUsize",
            "AtomicU64",
            "AtomicU32",
            "AtomicBool",
            "AtomicPtr",
            "AtomicI64",
            "AtomicIsize",
            "AtomicU8",
            "AtomicU16",
            "AtomicI32",
            "Vec",
            "VecDeque",
            "HashMap",
            "BTreeMap",
            "String",
            "str",
            "usize",
            "u64",
            "u32",
            "u16",
            "u8",
            "i64",
            "i32",
            "f64",
            "bool",
            "char",
            "Duration",
            "Instant",
            "Option",
        ]
        .iter()
        .any(|word| words.contains(*word));
        !others && !is_std
    }

    /// Whether a method that is called on an atomic itself is one from elsewhere that waits for it, or wakes who does.
    pub(super) fn is_waiting_method(&self, receiver: Site, name: &str) -> bool {
        let mut words = name.split('_');
        let is_mention = matches!(self.kind(receiver), Kind::Member(_) | Kind::Name(_));
        is_mention
            && self.place(receiver) == 0
            && !self.is_known_call(name)
            && words.any(|word| matches!(word, "wait" | "wake" | "notify" | "park" | "unpark"))
    }

    /// A value that code outside of the tree made: its methods are nobody's here.
    fn is_foreign(&self, receiver: Site) -> bool {
        self.is_foreign_within(receiver, 0)
    }

    /// An iterator of the standard library made of another one.
    pub(super) fn is_adapted(&self, site: Site) -> bool {
        self.is_adapted_within(site, 0)
    }

    fn is_adapted_within(&self, site: Site, depth: u32) -> bool {
        let Kind::Method { name } = self.kind(site) else {
            return false;
        };
        let inner = self.child(site, 0);
        ADAPTORS.contains(&name.as_str())
            && inner.is_some_and(|inner| self.is_foreign_within(inner, depth + 1))
    }

    fn is_foreign_within(&self, receiver: Site, depth: u32) -> bool {
        if depth > NAMES_MAX {
            return false;
        }
        match self.kind(receiver) {
            Kind::Method { name } => {
                name == "iter"
                    // A getter that is derived has the name of its field.
                    || !self.is_known_call(name)
                        && self.fields_named(name).is_empty()
                        && !SAME.contains(&name.as_str())
                    || self.is_adapted_within(receiver, depth)
            }
            Kind::Name(name) if !self.is_taken_apart(receiver, name) => {
                let bound = self.binding(receiver, name);
                let is_itself = |value: &Site| *value == receiver;
                bound
                    .filter(|value| !is_itself(value))
                    .is_some_and(|value| self.is_foreign_within(value, depth + 1))
            }
            _ => false,
        }
    }
}
