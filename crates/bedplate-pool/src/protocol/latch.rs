//! The end of a half that another took.
//!
//! # Role
//! One word between the thread that waits and the thread that runs. The runner learns whether it
//! must wake the waiter; the wake itself goes through something that outlives the latch.
//!
//! # Invariants
//! - I1: after [`Latch::finish`] the runner touches the latch no more: the waiter may free it.
//! - I2: a waiter that was allowed to sleep is woken: `finish` answers true exactly if
//!   [`Latch::may_sleep`] did.

use crate::sync::{AtomicU32, Ordering};

const PENDING: u32 = 0;
const SLEEPING: u32 = 1;
const DONE: u32 = 2;

/// A word that ends once.
#[derive(Debug)]
pub(crate) struct Latch {
    state: AtomicU32,
}

impl Default for Latch {
    fn default() -> Self {
        Self::new()
    }
}

impl Latch {
    /// Not ended.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU32::new(PENDING),
        }
    }

    /// True once it has ended; what the runner wrote before is seen then.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        // Acquire pairs with the Release in `finish`.
        self.state.load(Ordering::Acquire) == DONE
    }

    /// The waiter is about to sleep; false if it has ended. Take the ticket to sleep on before.
    pub(crate) fn may_sleep(&self) -> bool {
        // Release and Acquire on success: the runner's exchange comes after. Acquire on failure
        // pairs with `finish`.
        self.state
            .compare_exchange(PENDING, SLEEPING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Ends it; true if the waiter sleeps and must be woken. The latch may be gone on return.
    #[inline]
    pub(crate) fn finish(&self) -> bool {
        // Release pairs with the Acquire in `is_done`; Acquire with the Release in `may_sleep`.
        self.state.swap(DONE, Ordering::AcqRel) == SLEEPING
    }
}
