//! All operations, also those whose value is used.
//!
//! # Role
//! Finds the expression of an operation in Rust, also in the arguments of macros, and what stands for
//! its value once it is gone: what an atomic that nobody ever changed would answer.
//!
//! # Not here
//! Operations in a helper's body, seen from its caller; `get_mut` and what else answers a reference.

use core::ops::{Range, RangeInclusive};

use tree_sitter::Node as Parsed;

use super::statement::statement;
use crate::audit::{Location, Operation, kind_name};
use crate::facts::method_kind;
use crate::syntax::{named, parse_rust};

/// A piece of text that goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Cut {
    /// Which bytes of the file.
    pub bytes: Range<usize>,
    /// What stands there instead.
    pub instead: String,
    /// It is a whole statement.
    pub is_statement: bool,
}

impl Cut {
    /// A text in the place of an expression.
    #[must_use]
    pub const fn new(bytes: Range<usize>, instead: String) -> Self {
        Self {
            bytes,
            instead,
            is_statement: false,
        }
    }

    /// Nothing takes the value of what goes.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.is_statement || self.instead.trim() == "()"
    }

    /// The lines of the text that it reaches over, from 1.
    #[must_use]
    pub fn lines(&self, text: &str) -> RangeInclusive<usize> {
        let before = |end: usize| {
            let text = text.get(..end).unwrap_or("");
            text.matches('\n').count() + 1
        };
        let last = self.bytes.end.saturating_sub(1).max(self.bytes.start);
        before(self.bytes.start)..=before(last)
    }
}

/// Macros inside of macros are looked into this deep.
const MACRO_DEPTH_MAX: u32 = 6;

/// What goes so that `operation` on `location` is not built; nothing where it is not found, or
/// where nothing is known to stand for its value.
#[must_use]
pub fn cuts(text: &str, location: &Location, operation: &Operation) -> Vec<Cut> {
    if let Some(lines) = statement(text, operation) {
        let bytes = bytes_of(text, *lines.start(), *lines.end());
        let line_ends = text.get(bytes.clone()).unwrap_or("").matches('\n').count();
        return vec![Cut {
            bytes,
            instead: "\n".repeat(line_ends),
            is_statement: true,
        }];
    }
    let mut finder = Finder {
        text,
        line: operation.at.line as usize,
        kind: operation.kind,
        name: location.plain_name(),
        value: value_of(&location.declared.text),
        found: Vec::new(),
    };
    finder.text_at(text, 0, 0);
    finder.found
}

/// The text without what goes. A cut inside of another goes with it.
#[must_use]
pub fn cut_out<'c>(text: &str, cuts: impl IntoIterator<Item = &'c Cut>) -> String {
    let mut cuts: Vec<&Cut> = cuts.into_iter().collect();
    cuts.sort_by_key(|cut| (cut.bytes.start, core::cmp::Reverse(cut.bytes.end)));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for cut in cuts {
        if cut.bytes.start < done {
            continue;
        }
        out.push_str(text.get(done..cut.bytes.start).unwrap_or(""));
        out.push_str(&cut.instead);
        done = cut.bytes.end;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}

/// The bytes of lines, counted from 1, with their ends.
fn bytes_of(text: &str, first: usize, last: usize) -> Range<usize> {
    let mut ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let start = match first {
        0 | 1 => 0,
        _ => ends.nth(first - 2).unwrap_or(text.len()),
    };
    let end = ends.nth(last.saturating_sub(first)).unwrap_or(text.len());
    start..end
}

/// What an untouched atomic holds, by the line that declares it: its type and its value.
fn value_of(declared: &str) -> Option<(&'static str, &'static str)> {
    const VALUES: [(&str, &str, &str); 11] = [
        ("AtomicUsize", "usize", "0_usize"),
        ("AtomicU64", "u64", "0_u64"),
        ("AtomicU32", "u32", "0_u32"),
        ("AtomicU16", "u16", "0_u16"),
        ("AtomicU8", "u8", "0_u8"),
        ("AtomicIsize", "isize", "0_isize"),
        ("AtomicI64", "i64", "0_i64"),
        ("AtomicI32", "i32", "0_i32"),
        ("AtomicI16", "i16", "0_i16"),
        ("AtomicI8", "i8", "0_i8"),
        ("AtomicBool", "bool", "false"),
    ];
    let mut words = declared.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find_map(|word| {
        let (_, ty, value) = VALUES.iter().find(|(name, ..)| *name == word)?;
        Some((*ty, *value))
    })
}

/// Looks for the expressions of one operation.
struct Finder<'t> {
    text: &'t str,
    line: usize,
    kind: &'static str,
    name: &'t str,
    value: Option<(&'static str, &'static str)>,
    found: Vec<Cut>,
}

impl Finder<'_> {
    /// Looks through `text`, which stands at byte `at` of the file.
    fn text_at(&mut self, text: &str, at: usize, depth: u32) {
        if let Some(tree) = parse_rust(text) {
            self.look(tree.root_node(), at, 0, depth);
        }
    }

    /// Looks through what was parsed of text that begins at byte `at`, after `before` bytes that are
    /// not of the file.
    fn look(&mut self, root: Parsed<'_>, at: usize, before: usize, depth: u32) {
        let mut todo = vec![root];
        while let Some(node) = todo.pop() {
            let place = |byte: usize| (at + byte).checked_sub(before);
            match node.kind() {
                "macro_invocation" => {
                    let tree = named(node).into_iter().find(|c| c.kind() == "token_tree");
                    let range = tree.and_then(|tree| {
                        let range = tree.byte_range();
                        Some((place(range.start)? + 1, place(range.end)?.checked_sub(1)?))
                    });
                    if let Some((start, end)) = range {
                        self.arguments(start, end, depth + 1);
                    }
                }
                "call_expression" => {
                    let range = node.byte_range();
                    if let (Some(start), Some(end)) = (place(range.start), place(range.end)) {
                        self.call(node, start..end);
                    }
                }
                _ => {}
            }
            todo.extend(named(node));
        }
    }

    /// The arguments of a macro: as expressions, or else as statements.
    fn arguments(&mut self, start: usize, end: usize, depth: u32) {
        let Some(inner) = self.text.get(start..end).map(str::to_owned) else {
            return;
        };
        if depth > MACRO_DEPTH_MAX {
            return;
        }
        // Byte for byte as long as what they stand for.
        let inner = inner.replace('$', "_");
        let forms = [
            ("fn _m() {_f(", inner.replace("=>", ", "), "\n)}"),
            ("fn _m() {", inner, "\n}"),
        ];
        for (head, inner, tail) in forms {
            let wrapped = format!("{head}{inner}{tail}");
            let Some(tree) = parse_rust(&wrapped) else {
                continue;
            };
            if tree.root_node().has_error() {
                continue;
            }
            return self.look(tree.root_node(), start, head.len(), depth);
        }
    }

    fn call(&mut self, call: Parsed<'_>, bytes: Range<usize>) {
        let line = |byte: usize| {
            let before = self.text.get(..byte).unwrap_or("");
            before.matches('\n').count() + 1
        };
        if line(bytes.start) != self.line {
            return;
        }
        let (Some(text), Some(function)) = (
            self.text.get(bytes.clone()),
            call.child_by_field_name("function"),
        ) else {
            return;
        };
        let length = function.end_byte() - function.start_byte();
        let Some((before, method)) = text
            .get(..length)
            .and_then(|function| function.rsplit_once(['.', ':']))
        else {
            return;
        };
        let method = method.trim();
        let is_it = method_kind(method).is_some_and(|kind| kind_name(kind) == self.kind);
        // By `Type::method(&X, ...)` the location stands among the arguments.
        let names_it = if before.ends_with(':') { text } else { before };
        if !is_it || !mentions(names_it, self.name) {
            return;
        }
        let Some(instead) = self.instead(call, method) else {
            return;
        };
        let line_ends = text.matches('\n').count();
        let cut = Cut {
            bytes,
            instead: instead + &"\n".repeat(line_ends),
            is_statement: false,
        };
        if !self.found.contains(&cut) {
            self.found.push(cut);
        }
    }

    /// What stands for the value of a call.
    fn instead(&self, call: Parsed<'_>, method: &str) -> Option<String> {
        let is_dropped = call
            .parent()
            .is_some_and(|parent| parent.kind() == "expression_statement");
        let is_nothing = is_dropped && call.next_sibling().is_some_and(|next| next.kind() == ";");
        if is_nothing || self.kind == "store" {
            return Some("()".to_owned());
        }
        let answers_result = method.starts_with("compare_exchange")
            || matches!(method, "fetch_update" | "try_update");
        let answers_value =
            matches!(self.kind, "load" | "change" | "swap") || matches!(method, "compare_and_swap");
        let is_reference = !method.starts_with("load")
            && self.kind == "load"
            && !matches!(method, "into_inner" | "unsync_load");
        let (ty, value) = self.value?;
        match () {
            () if is_reference => None,
            () if answers_result => Some(format!("Ok::<{ty}, {ty}>({value})")),
            () if answers_value => Some(value.to_owned()),
            () => None,
        }
    }
}

/// Whether a text names something, as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::audit;
    use crate::facts::Source;

    /// The text without each of its operations on candidates, all at once.
    fn without_all(text: &str) -> String {
        let found = audit(&[Source::new("lib.rs", text)]);
        let candidates = found.candidates();
        let cuts: Vec<Cut> = candidates
            .iter()
            .flat_map(|location| {
                let operations = location.operations.iter();
                operations.flat_map(|operation| cuts(text, location, operation))
            })
            .collect();
        cut_out(text, &cuts)
    }

    const HITS: &str = "static HITS: AtomicUsize = AtomicUsize::new(0);\n";

    #[test]
    fn a_statement_goes_whole_and_a_value_gives_way_to_zero() {
        let text = format!(
            "{HITS}fn hit() {{\n    HITS.fetch_add(1, Relaxed);\n}}\n\
             fn show() {{\n    println!(\"{{}}\", HITS\n        .load(Relaxed) as f64);\n}}\n"
        );
        let expected = format!(
            "{HITS}fn hit() {{\n\n}}\nfn show() {{\n    println!(\"{{}}\", 0_usize\n as f64);\n}}\n"
        );
        assert_eq!(without_all(&text), expected);
    }

    #[test]
    fn a_lone_call_is_nothing() {
        let text = format!(
            "{HITS}fn hit(x: u8) {{\n    match x {{\n        0 => {{ HITS.fetch_add(1, Relaxed); }}\n        \
             _ => HITS.store(0, Relaxed),\n    }}\n    println!(\"{{}}\", HITS.load(Relaxed));\n}}\n"
        );
        let expected = format!(
            "{HITS}fn hit(x: u8) {{\n    match x {{\n        0 => {{ (); }}\n        _ => (),\n    }}\n    \
             println!(\"{{}}\", 0_usize);\n}}\n"
        );
        assert_eq!(without_all(&text), expected);
    }

    #[test]
    fn an_exchange_finds_what_nobody_changed() {
        let text = "static ONCE: AtomicBool = AtomicBool::new(false);\n\
                    fn f() { if ONCE.compare_exchange(false, true, Relaxed, Relaxed).is_ok() { warn!(\"x\") } }\n";
        let expected = "static ONCE: AtomicBool = AtomicBool::new(false);\n\
                        fn f() { if Ok::<bool, bool>(false).is_ok() { warn!(\"x\") } }\n";
        assert_eq!(without_all(text), expected);
    }

    #[test]
    fn cuts_within_cuts_go_with_them() {
        let cut = |bytes, instead: &str| Cut {
            bytes,
            instead: instead.to_owned(),
            is_statement: false,
        };
        let cuts = [cut(2..4, "x"), cut(1..6, "y"), cut(7..8, "z")];
        assert_eq!(cut_out("abcdefghi", &cuts), "aygzi");
    }

    #[test]
    fn what_nothing_takes_the_value_of_is_silent() {
        let text = format!(
            "{HITS}fn f() {{\n    #[cfg(feature = \"a\")]\n    HITS.fetch_add(1, Relaxed);\n    \
             println!(\"{{}}\", HITS.load(Relaxed));\n}}\n"
        );
        let found = audit(&[Source::new("lib.rs", &text[..])]);
        let location = &found.locations[0];
        let of = |kind: &str| {
            let mut operations = location.operations.iter();
            let operation = operations.find(|it| it.kind == kind).expect("the kind");
            cuts(&text, location, operation)
        };
        let changes = of("change");
        assert!(changes[0].is_silent() && !changes[0].is_statement);
        assert_eq!(changes[0].lines(&text), 4..=4, "the attribute stays");
        assert!(!of("load")[0].is_silent());
        let whole = Cut {
            is_statement: true,
            ..Cut::new(2..7, "\n\n".to_owned())
        };
        assert_eq!(whole.lines("a\nbb\nc\nd"), 2..=3);
    }

    #[test]
    fn lines_are_bytes() {
        assert_eq!(bytes_of("a\nbb\nc\n", 1, 1), 0..2);
        assert_eq!(bytes_of("a\nbb\nc\n", 2, 3), 2..7);
        assert_eq!(bytes_of("a\nbb", 2, 2), 2..4);
    }
}
