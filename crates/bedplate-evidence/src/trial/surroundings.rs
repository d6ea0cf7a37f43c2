//! The environment that both sides get.
//!
//! # Role
//! Of the caller's environment only what programs need to work at all, and what was asked for by
//! name; recorded, so that a document says what the runs saw.
//!
//! # Invariants
//! I1. Both runs of a pair get the same variables, the padding included.
//! I2. Of variables that were left out only the names are recorded: values may be secrets.

use alloc::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::error::RunError;

/// Variables that are passed on.
const PASSED: [&str; 11] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
];

/// A variable of random length: where the stack begins depends on the size of the environment, and
/// speed on that.
const PADDING: &str = "AB_PADDING";

/// Most bytes of padding.
pub(crate) const PADDING_MAX: u64 = 4096;

/// The environment and input of every run.
#[derive(Clone, Debug)]
pub struct Surroundings {
    kept: BTreeMap<OsString, OsString>,
    left_out: BTreeSet<OsString>,
    input: Option<PathBuf>,
}

impl Surroundings {
    /// From the caller's environment, the names to keep, and the file that is the input of every
    /// run.
    #[must_use]
    pub fn of(
        environment: impl Iterator<Item = (OsString, OsString)>,
        keep: &[OsString],
        input: Option<PathBuf>,
    ) -> Self {
        let (kept, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = environment
            .partition(|(name, _value)| keep.contains(name) || PASSED.iter().any(|it| name == it));
        Self {
            kept,
            left_out: rest.into_keys().collect(),
            input,
        }
    }

    /// Gives a command this environment, with `padding` bytes more, and the input.
    pub(crate) fn apply(&self, command: &mut Command, padding: usize) -> Result<(), RunError> {
        command
            .env_clear()
            .envs(&self.kept)
            .env(PADDING, "x".repeat(padding))
            .stdin(match &self.input {
                None => Stdio::null(),
                Some(path) => File::open(path)
                    .map_err(|source| RunError::File {
                        what: "to read the input",
                        path: path.clone(),
                        source,
                        advice: "name a file that can be read",
                    })?
                    .into(),
            });
        Ok(())
    }

    /// Names and values that every run gets.
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, String> {
        let shown = |text: &OsString| text.to_string_lossy().into_owned();
        self.kept
            .iter()
            .map(|(name, value)| (shown(name), shown(value)))
            .collect()
    }

    /// Names of what the runs do not get.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        self.left_out
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    /// Bytes that identify it, for the ledger.
    pub(crate) fn identity(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut add = |text: &OsStr| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        for (name, value) in &self.kept {
            add(name);
            add(value);
        }
        if let Some(input) = &self.input {
            add(input.as_os_str());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)], keep: &[&str]) -> Surroundings {
        let environment = pairs
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let keep: Vec<OsString> = keep.iter().map(OsString::from).collect();
        Surroundings::of(environment, &keep, None)
    }

    #[test]
    fn only_what_is_needed_or_named_is_passed_on() {
        let all = [("PATH", "/bin"), ("TOKEN", "secret"), ("MODE", "fast")];
        let surroundings = of(&all, &["MODE"]);
        let names: Vec<String> = surroundings.kept().into_keys().collect();
        assert_eq!(names, ["MODE", "PATH"]);
        assert_eq!(surroundings.left_out(), ["TOKEN"]);
        assert_ne!(surroundings.identity(), of(&all, &[]).identity());
        let mut command = Command::new("env");
        surroundings.apply(&mut command, 3).unwrap();
        let given: Vec<_> = command.get_envs().collect();
        assert_eq!(given.len(), 3, "{given:?}");
    }
}
