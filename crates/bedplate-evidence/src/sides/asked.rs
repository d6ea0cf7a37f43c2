//! Variables that sources ask for.
//!
//! # Role
//! Names in quotes that look like variables of the environment, in files that read it. Whether one of
//! them decides is shown by a run with it set (`execution.rs`), never by its name.

use alloc::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What a file that reads the environment has in it.
const READS: [&str; 3] = ["env::", "getenv", "var_os("];

/// Shortest name.
const NAME_MIN: usize = 3;

/// Names in these files, which lie in `root`.
#[must_use]
pub fn asked_for<'file>(root: &Path, files: impl Iterator<Item = &'file str>) -> BTreeSet<String> {
    files
        .filter_map(|file| fs::read_to_string(root.join(file)).ok())
        .flat_map(|source| names(&source))
        .collect()
}

fn names(source: &str) -> Vec<String> {
    if !READS.iter().any(|reads| source.contains(reads)) {
        return Vec::new();
    }
    source
        .split('"')
        .filter(|text| is_name(text))
        .map(str::to_owned)
        .collect()
}

fn is_name(text: &str) -> bool {
    text.len() >= NAME_MIN
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .chars()
            .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_the_environment_is_read() {
        let source = "if std::env::var_os(\"MY_TRACE\").is_some() { print(\"OK no\", \"a\") }";
        assert_eq!(names(source), ["MY_TRACE"]);
        assert!(names("print(\"MY_TRACE\")").is_empty());
    }
}
