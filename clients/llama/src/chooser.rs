//! Which token comes next.
//!
//! # Role
//! [`Chooser`]: the greatest logit, or one drawn by chance, after a rule against repetition if there is one.
//!
//! # Invariants
//! - I1: the same seed and the same logits choose the same tokens.
//! - I2: tokens are chosen by finite logits only.

use crate::LlamaError;
use std::collections::VecDeque;

/// What a number that tokens are chosen with may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    what: &'static str,
    least: f32,
    most: f32,
}

impl Bounds {
    /// Lets a number through that is inside.
    ///
    /// # Errors
    /// - [`LlamaError::Bounds`]: it is outside, or no number.
    pub fn check(self, is: f32) -> Result<f32, LlamaError> {
        let Self { what, least, most } = self;
        if (least..=most).contains(&is) {
            return Ok(is);
        }
        Err(LlamaError::Bounds {
            what,
            is,
            least,
            most,
        })
    }
}

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by it: below one is tamer, above it wilder.
    pub temperature: f32,
    /// Only so many of the likeliest; all if zero.
    pub top_k: usize,
    /// Only the likeliest that make up this share together.
    pub top_p: f32,
    /// Where chance begins.
    pub seed: u64,
}

impl Sampling {
    /// What a temperature may be: zero takes the likeliest.
    pub const TEMPERATURE: Bounds = Bounds {
        what: "temperature",
        least: 0.0,
        most: 1000.0,
    };
    /// What a share may be: zero takes the likeliest.
    pub const TOP_P: Bounds = Bounds {
        what: "top-p",
        least: 0.0,
        most: 1.0,
    };
}

/// A rule against repetition: a token's logit is lowered by `penalty` for each time that it stands among the
/// last `tokens`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repetition {
    /// By how much.
    pub penalty: f32,
    /// How far back.
    pub tokens: usize,
}

impl Repetition {
    /// What a penalty may be: one below zero rewards repetition.
    pub const PENALTY: Bounds = Bounds {
        what: "repeat penalty",
        least: -1000.0,
        most: 1000.0,
    };
}

/// Chooses tokens.
#[derive(Clone, Debug)]
pub struct Chooser {
    sampling: Option<Sampling>,
    repetition: Option<Repetition>,
    recent: VecDeque<u32>,
    chance: u64,
}

impl Chooser {
    /// The greatest logit; of equal ones the first.
    #[must_use]
    pub const fn greedy() -> Self {
        Self {
            sampling: None,
            repetition: None,
            recent: VecDeque::new(),
            chance: 0,
        }
    }

    /// One drawn by chance. A temperature of zero is the greatest logit.
    #[must_use]
    pub fn sampled(sampling: Sampling) -> Self {
        Self {
            sampling: (sampling.temperature > 0.0).then_some(sampling),
            chance: sampling.seed,
            ..Self::greedy()
        }
    }

    /// With a rule against repetition.
    #[must_use]
    pub const fn repetition(mut self, repetition: Repetition) -> Self {
        self.repetition = Some(repetition);
        self
    }

    /// Takes note of a token that stands in the sequence: one that was chosen, or one of the prompt.
    pub fn note(&mut self, token: u32) {
        let Some(repetition) = self.repetition else {
            return;
        };
        self.recent.push_back(token);
        if self.recent.len() > repetition.tokens {
            self.recent.pop_front();
        }
    }

    /// Chooses. Logits are lowered in place by the rule.
    ///
    /// # Errors
    /// - [`LlamaError::Logit`]: one is no number, or infinite: whatever was chosen would mean nothing. Nothing
    ///   is lowered then.
    pub fn choose(&mut self, logits: &mut [f32]) -> Result<u32, LlamaError> {
        if let Some(token) = logits.iter().position(|logit| !logit.is_finite()) {
            let is = logits.get(token).copied().unwrap_or(f32::NAN);
            return Err(LlamaError::Logit { token, is });
        }
        if let Some(repetition) = self.repetition {
            for &token in &self.recent {
                let place = usize::try_from(token).unwrap_or(usize::MAX);
                if let Some(logit) = logits.get_mut(place) {
                    *logit -= repetition.penalty;
                }
            }
        }
        Ok(match self.sampling {
            None => greatest(logits),
            Some(sampling) => self.draw(sampling, logits),
        })
    }

    fn draw(&mut self, sampling: Sampling, logits: &[f32]) -> u32 {
        let mut likely: Vec<(f32, u32)> = logits.iter().copied().zip(0..).collect();
        // Of equal ones the first stays first.
        likely.sort_by(|one, other| other.0.total_cmp(&one.0));
        if sampling.top_k > 0 {
            likely.truncate(sampling.top_k);
        }
        let most = likely.first().map_or(0.0, |first| first.0);
        for (weight, _) in &mut likely {
            *weight = ((*weight - most) / sampling.temperature).exp();
        }
        let sum: f32 = likely.iter().map(|(weight, _)| weight).sum();
        let mut share = 0.0;
        let kept = likely.iter().take_while(|(weight, _)| {
            let is_kept = share < sampling.top_p * sum;
            share += weight;
            is_kept
        });
        let kept = kept.count().max(1);
        likely.truncate(kept);
        let sum: f32 = likely.iter().map(|(weight, _)| weight).sum();
        let mut at = self.chance() * sum;
        let found = likely.iter().find(|(weight, _)| {
            at -= weight;
            at < 0.0
        });
        // Rounding may leave a rest behind the last.
        found.or(likely.last()).map_or(0, |(_, token)| *token)
    }

    /// A number from zero to below one.
    fn chance(&mut self) -> f32 {
        // SplitMix64.
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.chance;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
        let chance = (bits >> 40) as f32 / (1_u32 << 24) as f32;
        chance
    }
}

fn greatest(logits: &[f32]) -> u32 {
    let mut best = (f32::NEG_INFINITY, 0);
    for (&logit, token) in logits.iter().zip(0..) {
        if logit > best.0 {
            best = (logit, token);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::{Chooser, LlamaError, Repetition, Sampling};

    const SAMPLING: Sampling = Sampling {
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        seed: 7,
    };

    fn counts(sampling: Sampling, logits: &[f32]) -> Vec<u32> {
        let mut chooser = Chooser::sampled(sampling);
        let mut counts = vec![0; logits.len()];
        for _ in 0..2000 {
            let token = chooser.choose(&mut logits.to_vec()).expect("are numbers");
            counts[usize::try_from(token).expect("is small")] += 1;
        }
        counts
    }

    #[test]
    fn the_greatest_is_chosen_and_of_equal_ones_the_first() {
        let mut chooser = Chooser::greedy();
        let chosen = |chooser: &mut Chooser| chooser.choose(&mut [0.0, 3.0, 3.0]);
        assert!(matches!(chosen(&mut chooser), Ok(1)));
        let frozen = Sampling {
            temperature: 0.0,
            ..SAMPLING
        };
        assert!(matches!(chosen(&mut Chooser::sampled(frozen)), Ok(1)));
    }

    #[test]
    fn logits_that_are_no_numbers_choose_nothing() {
        let rule = Repetition {
            penalty: 2.0,
            tokens: 2,
        };
        for mut chooser in [Chooser::greedy(), Chooser::sampled(SAMPLING)] {
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut logits = [3.0, wrong, 1.0];
                let mut with_rule = chooser.clone().repetition(rule);
                with_rule.note(0);
                for refused in [chooser.choose(&mut logits), with_rule.choose(&mut logits)] {
                    assert!(
                        matches!(refused, Err(LlamaError::Logit { token: 1, .. })),
                        "{refused:?}"
                    );
                }
                assert_eq!(logits[0].to_bits(), 3.0_f32.to_bits(), "it was lowered");
            }
        }
    }

    #[test]
    fn numbers_out_of_their_bounds_are_refused() {
        for (bounds, wrong) in [
            (Sampling::TEMPERATURE, -0.1),
            (Sampling::TEMPERATURE, f32::INFINITY),
            (Sampling::TOP_P, 1.1),
            (Sampling::TOP_P, f32::NAN),
            (Repetition::PENALTY, f32::NEG_INFINITY),
        ] {
            let refused = bounds.check(wrong).expect_err("is outside");
            assert!(refused.is_usage(), "{refused}");
        }
        assert!(matches!(Sampling::TOP_P.check(1.0), Ok(1.0)));
    }

    #[test]
    fn draws_follow_the_logits() {
        let counts = counts(SAMPLING, &[0.0, 1.0, -30.0, f32::MIN]);
        let share = f64::from(counts[1]) / f64::from(counts[0]);
        assert!((2.0..3.6).contains(&share), "{counts:?} is not 1 to e");
        assert_eq!((counts[2], counts[3]), (0, 0));
    }

    #[test]
    fn only_the_likeliest_are_drawn() {
        let top_k = Sampling {
            top_k: 2,
            ..SAMPLING
        };
        assert_eq!(counts(top_k, &[1.0, 1.1, 1.2])[0], 0);
        let top_p = Sampling {
            top_p: 0.5,
            ..SAMPLING
        };
        let counts = counts(top_p, &[5.0, 0.0, 0.0]);
        assert_eq!(counts, [2000, 0, 0]);
    }

    #[test]
    fn what_stands_nearby_is_avoided_and_then_forgotten() {
        let rule = Repetition {
            penalty: 2.0,
            tokens: 2,
        };
        let mut chooser = Chooser::greedy().repetition(rule);
        let mut chosen = Vec::new();
        for _ in 0..4 {
            let token = chooser.choose(&mut [3.0, 2.0, 1.5]).expect("are numbers");
            chooser.note(token);
            chosen.push(token);
        }
        assert_eq!(chosen, [0, 1, 2, 0]);
    }
}
