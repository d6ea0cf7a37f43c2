//! What is printed, and written as JSON.
//!
//! # Role
//! Per crate and per file, lowest first, with totals.

use super::lines::{File, Package};
use crate::failure::Failure;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde_json::json;
use std::fs;
use std::path::Path;

/// The figures of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    packages: Vec<Package>,
}

/// Covered lines of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub covered: usize,
    pub count: usize,
}

impl Share {
    /// The share in percent; all of nothing is 100.
    #[expect(clippy::cast_precision_loss, reason = "lines of a repository")]
    pub(super) fn percent(self) -> f64 {
        if self.count == 0 {
            return 100.0;
        }
        100.0 * self.covered as f64 / self.count as f64
    }

    fn of<'a>(files: impl IntoIterator<Item = &'a File>) -> Self {
        let mut share = Self {
            covered: 0,
            count: 0,
        };
        for file in files {
            share.count += file.count;
            share.covered += file.count - file.missed.len();
        }
        share
    }
}

impl Report {
    /// Adds a package, its files lowest first.
    pub(super) fn add(&mut self, mut package: Package) {
        let percent = |f: &File| Share::of([f]).percent();
        package
            .files
            .sort_by(|a, b| percent(a).total_cmp(&percent(b)));
        self.packages.push(package);
    }

    /// Each package's name and share.
    pub(super) fn shares(&self) -> impl Iterator<Item = (&str, Share)> {
        self.packages
            .iter()
            .map(|p| (p.name.as_str(), Share::of(&p.files)))
    }

    /// A sentence for each package below a floor.
    pub(super) fn below(&self, floor: f64) -> Vec<String> {
        self.shares()
            .filter(|(_, share)| share.percent() < floor)
            .map(|(name, share)| {
                format!("{name}: {:.1} %, asked are {floor:.1} %", share.percent())
            })
            .collect()
    }

    /// Prints the tables.
    pub(super) fn print(&self, with_missed: bool) {
        for package in &self.packages {
            let mut table = table(&["file", "lines", "covered", "%"]);
            for file in &package.files {
                table.add_row(row(&file.path, Share::of([file])));
            }
            println!("{table}\n");
            for file in package.files.iter().filter(|_| with_missed) {
                println!("{}: {}", file.path, ranges(&file.missed));
            }
        }
        let mut table = table(&["crate", "lines", "covered", "%"]);
        let mut shares: Vec<_> = self.shares().collect();
        shares.sort_by(|a, b| a.1.percent().total_cmp(&b.1.percent()));
        for (name, share) in shares {
            table.add_row(row(name, share));
        }
        let all = self.packages.iter().flat_map(|p| &p.files);
        table.add_row(row("all", Share::of(all)));
        println!("{table}");
    }

    /// Writes the figures, with the lines that no test runs.
    ///
    /// # Errors
    /// - [`Failure::File`]: the file could not be written.
    pub(super) fn write_json(&self, path: &Path) -> Result<(), Failure> {
        let packages: Vec<_> = self
            .packages
            .iter()
            .map(|package| {
                let share = Share::of(&package.files);
                let files: Vec<_> = package.files.iter().map(file_json).collect();
                json!({
                    "package": package.name, "lines": share.count, "covered": share.covered,
                    "percent": share.percent(), "files": files,
                })
            })
            .collect();
        let text = format!("{:#}\n", json!({ "packages": packages }));
        fs::write(path, text).map_err(|error| Failure::file(path, error))
    }
}

fn file_json(file: &File) -> serde_json::Value {
    let share = Share::of([file]);
    json!({
        "path": file.path, "lines": share.count, "covered": share.covered,
        "percent": share.percent(), "missed": file.missed,
    })
}

fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: &str, share: Share) -> [String; 4] {
    [
        name.to_owned(),
        share.count.to_string(),
        share.covered.to_string(),
        format!("{:.1}", share.percent()),
    ]
}

/// Numbers as ranges: "3-5, 9".
fn ranges(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let words: Vec<String> = runs
        .filter_map(|run| match run {
            [] => None,
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first}-{last}")),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(covered: usize) -> Report {
        let missed = (covered..200).filter_map(|n| u32::try_from(n).ok());
        let file = File {
            path: "x.rs".to_owned(),
            count: 200,
            missed: missed.collect(),
        };
        let mut report = Report::default();
        report.add(Package {
            name: "bedplate-os".to_owned(),
            files: vec![file],
        });
        report
    }

    #[test]
    fn a_floor_is_kept_or_named() {
        assert!(report(180).below(90.0).is_empty());
        assert_eq!(report(179).below(90.0).len(), 1);
    }

    #[test]
    fn neighbours_are_ranges() {
        assert_eq!(ranges(&[3, 4, 5, 9]), "3-5, 9");
        assert_eq!(ranges(&[]), "");
    }
}
