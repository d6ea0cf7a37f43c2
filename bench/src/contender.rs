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
    /// A setting in the environment of its programs.
    pub(crate) setting: Option<(&'static str, &'static str)>,
}

/// Our name among the contenders.
pub(crate) const OURS: &str = "ours";

/// The name of our hardened library.
pub(crate) const HARDENED: &str = "hardened";

/// Ours first, then the C library's, then the peers that are wanted, and the names of those that are
/// left out: `only` holds beginnings of names.
///
/// # Errors
/// - [`Failure::File`]: our library could not be written; without it there is nothing to compare.
pub(crate) fn all(only: &[String]) -> Result<(Vec<Contender>, Vec<String>), Failure> {
    let directory = program::output_directory()?;
    let ours = bedplate_preload_blob::install(&directory, Which::Production)
        .map_err(|error| Failure::file(&directory, &error))?;
    let mut contenders = vec![
        Contender {
            name: OURS.to_owned(),
            library: Ok(Some(ours)),
            setting: None,
        },
        Contender {
            name: c_library(),
            library: Ok(None),
            setting: None,
        },
    ];
    let mut left_out = Vec::new();
    for peer in peer::PEERS {
        if only.is_empty()
            || only
                .iter()
                .any(|start| peer.name.starts_with(start.as_str()))
        {
            contenders.push(built(peer, &directory));
        } else {
            left_out.push(peer.name.to_owned());
        }
    }
    Ok((contenders, left_out))
}

/// Our hardened library, which is compared with our default one.
pub(crate) fn hardened() -> Contender {
    let library = program::output_directory().and_then(|directory| {
        bedplate_preload_blob::install(&directory, Which::Hardened)
            .map_err(|error| Failure::file(&directory, &error))
    });
    Contender {
        name: HARDENED.to_owned(),
        library: library.map(Some),
        setting: None,
    }
}

fn built(peer: &peer::Peer, directory: &Path) -> Contender {
    match peer::get(peer, directory) {
        Ok(built) => Contender {
            name: built.name,
            library: Ok(Some(built.library)),
            setting: None,
        },
        Err(failure) => Contender {
            name: peer.name.to_owned(),
            library: Err(failure),
            setting: None,
        },
    }
}

impl Contender {
    /// Whether it is one of the mimallocs, whose better one a ratio is to.
    pub(crate) fn is_mimalloc(&self) -> bool {
        self.name.starts_with("mimalloc")
    }
}

fn c_library() -> String {
    crate::host::c_library().unwrap_or_else(|| "glibc (version unknown)".to_owned())
}
