//! Who may be a part of a cycle, and when a trial is due.
//!
//! # Invariants
//! - I1: an object with the flag `BUFFERED` is in `candidates`, one with `DEFERRED` in `deferred`. The lists
//!   may hold places whose object is freed: the flag decides.

use crate::bits::narrow;
use crate::header::{self, BUFFERED, DEFERRED, Kind};
use crate::{Heap, Limits};

/// Survived so many trials, an object bounds them.
pub(crate) const OLD: u64 = 2;
/// As many deferred objects start a full pass, or half of what is alive where that is more.
const DEFERRED_MIN: u64 = 100_000;

#[derive(Clone, Debug)]
pub(crate) struct Cycles {
    pub(crate) candidates: Vec<u32>,
    pub(crate) deferred: Vec<u32>,
    /// Empty room for the references of one object, kept from one to the next.
    pub(crate) children: Vec<u32>,
    /// The candidates that start a trial.
    threshold: usize,
    /// Words of large objects since the last trial.
    large_words: usize,
}

impl Cycles {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            candidates: Vec::new(),
            deferred: Vec::new(),
            children: Vec::new(),
            threshold: limits.candidates_min,
            large_words: 0,
        }
    }

    pub(crate) const fn waiting(&self) -> (u64, u64) {
        (self.candidates.len() as u64, self.deferred.len() as u64)
    }
}

impl Heap {
    /// Notes that an object lost a reference and has others. One that holds nothing is in no cycle.
    pub(crate) fn note_candidate(&mut self, at: u32) {
        let word = self.words.load(at);
        if header::age(word) >= OLD {
            self.defer(at);
        } else if header::kind(word) == Kind::Host || self.edges(at).count() > 0 {
            self.words.store(at, word | BUFFERED);
            self.cycles.candidates.push(at);
        }
    }

    /// Leaves an object to the full pass.
    pub(crate) fn defer(&mut self, at: u32) {
        let word = self.words.load(at);
        if word & DEFERRED == 0 {
            self.words.store(at, word | DEFERRED);
            self.cycles.deferred.push(at);
        }
    }

    /// The next candidate that is one still.
    pub(crate) fn next_candidate(&mut self) -> Option<u32> {
        while let Some(at) = self.cycles.candidates.pop() {
            let word = self.words.load(at);
            if word & BUFFERED != 0 {
                self.words.store(at, word & !BUFFERED);
                if header::count(word) > 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// Runs a trial where candidates are enough, or a full pass where deferred objects are.
    #[inline]
    pub(crate) fn trial_if_due(&mut self) {
        if self.cycles.candidates.len() >= self.cycles.threshold && self.limits.automatic {
            self.trial_slow();
        }
    }

    #[cold]
    #[inline(never)]
    fn trial_slow(&mut self) {
        self.cycles.large_words = 0;
        let touched = self.stats.touched_objects;
        let freed = self.trial() as u64;
        self.adapt(freed, self.stats.touched_objects - touched);
        let (_, deferred) = self.cycles.waiting();
        if deferred > DEFERRED_MIN.max(self.stats.live_objects() / 2) {
            self.collect();
        }
        self.work_off();
    }

    /// Notes that a large object is made, before it is: a trial then frees nothing of the caller's.
    #[cold]
    pub(crate) fn note_large(&mut self, words: u32) {
        self.cycles.large_words += words as usize;
        let is_much = self.cycles.large_words * 8 >= self.limits.large_bytes;
        if is_much && self.limits.automatic && !self.cycles.candidates.is_empty() {
            self.trial_slow();
        }
    }

    /// More often where it was worth it, less often where not. A program without candidates has no
    /// trials, and so changes nothing.
    fn adapt(&mut self, freed: u64, touched: u64) {
        let limits = &self.limits;
        let next = if touched == 0 {
            self.cycles.threshold
        } else if freed * 2 >= touched {
            self.cycles.threshold * 2 / 3
        } else {
            self.cycles.threshold * 3 / 2
        };
        self.cycles.threshold = next.clamp(limits.candidates_min, limits.candidates_max);
    }

    /// The candidates that start a trial now.
    #[must_use]
    pub fn candidates_threshold(&self) -> u32 {
        narrow(self.cycles.threshold)
    }
}
