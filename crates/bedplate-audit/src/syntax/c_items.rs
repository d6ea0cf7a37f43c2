//! What C and C++ files declare.

use tree_sitter::Node as Parsed;

use super::build::named;
use super::c::{C, declared_name};
use super::shape::{Alias, Field, Kind, NodeId, Static, Structure};

impl C<'_> {
    /// Variables, as statics or as locals below `parent`; structures that are declared along.
    pub(super) fn declaration(&mut self, node: Parsed<'_>, parent: Option<NodeId>) {
        let Some(ty) = node.child_by_field_name("type") else {
            return;
        };
        let ty_text = self.type_text(ty);
        let head = self.builder.text_of(node);
        let is_static = head.starts_with("static") || head.starts_with("extern");
        let mut cursor = node.walk();
        let declarators: Vec<Parsed<'_>> = node
            .children_by_field_name("declarator", &mut cursor)
            .collect();
        for declarator in declarators {
            let name = declared_name(&self.builder, declarator);
            let text = self.builder.text_of(declarator);
            let bare = text.split('=').next().unwrap_or("");
            if name.is_empty() || declares_function(declarator) {
                self.maybe_constructor(ty, declarator, parent);
                continue;
            }
            let sign = match bare {
                bare if bare.contains('*') => " *",
                bare if bare.contains('&') => " &",
                _ => "",
            };
            let ty = format!("{ty_text}{sign}");
            let line = self.builder.line(declarator);
            if parent.is_none() || is_static || ty.contains("tomic") {
                self.builder.unit.statics.push(Static {
                    name: name.clone(),
                    ty: ty.clone(),
                    line,
                    function: self.builder.function,
                    is_public: false,
                });
            }
            // What is only announced is no local.
            if parent.is_some() && head.starts_with("extern") {
                continue;
            }
            let names = vec![name];
            let id = self.builder.add(
                Kind::Let {
                    names,
                    ty,
                    is_plain: true,
                },
                line,
                parent,
            );
            let Some(value) = declarator.child_by_field_name("value") else {
                continue;
            };
            if value.kind() == "argument_list" {
                let call = self.constructor(&ty_text, line, id);
                self.all(named(value), call);
            } else {
                self.expression(value, id);
            }
        }
    }

    /// A constructor of C++, which may do anything.
    fn constructor(&mut self, ty: &str, line: u32, parent: NodeId) -> NodeId {
        let head = ty.split('<').next().unwrap_or("");
        let name = head.rsplit("::").next().unwrap_or(head).trim().to_owned();
        let path = String::new();
        self.builder
            .add(Kind::Call { name, path }, line, Some(parent))
    }

    /// `Type name(argument);` inside of a function is a constructor, and looks like a function that
    /// is announced.
    fn maybe_constructor(
        &mut self,
        ty: Parsed<'_>,
        declarator: Parsed<'_>,
        parent: Option<NodeId>,
    ) {
        let is_plain = ty.kind() == "primitive_type" || declarator.kind() != "function_declarator";
        let Some(parent) = parent.filter(|_| !is_plain) else {
            return;
        };
        let line = self.builder.line(declarator);
        let call = self.constructor(self.builder.text_of(ty), line, parent);
        let arguments = declarator.child_by_field_name("parameters");
        for argument in arguments.map_or_else(Vec::new, named) {
            let name = Kind::Name(self.builder.text_of(argument).to_owned());
            self.builder.add(name, line, Some(call));
        }
    }

    /// The type as written; a structure that is declared in place is recorded.
    fn type_text(&mut self, ty: Parsed<'_>) -> String {
        if matches!(
            ty.kind(),
            "struct_specifier" | "union_specifier" | "class_specifier"
        ) {
            self.structure(ty, None);
            return self.builder.field_text(ty, "name").to_owned();
        }
        self.builder.text_of(ty).to_owned()
    }

    pub(super) fn type_definition(&mut self, node: Parsed<'_>) {
        let Some(ty) = node.child_by_field_name("type") else {
            return;
        };
        let name = node
            .child_by_field_name("declarator")
            .map_or_else(String::new, |d| declared_name(&self.builder, d));
        if ty.child_by_field_name("body").is_some() {
            self.structure(ty, Some(&name));
        }
        let ty = match self.builder.field_text(ty, "name") {
            "" => self.builder.text_of(ty).to_owned(),
            tag => tag.to_owned(),
        };
        if ty != name && ty.len() < 200 {
            self.builder.unit.aliases.push(Alias { name, ty });
        }
    }

    /// A structure with its fields, and its methods where it has some.
    pub(super) fn structure(&mut self, node: Parsed<'_>, named_as: Option<&str>) {
        if self.builder.enter(node) {
            self.members(node, named_as);
            self.builder.leave();
        }
    }

    fn members(&mut self, node: Parsed<'_>, named_as: Option<&str>) {
        let tag = self.builder.field_text(node, "name").to_owned();
        let name = if tag.is_empty() {
            named_as.unwrap_or("").to_owned()
        } else {
            tag
        };
        let Some(body) = node.child_by_field_name("body") else {
            return;
        };
        let clause = named(node).into_iter();
        let clause = clause.filter(|it| it.kind() == "base_class_clause");
        let bases = clause.flat_map(|clause| bases_in(self.builder.text_of(clause)));
        let bases = bases.collect();
        let mut fields = Vec::new();
        let mut todo: Vec<Parsed<'_>> = named(body);
        let outer = self.builder.owner.replace(name.clone());
        while let Some(member) = todo.pop() {
            match member.kind() {
                "field_declaration" => self.field(member, &mut fields, &mut todo),
                "function_definition" => self.function(member),
                "comment" => {}
                _ => todo.extend(named(member)),
            }
        }
        self.builder.owner = outer;
        fields.sort_by_key(|field| field.line);
        self.builder.unit.structures.push(Structure {
            name,
            bases,
            is_public: false,
            generics: Vec::new(),
            fields,
        });
    }

    fn field<'a>(
        &mut self,
        member: Parsed<'a>,
        fields: &mut Vec<Field>,
        todo: &mut Vec<Parsed<'a>>,
    ) {
        let Some(ty) = member.child_by_field_name("type") else {
            return;
        };
        let mut cursor = member.walk();
        let declarators: Vec<Parsed<'a>> = member
            .children_by_field_name("declarator", &mut cursor)
            .collect();
        // Members of an unnamed structure inside are the outer one's.
        if declarators.is_empty()
            && let Some(inner) = ty.child_by_field_name("body")
        {
            if ty.child_by_field_name("name").is_some() && self.is_cpp() {
                self.structure(ty, None);
            } else {
                todo.extend(named(inner));
            }
            return;
        }
        // One that is named by its member alone goes by the member's name.
        let is_unnamed = ty.child_by_field_name("name").is_none();
        let ty_text = match declarators.first() {
            Some(first) if is_unnamed && ty.child_by_field_name("body").is_some() => {
                let name = declared_name(&self.builder, *first);
                if ty.kind() != "enum_specifier" {
                    self.structure(ty, Some(&name));
                }
                name
            }
            _ => self.type_text(ty),
        };
        for declarator in declarators {
            if declares_function(declarator) {
                continue;
            }
            let pointer = if self.builder.text_of(declarator).contains('*') {
                " *"
            } else {
                ""
            };
            fields.push(Field {
                name: declared_name(&self.builder, declarator),
                ty: format!("{ty_text}{pointer}"),
                line: self.builder.line(declarator),
                is_private: false,
                is_public: false,
            });
        }
    }
}

/// The names in `: public Base, private space::Other<int>`.
fn bases_in(clause: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = clause
        .split(|c| !is_word(c))
        .filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether a declarator is that of a function.
fn declares_function(declarator: Parsed<'_>) -> bool {
    let mut node = declarator;
    loop {
        match node.kind() {
            "function_declarator" => return true,
            "init_declarator" => return false,
            _ => {}
        }
        match node.child_by_field_name("declarator") {
            Some(inner) => node = inner,
            None => return false,
        }
    }
}
