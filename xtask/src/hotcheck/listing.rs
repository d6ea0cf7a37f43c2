//! The straight way through a hit path as text.
//!
//! # Role
//! One line an instruction, in the order in which they run.

use super::image::Image;
use iced_x86::{Decoder, DecoderOptions, Formatter as _, IntelFormatter};

/// The longest instruction.
const INSTRUCTION_BYTES: usize = 15;

/// The lines of an entry's straight way.
pub(super) fn text(image: &Image, entry: &str, way: &[u64]) -> String {
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_rip_relative_addresses(true);
    formatter.options_mut().set_branch_leading_zeros(false);
    let mut lines = format!("{entry}:\n");
    for address in way {
        let bytes = image.bytes_from(*address).unwrap_or_default();
        let bytes = bytes.get(..INSTRUCTION_BYTES).unwrap_or(bytes);
        let instruction = Decoder::with_ip(64, bytes, *address, DecoderOptions::NONE).decode();
        lines.push_str("    ");
        formatter.format(&instruction, &mut lines);
        lines.push('\n');
    }
    lines
}
