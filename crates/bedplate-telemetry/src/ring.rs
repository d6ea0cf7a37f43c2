//! The last N events.
//!
//! # Role
//! A fixed ring that any thread writes without waiting.
//!
//! # Concurrency
//! A writer takes a number, marks the slot as being written (odd), fills it and marks it written
//! (even, from the number). A reader keeps a slot only if the mark was even and the same before
//! and after. A writer that sleeps through a whole turn of the ring can mix its event with a
//! later one; the reader then sees one wrong event, never wrong memory.

use core::sync::atomic::{AtomicU64, Ordering, fence};

/// An event as read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event's number since the start, from 0.
    pub number: u64,
    /// What happened: a [`Gate`](crate::Gate) number in the low byte, the kind above it.
    pub what: u64,
    /// First figure.
    pub a: u64,
    /// Second figure.
    pub b: u64,
}

#[derive(Debug)]
#[repr(C)]
struct Slot {
    mark: AtomicU64,
    what: AtomicU64,
    a: AtomicU64,
    b: AtomicU64,
}

/// The last `N` events.
#[derive(Debug)]
#[repr(C)]
pub struct Ring<const N: usize> {
    next: AtomicU64,
    slots: [Slot; N],
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Ring<N> {
    /// An empty ring.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            next: AtomicU64::new(0),
            slots: [const {
                Slot {
                    mark: AtomicU64::new(0),
                    what: AtomicU64::new(0),
                    a: AtomicU64::new(0),
                    b: AtomicU64::new(0),
                }
            }; N],
        }
    }

    /// Records an event.
    #[inline]
    pub fn record(&self, what: u64, a: u64, b: u64) {
        // Relaxed: the number only spreads writers over slots.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a remainder of a usize fits"
        )]
        let Some(slot) = self.slots.get((number % N as u64) as usize) else {
            return;
        };
        slot.mark.store(number * 2 + 1, Ordering::Relaxed);
        // The fence keeps the fields behind the odd mark; pairs with the reader's fence.
        fence(Ordering::Release);
        slot.what.store(what, Ordering::Relaxed);
        slot.a.store(a, Ordering::Relaxed);
        slot.b.store(b, Ordering::Relaxed);
        // Release pairs with the reader's Acquire of the mark.
        slot.mark.store(number * 2 + 2, Ordering::Release);
    }

    /// How many events were recorded since the start.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Copies the events that are whole into `into`, oldest slot first; returns how many.
    pub fn read(&self, into: &mut [Event]) -> usize {
        let mut count = 0;
        for slot in &self.slots {
            let Some(to) = into.get_mut(count) else { break };
            // Acquire pairs with the writer's Release of the even mark.
            let before = slot.mark.load(Ordering::Acquire);
            if before == 0 || before % 2 == 1 {
                continue;
            }
            let event = Event {
                number: before / 2 - 1,
                what: slot.what.load(Ordering::Relaxed),
                a: slot.a.load(Ordering::Relaxed),
                b: slot.b.load(Ordering::Relaxed),
            };
            // Pairs with the writer's Release fence.
            fence(Ordering::Acquire);
            if slot.mark.load(Ordering::Relaxed) == before {
                *to = event;
                count += 1;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Ring};

    #[test]
    fn the_last_events_are_kept() {
        let ring: Ring<4> = Ring::new();
        for i in 0..6 {
            ring.record(1, i, i * 10);
        }
        let mut events = [Event::default(); 8];
        let n = ring.read(&mut events);
        assert_eq!(n, 4);
        let mut numbers: [u64; 4] = core::array::from_fn(|i| events[i].number);
        numbers.sort_unstable();
        assert_eq!(numbers, [2, 3, 4, 5]);
        assert!(events[..n].iter().all(|e| e.b == e.a * 10));
        assert_eq!(ring.recorded(), 6);
    }
}
