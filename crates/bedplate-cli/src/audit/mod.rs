//! `bedplate audit`.
//!
//! # Role
//! Arguments, files and exit code; joins what the audit says with what was measured.
//!
//! # Not here
//! The audit (`bedplate_audit`), and how things are measured (`bedplate_evidence`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `tree.rs` | a tree, with or without a profile |
//! | `heat.rs` | the profile: how often the operations ran |
//! | `ir.rs` | with the compiled code beside the source |
//! | `extent.rs` | the lines of an operation |
//! | `prove.rs` | what removing one candidate is worth |
//! | `checklist.rs` | the checklist of a hot path |
//! | `pair.rs` | the programs that malloc's checklist counts |
//! | `golden.rs` | the audit measured on labels |

mod checklist;
mod extent;
mod golden;
mod heat;
mod ir;
mod pair;
mod prove;
mod tree;

use std::io;
use std::path::Path;

use bedplate_evidence::RunError;
use serde::Serialize;

use crate::args::AuditArguments;
use crate::exit::Exit;
use crate::output::Output;
use crate::talk::{complain, print};

pub(crate) use pair::pair;

/// Version of the JSON.
const VERSION: u32 = 1;

/// Runs the command.
pub(crate) fn audit(arguments: &AuditArguments) -> Exit {
    if let Some(bench) = &arguments.checklist {
        return checklist::checklist(arguments, bench.as_deref());
    }
    if let (Some(wanted), Some(path)) = (&arguments.prove, &arguments.path) {
        return prove::prove(arguments, path, wanted);
    }
    let outputs = [&arguments.json, &arguments.sarif];
    if outputs.into_iter().all(|path| is_stdout(path.as_deref())) {
        complain(&"--json - and --sarif - both want standard output: give one of them a file");
        return Exit::Usage;
    }
    match (&arguments.golden, &arguments.path) {
        (Some(folder), _) => golden::golden(arguments, folder.as_deref()),
        (None, Some(path)) => tree::of_tree(arguments, path),
        (None, None) => Exit::Usage,
    }
}

/// Whether this is standard output, which the report for people then leaves to the JSON.
fn is_stdout(path: Option<&Path>) -> bool {
    path == Some(Path::new("-"))
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
    if is_stdout(Some(path)) {
        return match print(&text) {
            true => Ok(()),
            false => Err(RunError::System {
                what: "print the JSON",
                source: io::ErrorKind::BrokenPipe.into(),
            }),
        };
    }
    Output::open("the audit", path)?.write(text)
}

fn failed(error: &dyn core::fmt::Display, exit: Exit) -> Exit {
    complain(error);
    exit
}
