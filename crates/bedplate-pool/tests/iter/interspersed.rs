//! An item between all others.

use crate::indexed::same;
use crate::{everywhere, with_items};
use bedplate_pool::prelude::*;

fn expected(v: &[i64], between: i64) -> Vec<i64> {
    let mut all: Vec<i64> = v.iter().flat_map(|x| [*x, between]).collect();
    all.pop();
    all
}

#[test]
fn indexed() {
    with_items(|v| {
        let once = expected(v, 7);
        same(v.par_iter().copied().intersperse(7), once.iter().copied());
        let twice = expected(&once, 8);
        let par = v.par_iter().copied().intersperse(7).intersperse(8);
        same(par, twice.iter().copied());
    });
}

#[test]
fn of_unknown_number() {
    with_items(|v| {
        // Also where whole stretches are empty, at the front, at the back and between.
        for (from, to) in [(-100, 100), (0, 100), (90, 100), (500, 600)] {
            let kept: Vec<i64> = v
                .iter()
                .copied()
                .filter(|x| (from..to).contains(x))
                .collect();
            let par = v.par_iter().copied().filter(|x| (from..to).contains(x));
            assert_eq!(par.intersperse(7).collect::<Vec<_>>(), expected(&kept, 7));
        }
        let edge = v.len() * 9 / 10;
        let par = v
            .par_iter()
            .copied()
            .enumerate()
            .filter(|(at, _)| *at >= edge);
        let par = par.map(|(_, x)| x).intersperse(7).collect::<Vec<_>>();
        assert_eq!(par, expected(&v[edge..], 7));
    });
}

#[test]
fn chained() {
    everywhere(|| {
        for len in [0, 1, 5, 300] {
            let v: Vec<i64> = (0..len).collect();
            let empty: Vec<i64> = Vec::new();
            let par = empty.par_iter().chain(&v).chain(&empty).copied();
            assert_eq!(par.intersperse(-1).collect::<Vec<_>>(), expected(&v, -1));
        }
        let text: String = "a,b,,c".par_split(',').intersperse(";").collect();
        assert_eq!(text, "a;b;;c");
    });
}
