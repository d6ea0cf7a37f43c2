//! Threads from outside.
//!
//! # Role
//! Seats for as long as they are in the pool, and the CPUs that they take from bound workers.

use super::Engine;
use crate::activity;
use crate::seat::Seat;
use core::sync::atomic::{Ordering, fence};

impl Engine {
    /// True if a guest runs on the CPU that the owner of the seat is bound to: what that worker did
    /// would be at the guest's cost, while another CPU is idle.
    pub(crate) fn is_crowded(&self, seat: &Seat) -> bool {
        let Some(cpu) = seat.bound_to() else {
            return false;
        };
        // Relaxed: a hint.
        let mut guests = self.guests.load(Ordering::Relaxed);
        // Bounded by the 64 bits.
        while guests != 0 {
            let guest = &self.seats[self.thread_seats() + guests.trailing_zeros() as usize];
            if guest.has_guest_on(cpu) {
                return true;
            }
            guests &= guests - 1;
        }
        false
    }

    /// A guest's seat, if one is free.
    pub(crate) fn guest_seat(&self) -> Option<&Seat> {
        // Relaxed: the exchange decides.
        let mut taken = self.guests.load(Ordering::Relaxed);
        loop {
            let free = (!taken).trailing_zeros();
            if free == 64 {
                // Relaxed: a figure.
                self.guests_refused.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            // Acquire pairs with the Release in `guest_leaves`: the seat's words are the new
            // owner's. Bounded by the other guests that come and go.
            match self.guests.compare_exchange_weak(
                taken,
                taken | 1 << free,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.activity.begin(activity::GUEST);
                    let seat = &self.seats[self.thread_seats() + free as usize];
                    seat.note_guest(bedplate_os::affinity::current_cpu());
                    return Some(seat);
                }
                Err(now) => taken = now,
            }
        }
    }

    /// A guest gives its seat back.
    pub(crate) fn guest_leaves(&self, seat: &Seat) {
        let bit = 1 << (seat.index - self.thread_seats());
        // Release pairs with the Acquire in `guest_seat`.
        self.guests.fetch_and(!bit, Ordering::Release);
        self.disengage(activity::GUEST);
        // Pairs with the fence in `IdleSet::enter`: either a worker on its way to sleep sees that one
        // thread less runs, or it is seen here.
        fence(Ordering::SeqCst);
        // Workers that slept because enough threads ran may hunt now, also for offers that stand.
        self.leave_watch();
    }
}
