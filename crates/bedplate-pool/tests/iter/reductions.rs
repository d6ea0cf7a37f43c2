//! One value of all items.

use crate::with_items;
use bedplate_pool::prelude::*;
use core::cmp::Reverse;
use core::ops::ControlFlow;

#[test]
fn sums_counts_and_products() {
    with_items(|v| {
        assert_eq!(v.par_iter().sum::<i64>(), v.iter().sum::<i64>());
        assert_eq!(v.par_iter().copied().sum::<i64>(), v.iter().sum::<i64>());
        let odd = |x: &&i64| **x % 2 != 0;
        assert_eq!(
            v.par_iter().filter(odd).count(),
            v.iter().filter(odd).count()
        );
        assert_eq!(v.par_iter().count(), v.len());
        let factor = |x: &i64| core::num::Wrapping(*x | 1);
        let par: core::num::Wrapping<i64> = v.par_iter().map(factor).product();
        assert_eq!(par, v.iter().map(factor).product());
    });
}

#[test]
fn reductions_keep_the_order() {
    with_items(|v| {
        let text = v.iter().map(ToString::to_string).collect::<String>();
        let join = |a: String, b: String| a + &b;
        let par = v.par_iter().map(ToString::to_string);
        assert_eq!(par.clone().reduce(String::new, join), text);
        assert_eq!(par.clone().reduce_with(join).unwrap_or_default(), text);
        let folded = v
            .par_iter()
            .fold(String::new, |text, x| text + &x.to_string())
            .reduce(String::new, join);
        assert_eq!(folded, text);
        let folded = v
            .par_iter()
            .fold_with(String::new(), |text, x| text + &x.to_string())
            .collect::<Vec<_>>();
        assert_eq!(folded.concat(), text);
        let tried = v
            .par_iter()
            .try_fold(String::new, |text, x| Some(text + &x.to_string()))
            .try_reduce(String::new, |a, b| Some(a + &b));
        assert_eq!(tried, Some(text));
    });
}

#[test]
fn extremes_are_those_of_the_standard_library() {
    with_items(|v| {
        let pairs: Vec<(i64, usize)> = v.iter().copied().zip(0..).collect();
        let par = || pairs.par_iter();
        assert_eq!(par().min(), pairs.iter().min());
        assert_eq!(par().max(), pairs.iter().max());
        assert_eq!(par().min_by_key(|p| p.0), pairs.iter().min_by_key(|p| p.0));
        assert_eq!(par().max_by_key(|p| p.0), pairs.iter().max_by_key(|p| p.0));
        assert_eq!(
            par().min_by(|a, b| a.0.cmp(&b.0)),
            pairs.iter().min_by(|a, b| a.0.cmp(&b.0))
        );
        assert_eq!(
            par().max_by(|a, b| a.0.cmp(&b.0)),
            pairs.iter().max_by(|a, b| a.0.cmp(&b.0))
        );
        assert_eq!(
            par().min_by_key(|p| Reverse(p.0)),
            pairs.iter().min_by_key(|p| Reverse(p.0))
        );
    });
}

#[test]
fn searches() {
    with_items(|v| {
        for wanted in [-100, 7, 50, 99, 1000] {
            let is = |x: &&i64| **x == wanted;
            let pairs: Vec<(usize, i64)> = v.iter().copied().enumerate().collect();
            let hit = |p: &&(usize, i64)| p.1 == wanted;
            assert_eq!(pairs.par_iter().find_first(hit), pairs.iter().find(hit));
            let last = pairs.iter().rev().find(|p| p.1 == wanted);
            assert_eq!(pairs.par_iter().find_last(hit), last);
            assert_eq!(v.par_iter().find_any(is).is_some(), v.contains(&wanted));
            let place = |p: &(usize, i64)| (p.1 == wanted).then_some(p.0);
            assert_eq!(
                pairs.par_iter().find_map_first(place),
                pairs.iter().find_map(place)
            );
            assert_eq!(
                pairs.par_iter().find_map_last(place),
                pairs.iter().rev().find_map(place)
            );
            let any = pairs.par_iter().find_map_any(place);
            assert!(any.is_none_or(|at| v[at] == wanted));
            assert_eq!(v.par_iter().any(|x| *x == wanted), v.contains(&wanted));
            assert_eq!(v.par_iter().all(|x| *x != wanted), !v.contains(&wanted));
            assert_eq!(
                v.par_iter().position_first(|x| *x == wanted),
                v.iter().position(|x| *x == wanted)
            );
            assert_eq!(
                v.par_iter().position_last(|x| *x == wanted),
                v.iter().rposition(|x| *x == wanted)
            );
            let any = v.par_iter().position_any(|x| *x == wanted);
            assert_eq!(any.map(|at| v[at]), v.contains(&wanted).then_some(wanted));
            let places: Vec<usize> = v.par_iter().positions(|x| *x == wanted).collect();
            let serial = v.iter().enumerate().filter(|(_, x)| **x == wanted);
            assert_eq!(places, serial.map(|(at, _)| at).collect::<Vec<_>>());
        }
        // Through filters and nested iterators places are not indices.
        let odd_first = v
            .par_iter()
            .flat_map(|x| vec![*x, x + 1])
            .filter(|x| x % 2 != 0)
            .find_first(|x| *x > 20);
        let mut serial = v.iter().flat_map(|x| [*x, x + 1]).filter(|x| x % 2 != 0);
        assert_eq!(odd_first, serial.clone().find(|x| *x > 20));
        let odd_last = v
            .par_iter()
            .flat_map(|x| vec![*x, x + 1])
            .filter(|x| x % 2 != 0)
            .find_last(|x| *x > 20);
        assert_eq!(odd_last, serial.rfind(|x| *x > 20));
    });
}

#[test]
fn what_breaks_off() {
    with_items(|v| {
        let good = v.par_iter().try_for_each(|x| (*x < 1000).then_some(()));
        assert_eq!(good, Some(()));
        let bad = v
            .par_iter()
            .try_for_each(|x| if *x == 7 { Err(*x) } else { Ok(()) });
        assert_eq!(bad.is_err(), v.contains(&7));
        assert!(bad.is_ok() || bad == Err(7));
        let flow = v.par_iter().try_for_each(|x| match *x {
            7 => ControlFlow::Break(*x),
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(flow.is_break(), v.contains(&7));
        let sum = |a: i64, b: i64| a.checked_add(b);
        let total = v.par_iter().map(|x| Some(*x)).try_reduce(|| 0, sum);
        assert_eq!(total, Some(v.iter().sum()));
        let total = v.par_iter().map(|x| Some(*x)).try_reduce_with(sum);
        assert_eq!(total.is_none(), v.is_empty());
        assert!(total.is_none_or(|total| total == Some(v.iter().sum())));
        let none = v.par_iter().map(|x| (*x != 7).then_some(*x));
        assert_eq!(none.try_reduce(|| 0, sum).is_none(), v.contains(&7));
        let with = v
            .par_iter()
            .try_for_each_with(3, |n, x| if *x < 1000 { Ok(()) } else { Err(*n) });
        assert_eq!(with, Ok(()));
        let init = v
            .par_iter()
            .try_for_each_init(|| 3, |n, x| if *x == 7 { Err(*n) } else { Ok(()) });
        assert_eq!(init.is_err(), v.contains(&7));
    });
}

#[test]
fn comparisons() {
    with_items(|v| {
        let mut others = vec![v.to_vec(), Vec::new()];
        if let Some(middle) = v.len().checked_sub(1).map(|last| last / 2) {
            for change in [-1, 1] {
                let mut other = v.to_vec();
                other[middle] += change;
                others.push(other);
            }
            others.push(v[..middle].to_vec());
        }
        for other in &others {
            let w = other.as_slice();
            assert_eq!(v.par_iter().cmp(w), v.iter().cmp(w));
            assert_eq!(v.par_iter().partial_cmp(w), v.iter().partial_cmp(w));
            assert_eq!(v.par_iter().eq(w), v.iter().eq(w));
            assert_eq!(v.par_iter().ne(w), v.iter().ne(w));
            assert_eq!(v.par_iter().lt(w), v.iter().lt(w));
            assert_eq!(v.par_iter().le(w), v.iter().le(w));
            assert_eq!(v.par_iter().gt(w), v.iter().gt(w));
            assert_eq!(v.par_iter().ge(w), v.iter().ge(w));
        }
    });
    let nan = [1.0, f64::NAN];
    assert_eq!(nan.par_iter().partial_cmp(&nan), None);
}
