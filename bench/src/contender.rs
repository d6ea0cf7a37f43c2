//! The libraries that are compared.

use crate::failure::Failure;
use crate::peer;
use crate::program;
use bedplate_preload_blob::Which;
use std::path::{Path, PathBuf};

/// One allocator.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    /// Its name with version; `ours` for bedplate.
    pub(crate) name: String,
    /// The library to preload; none for the C library's own, or why it could not be built.
    pub(crate) library: Result<Option<PathBuf>, Failure>,
}

/// Our name among the contenders.
pub(crate) const OURS: &str = "ours";

/// Ours first, then the C library's, then the other peers.
///
/// # Errors
/// - [`Failure::File`]: our library could not be written; without it there is nothing to compare.
pub(crate) fn all() -> Result<Vec<Contender>, Failure> {
    let directory = program::output_directory()?;
    let ours = bedplate_preload_blob::install(&directory, Which::Production)
        .map_err(|error| Failure::file(&directory, &error))?;
    let mut contenders = vec![
        Contender {
            name: OURS.to_owned(),
            library: Ok(Some(ours)),
        },
        Contender {
            name: c_library(),
            library: Ok(None),
        },
    ];
    for peer in peer::PEERS {
        contenders.push(built(peer, &directory));
    }
    Ok(contenders)
}

fn built(peer: &peer::Peer, directory: &Path) -> Contender {
    match peer::build(peer, directory) {
        Ok(built) => Contender {
            name: built.name,
            library: Ok(Some(built.library)),
        },
        Err(failure) => Contender {
            name: peer.name.to_owned(),
            library: Err(failure),
        },
    }
}

fn c_library() -> String {
    crate::host::c_library().unwrap_or_else(|| "glibc (version unknown)".to_owned())
}
