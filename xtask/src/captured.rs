//! Running a program to its end.

use crate::failure::Failure;
use std::process::Command;

/// What a program printed; `name` is how a failure calls it.
///
/// # Errors
/// - [`Failure::Start`] and [`Failure::Program`].
pub(crate) fn captured(command: &mut Command, name: &str) -> Result<String, Failure> {
    let output = command.output().map_err(|error| Failure::Start {
        program: name.to_owned(),
        error,
    })?;
    if !output.status.success() {
        return Err(Failure::Program {
            program: name.to_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
