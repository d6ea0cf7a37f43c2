//! What is compared.
//!
//! # Role
//! Named findings of a run, texts and files, and the first difference between two runs.

use super::trouble::Trouble;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// One thing a program made.
#[derive(Debug)]
enum Finding {
    Text(String),
    File(PathBuf),
}

/// All that a program made, by name.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    findings: BTreeMap<String, Finding>,
}

impl Evidence {
    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, text: impl Into<String>) {
        self.findings
            .insert(name.to_owned(), Finding::Text(text.into()));
    }

    /// Adds a file, to be compared byte by byte.
    pub(super) fn file(&mut self, name: &str, path: &Path) {
        self.findings
            .insert(name.to_owned(), Finding::File(path.to_path_buf()));
    }

    /// How much is compared.
    pub(super) fn summary(&self) -> String {
        let bytes = self.findings.values().map(Finding::bytes).sum::<u64>();
        format!("{} findings, {bytes} bytes", self.findings.len())
    }

    /// The same names, and the same under each.
    pub(super) fn must_equal(&self, expected: &Self) -> Result<(), Trouble> {
        let names = |evidence: &Self| evidence.findings.keys().cloned().collect::<Vec<_>>();
        if names(self) != names(expected) {
            return Err(Trouble::new(format!(
                "made {:?} instead of {:?}",
                names(self),
                names(expected)
            )));
        }
        for (name, expected) in &expected.findings {
            if let Some(found) = self.findings.get(name) {
                found
                    .must_equal(expected)
                    .map_err(|trouble| trouble.within(name))?;
            }
        }
        Ok(())
    }
}

impl Finding {
    fn bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        }
    }

    fn open(&self) -> Result<Box<dyn Read + '_>, Trouble> {
        match self {
            Self::Text(text) => Ok(Box::new(text.as_bytes())),
            Self::File(path) => {
                let file = File::open(path)
                    .map_err(|error| Trouble::new(format!("{}: {error}", path.display())))?;
                Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
            }
        }
    }

    fn must_equal(&self, expected: &Self) -> Result<(), Trouble> {
        let unreadable = |error: std::io::Error| Trouble::new(error.to_string());
        let (mut found, mut wanted) = (self.open()?, expected.open()?);
        let (mut one, mut other) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        let mut line = 1;
        loop {
            let count = fill(found.as_mut(), &mut one).map_err(unreadable)?;
            let wanted_count = fill(wanted.as_mut(), &mut other).map_err(unreadable)?;
            let (found, wanted) = (&one[..count], &other[..wanted_count]);
            if found != wanted {
                return Err(difference(found, wanted, line));
            }
            if count == 0 {
                return Ok(());
            }
            line += newlines(found);
        }
    }
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// The first difference of two pieces that begin in `line`.
fn difference(found: &[u8], wanted: &[u8], line: usize) -> Trouble {
    let at = found
        .iter()
        .zip(wanted)
        .take_while(|(one, other)| one == other)
        .count();
    let line = line + newlines(&found[..at]);
    let [found, wanted] =
        [found, wanted].map(|bytes| String::from_utf8_lossy(around(bytes, at)).into_owned());
    Trouble::new(format!(
        "differs in line {line}: {found:?} instead of {wanted:?}"
    ))
}

/// Fills the buffer unless the end comes first.
fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match from.read(&mut buffer[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// The line that `at` lies in, at most 200 bytes of it.
fn around(bytes: &[u8], at: usize) -> &[u8] {
    let at = at.min(bytes.len());
    let start = bytes[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let end = bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |newline| at + newline);
    let start = start.max(at.saturating_sub(100));
    &bytes[start..end.min(start + 200).max(start)]
}

#[cfg(test)]
mod tests {
    use super::Evidence;

    fn of(text: &str) -> Evidence {
        let mut evidence = Evidence::default();
        evidence.text("stdout", text);
        evidence
    }

    #[test]
    fn the_first_difference_is_named_with_its_line() {
        assert!(of("a\nb\n").must_equal(&of("a\nb\n")).is_ok());
        let trouble = of("a\nb\nc")
            .must_equal(&of("a\nB\nc"))
            .map_err(|trouble| trouble.to_string());
        assert_eq!(
            trouble,
            Err("stdout: differs in line 2: \"b\" instead of \"B\"".to_owned())
        );
    }

    #[test]
    fn a_shorter_text_and_a_missing_finding_differ() {
        assert!(of("a\n").must_equal(&of("a\nb\n")).is_err());
        assert!(Evidence::default().must_equal(&of("")).is_err());
    }
}
