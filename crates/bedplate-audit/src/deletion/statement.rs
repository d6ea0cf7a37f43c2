//! Operations that are statements of their own.
//!
//! # Role
//! Which lines can go so that an operation is not built, with every other line keeping its number.
//!
//! # Invariants
//! I1. Only whole statements go that are one call and nothing else: no value, no block, no branch.

use core::ops::RangeInclusive;

use crate::audit::Operation;

/// Lines that a statement may have.
const LINES_MAX: usize = 12;

/// The lines, from 1, of the statement that an operation is; nothing where it is part of a larger
/// one, or only reads.
#[must_use]
pub(super) fn statement(text: &str, operation: &Operation) -> Option<RangeInclusive<usize>> {
    if !matches!(operation.kind, "change" | "store") {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    extent(&lines, operation.at.line as usize)
}

/// Why an operation whose value is used, or that is not found, is left.
#[must_use]
pub fn why_left(operation: &Operation) -> &'static str {
    match operation.kind {
        "load" => "a read, which only shows",
        _ => "part of a larger statement",
    }
}

/// The lines of the statement that begins at `first`; nothing where it is more than one call.
fn extent(lines: &[&str], first: usize) -> Option<RangeInclusive<usize>> {
    let start = lines.get(first.checked_sub(1)?)?.trim();
    let mut before = lines[..first - 1].iter().rev().map(|line| line.trim());
    let before = before
        .find(|line| !line.is_empty() && !line.starts_with("//"))
        .unwrap_or("{");
    // An attribute would be the next statement's.
    let begins = before.ends_with([';', '{', '}']) && !before.starts_with("#[");
    let (mut opened, mut closed) = (0, 0);
    for (index, line) in lines.iter().enumerate().skip(first - 1).take(LINES_MAX) {
        if line.contains(['{', '}', '=']) || line.trim().starts_with("//") {
            return None;
        }
        opened += line.matches('(').count();
        closed += line.matches(')').count();
        if opened == closed && line.trim_end().ends_with(';') {
            let is_call = begins && !start.starts_with("let ") && !start.starts_with("return");
            return is_call.then_some(first..=index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_over_lines_is_a_statement() {
        let lines = ["{", "self.hits", ".fetch_add(1, Relaxed);", "}"];
        assert_eq!(extent(&lines, 2), Some(2..=3));
    }

    #[test]
    fn what_is_part_of_something_is_none() {
        assert_eq!(extent(&["{", "let n = X.fetch_add(1, Relaxed);"], 2), None);
        assert_eq!(extent(&["f(", "X.fetch_add(1, Relaxed));"], 2), None);
        assert_eq!(extent(&["{", "if X.fetch_add(1, Relaxed) > 3 {"], 2), None);
    }

    #[test]
    fn what_an_attribute_is_given_to_stays() {
        let lines = [
            "{",
            "#[cfg(feature = \"a\")]",
            "X.fetch_add(1, Relaxed);",
            "}",
        ];
        assert_eq!(extent(&lines, 3), None);
    }
}
