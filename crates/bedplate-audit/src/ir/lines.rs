//! From debug information to lines of the source.

use alloc::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::text::{field, number, reference};

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// In the tree: the path below its root.
    Tree(String),
    /// In the standard library.
    Standard,
    /// In a package that the tree depends on, by name and version.
    Package(String),
    /// In a file elsewhere.
    Elsewhere(String),
}

/// A line, innermost first: what it is inlined into follows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Frame {
    /// Where.
    pub origin: Origin,
    /// The line, from 1; 0 where the compiler merged several.
    pub line: u32,
    /// The function.
    pub function: String,
    /// Its first line; 0 where that is not known.
    pub function_line: u32,
    /// One of the methods of the standard library's atomics, not code around them.
    pub is_atomic_method: bool,
}

/// Longest chain of inlined calls.
const FRAMES_MAX: usize = 64;
/// Deepest nesting of blocks.
const SCOPES_MAX: usize = 64;

/// Debug information by number.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    pub(super) entries: BTreeMap<u32, &'t str>,
    pub(super) root: &'t Path,
}

impl Lines<'_> {
    /// The lines that a piece of code comes from.
    pub(super) fn frames(&self, debug: u32) -> Vec<Frame> {
        let mut found = Vec::new();
        let mut next = Some(debug);
        while let Some(at) = next
            && found.len() < FRAMES_MAX
        {
            let Some(text) = self.entries.get(&at) else {
                break;
            };
            if !text.contains("DILocation(") {
                break;
            }
            let scope = reference(text, "scope");
            let path = scope.and_then(|scope| self.file_of(scope));
            let is_atomic_method = path.as_ref().is_some_and(|path| is_atomic_file(path));
            let (function, function_line) =
                scope.map_or_else(Default::default, |scope| self.function_of(scope));
            found.push(Frame {
                origin: path.map_or_else(|| Origin::Elsewhere(String::new()), |p| self.origin(&p)),
                line: number(text, "line").unwrap_or(0),
                function,
                function_line,
                is_atomic_method,
            });
            next = reference(text, "inlinedAt");
        }
        found
    }

    /// The file of an entry, normalised but not looked for.
    pub(super) fn file_of(&self, at: u32) -> Option<PathBuf> {
        let text = self.entries.get(&at)?;
        let file = if text.contains("!DIFile(") {
            text
        } else {
            self.entries.get(&reference(text, "file")?)?
        };
        let name = field(file, "filename")?;
        let folder = field(file, "directory").unwrap_or("");
        Some(normal(&Path::new(folder).join(name)))
    }

    pub(super) fn origin(&self, path: &Path) -> Origin {
        if let Ok(below) = path.strip_prefix(self.root) {
            return Origin::Tree(below.to_string_lossy().into_owned());
        }
        let text = path.to_string_lossy();
        if text.starts_with("/rustc/") || text.contains("/rustlib/src/rust/library/") {
            return Origin::Standard;
        }
        let package = text
            .split_once("/registry/src/")
            .and_then(|(_, after)| after.split('/').nth(1));
        match package {
            Some(package) => Origin::Package(package.to_owned()),
            None => Origin::Elsewhere(text.into_owned()),
        }
    }

    /// The name and first line of the function that a block belongs to.
    fn function_of(&self, scope: u32) -> (String, u32) {
        let mut at = Some(scope);
        for _step in 0..SCOPES_MAX {
            let Some(text) = at.and_then(|at| self.entries.get(&at)) else {
                break;
            };
            if text.contains("!DISubprogram(") {
                let name = field(text, "name").unwrap_or("").to_owned();
                return (name, number(text, "line").unwrap_or(0));
            }
            at = reference(text, "scope");
        }
        Default::default()
    }
}

fn is_atomic_file(path: &Path) -> bool {
    path.ends_with("library/core/src/sync/atomic.rs")
        || path.ends_with("library/core/src/intrinsics/mod.rs")
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            _ => out.push(part),
        }
    }
    out
}
