//! What came of a comparison's runs when they did not go well.

use core::fmt;

use serde::Serialize;

use super::time_up::TimeUp;
use crate::ab::Side;
use crate::error::RunError;

/// A run that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideFailure {
    /// Whose.
    pub side: Side,
    /// How it ended.
    pub how: String,
    /// The end of its standard output.
    pub output_tail: String,
    /// The end of its standard error.
    pub error_tail: String,
}

impl fmt::Display for SideFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "side {:?} failed: {}; a comparison needs runs that end with 0 (the environment was \
             scrubbed: --keep-env NAME passes a variable on)",
            self.side, self.how
        )?;
        for (name, tail) in [
            ("standard output", &self.output_tail),
            ("standard error", &self.error_tail),
        ] {
            if !tail.trim().is_empty() {
                write!(f, "\nthe end of its {name}:")?;
                for line in tail.trim_end().lines() {
                    write!(f, "\n    {line}")?;
                }
            }
        }
        Ok(())
    }
}

/// Why the runs ended before a verdict.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stop {
    /// This signal arrived.
    Interrupted(i32),
    /// A side failed.
    Failed(SideFailure),
    /// What comes next could not end in time.
    TimeUp(TimeUp),
    /// We failed.
    Error(RunError),
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Error(error)
    }
}
