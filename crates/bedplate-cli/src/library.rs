//! The preload library as a file.
//!
//! # Role
//! Writes the library that this program carries to the user's cache directory, where the loader
//! can read it, and says what to do if that fails.

use std::path::{Path, PathBuf};

use bedplate_evidence::RunError;
use bedplate_preload_blob::{Which, install};

/// The library's file and, if it had to be made, the temporary directory that holds it.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

/// Installs the library in `$XDG_CACHE_HOME/bedplate`, else `$HOME/.cache/bedplate`, else a fresh
/// directory that is removed at the end.
pub(crate) fn installed(which: Which) -> Result<Installed, RunError> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    // A home that does not exist is how systems say that a user has none.
    let home = absolute("HOME").filter(|home| home.is_dir());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
    let failed = |path: &Path, source| RunError::File {
        what: "the preload library to",
        path: path.to_owned(),
        source,
        advice: "set XDG_CACHE_HOME to a directory that can be written",
    };
    if let Some(cache) = cache {
        let directory = cache.join("bedplate");
        let path = install(&directory, which).map_err(|error| failed(&directory, error))?;
        return Ok(Installed {
            path,
            _temporary: None,
        });
    }
    let temporary = tempfile::Builder::new()
        .prefix("bedplate-library-")
        .tempdir()
        .map_err(|error| failed(&std::env::temp_dir(), error))?;
    let path = install(temporary.path(), which).map_err(|error| failed(temporary.path(), error))?;
    Ok(Installed {
        path,
        _temporary: Some(temporary),
    })
}
