//! The settings in the environment, checked before a program starts.
//!
//! # Role
//! A wrong setting is an error of the command, not a program that ends at once for a reason it
//! cannot tell.

use std::os::unix::ffi::OsStrExt as _;

use bedplate_evidence::RunError;
use bedplate_evidence::run::session::RUN_SETTING;
use bedplate_malloc::config::{self, ConfigError, OPTIONS};

/// Every setting of ours starts with this.
const PREFIX: &[u8] = b"BEDPLATE_";

/// Chooses the observed library's gates when it is built; it means nothing to a program.
const BUILD_SETTING: &str = "BEDPLATE_GATES";

/// Checks every setting of ours in the environment.
pub(crate) fn check() -> Result<(), RunError> {
    for (name, value) in std::env::vars_os() {
        // An outer run's directory is replaced by our own.
        if !name.as_bytes().starts_with(PREFIX) || name == RUN_SETTING || name == BUILD_SETTING {
            continue;
        }
        // The values take effect in the program; this process does not run on the allocator.
        if let Err(error) = config::set(config::current(), name.as_bytes(), value.as_bytes()) {
            let message = explain(&name.to_string_lossy(), &value.to_string_lossy(), error);
            return Err(RunError::Setting { message });
        }
    }
    Ok(())
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
