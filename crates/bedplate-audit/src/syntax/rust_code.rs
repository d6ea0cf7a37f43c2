//! Statements and expressions of Rust.

use tree_sitter::Node as Parsed;

use super::build::named;
use super::rust::{Rust, is_for_tests, pattern_names, takes_fields};
use super::rust_macros::token_tree;
use super::shape::{Kind, NodeId};

/// What an operator of one operand does.
fn unary(text: &str) -> Kind {
    match text.chars().next().unwrap_or('-') {
        '*' => Kind::Deref,
        other => Kind::Unary(other.to_string()),
    }
}

impl<'t> Rust<'t> {
    /// One expression or statement below `parent`.
    pub(super) fn expression(&mut self, node: Parsed<'_>, parent: NodeId) {
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
                let pattern = node.child_by_field_name("pattern");
                let names = pattern.map_or_else(Vec::new, |p| pattern_names(&self.0, p));
                let ty = self.0.field_text(node, "type").to_owned();
                let is_plain = pattern.is_some_and(|p| !takes_fields(p));
                let id = add(
                    self,
                    Kind::Let {
                        names,
                        ty,
                        is_plain,
                    },
                );
                self.note_pattern(id, pattern);
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
                self.note_pattern(id, node.child_by_field_name("pattern"));
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
                self.note_pattern(id, pattern);
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
            "identifier" | "self" | "shorthand_field_identifier" | "scoped_identifier" => {
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
                let id = add(self, unary(text));
                self.all(named(node), id);
            }
            "binary_expression" => {
                let operator = self.0.field_text(node, "operator").to_owned();
                let id = add(self, Kind::Binary(operator));
                self.by_fields(node, &["left", "right"], id);
            }
            "type_cast_expression" => {
                let id = add(self, Kind::Cast);
                let ty = self.0.field_text(node, "type").to_owned();
                self.0.unit.beside.insert(id, ty);
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
                self.note_pattern(id, node.child_by_field_name("parameters"));
                self.by_fields(node, &["body"], id);
            }
            "struct_expression" => self.record(node, parent),
            "array_expression" => {
                let id = add(self, Kind::List);
                self.all(named(node), id);
            }
            "tuple_expression" | "range_expression" => {
                let id = add(self, Kind::Other);
                let is_range = node.kind() == "range_expression";
                let beside = if is_range { ".." } else { "()" };
                self.0.unit.beside.insert(id, beside.to_owned());
                self.all(named(node), id);
            }
            kind if kind.ends_with("_literal") => {
                add(self, Kind::Literal(text.to_owned()));
            }
            other => {
                let id = add(self, Kind::Other);
                self.all(named(node), id);
                if other == "await_expression" {
                    self.0.unit.awaited.insert(id);
                }
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
        let tail = statements.last().is_some_and(|last| self.is_value(*last));
        let id = self.0.add(Kind::Block { tail }, line, Some(parent));
        let alternatives = self.alternatives(&statements);
        let mut for_tests = false;
        for (place, statement) in statements.iter().enumerate() {
            if statement.kind() == "attribute_item" {
                for_tests |= is_for_tests(self.0.text_of(*statement));
            } else if !core::mem::take(&mut for_tests) {
                self.expression(*statement, id);
                let made = self.0.unit.node(id).children.last().copied();
                if tail && place >= alternatives {
                    self.0.unit.tails.extend(made);
                }
            }
        }
    }

    /// Whether a statement is the value of its block, where it is the last one.
    fn is_value(&self, statement: Parsed<'_>) -> bool {
        let dropped = ["let_declaration", "empty_statement", "attribute_item"];
        let kind = statement.kind();
        let is_dropped = dropped.contains(&kind) || kind.ends_with("_item");
        let ends = kind == "expression_statement" && self.0.text_of(statement).ends_with(';');
        !is_dropped && !ends
    }

    /// Where the statements at the end of a block begin of which one configuration takes the one and another one the other:
    /// `#[cfg(a)] { x } #[cfg(not(a))] { y }`.
    fn alternatives(&self, statements: &[Parsed<'_>]) -> usize {
        let is_chosen = |place: usize| {
            let before = statements[..place].iter().rev();
            let mut attributes = before.take_while(|it| it.kind() == "attribute_item");
            attributes.any(|it| self.0.text_of(*it).contains("cfg"))
        };
        let mut first = statements.len();
        for (place, statement) in statements.iter().enumerate().rev() {
            if statement.kind() == "attribute_item" {
                continue;
            }
            if !is_chosen(place) || !self.is_value(*statement) {
                break;
            }
            first = place;
        }
        first
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
            self.note_pattern(arm_id, arm.child_by_field_name("pattern"));
            let guard = arm
                .child_by_field_name("pattern")
                .and_then(|p| p.child_by_field_name("condition"));
            if let Some(guard) = guard {
                // What it asks decides like a value in the pattern.
                self.0.unit.by_value.insert(arm_id);
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
                    // Attributes stand before the name.
                    let name = named(field).pop().map_or("", |name| self.0.text_of(name));
                    let name = name.to_owned();
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
        let mut given = None;
        if function.kind() == "generic_function"
            && let Some(inner) = function.child_by_field_name("function")
        {
            given = Some(self.0.field_text(function, "type_arguments").to_owned());
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
        if let Some(given) = given {
            self.0.unit.beside.insert(id, given);
        }
        if let Some(list) = node.child_by_field_name("arguments") {
            for argument in named(list) {
                self.argument(argument, id);
            }
        }
    }

    /// An argument of a call. A method that is handed over by its name (`Counter::get`) becomes the
    /// closure that calls it.
    fn argument(&mut self, node: Parsed<'_>, call: NodeId) {
        let text: String = self.0.text_of(node).split_whitespace().collect();
        let named = match text.rsplit_once("::") {
            Some((path, name)) if node.kind() == "scoped_identifier" => Some((path, name)),
            _ => None,
        };
        let starts = |part: &str, of: fn(char) -> bool| part.starts_with(of);
        let method = named.and_then(|(path, name)| {
            let path = path.split('<').next()?;
            let owner = path.rsplit("::").find(|part| !part.is_empty())?;
            let is_method = starts(owner, char::is_uppercase) && starts(name, char::is_lowercase);
            is_method.then_some((owner, name))
        });
        let Some((owner, name)) = method else {
            return self.expression(node, call);
        };
        let line = self.0.line(node);
        // A name that code cannot have: no other closure's.
        let given = format!("#{}", self.0.unit.nodes.len());
        let lambda = Kind::Lambda(vec![given.clone()]);
        let lambda = self.0.add(lambda, line, Some(call));
        let inner = Kind::Call {
            name: name.to_owned(),
            path: owner.to_owned(),
        };
        let inner = self.0.add(inner, line, Some(lambda));
        self.0.add(Kind::Name(given), line, Some(inner));
    }
}
