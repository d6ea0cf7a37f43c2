//! Which tokens a sequence holds, and at which positions.
//!
//! # Role
//! Counts tokens from the sequence's beginning: what is held is `front..end`. Memory is the caches'.
//!
//! # Invariants
//! - I1: `front <= committed <= end` and `front <= open <= end`.
//! - I2: the position of token `t` is `t + offset`; the entry of `written` with the greatest `from <= t`
//!   has the offset with which its keys were written.
//! - I3: `slid` is where the window's last turn put the front, 0 before it turned.

use super::{KvError, Settings};
use alloc::vec::Vec;

/// From which token on keys were written with which offset.
#[derive(Clone, Copy, Debug)]
struct Written {
    from: usize,
    offset: i64,
}

/// The tokens of a sequence.
#[derive(Debug)]
pub(super) struct Span {
    front: usize,
    end: usize,
    committed: usize,
    /// What lies behind can be written.
    open: usize,
    offset: i64,
    written: Vec<Written>,
    settings: Settings,
    slid: usize,
}

impl Span {
    pub(super) const fn new(settings: Settings) -> Self {
        Self {
            front: 0,
            end: 0,
            committed: 0,
            open: 0,
            offset: 0,
            written: Vec::new(),
            settings,
            slid: 0,
        }
    }

    pub(super) const fn settings(&self) -> Settings {
        self.settings
    }

    pub(super) const fn front(&self) -> usize {
        self.front
    }

    pub(super) const fn end(&self) -> usize {
        self.end
    }

    pub(super) const fn open(&self) -> usize {
        self.open
    }

    pub(super) const fn tokens(&self) -> usize {
        self.end - self.front
    }

    pub(super) const fn committed_tokens(&self) -> usize {
        self.committed - self.front
    }

    /// The position of a token that the sequence holds, or of the next one.
    pub(super) const fn position(&self, token: usize) -> i64 {
        // In range: `shift` and `appended_end` saw to it.
        token.cast_signed() as i64 + self.offset
    }

    /// Whether the sequence stands as it was written from its first token on.
    pub(super) fn is_prefix(&self) -> bool {
        self.front == 0 && self.offset == 0 && self.written.iter().all(|w| w.offset == 0)
    }

    /// Where the sequence would end with so many more tokens, in a cache of `capacity_tokens`. Takes the
    /// records for them.
    pub(super) fn appended_end(
        &mut self,
        tokens: usize,
        capacity_tokens: usize,
    ) -> Result<usize, KvError> {
        let end = self.end.checked_add(tokens).filter(|end| {
            i64::try_from(*end).is_ok_and(|end| end.checked_add(self.offset).is_some())
        });
        let end = end.ok_or(KvError::Full {
            need_tokens: tokens,
            capacity_tokens,
        })?;
        self.written.try_reserve(1)?;
        Ok(end)
    }

    /// Takes tokens in; `end` is of [`Self::appended_end`].
    pub(super) fn append(&mut self, end: usize) {
        let is_same = self.written.last().is_some_and(|w| w.offset == self.offset);
        if !is_same && end > self.end {
            self.written.push(Written {
                from: self.end,
                offset: self.offset,
            });
        }
        self.end = end;
    }

    /// Ends the writing of what is open.
    pub(super) const fn close(&mut self) {
        self.open = self.end;
    }

    /// What a fork begins with: the same tokens, all committed.
    pub(super) fn fork(&self) -> Result<Self, KvError> {
        let mut written = Vec::new();
        written.try_reserve(self.written.len())?;
        written.extend_from_slice(&self.written);
        Ok(Self {
            committed: self.end,
            open: self.end,
            written,
            ..*self
        })
    }

    /// A sequence that begins with tokens that were written before.
    pub(super) fn begin_with(&mut self, tokens: usize) -> Result<(), KvError> {
        let end = self.appended_end(tokens, tokens)?;
        self.append(end);
        self.committed = end;
        self.open = end;
        Ok(())
    }

    pub(super) fn truncate(&mut self, tokens: usize) -> Result<(), KvError> {
        self.check_length(tokens)?;
        // What its user dropped at the front is no loss of the window's.
        if let Some(window) = self.settings.window_tokens
            && self.slid > 0
            && tokens < self.tokens()
            && self.front + tokens < self.slid + window
        {
            return Err(KvError::Overwritten {
                asked_tokens: tokens,
                window_tokens: window,
            });
        }
        self.cut(self.front + tokens);
        Ok(())
    }

    pub(super) fn roll_back(&mut self) {
        self.cut(self.committed);
    }

    fn cut(&mut self, end: usize) {
        self.end = end;
        self.committed = self.committed.min(end);
        self.open = self.open.min(end);
        while self.written.last().is_some_and(|w| w.from >= end) {
            self.written.pop();
        }
    }

    /// Commits all tokens. The window turns here, so that a roll back always finds what it goes back to.
    pub(super) fn commit(&mut self) {
        self.committed = self.end;
        self.open = self.end;
        if let Some(window) = self.settings.window_tokens {
            let front = self.end.saturating_sub(window);
            if front > self.front {
                self.slid = front;
                self.advance(front);
            }
        }
    }

    pub(super) fn drop_front(&mut self, tokens: usize) -> Result<(), KvError> {
        self.check_length(tokens)?;
        self.advance(self.front + tokens);
        Ok(())
    }

    fn advance(&mut self, front: usize) {
        self.front = front;
        self.committed = self.committed.max(front);
        self.open = self.open.max(front);
        let stale = self.written.iter().skip(1).take_while(|w| w.from <= front);
        let stale = stale.count();
        self.written.drain(..stale);
    }

    pub(super) fn shift(&mut self, by: i64) -> Result<(), KvError> {
        let refused = KvError::Position {
            first_position: self.position(self.front),
            by,
        };
        let moved = |token: usize| self.position(token).checked_add(by);
        let first = moved(self.front).ok_or(refused)?;
        if first < 0 || moved(self.end).is_none() {
            return Err(refused);
        }
        self.offset = self.offset.checked_add(by).ok_or(refused)?;
        Ok(())
    }

    /// By how much the keys of a token have moved since they were written, and the first token behind of
    /// which that is not so.
    pub(super) fn moved(&self, token: usize) -> (i64, usize) {
        let behind = self.written.partition_point(|w| w.from <= token);
        let until = self.written.get(behind).map_or(self.end, |w| w.from);
        let offset = behind
            .checked_sub(1)
            .and_then(|at| self.written.get(at))
            .map_or(self.offset, |w| w.offset);
        (self.offset - offset, until)
    }

    const fn check_length(&self, tokens: usize) -> Result<(), KvError> {
        if tokens > self.tokens() {
            return Err(KvError::Length {
                asked_tokens: tokens,
                have_tokens: self.tokens(),
            });
        }
        Ok(())
    }
}
