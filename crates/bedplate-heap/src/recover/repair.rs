//! What was done.

use crate::{Fault, Ref, Report};
use core::fmt;

/// How something was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// The count is the number of references now.
    Recounted,
    /// What nobody held is freed.
    Freed,
    /// The collector looks at it.
    MadeCandidate,
    /// The lists were made anew from what the heap holds.
    ListsRebuilt,
    /// What the object says of itself was made anew from what it holds.
    Rebuilt,
    /// The target knows of its weak references.
    MarkedWeak,
    /// Refused releases are accounted for.
    Acknowledged,
    /// The references are nil now.
    MadeNil,
    /// The weak reference is dead.
    WeakEnded,
    /// It ends where its room ends.
    Clipped,
    /// It holds nothing now.
    Emptied,
    /// It is empty bytes whose count sticks.
    SetAside,
}

impl Action {
    /// Whether something that the program could see is not what it was.
    #[must_use]
    pub const fn loses(self) -> bool {
        matches!(
            self,
            Self::MadeNil | Self::WeakEnded | Self::Clipped | Self::Emptied | Self::SetAside
        )
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Recounted => "its count is the number of references now",
            Self::Freed => "freed",
            Self::MadeCandidate => "the collector looks at it",
            Self::ListsRebuilt => "the lists were made anew",
            Self::Rebuilt => "made anew from what it holds",
            Self::MarkedWeak => "its target knows of it again",
            Self::Acknowledged => "accounted for",
            Self::MadeNil => "its references to no object are nil now",
            Self::WeakEnded => "dead now",
            Self::Clipped => "it ends where its room ends",
            Self::Emptied => "it holds nothing now",
            Self::SetAside => "set aside: empty bytes that are never freed",
        }
    }
}

/// A fault that was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Repair {
    /// Its kind.
    pub fault: Fault,
    /// How it was mended.
    pub action: Action,
    /// The object; none where it was the heap's.
    pub object: Option<Ref>,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.fault.name())?;
        match self.object {
            Some(object) => write!(f, "{object:?}: ")?,
            None => f.write_str("the heap: ")?,
        }
        f.write_str(self.action.sentence())
    }
}

/// What recovery did.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Recovery {
    /// What was found.
    pub before: Report,
    /// What was done about it, in order.
    pub repairs: Vec<Repair>,
    /// Whether the heap went back to the checkpoint, so that the repairs are undone.
    pub went_back: bool,
    /// What is found now.
    pub after: Report,
}

impl Recovery {
    /// Whether nothing is lost that the program could see.
    #[must_use]
    pub fn is_lossless(&self) -> bool {
        !self.repairs.iter().any(|repair| repair.action.loses())
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "before: {}", self.before)?;
        for repair in &self.repairs {
            writeln!(f, "  {repair}")?;
        }
        if self.went_back {
            writeln!(
                f,
                "  this lost something: the heap went back to the checkpoint"
            )?;
        }
        write!(f, "after: {}", self.after)
    }
}
