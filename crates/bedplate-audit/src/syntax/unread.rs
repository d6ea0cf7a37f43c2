//! What of a file is not read, and how deep it may be nested.
//!
//! # Role
//! Lowering goes as deep as the text is nested: beyond a limit it stops and says so, as it does
//! with what the parser could not make sense of.
//!
//! # Invariants
//! I1. The names in what is not read are kept: a location of such a name is never removable.

use alloc::collections::BTreeSet;

use tree_sitter::{Node as Parsed, Tree};

use super::build::Builder;
use super::shape::{Function, Unread};

/// Pieces of code are read this deep inside of each other. [`crate::audit()`] gives the thread a
/// stack that holds as many levels.
const NESTING_MAX: u32 = 2_000;

impl Builder<'_> {
    /// Goes one level in; false where that is too deep, which is remembered.
    pub(super) fn enter(&mut self, parsed: Parsed<'_>) -> bool {
        if self.nesting < NESTING_MAX {
            self.nesting += 1;
            return true;
        }
        let words = words_of(self.text_of(parsed));
        let line = self.line(parsed);
        let why = format!("nested deeper than {NESTING_MAX} levels, not read from there");
        let known = self.unit.unread.iter_mut().find(|it| it.why == why);
        if let Some(known) = known {
            known.words.extend(words);
            known.line = known.line.min(Some(line));
        } else {
            let line = Some(line);
            self.unit.unread.push(Unread { line, why, words });
        }
        false
    }

    /// Goes one level out.
    pub(super) fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// Remembers a file that does not parse. In C, macros and unbalanced `#if` make errors of whole
    /// files whose parts are understood all the same: only one without any such part counts.
    pub(super) fn check(&mut self, tree: &Tree) {
        let why = if self.unit.is_rust && is_mostly_error(tree) {
            "most of it does not parse"
        } else if !self.unit.is_rust && tree.root_node().has_error() && self.is_bare(tree) {
            "it does not parse"
        } else {
            return;
        };
        self.unit.unread.push(Unread {
            line: None,
            why: why.to_owned(),
            words: words_of(self.text),
        });
    }

    /// Whether nothing was understood.
    fn is_bare(&self, tree: &Tree) -> bool {
        let unit = &self.unit;
        let is_known = |function: &Function| !function.name.ends_with("(...)");
        !unit.functions.iter().any(is_known)
            && unit.structures.is_empty()
            && unit.statics.is_empty()
            && unit.aliases.is_empty()
            && !holds(tree, |kind| {
                kind == "declaration" || kind.starts_with("preproc_")
            })
    }
}

/// Whether a tree holds a node of a kind.
fn holds(tree: &Tree, is_kind: impl Fn(&str) -> bool) -> bool {
    let mut cursor = tree.walk();
    loop {
        if is_kind(cursor.node().kind()) {
            return true;
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
        }
    }
}

fn words_of(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether more than half of what is no comment stands in what the parser gave up on.
fn is_mostly_error(tree: &Tree) -> bool {
    let root = tree.root_node();
    if !root.has_error() {
        return false;
    }
    let (mut lost, mut all) = (0_usize, 0_usize);
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let size = node.byte_range().len();
        let goes_in = node.has_error() && (!node.is_error() || node == root);
        if node.is_error() && node != root {
            lost += size;
            all += size;
        } else if !goes_in && !node.kind().ends_with("comment") {
            all += size;
            // What stands in an error that is the whole file is pieces of nothing.
            lost += if root.is_error() { size } else { 0 };
        }
        if goes_in && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return lost * 2 > all;
            }
        }
    }
}
