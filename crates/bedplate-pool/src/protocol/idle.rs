//! Who sleeps and can be woken.
//!
//! # Role
//! A bit per worker. A worker that is about to sleep enters, looks once more whether there is
//! anything to do, and sleeps; whoever makes something to do claims one that entered and wakes it.
//!
//! # Invariants
//! - I1: something made before [`IdleSet::claim`] and looked for after [`IdleSet::enter`] is
//!   either found by the worker, or the worker is found by the claim. The two fences see to it.
//! - I2: one entry is claimed once.
//!
//! # Concurrency
//! The fences are `SeqCst` because each side stores one word and loads the other's, which no weaker
//! order decides (docs/design/0008-offers-instead-of-a-heartbeat.md).

use crate::sync::{AtomicU64, Ordering, fence};

/// The sleepers.
#[derive(Debug)]
pub(crate) struct IdleSet {
    words: Box<[AtomicU64]>,
}

impl IdleSet {
    /// Nobody sleeps, of `count`.
    #[must_use]
    pub(crate) fn new(count: usize) -> Self {
        Self {
            words: (0..count.div_ceil(64).max(1))
                .map(|_| AtomicU64::new(0))
                .collect(),
        }
    }

    /// Worker `index` is about to sleep. It must look for work after this, and take the ticket it
    /// sleeps on before.
    pub(crate) fn enter(&self, index: usize) {
        // Release pairs with the Acquire in `claim`.
        self.words[index / 64].fetch_or(1 << (index % 64), Ordering::AcqRel);
        // Pairs with the fence in `claim`.
        fence(Ordering::SeqCst);
    }

    /// Worker `index` is awake; false if somebody claimed it.
    pub(crate) fn leave(&self, index: usize) -> bool {
        let bit = 1 << (index % 64);
        // Acquire pairs with the Release of a claim.
        self.words[index / 64].fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// True if somebody seems to sleep. No fence: a hint.
    #[inline]
    #[must_use]
    pub(crate) fn any(&self) -> bool {
        // Relaxed: a hint.
        self.words.iter().any(|w| w.load(Ordering::Relaxed) != 0)
    }

    /// Claims a sleeper, if possible one that `liked` approves. The caller wakes it.
    pub(crate) fn claim(&self, liked: impl Fn(usize) -> bool) -> Option<usize> {
        self.claim_only(liked).or_else(|| self.claim_if(&|_| true))
    }

    /// Claims a sleeper that `liked` approves. The caller wakes it.
    pub(crate) fn claim_only(&self, liked: impl Fn(usize) -> bool) -> Option<usize> {
        // Pairs with the fence in `enter`.
        fence(Ordering::SeqCst);
        self.claim_if(&liked)
    }

    fn claim_if(&self, wanted: &impl Fn(usize) -> bool) -> Option<usize> {
        for (at, word) in self.words.iter().enumerate() {
            // Relaxed: the exchange below decides.
            let mut bits = word.load(Ordering::Relaxed);
            // Bounded by the 64 bits.
            while bits != 0 {
                let place = bits.trailing_zeros() as usize;
                let bit = 1 << place;
                bits &= !bit;
                let index = at * 64 + place;
                // Acquire pairs with the Release in `enter`.
                if wanted(index) && word.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
                    return Some(index);
                }
            }
        }
        None
    }
}
