//! Facts about the machine, known or absent for a stated reason.
//!
//! # Role
//! A reading either is known or is absent *because* of something; no reading is ever zero for want
//! of a better answer.
//!
//! # Not here
//! How a fact is read: each room reads its own.
//!
//! # Invariants
//! - I1: [`Reason`] is plain data without heap memory, so it can travel in snapshots.

use alloc::string::String;
#[cfg(feature = "serde")]
use alloc::string::ToString as _;
use core::fmt;

/// A value, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Fact<T, B = Because> {
    /// It was read and made sense.
    Known(T),
    /// There is none, because of this.
    Absent {
        /// Why.
        because: B,
    },
}

/// Why a reading is absent, and where it was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// What went wrong.
    pub reason: Reason,
    /// The file, or the name of the call.
    pub place: String,
}

/// What kept a reading from being known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The file or call does not exist on this kernel or in this container.
    NotThere,
    /// The file is there and does not mention the value.
    NotListed,
    /// The process may not read it.
    Forbidden,
    /// The kernel was started with the service switched off.
    SwitchedOff,
    /// The kernel refused with this error number.
    Failed {
        /// The error number.
        code: i32,
    },
    /// The text is longer than any kernel writes.
    TooLong,
    /// The text ends in the middle.
    Truncated,
    /// The text is not what a kernel writes.
    Garbage,
    /// Two readings cannot both be true.
    Contradicts {
        /// Which.
        what: ContradictionText,
    },
    /// The control group does not carry this controller.
    NoController,
    /// The control group lies outside what is mounted here.
    OutsideMount,
    /// The value can only be had by a call to the running kernel, and this is a description.
    NotThisMachine,
    /// There is no limit, and so no share of it.
    Unlimited,
    /// The process was forked and the reader stayed in the parent.
    Forked,
    /// This system has no such service.
    Unsupported,
}

/// The text of a contradiction: static, so that a reason needs no heap memory.
pub type ContradictionText = &'static str;

impl Reason {
    /// True where the reading exists but cannot be believed: a fault worth a report, where the
    /// plain absence of a service is not.
    #[must_use]
    pub const fn is_doubtful(self) -> bool {
        matches!(
            self,
            Self::Failed { .. }
                | Self::TooLong
                | Self::Truncated
                | Self::Garbage
                | Self::Contradicts { .. }
        )
    }

    /// The reason at a place.
    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Because {
        Because {
            reason: self,
            place: place.into(),
        }
    }

    /// The reason that an error number of the kernel's stands for.
    #[must_use]
    pub const fn of_code(code: i32) -> Self {
        match code {
            libc::ENOENT | libc::ENOTDIR | libc::ENODEV => Self::NotThere,
            libc::EACCES | libc::EPERM => Self::Forbidden,
            libc::EOPNOTSUPP => Self::SwitchedOff,
            libc::ENOSYS => Self::Unsupported,
            _ => Self::Failed { code },
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere => f.write_str("is not there"),
            Self::NotListed => f.write_str("does not list it"),
            Self::Forbidden => f.write_str("may not be read by this process"),
            Self::SwitchedOff => f.write_str("is switched off in this kernel"),
            Self::Failed { code } => write!(f, "could not be read (error {code})"),
            Self::TooLong => f.write_str("is longer than a kernel writes it"),
            Self::Truncated => f.write_str("ends in the middle"),
            Self::Garbage => f.write_str("does not hold what a kernel writes there"),
            Self::Contradicts { what } => write!(f, "contradicts itself: {what}"),
            Self::NoController => f.write_str("has no such controller"),
            Self::OutsideMount => f.write_str("lies outside the mounted control groups"),
            Self::NotThisMachine => f.write_str("can only be asked of the running kernel"),
            Self::Unlimited => f.write_str("has no limit"),
            Self::Forked => f.write_str("is read by a thread of the parent process"),
            Self::Unsupported => f.write_str("is not supported on this system"),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.reason)
    }
}

impl core::error::Error for Because {}

#[cfg(feature = "serde")]
impl serde::Serialize for Because {
    /// The two fields, and the sentence that they make.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("Because", 3)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.serialize_field("place", &self.place)?;
        fields.serialize_field("text", &self.to_string())?;
        fields.end()
    }
}

impl<T, B> Fact<T, B> {
    /// The value, if it is known.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent { .. } => None,
        }
    }

    /// Why it is absent, if it is.
    #[must_use]
    pub const fn because(&self) -> Option<&B> {
        match self {
            Self::Known(_) => None,
            Self::Absent { because } => Some(because),
        }
    }

    /// The value with another meaning.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U, B> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Absent { because } => Fact::Absent { because },
        }
    }

    /// The fact as a result, for `?`.
    ///
    /// # Errors
    /// - The reason, where the fact is absent.
    pub fn ok(self) -> Result<T, B> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Absent { because } => Err(because),
        }
    }
}

impl<T, B> From<Result<T, B>> for Fact<T, B> {
    fn from(read: Result<T, B>) -> Self {
        match read {
            Ok(value) => Self::Known(value),
            Err(because) => Self::Absent { because },
        }
    }
}

impl<T: fmt::Display, B: fmt::Display> fmt::Display for Fact<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Absent { because } => write!(f, "none, because {because}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, Reason};

    #[test]
    fn an_absent_fact_says_none_because() {
        let fact: Fact<u64> = Fact::Absent {
            because: Reason::NotThere.at("/proc/pressure/memory"),
        };
        assert_eq!(
            fact.to_string(),
            "none, because /proc/pressure/memory is not there"
        );
        assert_eq!(fact.known(), None);
    }

    #[test]
    fn a_missing_service_is_no_fault_and_garbage_is() {
        assert!(!Reason::NotThere.is_doubtful());
        assert!(!Reason::SwitchedOff.is_doubtful());
        assert!(Reason::Garbage.is_doubtful());
        assert!(Reason::of_code(libc::EIO).is_doubtful());
    }
}
