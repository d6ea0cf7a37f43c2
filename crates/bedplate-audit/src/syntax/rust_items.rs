//! What files of Rust declare.
//!
//! # Role
//! Functions, types, statics, and the items around them.

use tree_sitter::Node as Parsed;

use super::build::named;
use super::rust::{Rust, is_for_tests};
use super::shape::{
    Alias, Associated, Field, Function, Kind, NodeId, Parameter, Static, Structure, Trait,
};

/// Whether a declaration says who may see it.
fn is_visible(item: Parsed<'_>) -> bool {
    let children = named(item);
    let mut kinds = children.iter().map(Parsed::kind);
    kinds.any(|kind| kind == "visibility_modifier")
}

impl Rust<'_> {
    /// The items among the children of a node.
    pub(super) fn items(&mut self, parent: Parsed<'_>) {
        if !self.0.enter(parent) {
            return;
        }
        let mut attributes = Vec::new();
        for child in named(parent) {
            match child.kind() {
                "attribute_item" => attributes.push(child),
                "line_comment" | "block_comment" => {}
                _ => {
                    let attributes = core::mem::take(&mut attributes);
                    let mut texts = attributes.iter().map(|it| self.0.text_of(*it));
                    if !texts.any(is_for_tests) {
                        self.item(child);
                        self.declared_texts(child, &attributes);
                    }
                }
            }
        }
        self.0.leave();
    }

    pub(super) fn item(&mut self, item: Parsed<'_>) {
        match item.kind() {
            "function_item" | "function_signature_item" => self.function(item),
            "impl_item" => self.implementation(item),
            "trait_item" => {
                let name = self.0.field_text(item, "name").to_owned();
                let is_public = self.is_public(item);
                self.0.unit.traits.push(Trait {
                    name: name.clone(),
                    is_public,
                });
                self.within(item, Some(name), None);
            }
            "mod_item" | "foreign_mod_item" => {
                if let Some(body) = item.child_by_field_name("body") {
                    self.items(body);
                }
            }
            "struct_item" | "union_item" => self.structure(item, None),
            "enum_item" => self.enumeration(item),
            "static_item" | "const_item" => self.static_item(item),
            "type_item" if self.0.owner.is_some() => {
                let associated = Associated {
                    owner: self.0.owner.clone().unwrap_or_default(),
                    of_type: self.0.of_type.clone(),
                    generics: self.0.generics.clone(),
                    name: self.0.field_text(item, "name").to_owned(),
                    ty: self.0.field_text(item, "type").to_owned(),
                };
                self.0.unit.associated.push(associated);
            }
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
            "use_declaration" => self.import(item),
            _ => {}
        }
    }

    /// Remembers what `use` brings in, by the names it has here, and where the path to it begins.
    fn import(&mut self, item: Parsed<'_>) {
        let text = self.0.text_of(item);
        let Some((_, path)) = text.split_once("use ") else {
            return;
        };
        if path.contains("//") || path.contains("/*") {
            return;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let path = path.trim_start().trim_start_matches("::");
        let first = path.split(|c| !is_word(c)).next().unwrap_or("").to_owned();
        for part in path.split([',', '{', '}', ';']) {
            if let Some((own, here)) = part.split_once(" as ") {
                let own = own.trim().rsplit("::").next().unwrap_or("");
                self.0
                    .unit
                    .renamed
                    .insert(here.trim().to_owned(), own.to_owned());
            }
        }
        // The last word of each path, or what it is called here.
        let ends = path.split([',', '}', ';']).map(str::trim_end);
        let names = ends.filter_map(|end| end.rsplit(|c| !is_word(c)).next());
        for name in names.filter(|name| !name.is_empty()) {
            let known = self.0.unit.imports.entry(name.to_owned());
            let known = known.or_insert_with(|| first.clone());
            if *known != first {
                // In modules of one file it is two things.
                known.clear();
            }
        }
    }

    /// The items of an implementation or a trait.
    fn within(&mut self, item: Parsed<'_>, owner: Option<String>, of: Option<String>) {
        let Some(body) = item.child_by_field_name("body") else {
            return;
        };
        let of_type = self.0.field_text(item, "type").to_owned();
        let mut generics = self.generics(item);
        generics.extend(self.0.generics.iter().cloned());
        let before = (self.0.owner.take(), self.0.of_trait.take());
        let of_type = core::mem::replace(&mut self.0.of_type, of_type);
        let generics = core::mem::replace(&mut self.0.generics, generics);
        (self.0.owner, self.0.of_trait) = (owner, of);
        self.items(body);
        (self.0.owner, self.0.of_trait) = before;
        (self.0.of_type, self.0.generics) = (of_type, generics);
    }

    /// The names that stand for types in an item.
    fn generics(&self, item: Parsed<'_>) -> Vec<String> {
        let Some(list) = item.child_by_field_name("type_parameters") else {
            return Vec::new();
        };
        let parameters = named(list).into_iter();
        let names = parameters.filter_map(|parameter| match parameter.kind() {
            "type_identifier" => Some(self.0.text_of(parameter)),
            "type_parameter" | "optional_type_parameter" | "const_parameter" => {
                Some(self.0.field_text(parameter, "name"))
            }
            "constrained_type_parameter" => Some(self.0.field_text(parameter, "left")),
            _ => None,
        });
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn implementation(&mut self, item: Parsed<'_>) {
        let name_of = |text: &str| -> Option<String> {
            if text.starts_with('(') {
                return Some(text.to_owned());
            }
            let head = text.split('<').next()?.trim();
            let name = head.rsplit("::").next()?.trim();
            Some(name.trim_start_matches(['&', '*', '\'']).to_owned())
        };
        let owner = name_of(self.0.field_text(item, "type"));
        let of = item
            .child_by_field_name("trait")
            .and_then(|of| name_of(self.0.text_of(of)));
        self.within(item, owner, of);
    }

    fn enumeration(&mut self, item: Parsed<'_>) {
        let name = self.0.field_text(item, "name").to_owned();
        let generics = self.generics(item);
        let Some(body) = item.child_by_field_name("body") else {
            return;
        };
        for variant in named(body)
            .into_iter()
            .filter(|v| v.kind() == "enum_variant")
        {
            self.structure(variant, Some((&name, &generics)));
        }
    }

    /// A structure, or a variant of an enumeration with its name and those that stand for types in it.
    fn structure(&mut self, item: Parsed<'_>, within: Option<(&str, &[String])>) {
        let own = self.0.field_text(item, "name");
        let name = within.map_or_else(|| own.to_owned(), |(outer, _)| format!("{outer}::{own}"));
        let generics = match within {
            Some((_, generics)) => generics.to_vec(),
            None => self.generics(item),
        };
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
                    is_private: false,
                    is_public: false,
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
                    // Those of a variant are as public as the enumeration.
                    is_private: within.is_none() && !is_visible(field),
                    is_public: within.is_none() && self.is_public(item) && self.is_public(field),
                });
            }
        }
        let bases = Vec::new();
        self.0.unit.structures.push(Structure {
            name,
            bases,
            is_public: within.is_none() && self.is_public(item),
            generics,
            fields,
        });
    }

    /// Those that stand for types in a function, with those around it.
    fn generics_of(&self, item: Parsed<'_>) -> Vec<String> {
        let mut generics = self.generics(item);
        generics.extend(self.0.generics.iter().cloned());
        generics
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
            is_public: self.is_public(item),
        };
        self.0.unit.statics.push(entry);
        if let Some(value) = item.child_by_field_name("value") {
            self.made_value(item, value);
        }
    }

    /// What makes the value of a static may be code (`Lazy::new(|| ...)`): a function that answers it. In a macro
    /// it stays code of the macro, whose names it may mention.
    fn made_value(&mut self, item: Parsed<'_>, value: Parsed<'_>) {
        let line = self.0.line(item);
        let outer = self.0.function;
        if outer.is_some_and(|outer| self.0.unit.functions[outer as usize].is_macro) {
            let root = self.0.add(Kind::Other, line, None);
            return self.expression(value, root);
        }
        let index = u32::try_from(self.0.unit.functions.len()).unwrap_or(u32::MAX);
        let function = Function {
            name: self.0.field_text(item, "name").to_owned(),
            owner: self.0.owner.clone(),
            of_type: self.0.of_type.clone(),
            generics: self.generics_of(item),
            of_trait: None,
            parameters: Vec::new(),
            returns: self.0.field_text(item, "type").to_owned(),
            is_public: self.is_public(item),
            is_private: false,
            is_variadic: false,
            is_macro: false,
            is_value: true,
            inside: outer,
            body: None,
        };
        self.0.unit.functions.push(function);
        self.0.function = Some(index);
        let root = self.0.add(Kind::Return, line, None);
        self.expression(value, root);
        self.0.function = outer;
        self.0.unit.functions[index as usize].body = Some(root);
    }

    pub(super) fn function(&mut self, item: Parsed<'_>) {
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
        let is_public = self.is_public(item);
        self.add_function(item, parameters, is_public);
    }

    /// Whether code outside of the tree may see an item: also by the name that the linker knows, or by its section.
    fn is_public(&self, item: Parsed<'_>) -> bool {
        named(item)
            .iter()
            .any(|child| child.kind() == "visibility_modifier" && self.0.text_of(*child) == "pub")
            || self.is_for_linker(item)
    }

    fn is_for_linker(&self, item: Parsed<'_>) -> bool {
        let mut before = item.prev_named_sibling();
        while let Some(attribute) = before
            && matches!(
                attribute.kind(),
                "attribute_item" | "line_comment" | "block_comment"
            )
        {
            let words = ["mangle", "export", "link_section"];
            let text = self.0.text_of(attribute);
            if attribute.kind() == "attribute_item" && words.iter().any(|word| text.contains(word))
            {
                return true;
            }
            before = attribute.prev_named_sibling();
        }
        false
    }

    fn add_function(&mut self, item: Parsed<'_>, parameters: Vec<Parameter>, is_public: bool) {
        let index = u32::try_from(self.0.unit.functions.len()).unwrap_or(u32::MAX);
        let function = Function {
            name: self.0.field_text(item, "name").to_owned(),
            owner: self.0.owner.clone(),
            of_type: self.0.of_type.clone(),
            generics: self.generics_of(item),
            of_trait: self.0.of_trait.clone(),
            parameters,
            returns: self.0.field_text(item, "return_type").to_owned(),
            is_public,
            // Whether one that a macro makes is seen elsewhere may be for its user to say.
            is_private: self.0.depth == 0 && self.0.of_trait.is_none() && !is_visible(item),
            is_variadic: false,
            is_macro: false,
            is_value: false,
            inside: self.0.function,
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
    pub(super) fn add_macro_function(&mut self, name: &str, line: u32) -> (u32, NodeId) {
        let index = u32::try_from(self.0.unit.functions.len()).unwrap_or(u32::MAX);
        self.0.unit.functions.push(Function {
            name: name.to_owned(),
            owner: self.0.owner.clone(),
            of_type: self.0.of_type.clone(),
            generics: self.0.generics.clone(),
            of_trait: None,
            parameters: Vec::new(),
            returns: String::new(),
            is_public: false,
            is_private: false,
            is_variadic: false,
            is_macro: true,
            is_value: false,
            inside: self.0.function,
            body: None,
        });
        let outer = self.0.function.replace(index);
        let root = self.0.add(Kind::Other, line, None);
        self.0.function = outer;
        self.0.unit.functions[index as usize].body = Some(root);
        (index, root)
    }
}
