//! `bedplate top`.
//!
//! # Role
//! Finds the allocator, the pools and the heaps of objects in a running process and shows their figures: once, as JSON, or
//! live.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `history.rs` | what was seen so far |
//! | `screen.rs` | the live view |

mod history;
mod screen;

use std::io::IsTerminal as _;

use bedplate_evidence::process::Process;
use bedplate_evidence::report::Snapshot;

use crate::args::TopArguments;
use crate::exit::Exit;
use crate::talk::{complain, paint_for_stdout, print};

/// Runs the command.
pub(crate) fn top(arguments: &TopArguments) -> Exit {
    match try_top(arguments) {
        Ok(true) => Exit::Done,
        Ok(false) => Exit::Failed,
        Err(message) => {
            complain(&message);
            Exit::Failed
        }
    }
}

/// The result is whether standard output took it.
fn try_top(arguments: &TopArguments) -> Result<bool, String> {
    let process = Process::open(arguments.pid).map_err(|error| error.to_string())?;
    let snapshot = Snapshot::take(&process).map_err(|error| error.to_string())?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&snapshot).map_err(|error| error.to_string())?;
        return Ok(print(&(json + "\n")));
    }
    if arguments.once || !std::io::stdout().is_terminal() {
        return Ok(print(&snapshot.render(paint_for_stdout())));
    }
    screen::watch(&process, snapshot)
        .map(|()| true)
        .map_err(|error| format!("the terminal failed: {error}"))
}
