//! Verdicts.
//!
//! # Role
//! What the interval says against the margin, and whether time and instructions contradict.
//!
//! # Not here
//! Exit codes are documented with the command; `Verdict::exit_code` is their one table.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What came out of a comparison of A, the baseline, with B, the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Verdict {
    /// B is better.
    Go,
    /// B is worse.
    NoGo,
    /// B is neither better nor worse by the margin.
    Equivalent,
    /// B is not worse by the margin.
    Safe,
    /// The pairs do not tell.
    Inconclusive,
    /// Both sides are the same program with the same arguments.
    Identical,
    /// The code in question did not run, so nothing was compared.
    NotExecuted,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Go,
        Self::NoGo,
        Self::Equivalent,
        Self::Safe,
        Self::Inconclusive,
        Self::Identical,
        Self::NotExecuted,
    ];

    /// Exit code of the command line.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Go => 0,
            Self::NoGo => 10,
            Self::Equivalent => 11,
            Self::Safe => 12,
            Self::Inconclusive => 13,
            Self::Identical => 14,
            Self::NotExecuted => 15,
        }
    }

    /// The verdict in one plain sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Go => "B is better than A",
            Self::NoGo => "B is worse than A",
            Self::Equivalent => "B differs from A by less than the margin, either way",
            Self::Safe => "B is not worse than A by the margin; whether it is better is not known",
            Self::Inconclusive => "these pairs do not tell A and B apart, nor show them equal",
            Self::Identical => {
                "A and B are the same program with the same arguments; nothing was run"
            }
            Self::NotExecuted => "the code in question did not run, so nothing was compared",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Go => "GO",
            Self::NoGo => "NO-GO",
            Self::Equivalent => "EQUIVALENT",
            Self::Safe => "SAFE",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Identical => "IDENTICAL",
            Self::NotExecuted => "NOT EXECUTED",
        })
    }
}

/// Shifts that are not ruled out; `None` where there is no end yet. A shift is the natural
/// logarithm of A's figure over B's: above 0, B is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// What is known of the shift.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent claims about one interval, two for each of its ends"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Above 0.
    pub is_better: bool,
    /// Below 0.
    pub is_worse: bool,
    /// Above minus the margin.
    pub is_not_worse: bool,
    /// Below the margin.
    pub is_not_better: bool,
}

impl Known {
    /// From an interval and the margin.
    #[must_use]
    pub fn from_interval(interval: Interval, margin: f64) -> Self {
        let above = |shift: f64| interval.low.is_some_and(|low| low > shift);
        let below = |shift: f64| interval.high.is_some_and(|high| high < shift);
        Self {
            is_better: above(0.0),
            is_worse: below(0.0),
            is_not_worse: above(-margin),
            is_not_better: below(margin),
        }
    }

    /// The verdict that ends the comparison now, if one does.
    #[must_use]
    pub const fn early(self) -> Option<Verdict> {
        match self {
            Self {
                is_better: true, ..
            } => Some(Verdict::Go),
            Self { is_worse: true, .. } => Some(Verdict::NoGo),
            Self {
                is_not_worse: true,
                is_not_better: true,
                ..
            } => Some(Verdict::Equivalent),
            _ => None,
        }
    }

    /// The verdict when there will be no more pairs.
    #[must_use]
    pub const fn last(self) -> Verdict {
        match self.early() {
            Some(verdict) => verdict,
            None if self.is_not_worse => Verdict::Safe,
            None => Verdict::Inconclusive,
        }
    }
}

/// Instruction counts that differ by less, as a share, count as equal.
pub const EQUAL_INSTRUCTIONS: f64 = 1e-4;

/// Instruction counts that differ by more, as a share, should be seen in time.
const PLAIN_INSTRUCTIONS: f64 = 0.01;

/// How time and instructions contradict each other, if they do; `instructions` is the logarithm of
/// A's count over B's.
#[must_use]
pub fn contradiction(verdict: Verdict, instructions: f64) -> Option<&'static str> {
    let is_decided = matches!(verdict, Verdict::Go | Verdict::NoGo);
    if is_decided && instructions.abs() < EQUAL_INSTRUCTIONS {
        return Some(
            "LAYOUT SUSPECT: both sides execute the same number of instructions, so the difference \
             in time may come from where the linker put the code, or from waiting; build each side \
             several times with other layouts before you believe it",
        );
    }
    match verdict {
        Verdict::Go if instructions < -PLAIN_INSTRUCTIONS => Some(
            "CONTRADICTION: B takes less time and executes more instructions; find out why before \
             you adopt it",
        ),
        Verdict::NoGo if instructions > PLAIN_INSTRUCTIONS => Some(
            "CONTRADICTION: B takes more time and executes fewer instructions; find out why before \
             you drop it",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(low: f64, high: f64) -> Verdict {
        let interval = Interval {
            low: Some(low),
            high: Some(high),
        };
        Known::from_interval(interval, 0.005).last()
    }

    #[test]
    fn the_interval_against_the_margin_is_the_verdict() {
        assert_eq!(verdict(0.001, 0.02), Verdict::Go);
        assert_eq!(verdict(0.001, 0.003), Verdict::Go, "better, if by little");
        assert_eq!(verdict(-0.02, -0.001), Verdict::NoGo);
        assert_eq!(verdict(-0.004, 0.004), Verdict::Equivalent);
        assert_eq!(verdict(-0.004, 0.02), Verdict::Safe);
        assert_eq!(verdict(-0.02, 0.02), Verdict::Inconclusive);
        assert_eq!(verdict(-0.02, 0.004), Verdict::Inconclusive);
        let nothing = Known::from_interval(Interval::default(), 0.005);
        assert_eq!(nothing.last(), Verdict::Inconclusive);
        assert_eq!(nothing.early(), None);
    }

    #[test]
    fn exit_codes_are_all_different() {
        let codes: alloc::collections::BTreeSet<u8> =
            Verdict::ALL.iter().map(|v| v.exit_code()).collect();
        assert_eq!(codes.len(), Verdict::ALL.len());
        assert!(Verdict::ALL.iter().all(|v| !v.meaning().is_empty()));
    }

    #[test]
    fn time_without_instructions_is_suspect() {
        let suspect = contradiction(Verdict::Go, 0.000_01).unwrap();
        assert!(suspect.contains("LAYOUT SUSPECT"));
        assert!(contradiction(Verdict::NoGo, 0.0).is_some());
        assert!(contradiction(Verdict::Equivalent, 0.0).is_none());
        assert!(contradiction(Verdict::Go, 0.02).is_none());
        assert!(
            contradiction(Verdict::Go, -0.02)
                .unwrap()
                .contains("CONTRADICTION")
        );
        assert!(
            contradiction(Verdict::NoGo, 0.02)
                .unwrap()
                .contains("fewer")
        );
    }
}
