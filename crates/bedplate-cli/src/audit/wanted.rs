//! Locations that somebody asks for, by name or by place.

use std::path::Path;

use bedplate_audit::{Audit, Location};
use bedplate_evidence::RunError;

/// Names that are suggested for one that is not there.
const SUGGESTED_MAX: usize = 8;

/// The one location of this name, or at this place.
pub(super) fn one<'audit>(
    audit: &'audit Audit,
    wanted: &str,
) -> Result<&'audit Location, RunError> {
    match all(audit, wanted)?.as_slice() {
        [location] => Ok(location),
        several => Err(senseless(format!(
            "{wanted} is one of several: name one by FILE:LINE of its declaration: {}",
            shown(several)
        ))),
    }
}

/// All locations of this name, or at this place; at least one.
pub(super) fn all<'audit>(
    audit: &'audit Audit,
    wanted: &str,
) -> Result<Vec<&'audit Location>, RunError> {
    let place = wanted
        .rsplit_once(':')
        .and_then(|(file, line)| Some((file, line.parse::<u32>().ok()?)));
    let is_file = |file: &str, wanted: &str| Path::new(file).ends_with(wanted);
    let is_wanted = |location: &&Location| match place {
        Some((file, line)) => {
            let operations = location.operations.iter().map(|operation| &operation.at);
            let mut lines = operations.chain([&location.declared]);
            lines.any(|at| at.line == line && is_file(&at.file, file))
        }
        None => location.name == wanted,
    };
    let matching: Vec<&Location> = audit.locations.iter().filter(is_wanted).collect();
    if matching.is_empty() {
        return Err(senseless(format!(
            "{wanted}: no atomic location of this name or line was found; candidates are: {}",
            shown(&audit.candidates())
        )));
    }
    Ok(matching)
}

fn shown(locations: &[&Location]) -> String {
    let names = locations.iter().take(SUGGESTED_MAX).map(|location| {
        format!(
            "{} ({}:{})",
            location.name, location.declared.file, location.declared.line
        )
    });
    names.collect::<Vec<_>>().join(", ")
}

fn senseless(message: String) -> RunError {
    RunError::Senseless { message }
}
