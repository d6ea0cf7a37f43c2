//! Which files are read.
//!
//! # Role
//! Sources of Rust, C and C++ below a directory, without tests, benches, examples and builds.

use core::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::syntax::Language;

/// A source file, or what could not be read where one may be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Source {
    /// The path below the root that was asked for.
    pub path: String,
    /// What it holds.
    pub text: String,
    /// Why it was not read: then the text is empty, and the path may be that of a directory.
    pub missing: Option<String>,
}

impl Source {
    /// A file with its text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            missing: None,
        }
    }

    fn missing(base: &Path, path: &Path, why: String) -> Self {
        let below = path.strip_prefix(base).unwrap_or(path);
        Self {
            path: below.to_string_lossy().into_owned(),
            text: String::new(),
            missing: Some(why),
        }
    }
}

/// Why a tree cannot be audited.
#[derive(Debug)]
#[non_exhaustive]
pub enum TreeError {
    /// It cannot be read.
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no sources.
    Empty {
        /// The directory or file.
        path: PathBuf,
    },
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, source } => write!(
                f,
                "failed to read {}: {source}: name a directory or a file that can be read",
                path.display()
            ),
            Self::Empty { path } => write!(
                f,
                "{} holds no Rust, C or C++ sources outside of tests, benches and examples",
                path.display()
            ),
        }
    }
}

impl core::error::Error for TreeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Empty { .. } => None,
        }
    }
}

/// Directories whose code is not the program's.
const LEFT_OUT: [&str; 17] = [
    "test",
    "tests",
    "bench",
    "benches",
    "examples",
    "target",
    "node_modules",
    "fuzz",
    "testing",
    "unittest",
    "unittests",
    "unit_tests",
    "googletest",
    "compile_fail",
    "third_party",
    "loom",
    "benchmarks",
];

/// Larger files are generated tables.
const BYTES_MAX: u64 = 4 << 20;

pub(crate) fn language_of(path: &str) -> Option<Language> {
    let extension = path.rsplit_once('.')?.1;
    match extension {
        "rs" => Some(Language::Rust),
        "c" | "h" => Some(Language::C),
        "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" | "inl" | "ipp" => Some(Language::Cpp),
        _ => None,
    }
}

fn is_for_tests(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    // The second part of a long one has a number.
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(
        stem,
        "test"
            | "tests"
            | "bench"
            | "benches"
            | "testutil"
            | "test_util"
            | "test_utils"
            | "testharness"
    ) || [
        "_test",
        "_tests",
        "_bench",
        "-test",
        "_unittest",
        "_test_util",
        "_test_utils",
        "_stress",
        "_stress_tool",
    ]
    .iter()
    .any(|end| bare.ends_with(end))
}

/// The sources below `root` (or `root` itself), by their paths below `base`. What cannot be read is
/// among them, with the reason.
///
/// # Errors
/// [`TreeError::Unreadable`] where `root` itself cannot be read, [`TreeError::Empty`] where nothing
/// is found.
pub fn read_tree(base: &Path, root: &Path) -> Result<Vec<Source>, TreeError> {
    let failed = |source| TreeError::Unreadable {
        path: root.to_owned(),
        source,
    };
    if fs::metadata(root).map_err(failed)?.is_dir() {
        fs::read_dir(root).map_err(failed)?;
    } else {
        fs::File::open(root).map_err(failed)?;
    }
    let mut found = Vec::new();
    let mut todo = vec![root.to_owned()];
    while let Some(path) = todo.pop() {
        match read_one(base, &path, &mut todo) {
            Ok(source) => found.extend(source),
            Err(error) => found.push(Source::missing(base, &path, error.to_string())),
        }
    }
    if found.is_empty() {
        return Err(TreeError::Empty {
            path: root.to_owned(),
        });
    }
    Ok(found)
}

/// Reads a file, or adds what a directory holds to `todo`.
fn read_one(base: &Path, path: &Path, todo: &mut Vec<PathBuf>) -> io::Result<Option<Source>> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        let mut inner = entries(path)?;
        inner.sort();
        todo.extend(inner.into_iter().rev());
        return Ok(None);
    }
    if language_of(&path.to_string_lossy()).is_none() {
        return Ok(None);
    }
    if metadata.len() > BYTES_MAX {
        let why = format!("larger than {} MiB", BYTES_MAX >> 20);
        return Ok(Some(Source::missing(base, path, why)));
    }
    let bytes = fs::read(path)?;
    if bytes.contains(&0) {
        let why = "not text: it holds NUL bytes".to_owned();
        return Ok(Some(Source::missing(base, path, why)));
    }
    let below = path.strip_prefix(base).unwrap_or(path);
    Ok(Some(Source::new(
        below.to_string_lossy(),
        String::from_utf8_lossy(&bytes),
    )))
}

/// What of a directory is looked at.
fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inner = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_left_out =
            name.starts_with('.') || LEFT_OUT.contains(&&*name) || is_for_tests(&name);
        // A link may lead in circles; what it leads to is found where it stands.
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if !is_left_out && !is_link {
            inner.push(entry.path());
        }
    }
    Ok(inner)
}
