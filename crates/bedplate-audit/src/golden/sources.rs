//! The sources that the labels are about.
//!
//! # Role
//! Finds the packages among the sources that cargo keeps, or in a directory that the user names.

use core::fmt;
use std::path::{Path, PathBuf};

use super::corpus::{Corpus, Package, corpora};
use crate::facts::{Source, TreeError, read_tree};

/// Why a corpus cannot be audited here.
#[derive(Debug)]
#[non_exhaustive]
pub enum Missing {
    /// A package is not among the sources.
    Package {
        /// `name-version`.
        package: String,
        /// Where it was looked for.
        looked_in: Vec<PathBuf>,
    },
    /// It is, but cannot be read.
    Tree(TreeError),
    /// The labels themselves cannot be read.
    Labels(serde_json::Error),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { package, looked_in } => {
                let places: Vec<String> = looked_in
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                write!(
                    f,
                    "the sources of {package} are not here (looked in {}): \
                     `cargo run -p bedplate-bench -- evidence` fetches those of all labels, \
                     `cargo fetch` in a package that depends on this version does it for one",
                    places.join(", ")
                )
            }
            Self::Tree(error) => error.fmt(f),
            Self::Labels(error) => write!(f, "failed to read the labels: {error}"),
        }
    }
}

impl core::error::Error for Missing {}

/// Directories with one folder for each package, below cargo's home.
#[must_use]
pub fn registry_folders(cargo_home: &Path) -> Vec<PathBuf> {
    let sources = cargo_home.join("registry").join("src");
    let entries = std::fs::read_dir(sources).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// The manifest of a package that depends on all packages of the labels and does nothing else: where
/// cargo has fetched for it, the sources are there.
///
/// # Errors
/// The labels cannot be read.
pub fn manifest() -> Result<String, serde_json::Error> {
    let mut text = String::from(
        "[package]\nname = \"golden-sources\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
         [lib]\npath = \"lib.rs\"\n\n[workspace]\n\n[dependencies]\n",
    );
    for package in corpora()?.iter().flat_map(|corpus| &corpus.packages) {
        // What follows a plus takes no part in the choice of a version.
        let version = package.version.split('+').next().unwrap_or_default();
        let name = &package.package;
        text.push_str(&format!(
            "{name} = {{ version = \"={version}\", default-features = false }}\n"
        ));
    }
    Ok(text)
}

fn folder_of(package: &Package, folders: &[PathBuf]) -> Result<PathBuf, Missing> {
    let name = format!("{}-{}", package.package, package.version);
    let found = folders
        .iter()
        .map(|folder| folder.join(&name))
        .find(|path| path.is_dir());
    found.ok_or_else(|| Missing::Package {
        package: name,
        looked_in: folders.to_vec(),
    })
}

/// All sources of a corpus; paths begin with the package's name.
pub(super) fn read(corpus: &Corpus, folders: &[PathBuf]) -> Result<Vec<Source>, Missing> {
    let mut found = Vec::new();
    for package in &corpus.packages {
        let root = folder_of(package, folders)?.join(&package.root);
        for part in &package.sources {
            let sources = read_tree(&root, &root.join(part)).map_err(Missing::Tree)?;
            found.extend(sources.into_iter().map(|source| Source {
                path: format!("{}/{}", package.package, source.path),
                ..source
            }));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::manifest;

    #[test]
    fn the_manifest_names_exact_versions() {
        let text = manifest().unwrap();
        assert!(text.contains("sled = { version = \"=0.34.7\", "), "{text}");
        assert!(text.contains("rpmalloc-sys = { version = \"=0.2.3\", "));
    }
}
