//! Peers compiled from sources in C or C++.
//!
//! # Role
//! The flags are those of each peer's own release build of its shared library.

use super::{Built, carrier, named};
use crate::failure::Failure;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where the sources lie and how they are compiled.
#[derive(Debug)]
pub(super) struct Compiled {
    /// The package under `bench/peers/`.
    pub(super) package: &'static str,
    /// The crate that carries the sources.
    pub(super) carrier: &'static str,
    /// Their folder in the crate.
    pub(super) sources: &'static str,
    /// Where its headers are, from there.
    pub(super) include: &'static str,
    /// What is compiled, from there.
    pub(super) files: &'static [&'static str],
    /// `cc` or `c++`.
    pub(super) compiler: &'static str,
    /// Beside those of every peer.
    pub(super) flags: &'static [&'static str],
    /// Where the version stands.
    pub(super) version: Version,
}

/// Where a peer's version stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Version {
    /// The carrier's version is the peer's.
    Carrier,
    /// In mimalloc's header.
    MimallocHeader,
    /// On the first line of its change log; the commit is what follows `+` in the carrier's version.
    Changelog,
}

impl Compiled {
    pub(super) fn get(&self, name: &str, directory: &Path) -> Result<Built, Failure> {
        let carrier = carrier::find(self.package, self.carrier)?;
        let sources = carrier.directory.join(self.sources);
        let version = match self.version {
            Version::Carrier => carrier.version,
            Version::MimallocHeader => read_header(&sources.join("include/mimalloc.h"))?,
            Version::Changelog => {
                let released = first_line(&sources.join("CHANGELOG"))?;
                let commit = carrier.version.split_once('+').map(|(_, commit)| commit);
                commit.map_or_else(|| released.clone(), |commit| format!("{released}+{commit}"))
            }
        };
        let name = named(name, &version);
        let library = directory.join(format!("lib{}.so", name.replace(' ', "-")));
        if !library.exists() {
            eprintln!("building {name}");
            self.compile(&sources, &library)?;
        }
        Ok(Built { name, library })
    }

    fn compile(&self, sources: &Path, library: &Path) -> Result<(), Failure> {
        // A name of its own until it is whole: an interrupted build leaves nothing that looks built.
        let unfinished = library.with_extension("unfinished");
        let output = Command::new(self.compiler)
            .args(["-O3", "-w", "-shared", "-fPIC", "-pthread", "-DNDEBUG"])
            .args(self.flags)
            .arg("-I")
            .arg(sources.join(self.include))
            .arg("-o")
            .arg(&unfinished)
            .args(self.files.iter().map(|file| sources.join(file)))
            .output()
            .map_err(|error| Failure::start(self.compiler, "gcc g++ libc6-dev", &error))?;
        if !output.status.success() {
            let how = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::Ended {
                program: self.compiler.to_owned(),
                how,
            });
        }
        fs::rename(&unfinished, library).map_err(|error| Failure::file(library, &error))
    }
}

fn first_line(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let line = text.lines().next().unwrap_or_default();
    Ok(line.trim().to_owned())
}

/// The version in a header: major, then two digits each for minor and patch.
fn read_header(header: &Path) -> Result<String, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_as_their_authors_write_them() {
        assert_eq!(shown_version(30_601), "3.6.1");
        assert_eq!(shown_version(20_502), "2.5.2");
        assert_eq!(shown_version(21_112), "2.11.12");
    }
}
