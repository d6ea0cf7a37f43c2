//! A seat's part: which fiber runs, which were woken.

use crate::engine::Engine;
use crate::seat::Seat;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A seat's part.
#[derive(Debug, Default)]
pub(crate) struct Home {
    /// One more than the number of the fiber that the owner runs, zero for none. Owner only.
    running: AtomicU32,
    /// Numbers of fibers that were woken.
    woken: Mutex<Vec<u32>>,
    /// True where there may be some.
    some: AtomicBool,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One more than the number of the fiber that runs, zero for none. Owner only.
    pub(crate) fn running(&self) -> u32 {
        // Relaxed: the owner's word.
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn set_running(&self, running: u32) {
        // Relaxed: the owner's word.
        self.running.store(running, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u32>> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that a fiber may go on. The caller wakes the owner.
    pub(super) fn wake(&self, fiber: u32) {
        let mut woken = self.lock();
        woken.push(fiber);
        // Release pairs with the Acquire in `has_woken`.
        self.some.store(true, Ordering::Release);
    }

    /// True if a fiber was woken.
    #[inline]
    pub(crate) fn has_woken(&self) -> bool {
        // Acquire pairs with the Release in `wake`.
        self.some.load(Ordering::Acquire)
    }

    /// The fibers that were woken. Owner only.
    pub(super) fn take(&self) -> Vec<u32> {
        let mut woken = self.lock();
        // Relaxed: under the lock.
        self.some.store(false, Ordering::Relaxed);
        core::mem::take(&mut woken)
    }
}

/// Whom the end of a half is to wake beside its owner's thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    seat: u32,
    /// As [`Home::running`].
    running: u32,
}

impl Ticket {
    /// Nobody.
    pub(crate) const NONE: Self = Self {
        seat: 0,
        running: 0,
    };

    /// The fiber that the owner of `seat` runs. Owner only.
    #[inline]
    pub(crate) fn of(seat: &Seat) -> Self {
        Self {
            seat: u32::try_from(seat.index).unwrap_or(0),
            running: seat.home.running(),
        }
    }

    /// Tells that the fiber may go on. The caller wakes the owner of the seat.
    #[inline]
    pub(crate) fn wake(self, engine: &Engine) {
        if let Some(fiber) = self.running.checked_sub(1) {
            engine.seat(self.seat as usize).home.wake(fiber);
        }
    }
}
