//! Chance from a seed.
//!
//! # Role
//! One small generator, so that a seed names the same run on every machine and for ever.
//!
//! # Not here
//! Anything that reads a clock or the kernel's random numbers.
//!
//! # Sources
//! The splitmix64 sequence: a Weyl counter and a finaliser; its period is 2^64, far beyond a test.

/// A stream of numbers that depends on its seed only.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Starts the stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when `end` is 0. The bias of the remainder does not matter to a test.
    pub const fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            return 0;
        }
        // Lossless on every target with 64-bit words, and only chance on the others.
        #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
        let bits = self.bits() as usize;
        bits % end
    }

    /// True `part` times of `whole`.
    pub const fn happens(&mut self, part: usize, whole: usize) -> bool {
        self.below(whole) < part
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// When `choices` is empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        let (mut one, mut other) = (Chance::new(7), Chance::new(7));
        assert!((0..100).all(|_| one.bits() == other.bits()));
    }

    #[test]
    fn below_stays_below_and_reaches_every_value() {
        let mut chance = Chance::new(1);
        let mut seen = [false; 10];
        for _ in 0..1000 {
            seen[chance.below(10)] = true;
        }
        assert_eq!(seen, [true; 10]);
        assert_eq!(chance.below(0), 0);
    }
}
