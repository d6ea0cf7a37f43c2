//! Who may be a part of a cycle.
//!
//! # Invariants
//! - I1: an object with the flag `BUFFERED` is in `candidates`. The list may hold places whose object is
//!   freed: the flag decides. One with the flag `DEFERRED` is counted in `deferred_count`, and is in
//!   `deferred` until a trial of its own was made.

use super::pass::Pass;
use super::trial::Trial;
use super::triggers::Triggers;
use crate::header::{self, BUFFERED, DEFERRED, QUIET};
use crate::pile::Pile;
use crate::{Heap, Limits};

/// Survived so many trials, or a full pass, an object bounds them.
pub(crate) const OLD: u64 = 2;

#[derive(Clone, Debug)]
pub(crate) struct Cycles {
    pub(crate) candidates: Pile,
    /// Old objects that lost a reference, and those that a trial could not decide.
    pub(crate) deferred: Pile,
    /// Objects that were deferred since the last full pass began.
    pub(crate) deferred_count: u64,
    pub(crate) pass: Pass,
    pub(crate) triggers: Triggers,
    /// Empty room for a trial, kept from one to the next.
    pub(super) trial: Trial,
    /// Empty room for the references of one object, kept from one to the next.
    pub(crate) children: Vec<u32>,
    /// The colour of objects that are made or met (`colour.rs`).
    pub(crate) colour: u64,
    /// The flags of objects whose decrements need not be noted.
    pub(crate) quiet: u64,
}

impl Cycles {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            candidates: Pile::default(),
            deferred: Pile::default(),
            deferred_count: 0,
            pass: Pass::default(),
            triggers: Triggers::new(limits),
            trial: Trial::default(),
            children: Vec::new(),
            colour: 0,
            quiet: QUIET,
        }
    }

    pub(crate) const fn waiting(&self) -> (u64, u64) {
        (self.candidates.len() as u64, self.deferred_count)
    }

    /// Takes places where no object is any more out of all lists.
    pub(crate) fn forget_places(&mut self, is_gone: impl Fn(u32) -> bool) {
        self.candidates.retain(|at| !is_gone(at));
        self.deferred.retain(|at| !is_gone(at));
        self.pass.forget_places(is_gone);
    }
}

impl Heap {
    /// Notes that an object lost a reference and has others: to the pass that is under way, and as a
    /// candidate. Also where it holds nothing now: not noted, it would come here with each loss.
    pub(crate) fn note_loss(&mut self, at: u32) {
        // A handle of another heap is listed by the place that it leads to.
        let at = self.words.cut(at);
        if self.cycles.pass.is_marking() {
            self.met(at);
            self.pass_event();
        }
        let word = self.words.load(at);
        if word & QUIET != 0 {
            return;
        }
        if header::age(word) >= OLD {
            self.defer(at);
        } else {
            self.words.store(at, word | BUFFERED);
            self.cycles.candidates.push(at);
            self.look_at_candidates();
        }
    }

    /// Leaves an object to a trial of its own, and to the full pass.
    pub(crate) fn defer(&mut self, at: u32) {
        let word = self.words.load(at);
        if word & DEFERRED == 0 {
            self.words.store(at, word | DEFERRED);
            self.cycles.deferred.push(at);
            self.cycles.deferred_count += 1;
            self.look_at_deferred();
        }
    }

    /// Lists an object that has the flag, for one who makes the list anew.
    pub(crate) fn list_if_deferred(&mut self, at: u32, word: u64) {
        if word & DEFERRED != 0 {
            self.cycles.deferred.push(at);
            self.cycles.deferred_count += 1;
        }
    }

    /// Makes an object a candidate, whatever it lost.
    pub(crate) fn make_candidate(&mut self, at: u32) {
        let word = self.words.load(at);
        if word & BUFFERED == 0 {
            self.words.store(at, word | BUFFERED);
            self.cycles.candidates.push(at);
        }
    }

    /// The next candidate that is one still, if there is one among the next `left` of the list.
    #[inline]
    pub(crate) fn next_candidate(&mut self, left: &mut usize) -> Option<u32> {
        while let Some(rest) = left.checked_sub(1) {
            let at = self.cycles.candidates.pop()?;
            *left = rest;
            let word = self.words.load(at);
            if word & BUFFERED != 0 {
                self.words.store(at, word & !BUFFERED);
                if header::count(word) > 0 && !self.is_condemned(word) {
                    return Some(at);
                }
            }
        }
        None
    }

    /// The next deferred object that is to have a trial of its own, as above.
    pub(crate) fn next_deferred(&mut self, left: &mut usize) -> Option<u32> {
        while let Some(rest) = left.checked_sub(1) {
            let at = self.cycles.deferred.pop()?;
            *left = rest;
            let word = self.words.load(at);
            if word & DEFERRED != 0 && header::count(word) > 0 && !self.is_condemned(word) {
                return Some(at);
            }
        }
        None
    }
}
