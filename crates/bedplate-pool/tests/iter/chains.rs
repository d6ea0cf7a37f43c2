//! Random chains of adaptors: each adaptor is drawn, on both sides.

use crate::{Dice, everywhere, items};
use bedplate_pool::prelude::*;

/// One adaptor of a chain whose items are numbers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Map(i64),
    Filter(i64),
    FlatMap(i64),
    Fold,
    Reverse,
    Skip(usize),
    Take(usize),
    Every(usize),
    Chunk(usize),
    Places,
    Twice,
}

impl Step {
    fn draw(dice: &mut Dice) -> Self {
        let number = dice.below(9) + 1;
        let count = usize::try_from(number).expect("positive");
        match dice.below(11) {
            0 => Self::Map(number),
            1 => Self::Filter(number),
            2 => Self::FlatMap(number.min(3)),
            3 => Self::Fold,
            4 => Self::Reverse,
            5 => Self::Skip(count),
            6 => Self::Take(count * 60),
            7 => Self::Every(count.min(3)),
            8 => Self::Chunk(count),
            9 => Self::Places,
            _ => Self::Twice,
        }
    }

    fn in_parallel(self, v: &[i64]) -> Vec<i64> {
        let par = v.par_iter().copied();
        match self {
            Self::Map(n) => par.map(|x| x.wrapping_mul(n)).collect(),
            Self::Filter(n) => par.filter(|x| x % (n + 1) != 0).collect(),
            Self::FlatMap(n) => par
                .flat_map(|x| (0..n).into_par_iter().map(move |i| x ^ i))
                .collect(),
            Self::Fold => par
                .fold(Vec::new, |mut all, x| {
                    all.push(x);
                    all
                })
                .flatten()
                .collect(),
            Self::Reverse => par.rev().collect(),
            Self::Skip(n) => par.skip(n).collect(),
            Self::Take(n) => par.take(n).collect(),
            Self::Every(n) => par.step_by(n).collect(),
            Self::Chunk(n) => par.chunks(n).map(|chunk| chunk.iter().sum()).collect(),
            Self::Places => par
                .enumerate()
                .map(|(at, x)| x ^ i64::try_from(at).expect("small"))
                .collect(),
            Self::Twice => par.clone().chain(par.rev()).take(3000).collect(),
        }
    }

    fn in_series(self, v: &[i64]) -> Vec<i64> {
        let all = v.iter().copied();
        match self {
            Self::Map(n) => all.map(|x| x.wrapping_mul(n)).collect(),
            Self::Filter(n) => all.filter(|x| x % (n + 1) != 0).collect(),
            Self::FlatMap(n) => all.flat_map(|x| (0..n).map(move |i| x ^ i)).collect(),
            Self::Fold => all.collect(),
            Self::Reverse => all.rev().collect(),
            Self::Skip(n) => all.skip(n).collect(),
            Self::Take(n) => all.take(n).collect(),
            Self::Every(n) => all.step_by(n).collect(),
            Self::Chunk(n) => v.chunks(n).map(|chunk| chunk.iter().sum()).collect(),
            Self::Places => all
                .enumerate()
                .map(|(at, x)| x ^ i64::try_from(at).expect("small"))
                .collect(),
            Self::Twice => all.clone().chain(all.rev()).take(3000).collect(),
        }
    }
}

#[test]
fn random_chains_equal_serial_ones() {
    everywhere(|| {
        for seed in 1..200 {
            let mut dice = Dice::new(seed);
            let len = usize::try_from(dice.below(400)).expect("positive");
            let mut v = items(seed, len);
            for _ in 0..5 {
                let step = Step::draw(&mut dice);
                let expected = step.in_series(&v);
                assert_eq!(step.in_parallel(&v), expected, "{step:?} of seed {seed}");
                v = expected;
                v.truncate(600);
            }
        }
    });
}
