//! One sequence, token by token.

use crate::{Chooser, Item, LlamaError, Runner};
use bedplate_region::kv::{KvCache, SequenceId};

/// A sequence that goes on with what its model says.
///
/// Every token that is in the cache is committed, so that what somebody else appends can be rolled back.
#[derive(Debug)]
pub struct Generation<'g, 'm, C: ?Sized> {
    runner: &'g mut Runner<'m>,
    cache: &'g mut C,
    sequence: SequenceId,
    chooser: Chooser,
    logits: Vec<f32>,
    /// Chosen, and not in the cache yet.
    pending: Option<u32>,
}

impl<'g, 'm, C: KvCache + Send + ?Sized> Generation<'g, 'm, C> {
    /// Takes a prompt in, whatever its length.
    ///
    /// # Errors
    /// - As [`Runner::forward`]; what was taken in by then stays.
    pub fn begin(
        runner: &'g mut Runner<'m>,
        cache: &'g mut C,
        sequence: SequenceId,
        prompt: &[u32],
        chooser: Chooser,
    ) -> Result<Self, LlamaError> {
        Self::begin_with(runner, cache, sequence, prompt, chooser, |_| {})
    }

    /// As [`begin`](Self::begin); `progress` is told how many tokens of the prompt are taken in.
    ///
    /// # Errors
    /// - As there.
    pub fn begin_with(
        runner: &'g mut Runner<'m>,
        cache: &'g mut C,
        sequence: SequenceId,
        prompt: &[u32],
        mut chooser: Chooser,
        mut progress: impl FnMut(usize),
    ) -> Result<Self, LlamaError> {
        if prompt.is_empty() {
            return Err(LlamaError::NoTokens);
        }
        let mut logits = vec![0.0; runner.model().config().vocabulary];
        let mut done = 0;
        for tokens in prompt.chunks(runner.limits().tokens.max(1)) {
            runner.forward(cache, &[Item { sequence, tokens }], &mut logits)?;
            cache.commit(sequence)?;
            done += tokens.len();
            progress(done);
        }
        for token in prompt {
            chooser.note(*token);
        }
        Ok(Self {
            runner,
            cache,
            sequence,
            chooser,
            logits,
            pending: None,
        })
    }

    /// Goes on by a token.
    ///
    /// # Errors
    /// - As [`Runner::forward`]; the next call tries again.
    /// - [`LlamaError::Logit`]: the model says no numbers.
    pub fn next_token(&mut self) -> Result<u32, LlamaError> {
        if let Some(token) = self.pending {
            let item = Item {
                sequence: self.sequence,
                tokens: &[token],
            };
            self.runner.forward(self.cache, &[item], &mut self.logits)?;
            self.cache.commit(self.sequence)?;
            // It is in the cache: a call that tries again after this takes in nothing.
            self.pending = None;
        }
        let token = self.chooser.choose(&mut self.logits)?;
        self.chooser.note(token);
        self.pending = Some(token);
        Ok(token)
    }

    /// The logits behind the last token, as the last choice left them.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }
}
