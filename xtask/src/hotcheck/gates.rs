//! The check of a build per telemetry gate.
//!
//! # Role
//! Shows that the check works: the production library is clean, and a library with a single gate on
//! is caught, for each gate there is.
//!
//! # Invariants
//! - I1: a gate counts as caught only by functions that are not found under every gate: those tell
//!   readers where the telemetry memory is, and would hide a gate that records nothing.

use super::build::{self, Library};
use super::report::Report;
use super::rules::{Finding, Kind};
use super::walk::Part;
use crate::failure::{Failure, Verdict};
use bedplate_telemetry::TABLE;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A row of the table.
#[derive(Debug, Serialize)]
struct GateChecked {
    /// Name of the gate; in brackets where it is none.
    gate: &'static str,
    /// What the gate records.
    what: &'static str,
    /// Functions that name telemetry memory, and where they belong.
    found: BTreeMap<String, &'static str>,
    /// Findings for another reason; none may be there.
    other: Vec<Finding>,
    /// Length of the malloc hit path.
    malloc: Option<u32>,
    /// Length of the free hit path.
    free: Option<u32>,
    /// Whether the check said what it must say.
    is_right: bool,
}

/// Runs the check on every build.
///
/// # Errors
/// - [`Failure`]: a library could not be built or read, or a file could not be written.
pub(super) fn run(table: Option<&Path>, json: Option<&Path>) -> Result<Verdict, Failure> {
    let mut rows = Vec::new();
    eprintln!("production: building and checking");
    let report = super::check(&build::build(Library::Production)?)?;
    rows.push(judge(
        PRODUCTION,
        "production: every gate off",
        &report,
        false,
    ));
    let mut gates = Vec::new();
    for (index, gate) in TABLE.iter().enumerate() {
        eprintln!(
            "{} ({} of {}): building and checking",
            gate.name,
            index + 1,
            TABLE.len()
        );
        let report = super::check(&build::build(Library::OnlyGate(gate.name))?)?;
        gates.push(judge(gate.name, gate.what, &report, true));
    }
    let everywhere = found_everywhere(&gates);
    for mut gate in gates {
        gate.found
            .retain(|function, _| !everywhere.contains(function));
        gate.is_right = !gate.found.is_empty() && gate.other.is_empty();
        rows.push(gate);
    }
    let is_right = rows.iter().all(|row| row.is_right);
    let shown = show(&rows);
    println!("{shown}");
    if let Some(path) = table {
        let everywhere: Vec<String> = everywhere.iter().map(|name| format!("`{name}`")).collect();
        let head = TABLE_HEAD
            .trim()
            .replace("EVERYWHERE", &everywhere.join(", "));
        let text = format!("{head}\n\n{shown}\n");
        fs::write(path, text).map_err(|error| Failure::file(path, error))?;
    }
    if let Some(path) = json {
        super::write_json(path, &rows)?;
    }
    let outcome = if is_right {
        "production is clean and every gate is caught"
    } else {
        "FAILS"
    };
    println!("hotcheck --each-gate: {outcome}");
    Ok(Verdict::from_clean(is_right))
}

/// The row of the library that is shipped.
const PRODUCTION: &str = "(production)";
const TABLE_HEAD: &str = "
# The hot-path check, gate by gate

Made by `cargo xtask hotcheck --each-gate --table docs/hotcheck.md`. Each row is a library built with
one telemetry gate on and all others off. *hit*: the function is on the hit path of an entry; *cold*:
it is reached through a cold function only. The last columns are the instructions of the straight way
through malloc and free; a `-` says that every way enters a cold function.

Not counted, because they name telemetry memory under every gate, to tell readers where it is:
EVERYWHERE.
";

/// Functions that are found under every gate.
fn found_everywhere(gates: &[GateChecked]) -> BTreeSet<String> {
    let names = |gate: &GateChecked| gate.found.keys().cloned().collect();
    let mut everywhere: BTreeSet<String> = gates.first().map(names).unwrap_or_default();
    for gate in gates {
        everywhere.retain(|function| gate.found.contains_key(function));
    }
    everywhere
}

fn judge(gate: &'static str, what: &'static str, report: &Report, has_gate: bool) -> GateChecked {
    let mut found = BTreeMap::new();
    let mut other = Vec::new();
    for finding in &report.findings {
        match (finding.kind, &finding.function, finding.part) {
            (Kind::Telemetry, Some(function), Some(part)) => {
                let part = match part {
                    Part::Hit => "hit",
                    Part::Cold => "cold",
                };
                found.insert(function.clone(), part);
            }
            // An observed library points to its telemetry memory from data, for readers.
            (Kind::Telemetry, ..) if has_gate => {}
            // A gate on the hit path may lock: that is what the gate is there to keep out.
            (Kind::Locked | Kind::Exchange, ..) if has_gate => {}
            _ => other.push(finding.clone()),
        }
    }
    let length = |entry: &str| report.straight_line.get(entry).copied().flatten();
    GateChecked {
        gate,
        what,
        is_right: found.is_empty() != has_gate && other.is_empty(),
        found,
        other,
        malloc: length("malloc"),
        free: length("free"),
    }
}

fn show(rows: &[GateChecked]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "gate",
        "what it records",
        "found at",
        "verdict",
        "malloc",
        "free",
    ]);
    for row in rows {
        let length = |count: Option<u32>| count.map_or_else(|| "-".to_owned(), |n| n.to_string());
        table.add_row([
            row.gate.to_owned(),
            row.what.to_owned(),
            show_found(row),
            show_verdict(row),
            length(row.malloc),
            length(row.free),
        ]);
    }
    table
}

fn show_found(row: &GateChecked) -> String {
    // The hit path first, and there the two names that everybody calls: it is what the gate costs.
    let is_known = |function: &str| ["malloc", "free"].contains(&function);
    let mut places: Vec<(&str, &str)> = row
        .found
        .iter()
        .map(|(function, part)| (*part, function.as_str()))
        .collect();
    places.sort_by_key(|(part, function)| (*part != "hit", !is_known(function), *function));
    let shown: Vec<String> = places
        .iter()
        .take(3)
        .map(|(part, function)| format!("`{function}` ({part})"))
        .collect();
    match places.len() {
        0 => "nothing".to_owned(),
        1..=3 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 3),
    }
}

fn show_verdict(row: &GateChecked) -> String {
    match (row.gate, row.is_right) {
        (PRODUCTION, true) => "clean".to_owned(),
        (PRODUCTION, false) => format!("WRONG: {}", first_other(row)),
        (_, true) => "caught".to_owned(),
        (_, false) if row.found.is_empty() => "WRONG: not caught".to_owned(),
        (_, false) => format!("WRONG: {}", first_other(row)),
    }
}

fn first_other(row: &GateChecked) -> String {
    row.other.first().map_or_else(
        || "names telemetry memory".to_owned(),
        |finding| {
            let function = finding.function.as_deref().unwrap_or("the library");
            format!("{function}: {}", finding.what)
        },
    )
}
