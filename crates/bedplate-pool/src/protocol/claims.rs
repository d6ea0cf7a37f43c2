//! Who gets which item of a few.
//!
//! # Role
//! Numbers of items that one thread fills in and others claim. The first that claims owns the claims and
//! pays no locked instruction for one; when a second comes, the claims are shared, and all exchange.
//!
//! # Not here
//! The items: this file never looks.
//!
//! # Invariants
//! - I1: a number below [`Claims::filled`] is claimed once.
//! - I2: at most one thread owns the claims at a time. Owners follow each other, and [`Claims::share`] is
//!   called, under one lock, which is not this file's.
//! - I3: an item was filled in before its number can be claimed.
//!
//! # Concurrency
//! | field | written by | read by |
//! |---|---|---|
//! | `filled` | whoever fills | all |
//! | `own` | the owner | the owner, the next one, whoever shares; others as a hint |
//! | `state`, `from` | whoever shares, under the lock | all |
//! | `common` | whoever claims, once shared | the same |
//!
//! The owner stores the number after the one it claims and then looks whether the claims are being
//! shared; whoever shares says so and then reads that number. `light` and `heavy` see to it that one of
//! them sees the other. An owner that sees that they are being shared does not know whether its number was
//! read before or after its store: what was read says it, once sharing is over.

use crate::sync::{AtomicU32, Ordering, heavy, light};

/// One thread claims.
const OWNED: u32 = 0;
/// Somebody has come beside it.
const SHARING: u32 = 1;
/// All exchange.
const SHARED: u32 = 2;

/// A line of memory, in bytes.
const LINE: usize = 64;

/// Who gets which item.
#[derive(Debug)]
pub(crate) struct Claims {
    /// How many items are there.
    filled: AtomicU32,
    /// Whoever fills and whoever claims have lines of their own.
    _apart: [u8; LINE],
    /// The owner's next number.
    own: AtomicU32,
    state: AtomicU32,
    /// The owner's next number when the claims were shared.
    from: AtomicU32,
    /// The next number once shared.
    common: AtomicU32,
}

impl Claims {
    /// Of so many items, shared from the beginning or with an owner.
    #[must_use]
    pub(crate) fn new(filled: u32, is_shared: bool) -> Self {
        Self {
            filled: AtomicU32::new(filled),
            _apart: [0; LINE],
            own: AtomicU32::new(0),
            state: AtomicU32::new(if is_shared { SHARED } else { OWNED }),
            from: AtomicU32::new(0),
            common: AtomicU32::new(0),
        }
    }

    /// So many items are there now. One thread fills.
    #[inline]
    pub(crate) fn fill(&self, filled: u32) {
        // Release pairs with the Acquire in `filled` (I3).
        self.filled.store(filled, Ordering::Release);
    }

    /// How many items are there.
    #[inline]
    #[must_use]
    pub(crate) fn filled(&self) -> u32 {
        // Acquire pairs with the Release in `fill`.
        self.filled.load(Ordering::Acquire)
    }

    /// How many were claimed. A hint while there is an owner.
    #[must_use]
    pub(crate) fn claimed(&self) -> u32 {
        // Relaxed, all: a hint.
        if self.state.load(Ordering::Relaxed) == SHARED {
            self.common.load(Ordering::Relaxed)
        } else {
            self.own.load(Ordering::Relaxed)
        }
    }

    /// True if all claim by [`claim`](Self::claim). Certain under the lock.
    #[must_use]
    pub(crate) fn is_shared(&self) -> bool {
        // Acquire pairs with the Release in `share`.
        self.state.load(Ordering::Acquire) == SHARED
    }

    /// Claims `number`, the owner's next, which is below [`filled`](Self::filled); owner only. False if
    /// others have come: [`was_owned`](Self::was_owned) says after a turn with the lock whether it was.
    #[inline]
    #[must_use]
    pub(crate) fn claim_own(&self, number: u32) -> bool {
        // Relaxed, both: `light` orders them against `share`; an item's own order comes by `filled`.
        self.own.store(number + 1, Ordering::Relaxed);
        light();
        self.state.load(Ordering::Relaxed) == OWNED
    }

    /// Whether `number` was claimed by [`claim_own`](Self::claim_own) before the claims were shared. Once
    /// they are; by the thread that was the owner.
    #[must_use]
    pub(crate) fn was_owned(&self, number: u32) -> bool {
        // Relaxed: `is_shared` or the lock orders it.
        self.from.load(Ordering::Relaxed) == number + 1
    }

    /// Takes the claims from their owner for all. Under the lock.
    pub(crate) fn share(&self) {
        // Relaxed: this is its only writer, by the lock.
        if self.state.load(Ordering::Relaxed) == SHARED {
            return;
        }
        // Relaxed, all: `heavy` orders the first two against `claim_own`, the Release at the end the rest.
        self.state.store(SHARING, Ordering::Relaxed);
        heavy();
        let next = self.own.load(Ordering::Relaxed);
        self.from.store(next, Ordering::Relaxed);
        self.common.store(next, Ordering::Relaxed);
        // Release pairs with the Acquire in `is_shared`.
        self.state.store(SHARED, Ordering::Release);
    }

    /// Claims the next number, once shared.
    #[must_use]
    pub(crate) fn claim(&self) -> Option<u32> {
        // Relaxed, both: the exchange gives a number once, and its item's order comes by `filled`.
        let mut next = self.common.load(Ordering::Relaxed);
        while next < self.filled() {
            let (done, missed) = (Ordering::Relaxed, Ordering::Relaxed);
            match self
                .common
                .compare_exchange_weak(next, next + 1, done, missed)
            {
                Ok(_) => return Some(next),
                Err(now) => next = now,
            }
        }
        None
    }
}
