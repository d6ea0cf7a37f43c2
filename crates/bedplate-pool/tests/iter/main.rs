//! Parallel iterators and sorts against the standard library's, in pools of one, two and eight
//! workers and from a thread outside.

extern crate alloc;

mod blocks;
mod chains;
mod collects;
mod drained;
mod drops;
mod either;
mod forecasts;
mod indexed;
mod interspersed;
mod items;
mod multizip;
mod panics;
mod reductions;
mod repeats;
mod separated;
mod sorts;
mod sources;
mod texts;
mod trees;

use bedplate_pool::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;

/// Lengths at which loops are cut differently, or not at all.
const LENGTHS: [usize; 10] = [0, 1, 2, 3, 7, 16, 17, 100, 1000, 5003];

fn pools() -> &'static [ThreadPool] {
    static POOLS: OnceLock<Vec<ThreadPool>> = OnceLock::new();
    POOLS.get_or_init(|| {
        let pool = |workers| ThreadPoolBuilder::new().num_threads(workers).build();
        let pools = [1, 2, 8].map(|workers| pool(workers).expect("threads can be started"));
        pools.into()
    })
}

/// Runs `test` inside every pool, and outside.
fn everywhere(test: impl Fn() + Sync) {
    for pool in pools() {
        pool.install(&test);
    }
    test();
}

/// Runs `test` everywhere with items of every length.
fn with_items(test: impl Fn(&[i64]) + Sync) {
    everywhere(|| {
        for (seed, len) in LENGTHS.into_iter().enumerate() {
            test(&items(seed, len));
        }
    });
}

/// `len` small numbers, many of them equal.
fn items(seed: usize, len: usize) -> Vec<i64> {
    let mut dice = Dice::new(seed);
    (0..len).map(|_| dice.below(200) - 100).collect()
}

/// Random numbers that are the same in every run.
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn new(seed: usize) -> Self {
        let seed = u64::try_from(seed).expect("a seed fits");
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: i64) -> i64 {
        let end = u64::try_from(end).expect("not negative");
        i64::try_from((self.roll() >> 16) % end).expect("below an `i64`")
    }
}
