//! Tuples of iterators.

use crate::indexed::same;
use crate::with_items;
use bedplate_pool::prelude::*;

#[test]
fn as_long_as_the_shortest() {
    with_items(|v| {
        let half = &v[..v.len() / 2];
        same((v,).into_par_iter(), v.iter().map(|x| (x,)));
        same((v, half).into_par_iter(), v.iter().zip(half));
        let serial = v
            .iter()
            .zip(half)
            .zip(v.iter().rev())
            .map(|((a, b), c)| (a, b, c));
        same((v, half, v.par_iter().rev()).into_par_iter(), serial);
        let n = 0..v.len();
        let all = (v, v, v, v, v, v, v, v, v, v, half, n);
        let sums = all.into_par_iter();
        let sums = sums.map(|(a, b, c, d, e, f, g, h, i, j, k, n)| {
            a + b + c + d + e + f + g + h + i + j + k + i64::try_from(n).expect("small")
        });
        let serial = half.iter().zip(0_i64..).map(|(x, n)| 11 * x + n);
        assert_eq!(sums.collect::<Vec<_>>(), serial.collect::<Vec<_>>());
    });
}

#[test]
fn by_reference() {
    with_items(|v| {
        let mut pair = (v.to_vec(), vec![0; v.len()]);
        let places = pair.par_iter_mut().enumerate();
        places.for_each(|(at, (x, place))| {
            *x += 1;
            *place = at;
        });
        assert!(
            pair.par_iter()
                .enumerate()
                .all(|(at, (x, place))| *x == v[at] + 1 && *place == at)
        );
    });
}
