//! The table of tests that do not pass, with reasons: docs/pool-rayon-tests.md.

use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Reasons that begin so are of tests that hang on which of two threads is faster: they may pass.
const NOW_AND_THEN: &str = "now and then: ";

/// The reason for each test that does not pass, by `file::test`; `file::*` stands for all of a file.
#[derive(Debug)]
pub(super) struct Explained(BTreeMap<String, String>);

impl Explained {
    /// Reads the table: rows that begin with a name in backquotes.
    pub(super) fn read() -> Result<Self, Failure> {
        let path = path();
        let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
        Ok(Self::of(&text))
    }

    fn of(text: &str) -> Self {
        let row = |line: &str| {
            let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
            Some((name.to_owned(), rest.trim_end_matches(" |").to_owned()))
        };
        Self(text.lines().filter_map(row).collect())
    }

    /// Why this test does not pass.
    pub(super) fn reason(&self, test: &str) -> Option<&str> {
        let file = test.split_once("::").map_or(test, |(file, _)| file);
        let reason = self
            .0
            .get(test)
            .or_else(|| self.0.get(&format!("{file}::*")));
        reason.map(String::as_str)
    }

    /// Names in the table that are none of `unpassed`, but for those that may pass.
    pub(super) fn stale<'a>(&'a self, unpassed: &[String]) -> Vec<&'a str> {
        let is_used = |name: &str| match name.strip_suffix('*') {
            Some(file) => unpassed.iter().any(|test| test.starts_with(file)),
            None => unpassed.iter().any(|test| test == name),
        };
        let rows = self.0.iter();
        let always = rows.filter(|(_, reason)| !reason.starts_with(NOW_AND_THEN));
        let names = always.map(|(name, _)| name.as_str());
        names.filter(|name| !is_used(name)).collect()
    }
}

/// Where the table is.
pub(super) fn path() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .unwrap_or(here)
        .join("docs/pool-rayon-tests.md")
}

#[cfg(test)]
mod tests {
    use super::Explained;

    #[test]
    fn rows_are_read_and_unused_ones_are_found() {
        let text = "# Title\n| test | why |\n|---|---|\n| `scope::lifo` | another order |\n| `broadcast::*` | not offered |\n| `old::one` | mended |\n| `scope::fifo` | now and then: two threads |\n";
        let explained = Explained::of(text);
        assert_eq!(explained.reason("scope::lifo"), Some("another order"));
        assert_eq!(explained.reason("broadcast::self"), Some("not offered"));
        assert_eq!(
            explained.reason("scope::fifo"),
            Some("now and then: two threads")
        );
        assert_eq!(explained.reason("scope::other"), None);
        let unpassed = ["scope::lifo".to_owned(), "broadcast::self".to_owned()];
        assert_eq!(explained.stale(&unpassed), ["old::one"]);
    }
}
