//! Builds of the peers.
//!
//! # Role
//! Each peer is a package of its own under `bench/peers/`, with its own lock file, because peers do
//! not resolve together. The package only names the version: cargo fetches the sources, and the
//! peer's own C file is compiled here as the library its authors would ship.

use crate::failure::Failure;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A peer that is built from sources in a registry crate.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Its name; the version is read from its sources.
    pub(crate) name: &'static str,
    /// The package under `bench/peers/`.
    package: &'static str,
    /// The crate that carries the sources.
    carrier: &'static str,
    /// The folder of the sources in the crate.
    sources: &'static str,
}

/// All peers that are built.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "mimalloc 3",
        package: "mimalloc-3",
        carrier: "rustfs-mimalloc-sys",
        sources: "c_src/mimalloc",
    },
    Peer {
        name: "mimalloc 2",
        package: "mimalloc-2",
        carrier: "libmimalloc-sys",
        sources: "c_src/mimalloc/v2",
    },
];

/// A peer that was built.
#[derive(Debug)]
pub(crate) struct Built {
    /// Its name with version.
    pub(crate) name: String,
    /// The library to preload.
    pub(crate) library: PathBuf,
}

/// Builds a peer, or finds it built.
///
/// # Errors
/// - [`Failure::Missing`], [`Failure::Start`]: cargo or the C compiler.
/// - [`Failure::Ended`]: the sources could not be fetched or compiled.
/// - [`Failure::Output`]: the sources are not where the table says.
pub(crate) fn build(peer: &Peer, directory: &Path) -> Result<Built, Failure> {
    let sources = find_sources(peer)?;
    let version = read_version(&sources.join("include/mimalloc.h"))?;
    let library = directory.join(format!("libmimalloc-{version}.so"));
    if !library.exists() {
        eprintln!("building mimalloc {version}");
        compile(&sources, &library)?;
    }
    Ok(Built {
        name: format!("mimalloc {version}"),
        library,
    })
}

fn find_sources(peer: &Peer) -> Result<PathBuf, Failure> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(peer.package)
        .join("Cargo.toml");
    let output = Command::new("cargo")
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--manifest-path",
        ])
        .arg(&manifest)
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    let program = format!("cargo metadata for {}", peer.package);
    if !output.status.success() {
        let how = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Ended { program, how });
    }
    let unexpected = |what: String| Failure::Output {
        program: program.clone(),
        what,
    };
    let document: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| unexpected(error.to_string()))?;
    let packages = document.get("packages").and_then(Value::as_array);
    let manifest = packages
        .into_iter()
        .flatten()
        .find(|package| package.get("name").and_then(Value::as_str) == Some(peer.carrier))
        .and_then(|package| package.get("manifest_path")?.as_str())
        .ok_or_else(|| unexpected(format!("no package {}", peer.carrier)))?;
    Ok(Path::new(manifest).with_file_name(peer.sources))
}

/// The version in a header: major, then two digits each for minor and patch.
fn read_version(header: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(header).map_err(|error| Failure::file(header, &error))?;
    let digits = text.lines().find_map(|line| {
        line.strip_prefix("#define MI_MALLOC_VERSION")?
            .split_whitespace()
            .next()
    });
    let number: Option<u32> = digits.and_then(|digits| digits.parse().ok());
    number.map(shown_version).ok_or_else(|| Failure::Output {
        program: header.display().to_string(),
        what: "no MI_MALLOC_VERSION".to_owned(),
    })
}

fn shown_version(number: u32) -> String {
    format!(
        "{}.{}.{}",
        number / 10_000,
        number / 100 % 100,
        number % 100
    )
}

/// The flags are those of the peer's own release build of its shared library.
fn compile(sources: &Path, library: &Path) -> Result<(), Failure> {
    // A name of its own until it is whole: an interrupted build leaves nothing that looks built.
    let unfinished = library.with_extension("unfinished");
    let output = Command::new("cc")
        .args([
            "-O3",
            "-std=gnu11",
            "-w",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
        ])
        .args([
            "-ftls-model=initial-exec",
            "-fno-builtin-malloc",
            "-pthread",
        ])
        .args([
            "-DNDEBUG",
            "-DMI_BUILD_RELEASE",
            "-DMI_DEBUG=0",
            "-DMI_MALLOC_OVERRIDE",
        ])
        .args(["-DMI_SHARED_LIB", "-DMI_SHARED_LIB_EXPORT"])
        .arg("-I")
        .arg(sources.join("include"))
        .arg("-o")
        .arg(&unfinished)
        .arg(sources.join("src/static.c"))
        .output()
        .map_err(|error| Failure::start("cc", "gcc libc6-dev", &error))?;
    if !output.status.success() {
        let how = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Ended {
            program: "cc".to_owned(),
            how,
        });
    }
    fs::rename(&unfinished, library).map_err(|error| Failure::file(library, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_as_their_authors_write_them() {
        assert_eq!(shown_version(30_601), "3.6.1");
        assert_eq!(shown_version(20_302), "2.3.2");
        assert_eq!(shown_version(21_112), "2.11.12");
    }
}
