//! What a program for an allocator may do.
//!
//! # Role
//! A small language over numbered slots. Every subsequence of a program is a program, so a shrinker may drop
//! any step: freeing an empty slot does nothing, filling a full one frees it first.
//!
//! # Not here
//! Where programs come from ([`crate::generator`]) and what they mean ([`crate::player`]).

use core::fmt::{self, Display, Formatter};

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `slot = malloc(size)`.
    Malloc {
        /// Where the block goes.
        slot: usize,
        /// Bytes asked for.
        size: usize,
    },
    /// `slot = calloc(count, size)`: must read as zero.
    Calloc {
        /// Where the block goes.
        slot: usize,
        /// Members.
        count: usize,
        /// Bytes of one.
        size: usize,
    },
    /// `slot = memalign(1 << align_log2, size)`.
    Memalign {
        /// Where the block goes.
        slot: usize,
        /// Power of two of the alignment.
        align_log2: u32,
        /// Bytes asked for.
        size: usize,
    },
    /// `slot = realloc(slot, size)`: an empty slot is a null pointer.
    Realloc {
        /// The block that grows or shrinks.
        slot: usize,
        /// Bytes asked for, at least 1.
        size: usize,
    },
    /// `free(slot)`.
    Free {
        /// The block that goes.
        slot: usize,
    },
    /// Reads the whole block of the slot against what was written.
    Verify {
        /// The block that is read.
        slot: usize,
    },
    /// `malloc_trim(0)`: everything free goes back to the kernel.
    Trim,
    /// The lane's thread ends; the next step on this lane starts a fresh one.
    EndThread,
}

/// An op, and the lane (thread) that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the thread; steps run one at a time, in program order, whatever their lane.
    pub lane: usize,
    /// What it does.
    pub op: Op,
}

/// A list of steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program(pub Vec<Step>);

impl Program {
    /// The number of lanes that the program names.
    #[must_use]
    pub fn lane_count(&self) -> usize {
        self.0.iter().map(|step| step.lane + 1).max().unwrap_or(0)
    }
}

/// Prints the program as a test that can be pasted: see [`crate::check::program`].
impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "check::program(")?;
        writeln!(f, "    &subject,")?;
        writeln!(f, "    &Program(vec![")?;
        for step in &self.0 {
            writeln!(
                f,
                "        Step {{ lane: {}, op: Op::{:?} }},",
                step.lane, step.op
            )?;
        }
        writeln!(f, "    ]),")?;
        write!(f, ");")
    }
}

#[cfg(test)]
mod tests {
    use super::{Op, Program, Step};

    #[test]
    fn a_program_prints_as_rust() {
        let program = Program(vec![
            Step {
                lane: 0,
                op: Op::Malloc { slot: 3, size: 24 },
            },
            Step {
                lane: 1,
                op: Op::EndThread,
            },
        ]);
        let printed = program.to_string();
        assert!(
            printed.contains("Step { lane: 0, op: Op::Malloc { slot: 3, size: 24 } },"),
            "{printed}"
        );
        assert!(
            printed.contains("Step { lane: 1, op: Op::EndThread },"),
            "{printed}"
        );
        assert_eq!(program.lane_count(), 2);
    }
}
