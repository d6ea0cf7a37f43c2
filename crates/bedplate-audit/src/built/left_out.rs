//! Why an operation of the source was not compiled.

use alloc::collections::BTreeSet;

use tree_sitter::{Node, Parser, Point};

use crate::facts::language_of;
use crate::syntax::Language;

/// The reason, as far as the source shows it. `functions` are the first lines of the functions of
/// the file whose code was compiled.
pub(super) fn why(path: &str, text: &str, line: u32, functions: &BTreeSet<u32>) -> String {
    let language = language_of(path);
    let grammar = match language {
        Some(Language::Rust) => tree_sitter_rust::LANGUAGE,
        Some(Language::Cpp) => tree_sitter_cpp::LANGUAGE,
        _ => tree_sitter_c::LANGUAGE,
    };
    let mut parser = Parser::new();
    if parser.set_language(&grammar.into()).is_err() {
        return compiled(functions, false);
    }
    let Some(tree) = parser.parse(text, None) else {
        return compiled(functions, false);
    };
    let row = usize::try_from(line)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    let column = text
        .lines()
        .nth(row)
        .map_or(0, |line| line.len().saturating_sub(line.trim_start().len()));
    let point = Point { row, column };
    let mut at = tree.root_node().descendant_for_point_range(point, point);
    let mut in_function = None;
    let mut generic = None;
    while let Some(node) = at {
        if let Some(condition) = condition(node, text) {
            return format!("it stands under `{condition}`");
        }
        match node.kind() {
            "macro_definition" => return "it stands in a macro that is not used here".to_owned(),
            "function_item" | "function_definition" if in_function.is_none() => {
                in_function = Some(node);
            }
            _ => {}
        }
        generic = generic.or_else(|| needs_a_caller(node, text));
        at = node.parent();
    }
    let is_there = in_function.is_some_and(|function| {
        let lines = line_of(function.start_position())..=line_of(function.end_position());
        functions.iter().any(|first| lines.contains(first))
    });
    match generic {
        Some(why) if !is_there => why.to_owned(),
        _ => compiled(functions, is_there),
    }
}

fn compiled(functions: &BTreeSet<u32>, is_there: bool) -> String {
    let why = if functions.is_empty() {
        "no code of its file was compiled"
    } else if is_there {
        "its function was compiled without it: dead there, or merged with another"
    } else {
        "its function is never called in what was compiled"
    };
    why.to_owned()
}

fn line_of(point: Point) -> u32 {
    u32::try_from(point.row)
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

/// The condition of the configuration that a piece of code stands under.
fn condition(node: Node<'_>, text: &str) -> Option<String> {
    if matches!(node.kind(), "preproc_ifdef" | "preproc_if" | "preproc_elif") {
        // The guard of a header is around all of it.
        let mut lines = text.get(node.byte_range())?.lines();
        let first = lines.next()?;
        let is_guard =
            first.starts_with("#ifndef") && lines.next().is_some_and(|l| l.starts_with("#define"));
        return (!is_guard).then(|| first.trim().to_owned());
    }
    let mut before = node.prev_named_sibling();
    while let Some(sibling) = before
        && matches!(
            sibling.kind(),
            "attribute_item" | "line_comment" | "block_comment"
        )
    {
        let said = text.get(sibling.byte_range()).unwrap_or("");
        if said.starts_with("#[cfg(") {
            return Some(said.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        before = sibling.prev_named_sibling();
    }
    None
}

/// Code that exists only where it is used: generic, or to be inlined.
fn needs_a_caller(node: Node<'_>, text: &str) -> Option<&'static str> {
    if !matches!(node.kind(), "function_item" | "impl_item" | "trait_item") {
        return None;
    }
    let parameters = node.child_by_field_name("type_parameters");
    let is_generic = parameters.is_some_and(|parameters| {
        let mut cursor = parameters.walk();
        parameters
            .named_children(&mut cursor)
            .any(|child| !child.kind().contains("lifetime"))
    });
    if is_generic {
        return Some("generic, and used with no type in what was compiled");
    }
    let mut before = node.prev_named_sibling();
    while let Some(sibling) = before
        && sibling.kind() == "attribute_item"
    {
        let said = text.get(sibling.byte_range()).unwrap_or("");
        if said.starts_with("#[inline") {
            return Some("inline, and never called in what was compiled");
        }
        before = sibling.prev_named_sibling();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUST: &str = "impl A {\n  #[cfg(feature = \"stats\")]\n  fn f(&self) { self.x.store(1, Relaxed); }\n\
        fn g<T>(&self) { self.x.store(2, Relaxed); }\n  #[inline]\n  fn h(&self) { self.x.store(3, Relaxed); }\n\
        fn i(&self) {\n    self.x.store(4, Relaxed);\n  }\n}\n";

    #[test]
    fn reasons_are_those_of_the_source() {
        let none = BTreeSet::from([1]);
        let of = |line, functions: &BTreeSet<u32>| why("a.rs", RUST, line, functions);
        assert_eq!(
            of(3, &none),
            "it stands under `#[cfg(feature = \"stats\")]`"
        );
        assert!(of(4, &none).starts_with("generic"));
        assert!(of(6, &none).starts_with("inline"));
        assert!(of(8, &none).contains("never called"));
        assert!(of(8, &BTreeSet::from([7])).contains("compiled without it"));
        assert!(of(8, &BTreeSet::new()).contains("no code of its file"));
    }

    #[test]
    fn conditions_of_c_are_named_and_guards_of_headers_are_not() {
        let text = "#ifndef A_H\n#define A_H\n#if STATS > 1\nvoid f(void) { g(1); }\n#endif\nvoid h(void) { g(2); }\n#endif\n";
        let none = BTreeSet::from([1]);
        assert_eq!(
            why("a.h", text, 4, &none),
            "it stands under `#if STATS > 1`"
        );
        assert!(why("a.h", text, 6, &none).contains("never called"));
    }
}
