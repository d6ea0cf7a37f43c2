//! Which lines ran.
//!
//! # Role
//! Merges the profiles of the processes that count for a package and reads, line by line, what of its sources ran.
//!
//! # Not here
//! The summaries that llvm-cov makes: of a generic function, or one that is in several programs,
//! they count the instance that ran most, not what the instances ran together.

use super::suite::Suite;
use super::tools::Tools;
use crate::captured::captured;
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A source file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Its path from the repository's root.
    pub path: String,
    /// Lines with code.
    pub count: usize,
    /// Lines with code that no test ran.
    pub missed: Vec<u32>,
}

/// A package's files.
#[derive(Debug)]
pub(super) struct Package {
    pub name: String,
    pub files: Vec<File>,
}

/// Reads what the profiles say of the package's own sources.
///
/// # Errors
/// - [`Failure`]: a tool fails, or no profile says anything of the sources.
pub(super) fn read(
    root: &Path,
    tools: &Tools,
    package: &str,
    suites: &[&Suite],
) -> Result<Package, Failure> {
    let folder = root.join("target").join("coverage").join(package);
    let list = folder.with_extension("list");
    let names = profiles(suites)?.join("\n");
    fs::write(&list, names).map_err(|error| Failure::file(&list, error))?;
    let merged = folder.with_extension("profdata");
    let mut merge = Command::new(&tools.profdata);
    // A process that was killed while it wrote leaves half a file; the others count.
    merge
        .args(["merge", "-sparse", "-failure-mode=all", "-input-files"])
        .arg(&list)
        .arg("-o")
        .arg(&merged);
    captured(&mut merge, "llvm-profdata merge")?;
    let mut export = Command::new(&tools.cov);
    export
        .args(["export", "-format=lcov", "-instr-profile"])
        .arg(&merged);
    let objects = suites
        .iter()
        .flat_map(|s| s.tests.iter().chain(&s.programs));
    for (index, object) in objects.enumerate() {
        if index > 0 {
            export.arg("-object");
        }
        export.arg(object);
    }
    let sources = root.join("crates").join(package).join("src");
    export.arg("-sources").arg(&sources);
    let files = parse(&captured(&mut export, "llvm-cov export")?, root);
    if files.is_empty() {
        return Err(Failure::content(
            &sources,
            "no profile tells of these files",
        ));
    }
    Ok(Package {
        name: package.to_owned(),
        files,
    })
}

/// The profiles that the suites' processes left.
fn profiles(suites: &[&Suite]) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for suite in suites {
        let folder = &suite.profiles;
        let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, error))?;
        names.extend(entries.flatten().map(|e| e.path().display().to_string()));
    }
    Ok(names)
}

/// Files from lcov's lines: `SF:path`, then `DA:line,count` for each line with code.
fn parse(text: &str, root: &Path) -> Vec<File> {
    let mut files: BTreeMap<String, BTreeMap<u32, bool>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            let path = Path::new(path);
            current = path
                .strip_prefix(root)
                .unwrap_or(path)
                .display()
                .to_string();
        } else if let Some((number, times)) =
            line.strip_prefix("DA:").and_then(|l| l.split_once(','))
            && let Ok(number) = number.parse()
        {
            let lines = files.entry(current.clone()).or_default();
            *lines.entry(number).or_default() |= times != "0";
        }
    }
    let file = |(path, lines): (String, BTreeMap<u32, bool>)| File {
        path,
        count: lines.len(),
        missed: lines
            .iter()
            .filter(|(_, ran)| !**ran)
            .map(|(n, _)| *n)
            .collect(),
    };
    files.into_iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_those_of_one_file_united() {
        let text = "SF:/r/crates/a/src/x.rs\nFN:1,f\nDA:1,0\nDA:2,5\nLF:2\nend_of_record\n\
                    SF:/r/crates/a/src/x.rs\nDA:1,1\nDA:3,0\nend_of_record\n";
        let expected = File {
            path: "crates/a/src/x.rs".to_owned(),
            count: 3,
            missed: vec![3],
        };
        assert_eq!(parse(text, Path::new("/r")), [expected]);
    }
}
