//! The other allocators, and how each is got.
//!
//! # Role
//! Each peer that is built is a package of its own under `bench/peers/`, with its own lock file,
//! because peers do not resolve together. The package names the version: the newest that the
//! registry has. Sources in C or C++ are compiled here as the library their authors would ship.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `carrier.rs` | finding the crate that carries a peer's sources |
//! | `compiled.rs` | peers compiled from sources in C or C++ |
//! | `cargo_built.rs` | peers that cargo builds |
//! | `installed.rs` | peers of the distribution |

pub(crate) mod cargo_built;
pub(crate) mod carrier;
mod compiled;
mod installed;

use crate::failure::Failure;
use cargo_built::{Archive, Cdylib};
use compiled::{Compiled, Version};
use installed::Installed;
use std::path::{Path, PathBuf};

/// Another allocator.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Its name; the version is read where it is got.
    pub(crate) name: &'static str,
    recipe: Recipe,
}

#[derive(Debug)]
enum Recipe {
    Compiled(Compiled),
    Archive(Archive),
    Cdylib(Cdylib),
    Installed(Installed),
}

/// A peer that is there.
#[derive(Debug)]
pub(crate) struct Built {
    /// Its name with version.
    pub(crate) name: String,
    /// The library to preload.
    pub(crate) library: PathBuf,
}

const MIMALLOC_FLAGS: &[&str] = &[
    "-std=gnu11",
    "-fvisibility=hidden",
    "-ftls-model=initial-exec",
    "-fno-builtin-malloc",
    "-DMI_BUILD_RELEASE",
    "-DMI_DEBUG=0",
    "-DMI_MALLOC_OVERRIDE",
    "-DMI_SHARED_LIB",
    "-DMI_SHARED_LIB_EXPORT",
];

/// All peers beside the C library's own allocator.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "mimalloc 3",
        recipe: Recipe::Compiled(Compiled {
            package: "mimalloc-3",
            carrier: "rustfs-mimalloc-sys",
            sources: "c_src/mimalloc",
            include: "include",
            files: &["src/static.c"],
            compiler: "cc",
            flags: MIMALLOC_FLAGS,
            version: Version::MimallocHeader,
        }),
    },
    Peer {
        name: "mimalloc 2",
        recipe: Recipe::Compiled(Compiled {
            package: "mimalloc-2",
            carrier: "libmimalloc-sys2",
            sources: "c_src/mimalloc",
            include: "include",
            files: &["src/static.c"],
            compiler: "cc",
            flags: MIMALLOC_FLAGS,
            version: Version::MimallocHeader,
        }),
    },
    Peer {
        name: "jemalloc",
        recipe: Recipe::Archive(Archive {
            package: "jemalloc",
            carrier: "tikv-jemalloc-sys",
            archive: "lib/libjemalloc_pic.a",
        }),
    },
    Peer {
        name: "tcmalloc",
        recipe: Recipe::Installed(Installed {
            file: "libtcmalloc_minimal.so.4",
            package: "libtcmalloc-minimal4",
        }),
    },
    Peer {
        name: "snmalloc",
        recipe: Recipe::Compiled(Compiled {
            package: "snmalloc",
            carrier: "snmalloc-sys",
            sources: "upstream/src",
            include: "",
            files: &["snmalloc/override/malloc.cc", "snmalloc/override/new.cc"],
            compiler: "c++",
            flags: &[
                "-std=c++20",
                "-fvisibility=hidden",
                "-ftls-model=initial-exec",
                "-fomit-frame-pointer",
                "-ffunction-sections",
                "-mcx16",
                "-fno-rtti",
                "-static-libstdc++",
                "-DSNMALLOC_USE_CXX11_THREAD_ATEXIT_DIRECT",
                "-DSNMALLOC_USE_WAIT_ON_ADDRESS=1",
                "-DSNMALLOC_PLATFORM_HAS_GETENTROPY",
                "-DSNMALLOC_EXPORT=__attribute__((visibility(\"default\")))",
            ],
            version: Version::Carrier,
        }),
    },
    Peer {
        name: "rpmalloc",
        recipe: Recipe::Compiled(Compiled {
            package: "rpmalloc",
            carrier: "rpmalloc-sys",
            sources: "rpmalloc",
            include: "rpmalloc",
            files: &["rpmalloc/rpmalloc.c"],
            compiler: "cc",
            flags: &[
                "-std=c11",
                "-ftls-model=initial-exec",
                "-D_GNU_SOURCE",
                "-DENABLE_PRELOAD=1",
                "-DENABLE_OVERRIDE=1",
            ],
            version: Version::Changelog,
        }),
    },
    Peer {
        name: "rusty_alloc",
        recipe: Recipe::Cdylib(Cdylib {
            package: "rusty-alloc",
            carrier: "rusty_alloc",
        }),
    },
];

/// Gets a peer: builds it, or finds it built or installed.
///
/// # Errors
/// - [`Failure::Missing`], [`Failure::Start`]: a program that is needed.
/// - [`Failure::Ended`]: the sources could not be fetched or compiled.
/// - [`Failure::Output`]: the sources are not where the table says.
pub(crate) fn get(peer: &Peer, directory: &Path) -> Result<Built, Failure> {
    match &peer.recipe {
        Recipe::Compiled(recipe) => recipe.get(peer.name, directory),
        Recipe::Archive(recipe) => recipe.get(peer.name, directory),
        Recipe::Cdylib(recipe) => recipe.get(peer.name, directory),
        Recipe::Installed(recipe) => recipe.get(peer.name),
    }
}

/// Where a version is not a part of the name already.
fn named(name: &str, version: &str) -> String {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    format!("{bare} {version}")
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_version_replaces_the_series() {
        assert_eq!(named("mimalloc 3", "3.6.1"), "mimalloc 3.6.1");
        assert_eq!(named("jemalloc", "5.3.1"), "jemalloc 5.3.1");
    }
}
