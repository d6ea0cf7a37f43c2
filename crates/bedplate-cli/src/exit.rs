//! Exit codes of the program, in one place.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All well.
    Done,
    /// `run`: the program's own code, or 128 plus the signal that ended it.
    Program(u8),
    /// An error.
    Failed,
    /// Arguments that make no sense.
    Usage,
    /// `probe` found problems, `audit` found candidates.
    Problems,
    /// `audit`: not all of the tree could be read, or with `--ir` compiled.
    NotCompiled,
    /// `ab`: the verdict's code, or 16, 17, 1 (docs/ab.md).
    Compared(u8),
    /// `run`: our own failure, or the allocator was not active.
    NotActive,
    /// `run`: the program could not be executed (126) or found (127), or our own failure (125).
    NotRun(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Program(code) | Exit::NotRun(code) | Exit::Compared(code) => code,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Problems => 10,
            Exit::NotCompiled => 11,
            Exit::NotActive => 125,
        })
    }
}
