//! Errors of the crate.
//!
//! # Role
//! What failed, which limit, what to do. Running out of memory, misuse and the system's refusal are
//! different variants, so that nobody handles one as another.
//!
//! # Not here
//! Heap memory: these errors are made on memory paths.

use bedplate_os::OsError;
use bedplate_os::budget::BudgetError;
use core::fmt;

/// An arena that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Misuse: no address space is that large.
    Capacity {
        /// The bytes asked for, base part included.
        asked_bytes: usize,
    },
    /// The budget has not enough left.
    Budget(BudgetError),
    /// The system refused.
    Os(OsError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity { asked_bytes } => write!(
                f,
                "failed to make an arena of {asked_bytes} bytes: no address space holds that; ask for less"
            ),
            Self::Budget(error) => write!(f, "failed to make an arena: {error}"),
            Self::Os(error) => write!(f, "failed to make an arena: {error}"),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<OsError> for BuildError {
    fn from(error: OsError) -> Self {
        Self::Os(error)
    }
}

/// An allocation that could not be. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArenaError {
    /// The arena is full.
    OutOfMemory {
        /// The bytes that the allocation takes, alignment included.
        need_bytes: usize,
        /// The bytes that are free.
        have_bytes: usize,
        /// The most bytes that were taken at a time, before this.
        high_water_bytes: usize,
        /// All bytes of the arena, or of its base part.
        capacity_bytes: usize,
    },
    /// Misuse: so many items are larger than any address space.
    Length {
        /// The items asked for.
        items: usize,
        /// The size of one in bytes.
        item_bytes: usize,
    },
    /// Misuse: no allocation is aligned more than [`crate::scratch::ALIGN_MAX`].
    Alignment {
        /// The alignment asked for in bytes.
        asked_bytes: usize,
    },
    /// The budget has not enough left for the next step of a commit.
    Budget(BudgetError),
    /// The system refused the next step of a commit.
    Os(OsError),
}

impl fmt::Display for ArenaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory {
                need_bytes,
                have_bytes,
                high_water_bytes,
                capacity_bytes,
            } => write!(
                f,
                "failed to allocate {need_bytes} bytes: {have_bytes} of the arena's {capacity_bytes} are free (high \
                 water {high_water_bytes}); reset it earlier or make it larger"
            ),
            Self::Length { items, item_bytes } => write!(
                f,
                "failed to allocate {items} items of {item_bytes} bytes: no address space holds that; ask for fewer"
            ),
            Self::Alignment { asked_bytes } => write!(
                f,
                "failed to allocate at a multiple of {asked_bytes} bytes: an arena aligns to {} at most",
                crate::scratch::ALIGN_MAX
            ),
            Self::Budget(error) => write!(f, "failed to commit more of an arena: {error}"),
            Self::Os(error) => write!(f, "failed to commit more of an arena: {error}"),
        }
    }
}

impl core::error::Error for ArenaError {}

/// A plan that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// A tensor's last use comes before its first.
    Backwards {
        /// Which tensor.
        tensor: usize,
    },
    /// The sizes add up to more than any address space holds.
    Overflow {
        /// The tensor at which they do.
        tensor: usize,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backwards { tensor } => write!(
                f,
                "failed to plan: tensor {tensor} is last used before it is first used; exchange the steps"
            ),
            Self::Overflow { tensor } => write!(
                f,
                "failed to plan: with tensor {tensor} the sizes add up to more than an address space holds"
            ),
        }
    }
}

impl core::error::Error for PlanError {}

/// Tensors that could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// The plan has no such tensor.
    Unknown {
        /// Which tensor was asked for.
        tensor: usize,
    },
    /// The tensor is not alive at this step: its memory is another's, or not yet its own.
    NotAlive {
        /// Which tensor was asked for.
        tensor: usize,
        /// At which step.
        step: u32,
    },
    /// The memory is less than the plan's, or does not begin at a multiple of 64 bytes.
    Memory {
        /// The bytes that the plan lays out.
        need_bytes: usize,
        /// The bytes that were given.
        have_bytes: usize,
    },
    /// The same tensor was asked for twice at a time.
    Twice,
    /// The tensor's bytes are no whole number of items, or its items want more alignment than 64.
    Remainder {
        /// Which tensor was asked for.
        tensor: usize,
        /// The size of an item in bytes.
        item_bytes: usize,
    },
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { tensor } => {
                write!(
                    f,
                    "failed to view tensor {tensor}: the plan has no such tensor"
                )
            }
            Self::NotAlive { tensor, step } => write!(
                f,
                "failed to view tensor {tensor} at step {step}: it is not alive then; widen its use in the plan"
            ),
            Self::Memory {
                need_bytes,
                have_bytes,
            } => write!(
                f,
                "failed to lay tensors into {have_bytes} bytes: the plan wants {need_bytes}, at a multiple of 64"
            ),
            Self::Twice => f.write_str("failed to view tensors: the same one is asked for twice"),
            Self::Remainder { tensor, item_bytes } => write!(
                f,
                "failed to view tensor {tensor}: its bytes are no multiple of an item's {item_bytes}"
            ),
        }
    }
}

impl core::error::Error for ViewError {}
