//! Random choices from a seed that the document names.
//!
//! # Invariants
//! I1. The same seed gives the same choices in every release: the generator is a named one
//!     (`ChaCha8`), not whatever a library calls its standard.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp1, StandardNormal};

/// A source of random choices; not for secrets.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The same seed and stream give the same choices; streams of one seed are independent.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// A fair coin.
    pub fn coin(&mut self) -> bool {
        self.0.next_u64() & 1 == 1
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of the remainder is below 2^-50 for the bounds in use.
        self.0.next_u64() % bound.max(1)
    }

    /// A number from 0 to below 1, evenly.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A normal number of mean 0 and deviation 1.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// An exponential number of mean 1.
    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_seed_gives_the_same_choices_in_every_release() {
        let mut dice = Dice::new(7, 0);
        let coins: Vec<bool> = (0..8).map(|_| dice.coin()).collect();
        assert_eq!(coins, [true, false, true, true, false, false, true, false]);
        let mut other = Dice::new(7, 1);
        assert_ne!(other.below(1 << 40), Dice::new(7, 0).below(1 << 40));
    }

    #[test]
    fn the_coin_is_fair() {
        let mut dice = Dice::new(1, 0);
        let heads = (0..10_000).filter(|_| dice.coin()).count();
        assert!((4800..5200).contains(&heads), "{heads}");
    }
}
