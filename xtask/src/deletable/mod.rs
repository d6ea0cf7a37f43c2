//! What the audit calls removable, deleted.
//!
//! # Role
//! Works on a copy of a package: deletes every operation on a location that only counts, each in a
//! build of its own and all of them in one, and runs the package's own tests again. Says which
//! operations those tests run at all.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `copy.rs` | the copy, where things may be deleted |
//! | `suite.rs` | the package's own tests, and what they say |

mod copy;
mod suite;

use crate::failure::{Failure, Verdict};
use bedplate_audit::deletion::{Cut, cuts, why_left};
use bedplate_audit::{Location, Operation, audit_path};
use clap::Args;
use copy::{Copy, InFile};
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use suite::Outcome;

/// Arguments of the proof.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of a package, with its manifest.
    package: PathBuf,
    /// Arguments of `cargo test`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// An operation on a location that only counts.
#[derive(Debug)]
struct Found {
    location: String,
    kind: &'static str,
    file: String,
    line: u32,
    /// What goes; nothing where it is left.
    cuts: Vec<InFile>,
    why_left: &'static str,
}

/// Deletes, tests, prints.
///
/// # Errors
/// - [`Failure`]: the package cannot be read or copied, or its tests fail as they are.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let package = &options.package;
    let found = operations(package)?;
    let copy = Copy::of(package)?;
    let tests = |what: &str| {
        println!("{what}");
        copy.test(&options.arguments)
    };
    let as_it_is = tests("the tests as they are")?;
    if !as_it_is.is_green() {
        let why = format!("its tests fail before anything is deleted; {as_it_is}");
        return Err(Failure::content(package, why));
    }
    let (cut, left): (Vec<&Found>, Vec<&Found>) = found.iter().partition(|it| !it.cuts.is_empty());
    let ran = witnessed(&copy, &cut, &options.arguments)?;
    let mut outcomes = Vec::new();
    for (index, one) in cut.iter().enumerate() {
        copy.delete(&one.cuts)?;
        let what = format!(
            "without {} of {}: {}:{}",
            index + 1,
            cut.len(),
            one.file,
            one.line
        );
        outcomes.push(tests(&what)?);
    }
    let every: Vec<InFile> = cut.iter().flat_map(|one| one.cuts.clone()).collect();
    copy.delete(&every)?;
    let at_once = tests("without all of them")?;
    println!(
        "\n{:32} {:9} {:28} {:10} {:9} outcome",
        "location", "operation", "where", "instead", "tests run"
    );
    for ((index, one), outcome) in cut.iter().enumerate().zip(&outcomes) {
        let instead = match one.cuts.first() {
            Some(first) if !first.cut.is_statement => first.cut.instead.trim(),
            _ => "nothing",
        };
        let place = format!("{}:{}", one.file, one.line);
        let is_run = match &ran {
            Some(ran) if ran.contains(&index) => "it",
            Some(_) => "around it",
            None => "?",
        };
        println!(
            "{:32} {:9} {place:28} {instead:10} {is_run:9} {outcome}",
            one.location, one.kind
        );
    }
    for one in &left {
        let place = format!("{}:{}", one.file, one.line);
        println!(
            "{:32} {:9} {place:28} left: {}",
            one.location, one.kind, one.why_left
        );
    }
    let green = outcomes.iter().filter(|it| it.is_green()).count();
    let run = ran.as_ref().map_or_else(
        || "it could not be seen which of them the tests run".to_owned(),
        |ran| format!("the tests run {} of them", ran.len()),
    );
    println!(
        "\n{} operations, {} deleted one at a time, {green} of these with green tests, {} left; {run}.\n\
         All at once: {at_once}.",
        found.len(),
        cut.len(),
        left.len(),
    );
    let is_clean = green == cut.len() && at_once.is_green();
    Ok(Verdict::from_clean(is_clean))
}

/// The operations on candidates, with what goes of each.
fn operations(package: &Path) -> Result<Vec<Found>, Failure> {
    let audit = audit_path(&package.join("src"))
        .map_err(|error| Failure::content(package, format!("failed to audit: {error}")))?;
    // An operation that may be on either of two locations is one.
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for location in audit.candidates() {
        for operation in &location.operations {
            let one = look(package, location, operation)?;
            let is_new = one.cuts.is_empty() || seen.insert(one.cuts.clone());
            if is_new {
                found.push(one);
            }
        }
    }
    found.sort_by(|a, b| (&a.file, a.line, a.kind).cmp(&(&b.file, b.line, b.kind)));
    Ok(found)
}

fn look(package: &Path, location: &Location, operation: &Operation) -> Result<Found, Failure> {
    let file = format!("src/{}", operation.at.file);
    let path = package.join(&file);
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
    let cuts = cuts(&text, location, operation);
    Ok(Found {
        location: location.name.clone(),
        kind: operation.kind,
        line: operation.at.line,
        cuts: cuts
            .into_iter()
            .map(|cut| InFile {
                file: file.clone(),
                cut,
            })
            .collect(),
        file,
        why_left: why_left(operation),
    })
}

/// Which of the operations the tests run, by place: each is given a mark that says so once. Nothing
/// where it cannot be built with the marks.
fn witnessed(
    copy: &Copy,
    found: &[&Found],
    arguments: &[String],
) -> Result<Option<BTreeSet<usize>>, Failure> {
    let mut marks = Vec::new();
    for (index, one) in found.iter().enumerate() {
        for InFile { file, cut } in &one.cuts {
            let text = copy.text(file)?;
            let own = text.get(cut.bytes.clone()).unwrap_or("");
            let marked = suite::marked(index, own, cut.is_statement);
            marks.push(InFile {
                file: file.clone(),
                cut: Cut::new(cut.bytes.clone(), marked),
            });
        }
    }
    copy.delete(&marks)?;
    println!("with a mark at each of {} operations", found.len());
    let outcome = copy.test(&suite::shown(arguments))?;
    Ok(match outcome {
        Outcome::NotBuilt { .. } => None,
        _ => Some(suite::marks_in(outcome.said())),
    })
}
