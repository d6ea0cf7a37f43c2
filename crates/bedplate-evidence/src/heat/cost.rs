//! The cost of a locked operation on this machine.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Additions of one measurement: about a millisecond.
const TURNS: u32 = 200_000;

/// Measurements, of which the middle one is taken.
const REPEATS: usize = 15;

/// Nanoseconds that an addition to an atomic takes while nobody else uses it, the loop around it
/// included.
///
/// # Cost
/// About 20 ms of one CPU.
#[must_use]
pub fn locked_ns() -> f64 {
    let target = AtomicU64::new(0);
    let mut found: Vec<f64> = (0..REPEATS).map(|_repeat| once(&target)).collect();
    found.sort_by(f64::total_cmp);
    found[REPEATS / 2]
}

fn once(target: &AtomicU64) -> f64 {
    let started = Instant::now();
    for _turn in 0..TURNS {
        // Relaxed: the lock prefix is the cost, and it is there with any order.
        black_box(target).fetch_add(1, Ordering::Relaxed);
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_operation_takes_time() {
        assert!(locked_ns() > 0.0);
    }
}
