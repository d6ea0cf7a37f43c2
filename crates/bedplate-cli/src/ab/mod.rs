//! `bedplate ab`.
//!
//! # Role
//! From arguments to a comparison, from its document to files and the exit code.
//!
//! # Not here
//! Statistics and runs (`bedplate_evidence::ab`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arguments.rs` | the arguments |
//! | `selftest.rs` | `ab selftest` |

pub(crate) mod arguments;
mod selftest;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::exit::Exit;
use arguments::{AbArguments, AbCommand};

/// Runs the command.
pub(crate) fn ab(arguments: &AbArguments) -> Exit {
    match &arguments.command {
        AbCommand::Selftest(arguments) => selftest::selftest(arguments),
    }
}

/// A seed for who names none; documents name it.
fn seed_from_clock() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.as_secs() ^ (u64::from(now.subsec_nanos()) << 20)
}
