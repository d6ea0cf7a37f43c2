//! Who looks for halves of joins.
//!
//! # Role
//! Keeps somebody looking for offers while a thread may, and nobody awake for none (I3 of the engine).

use super::Engine;
use crate::seat::Seat;
use core::sync::atomic::{Ordering, fence};

impl Engine {
    /// An offer was made.
    #[inline]
    pub(crate) fn offer_made(&self) {
        // Relaxed: I3.
        if self.asleep.load(Ordering::Relaxed) {
            self.rouse_asleep();
        }
    }

    #[cold]
    #[inline(never)]
    fn rouse_asleep(&self) {
        // Relaxed: whoever clears it wakes.
        if self.asleep.swap(false, Ordering::Relaxed) {
            self.rouse_hunter();
        }
    }

    /// Wakes a worker that may hunt.
    pub(crate) fn rouse_hunter(&self) {
        if self.may_hunt() {
            self.wake_one();
        }
    }

    /// Nobody looks for offers from now on until one is made. The caller looks once more after this.
    pub(crate) fn fall_asleep(&self) {
        // Relaxed: I3.
        self.asleep.store(true, Ordering::Relaxed);
        // The look that follows must not come before the store.
        fence(Ordering::SeqCst);
    }

    /// A thread that is about to do something else sees to it that others look for offers, or that
    /// the next offer wakes somebody who does.
    pub(crate) fn leave_watch(&self) {
        if self.idle.any() && self.is_unwatched() {
            self.fall_asleep();
            if self.may_hunt() && self.has_offers() {
                self.rouse_asleep();
            }
        }
    }

    /// As [`leave_watch`](Self::leave_watch), before a job: where the next offer wakes somebody
    /// anyhow, a job costs no look at the seats.
    pub(crate) fn leave_watch_for_job(&self) {
        // Relaxed: I3.
        if !self.asleep.load(Ordering::Relaxed) {
            self.leave_watch();
        }
    }

    /// Has a worker whose CPU no guest is on look for offers, if one sleeps. The caller does not count
    /// as a hunter any more, and sleeps if this is true: the other one looks at all that stands.
    pub(crate) fn hand_over_hunt(&self) -> bool {
        let is_free = |index: usize| !self.is_crowded(&self.seats[index]);
        self.idle.any() && self.wake(self.idle.claim_only(is_free))
    }

    /// Wakes a hunter that naps, unless the next offer wakes somebody anyhow.
    pub(crate) fn rouse_napper(&self) {
        if self.is_asleep() {
            return;
        }
        let is_napping = |index: usize| self.seats[index].is_napping();
        self.wake(self.idle.claim_only(is_napping));
    }

    /// A hunter begins or ends a nap.
    pub(crate) fn note_nap(&self, seat: &Seat, begins: bool) {
        seat.set_napping(begins);
        // Relaxed, both: a hint to whom a wake is worth.
        if begins {
            self.napping.fetch_add(1, Ordering::Relaxed);
        } else {
            self.napping.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// True if nobody looks for offers right now: all workers sleep, work, or nap.
    #[inline]
    pub(crate) fn is_unattended(&self) -> bool {
        // Relaxed, all: a hint.
        let hunters = self.hunters.load(Ordering::Relaxed);
        self.is_asleep() || (hunters > 0 && hunters <= self.napping.load(Ordering::Relaxed))
    }

    /// Becomes a hunter, unless there are enough: at most half of the workers look.
    pub(crate) fn hunter(&self) -> Option<Hunter<'_>> {
        // Relaxed: a limit, no order hangs on it.
        let before = self.hunters.fetch_add(1, Ordering::Relaxed);
        let hunter = Hunter { engine: self };
        (before < self.width().div_ceil(2)).then_some(hunter)
    }

    /// True if nobody hunts.
    pub(crate) fn is_unwatched(&self) -> bool {
        // Relaxed: I3.
        self.hunters.load(Ordering::Relaxed) == 0
    }

    /// True if an offer stands that somebody could take.
    pub(crate) fn has_offers(&self) -> bool {
        self.seats_at_work()
            .any(|seat| seat.offers.oldest(0).is_some())
    }

    /// True if workers sleep, none hunts, and the next offer wakes one.
    #[inline]
    pub(crate) fn is_asleep(&self) -> bool {
        // Relaxed: I3.
        self.asleep.load(Ordering::Relaxed)
    }

    /// True while fewer threads run than there are workers.
    pub(crate) fn may_hunt(&self) -> bool {
        self.activity.now().running() < self.width()
    }
}

/// A worker that looks for halves of joins.
#[derive(Debug)]
pub(crate) struct Hunter<'e> {
    engine: &'e Engine,
}

impl Drop for Hunter<'_> {
    fn drop(&mut self) {
        // Relaxed: as in `hunter`.
        self.engine.hunters.fetch_sub(1, Ordering::Relaxed);
    }
}
