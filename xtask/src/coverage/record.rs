//! The recorded figures.
//!
//! # Role
//! `docs/coverage.md`: what each crate had when it was last recorded, and the floor asked of it,
//! for people to read and for CI to compare with.

use super::report::Report;
use crate::failure::Failure;
use core::fmt::Write as _;
use std::fs;
use std::path::Path;

/// How far a crate may fall, in points: tests with many threads do not take every branch each time.
const SLACK: f64 = 2.0;
/// What the project asks of crates that hand out memory, in percent.
const FLOORS: [(&str, f64); 2] = [("bedplate-malloc", 90.0), ("bedplate-region", 90.0)];

/// A figure per crate, in percent.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    figures: Vec<(String, f64)>,
}

impl Record {
    /// The figures of a run.
    pub(super) fn of(report: &Report) -> Self {
        let figure =
            |(name, share): (&str, super::report::Share)| (name.to_owned(), share.percent());
        Self {
            figures: report.shares().map(figure).collect(),
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// - [`Failure`]: no such file, or no figures in it.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
        let record = Self::parse(&text);
        if record.figures.is_empty() {
            let why = "holds no row `| bedplate-NAME | PERCENT |`; write it with --record";
            return Err(Failure::content(path, why));
        }
        Ok(record)
    }

    fn parse(text: &str) -> Self {
        let figure = |line: &str| {
            let mut cells = line.strip_prefix("| ")?.split('|').map(str::trim);
            let name = cells.next().filter(|n| n.starts_with("bedplate-"))?;
            Some((name.to_owned(), cells.next()?.parse().ok()?))
        };
        Self {
            figures: text.lines().filter_map(figure).collect(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Line coverage\n\n\
             Lines of `crates/*/src` that the crate's own tests run, in percent; bedplate-evidence's are run by\n\
             bedplate-cli's tests too, which run it whole. Written by\n\n\
             ```sh\ncargo xtask coverage --record docs/coverage.md\n```\n\n\
             and held by `.ci/run`, which fails when a crate falls more than 2 points below its\n\
             figure here, or below its floor. Documentation tests do not count. bedplate-malloc is run\n\
             hardened too. bedplate-audit's tests read the sources its labels are about, which are fetched first.\n\n\
             | crate | covered % | floor % |\n|---|---|---|\n",
        );
        for (name, figure) in &self.figures {
            let floor = floor(name).map_or_else(|| "-".to_owned(), |f| f.to_string());
            // Writing to a string does not fail.
            let _written = writeln!(text, "| {name} | {figure:.1} | {floor} |");
        }
        text
    }

    /// Writes the record.
    ///
    /// # Errors
    /// - [`Failure::File`]: the file could not be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        fs::write(path, self.text()).map_err(|error| Failure::file(path, error))
    }

    /// A sentence for each crate that fell, is below its floor, or is not recorded.
    pub(super) fn compare(&self, report: &Report) -> Vec<String> {
        let mut findings = Vec::new();
        for (name, share) in report.shares() {
            let now = share.percent();
            match self.figures.iter().find(|(recorded, _)| recorded == name) {
                None => findings.push(format!("{name}: not recorded; record it with --record")),
                Some((_, before)) if now + SLACK < *before => {
                    findings.push(format!("{name}: {now:.1} %, recorded are {before:.1} %"));
                }
                Some(_) => {}
            }
            if let Some(floor) = floor(name).filter(|floor| now < *floor) {
                findings.push(format!("{name}: {now:.1} %, its floor is {floor:.1} %"));
            }
        }
        findings
    }
}

fn floor(name: &str) -> Option<f64> {
    FLOORS
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use super::super::lines::{File, Package};
    use super::*;

    fn report(name: &str, covered: u32) -> Report {
        let mut report = Report::default();
        report.add(Package {
            name: name.to_owned(),
            files: vec![File {
                path: "x.rs".to_owned(),
                count: 1000,
                missed: (covered..1000).collect(),
            }],
        });
        report
    }

    #[test]
    fn what_is_written_is_read_again() {
        let record = Record::of(&report("bedplate-malloc", 913));
        assert_eq!(Record::parse(&record.text()), record);
    }

    #[test]
    fn a_fall_beyond_the_slack_is_found() {
        let record = Record::of(&report("bedplate-os", 800));
        assert!(record.compare(&report("bedplate-os", 780)).is_empty());
        assert_eq!(record.compare(&report("bedplate-os", 779)).len(), 1);
        assert_eq!(record.compare(&report("bedplate-cli", 1000)).len(), 1);
    }

    #[test]
    fn a_floor_holds_even_where_less_was_recorded() {
        let record = Record::of(&report("bedplate-malloc", 850));
        assert_eq!(record.compare(&report("bedplate-malloc", 850)).len(), 1);
    }
}
