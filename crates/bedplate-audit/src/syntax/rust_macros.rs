//! Macro bodies of Rust.
//!
//! # Role
//! The arguments of macros are parsed again: as expressions where they are ones, as statements or items
//! otherwise; the right sides of `macro_rules!` likewise.

use tree_sitter::Node as Parsed;

use super::build::{MACRO_DEPTH_MAX, named, parse};
use super::rust::{Rows, Rust, parse_rust};
use super::shape::{NodeId, Parameter};

impl Rust<'_> {
    /// A macro among items: its body is read as items, or else as the body of a function.
    pub(super) fn item_macro(&mut self, item: Parsed<'_>) {
        let name = self.0.field_text(item, "macro").to_owned();
        let Some(body) = token_tree(item) else { return };
        if self.expanded(&name, body) || self.body_as_items(body) {
            return;
        }
        let line = self.0.line(item);
        let (index, root) = self.add_macro_function(&name, line);
        let outer = self.0.function.replace(index);
        self.body_as_statements(body, root);
        self.0.function = outer;
    }

    pub(super) fn macro_rules(&mut self, item: Parsed<'_>) {
        let name = self.0.field_text(item, "name").to_owned();
        for rule in named(item).into_iter().filter(|r| r.kind() == "macro_rule") {
            let Some(body) = rule.child_by_field_name("right") else {
                continue;
            };
            if !self.body_as_items(body) {
                let line = self.0.line(body);
                let left = rule.child_by_field_name("left");
                let taken = left.map_or_else(Vec::new, |left| taken_by(self.0.text_of(left)));
                let (index, root) = self.add_macro_function(&name, line);
                self.0.unit.functions[index as usize].parameters = taken;
                let outer = self.0.function.replace(index);
                self.body_as_statements(body, root);
                self.0.function = outer;
            }
        }
    }

    /// The text between the delimiters, with macro variables as plain names.
    fn inside(&self, body: Parsed<'_>) -> (String, Rows) {
        let text = self.0.text_of(body);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
        (
            inner.replace("$crate", "_crate").replace('$', "_"),
            (self.0.row(body), self.0.lines.clone()),
        )
    }

    /// Reads what a macro of the tree becomes, where that is items and nothing else.
    fn expanded(&mut self, name: &str, body: Parsed<'_>) -> bool {
        let text = self.0.text_of(body);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
        if self.0.depth >= MACRO_DEPTH_MAX || are_items(inner) {
            return false;
        }
        let path = &self.0.unit.path;
        let line = self.0.line(body);
        let Some(found) = self.0.macros.expand(path, name, inner, line) else {
            return false;
        };
        if !are_items(&found.text) {
            return false;
        }
        self.reread(&found.text, (0, Some(found.lines.into())), |inner, root| {
            inner.items(root);
        });
        true
    }

    /// True if the body was items.
    fn body_as_items(&mut self, body: Parsed<'_>) -> bool {
        if self.0.depth >= MACRO_DEPTH_MAX {
            return false;
        }
        let (text, rows) = self.inside(body);
        // `stable: { items } unstable: { items }` and `$(...)*` hold items too.
        let has_items = [
            "fn ", "impl", "mod ", "struct ", "static ", "type ", "enum ", "use ",
        ]
        .iter()
        .any(|word| text.contains(word));
        if !has_items {
            return false;
        }
        let text = text.replace("static ref ", "static     ");
        let text = unlabelled(&text);
        let Some(tree) = parse(&tree_sitter_rust::LANGUAGE.into(), &text) else {
            return false;
        };
        let root = tree.root_node();
        let are_items = named(root).iter().all(|child| {
            let kind = child.kind();
            kind.ends_with("_item")
                || kind.ends_with("comment")
                || kind == "ERROR"
                || matches!(
                    kind,
                    "use_declaration"
                        | "macro_invocation"
                        | "expression_statement"
                        | "macro_definition"
                        | "empty_statement"
                )
        });
        let holds_function =
            text.contains("fn ") || text.contains("static ") || text.contains("struct ");
        if !are_items || !holds_function {
            return false;
        }
        self.reread(&text, rows, |inner, root| {
            inner.items_and_blocks(root);
        });
        true
    }

    /// Items, also inside of braces that only group.
    fn items_and_blocks(&mut self, root: Parsed<'_>) {
        self.items(root);
        if !self.0.enter(root) {
            return;
        }
        for child in named(root) {
            let block = match child.kind() {
                "block" => Some(child),
                "expression_statement" => named(child).into_iter().find(|c| c.kind() == "block"),
                "ERROR" => {
                    self.items_and_blocks(child);
                    None
                }
                _ => None,
            };
            if let Some(block) = block {
                self.items_and_blocks(block);
            }
        }
        self.0.leave();
    }

    pub(super) fn body_as_statements(&mut self, body: Parsed<'_>, parent: NodeId) {
        if self.0.depth >= MACRO_DEPTH_MAX {
            return;
        }
        let (text, rows) = self.inside(body);
        let wrapped = format!("fn _m() {{{text}}}");
        self.reread(&wrapped, rows, |inner, root| {
            let body = named(root)
                .into_iter()
                .find_map(|item| item.child_by_field_name("body"));
            if let Some(body) = body {
                inner.expression(body, parent);
            }
        });
    }

    /// The arguments of a macro as expressions below `parent`.
    pub(super) fn arguments(&mut self, body: Parsed<'_>, parent: NodeId) {
        if self.0.depth >= MACRO_DEPTH_MAX {
            return;
        }
        let (text, rows) = self.inside(body);
        let named_arguments = plain_arguments(&text);
        let wrapped = format!("fn _m() {{_f({named_arguments}\n)}}");
        let is_clean = parse(&tree_sitter_rust::LANGUAGE.into(), &wrapped)
            .is_some_and(|tree| !tree.root_node().has_error());
        if !is_clean {
            let wrapped = format!("fn _m() {{{text}}}");
            let is_code = parse(&tree_sitter_rust::LANGUAGE.into(), &wrapped)
                .is_some_and(|tree| !tree.root_node().has_error());
            if !is_code && text.contains("=>") {
                self.0.unit.unclear.push(text);
            }
            self.body_as_statements(body, parent);
            return;
        }
        self.reread(&wrapped, rows, |inner, root| {
            if let Some(list) = find(root, "arguments") {
                for argument in named(list) {
                    inner.expression(argument, parent);
                }
            }
        });
    }
}

/// The arguments of a macro as those of a function, byte for byte in the same places: `key => value` is two of them, and
/// what `tracing` and `log` say of a value (`%value`, `?value`, `target: "name"`) is left out.
fn plain_arguments(text: &str) -> String {
    let mut out = text.replace("=>", ", ");
    for sign in ["= %", "= ?", ", %", ", ?"] {
        out = out.replace(sign, &format!("{}  ", &sign[..1]));
    }
    let head = out.trim_start();
    let label = ["target:", "parent:", "name:"]
        .into_iter()
        .find(|it| head.starts_with(it));
    match label {
        Some(label) => out.replacen(label, &" ".repeat(label.len()), 1),
        None => out,
    }
}

/// What a macro by example takes, where each is one expression or name, parted by commas, and none is repeated.
fn taken_by(pattern: &str) -> Vec<Parameter> {
    let inner = pattern.trim();
    let inner = inner.get(1..inner.len().saturating_sub(1)).unwrap_or("");
    let name_of = |part: &str| {
        let (name, kind) = part.trim().strip_prefix('$')?.split_once(':')?;
        let is_one = matches!(
            kind.trim(),
            "expr" | "ident" | "tt" | "literal" | "path" | "ty"
        );
        is_one.then(|| Parameter {
            name: format!("_{}", name.trim()),
            ty: String::new(),
        })
    };
    let parts = inner
        .trim()
        .trim_end_matches("$(,)?")
        .trim_end_matches(',')
        .split(',');
    parts
        .map(name_of)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default()
}

pub(super) fn token_tree(node: Parsed<'_>) -> Option<Parsed<'_>> {
    named(node).into_iter().find(|c| c.kind() == "token_tree")
}

/// The first node of a kind, in depth.
fn find<'a>(node: Parsed<'a>, kind: &str) -> Option<Parsed<'a>> {
    if node.kind() == kind {
        return Some(node);
    }
    named(node).into_iter().find_map(|child| find(child, kind))
}

/// Whether a text is items without any error, one of which holds code or fields.
fn are_items(text: &str) -> bool {
    let Some(tree) = parse_rust(text) else {
        return false;
    };
    let root = tree.root_node();
    let items = named(root);
    let is_item = |child: &Parsed<'_>| {
        let kind = child.kind();
        kind.ends_with("_item") || kind.ends_with("comment") || kind == "use_declaration"
    };
    let is_full = |child: &Parsed<'_>| {
        is_item(child) && !matches!(child.kind(), "attribute_item" | "inner_attribute_item")
    };
    !root.has_error()
        && items.iter().any(is_full)
        && items.iter().all(|child| {
            is_item(child) || matches!(child.kind(), "macro_invocation" | "macro_definition")
        })
}

/// Blanks `name: {` before groups of items, and braces with them, byte for byte.
fn unlabelled(text: &str) -> String {
    let mut out = text.to_owned();
    for label in ["stable:", "unstable:"] {
        out = out.replace(label, &" ".repeat(label.len()));
    }
    out
}
