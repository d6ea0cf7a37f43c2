//! The programs that stand for a pool's users, built.
//!
//! # Role
//! One binary has ours and the peers that our compiler builds, with the same flags
//! (`bench/peers/pools`); a peer that asks for a newer compiler has one of its own beside it, which is
//! tried nevertheless, and oneTBB one in C++ where its headers are installed. A binary that cannot be
//! built leaves its contenders out, with the reason.

use crate::failure::Failure;
use crate::peer::{cargo_built, carrier};
use crate::program;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package of most programs.
const PACKAGE: &str = "pools";
/// The package of forte.
const FORTE: &str = "pools-forte";
/// The package of our pool with fibers.
const FIBERS: &str = "pools-fibers";

/// Each function begins at a line of the cache: where the linker happened to put a small recursive
/// function made it up to a fifth slower or faster, ours and the peers' alike.
const ALIGNED: &str = r#"build.rustflags = ["-C", "llvm-args=-align-all-functions=6"]"#;

/// A binary and what its contenders' versions are, or why there is none.
type Binary = Result<(PathBuf, Vec<(&'static str, String)>), Failure>;

/// The programs, built.
#[derive(Debug)]
pub(super) struct Programs {
    most: Binary,
    forte: Binary,
    tbb: Binary,
    fibers: Binary,
}

impl Programs {
    /// Builds them.
    pub(super) fn build() -> Self {
        Self {
            most: package(PACKAGE, &["rayon", "chili"]),
            forte: package(FORTE, &["forte"]),
            tbb: tbb(),
            fibers: package(FIBERS, &[]),
        }
    }

    fn binary(&self, pool: &str) -> &Binary {
        match pool {
            "forte" => &self.forte,
            "tbb" => &self.tbb,
            "fibers" => &self.fibers,
            _ => &self.most,
        }
    }

    /// The binary that has a contender.
    ///
    /// # Errors
    /// - What kept it from being built.
    pub(super) fn path(&self, pool: &str) -> Result<&Path, Failure> {
        let binary = self.binary(pool).as_ref();
        binary.map(|(path, _)| path.as_path()).map_err(Clone::clone)
    }

    /// A contender as reports name it.
    pub(super) fn named(&self, pool: &str) -> String {
        let versions = self.binary(pool).as_ref().ok().map(|(_, known)| known);
        let version = versions
            .into_iter()
            .flatten()
            .find(|(name, _)| *name == pool);
        match (pool, version) {
            ("bedplate", _) => "ours, inside".to_owned(),
            ("fibers", _) => "ours, with fibers".to_owned(),
            ("tbb", Some((_, version))) => format!("oneTBB {version}"),
            ("tbb", None) => "oneTBB".to_owned(),
            (_, Some((_, version))) => format!("{pool} {version}"),
            (_, None) => pool.to_owned(),
        }
    }
}

fn package(package: &'static str, peers: &[&'static str]) -> Binary {
    let directory = program::output_directory()?;
    let messages = cargo_built::build_with(package, &directory, &[ALIGNED])?;
    let path = messages
        .iter()
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
    let versions: Result<Vec<_>, Failure> = peers
        .iter()
        .map(|name| Ok((*name, carrier::find(package, name)?.version)))
        .collect();
    let path = path.ok_or_else(|| Failure::Output {
        program: format!("cargo build of {package}"),
        what: "no program".to_owned(),
    })?;
    Ok((path, versions?))
}

fn tbb() -> Binary {
    let path = program::output_directory()?.join("pools_tbb");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/pools_tbb.cpp");
    let output = Command::new("c++")
        .args(["-O3", "-std=c++17", "-falign-functions=64", "-o"])
        .arg(&path)
        .arg(&source)
        .arg("-ltbb")
        .output()
        .map_err(|error| Failure::start("c++", "g++", &error))?;
    if !output.status.success() {
        let how = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(if how.contains("tbb/") {
            Failure::Missing {
                program: "oneTBB's headers",
                package: "libtbb-dev",
            }
        } else {
            Failure::Ended {
                program: format!("c++ {}", source.display()),
                how,
            }
        });
    }
    let said = Command::new(&path)
        .arg("version")
        .output()
        .map_err(|error| Failure::start("pools_tbb", "libtbb-dev", &error))?;
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Ok((path, vec![("tbb", version)]))
}
