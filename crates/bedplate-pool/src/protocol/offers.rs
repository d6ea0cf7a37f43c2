//! Halves of joins that others may take.
//!
//! # Role
//! A few slots of one owner. The owner offers and takes back, anybody takes the oldest.
//!
//! # Not here
//! What an offer points at: this file never looks.
//!
//! # Invariants
//! - I1: an offer's number is given once in the life of its [`Offers`], and numbers rise. So
//!   whoever exchanges a number for zero took exactly the offer it saw, whatever happened between.
//! - I2: of the owner and all others exactly one gets an offer.
//! - I3: a pointer that [`Offers::take`] returns is the one that was offered under the number.
//!
//! # Concurrency
//! | field | written by | read by |
//! |---|---|---|
//! | `number` | the owner while it is zero; whoever takes writes zero | all |
//! | `what` | the owner while `number` is zero | takers |
//! | `next` | the owner | the owner |
//!
//! An offer costs the owner two stores, and one locked instruction to take back. There is no fence:
//! owner and thief meet at one word.

use crate::sync::{AtomicPtr, AtomicU64, Ordering};

/// Slots of an owner. More than a few would offer halves too small to be worth taking: a thief that
/// wants more finds new offers as soon as it took some.
pub(crate) const SLOTS: usize = 4;

/// The bit of a number that says that the offer is worth taking at once.
const RIPE: u64 = 1;
/// From a number to the next.
const STEP: u64 = 2;

/// What one owner offers.
#[derive(Debug)]
pub(crate) struct Offers<T> {
    slots: [Slot<T>; SLOTS],
    /// The last number given, without the bit for ripe ones.
    last: AtomicU64,
}

/// A place for one offer.
#[derive(Debug)]
struct Slot<T> {
    /// The number of the offer that stands here; zero if none does.
    number: AtomicU64,
    /// What is offered.
    what: AtomicPtr<T>,
}

/// An offer as it was made or seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    slot: usize,
    number: u64,
}

impl Offer {
    /// Its number, unique within its owner's life.
    #[must_use]
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// True if it was offered as worth taking at once.
    #[inline]
    pub(crate) fn is_ripe(self) -> bool {
        self.number & RIPE != 0
    }
}

impl<T> Default for Offers<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Offers<T> {
    /// No offers.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            slots: core::array::from_fn(|_| Slot {
                number: AtomicU64::new(0),
                what: AtomicPtr::new(core::ptr::null_mut()),
            }),
            last: AtomicU64::new(0),
        }
    }

    /// Offers `what` in one of the first `limit` slots, as worth taking at once or not. `None` if they
    /// are taken. Owner only.
    #[inline]
    pub(crate) fn offer(&self, what: *mut T, limit: usize, is_ripe: bool) -> Option<Offer> {
        for (slot, place) in self.slots.iter().enumerate().take(limit) {
            // Acquire pairs with the Release of the take that emptied the slot: the taker has read
            // `what` before it is written again.
            if place.number.load(Ordering::Acquire) == 0 {
                // Relaxed: only the owner writes `last`.
                let number = self.last.load(Ordering::Relaxed) + STEP;
                self.last.store(number, Ordering::Relaxed);
                let number = number | if is_ripe { RIPE } else { 0 };
                // Relaxed: published by the next store.
                place.what.store(what, Ordering::Relaxed);
                // Release pairs with the Acquire of `oldest` and `take`.
                place.number.store(number, Ordering::Release);
                return Some(Offer { slot, number });
            }
        }
        None
    }

    /// Takes an offer back; false if another has it. Owner only.
    #[inline]
    pub(crate) fn take_back(&self, offer: Offer) -> bool {
        let number = &self.slots[offer.slot].number;
        // Relaxed, both: nothing was written by others if the owner gets it, and the end of the
        // offer is awaited elsewhere if not.
        number.load(Ordering::Relaxed) == offer.number
            && number
                .compare_exchange(offer.number, 0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// True if the first `limit` slots hold offers.
    #[inline]
    pub(crate) fn is_full(&self, limit: usize) -> bool {
        // Relaxed: a hint.
        self.slots
            .iter()
            .take(limit)
            .all(|s| s.number.load(Ordering::Relaxed) != 0)
    }

    /// The oldest offer whose number is at least `floor`.
    #[inline]
    pub(crate) fn oldest(&self, floor: u64) -> Option<Offer> {
        let mut found: Option<Offer> = None;
        for (slot, place) in self.slots.iter().enumerate() {
            // Acquire pairs with the Release in `offer`: what the owner did before is seen by who
            // sees the number.
            let number = place.number.load(Ordering::Acquire);
            if number >= floor.max(1) && found.is_none_or(|f| number < f.number) {
                found = Some(Offer { slot, number });
            }
        }
        found
    }

    /// The number that the next offer will have at least. Owner only.
    #[inline]
    pub(crate) fn next_number(&self) -> u64 {
        // Relaxed: only the owner writes it.
        self.last.load(Ordering::Relaxed) + STEP
    }

    /// Takes an offer that [`oldest`](Self::oldest) saw; `None` if it is gone.
    #[inline]
    pub(crate) fn take(&self, offer: Offer) -> Option<*mut T> {
        let place = &self.slots[offer.slot];
        // Relaxed: the number was read with Acquire before, and the exchange below fails unless it
        // stood all the while (I1).
        let what = place.what.load(Ordering::Relaxed);
        // Acquire pairs with the Release in `offer`; Release with the Acquire in `offer`.
        place
            .number
            .compare_exchange(offer.number, 0, Ordering::AcqRel, Ordering::Relaxed)
            .ok()
            .map(|_| what)
    }
}
