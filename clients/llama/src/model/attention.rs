//! One head over the tokens so far.
//!
//! # Role
//! Scores, their softmax, and the mixture of values, from the rows of a cache in whatever pieces they lie.
//!
//! # Invariants
//! - I1: sums go from the first token to the last, so that pieces change no bit of them.

use super::{angles, turn};
use crate::{Config, LlamaError};
use bedplate_region::kv::{RowError, RowFormat, Run};

/// What all heads of a forward pass share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attention<'a> {
    pub(crate) config: &'a Config,
    pub(crate) keys: RowFormat,
    pub(crate) values: RowFormat,
}

/// One query, the head that it is compared with, and how far it may look.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) query: &'a [f32],
    pub(crate) group: usize,
    /// How many tokens of the sequence it sees.
    pub(crate) sees: usize,
    /// Room for a score of each.
    pub(crate) scores: &'a mut [f32],
    pub(crate) output: &'a mut [f32],
}

impl Attention<'_> {
    /// Room that a head's work wants: a row of a head, and angles.
    pub(crate) fn room(&self) -> Vec<f32> {
        vec![0.0; 2 * self.config.head()]
    }

    /// Mixes the values that the query sees. `room` is of [`Self::room`].
    pub(crate) fn attend(
        &self,
        runs: &[Run<'_>],
        head: &mut Head<'_>,
        room: &mut [f32],
    ) -> Result<(), LlamaError> {
        let limit = head.scores.len();
        let tokens = head.sees;
        let scores = head.scores.get_mut(..tokens);
        let scores = scores.ok_or(LlamaError::Context { tokens, limit })?;
        let mut next = 0;
        for run in runs {
            let room_left = scores.len() - next;
            let part = scores.iter_mut().skip(next);
            self.score(run, head.query, head.group, part, room)?;
            next += run.tokens.min(room_left);
        }
        softmax(scores);
        head.output.fill(0.0);
        let (row, _) = room.split_at_mut(self.config.head());
        let mut scores = scores.iter();
        for run in runs {
            let rows = heads(self.values, self.config, run.values, head.group);
            // The rows come second, so that none is left out of a later run.
            for (score, bytes) in scores.by_ref().take(run.tokens).zip(rows) {
                mix(self.values, bytes, *score, head.output, row)?;
            }
        }
        Ok(())
    }

    fn score<'s>(
        &self,
        run: &Run<'_>,
        query: &[f32],
        group: usize,
        scores: impl Iterator<Item = &'s mut f32>,
        room: &mut [f32],
    ) -> Result<(), RowError> {
        let size = self.config.head();
        let (row, table) = room.split_at_mut(size);
        if run.moved != 0 {
            angles(self.config, run.moved, table);
        }
        let scale = head_scale(size);
        let rows = heads(self.keys, self.config, run.keys, group);
        for (score, bytes) in scores.zip(rows) {
            *score = scale
                * if run.moved == 0 {
                    self.keys.dot(bytes, query)?
                } else {
                    // Written for another position than the token has now.
                    self.keys.decode(bytes, row)?;
                    turn(self.config.rotation, table, row);
                    row.iter().zip(query).map(|(key, query)| key * query).sum()
                };
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a head is small")]
fn head_scale(size: usize) -> f32 {
    1.0 / (size as f32).sqrt()
}

/// The part of one group in each row of a run.
fn heads<'a>(
    format: RowFormat,
    config: &Config,
    rows: &'a [u8],
    group: usize,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let head = format.row_bytes(config.head());
    let parts = rows.chunks_exact(head);
    parts.skip(group).step_by(config.groups)
}

fn mix(
    format: RowFormat,
    bytes: &[u8],
    score: f32,
    output: &mut [f32],
    row: &mut [f32],
) -> Result<(), RowError> {
    if format == RowFormat::F32 {
        let (numbers, _) = bytes.as_chunks::<4>();
        for (output, number) in output.iter_mut().zip(numbers) {
            *output += score * f32::from_le_bytes(*number);
        }
        return Ok(());
    }
    format.decode(bytes, row)?;
    for (output, number) in output.iter_mut().zip(row) {
        *output += score * *number;
    }
    Ok(())
}

fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - most).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::softmax;

    #[test]
    fn weights_sum_to_one_whatever_the_scores() {
        for scores in [
            [1.0, 2.0, 3.0],
            [1e30, -1e30, 0.0],
            [-500.0, -500.0, -501.0],
        ] {
            let mut weights = scores;
            softmax(&mut weights);
            assert!(
                (weights.iter().sum::<f32>() - 1.0).abs() < 1e-6,
                "{scores:?}"
            );
        }
    }
}
