//! Texts that attributes of Rust declare.
//!
//! # Role
//! `#[error("tried {tries} times")]` and `#[display("{0}")]` are what a macro makes a `Display` of: it is read as if it
//! stood there.

use tree_sitter::Node as Parsed;

use super::build::{MACRO_DEPTH_MAX, named};
use super::rust::Rust;

/// Attributes whose first argument is the text of `Display`, up to that.
const HEADS: [&str; 4] = ["error(", "display(", "snafu(display(", "display(fmt="];

impl Rust<'_> {
    /// Reads the texts that the attributes of a type, or of its variants, declare.
    pub(super) fn declared_texts(&mut self, item: Parsed<'_>, attributes: &[Parsed<'_>]) {
        let name = self.0.field_text(item, "name");
        match item.kind() {
            "struct_item" => self.texts_of(item, attributes, name, "Self"),
            "enum_item" => {
                let Some(body) = item.child_by_field_name("body") else {
                    return;
                };
                let mut attributes = Vec::new();
                for child in named(body) {
                    match child.kind() {
                        "attribute_item" => attributes.push(child),
                        "enum_variant" => {
                            let attributes = core::mem::take(&mut attributes);
                            let variant = format!("{name}::{}", self.0.field_text(child, "name"));
                            self.texts_of(child, &attributes, name, &variant);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Reads the text of a structure or variant, which patterns call `pattern`, as the `Display` of a type.
    fn texts_of(&mut self, item: Parsed<'_>, attributes: &[Parsed<'_>], ty: &str, pattern: &str) {
        if self.0.depth >= MACRO_DEPTH_MAX {
            return;
        }
        for attribute in attributes {
            let Some(arguments) = arguments(self.0.text_of(*attribute)) else {
                continue;
            };
            let fields = self.pattern_of(item);
            let arguments = with_names(&arguments);
            let text = format!(
                "impl Display for {ty} {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{ \
                 match self {{ {pattern}{fields} => write!(f, {arguments}) }} }} }}"
            );
            let rows = (self.0.row(*attribute), self.0.lines.clone());
            self.reread(&text, rows, |inner, root| {
                inner.items(root);
            });
        }
    }

    /// A pattern that takes all fields, those without a name as `_0`, `_1`.
    fn pattern_of(&self, item: Parsed<'_>) -> String {
        let Some(body) = item.child_by_field_name("body") else {
            return String::new();
        };
        if body.kind() == "ordered_field_declaration_list" {
            let mut cursor = body.walk();
            let count = body.children_by_field_name("type", &mut cursor).count();
            let names: Vec<String> = (0..count).map(|place| format!("_{place}")).collect();
            return format!("({})", names.join(", "));
        }
        let fields = named(body).into_iter();
        let fields = fields.filter(|field| field.kind() == "field_declaration");
        let names: Vec<&str> = fields.map(|it| self.0.field_text(it, "name")).collect();
        format!(" {{ {} }}", names.join(", "))
    }
}

/// The arguments of an attribute that declares a text: the text first, in one line.
fn arguments(attribute: &str) -> Option<String> {
    let inner = attribute.trim().strip_prefix("#[")?.strip_suffix(']')?;
    let inner = inner.trim();
    let bare: String = inner
        .chars()
        .take_while(|c| *c != '"')
        .filter(|c| !c.is_whitespace())
        .collect();
    let bare = bare.trim_end_matches('#').trim_end_matches('r');
    let head = HEADS.into_iter().find(|head| *head == bare)?;
    let begin = inner.find(['"']).map(|at| {
        let before = inner[..at].trim_end_matches('#');
        before.strip_suffix('r').map_or(at, str::len)
    })?;
    let closing = head.matches('(').count();
    let mut text = inner[begin..].to_owned();
    for _bracket in 0..closing {
        text.truncate(text.rfind(')')?);
    }
    Some(text.replace(['\n', '\r'], " "))
}

/// Arguments with the names of fields: `{0}` and `.0` are `_0`, `.name` is `name`.
fn with_names(arguments: &str) -> String {
    let mut out = String::with_capacity(arguments.len());
    let mut in_text = false;
    let mut before = ',';
    let mut last = ' ';
    for c in arguments.chars() {
        let is_field = match (in_text, c) {
            // What no value stands in front of is no member.
            (false, '.') => {
                !before.is_alphanumeric() && !matches!(before, '_' | ')' | ']' | '?' | '.')
            }
            _ => false,
        };
        if c == '"' && last != '\\' {
            in_text = !in_text;
        }
        let is_number = c.is_ascii_digit();
        if is_number && (in_text && last == '{' || !in_text && last == '@') {
            out.push('_');
        }
        last = if is_field { '@' } else { c };
        if !is_field {
            out.push(c);
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_those_of_the_text() {
        let found = |text: &str| arguments(text).as_deref().map(with_names);
        assert_eq!(
            found("#[error(\"tried {0} of {max}\", max = .limit)]").unwrap(),
            "\"tried {_0} of {max}\", max = limit"
        );
        assert_eq!(
            found("#[error(\n    \"{}.0 at {0:?}\",\n    .1.len()\n)]")
                .unwrap()
                .trim(),
            "\"{}.0 at {_0:?}\",     _1.len()"
        );
        assert_eq!(found("#[display(fmt = \"{}\", x)]").unwrap(), "\"{}\", x");
        assert_eq!(found("#[snafu(display(\"{x}\"))]").unwrap(), "\"{x}\"");
        assert_eq!(found("#[error(r#\"{x}\"#)]").unwrap(), "r#\"{x}\"#");
        for other in [
            "#[error(transparent)]",
            "#[derive(Debug)]",
            "#[doc = \"x\"]",
            "#[from]",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
