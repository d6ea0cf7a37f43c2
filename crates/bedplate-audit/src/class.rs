//! The classes of atomic locations.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What an atomic location is to its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Class {
    /// The program's course or memory rests on it.
    Correctness,
    /// It is only counted, printed, logged or asserted.
    Telemetry,
    /// Its value leaves through a public getter or standard output, and decides nothing inside the tree.
    Exported,
    /// Branches on it guard nothing but messages.
    DiagControl,
    /// It picks among choices that are all right: a seed, a round-robin index, a hint.
    Heuristic,
    /// The evidence does not suffice.
    Unknown,
}

impl Class {
    /// All classes, in the order in which tables show them.
    pub const ALL: [Self; 6] = [
        Self::Correctness,
        Self::Telemetry,
        Self::Exported,
        Self::DiagControl,
        Self::Heuristic,
        Self::Unknown,
    ];

    /// The name in labels, documents and on the terminal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Correctness => "CORRECTNESS",
            Self::Telemetry => "TELEMETRY",
            Self::Exported => "EXPORTED",
            Self::DiagControl => "DIAG-CONTROL",
            Self::Heuristic => "HEURISTIC",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether the operations could be built out: only figures or messages would be missing.
    #[must_use]
    pub fn is_removable(self) -> bool {
        matches!(self, Self::Telemetry | Self::Exported | Self::DiagControl)
    }

    /// Whether it only counts.
    #[must_use]
    pub fn counts_only(self) -> bool {
        matches!(self, Self::Telemetry | Self::Exported)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_documents() {
        for class in Class::ALL {
            assert_eq!(
                serde_json::to_value(class).unwrap(),
                serde_json::Value::from(class.name())
            );
        }
    }
}
