//! The lines of an operation.
//!
//! # Role
//! The audit names the line where an expression begins; compilers name the line of the method. Both
//! are the same but for calls that are written over several lines.

use core::ops::RangeInclusive;

/// Lines after the first that are looked at for the method.
const LINES_MAX: usize = 6;

/// Parts of the names of atomic operations in Rust, C and C++.
const METHODS: [&str; 10] = [
    ".load(",
    ".store(",
    ".swap(",
    ".fetch_",
    ".compare_",
    ".try_update(",
    ".update(",
    ".exchange(",
    "atomic_",
    "__sync_",
];

/// Where an operation stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// From the line where it begins to that of its method.
    pub(super) lines: RangeInclusive<u32>,
    /// Whether they name a method of atomics; otherwise a function is called that does.
    pub(super) has_method: bool,
}

impl Extent {
    /// Of the operation that begins on line `first`.
    pub(super) fn of(lines: &[&str], first: u32) -> Self {
        let start = (first as usize).saturating_sub(1);
        let rest = lines.iter().skip(start).take(1 + LINES_MAX);
        for (index, line) in (first..).zip(rest) {
            if METHODS.iter().any(|method| line.contains(method)) {
                return Self {
                    lines: first..=index,
                    has_method: true,
                };
            }
            if line.trim_end().ends_with([';', '{', '}']) {
                break;
            }
        }
        Self {
            lines: first..=first,
            has_method: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Extent;

    #[test]
    fn a_call_over_lines_reaches_to_its_method() {
        let lines = [
            "self.stats",
            "    .hits",
            "    .fetch_add(1, Relaxed);",
            "}",
        ];
        let of = |first| Extent::of(&lines, first);
        assert!(of(1).lines == (1..=3) && of(1).has_method);
        assert_eq!(of(3).lines, 3..=3);
    }

    #[test]
    fn the_method_of_another_statement_is_not_its_own() {
        let lines = ["bump(&HITS);", "HITS.load(Relaxed)"];
        let of = |first| Extent::of(&lines, first);
        assert!(of(1).lines == (1..=1) && !of(1).has_method);
        assert_eq!(of(9).lines, 9..=9);
    }
}
