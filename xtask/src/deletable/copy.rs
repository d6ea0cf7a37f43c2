//! The copy, where things may be deleted.

use super::suite::{Outcome, test};
use crate::failure::Failure;
use bedplate_audit::deletion::{Cut, cut_out};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What goes from a file below the package.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct InFile {
    pub(super) file: String,
    pub(super) cut: Cut,
}

/// A package's copy.
#[derive(Debug)]
pub(super) struct Copy {
    source: PathBuf,
    folder: PathBuf,
}

impl Copy {
    pub(super) fn of(package: &Path) -> Result<Self, Failure> {
        let source = package
            .canonicalize()
            .map_err(|error| Failure::file(package, error))?;
        let name = source.file_name().unwrap_or_default();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = root.join("target").join("deletable").join(name);
        let copy = Self { source, folder };
        copy_tree(&copy.source, &copy.folder)?;
        // Not a member of the workspace that the copy lies in.
        let manifest = copy.folder.join("Cargo.toml");
        let mut text =
            fs::read_to_string(&manifest).map_err(|error| Failure::file(&manifest, error))?;
        if !text.contains("\n[workspace]") {
            text.push_str("\n[workspace]\n");
        }
        fs::write(&manifest, text).map_err(|error| Failure::file(&manifest, error))?;
        Ok(copy)
    }

    /// The text of a file as it is in the package.
    pub(super) fn text(&self, file: &str) -> Result<String, Failure> {
        let path = self.source.join(file);
        fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))
    }

    /// Makes the sources those of the package without what goes; every other line keeps its number.
    pub(super) fn delete(&self, cuts: &[InFile]) -> Result<(), Failure> {
        copy_tree(&self.source.join("src"), &self.folder.join("src"))?;
        let mut by_file: BTreeMap<&str, Vec<&Cut>> = BTreeMap::new();
        for InFile { file, cut } in cuts {
            by_file.entry(file).or_default().push(cut);
        }
        for (file, cuts) in by_file {
            let path = self.folder.join(file);
            let kept = cut_out(&self.text(file)?, cuts);
            fs::write(&path, kept).map_err(|error| Failure::file(&path, error))?;
        }
        Ok(())
    }

    pub(super) fn test(&self, arguments: &[String]) -> Result<Outcome, Failure> {
        test(&self.folder, arguments)
    }
}

/// Copies what is not there yet, or is different: what stays the same is not built again.
fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::file(to, error))?;
    let entries = fs::read_dir(from).map_err(|error| Failure::file(from, error))?;
    for entry in entries.flatten() {
        let (path, goal) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if entry.file_name() != "target" {
                copy_tree(&path, &goal)?;
            }
        } else {
            let text = fs::read(&path).map_err(|error| Failure::file(&path, error))?;
            if fs::read(&goal).is_ok_and(|there| there == text) {
                continue;
            }
            fs::write(&goal, text).map_err(|error| Failure::file(&goal, error))?;
        }
    }
    Ok(())
}
