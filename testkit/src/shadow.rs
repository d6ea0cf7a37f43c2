//! The naive model of an allocator.
//!
//! # Role
//! Remember which address ranges live and what was written into each, and name the first thing an allocator
//! does that no allocator may do.
//!
//! # Not here
//! Calls: [`crate::player`] makes them and asks the model about each answer.
//!
//! # Invariants
//! - I1: the live ranges are disjoint; a range covers the usable size, not only what was asked for, since a
//!   program may use all of it.

use alloc::collections::BTreeMap;
use core::fmt::{self, Display, Formatter};

/// What no allocator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The address is not a multiple of the alignment.
    Misaligned {
        /// The address.
        start: usize,
        /// What it had to be a multiple of.
        align: usize,
    },
    /// The block shares bytes with one that lives.
    Overlap {
        /// The new block's start.
        start: usize,
        /// The new block's end.
        end: usize,
        /// The older block's start.
        other_start: usize,
        /// The older block's end.
        other_end: usize,
    },
    /// The usable size is below the size asked for.
    UsableTooSmall {
        /// Bytes asked for.
        size: usize,
        /// What the allocator says.
        usable: usize,
    },
    /// Memory from `calloc` was not zero.
    NotZero {
        /// Bytes asked for.
        size: usize,
        /// The first byte that is not zero.
        offset: usize,
    },
    /// A live block's bytes changed though nobody wrote them.
    Damaged {
        /// Bytes of the block.
        size: usize,
        /// The first byte that differs.
        offset: usize,
    },
    /// `realloc` did not carry the contents over.
    LostByRealloc {
        /// Bytes before.
        old_size: usize,
        /// Bytes after.
        size: usize,
        /// The first byte that differs.
        offset: usize,
    },
    /// A null pointer where the subject had to deliver.
    Refused {
        /// Bytes asked for.
        size: usize,
    },
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Misaligned { start, align } => {
                write!(f, "block {start:#x} is not aligned to {align}")
            }
            Self::Overlap {
                start,
                end,
                other_start,
                other_end,
            } => {
                write!(
                    f,
                    "new block {start:#x}..{end:#x} overlaps live block {other_start:#x}..{other_end:#x}"
                )
            }
            Self::UsableTooSmall { size, usable } => {
                write!(f, "{size} bytes asked for, but usable size is {usable}")
            }
            Self::NotZero { size, offset } => {
                write!(f, "calloc of {size} bytes: byte {offset} is not zero")
            }
            Self::Damaged { size, offset } => {
                write!(f, "live block of {size} bytes: byte {offset} changed")
            }
            Self::LostByRealloc {
                old_size,
                size,
                offset,
            } => {
                write!(
                    f,
                    "realloc from {old_size} to {size} bytes: byte {offset} was not carried over"
                )
            }
            Self::Refused { size } => {
                write!(f, "{size} bytes refused though nothing was made to fail")
            }
        }
    }
}

impl core::error::Error for Violation {}

/// The live ranges: start to end.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    live: BTreeMap<usize, usize>,
}

impl Shadow {
    /// A block begins.
    ///
    /// # Errors
    /// - [`Violation::Misaligned`], [`Violation::UsableTooSmall`], [`Violation::Overlap`].
    pub fn begin(
        &mut self,
        start: usize,
        size: usize,
        align: usize,
        usable: Option<usize>,
    ) -> Result<(), Violation> {
        if !start.is_multiple_of(align) {
            return Err(Violation::Misaligned { start, align });
        }
        let usable = usable.unwrap_or(size);
        if usable < size {
            return Err(Violation::UsableTooSmall { size, usable });
        }
        // Two empty blocks at one address are an overlap too: malloc(0) gives unique pointers.
        let end = start + usable.max(1);
        if let Some((&other_start, &other_end)) = self.live.range(..end).next_back()
            && other_end > start
        {
            return Err(Violation::Overlap {
                start,
                end,
                other_start,
                other_end,
            });
        }
        self.live.insert(start, end);
        Ok(())
    }

    /// A block ends. Ends it again for nothing: the player frees each block once.
    pub fn end(&mut self, start: usize) {
        self.live.remove(&start);
    }

    /// Blocks that live.
    #[must_use]
    pub fn live_count(&self) -> usize {
        self.live.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Shadow, Violation};

    #[test]
    fn neighbours_are_fine_and_shared_bytes_are_not() {
        let mut shadow = Shadow::default();
        assert_eq!(shadow.begin(0x100, 16, 16, Some(16)), Ok(()));
        assert_eq!(shadow.begin(0x110, 16, 16, Some(16)), Ok(()));
        assert_eq!(shadow.begin(0xf0, 16, 16, None), Ok(()));
        let inside = Err(Violation::Overlap {
            start: 0x108,
            end: 0x109,
            other_start: 0x100,
            other_end: 0x110,
        });
        assert_eq!(shadow.begin(0x108, 1, 1, None), inside);
        let around = shadow.begin(0x80, 0x1000, 16, None);
        assert!(
            matches!(around, Err(Violation::Overlap { .. })),
            "{around:?}"
        );
        shadow.end(0x100);
        assert_eq!(shadow.begin(0x100, 0, 16, Some(16)), Ok(()));
        assert_eq!(shadow.live_count(), 3);
    }

    #[test]
    fn the_usable_tail_counts_as_live() {
        let mut shadow = Shadow::default();
        assert_eq!(shadow.begin(0x100, 10, 16, Some(32)), Ok(()));
        assert!(matches!(
            shadow.begin(0x110, 1, 16, None),
            Err(Violation::Overlap { .. })
        ));
    }

    #[test]
    fn alignment_and_usable_size_are_judged() {
        let mut shadow = Shadow::default();
        assert_eq!(
            shadow.begin(0x108, 8, 16, None),
            Err(Violation::Misaligned {
                start: 0x108,
                align: 16
            })
        );
        let small = Err(Violation::UsableTooSmall {
            size: 100,
            usable: 96,
        });
        assert_eq!(shadow.begin(0x100, 100, 16, Some(96)), small);
    }
}
