//! The settings in the environment, checked before a program starts.
//!
//! # Role
//! A wrong setting is an error of the command, not a program that ends at once for a reason it
//! cannot tell.

use std::os::unix::ffi::OsStrExt as _;

use bedplate_evidence::RunError;
use bedplate_evidence::run::session::RUN_SETTING;
use bedplate_malloc::config::{self, ConfigError, OPTIONS};
use bedplate_os::problems::Problem;

/// Every setting of ours starts with this.
const PREFIX: &[u8] = b"BEDPLATE_";

/// Chooses the observed library's gates when it is built; it means nothing to a program.
const BUILD_SETTING: &str = "BEDPLATE_GATES";

/// Checks every setting of ours in the environment.
pub(crate) fn check() -> Result<(), RunError> {
    match wrong().into_iter().next() {
        Some(message) => Err(RunError::Setting { message }),
        None => Ok(()),
    }
}

/// What is wrong with the settings, for `probe`.
pub(crate) fn problems() -> Vec<Problem> {
    let problem = |message| Problem {
        id: "wrong-setting",
        what: message,
        why: "a program on the allocator ends at its start, and so does `bedplate run`".to_owned(),
        what_to_do: "correct or unset the variable in the environment".to_owned(),
    };
    wrong().into_iter().map(problem).collect()
}

/// The settings in force, for the report.
pub(crate) fn note() -> Option<String> {
    let set = OPTIONS.iter().filter_map(|row| {
        let value = std::env::var_os(row.env)?;
        Some(format!("{}={}", row.env, value.to_string_lossy()))
    });
    let set: Vec<String> = set.collect();
    (!set.is_empty()).then(|| format!("settings in force: {}", set.join(", ")))
}

fn wrong() -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in std::env::vars_os() {
        // An outer run's directory is replaced by our own.
        if !name.as_bytes().starts_with(PREFIX) || name == RUN_SETTING || name == BUILD_SETTING {
            continue;
        }
        // The values take effect in the program; this process does not run on the allocator.
        if let Err(error) = config::set(config::current(), name.as_bytes(), value.as_bytes()) {
            found.push(explain(
                &name.to_string_lossy(),
                &value.to_string_lossy(),
                error,
            ));
        }
    }
    found
}

fn explain(name: &str, value: &str, error: ConfigError) -> String {
    match error {
        ConfigError::Value { takes } => {
            format!("{name} takes {takes}, not \"{value}\": correct or unset it")
        }
        _ => {
            let names: Vec<&str> = OPTIONS.iter().map(|row| row.env).collect();
            format!(
                "no setting is named {name}: unset it; there are {}",
                names.join(", ")
            )
        }
    }
}
