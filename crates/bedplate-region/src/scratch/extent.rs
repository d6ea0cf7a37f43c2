//! A part of a mapping that is committed from its front on.
//!
//! # Role
//! Commits all of it at once or step by step, charges each step to the budget before, and gives
//! what is not in use back.
//!
//! # Invariants
//! - I1: the first `committed` bytes can be read and written, and are charged; so are the `ahead`
//!   bytes behind them, which the kernel may still back but nobody uses.
//! - I2: a step that failed has changed nothing that anyone can see.
//! - I3: `committed`, `ahead`, `step` and `reach` are whole OS pages; `bytes` are whole grains.
//! - I4: a budget's subscribers run while it is charged or released, and may come back in here; what
//!   was read before is asked again after, and nothing is left half done meanwhile.

use super::poison;
use crate::charge::Charge;
use crate::{ArenaError, BuildError};
use bedplate_os::OsError;
use bedplate_os::budget::{Budget, BudgetError};
use bedplate_os::pages;
use core::cell::Cell;
use core::ptr::NonNull;

/// How an extent comes to its memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The bytes of a step, whole OS pages; `None` commits everything at once.
    pub(super) step_bytes: Option<usize>,
    /// Whether the kernel is to back what is committed at once.
    pub(super) prefault: bool,
    /// What is charged.
    pub(super) budget: Option<&'static Budget>,
}

/// A commit that could not be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// The budget has not enough left.
    Budget(BudgetError),
    /// The system refused.
    Os(OsError),
}

impl From<Refusal> for ArenaError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Budget(error) => Self::Budget(error),
            Refusal::Os(error) => Self::Os(error),
        }
    }
}

impl From<Refusal> for BuildError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Budget(error) => Self::Budget(error),
            Refusal::Os(error) => Self::Os(error),
        }
    }
}

/// A part of a mapping. The mapping outlives it.
#[derive(Debug)]
pub(super) struct Extent {
    start: NonNull<u8>,
    /// The bytes of use.
    bytes: usize,
    /// The same in whole OS pages.
    reach: usize,
    committed: Cell<usize>,
    ahead: Cell<usize>,
    terms: Terms,
}

impl Extent {
    /// An extent of `bytes` in `reach` bytes of the mapping; nothing is committed yet.
    pub(super) const fn new(start: NonNull<u8>, bytes: usize, reach: usize, terms: Terms) -> Self {
        Self {
            start,
            bytes,
            reach,
            committed: Cell::new(0),
            ahead: Cell::new(0),
            terms,
        }
    }

    pub(super) const fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bytes from the front on that can be used now.
    pub(super) fn usable_bytes(&self) -> usize {
        self.bytes.min(self.committed.get())
    }

    /// What is charged.
    pub(super) const fn committed_bytes(&self) -> usize {
        self.committed.get() + self.ahead.get()
    }

    /// Commits whole steps, so that the first `need` bytes can be used.
    pub(super) fn commit_to(&self, need: usize) -> Result<(), Refusal> {
        debug_assert!(need <= self.bytes);
        let step = self.terms.step_bytes.unwrap_or(self.reach);
        let target = if need == 0 {
            0
        } else {
            need.checked_next_multiple_of(step)
                .map_or(self.reach, |target| target.min(self.reach))
        };
        // Ends: each further turn takes a subscriber that committed some of what is left here.
        loop {
            let seen = (self.committed.get(), self.ahead.get());
            let (had, ahead) = seen;
            let Some(more) = target.checked_sub(had).filter(|more| *more > 0) else {
                return Ok(());
            };
            let charge = Charge::of(self.terms.budget, more.saturating_sub(ahead))
                .map_err(Refusal::Budget)?;
            if seen == (self.committed.get(), self.ahead.get()) {
                return self.take_pages(had, more, charge).map_err(Refusal::Os);
            }
            // A subscriber took memory from here meanwhile (I4): what was charged is for bytes that
            // it may have by now.
            drop(charge);
        }
    }

    /// Commits `more` bytes behind the `had` that are committed, which `charge` and what is ahead pay.
    fn take_pages(&self, had: usize, more: usize, charge: Charge) -> Result<(), OsError> {
        let (at, ahead) = (self.at(had), self.ahead.get());
        // SAFETY: the range is a part of the extent that nobody uses yet.
        unsafe { pages::commit(at, more) }?;
        if self.terms.prefault {
            // SAFETY: the range can be written since the line above, and nobody uses it yet.
            if let Err(error) = unsafe { pages::populate(at, more) } {
                // A part of it may be backed by now.
                let touched = more.max(ahead);
                // SAFETY: the range is a part of the extent that nobody uses yet.
                if unsafe { pages::decommit(at, touched) }.is_ok() {
                    self.ahead.set(0);
                    self.uncharge(ahead);
                } else {
                    // What the kernel did not take back stays charged: it may still be held.
                    self.ahead.set(touched);
                    let _stands = charge.keep();
                }
                return Err(error);
            }
        }
        poison::hidden(at, more);
        self.committed.set(had + more);
        self.ahead.set(ahead.saturating_sub(more));
        let _stands = charge.keep();
        Ok(())
    }

    /// Gives back what lies behind the first `used` bytes, which nobody uses; it reads as zero
    /// afterwards. Returns where that begins and how many bytes it were. Steps go back whole and are
    /// committed and charged again when they are wanted; that they are still charged is for the
    /// caller to end, by [`Extent::uncharge_steps`], once it has taken notice.
    pub(super) fn give_back_behind(&self, used: usize) -> Result<(usize, usize), OsError> {
        let whole = self.terms.step_bytes.unwrap_or_else(pages::page_size);
        let had = self.committed.get();
        let kept = used
            .checked_next_multiple_of(whole)
            .map_or(had, |kept| kept.min(had));
        let bytes = had + self.ahead.get() - kept;
        if bytes == 0 {
            return Ok((kept, 0));
        }
        // SAFETY: the range is a part of the extent that nobody uses, by the caller's word.
        unsafe { pages::decommit(self.at(kept), bytes) }?;
        if self.terms.step_bytes.is_some() {
            self.committed.set(kept);
            self.ahead.set(0);
        }
        Ok((kept, bytes))
    }

    /// Takes back the charge for what [`Extent::give_back_behind`] gave back.
    pub(super) fn uncharge_steps(&self, bytes: usize) {
        if self.terms.step_bytes.is_some() {
            self.uncharge(bytes);
        }
    }

    /// Takes back what was charged: the memory is the kernel's again.
    pub(super) fn end(&self) {
        self.uncharge(self.committed.replace(0) + self.ahead.replace(0));
    }

    fn uncharge(&self, bytes: usize) {
        if let Some(budget) = self.terms.budget {
            budget.release(bytes as u64);
        }
    }

    fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset <= self.reach);
        // SAFETY: inside the extent, as its callers count.
        unsafe { self.start.add(offset) }
    }
}
