//! Names that stand twice in a header.
//!
//! # Role
//! [`repeated`]: a pass over the outermost object of a JSON text.
//!
//! # Not here
//! Whether it is valid JSON: that was checked before.
//!
//! # Invariants
//! - I1: names are compared as they mean, not as they are written: `a` and `\u0061` are the same.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A key that the outermost object of a valid JSON text has twice.
pub(super) fn repeated(json: &[u8]) -> Option<Cow<'_, str>> {
    let mut names = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    // In the outermost object a text is a key unless it follows a colon.
    let mut is_key = true;
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 1 => is_key = false,
            b',' if depth == 1 => is_key = true,
            b'"' => {
                let start = at;
                at = behind_text(json, start);
                if depth == 1 && is_key {
                    let text = json.get(start..at.saturating_sub(1));
                    names.push(meant(text.and_then(|t| str::from_utf8(t).ok())?));
                }
            }
            _ => {}
        }
    }
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
    twice.first().cloned()
}

/// Where a text ends that begins at `at`: behind its quote.
fn behind_text(json: &[u8], mut at: usize) -> usize {
    while let Some(byte) = json.get(at) {
        at += match byte {
            b'\\' => 2,
            b'"' => return at + 1,
            _ => 1,
        };
    }
    json.len()
}

/// A text without its escapes.
fn meant(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut units = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
            continue;
        }
        units.push(match chars.next() {
            Some('b') => 8,
            Some('f') => 12,
            Some('n') => 10,
            Some('r') => 13,
            Some('t') => 9,
            Some('u') => (0..4).fold(0, |unit: u16, _| {
                let digit = chars.next().and_then(|digit| digit.to_digit(16));
                (unit << 4) | digit.and_then(|d| u16::try_from(d).ok()).unwrap_or(0)
            }),
            // A quote, a slash or a backslash.
            Some(other) => u16::try_from(u32::from(other)).unwrap_or(0),
            None => 0,
        });
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}
