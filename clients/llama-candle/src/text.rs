//! What is trained on, as characters.

use crate::Outcome;
use std::collections::BTreeSet;
use std::path::Path;

/// A text and the characters that it is made of.
pub(crate) struct Text {
    /// The characters in their order: a token is a place here.
    pub(crate) letters: Vec<char>,
    /// The text as tokens.
    pub(crate) tokens: Vec<u32>,
}

impl Text {
    /// The repository's own documents: what is printable of them.
    pub(crate) fn of_the_repository() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = Vec::new();
        for folder in ["docs", "docs/design", "."] {
            for entry in std::fs::read_dir(root.join(folder))? {
                let path = entry?.path();
                // Tables of figures and notices of licences are no language.
                let is_prose = !["numbers.md", "NOTICES.md", "hotcheck.md", "CHANGELOG.md"]
                    .iter()
                    .any(|name| path.ends_with(name));
                if path.extension().is_some_and(|end| end == "md") && is_prose {
                    files.push(path);
                }
            }
        }
        files.sort();
        let mut text = String::new();
        for file in files {
            text.push_str(&std::fs::read_to_string(file)?);
        }
        text.retain(|letter| letter == '\n' || (' '..='~').contains(&letter));
        let letters: Vec<char> = text.chars().collect::<BTreeSet<_>>().into_iter().collect();
        let tokens = text
            .chars()
            .map(|letter| letters.binary_search(&letter).map_or(0, |at| at as u32));
        let tokens: Vec<u32> = tokens.collect();
        println!(
            "{} characters of text, {} different ones",
            tokens.len(),
            letters.len()
        );
        Ok(Self { letters, tokens })
    }
}
