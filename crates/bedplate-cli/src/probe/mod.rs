//! `bedplate probe`.
//!
//! # Role
//! Reads the machine's facts and shows them with the problems found, the gates and the settings.
//!
//! # Not here
//! Detection and judgement (`bedplate_os::{facts, problems}`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `document.rs` | everything as data (`--json`) |
//! | `text.rs` | everything as text |

mod document;
mod text;

use bedplate_os::facts::MachineFacts;
use bedplate_os::source::Machine;

use crate::args::ProbeArguments;
use crate::exit::Exit;
use crate::talk::{complain, paint_for_stdout, print};
use document::Document;

/// Runs the command.
pub(crate) fn probe(arguments: &ProbeArguments) -> Exit {
    let machine = match &arguments.root {
        Some(root) if root.is_dir() => Machine::described_by(root),
        Some(root) => {
            complain(&format!(
                "{} is not a directory: name one that holds proc/ and sys/",
                root.display()
            ));
            return Exit::Usage;
        }
        None => Machine::running(),
    };
    let facts = match MachineFacts::read(&machine) {
        Ok(facts) => facts,
        Err(error) => {
            complain(&error);
            return Exit::Failed;
        }
    };
    let document = Document::of(facts);
    let is_printed = if arguments.json {
        match serde_json::to_string_pretty(&document) {
            Ok(json) => print(&(json + "\n")),
            Err(error) => {
                complain(&format!("failed to write JSON: {error}"));
                return Exit::Failed;
            }
        }
    } else {
        print(&text::render(&document, paint_for_stdout()))
    };
    if !is_printed {
        Exit::Failed
    } else if document.problems.is_empty() {
        Exit::Done
    } else {
        Exit::Problems
    }
}
