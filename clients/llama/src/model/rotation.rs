//! Turning by position.
//!
//! # Role
//! Pairs of a head's numbers are turned by angles that grow with the position, so that the product of a query
//! and a key depends on how far they are apart.

#![expect(
    clippy::cast_precision_loss,
    reason = "positions and sizes are below 2^24"
)]

use crate::{Config, Rotation};

/// Writes the cosine and the sine of each pair of a head at a position, side by side.
pub(crate) fn angles(config: &Config, position: i64, outputs: &mut [f32]) {
    let size = config.head() as f32;
    let (pairs, _) = outputs.as_chunks_mut::<2>();
    for (pair, [cosine, sine]) in pairs.iter_mut().enumerate() {
        let speed = 1.0 / config.base.powf((2 * pair) as f32 / size);
        let angle = position as f32 * speed;
        (*cosine, *sine) = (angle.cos(), angle.sin());
    }
}

/// Turns the heads that lie side by side in a row.
pub(crate) fn turn(rotation: Rotation, angles: &[f32], row: &mut [f32]) {
    // A head has as many numbers as its angles have.
    for head in row.chunks_exact_mut(angles.len()) {
        let (angles, _) = angles.as_chunks::<2>();
        match rotation {
            Rotation::Neighbours => {
                let (pairs, _) = head.as_chunks_mut::<2>();
                for ([one, other], angle) in pairs.iter_mut().zip(angles) {
                    turn_pair(one, other, *angle);
                }
            }
            Rotation::Halves => {
                let (ones, others) = head.split_at_mut(head.len() / 2);
                for ((one, other), angle) in ones.iter_mut().zip(others).zip(angles) {
                    turn_pair(one, other, *angle);
                }
            }
        }
    }
}

fn turn_pair(one: &mut f32, other: &mut f32, [cosine, sine]: [f32; 2]) {
    (*one, *other) = (*one * cosine - *other * sine, *one * sine + *other * cosine);
}

#[cfg(test)]
mod tests {
    use super::{angles, turn};
    use crate::{Config, Rotation};

    const CONFIG: Config = Config {
        dimension: 16,
        hidden: 32,
        layers: 1,
        heads: 2,
        groups: 2,
        vocabulary: 8,
        context: 64,
        epsilon: 1e-5,
        base: 10_000.0,
        rotation: Rotation::Neighbours,
    };

    fn turned(rotation: Rotation, position: i64, row: &[f32]) -> Vec<f32> {
        let mut table = vec![0.0; CONFIG.head()];
        angles(&CONFIG, position, &mut table);
        let mut row = row.to_vec();
        turn(rotation, &table, &mut row);
        row
    }

    #[test]
    fn products_depend_on_distance_alone() {
        let query: Vec<f32> = (0_u8..8).map(|n| f32::from(n) / 8.0).collect();
        let key: Vec<f32> = (0_u8..8).map(|n| 1.0 - f32::from(n) / 5.0).collect();
        for rotation in [Rotation::Neighbours, Rotation::Halves] {
            let product = |at: i64, distance: i64| -> f32 {
                let query = turned(rotation, at + distance, &query);
                let key = turned(rotation, at, &key);
                query.iter().zip(&key).map(|(q, k)| q * k).sum()
            };
            assert!((product(0, 5) - product(100, 5)).abs() < 1e-4);
            assert!((product(0, 5) - product(0, 9)).abs() > 1e-2);
        }
    }

    #[test]
    fn two_turns_are_one_by_their_sum() {
        let row: Vec<f32> = (0_u8..16).map(f32::from).collect();
        let twice = turned(Rotation::Halves, 7, &turned(Rotation::Halves, 30, &row));
        let once = turned(Rotation::Halves, 37, &row);
        assert!(twice.iter().zip(&once).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}
