//! One helper thread for a library that lives inside other people's programs.
//!
//! # Role
//! Start a thread from any place, inside `free` too, and know whether it runs.
//!
//! # Invariants
//! - I1: at most one thread of a [`Background`] lives at a time.
//!
//! # Concurrency
//! `running` is taken by whoever starts the thread and given up by the thread as its last act.

use crate::lock::Parking;
use crate::pages::{self, Protection};
use crate::{Operation, OsError, linux};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// A helper thread that starts when asked and ends by itself.
#[derive(Debug, Default)]
pub struct Background {
    running: AtomicBool,
    tid: AtomicU32,
    place: AtomicUsize,
    parking: Parking,
}

impl Background {
    /// No thread yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            running: AtomicBool::new(false),
            tid: AtomicU32::new(0),
            place: AtomicUsize::new(0),
            parking: Parking::new(),
        }
    }

    /// Starts `entry` in the helper thread unless it runs. True if it was started.
    ///
    /// `entry` must use no thread-local storage and no function of the C library but clocks, and
    /// must call [`Background::ended`] as its last act.
    ///
    /// # Errors
    /// - [`Operation::ThreadStart`] or [`Operation::Reserve`] with the kernel's code.
    pub fn start(&'static self, entry: extern "C" fn()) -> Result<bool, OsError> {
        // Acquire pairs with the Release in `ended`.
        if self.running.load(Ordering::Relaxed) || self.running.swap(true, Ordering::Acquire) {
            return Ok(false);
        }
        // The last thread may still be on its stack for a few instructions: try again later.
        if linux::background::lives(&self.tid) {
            self.ended();
            return Ok(false);
        }
        let started = self.place().and_then(|place| {
            #[cfg(feature = "sim")]
            crate::sim::faults::check(Operation::ThreadStart)?;
            linux::background::spawn(place, &self.tid, entry)
                .map_err(|code| OsError::new(Operation::ThreadStart, code))
        });
        if started.is_err() {
            self.ended();
        }
        started.map(|()| true)
    }

    fn place(&self) -> Result<usize, OsError> {
        let place = self.place.load(Ordering::Relaxed);
        if place != 0 {
            return Ok(place);
        }
        let at = pages::map(0, linux::background::PLACE_BYTES, Protection::ReadWrite)?;
        let place = at.as_ptr().expose_provenance();
        self.place.store(place, Ordering::Relaxed);
        Ok(place)
    }

    /// The thread's last act.
    pub fn ended(&self) {
        // Release pairs with the Acquire in `start`.
        self.running.store(false, Ordering::Release);
    }

    /// The thread goes on after all, having called [`ended`](Self::ended). False if another was
    /// started meanwhile: then it must end.
    pub fn go_on(&self) -> bool {
        // Acquire as in `start`.
        !self.running.swap(true, Ordering::Acquire)
    }

    /// What [`sleep_ms`](Self::sleep_ms) wants: a wake after this ends the sleep, even one that has
    /// not begun. Take it before looking whether there is anything to do.
    pub fn ticket(&self) -> u32 {
        self.parking.ticket()
    }

    /// Sleeps in the thread for `ms` milliseconds, or until a [`Background::wake`] after `ticket`.
    pub fn sleep_ms(&self, ticket: u32, ms: u64) {
        self.parking.park(ticket, Some(ms * 1_000_000));
    }

    /// Wakes the thread.
    pub fn wake(&self) {
        self.parking.unpark_all();
    }

    /// True while the thread lives.
    #[must_use]
    pub fn lives(&self) -> bool {
        linux::background::lives(&self.tid)
    }

    /// In a forked child: there is no thread.
    pub fn reset_in_child(&self) {
        self.tid.store(0, Ordering::Relaxed);
        self.running.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Background;
    use core::sync::atomic::{AtomicU32, Ordering};

    static HELPER: Background = Background::new();
    static RUNS: AtomicU32 = AtomicU32::new(0);

    extern "C" fn entry() {
        RUNS.fetch_add(1, Ordering::Relaxed);
        HELPER.ended();
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_helper_runs_ends_and_runs_again() {
        for round in 1..=20 {
            // Bounded by the life of the previous thread, a few instructions.
            while !HELPER.start(entry).expect("threads can be made here") {
                std::thread::yield_now();
            }
            while RUNS.load(Ordering::Relaxed) < round || HELPER.lives() {
                std::thread::yield_now();
            }
        }
    }
}
