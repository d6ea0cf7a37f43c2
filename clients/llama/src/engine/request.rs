//! What is asked for, and what is told.

use crate::{Chooser, LlamaError};
use bedplate_region::kv::Tenant;
use core::fmt;
use core::ops::ControlFlow;

/// Why a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// As many tokens as were asked for.
    Count,
    /// The model's context is full.
    Context,
}

/// What a request is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The prompt is taken in; so many of its tokens were known already.
    Begun {
        /// Tokens that were not computed.
        known: usize,
    },
    /// A token.
    Token(u32),
    /// There are no more.
    Ended(End),
    /// It could not be computed.
    Failed(LlamaError),
}

/// Who is told; breaks off when nobody listens any more.
pub(super) type Listener = Box<dyn FnMut(Event) -> ControlFlow<()> + Send>;

/// A prompt, and what to do with it.
pub struct Request {
    pub(super) prompt: Vec<u32>,
    pub(super) count: usize,
    pub(super) chooser: Chooser,
    pub(super) tenant: Tenant,
    pub(super) listener: Listener,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("prompt_tokens", &self.prompt.len())
            .field("count", &self.count)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Asks for `count` tokens behind a prompt. `listener` runs on the engine's thread and must not wait.
    pub fn new(
        prompt: Vec<u32>,
        count: usize,
        chooser: Chooser,
        listener: impl FnMut(Event) -> ControlFlow<()> + Send + 'static,
    ) -> Self {
        Self {
            prompt,
            count,
            chooser,
            tenant: Tenant::default(),
            listener: Box::new(listener),
        }
    }

    /// Shares prefixes with requests of the same tenant only.
    #[must_use]
    pub const fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = tenant;
        self
    }
}

/// What an engine has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Requests under way, and those that wait.
    pub requests: usize,
    /// Requests that ended, one way or the other.
    pub ended: u64,
    /// Tokens that were computed.
    pub computed: u64,
    /// Tokens of prompts that were known.
    pub known: u64,
    /// Tokens that were generated.
    pub generated: u64,
    /// How often a request had to wait for room.
    pub waited: u64,
    /// Bytes that the cache has committed.
    pub cache_bytes: usize,
    /// The most that it had.
    pub cache_bytes_peak: usize,
}
