//! A scope's job that waits for memory.
//!
//! # Role
//! What the gate of the pool keeps until the budget has room, and what becomes of it then.

use super::work::{Job, Work};
use crate::admission::{Permit, Tagged};
use crate::context::Context;
use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

/// A job with a footprint.
pub(super) struct Weighed {
    pub(super) work: Arc<Work>,
    /// There until it is run.
    pub(super) job: Option<Job>,
}

impl Tagged for Weighed {
    fn is_off(&self) -> bool {
        self.work.is_cancelled()
    }

    fn run(mut self: Box<Self>, cx: Context<'_>, permit: Option<Permit>) {
        if let Some(job) = self.job.take() {
            self.work.settle_weighed(cx, job, permit);
            self.work.count_ended();
        }
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        // A gate whose pool is gone drops what waits; no scope is open then, but one that is must not
        // wait for ever.
        if let Some(job) = self.job.take() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(job))) {
                self.work.keep_panic(panic);
            }
            self.work.count_ended();
        }
    }
}
