//! Size classes.
//!
//! # Role
//! Map a request to a class and a class to its block size: steps of 16 bytes to 128, then eight
//! classes for each doubling up to 32 KiB, so that at most 12.5 % of a block is waste beyond the
//! 16 bytes every block is aligned to.
//!
//! # Sources
//! The spacing is that of jemalloc and mimalloc (eight a doubling instead of four).

use crate::tuning::{CLASS_MAX, MEDIUM_SLICES, ONE_SLICE_MAX, SLICE_BYTES, SMALL_MAX};

/// Number of size classes.
pub const CLASSES: usize = 72;
/// Entries of the direct table, one for each 16 bytes up to [`SMALL_MAX`], and one for zero.
pub const DIRECT: usize = SMALL_MAX / 16 + 1;

/// Block sizes by class, in bytes.
pub const BLOCK_BYTES: [u32; CLASSES] = {
    let mut table = [0; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        table[class] = block_bytes_of(class);
        class += 1;
    }
    table
};

#[expect(clippy::cast_possible_truncation, reason = "block sizes end at 32 KiB")]
const fn block_bytes_of(class: usize) -> u32 {
    if class < 8 {
        16 * (class as u32 + 1)
    } else {
        let base = 128_u32 << ((class - 8) / 8);
        base + base / 8 * ((class as u32 - 8) % 8 + 1)
    }
}

/// The class of a request of at most [`CLASS_MAX`] bytes, by arithmetic.
#[must_use]
#[inline]
pub const fn class_of(bytes: usize) -> usize {
    debug_assert!(bytes <= CLASS_MAX);
    if bytes <= 128 {
        bytes.div_ceil(16) - (bytes != 0) as usize
    } else {
        let last = bytes - 1;
        let top = last.ilog2() as usize;
        8 + (top - 7) * 8 + ((last >> (top - 3)) & 7)
    }
}

/// Classes of requests above [`SMALL_MAX`], by steps of 128 bytes.
pub static MID_CLASS: [u8; CLASS_MAX / 128 + 1] = {
    let mut table = [0; CLASS_MAX / 128 + 1];
    let mut i = 1;
    while i < table.len() {
        #[expect(clippy::cast_possible_truncation, reason = "72 classes")]
        {
            table[i] = class_of(i * 128) as u8;
        }
        i += 1;
    }
    table
};

/// Entries of the direct table that a class serves: `first..end`.
#[must_use]
pub const fn direct_entries(class: usize) -> (usize, usize) {
    let bytes = BLOCK_BYTES[class] as usize;
    if bytes > SMALL_MAX {
        return (0, 0);
    }
    let first = if class == 0 {
        0
    } else {
        BLOCK_BYTES[class - 1] as usize / 16 + 1
    };
    (first, bytes / 16 + 1)
}

/// Entries of the direct table that a class serves, of which no class has more than four: with
/// fewer, some stand twice; without any, all are the spare entry behind the table. So a class's
/// entries are written by four stores without a branch.
pub const DIRECT_ENTRIES: [[u8; 4]; CLASSES] = {
    let mut table = [[0; 4]; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        table[class] = four_entries(class);
        class += 1;
    }
    table
};

#[expect(clippy::cast_possible_truncation, reason = "DIRECT is below 256")]
const fn four_entries(class: usize) -> [u8; 4] {
    let (first, end) = direct_entries(class);
    if first == end {
        return [DIRECT as u8; 4];
    }
    assert!(end - first <= 4, "a class has at most four entries");
    let mut entries = [0; 4];
    let mut i = 0;
    while i < 4 {
        let entry = first + i;
        entries[i] = if entry < end { entry } else { end - 1 } as u8;
        i += 1;
    }
    entries
}

/// Slices of a slab of a class.
#[must_use]
pub const fn slab_slices(class: usize) -> usize {
    if BLOCK_BYTES[class] as usize <= ONE_SLICE_MAX {
        1
    } else {
        MEDIUM_SLICES
    }
}

/// Blocks in a slab of a class.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "at most 4096 blocks")]
pub const fn slab_blocks(class: usize) -> u16 {
    (slab_slices(class) * SLICE_BYTES / BLOCK_BYTES[class] as usize) as u16
}

/// The smallest class whose blocks hold `bytes` at multiples of `align`, if there is one.
///
/// Blocks start at multiples of their size from a slice, so a size that is a multiple of the
/// alignment is enough.
#[must_use]
pub fn aligned_class(bytes: usize, align: usize) -> Option<usize> {
    if bytes > CLASS_MAX || align > SLICE_BYTES {
        return None;
    }
    let first = class_of(bytes.max(1));
    (first..CLASSES).find(|class| (BLOCK_BYTES[*class] as usize).is_multiple_of(align))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_fits_its_class_and_not_the_one_below() {
        for bytes in 0..=CLASS_MAX {
            let class = class_of(bytes);
            assert!(BLOCK_BYTES[class] as usize >= bytes, "{bytes}");
            if class > 0 {
                assert!((BLOCK_BYTES[class - 1] as usize) < bytes.max(1), "{bytes}");
            }
        }
    }

    #[test]
    fn at_most_an_eighth_is_waste_beyond_alignment() {
        for bytes in 1..=CLASS_MAX {
            let block = BLOCK_BYTES[class_of(bytes)] as usize;
            let needed = bytes.next_multiple_of(16);
            assert!((block - needed) * 8 <= block, "{bytes} in {block}");
        }
    }

    #[test]
    fn tables_agree_with_arithmetic() {
        for bytes in 0..=SMALL_MAX {
            let class = class_of(bytes);
            let (first, end) = direct_entries(class);
            let entry = bytes.div_ceil(16);
            assert!((first..end).contains(&entry), "{bytes}");
            assert!(
                DIRECT_ENTRIES[class]
                    .iter()
                    .any(|e| usize::from(*e) == entry),
                "{bytes}"
            );
        }
        for bytes in SMALL_MAX + 1..=CLASS_MAX {
            assert_eq!(
                usize::from(MID_CLASS[bytes.div_ceil(128)]),
                class_of(bytes),
                "{bytes}"
            );
        }
    }

    #[test]
    fn slabs_waste_at_most_an_eighth_at_their_end() {
        for (class, block) in BLOCK_BYTES.into_iter().enumerate() {
            let bytes = slab_slices(class) * SLICE_BYTES;
            let used = usize::from(slab_blocks(class)) * block as usize;
            assert!((bytes - used) * 8 <= bytes, "class {class}");
            assert!(slab_blocks(class) >= 8);
        }
    }

    #[test]
    fn aligned_classes_are_multiples() {
        for align in [16, 32, 64, 128, 4096, 8192, 32768] {
            for bytes in [0, 1, 100, 129, 4000, 5000, 20_000, 32_768] {
                let class = aligned_class(bytes, align).expect("a power of two is a class");
                assert!(BLOCK_BYTES[class] as usize >= bytes);
                assert_eq!(BLOCK_BYTES[class] as usize % align, 0);
            }
        }
        assert_eq!(aligned_class(100, 65_536 * 2), None);
    }
}
