//! Numbers that are summed and sorted, as all contenders get them, and the checks of their work.

use crate::nodes::Random;

/// Whole numbers as floats, so that the sum is the same in every order.
pub fn floats(count: u32) -> Vec<f64> {
    (0..count).map(|n| f64::from(n % 1000)).collect()
}

#[inline(never)]
pub fn serial_sum(numbers: &[f64]) -> f64 {
    numbers.iter().sum()
}

pub fn wholes(count: u32) -> Vec<u32> {
    let mut random = Random::new();
    (0..count).map(|_| random.next() as u32).collect()
}

/// Ends the process unless `sorted` is in order and has the same numbers.
pub fn check_sorted(sorted: &[u32], of: &[u32]) {
    let mark = |numbers: &[u32]| {
        let sums = |(sum, squares): (u64, u64), n: &u32| {
            let n = u64::from(*n);
            (sum.wrapping_add(n), squares.wrapping_add(n * n))
        };
        numbers.iter().fold((0, 0), sums)
    };
    assert!(sorted.is_sorted(), "not in order");
    assert_eq!(sorted.len(), of.len(), "not as many");
    assert_eq!(mark(sorted), mark(of), "not the same numbers");
}
