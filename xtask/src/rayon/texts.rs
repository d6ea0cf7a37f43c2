//! Texts to be sorted.

use crate::failure::Failure;
use std::fs;
use std::path::Path;

/// Writes `lines` lines of words and numbers, many of them more than once, the same each time.
pub(super) fn write(path: &Path, lines: u64) -> Result<(), Failure> {
    let mut text = String::new();
    for line in 0..lines {
        let bits = mix(line % (lines / 3 + 1));
        let word = |shift: u64| {
            let first = b'a' + u8::try_from((bits >> shift) % 26).unwrap_or(0);
            char::from(first)
        };
        text.extend([word(3), word(9), word(14), ' ']);
        text.push_str(&format!("{} {:x}\n", bits % 100_000, bits >> 20));
    }
    fs::write(path, text).map_err(|error| Failure::file(path, error))
}

fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
