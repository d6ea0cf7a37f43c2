//! For a terminal of 80 columns.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;

use super::{built, unread};
use crate::audit::{Audit, Evidence, Line, Location};
use crate::class::Class;
use crate::report::Remarks;

/// Columns of a line.
const COLUMNS: usize = 80;
/// Lines of evidence for each candidate.
const EVIDENCE_MAX: usize = 3;

/// The audit for reading; with colours where `colour`.
#[must_use]
pub fn text(audit: &Audit, colour: bool) -> String {
    text_with(audit, &Remarks::default(), colour)
}

/// Likewise, in the order and with the words of the remarks.
#[must_use]
pub fn text_with(audit: &Audit, remarks: &Remarks, colour: bool) -> String {
    let mut out = String::new();
    let remarks = &remarks.with_built(audit);
    head(&mut out, audit);
    unread::left_out(&mut out, audit);
    unread::section(&mut out, audit);
    if let Some(built) = &audit.built {
        built::head(&mut out, built);
    }
    let candidates = remarks.candidates(audit);
    if candidates.is_empty() {
        out.push_str("\nNo location only counts or only guards messages.\n");
    } else if remarks.head.is_empty() {
        out.push_str("\nCandidates, those with most locked operations in the source first.\n");
        out.push_str("How often they run is not known from the source alone.\n");
    }
    if !remarks.head.is_empty() {
        out.push('\n');
    }
    for line in &remarks.head {
        wrapped(&mut out, "", line);
    }
    for (place, (location, remark)) in candidates.into_iter().enumerate() {
        candidate(&mut out, place + 1, location, remark, colour);
    }
    skipped(&mut out, audit, remarks, colour);
    if let Some(built) = &audit.built {
        built::sections(&mut out, built);
    }
    out
}

/// "1 file", "2 files".
fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn head(out: &mut String, audit: &Audit) {
    let mut counts: BTreeMap<Class, (usize, usize)> = BTreeMap::new();
    for location in &audit.locations {
        let entry = counts.entry(location.class).or_default();
        entry.0 += 1;
        entry.1 += location.operations.len();
    }
    let _infallible = writeln!(
        out,
        "{}, {} on {}\n\n{:14}{:>10}{:>12}",
        counted(audit.files, "file", "files"),
        counted(audit.operations, "atomic operation", "atomic operations"),
        counted(audit.locations.len(), "location", "locations"),
        "class",
        "locations",
        "operations"
    );
    for class in Class::ALL {
        let (locations, operations) = counts.get(&class).copied().unwrap_or_default();
        let _infallible = writeln!(out, "{class:14}{locations:>10}{operations:>12}");
    }
    let in_table = counts.values().map(|(_, operations)| operations).sum();
    told_apart(out, audit, in_table);
}

/// Why the operations of the table are not those above it.
fn told_apart(out: &mut String, audit: &Audit, in_table: usize) {
    let joined = audit.operations.saturating_sub(audit.unjoined);
    if in_table == audit.operations {
        return;
    }
    out.push('\n');
    if audit.unjoined > 0 {
        let what = "on no location of this tree: of another crate, or behind a pointer";
        let whose = if audit.unjoined == 1 { "is" } else { "are" };
        wrapped(
            out,
            "",
            &format!("Of the operations {} {whose} {what}.", audit.unjoined),
        );
    }
    if in_table != joined {
        wrapped(
            out,
            "",
            &format!(
                "The table counts {in_table} for the {joined} on locations: one for each location that it \
                 may be on, one of a helper at each line that calls it, and those of one line, kind \
                 and order once."
            ),
        );
    }
}

fn candidate(
    out: &mut String,
    place: usize,
    location: &Location,
    remark: Option<&str>,
    colour: bool,
) {
    let class = painted(location.class, colour);
    let _infallible = writeln!(out, "\n{place:>3}. {class} {}", location.name);
    excerpt(out, &location.declared);
    let orders: BTreeMap<String, usize> =
        location
            .operations
            .iter()
            .fold(BTreeMap::new(), |mut counts, operation| {
                let name = format!("{} {}", operation.order, operation.kind);
                *counts.entry(name).or_default() += 1;
                counts
            });
    let list: Vec<String> = orders
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    wrapped(out, "     ", &list.join(", "));
    if let Some(remark) = remark {
        wrapped(out, "     ", remark);
    }
    for evidence in location.evidence.iter().take(EVIDENCE_MAX) {
        wrapped(out, "   - ", &evidence.note);
        excerpt(out, &evidence.at);
    }
}

fn skipped(out: &mut String, audit: &Audit, remarks: &Remarks, colour: bool) {
    let rest: Vec<(usize, &Location)> = audit
        .locations
        .iter()
        .enumerate()
        .filter(|(_place, location)| !location.class.is_removable())
        .collect();
    if !rest.is_empty() {
        out.push_str("\nSkipped, each with its reason.\n");
    }
    for (place, location) in rest {
        let class = painted(location.class, colour);
        let _infallible = writeln!(out, "\n{class} {}", location.name);
        let at = format!("{}:{}", location.declared.file, location.declared.line);
        wrapped(out, "     ", &at);
        if let Some(remark) = remarks.about(place) {
            wrapped(out, "     ", remark);
        }
        wrapped(out, "     ", &reason(location.evidence.first()));
        if let Some(evidence) = location.evidence.first() {
            excerpt(out, &evidence.at);
        }
    }
}

fn reason(evidence: Option<&Evidence>) -> String {
    evidence.map_or_else(
        || "no operation on it was found".to_owned(),
        |evidence| evidence.note.clone(),
    )
}

/// A line of the source, cut to the columns there are.
pub(super) fn excerpt(out: &mut String, line: &Line) {
    let at = format!("{}:{}", line.file, line.line);
    wrapped(out, "     ", &at);
    let room = COLUMNS - 9;
    let cut: String = line.text.chars().take(room).collect();
    let more = if line.text.chars().count() > room {
        ".."
    } else {
        ""
    };
    let _infallible = writeln!(out, "       {cut}{more}");
}

/// Words in as many lines as they need; a word that is too long stands alone.
pub(super) fn wrapped(out: &mut String, indent: &str, text: &str) {
    let mut line = indent.to_owned();
    let mut is_bare = true;
    for word in text.split_whitespace() {
        if !is_bare && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent.len());
            is_bare = true;
        }
        if !is_bare {
            line.push(' ');
        }
        line.push_str(word);
        is_bare = false;
    }
    out.push_str(&line);
    out.push('\n');
}

pub(super) fn painted(class: Class, colour: bool) -> String {
    if !colour {
        return class.name().to_owned();
    }
    let code = match class {
        Class::Correctness => "34",
        Class::Telemetry | Class::Exported => "32",
        Class::DiagControl => "36",
        Class::Heuristic => "35",
        Class::Unknown => "33",
    };
    format!("\u{1b}[{code}m{}\u{1b}[0m", class.name())
}
