//! What the check tells.
//!
//! # Role
//! The result as plain data: printed as tables for people, written as JSON for machines.

use super::declared::is_of_rust;
use super::image::Image;
use super::rules::Finding;
use super::walk::{Part, Walk};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One function that was read.
#[derive(Debug, Serialize)]
pub(super) struct FunctionRead {
    /// Its most telling name.
    pub(super) name: String,
    /// All its names.
    pub(super) names: Vec<String>,
    /// Its address in the library.
    pub(super) address: u64,
    /// Hit path or cold rest.
    pub(super) part: Part,
    /// Instructions it has.
    pub(super) instructions: usize,
    /// Findings in it.
    pub(super) findings: usize,
}

/// The result of the check of one library.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: u32,
    library: String,
    verdict: &'static str,
    /// Every function reached.
    pub(super) functions: Vec<FunctionRead>,
    /// Length of the hit path of an entry; none when every way is cold.
    pub(super) straight_line: BTreeMap<String, Option<u32>>,
    #[serde(skip)]
    listing: String,
    /// Why the check fails; empty when it passes.
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(
        library: &Path,
        image: &Image,
        walk: &Walk,
        findings: Vec<Finding>,
        straight_line: BTreeMap<String, Option<u32>>,
    ) -> Self {
        let functions = walk.visits.iter().filter_map(|(address, visit)| {
            let function = image.function_at(*address)?;
            let own = findings
                .iter()
                .filter(|f| f.function.as_deref() == Some(function.name()));
            Some(FunctionRead {
                name: function.name().to_owned(),
                names: function.names.clone(),
                address: *address,
                part: visit.part,
                instructions: visit.steps.len(),
                findings: own.count(),
            })
        });
        Self {
            version: 1,
            library: library.display().to_string(),
            verdict: if findings.is_empty() { "pass" } else { "fail" },
            functions: functions.collect(),
            straight_line,
            listing: String::new(),
            findings,
        }
    }

    /// Instructions of all functions of a part.
    fn instructions(&self, part: Part) -> usize {
        self.of(part).map(|function| function.instructions).sum()
    }

    fn of(&self, part: Part) -> impl Iterator<Item = &FunctionRead> {
        self.functions
            .iter()
            .filter(move |function| function.part == part)
    }

    /// With the instructions of the entries' straight ways.
    pub(super) fn with_listing(mut self, listing: String) -> Self {
        self.listing = listing;
        self
    }

    /// The instructions of the entries' straight ways.
    pub(super) fn listing(&self) -> &str {
        &self.listing
    }

    /// Prints the result.
    pub(super) fn print(&self, is_full: bool) {
        println!("{}", self.library);
        for (part, title) in [(Part::Hit, "hit path"), (Part::Cold, "reached, but cold")] {
            let mut table = Table::new();
            table
                .load_style(ASCII_MARKDOWN)
                .set_content_arrangement(ContentArrangement::Disabled)
                .set_header([title, "instructions", "verdict"]);
            let mut left_out = 0_usize;
            for function in self.of(part) {
                if !is_full && function.findings == 0 && is_of_rust(&function.name) {
                    left_out += 1;
                    continue;
                }
                let verdict = if function.findings == 0 {
                    "clean"
                } else {
                    "FAILS"
                };
                table.add_row([
                    shown(&function.names),
                    function.instructions.to_string(),
                    verdict.to_owned(),
                ]);
            }
            println!("{table}");
            if left_out > 0 {
                println!(
                    "and {left_out} clean functions of Rust's own libraries (--all shows them)"
                );
            }
        }
        for (entry, count) in &self.straight_line {
            match count {
                Some(count) => println!("{entry}: {count} instructions straight to its return"),
                None => println!("{entry}: every way to its return is cold"),
            }
        }
        println!(
            "read {} functions on the hit path ({} instructions), {} cold ({} instructions)",
            self.of(Part::Hit).count(),
            self.instructions(Part::Hit),
            self.of(Part::Cold).count(),
            self.instructions(Part::Cold),
        );
        for finding in &self.findings {
            print_finding(finding);
        }
        let outcome = if self.findings.is_empty() {
            "passes"
        } else {
            "FAILS"
        };
        println!(
            "hotcheck: the library {outcome} with {} findings",
            self.findings.len()
        );
    }
}

fn print_finding(finding: &Finding) {
    let Finding { kind, what, .. } = finding;
    let (Some(function), Some(address)) = (&finding.function, finding.address) else {
        println!("{kind}: {what}");
        return;
    };
    println!("{kind}: {function} at {address:#x}: {what}");
    println!("    reached by {}", finding.path.join(" > "));
}

/// All names of a function, the exported ones of a long family shortened to a count.
fn shown(names: &[String]) -> String {
    match names {
        [] => "(unnamed)".to_owned(),
        [one] => one.clone(),
        [first, second] => format!("{first} = {second}"),
        [first, rest @ ..] => format!("{first} = {} other names", rest.len()),
    }
}
