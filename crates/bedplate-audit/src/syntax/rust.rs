//! Rust.
//!
//! # Role
//! Where a file of Rust begins, and what its items, macros and code have in common.

use alloc::rc::Rc;

use tree_sitter::{Node as Parsed, Tree};

use super::build::{Builder, named, parse};
use super::macros::Macros;
use super::shape::{NodeId, Taken, Unit};

pub(super) fn lower(path: &str, text: &str, macros: &Macros) -> Unit {
    let mut rust = Rust(Builder::new(path, true, text, macros));
    if let Some(tree) = parse(&tree_sitter_rust::LANGUAGE.into(), text) {
        rust.items(tree.root_node());
        rust.0.check(&tree);
    }
    rust.0.unit
}

/// A text as the grammar sees it.
pub(crate) fn parse_rust(text: &str) -> Option<Tree> {
    parse(&tree_sitter_rust::LANGUAGE.into(), text)
}

/// A unit in the making.
pub(super) struct Rust<'t>(pub(super) Builder<'t>);

/// Rows before a text, and what lines they stand for in the expansion of a macro.
pub(super) type Rows = (u32, Option<Rc<[u32]>>);

/// Whether an attribute keeps an item for tests.
pub(super) fn is_for_tests(attribute: &str) -> bool {
    let inner: String = attribute.chars().filter(|c| !c.is_whitespace()).collect();
    let is_cfg_test = inner.contains("cfg(test)")
        || inner.contains("cfg(all(test") && !inner.contains("not(test");
    is_cfg_test || inner == "#[test]" || inner.ends_with("::test]")
}

/// Names that a pattern binds.
pub(super) fn pattern_names(builder: &Builder<'_>, pattern: Parsed<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut todo = vec![pattern];
    while let Some(node) = todo.pop() {
        match node.kind() {
            "identifier" | "shorthand_field_identifier" => {
                let text = builder.text_of(node);
                if text.starts_with(|c: char| c.is_lowercase() || c == '_') {
                    names.push(text.to_owned());
                }
            }
            "scoped_identifier" | "type_identifier" | "field_identifier" => {}
            _ => todo.extend(named(node)),
        }
    }
    names
}

/// Whether a pattern takes fields out of a record by their names.
pub(super) fn takes_fields(pattern: Parsed<'_>) -> bool {
    let mut todo = vec![pattern];
    while let Some(node) = todo.pop() {
        if node.kind() == "struct_pattern" {
            return true;
        }
        todo.extend(named(node));
    }
    false
}

/// The names that a pattern gives to fields of records, with the records' types.
fn taken(builder: &Builder<'_>, pattern: Parsed<'_>) -> Vec<Taken> {
    let mut found = Vec::new();
    let mut todo = vec![pattern];
    while let Some(node) = todo.pop() {
        todo.extend(named(node));
        if node.kind() != "field_pattern" {
            continue;
        }
        let record = node.parent().filter(|it| it.kind() == "struct_pattern");
        let Some(record) = record else { continue };
        let owner = builder.field_text(record, "type");
        let owner = owner.split('<').next().unwrap_or(owner).trim();
        let owner = owner.rsplit("::").next().unwrap_or(owner);
        let own = builder.owner.as_deref();
        let owner = own.filter(|_| owner == "Self").unwrap_or(owner);
        let field = builder.field_text(node, "name");
        let names = match node.child_by_field_name("pattern") {
            // What is taken out of a record in the record is not the field.
            Some(inner) if takes_fields(inner) => continue,
            Some(inner) => pattern_names(builder, inner),
            None => vec![field.to_owned()],
        };
        found.extend(names.into_iter().map(|name| Taken {
            name,
            owner: owner.to_owned(),
            field: field.to_owned(),
        }));
    }
    found
}

/// Whether a pattern holds a value: a literal, a range, or a constant by its name.
fn holds_value(builder: &Builder<'_>, pattern: Parsed<'_>) -> bool {
    let mut todo = vec![pattern];
    while let Some(node) = todo.pop() {
        let kind = node.kind();
        let is_constant = || {
            let text = builder.text_of(node);
            let name = text.rsplit("::").next().unwrap_or(text);
            name.len() > 1
                && !name.contains(char::is_lowercase)
                && name.contains(char::is_uppercase)
        };
        let is_name = matches!(kind, "identifier" | "scoped_identifier");
        if kind.ends_with("_literal") || kind == "range_pattern" || is_name && is_constant() {
            return true;
        }
        if kind != "match_pattern" {
            todo.extend(named(node));
        } else {
            // What follows `if` is code.
            todo.extend(node.named_child(0));
        }
    }
    false
}

impl<'t> Rust<'t> {
    /// Remembers of the pattern of a piece of code whether it holds values, and what it takes out.
    pub(super) fn note_pattern(&mut self, id: NodeId, pattern: Option<Parsed<'_>>) {
        let Some(pattern) = pattern else { return };
        let text = self.0.text_of(pattern).to_owned();
        self.0.unit.beside.insert(id, text);
        if holds_value(&self.0, pattern) {
            self.0.unit.by_value.insert(id);
        }
        let taken = taken(&self.0, pattern);
        if !taken.is_empty() {
            self.0.unit.taken.insert(id, taken);
        }
    }

    /// Reads `text` with `read`, in place of the text of the file.
    pub(super) fn reread(
        &mut self,
        text: &str,
        (rows_before, lines): Rows,
        read: impl FnOnce(&mut Rust<'_>, Parsed<'_>),
    ) {
        let Some(tree) = parse(&tree_sitter_rust::LANGUAGE.into(), text) else {
            return;
        };
        let builder = Builder {
            unit: core::mem::take(&mut self.0.unit),
            text,
            rows_before,
            lines,
            macros: self.0.macros,
            function: self.0.function,
            owner: self.0.owner.clone(),
            of_trait: self.0.of_trait.clone(),
            of_type: self.0.of_type.clone(),
            generics: self.0.generics.clone(),
            depth: self.0.depth + 1,
            nesting: self.0.nesting,
        };
        let mut inner = Rust(builder);
        read(&mut inner, tree.root_node());
        self.0.unit = inner.0.unit;
    }

    pub(super) fn all(&mut self, nodes: Vec<Parsed<'_>>, parent: NodeId) {
        for node in nodes {
            self.expression(node, parent);
        }
    }

    pub(super) fn by_fields(&mut self, node: Parsed<'_>, fields: &[&str], parent: NodeId) {
        for field in fields {
            if let Some(child) = node.child_by_field_name(field) {
                self.expression(child, parent);
            }
        }
    }
}
