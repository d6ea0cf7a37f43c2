//! What a command that checks something said.
//!
//! # Invariants
//! I1. A figure is never without the command and the date it comes from.

use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::error::RunError;
use crate::run::program::SHELL;
use crate::trial::words::moment;

/// What is asked of a hot path besides its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// Whether threads race.
    Races,
    /// How much of it tests run.
    Coverage,
    /// What compilers and linters say.
    Warnings,
    /// What happens when something goes wrong.
    FailureModes,
}

/// A row, with its figure if a command gave one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was asked.
    pub row: Row,
    /// The figure in the words of the command; none: not measured.
    pub figure: Option<String>,
    /// Whether the command ended with 0.
    pub passed: Option<bool>,
    /// The command.
    pub source: Option<String>,
    /// When it ended.
    pub date: Option<String>,
}

impl Row {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Races,
        Self::Coverage,
        Self::Warnings,
        Self::FailureModes,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Races => "races",
            Self::Coverage => "coverage",
            Self::Warnings => "warnings",
            Self::FailureModes => "failure modes",
        }
    }
}

impl Check {
    /// A row that no command was given for.
    #[must_use]
    pub const fn not_measured(row: Row) -> Self {
        Self {
            row,
            figure: None,
            passed: None,
            source: None,
            date: None,
        }
    }

    /// Runs a command of the shell and takes its figure.
    ///
    /// # Errors
    /// The shell could not be started.
    pub fn by(row: Row, command: &str) -> Result<Self, RunError> {
        let output = Command::new(SHELL)
            .args(["-c", command])
            .stdin(Stdio::null())
            .output()
            .map_err(|source| RunError::System {
                what: "start the command of a check",
                source,
            })?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let code = output.status.code();
        let ended = code.map_or_else(|| output.status.to_string(), |code| format!("exit {code}"));
        Ok(Self {
            row,
            figure: Some(format!("{} ({ended})", figure(row, &output))),
            passed: Some(output.status.success()),
            source: Some(command.to_owned()),
            date: Some(moment(now.unwrap_or_default().as_secs())),
        })
    }
}

/// The figure in what a command printed.
fn figure(row: Row, output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let lines: Vec<&str> = text.iter().flat_map(|text| text.lines()).collect();
    let starting = |word: &str| {
        let found = lines
            .iter()
            .filter(|line| line.trim_start().starts_with(word));
        found.count()
    };
    if row == Row::Warnings {
        return format!(
            "{} warnings, {} errors",
            starting("warning"),
            starting("error")
        );
    }
    if let Some(tests) = tests(&lines) {
        return tests;
    }
    let mut summaries = lines.iter().filter(|line| line.contains("ERROR SUMMARY"));
    let summary = summaries
        .next_back()
        .and_then(|line| line.split("ERROR SUMMARY: ").nth(1));
    let mut numbers = lines
        .iter()
        .filter(|line| line.contains(|c: char| c.is_ascii_digit()));
    match (summary, numbers.next_back()) {
        (Some(summary), _) => summary.to_owned(),
        (None, Some(line)) => line.trim().trim_matches('|').trim().to_owned(),
        (None, None) => "no figure in what it printed".to_owned(),
    }
}

/// Sums of the lines in which Rust's test programs say how they ended.
fn tests(lines: &[&str]) -> Option<String> {
    let results = lines.iter().filter(|line| line.starts_with("test result:"));
    let results: Vec<&&str> = results.collect();
    let sum = |word: &str| -> u64 {
        let parts = results.iter().flat_map(|line| line.split([';', '.']));
        let counts =
            parts.filter_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok());
        counts.sum()
    };
    (!results.is_empty()).then(|| {
        format!(
            "{} tests passed, {} failed, {} ignored",
            sum("passed"),
            sum("failed"),
            sum("ignored")
        )
    })
}

#[cfg(test)]
mod tests_of_figures {
    use super::*;

    fn figure_of(row: Row, script: &str) -> String {
        Check::by(row, script).unwrap().figure.unwrap()
    }

    #[test]
    fn results_of_tests_are_added_up() {
        let script = "echo 'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured'; \
                      echo 'test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured'";
        let expected = "7 tests passed, 0 failed, 1 ignored (exit 0)";
        assert_eq!(figure_of(Row::FailureModes, script), expected);
    }

    #[test]
    fn a_summary_of_errors_or_the_last_figure_is_taken() {
        let script = "echo '==1== ERROR SUMMARY: 0 errors from 0 contexts' >&2; echo '17 lines'";
        assert_eq!(
            figure_of(Row::Races, script),
            "0 errors from 0 contexts (exit 0)"
        );
        assert_eq!(
            figure_of(Row::Coverage, "echo '| x | 92.9 | 90 |'; echo"),
            "x | 92.9 | 90 (exit 0)"
        );
        assert_eq!(
            figure_of(Row::Coverage, "exit 3"),
            "no figure in what it printed (exit 3)"
        );
    }

    #[test]
    fn warnings_are_counted() {
        let script = "echo 'warning: unused' >&2; echo 'error: no' >&2; false";
        let check = Check::by(Row::Warnings, script).unwrap();
        assert_eq!(
            check.figure.as_deref(),
            Some("1 warnings, 1 errors (exit 1)")
        );
        assert!(check.passed == Some(false) && check.date.is_some());
    }
}
