//! Which token comes next.
//!
//! # Role
//! [`Chooser`]: the greatest logit, or one drawn by chance, after a rule against repetition if there is one.
//!
//! # Invariants
//! - I1: the same seed and the same logits choose the same tokens.

use std::collections::VecDeque;

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

/// A rule against repetition: a token's logit is lowered by `penalty` for each time that it stands among the
/// last `tokens`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repetition {
    /// By how much.
    pub penalty: f32,
    /// How far back.
    pub tokens: usize,
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
    pub fn choose(&mut self, logits: &mut [f32]) -> u32 {
        if let Some(repetition) = self.repetition {
            for &token in &self.recent {
                let place = usize::try_from(token).unwrap_or(usize::MAX);
                if let Some(logit) = logits.get_mut(place) {
                    *logit -= repetition.penalty;
                }
            }
        }
        match self.sampling {
            None => greatest(logits),
            Some(sampling) => self.draw(sampling, logits),
        }
    }

    fn draw(&mut self, sampling: Sampling, logits: &[f32]) -> u32 {
        let all = logits.iter().copied().zip(0..);
        // What is no number has no share. Of equal ones the first stays first.
        let mut likely: Vec<(f32, u32)> = all.filter(|(logit, _)| !logit.is_nan()).collect();
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
    use super::{Chooser, Repetition, Sampling};

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
            let token = chooser.choose(&mut logits.to_vec());
            counts[usize::try_from(token).expect("is small")] += 1;
        }
        counts
    }

    #[test]
    fn the_greatest_is_chosen_and_of_equal_ones_the_first() {
        let mut chooser = Chooser::greedy();
        assert_eq!(chooser.choose(&mut [0.0, 3.0, 3.0, f32::NAN]), 1);
        assert_eq!(chooser.choose(&mut [f32::NAN]), 0);
        let frozen = Sampling {
            temperature: 0.0,
            ..SAMPLING
        };
        assert_eq!(Chooser::sampled(frozen).choose(&mut [0.0, 3.0, 3.0]), 1);
    }

    #[test]
    fn draws_follow_the_logits() {
        let counts = counts(SAMPLING, &[0.0, 1.0, -30.0, f32::NAN]);
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
            let token = chooser.choose(&mut [3.0, 2.0, 1.5]);
            chooser.note(token);
            chosen.push(token);
        }
        assert_eq!(chosen, [0, 1, 2, 0]);
    }
}
