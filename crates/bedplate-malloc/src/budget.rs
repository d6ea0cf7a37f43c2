//! The bytes that blocks may take.
//!
//! # Role
//! Charge slabs, runs and huge blocks to the allocator's [`Budget`], on cold paths only: the cap
//! is its limit.

use crate::counters::COUNTERS;
use bedplate_os::budget::{Budget, UNLIMITED};

static BUDGET: Budget = Budget::new(UNLIMITED, UNLIMITED);

/// The allocator's budget: its use, its peak, and a soft mark to subscribe to.
#[must_use]
pub fn budget() -> &'static Budget {
    &BUDGET
}

/// Charges `bytes`; false, and nothing charged, where the cap does not allow them.
#[must_use]
pub(crate) fn charge(bytes: usize) -> bool {
    let charged = BUDGET.charge(bytes as u64).is_ok();
    if !charged {
        COUNTERS.capped.add(1);
    }
    charged
}

/// Ends a charge.
pub(crate) fn release(bytes: usize) {
    BUDGET.release(bytes as u64);
}

/// Sets the limit in bytes; 0 is none.
pub(crate) fn limit(bytes: usize) {
    let limit = if bytes == 0 { UNLIMITED } else { bytes as u64 };
    BUDGET.set(limit, BUDGET.soft_bytes());
}
