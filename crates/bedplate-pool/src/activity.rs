//! How many threads work in a pool, and how.
//!
//! # Role
//! Three counts in one word, so that a decision sees them as they were at one moment.

use core::sync::atomic::{AtomicU64, Ordering};

/// Bits per count.
const BITS: u32 = 20;
const MASK: u64 = (1 << BITS) - 1;

/// One thread more or less in one of the counts, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step(u64);

/// A worker thread has work.
pub(crate) const WORKER: Step = Step(1 | 1 << (2 * BITS));
/// A thread from outside is in the pool.
pub(crate) const GUEST: Step = Step(1 << BITS | 1 << (2 * BITS));
/// A worker thread that has work runs (taken away while it waits).
pub(crate) const WORKER_RUNS: Step = Step(1);
/// Something waits on a stack of its own, without a thread.
#[cfg(feature = "fibers")]
pub(crate) const WAITING: Step = Step(1 << (2 * BITS));
/// A thread from outside runs (taken away while it waits).
pub(crate) const GUEST_RUNS: Step = Step(1 << BITS);

/// The counts at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Worker threads that run.
    pub(crate) workers: usize,
    /// Threads from outside that run.
    pub(crate) guests: usize,
    /// Threads that have work, whether they run or wait.
    pub(crate) engaged: usize,
}

impl Now {
    /// Threads that run.
    pub(crate) fn running(self) -> usize {
        self.workers + self.guests
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Activity(AtomicU64);

impl Activity {
    /// Begins.
    #[inline]
    pub(crate) fn begin(&self, step: Step) -> Now {
        // AcqRel: whoever sees the count sees what came before it; a decision to sleep is made
        // safe by the fences of `IdleSet`, not here.
        now(self
            .0
            .fetch_add(step.0, Ordering::AcqRel)
            .wrapping_add(step.0))
    }

    /// Ends.
    #[inline]
    pub(crate) fn end(&self, step: Step) -> Now {
        // As in `begin`.
        now(self
            .0
            .fetch_sub(step.0, Ordering::AcqRel)
            .wrapping_sub(step.0))
    }

    /// The counts.
    #[inline]
    pub(crate) fn now(&self) -> Now {
        // Acquire as in `begin`.
        now(self.0.load(Ordering::Acquire))
    }
}

fn now(word: u64) -> Now {
    Now {
        workers: (word & MASK) as usize,
        guests: (word >> BITS & MASK) as usize,
        engaged: (word >> (2 * BITS) & MASK) as usize,
    }
}
