//! Whose methods are called in C++.
//!
//! # Role
//! Where the type of a receiver is known, as the class of a member, a parameter or a local, the methods of classes that
//! are not of its kin are not called on it.
//!
//! # Invariants
//! I1. Nothing is concluded where a word of the type is not known: a template's parameter, or a class from
//!     elsewhere; nor from a class that leads to another one by `->` or `*`.

use alloc::collections::BTreeSet;

use super::program::{Program, Site};

/// Types of the standard library, and words beside types, that are none of the tree's.
const STANDARD: [&str; 52] = [
    "std",
    "const",
    "volatile",
    "struct",
    "class",
    "typename",
    "mutable",
    "static",
    "string",
    "wstring",
    "string_view",
    "vector",
    "deque",
    "list",
    "map",
    "multimap",
    "unordered_map",
    "set",
    "multiset",
    "unordered_set",
    "array",
    "bitset",
    "queue",
    "stack",
    "priority_queue",
    "pair",
    "tuple",
    "optional",
    "variant",
    "unique_ptr",
    "shared_ptr",
    "weak_ptr",
    "atomic",
    "mutex",
    "shared_mutex",
    "recursive_mutex",
    "condition_variable",
    "thread",
    "unique_lock",
    "lock_guard",
    "ostringstream",
    "stringstream",
    "istringstream",
    "ofstream",
    "ifstream",
    "char",
    "bool",
    "int",
    "unsigned",
    "long",
    "double",
    "float",
];

impl Program {
    /// Whether a receiver of C++ is of classes that have no method of `owner`.
    pub(super) fn is_of_another_class(&self, receiver: Site, owner: &str) -> bool {
        let words = self.type_words(receiver, 0);
        !words.is_empty()
            && words.iter().all(|word| self.is_class_without(word, owner))
            && self.unit(receiver.unit).unread.is_empty()
            && self.is_read_whole(owner)
    }

    fn is_class_without(&self, word: &str, owner: &str) -> bool {
        let is_standard = STANDARD.contains(&word) || word.ends_with("_t");
        if self.is_type(word) {
            return !self.is_kin(owner, word) && !self.leads_on(word);
        }
        is_standard
    }

    /// Whether a class can be used like a pointer to another one.
    fn leads_on(&self, class: &str) -> bool {
        let has = |name: &&str| {
            let mut functions = self.functions_named(name).iter();
            functions.any(|id| self.function(*id).owner.as_deref() == Some(class))
        };
        ["operator->", "operator*", "operator ->", "operator *"]
            .iter()
            .any(has)
    }

    /// Whether all of the files that declare a class were read.
    fn is_read_whole(&self, class: &str) -> bool {
        let homes = self.structures.get(class);
        let homes: BTreeSet<u32> = homes.cloned().unwrap_or_default();
        homes.iter().all(|unit| self.unit(*unit).unread.is_empty())
    }
}
