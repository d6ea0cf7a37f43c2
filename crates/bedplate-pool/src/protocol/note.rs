//! A few words that are read together, without a lock.
//!
//! # Role
//! A writer that finds the note free changes its words; a reader that saw a change under way has
//! read nothing. Nobody waits for anybody.
//!
//! # Invariants
//! - I1: [`Note::read`] returns words that one change left, or those the note began with.
//! - I2: of changes that meet, one is made; the others are refused and change nothing.
//!
//! # Concurrency
//! The version is odd while a change is under way. In a child that was forked meanwhile it stays
//! odd: that note is never read nor changed there.

use crate::sync::{AtomicU64, Ordering, fence};

/// Words that are read together.
#[derive(Debug)]
pub(crate) struct Note<const N: usize> {
    version: AtomicU64,
    words: [AtomicU64; N],
}

impl<const N: usize> Note<N> {
    /// A note that begins with these words; the version is zero.
    pub(crate) const fn of(version: AtomicU64, words: [AtomicU64; N]) -> Self {
        Self { version, words }
    }

    /// The words; `None` while somebody changes them.
    #[inline]
    pub(crate) fn read(&self) -> Option<[u64; N]> {
        // Acquire pairs with the Release at the end of `change`.
        let before = self.version.load(Ordering::Acquire);
        if !before.is_multiple_of(2) {
            return None;
        }
        // Relaxed: the fence and the version tell whether they belong together.
        let words = core::array::from_fn(|at| self.words[at].load(Ordering::Relaxed));
        // Pairs with the fence in `change`: if one of the words is of a later change, the version
        // below is, too.
        fence(Ordering::Acquire);
        (self.version.load(Ordering::Relaxed) == before).then_some(words)
    }

    /// One of the words on its own: a hint.
    #[inline]
    pub(crate) fn peek(&self, at: usize) -> u64 {
        // Relaxed: a hint.
        self.words[at].load(Ordering::Relaxed)
    }

    /// Changes the words, unless somebody else does; true if this call did.
    pub(crate) fn change(&self, with: impl FnOnce(&mut [u64; N])) -> bool {
        // Relaxed: the exchange decides.
        let before = self.version.load(Ordering::Relaxed);
        // Acquire pairs with the Release below: the words of the change before are seen.
        let is_mine = before.is_multiple_of(2)
            && self
                .version
                .compare_exchange(before, before + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if !is_mine {
            return false;
        }
        // Pairs with the fence in `read`.
        fence(Ordering::Release);
        // Relaxed, both: only this thread changes the words now.
        let mut words = core::array::from_fn(|at| self.words[at].load(Ordering::Relaxed));
        with(&mut words);
        for (place, word) in self.words.iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        // Release pairs with the Acquires above.
        self.version.store(before + 2, Ordering::Release);
        true
    }
}
