//! Instruction counts.
//!
//! # Role
//! Runs a program under callgrind, which counts every instruction and does not replace malloc, so
//! that a preloaded library is measured as it runs.

use crate::contender::Contender;
use crate::failure::Failure;
use crate::program;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Instructions that a program executes with a contender's malloc.
///
/// # Errors
/// - [`Failure::Missing`]: no valgrind.
/// - [`Failure::Ended`], [`Failure::NotActive`]: of the program.
/// - [`Failure::Output`]: callgrind wrote no total.
pub(crate) fn instructions(
    contender: &Contender,
    path: &Path,
    words: &[String],
) -> Result<f64, Failure> {
    let mark = format!("{}-{}", contender.name, words.join("-")).replace([' ', '.'], "_");
    let written = path.with_file_name(format!("callgrind-{mark}"));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--error-exitcode=99"])
        .arg(format!("--callgrind-out-file={}", written.display()))
        .arg(path)
        .args(words);
    program::preload(&mut command, contender)?;
    let output = command
        .output()
        .map_err(|error| Failure::start("valgrind", "valgrind", &error))?;
    let shown = format!("valgrind {} {}", path.display(), words.join(" "));
    program::checked_output(&shown, contender, &output)?;
    let text = fs::read_to_string(&written).map_err(|error| Failure::file(&written, &error))?;
    fs::remove_file(&written).map_err(|error| Failure::file(&written, &error))?;
    total(&text).ok_or_else(|| Failure::Output {
        program: shown,
        what: "no totals line in its output file".to_owned(),
    })
}

/// Instructions that a program executes as it is.
///
/// # Errors
/// - [`Failure::Missing`]: no valgrind.
/// - [`Failure::Ended`]: of the program.
/// - [`Failure::Output`]: callgrind wrote no total.
pub(crate) fn plain_instructions(path: &Path, words: &[String]) -> Result<f64, Failure> {
    let mark = words.join("-");
    let written = path.with_file_name(format!("callgrind-{mark}-{}", std::process::id()));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--error-exitcode=99"])
        .arg(format!("--callgrind-out-file={}", written.display()))
        .arg(path)
        .args(words)
        .output()
        .map_err(|error| Failure::start("valgrind", "valgrind", &error))?;
    let shown = format!("valgrind {} {}", path.display(), words.join(" "));
    if !output.status.success() {
        let how = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Ended {
            program: shown,
            how,
        });
    }
    let text = fs::read_to_string(&written).map_err(|error| Failure::file(&written, &error))?;
    fs::remove_file(&written).map_err(|error| Failure::file(&written, &error))?;
    total(&text).ok_or_else(|| Failure::Output {
        program: shown,
        what: "no totals line in its output file".to_owned(),
    })
}

/// The total in callgrind's output file. Counts stay far below 2^53, where floats are exact.
fn total(text: &str) -> Option<f64> {
    let line = text.lines().rev().find_map(|line| {
        line.strip_prefix("totals:")
            .or_else(|| line.strip_prefix("summary:"))
    })?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_is_read_from_either_line() {
        assert_eq!(total("events: Ir\nsummary: 12\n0 1\n"), Some(12.0));
        assert_eq!(total("events: Ir\n0 1\n\ntotals: 345\n"), Some(345.0));
        assert_eq!(total("events: Ir\n"), None);
    }
}
