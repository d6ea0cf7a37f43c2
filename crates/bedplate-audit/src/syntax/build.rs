//! Building a unit, shared by the languages.

use alloc::rc::Rc;

use tree_sitter::{Language as Grammar, Node as Parsed, Parser, Tree};

use super::macros::Macros;
use super::shape::{Kind, Node, NodeId, Unit};

/// A unit in the making.
pub(super) struct Builder<'t> {
    pub(super) unit: Unit,
    /// The text that is parsed just now.
    pub(super) text: &'t str,
    /// Rows before that text in its file, or in the expansion of a macro.
    pub(super) rows_before: u32,
    /// In an expansion, the lines of the file that its rows stand for.
    pub(super) lines: Option<Rc<[u32]>>,
    pub(super) macros: &'t Macros,
    pub(super) function: Option<u32>,
    /// The type whose items are read.
    pub(super) owner: Option<String>,
    pub(super) of_trait: Option<String>,
    /// That type as it is written.
    pub(super) of_type: String,
    /// Names that stand for types in them.
    pub(super) generics: Vec<String>,
    /// Macro bodies inside of macro bodies.
    pub(super) depth: u32,
    /// Pieces of code inside of pieces of code.
    pub(super) nesting: u32,
}

/// Macro bodies are parsed this deep inside of each other.
pub(super) const MACRO_DEPTH_MAX: u32 = 6;

impl<'t> Builder<'t> {
    pub(super) fn new(path: &str, is_rust: bool, text: &'t str, macros: &'t Macros) -> Self {
        Self {
            unit: Unit {
                path: path.to_owned(),
                is_rust,
                lines: text.lines().map(str::to_owned).collect(),
                ..Unit::default()
            },
            text,
            rows_before: 0,
            lines: None,
            macros,
            function: None,
            owner: None,
            of_trait: None,
            of_type: String::new(),
            generics: Vec::new(),
            depth: 0,
            nesting: 0,
        }
    }

    pub(super) fn text_of(&self, parsed: Parsed<'_>) -> &'t str {
        self.text.get(parsed.byte_range()).unwrap_or("")
    }

    pub(super) fn field_text(&self, parsed: Parsed<'_>, field: &str) -> &'t str {
        parsed
            .child_by_field_name(field)
            .map_or("", |child| self.text_of(child))
    }

    /// The row in the file, or in the expansion of a macro, from 0.
    pub(super) fn row(&self, parsed: Parsed<'_>) -> u32 {
        let row = u32::try_from(parsed.start_position().row).unwrap_or(u32::MAX);
        self.rows_before.saturating_add(row)
    }

    /// The line in the file, from 1.
    pub(super) fn line(&self, parsed: Parsed<'_>) -> u32 {
        let row = self.row(parsed);
        match &self.lines {
            Some(lines) => lines.get(row as usize).or(lines.last()).map_or(1, |it| *it),
            None => row.saturating_add(1),
        }
    }

    /// Adds a node below `parent`.
    pub(super) fn add(&mut self, kind: Kind, line: u32, parent: Option<NodeId>) -> NodeId {
        let id = NodeId(u32::try_from(self.unit.nodes.len()).unwrap_or(u32::MAX));
        self.unit.nodes.push(Node {
            kind,
            line,
            parent,
            children: Vec::new(),
            function: self.function,
        });
        if let Some(parent) = parent {
            self.unit.nodes[parent.0 as usize].children.push(id);
        }
        id
    }
}

/// Parses a text; nothing where the grammar and the parser do not fit, which a test rules out.
pub(super) fn parse(grammar: &Grammar, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(grammar).ok()?;
    parser.parse(text, None)
}

/// The named children.
pub(crate) fn named<'a>(parsed: Parsed<'a>) -> Vec<Parsed<'a>> {
    let mut cursor = parsed.walk();
    parsed.named_children(&mut cursor).collect()
}
