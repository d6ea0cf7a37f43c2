//! Revisions, checked out for a while.
//!
//! # Role
//! `git worktree` in a directory of ours.
//!
//! # Invariants
//! I1. Worktrees end with the value that made them, also where a build failed.
//! I2. Both have paths of equal length: where a program lies moves its stack.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::project::{Project, senseless};
use crate::error::RunError;

/// The worktrees of a comparison.
#[derive(Debug)]
pub struct Worktrees {
    directory: PathBuf,
    /// Repository, worktree.
    made: Vec<(PathBuf, PathBuf)>,
    /// What the words resolved to, in their order.
    commits: Vec<String>,
}

impl Worktrees {
    /// None yet; they will be made in this directory.
    #[must_use]
    pub fn within(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            made: Vec::new(),
            commits: Vec::new(),
        }
    }

    /// Whether there are any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// The commits that were checked out for A and for B; none where not both are revisions.
    #[must_use]
    pub fn commits(&self) -> Option<[String; 2]> {
        self.commits.clone().try_into().ok()
    }

    /// Checks a revision out; the root of the sources, and the project's manifest there.
    pub(super) fn add(
        &mut self,
        project: &Project,
        name: &str,
        revision: &str,
    ) -> Result<(PathBuf, PathBuf), RunError> {
        let place = project.manifest.parent().unwrap_or(Path::new("."));
        let top = PathBuf::from(git(place, &["rev-parse", "--show-toplevel"])?.trim_end());
        let whole = format!("{revision}^{{commit}}");
        let commit = git(
            place,
            &["rev-parse", "--verify", "--end-of-options", &whole],
        )?;
        let root = self.directory.join(format!("rev-{name}"));
        let shown = root.display().to_string();
        git(
            &top,
            &[
                "worktree",
                "add",
                "--detach",
                "--force",
                &shown,
                commit.trim_end(),
            ],
        )?;
        self.made.push((top.clone(), root.clone()));
        self.commits.push(commit.trim_end().to_owned());
        let top = top.canonicalize().unwrap_or(top);
        let within = project.manifest.strip_prefix(&top).map_err(|_outside| {
            senseless("the manifest lies outside of the repository".to_owned())
        })?;
        let manifest = root.join(within);
        if !manifest.is_file() {
            return Err(senseless(format!(
                "revision {revision} has no {}",
                within.display()
            )));
        }
        Ok((root, manifest))
    }
}

impl Drop for Worktrees {
    fn drop(&mut self) {
        for (top, root) in self.made.drain(..) {
            let shown = root.display().to_string();
            // What fails here leaves an entry that `git worktree prune` removes.
            let _removed = git(&top, &["worktree", "remove", "--force", &shown]);
        }
    }
}

/// The commit that is checked out where a project is, and the files that differ from it; none where
/// there is no repository.
#[must_use]
pub fn checked_out(project: &Project) -> Option<(String, Vec<String>)> {
    let place = project.manifest.parent()?;
    let commit = git(place, &["rev-parse", "HEAD"]).ok()?;
    let words = ["status", "--porcelain", "--untracked-files=no"];
    let changed = git(place, &words).ok()?;
    let name = |line: &str| line.get(3..).unwrap_or_default().to_owned();
    let changed = changed.lines().map(name).collect();
    Some((commit.trim_end().to_owned(), changed))
}

/// What git prints.
pub(super) fn git(place: &Path, words: &[&str]) -> Result<String, RunError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(place)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| senseless(format!("git could not be started: {source}")))?;
    if !output.status.success() {
        return Err(senseless(format!(
            "git {} failed: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
