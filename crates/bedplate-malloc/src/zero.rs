//! What of a fresh block holds old contents.
//!
//! # Role
//! `calloc` writes zeros only where something else may stand: a page that was never touched, or
//! went back to the kernel, reads as zero, and to write to it costs its page fault.

use crate::tuning::SLICE_BYTES;

/// Where a fresh block may hold old contents; elsewhere it reads as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Anywhere.
    All,
    /// In its first bytes, as many as this.
    Front(usize),
    /// In the slices whose bit is set, counted from the block's start.
    Slices(u64),
}

impl Used {
    /// A block that reads as zero.
    pub const NOTHING: Self = Self::Front(0);

    /// Writes zeros to what is used of a block.
    ///
    /// # Safety
    /// - `block` is nobody else's and holds `bytes`; where `self` names slices, it starts with one.
    pub(crate) unsafe fn zero(self, block: *mut u8, bytes: usize) {
        let write = |from: usize, to: usize| {
            let to = to.min(bytes);
            if from < to {
                // SAFETY: the range is inside the block.
                let start = unsafe { block.add(from) };
                // SAFETY: as above, and the caller's.
                unsafe { start.write_bytes(0, to - from) };
            }
        };
        match self {
            Self::All => write(0, bytes),
            Self::Front(front) => write(0, front),
            Self::Slices(mut slices) => {
                while slices != 0 {
                    let first = slices.trailing_zeros() as usize;
                    let count = (slices >> first).trailing_ones() as usize;
                    write(first * SLICE_BYTES, (first + count) * SLICE_BYTES);
                    slices &= !crate::segment::span(first, count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Used;
    use crate::tuning::SLICE_BYTES;

    #[test]
    fn only_what_is_used_is_written() {
        let bytes = 4 * SLICE_BYTES + 100;
        let slice = SLICE_BYTES;
        for (used, first, second) in [
            (Used::All, 0..bytes, 0..0),
            (Used::NOTHING, 0..0, 0..0),
            (Used::Front(5000), 0..5000, 0..0),
            (Used::Front(usize::MAX), 0..bytes, 0..0),
            (Used::Slices(0b1_1010), slice..2 * slice, 3 * slice..bytes),
        ] {
            let mut block = vec![7_u8; bytes + 50];
            // SAFETY: the vector is ours and longer than `bytes`.
            unsafe { used.zero(block.as_mut_ptr(), bytes) };
            for (i, byte) in block.iter().enumerate() {
                let is_zero = first.contains(&i) || second.contains(&i);
                assert_eq!(*byte, if is_zero { 0 } else { 7 }, "{used:?} at {i}");
            }
        }
    }
}
