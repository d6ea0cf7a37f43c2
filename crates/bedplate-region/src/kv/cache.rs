//! The trait of both caches.
//!
//! # Role
//! [`KvCache`], and what a sequence is asked for and tells.

use super::{KvError, KvShape, Runs, SequenceId, Slots};

/// Whose tokens a sequence holds: nothing that one tenant wrote is ever read by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tenant(pub u64);

/// What a sequence is created with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whose it is.
    pub tenant: Tenant,
    /// Keeps the last so many committed tokens, and forgets what lies before at each commit.
    pub window_tokens: Option<usize>,
}

impl Settings {
    pub(super) const fn check(self) -> Result<(), KvError> {
        if let Some(0) = self.window_tokens {
            return Err(KvError::Shape("a window has a token at least"));
        }
        Ok(())
    }
}

/// What a sequence holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The tokens held.
    pub tokens: usize,
    /// Those of them that a roll back keeps.
    pub committed_tokens: usize,
    /// The position of the first token held.
    pub first_position: i64,
    /// Whether it is safe from eviction.
    pub is_pinned: bool,
}

/// Figures of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KvStats {
    /// Sequences alive.
    pub sequences: usize,
    /// Bytes of address space.
    pub reserved_bytes: usize,
    /// Bytes committed, and charged to the budget.
    pub committed_bytes: usize,
    /// Blocks that sequences hold, each counted once.
    pub blocks_used: usize,
    /// Blocks that nobody holds and the prefix index keeps.
    pub blocks_kept: usize,
    /// Blocks that are free.
    pub blocks_free: usize,
    /// Blocks that were copied because they were shared when written.
    pub blocks_copied: u64,
    /// Blocks that were zeroed because they went to another tenant.
    pub blocks_zeroed: u64,
    /// Kept blocks that were evicted.
    pub blocks_evicted: u64,
    /// Sequences that were evicted.
    pub sequences_evicted: u64,
    /// Blocks found in the prefix index.
    pub prefix_hits: u64,
    /// Prefixes looked for in the index.
    pub prefix_lookups: u64,
}

/// A cache of keys and values.
///
/// A sequence holds tokens in their order. What was appended since the last commit goes with a
/// [roll back](Self::roll_back). Every method that takes a sequence fails with [`KvError::Unknown`] or
/// [`KvError::Evicted`] where it is not there; every error leaves what sequences hold as it was.
pub trait KvCache {
    /// What the cache holds for a token.
    fn shape(&self) -> KvShape;

    /// Makes an empty sequence, pinned.
    ///
    /// # Errors
    /// - [`KvError::Shape`]: a window of no tokens.
    /// - [`KvError::Records`], [`KvError::Os`]: no memory.
    fn create(&mut self, settings: Settings) -> Result<SequenceId, KvError>;

    /// Takes room for `tokens` more in all layers, or in none, and lends it to be written. The rows hold
    /// zeros or what the same tenant wrote before, until they are written.
    ///
    /// # Errors
    /// - [`KvError::Full`], [`KvError::Budget`], [`KvError::Os`], [`KvError::Records`]: no room.
    fn append(&mut self, id: SequenceId, tokens: usize) -> Result<Slots<'_>, KvError>;

    /// Lends what was appended since the last commit or fork once more.
    ///
    /// # Errors
    /// - As above.
    fn slots(&mut self, id: SequenceId) -> Result<Slots<'_>, KvError>;

    /// Rows of a layer, in pieces that lie side by side.
    ///
    /// # Errors
    /// - [`KvError::Layer`]: no such layer.
    fn runs(&self, id: SequenceId, layer: usize) -> Result<Runs<'_>, KvError>;

    /// Makes a sequence of the same tokens, all of them committed. What is open of the old one can be
    /// written no more.
    ///
    /// # Errors
    /// - As of [`append`](Self::append).
    fn fork(&mut self, id: SequenceId) -> Result<SequenceId, KvError>;

    /// Keeps the first `tokens` that the sequence holds.
    ///
    /// # Errors
    /// - [`KvError::Length`]: it holds fewer.
    /// - [`KvError::Overwritten`]: the window at that length holds tokens that are gone.
    fn truncate(&mut self, id: SequenceId, tokens: usize) -> Result<(), KvError>;

    /// Forgets the first `tokens` that the sequence holds; the others keep their positions.
    ///
    /// # Errors
    /// - [`KvError::Length`]: it holds fewer.
    fn drop_front(&mut self, id: SequenceId, tokens: usize) -> Result<(), KvError>;

    /// Moves the positions of all tokens. Keys stay as they were written; [`Run::moved`](super::Run) says
    /// by how much they have moved since.
    ///
    /// # Errors
    /// - [`KvError::Position`]: a token would come before zero.
    fn shift(&mut self, id: SequenceId, by: i64) -> Result<(), KvError>;

    /// Keeps what was appended, whatever is rolled back later. A window turns here.
    ///
    /// # Errors
    /// - As above.
    fn commit(&mut self, id: SequenceId) -> Result<(), KvError>;

    /// Forgets what was appended since the last commit.
    ///
    /// # Errors
    /// - As above.
    fn roll_back(&mut self, id: SequenceId) -> Result<(), KvError>;

    /// Ends a sequence.
    ///
    /// # Errors
    /// - As above.
    fn drop_sequence(&mut self, id: SequenceId) -> Result<(), KvError>;

    /// Keeps a sequence from eviction, or no more.
    ///
    /// # Errors
    /// - As above.
    fn pin(&mut self, id: SequenceId, pinned: bool) -> Result<(), KvError>;

    /// Ends the sequence that is not pinned and was longest not changed; `None` where all are pinned.
    fn evict(&mut self) -> Option<SequenceId>;

    /// What a sequence holds.
    ///
    /// # Errors
    /// - As above.
    fn state(&self, id: SequenceId) -> Result<State, KvError>;

    /// Gives memory that nobody uses back to the system. Returns how many bytes.
    ///
    /// # Errors
    /// - [`KvError::Os`]: the system refused.
    fn trim(&mut self) -> Result<usize, KvError>;

    /// Figures of the cache.
    fn stats(&self) -> KvStats;
}
