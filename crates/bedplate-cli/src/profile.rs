//! `bedplate profile`.
//!
//! # Role
//! Heap profiles that `bedplate run --pprof` or other tools wrote.

use std::path::{Path, PathBuf};

use bedplate_evidence::RunError;
use bedplate_evidence::profile::diff::{self, Diff};
use bedplate_evidence::profile::pprof::{self, Decoded};
use bedplate_evidence::report::units;

use crate::args::{DiffArguments, ProfileArguments, ProfileCommand};
use crate::exit::Exit;
use crate::output::Output;
use crate::talk::{complain, print};

/// Longest list of functions.
const FUNCTIONS_MAX: usize = 25;

/// Runs the command.
pub(crate) fn profile(arguments: &ProfileArguments) -> Exit {
    let ProfileCommand::Diff(arguments) = &arguments.command;
    match try_diff(arguments) {
        Ok(()) => Exit::Done,
        Err(error) => {
            complain(&error);
            Exit::Usage
        }
    }
}

fn try_diff(arguments: &DiffArguments) -> Result<(), RunError> {
    let before = read(&arguments.before)?;
    let after = read(&arguments.after)?;
    let sample_type = arguments.sample_type.as_deref().unwrap_or({
        // Files of other tools have no figures of the peak.
        let has_peak = |p: &Decoded| p.types.iter().any(|name| name == "peak_space");
        if has_peak(&before) && has_peak(&after) {
            "peak_space"
        } else {
            "inuse_space"
        }
    });
    let Some(found) = diff::diff(&before, &after, sample_type) else {
        return Err(RunError::Senseless {
            message: format!(
                "not both files have the sample type {sample_type}: they have {} and {}",
                before.types.join(", "),
                after.types.join(", ")
            ),
        });
    };
    if let Some(path) = &arguments.folded {
        Output::open("the folded stacks", path)?.write(diff::folded(&found))?;
    }
    // A reader that goes away has seen enough.
    let _read = print(&table(&found, sample_type));
    Ok(())
}

fn read(path: &Path) -> Result<Decoded, RunError> {
    let unread = |source| RunError::Unread {
        what: "the profile",
        path: PathBuf::from(path),
        source,
        advice: "name a file that `bedplate run --pprof` wrote",
    };
    pprof::decode(&std::fs::read(path).map_err(unread)?).map_err(unread)
}

fn table(diff: &Diff, sample_type: &str) -> String {
    let is_bytes = sample_type.ends_with("_space");
    let figure = |value: i64| {
        if is_bytes {
            units::whole_bytes(value.unsigned_abs())
        } else {
            units::count(value.unsigned_abs())
        }
    };
    let signed = |value: i64| {
        let sign = match value {
            0 => "",
            1.. => "+",
            _ => "-",
        };
        format!("{sign}{}", figure(value))
    };
    let mut text = format!(
        "{:>12} {:>12} {:>12}  {sample_type}, by the function that asked\n",
        "change", "before", "after"
    );
    for change in diff.functions.iter().take(FUNCTIONS_MAX) {
        text.push_str(&format!(
            "{:>12} {:>12} {:>12}  {}\n",
            signed(change.difference()),
            figure(change.before),
            figure(change.after),
            change.name
        ));
    }
    if let Some(rest @ 1..) = diff.functions.len().checked_sub(FUNCTIONS_MAX) {
        text.push_str(&format!("{:>12} and {rest} more functions\n", ""));
    }
    let sum = |of: fn(&diff::Change) -> i64| diff.functions.iter().map(of).sum::<i64>();
    let (before, after) = (sum(|c| c.before), sum(|c| c.after));
    text.push_str(&format!(
        "{:>12} {:>12} {:>12}  in all\n",
        signed(after - before),
        figure(before),
        figure(after)
    ));
    text
}
