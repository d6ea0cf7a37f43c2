//! What is found at a use.

use alloc::collections::BTreeMap;

use super::parts::Part;
use crate::facts::{LocationId, Site};

/// What a use is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// Decides what the program does.
    Decides(String),
    /// Followed as a pointer.
    Pointer,
    /// Picks an element.
    Index,
    /// Each reader gets a value of its own, or the right to go on.
    Claims(String),
    /// Only decides whether a message is given.
    Message,
    /// Logged, asserted, or printed to standard error.
    Shown(String),
    /// Printed to standard output: what the program has to say, which others may go by.
    Printed(String),
    /// Leaves through a public function or field.
    Leaves(String),
    /// Only so much room is made.
    Room,
    /// Callers are told whether it is zero.
    Any(String),
    /// What leaves through this was chosen by it.
    Chosen(String),
    /// Reduced to a choice among a few.
    Reduced,
    /// Goes into another location.
    Into(LocationId),
    /// Goes into a plain field or static.
    IntoField {
        /// The type it is a field of; empty where that is not known.
        owner: String,
        name: String,
        /// What of the field it is.
        parts: Vec<Part>,
    },
    /// Written, in a text, to what may be a file or a peer.
    WrittenOut(String),
    /// Not understood.
    Unknown(String),
}

impl Found {
    /// Nothing that is found besides can change what the location is.
    pub(crate) fn is_decisive(&self) -> bool {
        matches!(
            self,
            Self::Decides(_) | Self::Pointer | Self::Index | Self::Claims(_)
        )
    }
}

/// A use with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) found: Found,
    pub(crate) site: Site,
}

/// The code that a value came through to each finding, from where it was read.
pub(super) type Chains = BTreeMap<Finding, Vec<Site>>;
