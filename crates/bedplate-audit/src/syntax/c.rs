//! C and C++.
//!
//! # Role
//! Functions and expressions as shapes. The bodies of function-like macros are parsed again.

use tree_sitter::{Language as Grammar, Node as Parsed};

use super::Language;
use super::build::{Builder, MACRO_DEPTH_MAX, named, parse};
use super::macros::Macros;
use super::mask::mask;
use super::shape::{Function, Kind, NodeId, Parameter, Unit};

pub(super) fn lower(language: Language, path: &str, text: &str, macros: &Macros) -> Unit {
    let grammar: Grammar = match language {
        Language::Cpp => tree_sitter_cpp::LANGUAGE.into(),
        Language::C | Language::Rust => tree_sitter_c::LANGUAGE.into(),
    };
    let masked = mask(text);
    let mut builder = Builder::new(path, false, &masked, macros);
    builder.unit.lines = text.lines().map(str::to_owned).collect();
    let mut lowering = C { builder, grammar };
    if let Some(tree) = parse(&lowering.grammar, &masked) {
        lowering.items(tree.root_node());
        lowering.builder.check(&tree);
    }
    lowering.builder.unit
}

pub(super) struct C<'t> {
    pub(super) builder: Builder<'t>,
    grammar: Grammar,
}

impl C<'_> {
    pub(super) fn is_cpp(&self) -> bool {
        self.grammar == tree_sitter_cpp::LANGUAGE.into()
    }

    /// Items, at any depth that only groups.
    pub(super) fn items(&mut self, parent: Parsed<'_>) {
        if !self.builder.enter(parent) {
            return;
        }
        for child in named(parent) {
            match child.kind() {
                "function_definition" => self.function(child),
                "declaration" => self.declaration(child, None),
                "type_definition" => self.type_definition(child),
                "preproc_function_def" => self.macro_definition(child),
                "struct_specifier" | "union_specifier" | "class_specifier" => {
                    self.structure(child, None);
                }
                // One without parameters may be code, too.
                "preproc_def" if has_call(self.builder.field_text(child, "value")) => {
                    self.macro_definition(child);
                }
                "comment" | "preproc_include" | "preproc_def" | "preproc_arg" => {}
                "expression_statement" => self.outer_statement(child),
                _ => self.items(child),
            }
        }
        self.builder.leave();
    }

    /// A macro used where items stand: its arguments are code of a function of the macro's name.
    fn outer_statement(&mut self, statement: Parsed<'_>) {
        let name = named(statement)
            .first()
            .map_or("", |call| self.builder.field_text(*call, "function"));
        // The macro itself may be in the tree: this is a use of it.
        let name = format!("{name}(...)");
        let line = self.builder.line(statement);
        let (index, root) = self.add_function(name, Vec::new(), line, true);
        let outer = self.builder.function.replace(index);
        self.expression(statement, root);
        self.builder.function = outer;
    }

    fn add_function(
        &mut self,
        name: String,
        parameters: Vec<Parameter>,
        line: u32,
        is_macro: bool,
    ) -> (u32, NodeId) {
        let index = u32::try_from(self.builder.unit.functions.len()).unwrap_or(u32::MAX);
        self.builder.unit.functions.push(Function {
            name,
            owner: self.builder.owner.clone(),
            of_type: String::new(),
            generics: Vec::new(),
            of_trait: None,
            parameters,
            returns: String::new(),
            is_public: false,
            is_private: false,
            is_variadic: false,
            is_macro,
            is_value: false,
            inside: None,
            body: None,
        });
        let outer = self.builder.function.replace(index);
        let root = self.builder.add(Kind::Other, line, None);
        self.builder.function = outer;
        self.builder.unit.functions[index as usize].body = Some(root);
        (index, root)
    }

    pub(super) fn function(&mut self, item: Parsed<'_>) {
        let Some(declarator) = item.child_by_field_name("declarator") else {
            return self.items(item);
        };
        let Some((name, class, list)) = function_declarator(&self.builder, declarator) else {
            return self.items(item);
        };
        let owner = self.builder.owner.clone();
        if class.is_some() {
            self.builder.owner = class;
        }
        let list_text = list.map_or("", |list| self.builder.text_of(list));
        let parameters = list.map_or_else(Vec::new, |list| self.parameters(list));
        let line = self.builder.line(item);
        let (index, root) = self.add_function(name, parameters, line, false);
        let head = self.builder.text_of(item);
        let head = head.split('{').next().unwrap_or("").to_owned();
        let returns = self.builder.field_text(item, "type").to_owned();
        let pointer = if declarator.kind() == "pointer_declarator" {
            "*"
        } else {
            ""
        };
        let is_static = head.split_whitespace().any(|word| word == "static");
        let function = &mut self.builder.unit.functions[index as usize];
        function.returns = format!("{returns}{pointer}");
        function.is_public = !is_static;
        function.is_variadic = list_text.contains("...");
        let outer = self.builder.function.replace(index);
        if let Some(body) = item.child_by_field_name("body") {
            self.expression(body, root);
        }
        self.builder.function = outer;
        self.builder.owner = owner;
    }

    fn parameters(&self, list: Parsed<'_>) -> Vec<Parameter> {
        let declared = |p: &Parsed<'_>| p.kind().ends_with("parameter_declaration");
        named(list)
            .into_iter()
            .filter(declared)
            .map(|parameter| {
                let declarator = parameter.child_by_field_name("declarator");
                let name = declarator.map_or_else(String::new, |d| declared_name(&self.builder, d));
                let ty = without_name(self.builder.text_of(parameter), &name);
                Parameter { name, ty }
            })
            .collect()
    }

    fn macro_definition(&mut self, item: Parsed<'_>) {
        let value = self.builder.field_text(item, "value");
        if self.builder.depth >= MACRO_DEPTH_MAX || value.trim().is_empty() {
            return;
        }
        let name = self.builder.field_text(item, "name").to_owned();
        let parameters = item
            .child_by_field_name("parameters")
            .map_or_else(Vec::new, |list| {
                named(list)
                    .into_iter()
                    .map(|p| Parameter {
                        name: self.builder.text_of(p).to_owned(),
                        ty: String::new(),
                    })
                    .collect()
            });
        let line = self.builder.line(item);
        let before = item
            .child_by_field_name("value")
            .map_or(line, |v| self.builder.line(v))
            .saturating_sub(1);
        // One piece pastes names together: what it makes is not known here.
        let value = value.replace("\\\n", " \n").replace("##", "  ");
        let text = format!("void _m() {{{value};}}");
        let Some(tree) = parse(&self.grammar, &text) else {
            return;
        };
        let (index, root) = self.add_function(name, parameters, line, true);
        let mut inner = C {
            builder: Builder {
                unit: core::mem::take(&mut self.builder.unit),
                text: &text,
                rows_before: before,
                lines: None,
                macros: self.builder.macros,
                function: Some(index),
                owner: self.builder.owner.clone(),
                of_trait: None,
                of_type: String::new(),
                generics: Vec::new(),
                depth: self.builder.depth + 1,
                nesting: self.builder.nesting,
            },
            grammar: self.grammar.clone(),
        };
        // The body is whatever the parser made of it: a macro need not be whole statements.
        for child in named(tree.root_node()) {
            let body = child.child_by_field_name("body").unwrap_or(child);
            // A macro of one expression is worth what the expression is.
            match lone_expression(body) {
                Some(value) => inner.expression(value, root),
                None => inner.expression(body, root),
            }
        }
        self.builder.unit = inner.builder.unit;
    }

    pub(super) fn all(&mut self, nodes: Vec<Parsed<'_>>, parent: NodeId) {
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

    /// One statement or expression below `parent`.
    pub(super) fn expression(&mut self, node: Parsed<'_>, parent: NodeId) {
        if self.builder.enter(node) {
            self.statement(node, parent);
            self.builder.leave();
        }
    }

    fn statement(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.builder.line(node);
        let kind = match node.kind() {
            "comment"
            | "type_descriptor"
            | "primitive_type"
            | "type_identifier"
            | "storage_class_specifier"
            | "type_qualifier"
            | "preproc_include" => return,
            "function_definition"
            | "struct_specifier"
            | "type_definition"
            | "preproc_function_def"
            | "class_specifier" => return self.nested_item(node),
            "declaration" => return self.declaration(node, Some(parent)),
            "compound_statement" => Kind::Block { tail: false },
            "expression_statement" => Kind::Statement,
            "return_statement" => Kind::Return,
            "break_statement" | "continue_statement" | "goto_statement" => Kind::Jump,
            "if_statement" | "conditional_expression" => {
                let id = self.builder.add(Kind::If, line, Some(parent));
                return self.by_fields(node, &["condition", "consequence", "alternative"], id);
            }
            "while_statement" | "do_statement" => {
                let id = self.builder.add(Kind::While, line, Some(parent));
                return self.by_fields(node, &["condition", "body"], id);
            }
            "for_statement" => return self.for_statement(node, parent),
            "for_range_loop" => return self.for_each(node, parent),
            "switch_statement" => {
                let id = self.builder.add(Kind::Match, line, Some(parent));
                return self.by_fields(node, &["condition", "body"], id);
            }
            "call_expression" => return self.call(node, parent),
            // What they do is as little known as what a function of a library does.
            "throw_statement" => called("throw"),
            "delete_expression" => called("delete"),
            "co_await_expression" | "co_yield_statement" => called("co_await"),
            "co_return_statement" => Kind::Return,
            "lambda_expression" => return self.lambda(node, parent),
            "gnu_asm_expression" => called("asm"),
            "assignment_expression" => {
                let compound = self.builder.field_text(node, "operator") != "=";
                let id = self
                    .builder
                    .add(Kind::Assign { compound }, line, Some(parent));
                return self.by_fields(node, &["left", "right"], id);
            }
            "update_expression" => {
                let id = self
                    .builder
                    .add(Kind::Assign { compound: true }, line, Some(parent));
                return self.by_fields(node, &["argument"], id);
            }
            _ => return self.value(node, parent, line),
        };
        let id = self.builder.add(kind, line, Some(parent));
        self.all(named(node), id);
    }

    fn nested_item(&mut self, node: Parsed<'_>) {
        match node.kind() {
            "type_definition" => self.type_definition(node),
            "preproc_function_def" => self.macro_definition(node),
            "function_definition" => self.function(node),
            _ => self.structure(node, None),
        }
    }

    fn for_statement(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.builder.line(node);
        self.by_fields(node, &["initializer"], parent);
        let id = self.builder.add(Kind::While, line, Some(parent));
        if let Some(condition) = node.child_by_field_name("condition") {
            self.expression(condition, id);
        } else {
            self.builder.add(Kind::Other, line, Some(id));
        }
        self.by_fields(node, &["body", "update"], id);
    }

    /// `for (auto& [name, count] : counts)` of C++.
    fn for_each(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.builder.line(node);
        let mut names = Vec::new();
        let mut todo: Vec<Parsed<'_>> =
            node.child_by_field_name("declarator").into_iter().collect();
        while let Some(inner) = todo.pop() {
            if inner.kind() == "identifier" {
                names.push(self.builder.text_of(inner).to_owned());
            }
            todo.extend(named(inner));
        }
        self.by_fields(node, &["initializer"], parent);
        let id = self.builder.add(Kind::For { names }, line, Some(parent));
        self.by_fields(node, &["right", "body"], id);
    }

    fn value(&mut self, node: Parsed<'_>, parent: NodeId, line: u32) {
        let text = self.builder.text_of(node);
        let operator = self.builder.field_text(node, "operator").to_owned();
        let (kind, fields): (Kind, &[&str]) = match node.kind() {
            "identifier" | "this" => (Kind::Name(text.to_owned()), &[]),
            "qualified_identifier" => {
                let last = text.rsplit("::").next().unwrap_or(text);
                (Kind::Name(last.to_owned()), &[])
            }
            "field_expression" => {
                let name = self.builder.field_text(node, "field").to_owned();
                (Kind::Member(name), &["argument"])
            }
            "subscript_expression" => (Kind::Index, &["argument", "index", "indices"]),
            "pointer_expression" if operator == "*" => (Kind::Deref, &["argument"]),
            "pointer_expression" => (Kind::Ref, &["argument"]),
            "unary_expression" => (Kind::Unary(operator), &["argument"]),
            "binary_expression" => (Kind::Binary(operator), &["left", "right"]),
            "cast_expression" => (Kind::Cast, &["value"]),
            "number_literal" | "string_literal" | "char_literal" | "true" | "false" | "null" => {
                (Kind::Literal(text.to_owned()), &[])
            }
            "sizeof_expression" | "alignof_expression" => (Kind::Literal(text.to_owned()), &[]),
            _ => {
                let id = self.builder.add(Kind::Other, line, Some(parent));
                return self.all(named(node), id);
            }
        };
        let id = self.builder.add(kind, line, Some(parent));
        self.by_fields(node, fields, id);
    }

    /// A closure of C++: what it captures with a value of its own, and its body.
    fn lambda(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.builder.line(node);
        let list = node
            .child_by_field_name("declarator")
            .and_then(|declarator| declarator.child_by_field_name("parameters"));
        let names = list.map_or_else(Vec::new, |list| {
            let parameters = self.parameters(list).into_iter();
            parameters.map(|parameter| parameter.name).collect()
        });
        let id = self.builder.add(Kind::Lambda(names), line, Some(parent));
        let captures = node.child_by_field_name("captures");
        for capture in captures.map_or_else(Vec::new, named) {
            let Some(value) = capture.child_by_field_name("right") else {
                continue;
            };
            let kind = Kind::Let {
                names: vec![self.builder.field_text(capture, "left").to_owned()],
                ty: "auto".to_owned(),
                is_plain: true,
            };
            let bound = self.builder.add(kind, line, Some(id));
            self.expression(value, bound);
        }
        self.by_fields(node, &["body"], id);
    }

    fn call(&mut self, node: Parsed<'_>, parent: NodeId) {
        let line = self.builder.line(node);
        let Some(function) = node.child_by_field_name("function") else {
            return;
        };
        let id = match function.kind() {
            "field_expression" => {
                let name = self.builder.field_text(function, "field").to_owned();
                let id = self.builder.add(Kind::Method { name }, line, Some(parent));
                self.by_fields(function, &["argument"], id);
                id
            }
            "identifier" | "qualified_identifier" => {
                let text = self.builder.text_of(function);
                let text = without_arguments(text);
                let (path, name) = text.rsplit_once("::").unwrap_or(("", text));
                let kind = Kind::Call {
                    name: name.to_owned(),
                    path: path.to_owned(),
                };
                self.builder.add(kind, line, Some(parent))
            }
            // `static_cast<int>(value)`.
            "template_function" => {
                let name = self.builder.field_text(function, "name").to_owned();
                let path = String::new();
                let kind = match &name[..] {
                    "static_cast" | "const_cast" | "reinterpret_cast" => Kind::Cast,
                    _ => Kind::Call { name, path },
                };
                self.builder.add(kind, line, Some(parent))
            }
            _ => {
                let kind = Kind::Call {
                    name: "?".to_owned(),
                    path: String::new(),
                };
                let id = self.builder.add(kind, line, Some(parent));
                self.expression(function, id);
                id
            }
        };
        if let Some(list) = node.child_by_field_name("arguments") {
            self.all(named(list), id);
        }
    }
}

/// `std::max` of `std::max<size_t>`.
fn without_arguments(text: &str) -> &str {
    if !text.ends_with('>') {
        return text;
    }
    let mut depth = 0_u32;
    for (place, letter) in text.char_indices().rev() {
        match letter {
            '>' => depth += 1,
            '<' if depth == 1 => return &text[..place],
            '<' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text
}

/// The type of a parameter, without its name and what it is where nothing is given.
fn without_name(text: &str, name: &str) -> String {
    let text = text.split('=').next().unwrap_or(text).trim_end();
    match text.rfind(name) {
        Some(place) if !name.is_empty() => {
            let (head, tail) = (&text[..place], &text[place + name.len()..]);
            format!("{} {}", head.trim_end(), tail.trim())
                .trim_end()
                .to_owned()
        }
        _ => text.to_owned(),
    }
}

/// A call of something that is not in the tree.
fn called(name: &str) -> Kind {
    Kind::Call {
        name: name.to_owned(),
        path: String::new(),
    }
}

/// The name a declarator declares.
pub(super) fn declared_name(builder: &Builder<'_>, declarator: Parsed<'_>) -> String {
    let mut node = declarator;
    loop {
        let names = ["identifier", "field_identifier", "type_identifier"];
        if names.contains(&node.kind()) {
            return builder.text_of(node).to_owned();
        }
        let inner = node.child_by_field_name("declarator").or_else(|| {
            named(node)
                .into_iter()
                .find(|c| c.kind().ends_with("declarator") || names.contains(&c.kind()))
        });
        match inner {
            Some(inner) => node = inner,
            None => return String::new(),
        }
    }
}

/// The name, the class before it and the parameters of a function's declarator.
fn function_declarator<'a>(
    builder: &Builder<'_>,
    declarator: Parsed<'a>,
) -> Option<(String, Option<String>, Option<Parsed<'a>>)> {
    let mut node = declarator;
    while node.kind() != "function_declarator" {
        if node.kind() == "operator_cast" {
            // `operator bool() const`.
            let text = builder.text_of(node);
            let name = text.split('(').next().unwrap_or(text);
            return Some((name.trim().to_owned(), None, None));
        }
        // The declarator of a reference has no field of that name.
        node = node
            .child_by_field_name("declarator")
            .or_else(|| (node.kind() == "reference_declarator").then(|| node.named_child(0))?)?;
    }
    let inner = node.child_by_field_name("declarator")?;
    let text = builder.text_of(inner);
    let (path, name) = text.rsplit_once("::").unwrap_or(("", text));
    Some((
        name.trim().to_owned(),
        class_of(path),
        node.child_by_field_name("parameters"),
    ))
}

/// `Class` of `space::Class<Of>`.
fn class_of(path: &str) -> Option<String> {
    let head = path.split('<').next()?;
    let name = head.rsplit("::").next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The expression that a body is, where it is one and nothing else.
fn lone_expression(body: Parsed<'_>) -> Option<Parsed<'_>> {
    let mut found = None;
    for statement in named(body) {
        let parts = named(statement);
        match (statement.kind(), &parts[..]) {
            ("comment", _) | ("expression_statement", []) => {}
            ("expression_statement", [value]) if found.is_none() => found = Some(*value),
            _ => return None,
        }
    }
    found
}

/// Whether the text of a macro calls something.
fn has_call(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices('(')
        .any(|(place, _)| text[..place].ends_with(is_word))
}
