//! Which labels the rules may be made with.

use core::fmt;

use serde::{Deserialize, Serialize};

/// One half of the labels, or those that came later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// Rules were made with these in sight.
    Rules,
    /// Kept out of rule-making; these are only scored.
    KeptOut,
    /// Likewise, and scored only once, after the rules were changed for the last time.
    Later,
}

impl Half {
    /// Decides by a hash of the location (FNV-1a of its parts, mixed once more), so that nobody chooses.
    ///
    /// The line is not part of it: another version of a file keeps its halves.
    #[must_use]
    pub fn of(package: &str, file: &str, location: &str) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let parts = [package, ":", file, ":", location];
        let hash = parts
            .iter()
            .flat_map(|part| part.bytes())
            .fold(OFFSET, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(PRIME)
            });
        // The last letters, often the same word, have not reached every bit yet.
        let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        if (mixed >> 33) & 1 == 0 {
            Self::Rules
        } else {
            Self::KeptOut
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rules => "used for rules",
            Self::KeptOut => "kept out",
            Self::Later => "kept out later",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_never_changes() {
        let bits: String = ('a'..='h')
            .map(|name| Half::of("package", "src/file.rs", &format!("Type.{name}")))
            .map(|half| if half == Half::Rules { '0' } else { '1' })
            .collect();
        assert_eq!(bits, "10111000");
    }
}
