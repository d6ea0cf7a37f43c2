//! Line coverage of the crates by their own tests.
//!
//! # Role
//! Says which lines the tests of each crate run, and keeps the share from falling: a crate that
//! loses more than two points against its recorded figure, or goes below its floor, is a finding.
//!
//! # Not here
//! Documentation tests: they leave no profile. What other crates' tests run of a crate counts only
//! where [`BORROWED`] says so, so that a figure does not depend on which packages were asked for.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `tools.rs` | llvm-profdata and llvm-cov of the compiler's own version |
//! | `suite.rs` | the instrumented build, and the run of its tests |
//! | `labelled.rs` | the sources that the audit's labels are about |
//! | `lines.rs` | which lines ran, from profiles |
//! | `record.rs` | the recorded figures: read, written, compared |
//! | `report.rs` | what is printed and written as JSON |

mod labelled;
mod lines;
mod record;
mod report;
mod suite;
mod tools;

use crate::failure::{Failure, Verdict};
use clap::Args;
use record::Record;
use report::Report;
use std::path::{Path, PathBuf};
use suite::Suite;
use tools::Tools;

/// The crates measured where none is named.
const MEASURED: [&str; 10] = [
    "bedplate-os",
    "bedplate-telemetry",
    "bedplate-malloc",
    "bedplate-pool",
    "bedplate-region",
    "bedplate-heap",
    "bedplate-cc",
    "bedplate-audit",
    "bedplate-evidence",
    "bedplate-cli",
];

/// Crates that other crates' tests count for: a run as a whole is tested through the program.
const BORROWED: [(&str, &str); 1] = [("bedplate-evidence", "bedplate-cli")];

/// Arguments of the measurement.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Packages to measure; all measured ones if none is named.
    packages: Vec<String>,
    /// Fails if a package has fewer lines covered than this.
    #[arg(long, value_name = "PERCENT")]
    min: Option<f64>,
    /// Fails if a package falls more than two points below its figure in this file, or below
    /// the floor that the project asks of it.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Writes the figures of the packages measured to a file for --against.
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    record: Option<PathBuf>,
    /// Writes the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Prints the lines that no test runs, of each file.
    #[arg(long)]
    missed: bool,
}

/// Measures, prints, compares.
///
/// # Errors
/// - [`Failure`]: no tools, a build or a test that fails, or a file that cannot be read or written.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root
        .canonicalize()
        .map_err(|error| Failure::file(&root, error))?;
    // Read before the long run: a wrong file should say so at once.
    let recorded = options.against.as_deref().map(Record::read).transpose()?;
    let packages: Vec<&str> = if options.packages.is_empty() {
        MEASURED.to_vec()
    } else {
        options.packages.iter().map(String::as_str).collect()
    };
    let tools = Tools::find()?;
    if packages.contains(&labelled::READER) {
        labelled::fetch(&root)?;
    }
    let mut report = Report::default();
    let suites = suite::build(&root, &with_borrowed(&packages), &tools)?;
    for suite in &suites {
        suite::run(suite)?;
    }
    for package in packages {
        let counts = |s: &&Suite| s.package == package || BORROWED.contains(&(package, &s.package));
        let counted: Vec<&Suite> = suites.iter().filter(counts).collect();
        report.add(lines::read(&root, &tools, package, &counted)?);
    }
    report.print(options.missed);
    if let Some(path) = &options.json {
        report.write_json(path)?;
    }
    if let Some(path) = &options.record {
        Record::of(&report).write(path)?;
    }
    let mut findings = report.below(options.min.unwrap_or(0.0));
    findings.extend(recorded.iter().flat_map(|record| record.compare(&report)));
    for finding in &findings {
        println!("FALLEN: {finding}");
    }
    Ok(Verdict::from_clean(findings.is_empty()))
}

/// The packages, and those whose tests count for them.
fn with_borrowed<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let mut all = packages.to_vec();
    for (package, from) in BORROWED {
        if packages.contains(&package) && !packages.contains(&from) {
            all.push(from);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::with_borrowed;

    #[test]
    fn tests_that_count_for_a_package_are_run_with_it_once() {
        let expected = ["bedplate-evidence", "bedplate-cli"];
        assert_eq!(with_borrowed(&["bedplate-evidence"]), expected);
        assert_eq!(with_borrowed(&expected), expected);
        assert_eq!(with_borrowed(&["bedplate-os"]), ["bedplate-os"]);
    }
}
