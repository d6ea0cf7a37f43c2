//! The bytes of blocks under test.
//!
//! # Role
//! Fill a block with bytes that depend on its mark and position, and say where a block differs.
//!
//! # Not here
//! Which blocks live, and which mark each has: [`crate::shadow`].
//!
//! # Invariants
//! - I1: of a block beyond 128 KiB the first and last 64 KiB and 64 bytes of every OS page between are touched,
//!   so that a huge block costs a fault per page and not a pass over all its bytes.

use core::ptr::NonNull;

const WHOLE_BYTES: usize = 128 << 10;
const PAGE_BYTES: usize = 4096;
const TOUCH_BYTES: usize = 64;

/// The byte at `offset` of the block with `mark`. Neither mark nor offset alone decides it.
const fn byte(mark: u64, offset: usize) -> u8 {
    let mixed = (mark ^ (offset as u64).rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The top byte depends on all bits below it.
    mixed.to_be_bytes()[0]
}

fn offsets(size: usize) -> impl Iterator<Item = usize> {
    let half = if size <= WHOLE_BYTES {
        size
    } else {
        WHOLE_BYTES / 2
    };
    let tail = if size <= WHOLE_BYTES {
        size
    } else {
        size - WHOLE_BYTES / 2
    };
    let between = (half..tail)
        .step_by(PAGE_BYTES)
        .flat_map(move |page| page..(page + TOUCH_BYTES).min(tail));
    (0..half).chain(between).chain(tail..size)
}

/// Writes the pattern of `mark` to `size` bytes.
///
/// # Safety
/// - `size` bytes from `start` are writable and nobody else touches them.
pub(crate) unsafe fn fill(start: NonNull<u8>, size: usize, mark: u64) {
    for offset in offsets(size) {
        // SAFETY: offset is below size.
        let at = unsafe { start.add(offset) };
        // SAFETY: writable, as the caller promises.
        unsafe { at.write(byte(mark, offset)) };
    }
}

/// The first of `size` bytes that is not the pattern of `mark`.
///
/// # Safety
/// - As for [`fill`], which wrote `written` bytes there or where this block's contents came from; `size` is not
///   beyond it.
pub(crate) unsafe fn differs(
    start: NonNull<u8>,
    size: usize,
    written: usize,
    mark: u64,
) -> Option<usize> {
    offsets(written)
        .take_while(|&offset| offset < size)
        .find(|&offset| {
            // SAFETY: offset is below size.
            let at = unsafe { start.add(offset) };
            // SAFETY: readable, as the caller promises; volatile, for the compiler knows what malloc's memory holds.
            let found = unsafe { at.as_ptr().read_volatile() };
            found != byte(mark, offset)
        })
}

/// The first of `size` bytes that is not zero; every byte is looked at.
///
/// # Safety
/// - `size` bytes from `start` are readable and nobody else touches them.
pub(crate) unsafe fn not_zero(start: NonNull<u8>, size: usize) -> Option<usize> {
    (0..size).find(|&offset| {
        // SAFETY: offset is below size.
        let at = unsafe { start.add(offset) };
        // SAFETY: readable, as the caller promises; volatile as above.
        let found = unsafe { at.as_ptr().read_volatile() };
        found != 0
    })
}

#[cfg(test)]
mod tests {
    use super::{differs, fill, not_zero, offsets};
    use core::ptr::NonNull;

    #[test]
    fn every_byte_of_a_small_block_and_both_ends_of_a_large_one_are_covered() {
        assert_eq!(
            offsets(5000).collect::<Vec<_>>(),
            (0..5000).collect::<Vec<_>>()
        );
        let large = offsets(1 << 20).collect::<Vec<_>>();
        assert_eq!(large.first(), Some(&0));
        assert_eq!(large.last(), Some(&((1 << 20) - 1)));
        assert!(large.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_changed_byte_is_found() {
        let mut bytes = vec![0_u8; 4096];
        let start = NonNull::from(bytes.as_mut_slice()).cast();
        // SAFETY: the vector's own bytes, each call alone.
        let clean = unsafe { not_zero(start, 4096) };
        assert_eq!(clean, None);
        // SAFETY: as above.
        unsafe { fill(start, 4096, 9) };
        // SAFETY: as above.
        assert_eq!(unsafe { differs(start, 4096, 4096, 9) }, None);
        // SAFETY: inside the vector.
        let at = unsafe { start.add(777) };
        // SAFETY: as above.
        let old = unsafe { at.read() };
        // SAFETY: as above.
        unsafe { at.write(!old) };
        // SAFETY: as above.
        assert_eq!(unsafe { differs(start, 4096, 4096, 9) }, Some(777));
    }
}
