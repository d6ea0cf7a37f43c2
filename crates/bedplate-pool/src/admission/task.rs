//! A job as the gate sees it, and its permit.

use super::SharedBudget;
use super::gate::Gate;
use super::inside;
use crate::context::Context;
use alloc::sync::Arc;

/// A job with a footprint.
pub(crate) trait Tagged: Send {
    /// True if it must not run any more: it goes by without a permit, to say so.
    fn is_off(&self) -> bool;

    /// Runs it. It drops the permit when it holds nothing any more, before anybody can learn that it
    /// has ended. `None` where it is off.
    fn run(self: Box<Self>, cx: Context<'_>, permit: Option<Permit>);
}

/// The right of a job to hold its footprint, given back when dropped.
pub(crate) struct Permit {
    gate: Arc<Gate>,
    /// Where it was charged.
    budget: SharedBudget,
    /// What was charged: nothing where the job was admitted beyond the budget.
    bytes: u64,
}

impl Permit {
    pub(super) fn new(gate: &Arc<Gate>, budget: SharedBudget, bytes: u64) -> Self {
        Self {
            gate: Arc::clone(gate),
            budget,
            bytes,
        }
    }

    /// Runs what it permits, or a part of it.
    pub(crate) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        inside::admitted(&self.gate, body)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Before the gate looks for the next one.
        self.budget.release(self.bytes);
        self.gate.ended(self.bytes);
    }
}

/// Runs something with or without a permit.
pub(crate) fn during<R>(permit: Option<&Permit>, body: impl FnOnce() -> R) -> R {
    match permit {
        Some(permit) => permit.during(body),
        None => body(),
    }
}
