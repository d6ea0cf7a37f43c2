//! A counter that lives ten years.
//!
//! # Role
//! 64 bits that stop at the top instead of starting over.

use core::sync::atomic::{AtomicU64, Ordering};

/// A shared counter. At its maximum it stays.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at `value`.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    /// Adds. A locked instruction: never on a path that is hot while its gate is off.
    #[inline]
    pub fn add(&self, n: u64) {
        // Relaxed: a count orders nothing.
        let before = self.0.fetch_add(n, Ordering::Relaxed);
        if before.checked_add(n).is_none() {
            self.0.store(u64::MAX, Ordering::Relaxed);
        }
    }

    /// Adds where only one thread writes at a time (its owner, or under a lock): no locked
    /// instruction.
    #[inline]
    pub fn add_alone(&self, n: u64) {
        // Relaxed: readers take any recent value.
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(before.saturating_add(n), Ordering::Relaxed);
    }

    /// The value.
    #[must_use]
    #[inline]
    pub fn get(&self) -> u64 {
        // Relaxed: a snapshot.
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn a_counter_stays_at_its_maximum() {
        let c = Counter::new(u64::MAX - 1);
        c.add(1);
        assert_eq!(c.get(), u64::MAX);
        c.add(1);
        assert_eq!(c.get(), u64::MAX);
        c.add(u64::MAX);
        assert_eq!(c.get(), u64::MAX);
    }

    #[test]
    fn a_lone_writer_saturates_too() {
        let c = Counter::new(u64::MAX - 1);
        c.add_alone(5);
        assert_eq!(c.get(), u64::MAX);
        c.add_alone(1);
        assert_eq!(c.get(), u64::MAX);
    }
}
