//! `bedplate ab`.
//!
//! # Role
//! From arguments to a comparison, from its document to files and the exit code.
//!
//! # Not here
//! Statistics and runs (`bedplate_evidence::{ab, trial}`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arguments.rs` | the arguments |
//! | `aa.rs` | `ab aa` |
//! | `compare.rs` | comparing two sides |
//! | `campaign.rs` | `ab campaign` |
//! | `outputs.rs` | where documents go |
//! | `sides.rs` | the sides: two commands, or two builds |
//! | `ledger.rs` | `ab ledger`, and where the ledger is |
//! | `selftest.rs` | `ab selftest` |
//! | `real.rs` | `ab selftest --real` |
//! | `spin.rs` | a cost of known size |

mod aa;
pub(crate) mod arguments;
mod campaign;
pub(crate) mod compare;
mod ledger;
mod outputs;
mod real;
mod selftest;
pub(crate) mod sides;
mod spin;

use std::time::{SystemTime, UNIX_EPOCH};

use bedplate_evidence::RunError;
use bedplate_os::facts::MachineFacts;
use bedplate_os::source::Machine;

use crate::exit::Exit;
use arguments::{AbArguments, AbCommand};

/// Runs the command.
pub(crate) fn ab(arguments: &AbArguments) -> Exit {
    match &arguments.command {
        None => compare::compare(&arguments.options, &arguments.sides),
        Some(AbCommand::Selftest(arguments)) => match arguments.real {
            Some(repeats) => real::selftest(arguments, repeats),
            None => selftest::selftest(arguments),
        },
        Some(AbCommand::Campaign(arguments)) => campaign::campaign(arguments),
        Some(AbCommand::Aa(arguments)) => aa::aa(arguments),
        Some(AbCommand::Ledger(arguments)) => ledger::list(arguments),
        Some(AbCommand::Spin(arguments)) => spin::spin(arguments),
    }
}

/// A seed for who names none; documents name it.
fn seed_from_clock() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    // Few digits, for people copy it.
    (now.as_secs() ^ (u64::from(now.subsec_nanos()) << 8)) % 1_000_000_000
}

/// Seconds since 1970.
pub(crate) fn unix_s() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// The machine's facts.
pub(crate) fn machine_facts() -> Result<MachineFacts, RunError> {
    MachineFacts::read(&Machine::running()).map_err(|error| RunError::Senseless {
        message: format!("the machine could not be told: {error}"),
    })
}

/// A directory for files of one command.
pub(crate) fn temporary() -> Result<tempfile::TempDir, RunError> {
    tempfile::Builder::new()
        .prefix("bedplate-ab-")
        .tempdir()
        .map_err(|source| RunError::File {
            what: "a directory for counts in",
            path: std::env::temp_dir(),
            source,
            advice: "set TMPDIR to a directory that can be written",
        })
}
