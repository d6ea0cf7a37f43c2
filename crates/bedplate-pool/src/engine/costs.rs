//! What sharing costs on this machine.
//!
//! # Role
//! Learns what it takes to wake a worker and to take an offer, in nanoseconds.

use super::Engine;
use crate::seat::Seat;
use crate::tuning;
use bedplate_os::clock;
use core::sync::atomic::Ordering;

impl Engine {
    /// The age at which an offer is taken, in nanoseconds.
    #[inline]
    pub(crate) fn age_ns(&self) -> u64 {
        // Relaxed: a setting.
        self.age_ns.load(Ordering::Relaxed)
    }

    /// Learns what it cost to take an offer, in nanoseconds.
    pub(crate) fn learn_cost(&self, cost_ns: u64) {
        let wanted = (cost_ns * tuning::AGE_PER_COST).clamp(tuning::AGE_MIN_NS, tuning::AGE_MAX_NS);
        // An eighth of the way. Relaxed: a lost lesson is no loss.
        let now = self.age_ns();
        self.age_ns
            .store(now - now / 8 + wanted / 8, Ordering::Relaxed);
    }

    /// What it costs to share a half with somebody who is awake, in nanoseconds: to find it, to take
    /// it, and to fetch what it works on.
    #[inline]
    pub(crate) fn share_ns(&self) -> u64 {
        (self.age_ns() / tuning::AGE_PER_SHARE).max(tuning::SHARE_MIN_NS)
    }

    /// What it takes from waking a worker until it looks for work, in nanoseconds.
    #[inline]
    pub(crate) fn wake_ns(&self) -> u64 {
        // Relaxed: a figure.
        self.wake_ns.load(Ordering::Relaxed)
    }

    /// The owner of a seat is awake: learns what that took, if somebody woke it.
    pub(crate) fn note_awake(&self, seat: &Seat) {
        let Some(woken_ns) = seat.woken_ns() else {
            return;
        };
        let took_ns = clock::monotonic_ns().saturating_sub(woken_ns);
        let took_ns = took_ns.min(tuning::WAKE_MAX_NS);
        // An eighth of the way. Relaxed: a lost lesson is no loss.
        let now = self.wake_ns();
        self.wake_ns
            .store(now - now / 8 + took_ns / 8, Ordering::Relaxed);
    }
}
