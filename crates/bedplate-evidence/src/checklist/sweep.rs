//! Instruction counts of a command over sizes.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::error::RunError;
use crate::heat::counted::Workload;
use crate::trial::Contestant;
use crate::versus::Interrupts;

/// Stands for the size in a command.
pub const SIZE: &str = "{n}";

/// Stands for how often the work is done.
pub const TURNS: &str = "{turns}";

/// Turns of the shorter of two runs.
const TURNS_FEW: u64 = 10_000;

/// A command with places for its figures.
#[derive(Clone, Debug)]
pub struct Template(Vec<OsString>);

impl Template {
    /// Of a command.
    ///
    /// # Errors
    /// It has no place for the size.
    pub fn of(words: &[OsString]) -> Result<Self, RunError> {
        let template = Self(words.to_vec());
        if template.has(SIZE) {
            Ok(template)
        } else {
            Err(RunError::Senseless {
                message: format!(
                    "the command has no {SIZE} for the size: write it where the size belongs, as in \
                     -- sorter --elements {SIZE}"
                ),
            })
        }
    }

    fn has(&self, place: &str) -> bool {
        self.0
            .iter()
            .any(|word| word.to_string_lossy().contains(place))
    }

    /// Whether the command says how often the work is done, so that its start can be taken out.
    #[must_use]
    pub fn has_turns(&self) -> bool {
        self.has(TURNS)
    }

    /// The words as text.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        let words = self.0.iter();
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    fn with(&self, size: u64, turns: u64) -> Vec<OsString> {
        let put = |word: &OsString| match word.to_str() {
            None => word.clone(),
            Some(text) => {
                let text = text.replace(SIZE, &size.to_string());
                text.replace(TURNS, &turns.to_string()).into()
            }
        };
        self.0.iter().map(put).collect()
    }
}

/// What counts.
#[derive(Debug)]
pub struct Counting<'count> {
    /// What ends it early.
    pub interrupts: &'count Interrupts,
    /// For the counter's files.
    pub directory: &'count Path,
    /// Where programs are looked for.
    pub search_path: Option<&'count OsStr>,
}

impl Counting<'_> {
    /// The cost at a size: instructions of the run, or of one turn where the command has turns.
    ///
    /// # Errors
    /// The command failed, was interrupted, or there is no counter.
    pub fn cost(&self, template: &Template, size: u64) -> Result<f64, RunError> {
        if !template.has_turns() {
            return Ok(self.instructions(template, size, 1)? as f64);
        }
        let few = self.instructions(template, size, TURNS_FEW)?;
        let many = self.instructions(template, size, 2 * TURNS_FEW)?;
        Ok((many as f64 - few as f64) / TURNS_FEW as f64)
    }

    fn instructions(&self, template: &Template, size: u64, turns: u64) -> Result<u64, RunError> {
        let contestant = Contestant::find(&template.with(size, turns), self.search_path)?;
        let workload = Workload {
            contestant: &contestant,
            interrupts: self.interrupts,
        };
        workload.total(self.directory, self.search_path)
    }

    /// Nanoseconds of CPU time of one turn at a size.
    ///
    /// # Errors
    /// The command failed or was interrupted.
    pub fn ns(&self, template: &Template, size: u64, turns: u64) -> Result<f64, RunError> {
        let seconds = |turns| {
            let contestant = Contestant::find(&template.with(size, turns), self.search_path)?;
            let workload = Workload {
                contestant: &contestant,
                interrupts: self.interrupts,
            };
            workload.cpu_s()
        };
        let spent = seconds(turns)? - seconds(1)?;
        Ok(spent.max(0.0) * 1e9 / turns as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_turns_are_put_into_commands() {
        let words = ["prog", "-n={n}", "{turns}"].map(OsString::from);
        let template = Template::of(&words).unwrap();
        assert_eq!(
            template.with(7, 9),
            ["prog", "-n=7", "9"].map(OsString::from)
        );
        assert!(template.has_turns());
        assert!(Template::of(&["prog".into()]).is_err());
    }
}
