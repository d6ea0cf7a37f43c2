//! The files, and a complaint about one.

use crate::failure::Failure;
use core::fmt;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Folders that hold no sources of ours.
const SKIPPED_FOLDERS: &[&str] = &[".git", "target", "node_modules"];
/// Endings of files that are text of ours.
const TEXT_ENDINGS: &[&str] = &["rs", "toml", "md", "c", "h", "cc", "sh", "py", "txt"];

/// All text files, by path from the root with `/` between.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    path: String,
    line: Option<usize>,
    what: String,
}

impl Complaint {
    /// About a file as a whole.
    pub(crate) fn file(path: &str, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            what: what.into(),
        }
    }

    /// About a line; `index` counts from zero.
    pub(crate) fn line(path: &str, index: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: Some(index + 1),
            what: what.into(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

impl Tree {
    /// Reads the tree under a folder.
    ///
    /// # Errors
    /// - [`Failure::File`]: a folder or file could not be read.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Failure> {
        let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Failure::file(folder, error))?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry
                .file_type()
                .map_err(|error| Failure::file(&path, error))?;
            if kind.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    self.read_folder(&path, &format!("{prefix}{name}/"))?;
                }
            } else if name
                .rsplit_once('.')
                .is_some_and(|(_, end)| TEXT_ENDINGS.contains(&end))
            {
                let text =
                    fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
                self.files.insert(format!("{prefix}{name}"), text);
            }
        }
        Ok(())
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// All files with path and text.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Rust files of packages: what is built into a library or program.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(|(path, _)| path.ends_with(".rs") && path.contains("src/"))
    }

    /// Manifests of the members of the workspace; a package with a workspace of its own is none.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, text)| {
            path.ends_with("/Cargo.toml") && !text.lines().any(|line| line.trim() == "[workspace]")
        })
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// A tree for a test.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self {
            files: files.collect(),
        }
    }
}
