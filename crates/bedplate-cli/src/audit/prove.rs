//! `bedplate audit --prove`: what removing one candidate is worth.
//!
//! # Role
//! Five steps for one location of a cargo project: its class, which only candidates pass; a copy of
//! the project in which its operations are deleted; the witness that they run; the comparison; the
//! verdict with its document.
//!
//! # Not here
//! The witness and the comparison themselves: they are those of `bedplate ab`.
//!
//! # Invariants
//! I1. A location that the program rests on is never deleted.
//! I2. The project itself is never changed.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::RangeInclusive;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use bedplate_audit::deletion::{self, Cut};
use bedplate_audit::{Audit, Location, audit_path};
use bedplate_evidence::RunError;
use bedplate_evidence::sides::words::Template;
use bedplate_evidence::sides::{Copies, Project, Recipe};

use super::{failed, wanted};
use crate::ab::arguments::{
    CompareOptions, DifferenceOptions, MeasureOptions, ProjectOptions, WITNESS_S,
};
use crate::ab::compare::{Failure, Steps, compare_sides};
use crate::ab::sides::{Plan, Sides, Sources, ledger_words, revisions_of};
use crate::args::AuditArguments;
use crate::exit::Exit;
use crate::talk::say;

/// The profile that both sides are built with.
const PROFILE: &str = "release";

/// The steps that are those of a comparison.
const STEPS: Steps = Steps {
    witness: "3 of 5, witness",
    comparison: Some("4 of 5, comparison"),
    verdict: Some("5 of 5, verdict"),
};

/// Statements of a location that can go, and what of it stays.
struct Deletable {
    /// What goes, with its lines, by file.
    statements: BTreeMap<String, Vec<(RangeInclusive<usize>, Cut)>>,
    /// What stays, with the reason.
    left: Vec<String>,
}

/// Proves what removing the location is worth.
pub(super) fn prove(arguments: &AuditArguments, path: &Path, wanted: &str) -> Exit {
    match planned(arguments, path, wanted) {
        Ok((plan, options)) => {
            let given = words_of(&arguments.command);
            compare_sides(
                &options,
                &STEPS,
                |seed, _sides| replay(arguments, path, wanted, seed, &given),
                |search_path, place| Sides::of_plan(plan, search_path, place),
            )
        }
        Err(Failure::Usage(error)) => failed(&error, Exit::Usage),
        Err(Failure::Words) => Exit::Usage,
        Err(Failure::Side(_, error) | Failure::Other(error)) => failed(&error, Exit::Failed),
    }
}

/// The first two steps: class and gate.
fn planned(
    arguments: &AuditArguments,
    path: &Path,
    wanted: &str,
) -> Result<(Plan, CompareOptions), Failure> {
    let template = Template::of(&arguments.command).map_err(Failure::Usage)?;
    let manifest = if path.is_dir() {
        path.join("Cargo.toml")
    } else {
        path.to_owned()
    };
    let project = Project::read(Some(&manifest))?;
    let package = match &arguments.comparison.package {
        Some(name) => project.package(name)?,
        None => project.own_package()?,
    };
    // Of the whole workspace: another package of it may rest on the location.
    let audit =
        audit_path(&project.workspace_root).map_err(|error| senseless(error.to_string()))?;
    let location = wanted::one(&audit, wanted)?;
    say(&format!("bedplate: 1 of 5, class: {}\n", class(location)));
    if !location.class.is_removable() {
        return Err(Failure::Other(senseless(format!(
            "{}: refused, for only TELEMETRY, EXPORTED and DIAG-CONTROL can be removed; it is {}",
            location.name,
            class(location)
        ))));
    }
    let deletable = deletable(&project.workspace_root, location, &rested_on(&audit))?;
    let copies = Copies::make(&project)?;
    let questions = delete(&deletable, &copies.roots[1])?;
    let places: Vec<String> = questions_said(&deletable);
    let left = match deletable.left.as_slice() {
        [] => String::new(),
        left => format!("; left: {}", left.join(", ")),
    };
    say(&format!(
        "bedplate: 2 of 5, gate: in a copy deleted: {}{left}\n",
        places.join(", ")
    ));
    let recipe = |index: usize, said: String| Recipe {
        said,
        manifest: copies.manifests[index].clone(),
        root: copies.roots[index].clone(),
        package: package.name.clone(),
        profile: PROFILE.to_owned(),
        flags: features(arguments),
        variables: Vec::new(),
    };
    let recipes = [
        recipe(0, "as it is".to_owned()),
        recipe(1, format!("without {}", places.join(", "))),
    ];
    let plan = Plan {
        template,
        recipes,
        difference: format!("operations on {}", class(location)),
        questions: Some([questions, BTreeSet::new()]),
        targets: project.target_directory.join("bedplate-ab"),
        unexecuted_ok: false,
        revisions: revisions_of(&project),
        sources: Sources::Copies(copies),
        without: None,
    };
    Ok((plan, options(arguments)))
}

/// A location with its class and why.
fn class(location: &Location) -> String {
    let why = location.evidence.first().map_or_else(String::new, |it| {
        format!(" ({}, {}:{})", it.note, it.at.file, it.at.line)
    });
    format!("{}, {}{why}", location.name, location.class)
}

/// Lines with operations that may be on something that the program rests on.
fn rested_on(audit: &Audit) -> BTreeSet<(&str, u32)> {
    let others = audit.locations.iter().filter(|it| !it.class.is_removable());
    let operations = others.flat_map(|location| &location.operations);
    let lines = operations.map(|operation| (operation.at.file.as_str(), operation.at.line));
    lines.collect()
}

fn deletable(
    root: &Path,
    location: &Location,
    rested_on: &BTreeSet<(&str, u32)>,
) -> Result<Deletable, RunError> {
    let mut found = Deletable {
        statements: BTreeMap::new(),
        left: Vec::new(),
    };
    for operation in &location.operations {
        let at = &operation.at;
        // Where two locations cannot be told apart, an operation counts for both.
        if rested_on.contains(&(at.file.as_str(), at.line)) {
            let left = format!(
                "{}:{} (may be on what the program rests on)",
                at.file, at.line
            );
            found.left.push(left);
            continue;
        }
        let text = read(&root.join(&at.file))?;
        let cuts = deletion::cuts(&text, location, operation);
        if cuts.is_empty() || !cuts.iter().all(Cut::is_silent) {
            let why = deletion::why_left(operation);
            found.left.push(format!("{}:{} ({why})", at.file, at.line));
            continue;
        }
        let of_file = found.statements.entry(at.file.clone()).or_default();
        for cut in cuts {
            let one = (cut.lines(&text), cut);
            if !of_file.contains(&one) {
                of_file.push(one);
            }
        }
    }
    if found.statements.is_empty() {
        return Err(senseless(format!(
            "{}: no operation of it is one whose value nothing takes, so none can be deleted: {}. Put them \
             behind a feature by hand, and compare with bedplate ab --feature",
            location.name,
            found.left.join(", ")
        )));
    }
    Ok(found)
}

fn questions_said(deletable: &Deletable) -> Vec<String> {
    let statements = deletable.statements.iter();
    let said = statements.flat_map(|(file, lines)| {
        lines
            .iter()
            .map(move |(lines, _)| match (lines.start(), lines.end()) {
                (first, last) if first == last => format!("{file}:{first}"),
                (first, last) => format!("{file}:{first}-{last}"),
            })
    });
    said.collect()
}

/// Deletes the statements below `root`; answers with their lines.
fn delete(deletable: &Deletable, root: &Path) -> Result<BTreeSet<(String, u32)>, RunError> {
    let mut questions = BTreeSet::new();
    for (file, statements) in &deletable.statements {
        let path = root.join(file);
        let cuts = statements.iter().map(|(_, cut)| cut);
        let text = deletion::cut_out(&read(&path)?, cuts);
        fs::write(&path, text).map_err(|source| RunError::File {
            what: "the copy of a source",
            path,
            source,
            advice: "make room, or name another target directory (CARGO_TARGET_DIR)",
        })?;
        let lines = statements.iter().flat_map(|(lines, _)| lines.clone());
        questions.extend(lines.filter_map(|line| Some((file.clone(), u32::try_from(line).ok()?))));
    }
    Ok(questions)
}

fn read(path: &Path) -> Result<String, RunError> {
    fs::read_to_string(path).map_err(|source| RunError::Unread {
        what: "a source",
        path: path.to_owned(),
        source,
        advice: "name a project that can be read",
    })
}

/// The options of the comparison.
fn options(arguments: &AuditArguments) -> CompareOptions {
    let given = &arguments.comparison;
    CompareOptions {
        difference: DifferenceOptions {
            feature: None,
            gate: None,
            rev: None,
            vs_rev: None,
            project: ProjectOptions {
                manifest_path: None,
                package: None,
                profile: None,
                unexecuted_ok: false,
            },
        },
        measure: MeasureOptions {
            rules: given.rules.clone(),
            unfit_ok: given.unfit_ok,
            keep_env: given.keep_env.clone(),
            input: None,
            witness_seconds: WITNESS_S,
            timeout: given.timeout,
            ledger: given.ledger.clone(),
            json: arguments.json.clone(),
            doc: arguments.list.doc.clone(),
            html: given.html.clone(),
        },
    }
}

/// The command that proves it again with the same seed.
fn replay(
    arguments: &AuditArguments,
    path: &Path,
    wanted: &str,
    seed: u64,
    command: &[String],
) -> Vec<String> {
    let rules = &arguments.comparison.rules;
    let metric: bedplate_evidence::trial::Metric = rules.metric.into();
    let mut words: Vec<String> = ["bedplate", "audit"].map(str::to_owned).to_vec();
    words.push(path.display().to_string());
    let values = [
        ("--prove", wanted.to_owned()),
        ("--metric", metric.name().to_owned()),
        ("--margin", rules.margin.to_string()),
        ("--pairs-max", rules.pairs_max.to_string()),
        ("--calibration", rules.calibration_pairs().to_string()),
        ("--seed", seed.to_string()),
    ];
    words.extend(
        values
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]),
    );
    if let Some(seconds) = arguments.comparison.timeout {
        words.extend(["--timeout".to_owned(), seconds.to_string()]);
    }
    words.extend(ledger_words(arguments.comparison.ledger.as_deref()));
    if let Some(package) = &arguments.comparison.package {
        words.extend(["--package".to_owned(), package.clone()]);
    }
    words.extend(features(arguments));
    if rules.sequential == crate::ab::arguments::SequentialName::Group {
        words.extend(["--sequential".to_owned(), "group".to_owned()]);
    }
    for name in words_of(&arguments.comparison.keep_env) {
        words.extend(["--keep-env".to_owned(), name]);
    }
    words.extend(
        arguments
            .comparison
            .unfit_ok
            .then(|| "--unfit-ok".to_owned()),
    );
    words.push("--".to_owned());
    words.extend(command.iter().cloned());
    words
}

/// The features that both sides are built with, as cargo takes them and as they are asked for.
fn features(arguments: &AuditArguments) -> Vec<String> {
    let features = arguments.comparison.features.iter();
    features
        .flat_map(|features| ["--features".to_owned(), features.clone()])
        .collect()
}

fn words_of(words: &[OsString]) -> Vec<String> {
    let words = words.iter();
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

fn senseless(message: String) -> RunError {
    RunError::Senseless { message }
}
