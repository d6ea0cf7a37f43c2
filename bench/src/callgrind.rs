//! Counts of instructions and misses.
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
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", written.display()));
    let (shown, text) = written_by(command, &written, path, words)?;
    total(&text).ok_or_else(|| Failure::Output {
        program: shown,
        what: "no totals line in its output file".to_owned(),
    })
}

/// Runs a program under a tool; the command as it is shown, and the file that the tool wrote, which is then gone.
fn written_by(
    mut command: Command,
    written: &Path,
    path: &Path,
    words: &[String],
) -> Result<(String, String), Failure> {
    let output = command
        .arg("--error-exitcode=99")
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
    let text = fs::read_to_string(written).map_err(|error| Failure::file(written, &error))?;
    fs::remove_file(written).map_err(|error| Failure::file(written, &error))?;
    Ok((shown, text))
}

/// Instructions between the requests of a program that starts, stops and dumps counts itself, in their
/// order.
///
/// # Errors
/// - [`Failure::Missing`]: no valgrind.
/// - [`Failure::Ended`]: of the program.
/// - [`Failure::File`]: its output cannot be read.
pub(crate) fn requested_counts(path: &Path, words: &[String]) -> Result<Vec<f64>, Failure> {
    let folder = path.with_file_name(format!("callgrind-requests-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--error-exitcode=99",
            "--instr-atstart=no",
        ])
        .arg(format!(
            "--callgrind-out-file={}",
            folder.join("part").display()
        ))
        .arg(path)
        .args(words)
        .output()
        .map_err(|error| Failure::start("valgrind", "valgrind", &error))?;
    let counts = parts(&folder);
    fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    if output.status.success() {
        return counts;
    }
    Err(Failure::Ended {
        program: format!("valgrind {}", path.display()),
        how: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The totals of `part.1`, `part.2` and so on.
fn parts(folder: &Path) -> Result<Vec<f64>, Failure> {
    let mut counts = Vec::new();
    loop {
        let path = folder.join(format!("part.{}", counts.len() + 1));
        if !path.exists() {
            return Ok(counts);
        }
        let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
        counts.push(total(&text).unwrap_or(0.0));
    }
}

/// Misses of the first cache of data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Misses {
    reads: f64,
    writes: f64,
}

impl Misses {
    /// Of reads and writes.
    pub(crate) const fn all(self) -> f64 {
        self.reads + self.writes
    }
}

/// Misses of a first cache of data of 32 KiB in 8 ways, whatever the machine has.
///
/// # Errors
/// - [`Failure::Missing`]: no valgrind.
/// - [`Failure::Ended`]: of the program.
/// - [`Failure::Output`]: cachegrind wrote no summary.
pub(crate) fn first_level_misses(path: &Path, words: &[String]) -> Result<Misses, Failure> {
    let mark = words.join("-");
    let written = path.with_file_name(format!("cachegrind-{mark}-{}", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=cachegrind", "--cache-sim=yes"])
        .args(["--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64"])
        .arg(format!("--cachegrind-out-file={}", written.display()));
    let (shown, text) = written_by(command, &written, path, words)?;
    misses(&text).ok_or_else(|| Failure::Output {
        program: shown,
        what: "no summary in its output file".to_owned(),
    })
}

/// The misses in cachegrind's output file.
fn misses(text: &str) -> Option<Misses> {
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let (events, summary) = (line("events:")?, line("summary:")?);
    let of = |name: &str| {
        let at = events.split_whitespace().position(|event| event == name)?;
        summary.split_whitespace().nth(at)?.parse().ok()
    };
    Some(Misses {
        reads: of("D1mr")?,
        writes: of("D1mw")?,
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
    use super::{misses, total};

    #[test]
    fn misses_are_found_by_their_names() {
        let text = "events: Ir D1mr Dw D1mw\nfn=x\n1 2 3 4 5\nsummary: 100 20 30 4\n";
        assert_eq!(misses(text).map(super::Misses::all), Some(24.0));
        assert_eq!(misses("events: Ir\nsummary: 12\n"), None);
    }

    #[test]
    fn the_total_is_read_from_either_line() {
        assert_eq!(total("events: Ir\nsummary: 12\n0 1\n"), Some(12.0));
        assert_eq!(total("events: Ir\n0 1\n\ntotals: 345\n"), Some(345.0));
        assert_eq!(total("events: Ir\n"), None);
    }
}
