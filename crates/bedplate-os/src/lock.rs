//! A lock for memory paths.
//!
//! # Role
//! Mutual exclusion without allocation, without poisoning, and with a way out of `fork`.
//!
//! # Concurrency
//! One word: 0 free, 1 held, 2 held with sleepers (Drepper, "Futexes are tricky", mutex 3).
//! `lock` acquires with the Acquire that pairs with `unlock`'s Release.

use crate::linux::calls;
use core::sync::atomic::{AtomicU32, Ordering};

/// A futex lock.
#[derive(Debug, Default)]
pub struct Lock {
    word: AtomicU32,
}

/// Holds a [`Lock`] until dropped.
#[derive(Debug)]
#[must_use = "the lock is given up when the guard drops"]
pub struct Guard<'a> {
    lock: &'a Lock,
}

impl Lock {
    /// A free lock.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            word: AtomicU32::new(0),
        }
    }

    /// Takes the lock, sleeping while another holds it.
    #[inline]
    pub fn lock(&self) -> Guard<'_> {
        // Acquire pairs with the Release in `unlock`.
        if self
            .word
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            self.lock_slow();
        }
        Guard { lock: self }
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<Guard<'_>> {
        // Acquire pairs with the Release in `unlock`.
        self.word
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .ok()
            .map(|_| Guard { lock: self })
    }

    /// True if others sleep until the lock is free, or did so when it was taken. Asked by its holder.
    #[must_use]
    pub fn has_sleepers(&self) -> bool {
        // Relaxed: a hint.
        self.word.load(Ordering::Relaxed) == 2
    }

    #[cold]
    fn lock_slow(&self) {
        // A short spin: holders keep the lock for tens of nanoseconds. Bounded.
        for _ in 0..100_u32 {
            core::hint::spin_loop();
            // Relaxed: the exchange below is what acquires.
            if self.word.load(Ordering::Relaxed) == 0
                && self
                    .word
                    .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return;
            }
        }
        // Acquire pairs with the Release in `unlock`; loops until the word was free.
        while self.word.swap(2, Ordering::Acquire) != 0 {
            // A wait that fails or returns early only loops again.
            let _woken = calls::futex_wait(&self.word, 2, None);
        }
    }

    #[inline]
    fn unlock(&self) {
        // Release pairs with the Acquire of the next `lock`.
        if self.word.swap(0, Ordering::Release) == 2 {
            calls::futex_wake(&self.word, 1);
        }
    }

    /// Takes the lock without a guard, for a fork handler that another handler ends.
    pub fn hold(&self) {
        let _held = core::mem::ManuallyDrop::new(self.lock());
    }

    /// Ends a [`hold`](Self::hold).
    pub fn unhold(&self) {
        self.unlock();
    }

    /// Makes the lock free whatever it was: for the one thread of a forked child.
    pub fn reset_in_child(&self) {
        // Relaxed: the child has one thread.
        self.word.store(0, Ordering::Relaxed);
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lock.unlock();
    }
}

/// A word that threads sleep on: the parking half of a lock or a helper thread.
#[derive(Debug, Default)]
pub struct Parking {
    word: AtomicU32,
}

impl Parking {
    /// A new place to park.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            word: AtomicU32::new(0),
        }
    }

    /// The ticket to pass to [`park`](Self::park); take it before checking for work.
    pub fn ticket(&self) -> u32 {
        // Acquire pairs with the Release in `unpark_all`.
        self.word.load(Ordering::Acquire)
    }

    /// Sleeps until an unpark after `ticket`, or for `timeout_ns`. May return early.
    pub fn park(&self, ticket: u32, timeout_ns: Option<u64>) {
        let _woken = calls::futex_wait(&self.word, ticket, timeout_ns);
    }

    /// Wakes everybody who parked.
    pub fn unpark_all(&self) {
        // Release pairs with the Acquire in `ticket`.
        self.word.fetch_add(1, Ordering::Release);
        calls::futex_wake(&self.word, u32::MAX >> 1);
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use core::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_held_lock_cannot_be_taken_and_a_dropped_one_can() {
        let lock = Lock::new();
        let guard = lock.lock();
        assert!(lock.try_lock().is_none());
        drop(guard);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn four_threads_count_without_a_lost_step() {
        let lock = Lock::new();
        let count = AtomicU64::new(0);
        let work = || {
            for _ in 0..10_000 {
                let _guard = lock.lock();
                let c = count.load(Ordering::Relaxed);
                count.store(c + 1, Ordering::Relaxed);
            }
        };
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(work);
            }
        });
        assert_eq!(count.into_inner(), 40_000);
    }
}
