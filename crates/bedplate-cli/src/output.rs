//! A file the user asked for.
//!
//! # Role
//! Opened before the program runs, so that a wrong path costs nothing, and written at the end. Two
//! that are one file are refused.
//!
//! # Invariants
//! I1. A file that was there is left as it is until there is something to write; one that was not
//!     there does not stay behind empty.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bedplate_evidence::RunError;

/// A file to be written.
#[derive(Debug)]
pub(crate) struct Output {
    what: &'static str,
    path: PathBuf,
    /// Held open where it is no regular file: a pipe's reader takes closing for the end.
    held: Option<File>,
    /// Made by us, and nothing was written yet.
    is_new: bool,
}

impl Output {
    /// Makes sure that `path` can be written.
    pub(crate) fn open(what: &'static str, path: &Path) -> Result<Self, RunError> {
        if path.as_os_str() == "-" {
            return Err(RunError::Senseless {
                message: format!(
                    "{what} cannot go to \"-\": standard output is the program's; name a file \
                     (./- if it is to have that name)"
                ),
            });
        }
        let mut output = Self {
            what,
            path: path.to_owned(),
            held: None,
            is_new: false,
        };
        let opened = OpenOptions::new().write(true).create_new(true).open(path);
        output.is_new = opened.is_ok();
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path),
            opened => opened,
        };
        let file = file.map_err(|source| output.failed(source))?;
        let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        output.held = (!is_regular).then_some(file);
        Ok(output)
    }

    /// Refuses two outputs that are one regular file: the later would replace the earlier.
    pub(crate) fn refuse_shared<'o>(
        outputs: impl IntoIterator<Item = &'o Option<Self>>,
    ) -> Result<(), RunError> {
        let mut seen: Vec<(PathBuf, &Self)> = Vec::new();
        // Pipes and devices keep nothing that could be replaced.
        for output in outputs.into_iter().flatten().filter(|it| it.held.is_none()) {
            // Opened before: whatever links and dots lead to it, it has one name in the end. One that was
            // removed while it is held open has none, and is no other's.
            let name = output.path.canonicalize();
            let name = name.unwrap_or_else(|_removed| output.path.clone());
            if let Some((_, other)) = seen.iter().find(|(other, _)| *other == name) {
                return Err(RunError::Senseless {
                    message: format!(
                        "{} and {} cannot both go to {}: the second would replace the first; \
                         name another file for one of them",
                        other.what,
                        output.what,
                        output.path.display()
                    ),
                });
            }
            seen.push((name, output));
        }
        Ok(())
    }

    /// Whether writing again replaces what was written before.
    pub(crate) fn is_rewritable(&self) -> bool {
        self.held.is_none()
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, content: impl AsRef<[u8]>) -> Result<(), RunError> {
        let written = match &mut self.held {
            Some(file) => file.write_all(content.as_ref()),
            // By its name: the program may have removed or replaced the file meanwhile.
            None => std::fs::write(&self.path, content),
        };
        self.is_new = false;
        written.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> RunError {
        RunError::File {
            what: self.what,
            path: self.path.clone(),
            source,
            advice: "name a file in a directory that exists and can be written",
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.is_new {
            // Best effort: an empty file does no harm.
            let _removed = std::fs::remove_file(&self.path);
        }
    }
}
