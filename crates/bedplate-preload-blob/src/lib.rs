//! The preload libraries as bytes.
//!
//! # Role
//! Carry the three libraries inside the program that needs them, and write one to a file when it is
//! to be preloaded: so the command finds it wherever it was built or installed.
//!
//! # Not here
//! The libraries' code: `bedplate-preload`, the same with its feature `hardened`, and
//! `bedplate-preload-observed`, built by `build.rs`.
//!
//! # Examples
//! ```
//! use bedplate_preload_blob::{Which, install};
//! # fn main() -> std::io::Result<()> {
//! let folder = std::env::temp_dir().join(format!("bedplate-doc-{}", std::process::id()));
//! let library = install(&folder, Which::Production)?;
//! assert!(library.is_file());
//! # std::fs::remove_dir_all(&folder)
//! # }
//! ```
#![forbid(unsafe_code)]

use core::hash::Hasher as _;
use core::time::Duration;
use std::hash::DefaultHasher;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

static PRODUCTION: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libbedplate_preload.so"));
static OBSERVED: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/libbedplate_preload_observed.so"));

static HARDENED: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/libbedplate_preload_hardened.so"));

/// One of the three libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Without telemetry.
    Production,
    /// With the telemetry gates built in.
    Observed,
    /// Without telemetry, hardened against misuse.
    Hardened,
}

/// The production library.
#[must_use]
pub fn production() -> &'static [u8] {
    PRODUCTION
}

/// The observed library.
#[must_use]
pub fn observed() -> &'static [u8] {
    OBSERVED
}

/// The hardened library.
#[must_use]
pub fn hardened() -> &'static [u8] {
    HARDENED
}

impl Which {
    /// The library's bytes.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Production => PRODUCTION,
            Self::Observed => OBSERVED,
            Self::Hardened => HARDENED,
        }
    }

    fn stem(self) -> &'static str {
        match self {
            Self::Production => "libbedplate_preload",
            Self::Observed => "libbedplate_preload_observed",
            Self::Hardened => "libbedplate_preload_hardened",
        }
    }
}

/// A library of another build that nobody used for this long is removed.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Removes libraries with `stem` of other builds that were not used for long. Best effort: what
/// stays costs only its room.
fn prune(folder: &Path, stem: &str, kept: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let hash = name.to_str().and_then(|name| {
            name.strip_prefix(stem)?
                .strip_prefix('-')?
                .strip_suffix(".so")
        });
        let is_ours = hash.is_some_and(|hash| {
            hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        let is_old = || {
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            used.is_ok_and(|used| used.elapsed().is_ok_and(|age| age > KEPT))
        };
        if is_ours && entry.path() != kept && is_old() {
            let _removed = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes a library to a file in `folder`, named by its contents, unless it is there already.
/// The folder is made if it is missing; libraries of other builds that were not used for a week
/// are removed from it.
///
/// # Errors
/// What the file system says. A file with the right name and other contents is replaced.
pub fn install(folder: &Path, which: Which) -> io::Result<PathBuf> {
    let bytes = which.bytes();
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    let path = folder.join(format!("{}-{:016x}.so", which.stem(), hasher.finish()));
    if std::fs::read(&path).is_ok_and(|there| there == bytes) {
        // The time of the last use, by which another build tells whether it may go.
        let _touched =
            std::fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        prune(folder, which.stem(), &path);
        return Ok(path);
    }
    std::fs::create_dir_all(folder)?;
    // Written aside and renamed: another process may be loading the file.
    let aside = folder.join(format!(".{}-{}.part", which.stem(), std::process::id()));
    let written = std::fs::File::create(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&aside, &path));
    if renamed.is_err() {
        // The first error is the one to tell.
        let _removed = std::fs::remove_file(&aside);
    }
    renamed?;
    prune(folder, which.stem(), &path);
    Ok(path)
}
