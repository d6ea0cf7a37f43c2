//! jsonnet's test programs, from Debian's source package.
//!
//! # Invariants
//! - I1: nothing of the system is changed: apt-get works on lists in our folder.

use crate::captured::captured;
use crate::failure::Failure;
use crate::published::{make, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian's sources are, and the key they are signed with.
const MIRROR: &str = "http://deb.debian.org/debian";
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The unpacked source package, beneath `folder`.
pub(super) fn fetch(folder: &Path) -> Result<PathBuf, Failure> {
    let (lists, sources) = (folder.join("lists"), folder.join("jsonnet"));
    make(&lists.join("partial"))?;
    make(&sources)?;
    let list = folder.join("sources.list");
    let release = codename()?;
    write(
        &list,
        &format!("deb-src [signed-by={KEYS}] {MIRROR} {release} main\n"),
    )?;
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .current_dir(&sources)
            .arg("-o")
            .arg(format!("Dir::Etc::SourceList={}", list.display()))
            .arg("-o")
            .arg(format!(
                "Dir::Etc::SourceParts={}",
                folder.join("none").display()
            ))
            .arg("-o")
            .arg(format!("Dir::State::Lists={}", lists.display()))
            .args(words);
        captured(&mut command, &format!("apt-get {}", words.join(" "))).map(drop)
    };
    apt(&["update"])?;
    apt(&["source", "--download-only", "jsonnet"])?;
    let archive = entries(&sources)?
        .into_iter()
        .find(|path| path.to_string_lossy().contains(".orig.tar"))
        .ok_or_else(|| Failure::content(&sources, "apt-get left no archive of the sources"))?;
    let mut tar = Command::new("tar");
    tar.current_dir(&sources).arg("xf").arg(&archive);
    captured(&mut tar, "tar")?;
    entries(&sources)?
        .into_iter()
        .find(|path| path.join("test_suite").is_dir())
        .ok_or_else(|| Failure::content(&archive, "no folder `test_suite` in it"))
}

fn codename() -> Result<String, Failure> {
    let path = Path::new("/etc/os-release");
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let name = name.ok_or_else(|| Failure::content(path, "it does not name a Debian release"))?;
    Ok(name.trim_matches('"').to_owned())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

/// The programs in it, each in its folder.
pub(super) fn programs(source: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut programs = Vec::new();
    for folder in ["test_suite", "examples", "benchmarks", "perf_tests"] {
        let paths = entries(&source.join(folder))?;
        let is_program = |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonnet");
        programs.extend(paths.into_iter().filter(is_program));
    }
    Ok(programs)
}
