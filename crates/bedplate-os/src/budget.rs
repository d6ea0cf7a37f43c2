//! Budgets: who may hold how much memory.
//!
//! # Role
//! A [`Budget`] counts the bytes that its users hold against a limit, and calls its subscribers
//! when the count crosses a soft mark.
//!
//! # Not here
//! What a subscriber does about it, and where the limit comes from (`limits.rs` reads the
//! machine's). Charges are made per segment or block, on cold paths.
//!
//! # Invariants
//! - I1: nothing allocates, locks or waits, so that an allocator can charge from anywhere.
//! - I2: `used` never passes the limit by a charge; each crossing of the soft mark is seen by
//!   exactly one caller, who makes the calls.
//! - I3: counters are 64 bits wide and saturate.
//!
//! # Concurrency
//! `used` is the one word that charges race for; all else is told after the fact. A subscriber's
//! slot is a small sequence lock: its `version` is odd while a writer is inside, and a reader
//! that saw it change calls nobody. A fork in the middle leaves at worst a slot that no one calls.

#![expect(
    unsafe_code,
    reason = "a subscriber's function is kept in an atomic pointer"
)]

use core::fmt;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

/// How many subscribers a budget has room for.
pub const SUBSCRIBERS_MAX: usize = 8;

/// No limit, or no soft mark.
pub const UNLIMITED: u64 = u64::MAX;

/// Which way the soft mark was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// The bytes in use reached the mark.
    Above,
    /// The bytes in use fell below it again.
    Below,
}

/// What a budget calls: a function, and a word of the subscriber's own that is passed through.
///
/// It runs inside the charge or release that crossed the mark. It must not block or allocate; it
/// may release.
pub type Notify = fn(context: usize, crossing: Crossing);

/// A limit on bytes, shared by all who charge it.
#[derive(Debug)]
pub struct Budget {
    limit: AtomicU64,
    soft: AtomicU64,
    used: AtomicU64,
    peak: AtomicU64,
    refused: AtomicU64,
    over_released: AtomicU64,
    subscribers: [Slot; SUBSCRIBERS_MAX],
}

/// One subscriber. `version`: 0 never used; odd, being written; a multiple of 4, empty again;
/// else live.
#[derive(Debug)]
struct Slot {
    version: AtomicU32,
    notify: AtomicPtr<()>,
    context: AtomicUsize,
}

/// Names a subscriber, to end its subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    slot: usize,
    version: u32,
}

/// A charge or subscription that could not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BudgetError {
    /// The charge would pass the limit.
    Limit {
        /// The bytes that were asked for.
        asked_bytes: u64,
        /// The bytes in use.
        used_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// All places for subscribers are taken.
    SubscribersFull,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit {
                asked_bytes,
                used_bytes,
                limit_bytes,
            } => write!(
                f,
                "failed to charge {asked_bytes} bytes: {used_bytes} of the budget's {limit_bytes} are in use; \
                 raise the limit or hold less"
            ),
            Self::SubscribersFull => write!(
                f,
                "failed to subscribe to a budget: all {SUBSCRIBERS_MAX} places are taken; end another subscription"
            ),
        }
    }
}

impl core::error::Error for BudgetError {}

impl Budget {
    /// A budget with a limit and a soft mark in bytes ([`UNLIMITED`] for none).
    #[must_use]
    pub const fn new(limit_bytes: u64, soft_bytes: u64) -> Self {
        Self {
            limit: AtomicU64::new(limit_bytes),
            soft: AtomicU64::new(soft_bytes),
            used: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            over_released: AtomicU64::new(0),
            subscribers: [const { Slot::empty() }; SUBSCRIBERS_MAX],
        }
    }

    /// Takes `bytes` out of the budget.
    ///
    /// # Errors
    /// - [`BudgetError::Limit`] where they would pass the limit; nothing is charged then.
    pub fn charge(&self, bytes: u64) -> Result<(), BudgetError> {
        // Relaxed throughout: the count orders no other memory. The loop ends when this thread's
        // exchange wins, and an exchange that loses means that another's won.
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let limit = self.limit.load(Ordering::Relaxed);
            let after = match used.checked_add(bytes) {
                Some(after) if after <= limit => after,
                _ => {
                    count(&self.refused, 1);
                    return Err(BudgetError::Limit {
                        asked_bytes: bytes,
                        used_bytes: used,
                        limit_bytes: limit,
                    });
                }
            };
            match self
                .used
                .compare_exchange_weak(used, after, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => {
                    self.peak.fetch_max(after, Ordering::Relaxed);
                    self.tell_crossing(used, after);
                    return Ok(());
                }
                Err(now) => used = now,
            }
        }
    }

    /// Gives `bytes` back to the budget.
    ///
    /// More than is in use counts as a mistake of the caller's: the use stops at zero and
    /// [`over_released_bytes`](Self::over_released_bytes) says by how much.
    pub fn release(&self, bytes: u64) {
        // Relaxed and bounded as in `charge`.
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let after = used.saturating_sub(bytes);
            match self
                .used
                .compare_exchange_weak(used, after, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => {
                    if bytes > used {
                        count(&self.over_released, bytes - used);
                    }
                    self.tell_crossing(used, after);
                    return;
                }
                Err(now) => used = now,
            }
        }
    }

    fn tell_crossing(&self, before: u64, after: u64) {
        // Relaxed: a mark that changes at this very moment may be heard of late.
        let soft = self.soft.load(Ordering::Relaxed);
        let crossing = match (before >= soft, after >= soft) {
            (false, true) => Crossing::Above,
            (true, false) => Crossing::Below,
            _ => return,
        };
        self.tell(crossing);
    }

    #[cold]
    fn tell(&self, crossing: Crossing) {
        for slot in &self.subscribers {
            if let Some((notify, context)) = slot.read() {
                notify(context, crossing);
            }
        }
    }

    /// Bytes in use.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// The most bytes that were in use at a time.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// The limit in bytes.
    #[must_use]
    pub fn limit_bytes(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// The soft mark in bytes.
    #[must_use]
    pub fn soft_bytes(&self) -> u64 {
        self.soft.load(Ordering::Relaxed)
    }

    /// Charges that were refused.
    #[must_use]
    pub fn refused_count(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Bytes given back that were never charged: not zero means that a user counts wrongly.
    #[must_use]
    pub fn over_released_bytes(&self) -> u64 {
        self.over_released.load(Ordering::Relaxed)
    }

    /// Changes limit and soft mark. What is in use stays in use, also above a lower limit.
    /// Subscribers hear of a use that the new mark puts on its other side.
    pub fn set(&self, limit_bytes: u64, soft_bytes: u64) {
        self.limit.store(limit_bytes, Ordering::Relaxed);
        let before = self.soft.swap(soft_bytes, Ordering::Relaxed);
        let used = self.used.load(Ordering::Relaxed);
        match (used >= before, used >= soft_bytes) {
            (false, true) => self.tell(Crossing::Above),
            (true, false) => self.tell(Crossing::Below),
            _ => {}
        }
    }

    /// Has `notify(context, ..)` called at each crossing of the soft mark.
    ///
    /// # Errors
    /// - [`BudgetError::SubscribersFull`] where no place is left.
    pub fn subscribe(&self, notify: Notify, context: usize) -> Result<Subscription, BudgetError> {
        for (place, slot) in self.subscribers.iter().enumerate() {
            if let Some(version) = slot.take(notify, context) {
                return Ok(Subscription {
                    slot: place,
                    version,
                });
            }
        }
        Err(BudgetError::SubscribersFull)
    }

    /// Ends a subscription. A call that another thread has begun may still be under way.
    /// Ending it twice does nothing.
    pub fn unsubscribe(&self, subscription: Subscription) {
        if let Some(slot) = self.subscribers.get(subscription.slot) {
            slot.leave(subscription.version);
        }
    }
}

/// Adds without wrapping.
fn count(counter: &AtomicU64, by: u64) {
    // Relaxed: a count of its own.
    let _counted = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
        Some(n.saturating_add(by))
    });
}

impl Slot {
    const fn empty() -> Self {
        Self {
            version: AtomicU32::new(0),
            notify: AtomicPtr::new(core::ptr::null_mut()),
            context: AtomicUsize::new(0),
        }
    }

    /// Takes the slot if it is empty; returns its version.
    fn take(&self, notify: Notify, context: usize) -> Option<u32> {
        let empty = self.version.load(Ordering::Relaxed);
        if !empty.is_multiple_of(4) {
            return None;
        }
        let writing = empty.wrapping_add(1);
        // Acquire: the writes below stay behind the odd version, for readers that pair with the
        // fence.
        self.version
            .compare_exchange(empty, writing, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // Release fence: pairs with the Acquire fence in `read`, so that a reader of the new words
        // also sees the odd version.
        fence(Ordering::Release);
        #[expect(
            clippy::fn_to_numeric_cast_any,
            reason = "the pointer keeps its provenance"
        )]
        let notify = notify as *mut ();
        self.notify.store(notify, Ordering::Relaxed);
        self.context.store(context, Ordering::Relaxed);
        // Release: pairs with the Acquire in `read`; the words are whole.
        let live = writing.wrapping_add(1);
        self.version.store(live, Ordering::Release);
        Some(live)
    }

    fn leave(&self, version: u32) {
        // Relaxed: the words stay as they are until the next `take`.
        let empty = version.wrapping_add(2);
        let _left =
            self.version
                .compare_exchange(version, empty, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn read(&self) -> Option<(Notify, usize)> {
        // Acquire: pairs with the Release store in `take`.
        let before = self.version.load(Ordering::Acquire);
        if before % 4 != 2 {
            return None;
        }
        let notify = self.notify.load(Ordering::Relaxed);
        let context = self.context.load(Ordering::Relaxed);
        // Acquire fence: pairs with the Release fence in `take`.
        fence(Ordering::Acquire);
        if self.version.load(Ordering::Relaxed) != before {
            return None;
        }
        // SAFETY: the version did not change, so the pointer is what `take` stored: a `Notify`.
        let notify = unsafe { core::mem::transmute::<*mut (), Notify>(notify) };
        Some((notify, context))
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, UNLIMITED, count};
    use core::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn counters_stop_at_their_maximum() {
        let counter = AtomicU64::new(u64::MAX - 1);
        for _ in 0..3 {
            count(&counter, 1);
        }
        assert_eq!(counter.load(Ordering::Relaxed), u64::MAX);
    }

    #[test]
    fn a_budget_counts_up_to_the_last_byte_of_64_bits() {
        let budget = Budget::new(UNLIMITED, UNLIMITED);
        budget.used.store(u64::MAX - 1, Ordering::Relaxed);
        assert_eq!(budget.charge(1), Ok(()));
        assert!(budget.charge(1).is_err());
        assert_eq!(budget.peak_bytes(), u64::MAX);
        budget.release(u64::MAX);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn a_slot_is_used_again_after_its_version_wraps() {
        let budget = Budget::new(UNLIMITED, 10);
        budget.subscribers[0]
            .version
            .store(u32::MAX - 3, Ordering::Relaxed);
        let subscription = budget.subscribe(|_, _| {}, 0);
        assert!(subscription.is_ok());
        if let Ok(s) = subscription {
            budget.unsubscribe(s);
        }
        assert_eq!(budget.subscribers[0].version.load(Ordering::Relaxed), 0);
    }
}
