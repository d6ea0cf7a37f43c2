//! Which lines are in question.
//!
//! # Role
//! For one source, the lines that have code on one side only; for two revisions, the lines that
//! differ and have code.

use alloc::collections::BTreeSet;
use std::path::Path;

use super::difference::Recipe;
use super::lines::Place;
use super::worktree::git;
use crate::error::RunError;

/// Lines in question of A and of B.
pub(super) fn in_question(
    recipes: [&Recipe; 2],
    code: [&BTreeSet<Place>; 2],
) -> Result<[BTreeSet<Place>; 2], RunError> {
    let [a, b] = code;
    if recipes[0].root == recipes[1].root {
        let only = |one: &BTreeSet<Place>, other: &BTreeSet<Place>| {
            one.difference(other).cloned().collect()
        };
        return Ok([only(a, b), only(b, a)]);
    }
    let [changed_a, changed_b] = changed(&recipes[0].root, &recipes[1].root)?;
    let both =
        |one: &BTreeSet<Place>, other: &BTreeSet<Place>| one.intersection(other).cloned().collect();
    Ok([both(a, &changed_a), both(b, &changed_b)])
}

/// Lines that differ between two worktrees of one repository.
fn changed(a: &Path, b: &Path) -> Result<[BTreeSet<Place>; 2], RunError> {
    let revision = |root: &Path| git(root, &["rev-parse", "HEAD"]);
    let (from, to) = (revision(a)?, revision(b)?);
    let words = [
        "-c",
        "core.quotePath=false",
        "diff",
        "--unified=0",
        "--no-renames",
        "--no-color",
        "--no-ext-diff",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        from.trim_end(),
        to.trim_end(),
    ];
    Ok(changed_lines(&git(a, &words)?))
}

/// Lines on both sides of a diff without context.
fn changed_lines(diff: &str) -> [BTreeSet<Place>; 2] {
    let mut changed: [BTreeSet<Place>; 2] = Default::default();
    let mut names = ["", ""];
    for line in diff.lines() {
        if let Some(name) = line.strip_prefix("--- a/") {
            names[0] = name;
        } else if let Some(name) = line.strip_prefix("+++ b/") {
            names[1] = name;
        } else if let Some(hunk) = line.strip_prefix("@@ -") {
            let mut ranges = hunk.split_ascii_whitespace();
            for (index, side) in changed.iter_mut().enumerate() {
                let range = ranges.next().unwrap_or_default().trim_start_matches('+');
                let (start, count) = range.split_once(',').unwrap_or((range, "1"));
                let number = |text: &str| text.parse::<u32>().unwrap_or(0);
                let start = number(start);
                side.extend(
                    (start..start.saturating_add(number(count)))
                        .map(|line| (names[index].to_owned(), line)),
                );
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_names_lines_of_both_sides() {
        let diff = "diff --git a/x.rs b/x.rs\n--- a/x.rs\n+++ b/x.rs\n@@ -3 +3,2 @@ fn f\n-old\n+new\n\
                    +newer\n@@ -9,2 +10,0 @@\n-gone\n-gone too\n";
        let [a, b] = changed_lines(diff);
        let lines = |places: &BTreeSet<Place>| places.iter().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(lines(&a), [3, 9, 10]);
        assert_eq!(lines(&b), [3, 4]);
    }
}
