//! Which files are read.
//!
//! # Role
//! Sources of Rust, C and C++ below a directory, without tests, benches, examples and builds.
//!
//! # Not here
//! By which names those are known (`left_out.rs`).

use core::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::left_out::{Name, Stands, holds_tests, name_of_file, name_of_folder};
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
    /// It is for tests, benches or examples, or of somebody else: the text is empty, and the path may be
    /// that of a directory.
    pub is_left_out: bool,
}

impl Source {
    /// A file with its text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            missing: None,
            is_left_out: false,
        }
    }

    fn missing(base: &Path, path: &Path, why: String) -> Self {
        Self {
            missing: Some(why),
            ..Self::new(below(base, path), "")
        }
    }

    fn left_out(base: &Path, path: &Path) -> Self {
        Self {
            is_left_out: true,
            ..Self::new(below(base, path), "")
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

/// Directories that builds make.
const BUILDS: [&str; 2] = ["target", "node_modules"];

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

fn below(base: &Path, path: &Path) -> String {
    let below = path.strip_prefix(base).unwrap_or(path);
    below.to_string_lossy().into_owned()
}

/// The sources below `root` (or `root` itself), by their paths below `base`. What cannot be read is
/// among them, with the reason, and so is what is left out.
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
    let mut todo = vec![Entry::Read(root.to_owned())];
    while let Some(entry) = todo.pop() {
        let path = match entry {
            Entry::Read(path) => path,
            Entry::LeftOut(path) => {
                found.push(Source::left_out(base, &path));
                continue;
            }
        };
        match read_one(base, root, &path, &mut todo) {
            Ok(source) => found.extend(source),
            Err(error) => found.push(Source::missing(base, &path, error.to_string())),
        }
    }
    if found.iter().all(|source| source.is_left_out) {
        return Err(TreeError::Empty {
            path: root.to_owned(),
        });
    }
    Ok(found)
}

/// What of a directory is looked at.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    /// It may hold sources.
    Read(PathBuf),
    /// Its name says that it is not the program's.
    LeftOut(PathBuf),
}

impl Entry {
    fn path(&self) -> &Path {
        match self {
            Self::Read(path) | Self::LeftOut(path) => path,
        }
    }
}

/// Reads a file, or adds what a directory holds to `todo`. The root was asked for by its name.
fn read_one(
    base: &Path,
    root: &Path,
    path: &Path,
    todo: &mut Vec<Entry>,
) -> io::Result<Option<Source>> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        let mut inner = entries(path)?;
        inner.sort_by(|a, b| a.path().cmp(b.path()));
        todo.extend(inner.into_iter().rev());
        return Ok(None);
    }
    let Some(language) = language_of(&path.to_string_lossy()) else {
        return Ok(None);
    };
    if metadata.len() > BYTES_MAX {
        let why = format!("larger than {} MiB", BYTES_MAX >> 20);
        return Ok(Some(Source::missing(base, path, why)));
    }
    let bytes = fs::read(path)?;
    if bytes.contains(&0) {
        let why = "not text: it holds NUL bytes".to_owned();
        return Ok(Some(Source::missing(base, path, why)));
    }
    let text = String::from_utf8_lossy(&bytes);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path != root && name_of_file(&name, language) == Name::IfItTests && holds_tests(&text) {
        return Ok(Some(Source::left_out(base, path)));
    }
    Ok(Some(Source::new(below(base, path), text)))
}

/// What a directory holds, without what is hidden and what a build made.
fn entries(path: &Path) -> io::Result<Vec<Entry>> {
    let mut inner = Vec::new();
    let has_src = path.join("src").is_dir();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A link may lead in circles; what it leads to is found where it stands.
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if name.starts_with('.') || is_link || BUILDS.contains(&&*name) {
            continue;
        }
        let by_name = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let is_module =
                entry.path().join("mod.rs").is_file() || path.join(format!("{name}.rs")).is_file();
            let stands = match (is_module, has_src) {
                (true, _) => Stands::ForModule,
                (false, true) => Stands::BesideSrc,
                (false, false) => Stands::Elsewhere,
            };
            name_of_folder(&name, stands)
        } else if let Some(language) = language_of(&name) {
            name_of_file(&name, language)
        } else {
            continue;
        };
        inner.push(match by_name {
            Name::LeftOut => Entry::LeftOut(entry.path()),
            Name::IfItTests | Name::Read => Entry::Read(entry.path()),
        });
    }
    Ok(inner)
}
