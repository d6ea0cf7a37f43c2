//! The last events of one seat.
//!
//! # Role
//! The owner writes, anybody reads at any time. When it is full the oldest give way; a reader is
//! told how many it did not get.
//!
//! # Invariants
//! - I1: an event that [`Ring::read`] returns is one that was written, whole: those that the owner
//!   may have been writing over meanwhile are left out and counted.
//!
//! # Concurrency
//! A sequence lock in two words. The owner raises `claimed` before it writes a slot and `written`
//! after; the reader reads `written`, the slots, then `claimed`.

use core::sync::atomic::{AtomicU64, Ordering, fence};

/// Words of an event.
pub(super) const WORDS: usize = 4;
/// An event as words.
pub(super) type Words = [u64; WORDS];

/// A ring of events.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Box<[[AtomicU64; WORDS]]>,
    /// Events whose writing has begun.
    claimed: AtomicU64,
    /// Events that are written.
    written: AtomicU64,
}

impl Ring {
    /// Room for `events` events, one at least.
    pub(super) fn new(events: usize) -> Self {
        Self {
            slots: (0..events.max(1)).map(|_| Default::default()).collect(),
            claimed: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    fn slot(&self, number: u64) -> &[AtomicU64; WORDS] {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the remainder is less than a length"
        )]
        let at = (number % self.slots.len() as u64) as usize;
        &self.slots[at]
    }

    /// How many events were ever written.
    pub(super) fn written(&self) -> u64 {
        // Acquire pairs with the Release in `push`.
        self.written.load(Ordering::Acquire)
    }

    /// Writes an event. Owner only.
    pub(super) fn push(&self, event: Words) {
        // Relaxed: the owner's word.
        let number = self.written.load(Ordering::Relaxed);
        self.claimed.store(number + 1, Ordering::Relaxed);
        // Pairs with the fence in `read`: whoever sees a word of this event sees the claim.
        fence(Ordering::Release);
        for (word, value) in self.slot(number).iter().zip(event) {
            // Relaxed: ordered by the fence above and the store below.
            word.store(value, Ordering::Relaxed);
        }
        // Release pairs with the Acquire in `written`.
        self.written.store(number + 1, Ordering::Release);
    }

    /// The events from number `first` on that are still there, and how many are not.
    pub(super) fn read(&self, first: u64) -> (Vec<Words>, u64) {
        let room = self.slots.len() as u64;
        let end = self.written();
        let start = first.max(end.saturating_sub(room)).min(end);
        // Relaxed, in the loop: judged below.
        let mut events: Vec<Words> = (start..end)
            .map(|number| {
                let slot = self.slot(number);
                core::array::from_fn(|word| slot[word].load(Ordering::Relaxed))
            })
            .collect();
        // Pairs with the fence in `push`.
        fence(Ordering::Acquire);
        // Relaxed: after the fence.
        let claimed = self.claimed.load(Ordering::Relaxed);
        // Event `n` gives way to event `n + room`, which is claimed once `claimed > n + room`.
        let whole = claimed.saturating_sub(room).clamp(start, end);
        events.drain(..usize::try_from(whole - start).unwrap_or(events.len()));
        (events, whole.saturating_sub(first))
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;
    use core::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn the_last_events_stay_and_the_others_are_counted() {
        let ring = Ring::new(4);
        assert_eq!(ring.read(0), (Vec::new(), 0));
        for n in 0..10 {
            ring.push([n; 4]);
        }
        let last: Vec<_> = (6..10).map(|n| [n; 4]).collect();
        assert_eq!(ring.read(0), (last.clone(), 6));
        assert_eq!(ring.read(6), (last, 0));
        assert_eq!(ring.read(9), (vec![[9; 4]], 0));
        assert_eq!(ring.read(10), (Vec::new(), 0));
    }

    #[test]
    fn a_reader_gets_whole_events_only() {
        let ring = Ring::new(8);
        let stop = AtomicBool::new(false);
        std::thread::scope(|s| {
            s.spawn(|| {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    n += 1;
                    ring.push([n; 4]);
                }
            });
            for _ in 0..2_000 {
                let (events, lost) = ring.read(0);
                for (n, event) in events.iter().enumerate() {
                    assert_eq!(*event, [lost + n as u64 + 1; 4]);
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
