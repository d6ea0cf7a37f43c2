//! Errors of the crate.
//!
//! # Role
//! What failed, which limit, what to do.

use crate::{Kind, Ref, Value};
use bedplate_os::OsError;
use bedplate_os::budget::BudgetError;
use core::fmt;

/// What a heap cannot do. Nothing was changed, and values that were to be taken over are still the
/// caller's.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum HeapError {
    /// The system gave no memory.
    Os(OsError),
    /// The heap's capacity is used up. What only dropped roots hold is used, too, until the next step,
    /// settling or collection.
    Full {
        /// The capacity.
        capacity_bytes: usize,
    },
    /// The budget that the heap's memory is charged to has not enough left.
    Budget(BudgetError),
    /// The object is of another kind, or no more ([`Kind::Free`]).
    Kind {
        /// The object.
        object: Ref,
        /// What it is.
        found: Kind,
        /// What it should be.
        wanted: Kind,
    },
    /// A value that is no object where one is wanted.
    NotObject {
        /// The value.
        found: Value,
    },
    /// An index behind the end.
    Index {
        /// The index.
        index: u32,
        /// How many there are.
        length: u32,
    },
    /// Nil or not a number as a table's key.
    Key,
    /// More than a kind can hold.
    TooLong {
        /// What was asked for.
        asked: usize,
        /// What can be.
        max: usize,
    },
    /// A root of another heap.
    ForeignRoot,
    /// A shape of another heap, or one that was given up and freed.
    ForeignShape,
    /// A key of another heap, or one that was given up and freed.
    ForeignKey,
    /// A root that is younger than the checkpoint that the heap went back to.
    StaleRoot,
    /// A graph that is to be moved and that something else holds, too.
    NotClosed {
        /// The object that is held from outside the graph.
        object: Ref,
    },
    /// An object that stays with its heap: one of the host's, or one with a finalizer.
    NotMovable {
        /// The object; none where it is the parcel's.
        object: Option<Ref>,
    },
    /// A checkpoint of another heap.
    ForeignCheckpoint,
    /// An object of the host that cannot be copied.
    HostObject {
        /// The object; none where it is the checkpoint's.
        object: Option<Ref>,
    },
}

impl fmt::Display for HeapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Os(error) => write!(f, "failed to get memory for the heap: {error}"),
            Self::Budget(error) => write!(f, "failed to get memory for the heap: {error}"),
            Self::Full { capacity_bytes } => write!(
                f,
                "failed to allocate: the heap's {capacity_bytes} bytes are used up; build it with more"
            ),
            Self::Kind {
                object,
                found: Kind::Free,
                ..
            } => write!(
                f,
                "failed to use object {object:?}: it is freed; retain it for as long as it is used"
            ),
            Self::Kind {
                object,
                found,
                wanted,
            } => write!(
                f,
                "failed to use object {object:?} as a {wanted:?}: it is a {found:?}"
            ),
            Self::NotObject { found } => {
                write!(f, "failed to use {found:?}: an object is wanted")
            }
            Self::Index { index, length } => {
                write!(f, "failed to index {index}: there are {length}")
            }
            Self::Key => f.write_str("failed to use a key: neither nil nor NaN can be one"),
            Self::TooLong { asked, max } => {
                write!(
                    f,
                    "failed to make an object of {asked} parts: at most {max}"
                )
            }
            Self::ForeignRoot => f.write_str("failed to read a root: it is of another heap"),
            Self::ForeignShape => f.write_str(
                "failed to use a shape: it is of another heap, or was given up; ask the heap of the record for it",
            ),
            Self::ForeignKey => f.write_str(
                "failed to use a key: it is of another heap, or was given up; ask the heap of the record for the key of its name",
            ),
            Self::StaleRoot => f.write_str(
                "failed to read a root: the heap went back to a checkpoint that is older; make it again",
            ),
            Self::NotClosed { object } => write!(
                f,
                "failed to move a graph: object {object:?} in it is held from outside, too; give those references back, or copy the graph"
            ),
            Self::NotMovable { object } => write!(
                f,
                "failed to move a graph: object {object:?} is the host's or has a finalizer, which stay with their heap; take it out of the graph"
            ),
            Self::ForeignCheckpoint => f.write_str(
                "failed to go back to a checkpoint: it is of another heap; keep each with its heap",
            ),
            Self::HostObject { object } => write!(
                f,
                "failed to make a checkpoint: host object {object:?} cannot be copied; implement HostObject::copy for its type"
            ),
        }
    }
}

impl core::error::Error for HeapError {}
