//! Something that is done once, even if a fork loses the thread that does it.
//!
//! # Role
//! The start of a library that lives inside other people's programs: the first thread to need it
//! does it, the others wait, and a forked child whose parent was in the middle of it does it anew.
//!
//! # Not here
//! Undoing what the lost thread had done: the work must stand being done again.
//!
//! # Invariants
//! - I1: the word is 0 (fresh), the largest number (done), or the kernel's number of the thread that does it.
//!
//! # Concurrency
//! `done` releases what the work wrote; every [`Turn::Done`] acquires it. Thread numbers are the
//! kernel's, of which a child's differ from its parent's: a number that is no thread of this
//! process is that of a thread the fork did not copy.

use crate::linux::calls;
use core::sync::atomic::{AtomicU32, Ordering};

const FRESH: u32 = 0;
const DONE: u32 = u32::MAX;

/// Work that is done once.
#[derive(Debug, Default)]
pub struct Once {
    word: AtomicU32,
}

/// What the caller of [`Once::enter`] is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing: it is done.
    Done,
    /// The work, and then call [`Once::done`].
    First,
    /// The same, in a forked child: the parent's thread that had begun it does not exist here.
    Again,
    /// Nothing: this thread is in the middle of it.
    Within,
}

impl Once {
    /// Nothing is done yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            word: AtomicU32::new(FRESH),
        }
    }

    /// Whose turn it is. Waits while another thread of this process does the work.
    #[inline]
    pub fn enter(&self) -> Turn {
        // Acquire pairs with the Release in `done`.
        if self.word.load(Ordering::Acquire) == DONE {
            return Turn::Done;
        }
        self.enter_slow()
    }

    #[cold]
    fn enter_slow(&self) -> Turn {
        let own = calls::thread_id();
        // Bounded by the work of the one thread that does it.
        loop {
            // Acquire pairs with the Release in `done`.
            let seen = self.word.load(Ordering::Acquire);
            if seen == DONE {
                return Turn::Done;
            }
            if seen == own {
                return Turn::Within;
            }
            if seen != FRESH && calls::is_thread_of_this_process(seen) {
                calls::yield_now();
                continue;
            }
            // Acquire: a child goes on from what the lost thread had written.
            let taken = self
                .word
                .compare_exchange(seen, own, Ordering::Acquire, Ordering::Relaxed);
            if taken.is_ok() {
                return if seen == FRESH {
                    Turn::First
                } else {
                    Turn::Again
                };
            }
        }
    }

    /// The work is done: ends a [`Turn::First`] or [`Turn::Again`].
    pub fn done(&self) {
        // Release pairs with the Acquire in `enter`.
        self.word.store(DONE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::{Once, Turn};
    use core::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_thread_does_it_and_the_others_wait() {
        let once = Once::new();
        let works = AtomicU32::new(0);
        let enter = || match once.enter() {
            Turn::First => {
                assert_eq!(once.enter(), Turn::Within);
                std::thread::sleep(core::time::Duration::from_millis(20));
                works.fetch_add(1, Ordering::Relaxed);
                once.done();
            }
            Turn::Done => assert_eq!(works.load(Ordering::Relaxed), 1),
            other => panic!("{other:?}"),
        };
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(enter);
            }
        });
        assert_eq!(once.enter(), Turn::Done);
    }

    /// As in a forked child: the number in the word is no thread of this process.
    #[test]
    fn what_a_lost_thread_began_is_done_again() {
        let once = Once::new();
        let lost = std::thread::scope(|s| s.spawn(|| once.enter()).join());
        assert_eq!(lost.expect("no panic"), Turn::First);
        // The kernel may need a moment to forget the thread.
        while once.enter() != Turn::Within {
            std::thread::yield_now();
        }
        once.done();
        assert_eq!(once.enter(), Turn::Done);
    }
}
