//! Errors of the caches.
//!
//! # Role
//! What failed, which limit, what to do.
//!
//! # Not here
//! Heap memory: these errors are made on memory paths.

use bedplate_os::OsError;
use bedplate_os::budget::BudgetError;
use core::fmt;

/// An operation on a cache that could not be. No sequence holds anything else than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KvError {
    /// Misuse: the shape or the settings are of no use; the word says which.
    Shape(&'static str),
    /// Misuse: no sequence of this cache has the id; it was dropped, or is another cache's.
    Unknown,
    /// The sequence was evicted.
    Evicted,
    /// The cache holds no more tokens.
    Full {
        /// The tokens that were asked for.
        need_tokens: usize,
        /// The tokens that the cache can hold.
        capacity_tokens: usize,
    },
    /// Misuse: the model has no such layer.
    Layer {
        /// Which layer was asked for.
        layer: usize,
        /// The layers of the shape.
        layers: usize,
    },
    /// Misuse: the sequence, or what is open of it, has fewer tokens.
    Length {
        /// The tokens that were asked for.
        asked_tokens: usize,
        /// The tokens that are there.
        have_tokens: usize,
    },
    /// Misuse: the sequence has committed fewer tokens.
    Uncommitted {
        /// The tokens that were asked for.
        asked_tokens: usize,
        /// The tokens that are committed.
        committed_tokens: usize,
    },
    /// The window at that length holds tokens that were overwritten.
    Overwritten {
        /// The length that was asked for.
        asked_tokens: usize,
        /// The least length that can be gone back to.
        window_tokens: usize,
    },
    /// Misuse: the shift would move a token before position zero, or beyond the last one.
    Position {
        /// The position of the first token.
        first_position: i64,
        /// The shift.
        by: i64,
    },
    /// Misuse: the index takes sequences from their first token on, neither shifted nor cut at the front.
    NoPrefix,
    /// A block was not what its user took it for.
    Block(BlockError),
    /// The program's allocator has no memory for the cache's own records.
    Records,
    /// All places for caches that hear of a budget are taken.
    Relief,
    /// The budget has not enough left.
    Budget(BudgetError),
    /// The system refused.
    Os(OsError),
}

impl fmt::Display for KvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(what) => write!(f, "failed to make a KV cache or a sequence: {what}"),
            Self::Unknown => f.write_str(
                "failed to find a sequence: it was dropped, or belongs to another cache; create one",
            ),
            Self::Evicted => f.write_str(
                "failed to use a sequence: it was evicted; compute it again, or pin it earlier",
            ),
            Self::Full {
                need_tokens,
                capacity_tokens,
            } => write!(
                f,
                "failed to append {need_tokens} tokens: the cache holds {capacity_tokens} at most; drop or unpin \
                 sequences, or make it larger"
            ),
            Self::Layer { layer, layers } => {
                write!(f, "failed to reach layer {layer}: there are {layers}")
            }
            Self::Length {
                asked_tokens,
                have_tokens,
            } => write!(
                f,
                "failed to reach {asked_tokens} tokens: {have_tokens} are there"
            ),
            Self::Uncommitted {
                asked_tokens,
                committed_tokens,
            } => write!(
                f,
                "failed to publish {asked_tokens} tokens: {committed_tokens} are committed; commit first"
            ),
            Self::Overwritten {
                asked_tokens,
                window_tokens,
            } => write!(
                f,
                "failed to truncate to {asked_tokens} tokens: the window of {window_tokens} would hold some that are \
                 overwritten; compute the sequence again"
            ),
            Self::Position { first_position, by } => write!(
                f,
                "failed to shift by {by}: the first token is at position {first_position}"
            ),
            Self::NoPrefix => f.write_str(
                "failed to publish a prefix: the sequence was shifted or cut at its front; publish before",
            ),
            Self::Block(error) => error.fmt(f),
            Self::Records => {
                f.write_str("failed to record tokens: the program's allocator has no memory")
            }
            Self::Relief => f.write_str(
                "failed to hear of a budget: all places are taken; drop another cache",
            ),
            Self::Budget(error) => write!(f, "failed to commit more of a KV cache: {error}"),
            Self::Os(error) => write!(f, "failed to commit more of a KV cache: {error}"),
        }
    }
}

impl KvError {
    /// The same, where what had no room was a block for so many tokens.
    pub(super) const fn for_tokens(self, tokens: usize) -> Self {
        match self {
            Self::Full {
                capacity_tokens, ..
            } => Self::Full {
                need_tokens: tokens,
                capacity_tokens,
            },
            other => other,
        }
    }
}

impl core::error::Error for KvError {}

impl From<OsError> for KvError {
    fn from(error: OsError) -> Self {
        Self::Os(error)
    }
}

impl From<BudgetError> for KvError {
    fn from(error: BudgetError) -> Self {
        Self::Budget(error)
    }
}

impl From<BlockError> for KvError {
    fn from(error: BlockError) -> Self {
        Self::Block(error)
    }
}

impl From<alloc::collections::TryReserveError> for KvError {
    fn from(_: alloc::collections::TryReserveError) -> Self {
        Self::Records
    }
}

/// Misuse of a block's id. The pool is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockError {
    /// The pool has no such block.
    Unknown,
    /// The block is free already, or somebody else's by now.
    Free,
    /// More than four billion users.
    Shared,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "failed to find a KV block: the pool has none of that id",
            Self::Free => {
                "failed to use a KV block: it was freed before; each user gives it back once"
            }
            Self::Shared => "failed to share a KV block: it has too many users",
        })
    }
}

impl core::error::Error for BlockError {}

/// A row that could not be written or read. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowError {
    /// Misuse: floats and bytes do not belong to the same number of elements.
    Length {
        /// The floats that were given.
        floats: usize,
        /// The bytes of the row.
        bytes: usize,
    },
    /// A quantised row has no room for infinities, what is no number, or what is too large for its scale.
    Range {
        /// Which float.
        at: usize,
    },
    /// The row could not be reached.
    Cache(KvError),
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { floats, bytes } => write!(
                f,
                "failed to convert a row: {floats} floats do not fit {bytes} bytes of its format"
            ),
            Self::Range { at } => write!(
                f,
                "failed to quantise a row: float {at} is infinite, no number, or too large; use a format of floats"
            ),
            Self::Cache(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RowError {}

impl From<KvError> for RowError {
    fn from(error: KvError) -> Self {
        Self::Cache(error)
    }
}
