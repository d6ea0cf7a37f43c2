//! Notices of the linked crates.
//!
//! # Role
//! Writes down every crate whose code is in a shipped artefact, with its licence and the text that
//! the licence asks to be passed on, and checks that the files in the tree say so. The files are
//! what the artefacts embed: the program the whole list, each preload library its own notice.

use super::tree::{Complaint, Tree};
use crate::captured::captured;
use crate::failure::Failure;
use core::fmt::Write as _;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The list of all notices; `bedplate licences` prints it.
pub(super) const LIST: &str = "docs/NOTICES.md";

/// What is shipped: the program, and the libraries that it carries.
const ARTEFACTS: &[&str] = &[
    "bedplate-cli",
    "bedplate-preload",
    "bedplate-preload-observed",
];
/// The libraries, which are handed on by themselves too, and the notice that each embeds.
const LIBRARIES: &[(&str, &str)] = &[
    ("bedplate-preload", "crates/bedplate-preload/src/notice.txt"),
    (
        "bedplate-preload-observed",
        "crates/bedplate-preload-observed/src/notice.txt",
    ),
];
/// Our own licences.
const OWN_LICENCES: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];
/// Beginnings of the names of files that hold a licence or a notice.
const LICENCE_FILES: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

/// What `cargo metadata` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    source: Option<String>,
    manifest_path: String,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    /// None for a normal dependency.
    kind: Option<String>,
}

/// Checks that the files in the tree are what [`generate`] makes.
///
/// # Errors
/// - [`Failure`]: cargo could not tell what is linked.
pub(super) fn check(root: &Path, tree: &Tree) -> Result<Vec<Complaint>, Failure> {
    let what = "does not say what is linked; run `cargo xtask notices`";
    let outdated = generate(root)?
        .into_iter()
        .filter(|(path, text)| tree.text(path) != Some(text.as_str()));
    Ok(outdated
        .map(|(path, _)| Complaint::file(path, what))
        .collect())
}

/// Makes the files: path from the root, and text.
///
/// # Errors
/// - [`Failure`]: cargo could not tell what is linked, or a licence could not be read.
pub(super) fn generate(root: &Path) -> Result<Vec<(&'static str, String)>, Failure> {
    let metadata = read_metadata(root)?;
    let mut files = vec![(LIST, list(&metadata)?)];
    for (library, path) in LIBRARIES {
        files.push((path, notice(root, &metadata, library)?));
    }
    Ok(files)
}

/// The list of everything linked into any artefact.
fn list(metadata: &Metadata) -> Result<String, Failure> {
    let packages = linked(metadata, ARTEFACTS);
    let mut text = LIST_HEAD.trim_start().to_owned();
    for package in &packages {
        let licence = package.license.as_deref().unwrap_or("see its text below");
        let from = package.repository.as_deref().unwrap_or("-");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {licence} | {from} |",
            package.name, package.version
        );
    }
    for (licence, titles) in texts(&packages)? {
        let _ = write!(
            text,
            "\n## {}\n\n```text\n{licence}\n```\n",
            titles.join(", ")
        );
    }
    Ok(text)
}

/// The notice of one library: our licences, and those of what is linked into it.
fn notice(root: &Path, metadata: &Metadata, library: &str) -> Result<String, Failure> {
    let packages = linked(metadata, &[library]);
    let mut text = format!("{library}: {}", NOTICE_HEAD.trim_start());
    // Writing to a string cannot fail.
    for (licence, titles) in texts(&packages)? {
        let _ = write!(text, "\n==== {} ====\n\n{licence}\n", titles.join(", "));
    }
    // Where the C compiler has it (bedplate-preload's build script).
    text.push_str(
        "\n==== libgcc_eh, the unwinder of the GNU C compiler ====\n\n\
         GPL-3.0-or-later WITH GCC-exception-3.1: the exception allows it to be linked into and\n\
         passed on with programs under any terms. Its source is that of GCC, https://gcc.gnu.org.\n",
    );
    for name in OWN_LICENCES {
        let path = root.join(name);
        let licence = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
        let _ = write!(
            text,
            "\n==== bedplate, {name} ====\n\n{}\n",
            licence.trim_matches('\n')
        );
    }
    Ok(text)
}

/// Each text that must be passed on, with the packages that ask for it.
fn texts(packages: &[&Package]) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let title = format!("{} {}", package.name, package.version);
        for found in licence_texts(package)? {
            texts.entry(found).or_default().push(title.clone());
        }
    }
    Ok(texts)
}

const LIST_HEAD: &str = "
# Notices

Made by `cargo xtask notices`, checked by `cargo xtask tidy`, printed by `bedplate licences`. These
crates are linked into the `bedplate` program and the preload libraries for Linux on x86-64. Where a
crate offers a choice with MIT in it, MIT is chosen. All artefacts also hold parts of Rust's standard
library, copyright The Rust Project Contributors, MIT OR Apache-2.0
(<https://github.com/rust-lang/rust>), and the preload libraries the C compiler's unwinder where it is
at hand as `libgcc_eh.a`: part of GCC, copyright the Free Software Foundation, GPL-3.0-or-later WITH
GCC-exception-3.1 (<https://gcc.gnu.org>), which lets a program that holds it have any licence.

| crate | version | licence | from |
|---|---|---|---|
";

const NOTICE_HEAD: &str = "
bedplate-malloc as a library for LD_PRELOAD.
Copyright the bedplate contributors, MIT OR Apache-2.0, as you choose; both texts stand below.
It holds parts of Rust's standard library, copyright The Rust Project Contributors, MIT OR
Apache-2.0 (https://github.com/rust-lang/rust), under the same texts, and the crates named below.
Where the C compiler that linked it has its unwinder as libgcc_eh.a, that is in it too: part of GCC,
copyright the Free Software Foundation, GPL-3.0-or-later WITH GCC-exception-3.1
(https://gcc.gnu.org), which lets a library that holds it have any licence.
";

fn read_metadata(root: &Path) -> Result<Metadata, Failure> {
    let program = "cargo metadata";
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"]);
    serde_json::from_str(&captured(&mut command, program)?).map_err(|error| Failure::Program {
        program: program.to_owned(),
        stderr: error.to_string(),
    })
}

/// The foreign packages whose code is in one of the artefacts, by name: normal dependencies, without
/// the macros that only run while building.
fn linked<'m>(metadata: &'m Metadata, artefacts: &[&str]) -> Vec<&'m Package> {
    let packages: BTreeMap<&str, &Package> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package))
        .collect();
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut queue: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|package| artefacts.contains(&package.name.as_str()))
        .map(|package| package.id.as_str())
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if packages.get(id).is_none_or(|package| package.is_macro()) || !seen.insert(id) {
            continue;
        }
        let edges = nodes
            .get(id)
            .map(|node| node.deps.as_slice())
            .unwrap_or_default();
        let normal = edges
            .iter()
            .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        queue.extend(normal.map(|edge| edge.pkg.as_str()));
    }
    let mut foreign: Vec<&Package> = seen
        .into_iter()
        .filter_map(|id| packages.get(id).copied())
        .filter(|package| package.source.is_some())
        .collect();
    foreign.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    foreign
}

impl Package {
    fn is_macro(&self) -> bool {
        self.targets
            .iter()
            .any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
    }
}

/// The texts that a package asks to be passed on.
fn licence_texts(package: &Package) -> Result<Vec<String>, Failure> {
    let manifest = Path::new(&package.manifest_path);
    let Some(folder) = manifest.parent() else {
        return Ok(Vec::new());
    };
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            LICENCE_FILES
                .iter()
                .any(|start| name.to_uppercase().starts_with(start))
        })
        .collect();
    names.sort();
    let is_choice = package.license.as_deref().is_some_and(offers_mit);
    let mit: Vec<String> = names
        .iter()
        .filter(|name| {
            name.to_uppercase().contains("MIT") || name.to_uppercase().contains("NOTICE")
        })
        .cloned()
        .collect();
    if is_choice && mit.iter().any(|name| name.to_uppercase().contains("MIT")) {
        names = mit;
    }
    names
        .iter()
        .map(|name| folder.join(name))
        .filter(|path| path.is_file())
        .map(|path| {
            let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            Ok(lines.join("\n").trim().to_owned())
        })
        .collect()
}

/// Whether MIT alone satisfies the expression.
fn offers_mit(expression: &str) -> bool {
    !expression.contains(" AND ")
        && expression
            .split([' ', '/', '(', ')'])
            .any(|word| word == "MIT")
}

#[cfg(test)]
mod tests {
    use super::offers_mit;

    #[test]
    fn a_choice_with_mit_is_seen() {
        assert!(offers_mit("MIT OR Apache-2.0"));
        assert!(offers_mit("Apache-2.0/MIT"));
        assert!(offers_mit("MIT"));
        assert!(!offers_mit("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!offers_mit("Zlib"));
    }
}
