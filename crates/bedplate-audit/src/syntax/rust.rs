//! Rust.
//!
//! # Role
//! Items and expressions as shapes. The arguments of macros are parsed again: as expressions where
//! they are ones, as statements or items otherwise; the right sides of `macro_rules!` likewise.

use alloc::rc::Rc;

use tree_sitter::{Node as Parsed, Tree};

use super::build::{Builder, MACRO_DEPTH_MAX, named, parse};
use super::macros::Macros;
use super::shape::{Alias, Field, Function, Kind, NodeId, Parameter, Static, Structure, Unit};

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

struct Rust<'t>(Builder<'t>);

/// Rows before a text, and what lines they stand for in the expansion of a macro.
type Rows = (u32, Option<Rc<[u32]>>);

/// Whether an attribute keeps an item for tests.
fn is_for_tests(attribute: &str) -> bool {
    let inner: String = attribute.chars().filter(|c| !c.is_whitespace()).collect();
    let is_cfg_test = inner.contains("cfg(test)")
        || inner.contains("cfg(all(test") && !inner.contains("not(test");
    is_cfg_test || inner == "#[test]" || inner.ends_with("::test]")
}

/// Names that a pattern binds.
fn pattern_names(builder: &Builder<'_>, pattern: Parsed<'_>) -> Vec<String> {
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

impl<'t> Rust<'t> {
    /// The items among the children of a node.
    fn items(&mut self, parent: Parsed<'_>) {
        if !self.0.enter(parent) {
            return;
        }
        let mut for_tests = false;
        for child in named(parent) {
            match child.kind() {
                "attribute_item" => for_tests |= is_for_tests(self.0.text_of(child)),
                "line_comment" | "block_comment" => {}
                _ => {
                    if !core::mem::take(&mut for_tests) {
                        self.item(child);
                    }
                }
            }
        }
        self.0.leave();
    }

    fn item(&mut self, item: Parsed<'_>) {
        match item.kind() {
            "function_item" | "function_signature_item" => self.function(item),
            "impl_item" => self.implementation(item),
            "trait_item" => {
                let name = self.0.field_text(item, "name").to_owned();
                self.within(Some(name), None, item.child_by_field_name("body"));
            }
            "mod_item" | "foreign_mod_item" => {
                if let Some(body) = item.child_by_field_name("body") {
                    self.items(body);
                }
            }
            "struct_item" | "union_item" => self.structure(item, None),
            "enum_item" => self.enumeration(item),
            "static_item" | "const_item" => self.static_item(item),
            "type_item" => {
                let alias = Alias {
                    name: self.0.field_text(item, "name").to_owned(),
                    ty: self.0.field_text(item, "type").to_owned(),
                };
                self.0.unit.aliases.push(alias);
            }
            "macro_invocation" => self.item_macro(item),
            "expression_statement" => {
                for child in named(item) {
                    self.item(child);
                }
            }
            "macro_definition" => self.macro_rules(item),
            _ => {}
        }
    }

    fn within(&mut self, owner: Option<String>, of: Option<String>, body: Option<Parsed<'_>>) {
        let Some(body) = body else { return };
        let before = (self.0.owner.take(), self.0.of_trait.take());
        (self.0.owner, self.0.of_trait) = (owner, of);
        self.items(body);
        (self.0.owner, self.0.of_trait) = before;
    }

    fn implementation(&mut self, item: Parsed<'_>) {
        let name_of = |text: &str| -> Option<String> {
            let head = text.split('<').next()?.trim();
            let name = head.rsplit("::").next()?.trim();
            Some(name.trim_start_matches(['&', '*', '\'']).to_owned())
        };
        let owner = name_of(self.0.field_text(item, "type"));
        let of = item
            .child_by_field_name("trait")
            .and_then(|of| name_of(self.0.text_of(of)));
        self.within(owner, of, item.child_by_field_name("body"));
    }

    fn enumeration(&mut self, item: Parsed<'_>) {
        let name = self.0.field_text(item, "name").to_owned();
        let Some(body) = item.child_by_field_name("body") else {
            return;
        };
        for variant in named(body)
            .into_iter()
            .filter(|v| v.kind() == "enum_variant")
        {
            self.structure(variant, Some(&name));
        }
    }

    fn structure(&mut self, item: Parsed<'_>, within: Option<&str>) {
        let own = self.0.field_text(item, "name");
        let name = within.map_or_else(|| own.to_owned(), |outer| format!("{outer}::{own}"));
        let Some(body) = item.child_by_field_name("body") else {
            return;
        };
        let mut fields = Vec::new();
        if body.kind() == "ordered_field_declaration_list" {
            let mut cursor = body.walk();
            let types: Vec<Parsed<'_>> = body.children_by_field_name("type", &mut cursor).collect();
            for (place, ty) in types.into_iter().enumerate() {
                fields.push(Field {
                    name: place.to_string(),
                    ty: self.0.text_of(ty).to_owned(),
                    line: self.0.line(ty),
                });
            }
        } else {
            for field in named(body)
                .into_iter()
                .filter(|f| f.kind() == "field_declaration")
            {
                fields.push(Field {
                    name: self.0.field_text(field, "name").to_owned(),
                    ty: self.0.field_text(field, "type").to_owned(),
                    line: self.name_line(field),
                });
            }
        }
        self.0.unit.structures.push(Structure { name, fields });
    }

    /// The line of the name of what is declared: in a table, that of its row.
    fn name_line(&self, declared: Parsed<'_>) -> u32 {
        let name = declared.child_by_field_name("name");
        self.0.line(name.unwrap_or(declared))
    }

    fn static_item(&mut self, item: Parsed<'_>) {
        let entry = Static {
            name: self.0.field_text(item, "name").to_owned(),
            ty: self.0.field_text(item, "type").to_owned(),
            line: self.name_line(item),
            function: self.0.function,
        };
        self.0.unit.statics.push(entry);
        // What makes the value may be code (`Lazy::new(|| ...)`).
        if let Some(value) = item.child_by_field_name("value") {
            let line = self.0.line(item);
            let root = self.0.add(Kind::Other, line, None);
            self.expression(value, root);
        }
    }

    fn function(&mut self, item: Parsed<'_>) {
        let mut parameters = Vec::new();
        if let Some(list) = item.child_by_field_name("parameters") {
            for parameter in named(list) {
                let (name, ty) = match parameter.kind() {
                    "self_parameter" => ("self", "Self"),
                    "parameter" => {
                        let name = self.0.field_text(parameter, "pattern");
                        (
                            name.trim_start_matches("mut "),
                            self.0.field_text(parameter, "type"),
                        )
                    }
                    _ => continue,
                };
                parameters.push(Parameter {
                    name: name.to_owned(),
                    ty: ty.to_owned(),
                });
            }
        }
        let is_public = named(item)
            .iter()
            .any(|child| child.kind() == "visibility_modifier" && self.0.text_of(*child) == "pub");
        self.add_function(item, parameters, is_public);
    }

    fn add_function(&mut self, item: Parsed<'_>, parameters: Vec<Parameter>, is_public: bool) {
        let index = u32::try_from(self.0.unit.functions.len()).unwrap_or(u32::MAX);
        let function = Function {
            name: self.0.field_text(item, "name").to_owned(),
            owner: self.0.owner.clone(),
            of_trait: self.0.of_trait.clone(),
            parameters,
            returns: self.0.field_text(item, "return_type").to_owned(),
            is_public,
            is_macro: false,
            body: None,
        };
        self.0.unit.functions.push(function);
        if let Some(body) = item.child_by_field_name("body") {
            let outer = self.0.function.replace(index);
            let line = self.0.line(body);
            let root = self.0.add(Kind::Return, line, None);
            self.expression(body, root);
            self.0.function = outer;
            self.0.unit.functions[index as usize].body = Some(root);
        }
    }

    /// A function that stands for code outside of functions.
    fn add_macro_function(&mut self, name: &str, line: u32) -> (u32, NodeId) {
        let index = u32::try_from(self.0.unit.functions.len()).unwrap_or(u32::MAX);
        self.0.unit.functions.push(Function {
            name: name.to_owned(),
            owner: self.0.owner.clone(),
            of_trait: None,
            parameters: Vec::new(),
            returns: String::new(),
            is_public: false,
            is_macro: true,
            body: None,
        });
        let outer = self.0.function.replace(index);
        let root = self.0.add(Kind::Other, line, None);
        self.0.function = outer;
        self.0.unit.functions[index as usize].body = Some(root);
        (index, root)
    }

    /// A macro among items: its body is read as items, or else as the body of a function.
    fn item_macro(&mut self, item: Parsed<'_>) {
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

    fn macro_rules(&mut self, item: Parsed<'_>) {
        let name = self.0.field_text(item, "name").to_owned();
        for rule in named(item).into_iter().filter(|r| r.kind() == "macro_rule") {
            let Some(body) = rule.child_by_field_name("right") else {
                continue;
            };
            if !self.body_as_items(body) {
                let line = self.0.line(body);
                let (index, root) = self.add_macro_function(&name, line);
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

    /// Reads `text` with `read`, in place of the text of the file.
    fn reread(
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
            depth: self.0.depth + 1,
            nesting: self.0.nesting,
        };
        let mut inner = Rust(builder);
        read(&mut inner, tree.root_node());
        self.0.unit = inner.0.unit;
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

    fn body_as_statements(&mut self, body: Parsed<'_>, parent: NodeId) {
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
    fn arguments(&mut self, body: Parsed<'_>, parent: NodeId) {
        if self.0.depth >= MACRO_DEPTH_MAX {
            return;
        }
        let (text, rows) = self.inside(body);
        let named_arguments = text.replace("=>", ", ");
        let wrapped = format!("fn _m() {{_f({named_arguments}\n)}}");
        let is_clean = parse(&tree_sitter_rust::LANGUAGE.into(), &wrapped)
            .is_some_and(|tree| !tree.root_node().has_error());
        if !is_clean {
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

    fn all(&mut self, nodes: Vec<Parsed<'_>>, parent: NodeId) {
        for node in nodes {
            self.expression(node, parent);
        }
    }

    fn by_fields(&mut self, node: Parsed<'_>, fields: &[&str], parent: NodeId) {
        for field in fields {
            if let Some(child) = node.child_by_field_name(field) {
                self.expression(child, parent);
            }
        }
    }

    /// One expression or statement below `parent`.
    fn expression(&mut self, node: Parsed<'_>, parent: NodeId) {
        if self.0.enter(node) {
            self.statement(node, parent);
            self.0.leave();
        }
    }

    fn statement(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.0.line(node);
        let add = |this: &mut Self, kind: Kind| this.0.add(kind, line, Some(parent));
        match node.kind() {
            "line_comment"
            | "block_comment"
            | "attribute_item"
            | "type_arguments"
            | "label"
            | "mutable_specifier"
            | "inner_attribute_item"
            | "empty_statement" => {}
            "function_item" | "impl_item" | "struct_item" | "static_item" | "const_item"
            | "enum_item" | "mod_item" | "type_item" | "use_declaration" | "macro_definition"
            | "trait_item" => self.item(node),
            "block" | "unsafe_block" | "async_block" | "const_block" | "gen_block" => {
                self.block(node, parent);
            }
            "expression_statement" => {
                let ends = self.0.text_of(node).ends_with(';');
                let id = add(self, if ends { Kind::Statement } else { Kind::Other });
                self.all(named(node), id);
            }
            "let_declaration" => {
                let names = node
                    .child_by_field_name("pattern")
                    .map_or_else(Vec::new, |p| pattern_names(&self.0, p));
                let ty = self.0.field_text(node, "type").to_owned();
                let id = add(self, Kind::Let { names, ty });
                self.by_fields(node, &["value", "alternative"], id);
            }
            "assignment_expression" | "compound_assignment_expr" => {
                let compound = node.kind() == "compound_assignment_expr";
                let id = add(self, Kind::Assign { compound });
                self.by_fields(node, &["left", "right"], id);
            }
            "return_expression" => {
                let id = add(self, Kind::Return);
                self.all(named(node), id);
            }
            "break_expression" | "continue_expression" => {
                let id = add(self, Kind::Jump);
                self.all(named(node), id);
            }
            "match_expression" => self.matching(node, parent),
            "call_expression" => self.call(node, parent),
            "macro_invocation" => {
                let name = self.0.field_text(node, "macro");
                let name = name.rsplit("::").next().unwrap_or(name).to_owned();
                let id = add(self, Kind::Macro { name });
                if let Some(body) = token_tree(node) {
                    self.arguments(body, id);
                }
            }
            _ => self.control(node, parent, line),
        }
    }

    /// Conditions and loops.
    fn control(&mut self, node: Parsed<'_>, parent: NodeId, line: u32) {
        let add = |this: &mut Self, kind: Kind| this.0.add(kind, line, Some(parent));
        match node.kind() {
            "if_expression" => {
                let id = add(self, Kind::If);
                self.by_fields(node, &["condition", "consequence", "alternative"], id);
            }
            "let_condition" => {
                let names = node
                    .child_by_field_name("pattern")
                    .map_or_else(Vec::new, |p| pattern_names(&self.0, p));
                let id = add(self, Kind::Test { names });
                self.by_fields(node, &["value"], id);
            }
            "while_expression" => {
                let id = add(self, Kind::While);
                self.by_fields(node, &["condition", "body"], id);
            }
            "loop_expression" => {
                let id = add(self, Kind::Loop);
                self.by_fields(node, &["body"], id);
            }
            "for_expression" => {
                let pattern = node.child_by_field_name("pattern");
                let mut names = pattern.map_or_else(Vec::new, |p| pattern_names(&self.0, p));
                let counter = pattern.and_then(|pattern| self.counter_of(node, pattern));
                names.retain(|name| Some(&name[..]) != counter);
                let id = add(self, Kind::For { names });
                self.by_fields(node, &["value", "body"], id);
            }
            _ => self.value(node, parent, line),
        }
    }

    /// The name of `for (name, ...) in ....enumerate()`, which is none of what is gone through.
    fn counter_of(&self, node: Parsed<'_>, pattern: Parsed<'_>) -> Option<&'t str> {
        let first = pattern.named_child(0)?;
        let is_counted = self.0.field_text(node, "value").ends_with(".enumerate()");
        let is_name = pattern.kind() == "tuple_pattern" && first.kind() == "identifier";
        (is_counted && is_name).then(|| self.0.text_of(first))
    }

    fn value(&mut self, node: Parsed<'_>, parent: NodeId, line: u32) {
        let text = self.0.text_of(node);
        let add = |this: &mut Self, kind: Kind| this.0.add(kind, line, Some(parent));
        match node.kind() {
            "identifier" | "self" | "shorthand_field_identifier" => {
                add(self, Kind::Name(text.to_owned()));
            }
            "scoped_identifier" => {
                let last = text.rsplit("::").next().unwrap_or(text).trim();
                add(self, Kind::Name(last.to_owned()));
            }
            "field_expression" => {
                let name = self.0.field_text(node, "field").to_owned();
                let id = add(self, Kind::Member(name));
                self.by_fields(node, &["value"], id);
            }
            "index_expression" => {
                let id = add(self, Kind::Index);
                self.all(named(node), id);
            }
            "reference_expression" => {
                let id = add(self, Kind::Ref);
                self.by_fields(node, &["value"], id);
            }
            "unary_expression" => {
                let operator = text.chars().next().unwrap_or('-');
                let kind = match operator {
                    '*' => Kind::Deref,
                    other => Kind::Unary(other.to_string()),
                };
                let id = add(self, kind);
                self.all(named(node), id);
            }
            "binary_expression" => {
                let operator = self.0.field_text(node, "operator").to_owned();
                let id = add(self, Kind::Binary(operator));
                self.by_fields(node, &["left", "right"], id);
            }
            "type_cast_expression" => {
                let id = add(self, Kind::Cast);
                self.by_fields(node, &["value"], id);
            }
            "try_expression" => {
                let id = add(self, Kind::Try);
                self.all(named(node), id);
            }
            "closure_expression" => {
                let names = node
                    .child_by_field_name("parameters")
                    .map_or_else(Vec::new, |p| pattern_names(&self.0, p));
                let id = add(self, Kind::Lambda(names));
                self.by_fields(node, &["body"], id);
            }
            "struct_expression" => self.record(node, parent),
            kind if kind.ends_with("_literal") => {
                add(self, Kind::Literal(text.to_owned()));
            }
            _ => {
                let id = add(self, Kind::Other);
                self.all(named(node), id);
            }
        }
    }

    fn block(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.0.line(node);
        if node.kind() != "block" {
            // `unsafe { }` and the like wrap a block.
            let inner = named(node).into_iter().find(|c| c.kind() == "block");
            if let Some(inner) = inner {
                self.block(inner, parent);
            }
            return;
        }
        let statements: Vec<Parsed<'_>> = named(node)
            .into_iter()
            .filter(|c| !c.kind().ends_with("comment"))
            .collect();
        let tail = statements.last().is_some_and(|last| {
            let dropped = ["expression_statement", "let_declaration", "empty_statement"];
            let keeps =
                last.kind() == "expression_statement" && !self.0.text_of(*last).ends_with(';');
            keeps || !dropped.contains(&last.kind()) && !last.kind().ends_with("_item")
        });
        let id = self.0.add(Kind::Block { tail }, line, Some(parent));
        let mut for_tests = false;
        for statement in statements {
            if statement.kind() == "attribute_item" {
                for_tests |= is_for_tests(self.0.text_of(statement));
            } else if !core::mem::take(&mut for_tests) {
                self.expression(statement, id);
            }
        }
    }

    fn matching(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.0.line(node);
        let id = self.0.add(Kind::Match, line, Some(parent));
        self.by_fields(node, &["value"], id);
        let Some(body) = node.child_by_field_name("body") else {
            return;
        };
        for arm in named(body).into_iter().filter(|a| a.kind() == "match_arm") {
            let names = arm
                .child_by_field_name("pattern")
                .map_or_else(Vec::new, |p| pattern_names(&self.0, p));
            let line = self.0.line(arm);
            let arm_id = self.0.add(Kind::Arm { names }, line, Some(id));
            let guard = arm
                .child_by_field_name("pattern")
                .and_then(|p| p.child_by_field_name("condition"));
            if let Some(guard) = guard {
                let test = self
                    .0
                    .add(Kind::Test { names: Vec::new() }, line, Some(arm_id));
                self.expression(guard, test);
            }
            self.by_fields(arm, &["value"], arm_id);
        }
    }

    fn record(&mut self, node: Parsed<'_>, parent: NodeId) {
        let name = self.0.field_text(node, "name");
        let name = name.split('<').next().unwrap_or(name).trim();
        let name = name.rsplit("::").next().unwrap_or(name).to_owned();
        let line = self.0.line(node);
        let id = self.0.add(Kind::Record(name), line, Some(parent));
        let Some(body) = node.child_by_field_name("body") else {
            return;
        };
        for field in named(body) {
            let line = self.0.line(field);
            match field.kind() {
                "field_initializer" => {
                    let name = self.0.field_text(field, "field").to_owned();
                    let init = self.0.add(Kind::FieldInit(name), line, Some(id));
                    self.by_fields(field, &["value"], init);
                }
                "shorthand_field_initializer" => {
                    let name = self.0.text_of(field).to_owned();
                    let init = self.0.add(Kind::FieldInit(name.clone()), line, Some(id));
                    self.0.add(Kind::Name(name), line, Some(init));
                }
                _ => self.expression(field, id),
            }
        }
    }

    fn call(&mut self, node: Parsed<'_>, parent: NodeId) {
        let Some(mut function) = node.child_by_field_name("function") else {
            return;
        };
        if function.kind() == "generic_function"
            && let Some(inner) = function.child_by_field_name("function")
        {
            function = inner;
        }
        let line = self.0.line(node);
        let id = if function.kind() == "field_expression" {
            let name = self.0.field_text(function, "field").to_owned();
            let id = self.0.add(Kind::Method { name }, line, Some(parent));
            self.by_fields(function, &["value"], id);
            id
        } else if matches!(function.kind(), "identifier" | "scoped_identifier") {
            let text: String = self.0.text_of(function).split_whitespace().collect();
            let (path, name) = text.rsplit_once("::").unwrap_or(("", &text));
            let path = path.split('<').next().unwrap_or(path);
            let path = path
                .rsplit("::")
                .find(|part| !part.is_empty())
                .unwrap_or("");
            let kind = Kind::Call {
                name: name.to_owned(),
                path: path.to_owned(),
            };
            self.0.add(kind, line, Some(parent))
        } else {
            // A function that is computed: nothing is known of it.
            let kind = Kind::Call {
                name: "?".to_owned(),
                path: String::new(),
            };
            let id = self.0.add(kind, line, Some(parent));
            self.expression(function, id);
            id
        };
        if let Some(list) = node.child_by_field_name("arguments") {
            self.all(named(list), id);
        }
    }
}

fn token_tree(node: Parsed<'_>) -> Option<Parsed<'_>> {
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
