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
//! | `wanted.rs` | locations that somebody asks for |
//! | `golden.rs` | the audit measured on labels |

mod checklist;
mod extent;
mod golden;
mod heat;
mod ir;
mod pair;
mod prove;
mod tree;
mod wanted;

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
    if let (Some(json), Some(sarif)) = (&arguments.json, &arguments.sarif)
        && is_one_file(json, sarif)
    {
        let file = sarif.display();
        complain(&format!(
            "the JSON and the SARIF cannot both go to {file}: the second would replace the first; \
             name another file for one of them"
        ));
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

/// Whether two paths lead to one regular file, which is there or will be. Pipes and devices keep nothing that
/// could be replaced, and are not opened here: who reads them would see an end.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let final_name = |path: &Path| {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize();
        let name = path.file_name();
        let new = folder.ok().and_then(|folder| Some(folder.join(name?)));
        path.canonicalize().ok().or(new)
    };
    let keeps = |path: &Path| !path.exists() || path.is_file();
    let name = final_name(one);
    keeps(one) && name.is_some() && name == final_name(other)
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
