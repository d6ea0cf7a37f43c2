//! `bedplate audit --golden`: the audit measured on labels made by hand.

use std::path::{Path, PathBuf};

use bedplate_audit::golden::{Figures, Half, Missing, Scored, corpora, registry_folders, score};
use bedplate_audit::report;
use serde::Serialize;

use super::{VERSION, failed, is_stdout, write_json};
use crate::args::AuditArguments;
use crate::exit::Exit;
use crate::talk::{complain, print};

/// The JSON of the scores.
#[derive(Serialize)]
struct Scores<'a> {
    version: u32,
    used_for_rules: Figures,
    kept_out: Figures,
    kept_out_later: Figures,
    labels: &'a [Scored],
}

/// Scores the labels.
pub(super) fn golden(arguments: &AuditArguments, folder: Option<&Path>) -> Exit {
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
        used_for_rules: of(Half::Rules),
        kept_out: of(Half::KeptOut),
        kept_out_later: of(Half::Later),
        labels: &scored,
    };
    if let Err(error) = write_json(arguments.json.as_deref(), &scores) {
        return failed(&error, Exit::Failed);
    }
    let is_shown = !scored.is_empty() && !is_stdout(arguments.json.as_deref());
    if is_shown && !print(&report::golden(&scored)) || missing {
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
