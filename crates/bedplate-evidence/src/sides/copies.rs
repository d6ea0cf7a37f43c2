//! Copies of a project, where sources may be changed.
//!
//! # Role
//! Two copies in places whose names are equally long, so that both sides are built alike; removed at
//! the end.
//!
//! # Invariants
//! I1. Nothing outside of the copies is ever written: links are followed, not kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::project::{Project, senseless};
use crate::error::RunError;

/// Directories within each other that are copied.
const DEPTH_MAX: usize = 64;

/// The file that marks directories of builds.
const MARK: &str = "CACHEDIR.TAG";

/// Two copies of a project's workspace.
#[derive(Debug)]
pub struct Copies {
    place: PathBuf,
    /// The roots of both.
    pub roots: [PathBuf; 2],
    /// The manifest that was asked for, in both.
    pub manifests: [PathBuf; 2],
}

impl Copies {
    /// Copies the workspace into a directory of the project's target directory, which stays the same
    /// so that builds of the same sources are equal.
    ///
    /// # Errors
    /// A file cannot be read or written, or the manifest is not in the workspace's directory.
    pub fn make(project: &Project) -> Result<Self, RunError> {
        let root = &project.workspace_root;
        let below = project.manifest.strip_prefix(root).map_err(|_outside| {
            senseless(format!(
                "{} is not below its workspace's directory {}",
                project.manifest.display(),
                root.display()
            ))
        })?;
        let place = project.target_directory.join("bedplate-prove");
        let roots = ["a", "b"].map(|name| place.join(name));
        let copies = Self {
            manifests: [roots[0].join(below), roots[1].join(below)],
            place,
            roots,
        };
        copies.remove();
        for goal in &copies.roots {
            copy(root, goal, &project.target_directory, 0).map_err(|source| RunError::File {
                what: "a copy of the project",
                path: goal.clone(),
                source,
                advice: "make room, or name another target directory (CARGO_TARGET_DIR)",
            })?;
        }
        Ok(copies)
    }

    fn remove(&self) {
        // What is left of it stands in a directory of builds, and is replaced by the next.
        let _left = fs::remove_dir_all(&self.place);
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        self.remove();
    }
}

fn copy(from: &Path, to: &Path, target: &Path, depth: usize) -> io::Result<()> {
    if depth > DEPTH_MAX {
        return Err(io::Error::other("directories lead in circles"));
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        // A link that leads nowhere, a socket: no source.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if metadata.is_file() {
            fs::copy(&path, to.join(name))?;
        } else if metadata.is_dir() && name != ".git" && path != target && !path.join(MARK).exists()
        {
            copy(&path, &to.join(name), target, depth + 1)?;
        }
    }
    Ok(())
}
