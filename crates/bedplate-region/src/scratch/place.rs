//! Where the next allocation lies.
//!
//! # Role
//! The arithmetic of an arena on offsets, which an arena and [`super::Measure`] share, so that a
//! measured size is exactly enough.
//!
//! # Invariants
//! - I1: offsets are multiples of [`GRAIN`], and so is every end.

use core::alloc::Layout;

/// Every allocation begins at a multiple of this many bytes, and takes such a multiple: a cache line.
pub const GRAIN: usize = 64;

/// The most that an allocation can be aligned to, in bytes: an OS page.
pub const ALIGN_MAX: usize = 4096;

/// A range that an allocation takes, as offsets from a multiple of [`ALIGN_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the allocation begins.
    pub(super) start: usize,
    /// Where the next one can begin.
    pub(super) next: usize,
}

/// `bytes` rounded up to whole grains; `None` on overflow.
pub(super) const fn grains(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(GRAIN)
}

/// The place behind `head` for a layout; `None` on overflow. Nothing has its place at the front, which
/// is aligned to anything, and takes no room.
pub(super) fn place(head: usize, layout: Layout) -> Option<Place> {
    if layout.size() == 0 {
        return Some(Place {
            start: 0,
            next: head,
        });
    }
    let start = head.checked_next_multiple_of(layout.align().max(GRAIN))?;
    let next = start.checked_add(grains(layout.size())?)?;
    Some(Place { start, next })
}

#[cfg(test)]
mod tests {
    use super::{ALIGN_MAX, GRAIN, Place, grains, place};
    use core::alloc::Layout;
    use proptest::prelude::*;

    #[test]
    fn sizes_round_up_to_grains_and_never_wrap() {
        assert_eq!(grains(0), Some(0));
        assert_eq!(grains(1), Some(64));
        assert_eq!(grains(usize::MAX - 63), Some(usize::MAX - 63));
        assert_eq!(grains(usize::MAX - 62), None);
    }

    proptest! {
        #[test]
        fn a_place_is_aligned_and_holds_the_layout(
            head in 0..usize::MAX / GRAIN,
            size in 0..=isize::MAX as usize - ALIGN_MAX,
            shift in 0..=12_u32,
        ) {
            let head = head * GRAIN;
            let layout = Layout::from_size_align(size, 1 << shift).expect("not too large");
            match place(head, layout) {
                Some(Place { start, next }) if size == 0 => {
                    prop_assert_eq!((start, next), (0, head));
                }
                Some(Place { start, next }) => {
                    prop_assert!(start >= head && start - head < ALIGN_MAX);
                    prop_assert!(start.is_multiple_of(layout.align()));
                    prop_assert!(next - start >= size && next - start < size + GRAIN);
                    prop_assert!(next.is_multiple_of(GRAIN));
                }
                // Only what ends behind the last address has no place.
                None => prop_assert!(head as u128 + size as u128 + 8192 > usize::MAX as u128),
            }
        }
    }
}
