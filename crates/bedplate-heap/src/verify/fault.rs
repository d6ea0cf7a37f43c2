//! What can be wrong.

use crate::{Kind, Ref};
use core::fmt;

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Fault {
    /// A count that is not the number of references.
    Count = 0,
    /// A reference to what is no object.
    Dangling = 1,
    /// An object that nothing leads to, and that the collector does not know.
    Orphan = 2,
    /// A candidate that is not in its list, or a list that names no slot.
    Candidates = 3,
    /// An object that does not fit its slot, its shape or its buffer.
    Structure = 4,
    /// A weak reference or a generation that cannot be.
    Weak = 5,
    /// A count, a buffer or a slot that nobody holds and no collection frees.
    Leak = 6,
    /// A free slot that is in use, twice in a list or in another's.
    DoubleFree = 7,
    /// An object without a count, or references given back that were not there.
    Underflow = 8,
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Severity {
    /// Memory is lost.
    Minor,
    /// An operation may give a wrong answer or an error.
    Serious,
    /// Two objects may become one.
    Fatal,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Count,
        Self::Dangling,
        Self::Orphan,
        Self::Candidates,
        Self::Structure,
        Self::Weak,
        Self::Leak,
        Self::DoubleFree,
        Self::Underflow,
    ];

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Orphan | Self::Candidates | Self::Leak => Severity::Minor,
            Self::Structure | Self::Weak => Severity::Serious,
            Self::Count | Self::Dangling | Self::DoubleFree | Self::Underflow => Severity::Fatal,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Dangling => "dangling",
            Self::Orphan => "orphan",
            Self::Candidates => "candidates",
            Self::Structure => "structure",
            Self::Weak => "weak",
            Self::Leak => "leak",
            Self::DoubleFree => "double free",
            Self::Underflow => "underflow",
        }
    }

    /// What a host does about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Count => "look for a retain or a release that is missing or one too many",
            Self::Dangling => "look for a value that was stored without a reference of its own",
            Self::Orphan | Self::Candidates => "collect, and report it: the heap lost track",
            Self::Structure => {
                "go back to a checkpoint; look for a handle that outlived its object"
            }
            Self::Weak => "look for a handle that outlived its weak reference",
            Self::Leak => "look for a retain without its release",
            Self::DoubleFree => "go back to a checkpoint; look for a release too many",
            Self::Underflow => "look for a release too many",
        }
    }
}

/// In what an object does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Misfit {
    /// Its kind has another size than the slot, or is none.
    Kind,
    /// Flags that its kind does not have.
    Flags,
    /// A shape that is not there.
    Shape,
    /// Its buffer is none, or another object's.
    Buffer,
    /// It is longer than its room.
    Length,
    /// A table whose entries are not as many as it says.
    Entries,
    /// The host's part is not there.
    Host,
    /// Its finalizer is not there, or is there without it.
    Finalizer,
}

/// What exactly was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum What {
    /// The count is not the number of references.
    Counted {
        /// The count.
        count: u32,
        /// The references.
        references: u64,
    },
    /// It refers to a place that is no object.
    RefersTo {
        /// The place.
        place: u32,
    },
    /// A root, a finalizer or the host refers to a place that is no object.
    HeldPlace {
        /// The place.
        place: u32,
    },
    /// Nothing leads to it.
    Unreached,
    /// It says that it is in a list of candidates, and is not.
    Unlisted,
    /// A list of candidates names a place that is no slot.
    ListedPlace {
        /// The place.
        place: u32,
    },
    /// It does not fit.
    Misfit(Misfit),
    /// The generation is younger than the target's.
    Generation {
        /// Of the weak reference.
        found: u32,
        /// Of the target.
        current: u32,
    },
    /// The target's generation goes on, and it is no object.
    TargetGone {
        /// The target's place.
        place: u32,
    },
    /// Its references are fewer than its count, and nothing leads to it.
    HeldByNobody {
        /// The count.
        count: u32,
        /// The references.
        references: u64,
    },
    /// A buffer that no object has.
    BufferOfNobody,
    /// A slot that is free and in no list.
    SlotOfNobody,
    /// A list of free slots leads to a place that is no free slot of its class.
    FreeElsewhere {
        /// The place.
        place: u32,
    },
    /// A free slot that is in a list twice.
    FreeTwice,
    /// Its count is zero and it is not about to be freed.
    CountZero {
        /// The references to it.
        references: u64,
    },
    /// References were given back that were not there.
    Refused {
        /// How often.
        times: u64,
    },
}

impl What {
    /// Its kind.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::Counted { .. } => Fault::Count,
            Self::RefersTo { .. } | Self::HeldPlace { .. } => Fault::Dangling,
            Self::Unreached => Fault::Orphan,
            Self::Unlisted | Self::ListedPlace { .. } => Fault::Candidates,
            Self::Misfit(_) => Fault::Structure,
            Self::Generation { .. } | Self::TargetGone { .. } => Fault::Weak,
            Self::HeldByNobody { .. } | Self::BufferOfNobody | Self::SlotOfNobody => Fault::Leak,
            Self::FreeElsewhere { .. } | Self::FreeTwice => Fault::DoubleFree,
            Self::CountZero { .. } | Self::Refused { .. } => Fault::Underflow,
        }
    }
}

/// A fault and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// What was found.
    pub what: What,
    /// The object or slot; none where it is the heap's.
    pub object: Option<Ref>,
    /// What the object says that it is.
    pub kind: Kind,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.what.fault().name())?;
        match self.object {
            Some(object) => write!(f, "{:?} {object:?} ", self.kind)?,
            None => f.write_str("the heap ")?,
        }
        match self.what {
            What::Counted { count, references } | What::HeldByNobody { count, references } => {
                write!(f, "counts {count} references of {references}")?;
                f.write_str(match self.what {
                    What::Counted { .. } => "",
                    _ => ", and nothing leads to it",
                })
            }
            What::RefersTo { place } => write!(f, "refers to @{place}, which is no object"),
            What::HeldPlace { place } => {
                write!(f, "is asked to keep @{place}, which is no object")
            }
            What::Unreached => f.write_str("is reached by nothing and by no candidate"),
            What::Unlisted => f.write_str("is a candidate and in no list"),
            What::ListedPlace { place } => write!(f, "lists @{place}, which is no slot"),
            What::Misfit(misfit) => write!(f, "does not fit: {misfit:?}"),
            What::Generation { found, current } => {
                write!(f, "is of generation {found}, its target of {current}")
            }
            What::TargetGone { place } => write!(f, "says that @{place} lives"),
            What::BufferOfNobody => f.write_str("is no object's"),
            What::SlotOfNobody => f.write_str("is free and in no list"),
            What::FreeElsewhere { place } => write!(f, "leads to @{place} as a free slot"),
            What::FreeTwice => f.write_str("is in a list of free slots twice"),
            What::CountZero { references } => write!(
                f,
                "has no count, {references} references, and is not about to be freed"
            ),
            What::Refused { times } => write!(f, "refused {times} releases too many"),
        }
    }
}
