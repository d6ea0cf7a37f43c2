//! `bedplate audit`.
//!
//! # Role
//! Arguments, files and exit code; the audit is bedplate-audit's.

use std::path::{Path, PathBuf};

use bedplate_audit::golden::{Figures, Missing, Scored, corpora, registry_folders, score};
use bedplate_audit::{Audit, TreeError, audit_path, report};
use bedplate_evidence::RunError;
use serde::Serialize;

use crate::args::AuditArguments;
use crate::exit::Exit;
use crate::output::Output;
use crate::talk::{complain, paint_for_stdout, print};

/// Version of the JSON.
const VERSION: u32 = 1;

/// The JSON of an audit.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    path: &'a Path,
    #[serde(flatten)]
    audit: &'a Audit,
}

/// The JSON of the scores.
#[derive(Serialize)]
struct Scores<'a> {
    version: u32,
    used_for_rules: Figures,
    kept_out: Figures,
    labels: &'a [Scored],
}

/// Runs the command.
pub(crate) fn audit(arguments: &AuditArguments) -> Exit {
    match (&arguments.golden, &arguments.path) {
        (Some(folder), _) => golden(arguments, folder.as_deref()),
        (None, Some(path)) => of_tree(arguments, path),
        (None, None) => Exit::Usage,
    }
}

fn of_tree(arguments: &AuditArguments, path: &Path) -> Exit {
    let found = match audit_path(path) {
        Ok(found) => found,
        Err(error @ TreeError::Empty { .. }) => return failed(&error, Exit::Usage),
        Err(error) => return failed(&error, Exit::Failed),
    };
    let document = Document {
        version: VERSION,
        path,
        audit: &found,
    };
    let written = write_json(arguments.json.as_deref(), &document).and_then(|()| {
        let Some(path) = &arguments.sarif else {
            return Ok(());
        };
        write_json(Some(path), &report::sarif(&found))
    });
    if let Err(error) = written {
        return failed(&error, Exit::Failed);
    }
    if !print(&report::text(&found, paint_for_stdout().colour)) {
        return Exit::Failed;
    }
    if found.candidates().is_empty() {
        Exit::Done
    } else {
        Exit::Problems
    }
}

fn golden(arguments: &AuditArguments, folder: Option<&Path>) -> Exit {
    let folders = folder.map_or_else(
        || cargo_home().map_or_else(Vec::new, |home| registry_folders(&home)),
        |folder| vec![folder.to_owned()],
    );
    let corpora = match corpora() {
        Ok(corpora) => corpora,
        Err(error) => return failed(&Missing::Labels(error), Exit::Failed),
    };
    let mut scored = Vec::new();
    let mut missing = false;
    for corpus in &corpora {
        match score(corpus, &folders) {
            Ok(found) => scored.extend(found),
            Err(error) => {
                missing = true;
                complain(&format!("{}: {error}", corpus.tree));
            }
        }
    }
    let of = |half| Figures::of(scored.iter().filter(move |s| s.half == half));
    let scores = Scores {
        version: VERSION,
        used_for_rules: of(bedplate_audit::golden::Half::Rules),
        kept_out: of(bedplate_audit::golden::Half::KeptOut),
        labels: &scored,
    };
    if let Err(error) = write_json(arguments.json.as_deref(), &scores) {
        return failed(&error, Exit::Failed);
    }
    if !scored.is_empty() && !print(&report::golden(&scored)) || missing {
        return Exit::Failed;
    }
    if Figures::of(&scored).correctness_lost > 0 {
        Exit::Problems
    } else {
        Exit::Done
    }
}

/// Where cargo keeps the sources of packages.
fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty());
    named
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
}

fn write_json(path: Option<&Path>, document: &impl Serialize) -> Result<(), RunError> {
    let Some(path) = path else { return Ok(()) };
    let mut text = serde_json::to_string_pretty(document).map_err(|error| RunError::File {
        what: "the JSON of the audit",
        path: path.to_owned(),
        source: error.into(),
        advice: "report this",
    })?;
    text.push('\n');
    Output::open("the audit", path)?.write(text)
}

fn failed(error: &dyn core::fmt::Display, exit: Exit) -> Exit {
    complain(error);
    exit
}
