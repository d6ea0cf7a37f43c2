//! A sequence to which things happen.
//!
//! # Role
//! Says what a sequence says while it is forked, cut, rolled back and evicted on the way: none of which may
//! change a bit of it.

use crate::Outcome;
use crate::oracle::Said;
use bedplate_region::kv::{KvCache, PagedKv, SequenceId, Settings};
use llama::{Chooser, Item, Runner};

/// A cache that may forget a sequence and begin it again with what it knows.
pub(crate) trait Forgetful: KvCache + Send {
    /// Evicts a sequence; returns one that begins with as many of its tokens as are known, and how many.
    fn forget(&mut self, sequence: SequenceId, tokens: &[u32]) -> Outcome<(SequenceId, usize)>;
}

impl Forgetful for PagedKv {
    fn forget(&mut self, sequence: SequenceId, tokens: &[u32]) -> Outcome<(SequenceId, usize)> {
        self.publish(sequence, tokens)?;
        self.pin(sequence, false)?;
        if self.evict() != Some(sequence) || self.state(sequence).is_ok() {
            return Err("the sequence was not evicted".into());
        }
        Ok(self.attach(Settings::default(), tokens)?)
    }
}

impl Forgetful for bedplate_region::kv::ContiguousKv {
    fn forget(&mut self, sequence: SequenceId, _tokens: &[u32]) -> Outcome<(SequenceId, usize)> {
        self.pin(sequence, false)?;
        if self.evict() != Some(sequence) || self.state(sequence).is_ok() {
            return Err("the sequence was not evicted".into());
        }
        Ok((self.create(Settings::default())?, 0))
    }
}

/// What happens on the way.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// Nothing.
    Straight,
    /// Every so many tokens a fork, a cut, a roll back or an eviction, in turn.
    Disturbed(usize),
    /// One bit of one value of the token at a place is another: layer 0, byte and bit.
    Planted { at: usize, byte: usize, bit: u32 },
}

/// Who speaks, and what was said so far.
pub(crate) struct Speaker<'s, 'm, C> {
    runner: &'s mut Runner<'m>,
    cache: &'s mut C,
    sequence: SequenceId,
    tokens: Vec<u32>,
    logits: Vec<f32>,
    pub(crate) events: [usize; 4],
}

impl<'s, 'm, C: Forgetful> Speaker<'s, 'm, C> {
    pub(crate) fn new(runner: &'s mut Runner<'m>, cache: &'s mut C) -> Outcome<Self> {
        let sequence = cache.create(Settings::default())?;
        let logits = vec![0.0; runner.model().config().vocabulary];
        Ok(Self {
            runner,
            cache,
            sequence,
            tokens: Vec::new(),
            logits,
            events: [0; 4],
        })
    }

    /// Goes on with a prompt.
    pub(crate) fn say(
        &mut self,
        prompt: &[u32],
        count: usize,
        mut chooser: Chooser,
        way: Way,
    ) -> Outcome<Said> {
        for token in prompt {
            chooser.note(*token);
        }
        self.take(prompt)?;
        let mut said = Said {
            tokens: Vec::new(),
            logits: Vec::new(),
        };
        loop {
            let logits = self.logits.clone();
            let token = chooser.choose(&mut logits.clone())?;
            chooser.note(token);
            said.tokens.push(token);
            said.logits.push(logits);
            if said.tokens.len() == count {
                return Ok(said);
            }
            match way {
                Way::Disturbed(every) if said.tokens.len() % every == 0 => {
                    self.disturb(said.tokens.len() / every)?
                }
                Way::Planted { at, byte, bit } if said.tokens.len() == at => {
                    self.compute(&[token])?;
                    let mut slots = self.cache.slots(self.sequence)?;
                    let last = slots.count() - 1;
                    slots.values_mut(0, last)?[byte] ^= 1 << bit;
                    self.cache.commit(self.sequence)?;
                    self.tokens.push(token);
                    continue;
                }
                _ => {}
            }
            self.take(&[token])?;
        }
    }

    fn compute(&mut self, tokens: &[u32]) -> Outcome<()> {
        let item = Item {
            sequence: self.sequence,
            tokens,
        };
        Ok(self.runner.forward(self.cache, &[item], &mut self.logits)?)
    }

    fn take(&mut self, tokens: &[u32]) -> Outcome<()> {
        for tokens in tokens.chunks(self.runner.limits().tokens) {
            self.compute(tokens)?;
            self.cache.commit(self.sequence)?;
            self.tokens.extend(tokens);
        }
        Ok(())
    }

    fn disturb(&mut self, turn: usize) -> Outcome<()> {
        // Tokens that nobody wanted.
        let wrong: Vec<u32> = (1..=37).map(|n| n * 7 % 60).collect();
        let length = self.cache.state(self.sequence)?.tokens;
        self.events[turn % 4] += 1;
        match turn % 4 {
            0 => {
                let child = self.cache.fork(self.sequence)?;
                // The parent goes another way before it ends.
                self.compute(&wrong)?;
                self.cache.drop_sequence(self.sequence)?;
                self.sequence = child;
            }
            1 => {
                self.compute(&wrong)?;
                self.cache.commit(self.sequence)?;
                self.cache.truncate(self.sequence, length)?;
            }
            2 => {
                self.compute(&wrong)?;
                self.cache.roll_back(self.sequence)?;
            }
            _ => {
                let tokens = core::mem::take(&mut self.tokens);
                let (sequence, known) = self.cache.forget(self.sequence, &tokens)?;
                self.sequence = sequence;
                self.tokens = tokens[..known].to_vec();
                self.take(&tokens[known..])?;
            }
        }
        Ok(())
    }
}
