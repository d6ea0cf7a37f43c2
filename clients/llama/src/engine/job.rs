//! A request under way.

use super::request::{End, Event, Request};
use bedplate_region::kv::{SequenceId, Settings};
use core::ops::ControlFlow;

/// A request under way, or one that waits.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: Request,
    /// The prompt and what was generated.
    pub(super) tokens: Vec<u32>,
    /// How many of them are in the cache.
    pub(super) fed: usize,
    pub(super) sequence: Option<SequenceId>,
    generated: usize,
    is_told: bool,
}

impl Job {
    pub(super) fn new(mut request: Request) -> Self {
        for token in &request.prompt {
            request.chooser.note(*token);
        }
        Self {
            tokens: request.prompt.clone(),
            request,
            fed: 0,
            sequence: None,
            generated: 0,
            is_told: false,
        }
    }

    pub(super) const fn settings(&self) -> Settings {
        Settings {
            tenant: self.request.tenant,
            window_tokens: None,
        }
    }

    /// What is not in the cache yet.
    pub(super) fn unfed(&self) -> &[u32] {
        self.tokens.get(self.fed..).unwrap_or(&[])
    }

    /// Whether it takes in more than the token that was last generated.
    pub(super) fn is_prompt(&self) -> bool {
        self.unfed().len() > 1 || self.generated == 0
    }

    /// Begins, or begins again, in a sequence that has the first tokens.
    pub(super) fn begin(&mut self, sequence: SequenceId, known: usize) -> ControlFlow<()> {
        self.sequence = Some(sequence);
        self.fed = known;
        if self.is_told {
            return ControlFlow::Continue(());
        }
        self.is_told = true;
        self.tell(Event::Begun { known })
    }

    /// Is told of a token; ends where it was the last one, there is none, or nobody listens.
    pub(super) fn go_on(&mut self, logits: &mut [f32], context: usize) -> ControlFlow<()> {
        if self.generated < self.request.count {
            let token = match self.request.chooser.choose(logits) {
                Ok(token) => token,
                Err(error) => {
                    self.tell(Event::Failed(error))?;
                    return ControlFlow::Break(());
                }
            };
            self.request.chooser.note(token);
            self.tokens.push(token);
            self.generated += 1;
            self.tell(Event::Token(token))?;
        }
        let end = if self.generated == self.request.count {
            End::Count
        } else if self.tokens.len() > context {
            End::Context
        } else {
            return ControlFlow::Continue(());
        };
        self.tell(Event::Ended(end))?;
        ControlFlow::Break(())
    }

    pub(super) fn tell(&mut self, event: Event) -> ControlFlow<()> {
        (self.request.listener)(event)
    }
}
