//! The bytes that blocks may take.
//!
//! # Role
//! Charge slices and mappings against the cap, on cold paths only.

use crate::config;
use crate::counters::COUNTERS;
use core::sync::atomic::{AtomicUsize, Ordering};

static USED: AtomicUsize = AtomicUsize::new(0);

/// Charges `bytes`; false, and nothing charged, where the cap does not allow them.
#[must_use]
pub(crate) fn charge(bytes: usize) -> bool {
    // Relaxed: a sum orders nothing.
    let before = USED.fetch_add(bytes, Ordering::Relaxed);
    let cap = config::current().cap_bytes();
    if cap != 0 && before.saturating_add(bytes) > cap {
        USED.fetch_sub(bytes, Ordering::Relaxed);
        COUNTERS.capped.add(1);
        return false;
    }
    true
}

/// Ends a charge.
pub(crate) fn release(bytes: usize) {
    USED.fetch_sub(bytes, Ordering::Relaxed);
}
