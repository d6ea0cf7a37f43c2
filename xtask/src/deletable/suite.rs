//! The package's own tests, and what they say.

use crate::failure::Failure;
use core::fmt;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// What a mark says, before its number.
const MARK: &str = "bedplate-deletable-ran ";

/// What came of the tests.
#[derive(Debug)]
pub(super) enum Outcome {
    /// They pass; what they said.
    Green { said: String },
    /// Some fail: their names, and what was said.
    Red {
        failing: BTreeSet<String>,
        said: String,
    },
    /// They could not be built; the end of what the compiler said.
    NotBuilt { said: String },
}

impl Outcome {
    pub(super) const fn is_green(&self) -> bool {
        matches!(self, Self::Green { .. })
    }

    pub(super) fn said(&self) -> &str {
        match self {
            Self::Green { said } | Self::Red { said, .. } | Self::NotBuilt { said } => said,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Green { .. } => f.write_str("tests pass"),
            Self::Red { failing, .. } if failing.is_empty() => f.write_str("TESTS FAIL"),
            Self::Red { failing, .. } => {
                let names: Vec<&str> = failing.iter().map(String::as_str).collect();
                write!(f, "TESTS FAIL: {}", names.join(", "))
            }
            Self::NotBuilt { said } => {
                let first = said.lines().find(|line| line.starts_with("error"));
                write!(f, "NOT BUILT: {}", first.unwrap_or("cargo said nothing"))
            }
        }
    }
}

/// Builds and runs the tests of the package in a folder.
pub(super) fn test(folder: &Path, arguments: &[String]) -> Result<Outcome, Failure> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = cargo
        .current_dir(folder)
        // What was used only by what is deleted is unused then.
        .env("RUSTFLAGS", "--cap-lints=warn")
        .args(["test", "--quiet"])
        .args(arguments)
        .output()
        .map_err(|error| Failure::Start {
            program: "cargo test".to_owned(),
            error,
        })?;
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok(match () {
        () if output.status.success() => Outcome::Green { said },
        () if said.contains("could not compile") => Outcome::NotBuilt { said },
        () => Outcome::Red {
            failing: failing_in(&said),
            said,
        },
    })
}

/// The names of failing tests: those listed below `failures:`.
fn failing_in(said: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_list = false;
    for line in said.lines() {
        if line.trim_end() == "failures:" {
            is_list = true;
        } else if is_list && line.starts_with("    ") {
            found.insert(line.trim().to_owned());
        } else if !line.trim().is_empty() {
            is_list = false;
        }
    }
    found
}

/// The arguments with which the marks are seen.
pub(super) fn shown(arguments: &[String]) -> Vec<String> {
    let mut arguments = arguments.to_vec();
    if !arguments.iter().any(|argument| argument == "--") {
        arguments.push("--".to_owned());
    }
    arguments.push("--nocapture".to_owned());
    arguments
}

/// An operation with a mark before it, which says once that it ran.
pub(super) fn marked(index: usize, own: &str, is_statement: bool) -> String {
    let atomic = "::std::sync::atomic::";
    let mark = format!(
        "{{ static RAN: {atomic}AtomicBool = {atomic}AtomicBool::new(false); \
         if !RAN.swap(true, {atomic}Ordering::Relaxed) {{ ::std::eprintln!(\"\\n{MARK}{index}\"); }} }}"
    );
    if is_statement {
        format!("{mark} {own}")
    } else {
        format!("{{ {mark} {own} }}")
    }
}

/// The numbers of the marks that were seen.
pub(super) fn marks_in(said: &str) -> BTreeSet<usize> {
    let numbers = said.lines().filter_map(|line| line.strip_prefix(MARK));
    numbers
        .filter_map(|number| number.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{failing_in, marks_in, shown};

    #[test]
    fn failing_tests_are_named_and_their_output_is_not() {
        let said = "\nfailures:\n\n---- a::b stdout ----\nthread 'a::b' panicked:\n    not a name\n\n\
                    failures:\n    a::b\n    c\n\ntest result: FAILED. 3 passed\n";
        let names: Vec<String> = failing_in(said).into_iter().collect();
        assert_eq!(names, ["a::b", "c"]);
    }

    #[test]
    fn marks_are_read_from_among_other_lines() {
        let said = "running 2 tests\n\nbedplate-deletable-ran 3\n.\nbedplate-deletable-ran 11\n";
        assert_eq!(marks_in(said).into_iter().collect::<Vec<_>>(), [3, 11]);
    }

    #[test]
    fn what_the_tests_print_is_shown() {
        let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(shown(&words(&["--lib"])), ["--lib", "--", "--nocapture"]);
        let given = words(&["--", "one"]);
        assert_eq!(shown(&given), ["--", "one", "--nocapture"]);
    }
}
