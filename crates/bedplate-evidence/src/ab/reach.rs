//! What a comparison can find, said before it is made.
//!
//! # Role
//! The smallest effect that the allowed pairs find, and the pairs that an effect takes.
//!
//! # Not here
//! Anything that decides: these figures are for people who plan.
//!
//! # Sources
//! For normal differences the sum of n pairs is n times the effect, give or take sqrt(n)
//! deviations; it is compared with the bound of `confidence.rs` at the expected squares. Clipping
//! is left out: it costs about 2 % of the pairs.

use super::confidence::Bound;
use super::normal::upper_quantile;

/// Probability with which "can be found" is meant.
pub const POWER: f64 = 0.9;

/// The smallest effect found in `pairs` pairs with probability [`POWER`], for differences of
/// deviation `deviation` and the chance `error` of being wrong. Same unit as the deviation.
#[must_use]
pub fn smallest_effect(deviation: f64, pairs: usize, error: f64) -> f64 {
    effect_found(deviation, pairs as f64, error, upper_quantile(1.0 - POWER))
}

/// Pairs after which `effect` is found with probability one half, which is about what it takes on
/// average; `None` if more than `pairs_max`.
#[must_use]
pub fn usual_pairs(deviation: f64, effect: f64, pairs_max: usize, error: f64) -> Option<usize> {
    (1..=pairs_max).find(|&pairs| effect_found(deviation, pairs as f64, error, 0.0) <= effect)
}

fn effect_found(deviation: f64, pairs: f64, error: f64, luck: f64) -> f64 {
    let scale = deviation.max(f64::MIN_POSITIVE);
    let bound = Bound::new(1.0, error).reach(pairs);
    scale * (bound / pairs + luck / pairs.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ab::confidence::Watched;
    use crate::ab::dice::Dice;

    #[test]
    fn the_smallest_effect_is_found_as_often_as_said() {
        let (deviation, pairs, error) = (0.02, 100, 0.04);
        let effect = smallest_effect(deviation, pairs, error);
        let trials = 400;
        let found = (0..trials)
            .filter(|&trial| {
                let mut dice = Dice::new(2, trial);
                let mut zero = Watched::new(Bound::new(deviation, error), 0.0);
                (0..pairs).any(|_| {
                    zero.push(effect + deviation * dice.normal());
                    zero.is_below()
                })
            })
            .count();
        let share = found as f64 / trials as f64;
        // Stopping at the best moment finds a little more than the last look would.
        assert!((0.87..0.97).contains(&share), "{share}");
    }

    #[test]
    fn larger_effects_take_fewer_pairs() {
        let pairs = |effect| usual_pairs(0.0212, effect, 400, 0.04);
        assert!(pairs(0.02) < pairs(0.01));
        assert!(pairs(0.01).is_some_and(|pairs| (30..70).contains(&pairs)));
        assert_eq!(pairs(0.001), None);
    }
}
