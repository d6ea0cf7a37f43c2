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
//! deviations; it is compared with the bound of `confidence.rs` at the expected squares, both
//! clipped as there.

use super::confidence::{Bound, CLIP_SCALES};
use super::normal::upper_quantile;
use super::spending::Look;

/// Probability with which "can be found" is meant.
pub const POWER: f64 = 0.9;

/// Effects of so many deviations are clipped in nearly every pair, and their noise with them.
const ALL_CLIPPED: f64 = CLIP_SCALES + 2.0;

/// The smallest effect found in `pairs` pairs with probability [`POWER`], for differences of
/// deviation `deviation` and the chance `error` of being wrong; same unit as the deviation. `None`
/// if so few pairs find nothing, however large.
#[must_use]
pub fn smallest_effect(deviation: f64, pairs: usize, error: f64) -> Option<f64> {
    let luck = upper_quantile(1.0 - POWER);
    let (mut low, mut high) = (0.0, ALL_CLIPPED);
    if !is_found(high, pairs, error, luck) {
        return None;
    }
    for _halving in 0..50 {
        let middle = f64::midpoint(low, high);
        if is_found(middle, pairs, error, luck) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(deviation * high)
}

/// Pairs after which `effect` is found with probability one half, which is about what it takes on
/// average; `None` if more than `pairs_max`.
#[must_use]
pub fn usual_pairs(deviation: f64, effect: f64, pairs_max: usize, error: f64) -> Option<usize> {
    let scales = effect / deviation.max(f64::MIN_POSITIVE);
    (1..=pairs_max).find(|&pairs| is_found(scales, pairs, error, 0.0))
}

/// Deviations of an estimate by signed ranks, where a mean of normal differences has 1.
const RANK_DEVIATION: f64 = 1.023;

/// [`smallest_effect`] of a comparison that has planned looks.
#[must_use]
pub fn smallest_effect_by_looks(deviation: f64, looks: &[Look]) -> Option<f64> {
    let last = looks.last()?;
    let luck = upper_quantile(1.0 - POWER);
    Some(RANK_DEVIATION * deviation * (last.deviations + luck) / (last.pairs as f64).sqrt())
}

/// [`usual_pairs`] of a comparison that has planned looks.
#[must_use]
pub fn usual_pairs_by_looks(deviation: f64, effect: f64, looks: &[Look]) -> Option<usize> {
    let is_found = |look: &&Look| {
        let spread = RANK_DEVIATION * deviation / (look.pairs as f64).sqrt();
        effect >= look.deviations * spread
    };
    looks.iter().find(is_found).map(|look| look.pairs)
}

/// Whether an effect of so many deviations reaches the bound after `pairs` pairs with `luck`
/// deviations to spare. The effect adds to the squares, and both are clipped.
fn is_found(scales: f64, pairs: usize, error: f64, luck: f64) -> bool {
    let pairs = pairs as f64;
    let effect = scales.min(CLIP_SCALES);
    let luck = if scales >= ALL_CLIPPED { 0.0 } else { luck };
    let square = (1.0 + effect * effect).min(CLIP_SCALES * CLIP_SCALES);
    let bound = Bound::new(1.0, error).reach(pairs * square);
    pairs * effect - luck * pairs.sqrt() >= bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ab::confidence::Watched;
    use crate::ab::dice::Dice;

    #[test]
    fn the_smallest_effect_is_found_as_often_as_said() {
        let (deviation, pairs, error) = (0.02, 100, 0.04);
        let effect = smallest_effect(deviation, pairs, error).unwrap();
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
    fn planned_looks_reach_further_for_small_effects() {
        let looks = crate::ab::spending::looks(400, 0.04);
        let by_looks = smallest_effect_by_looks(0.02, &looks).unwrap();
        assert!(by_looks < smallest_effect(0.02, 400, 0.04).unwrap());
        assert_eq!(usual_pairs_by_looks(0.02, 0.0001, &looks), None);
        assert!(usual_pairs_by_looks(0.02, 0.02, &looks).is_some_and(|pairs| pairs <= 160));
        assert_eq!(smallest_effect_by_looks(0.02, &[]), None);
    }

    #[test]
    fn larger_effects_take_fewer_pairs() {
        let pairs = |effect| usual_pairs(0.0212, effect, 400, 0.04);
        assert!(pairs(0.02) < pairs(0.01));
        assert!(pairs(0.01).is_some_and(|pairs| (30..70).contains(&pairs)));
        assert_eq!(pairs(0.001), None);
        assert!(usual_pairs(1e-5, 0.5, 400, 0.04).is_some_and(|pairs| (8..15).contains(&pairs)));
        assert_eq!(smallest_effect(0.01, 3, 0.04), None);
        assert!(smallest_effect(0.01, 12, 0.04).is_some_and(|effect| effect <= 0.051));
    }
}
