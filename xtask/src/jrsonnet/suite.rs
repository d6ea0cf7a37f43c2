//! `gcmodule-tests`: the collector's own tests, on ours.

use super::build::ours;
use super::original;
use crate::failure::{Failure, Verdict};
use crate::published::fetch;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Options of `xtask gcmodule-tests`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Keep what is made, in this folder.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// The version that the evaluator asks for.
const PACKAGES: &[(&str, &str)] = &[
    ("jrsonnet-gcmodule", "=0.4.6"),
    ("jrsonnet-gcmodule-derive", "=0.4.6"),
];
/// Where the table of what does not pass is.
const TABLE: &str = "docs/cc.md";

/// Runs the tests and prints what does not pass, with the reason.
///
/// # Errors
/// - when sources or the table cannot be had, or the tests do not compile.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let folder = options.keep.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("bedplate-gcmodule-tests-{}", std::process::id()))
    });
    let sources = fetch(PACKAGES, &folder.join("sources"))?;
    let package = folder.join("package");
    original::prepare(&package, &sources, &ours())?;
    let fates = test(&package, &folder.join("target"))?;
    if options.keep.is_none() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = here.parent().unwrap_or(here).join(TABLE);
    let explained = explained(&table)?;
    Ok(report(&fates, &explained))
}

/// What became of each test: `ok`, `FAILED` or `ignored`.
fn test(package: &Path, target: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut fates = BTreeMap::new();
    for kind in [
        ["--test", "own"].as_slice(),
        &["--test", "derive"],
        &["--doc"],
    ] {
        let mut command = Command::new(env!("CARGO"));
        command
            .current_dir(package)
            .env("CARGO_TARGET_DIR", target)
            .env("RUSTFLAGS", "-A warnings")
            .args(["test", "--no-fail-fast"])
            .args(kind);
        let output = command.output().map_err(|error| Failure::Start {
            program: "cargo test".to_owned(),
            error,
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let before = fates.len();
        let what = kind.last().unwrap_or(&"").trim_start_matches('-');
        for line in text.lines() {
            if let Some((name, fate)) = line
                .strip_prefix("test ")
                .and_then(|rest| rest.split_once(" ... "))
            {
                let fate = fate.split([',', ' ']).next().unwrap_or(fate);
                fates.insert(format!("{what}::{}", plain(name)), fate.to_owned());
            }
        }
        if fates.len() == before {
            return Err(Failure::Program {
                program: format!("cargo test {}", kind.join(" ")),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
    }
    Ok(fates)
}

/// A test's name without what follows it; of an example its item.
fn plain(name: &str) -> &str {
    let name = name
        .split(" - ")
        .nth(if name.contains(" - ") { 1 } else { 0 });
    name.unwrap_or_default()
        .split(' ')
        .next()
        .unwrap_or_default()
}

/// Rows that begin with a name in backquotes.
fn explained(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    let row = |line: &str| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((name.to_owned(), rest.trim_end_matches(" |").to_owned()))
    };
    Ok(text.lines().filter_map(row).collect())
}

fn report(fates: &BTreeMap<String, String>, explained: &BTreeMap<String, String>) -> Verdict {
    let (mut passed, mut is_clean) = (0, true);
    for (test, fate) in fates {
        match (fate.as_str(), explained.get(test)) {
            ("ok", None) => passed += 1,
            ("ok", Some(_)) => {
                is_clean = false;
                println!("PASS {test} passes, and the table says why it does not");
            }
            (_, Some(reason)) => println!("     {test}: {fate}: {reason}"),
            (_, None) => {
                is_clean = false;
                println!("WHY? {test}: {fate}");
            }
        }
    }
    println!(
        "jrsonnet-gcmodule 0.4.6: {passed} of {} tests and examples pass; {TABLE} explains the others",
        fates.len()
    );
    Verdict::from_clean(is_clean)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_of_tests_and_of_examples() {
        assert_eq!(plain("tests::leak"), "tests::leak");
        assert_eq!(plain("src/lib.rs - lib_3 (line 40)"), "lib_3");
        assert_eq!(plain("src/lib.rs - cc_0 (line 4) - compile fail"), "cc_0");
    }
}
