//! Sums and sorts of many numbers; nanoseconds each.

use crate::numbers::{check_sorted, floats, serial_sum, wholes};
use crate::plan::Plan;

/// Numbers below which the contenders without loops of their own add in turn.
const LEAF: usize = 8192;

fn chili_sum(scope: &mut chili::Scope<'_>, numbers: &[f64]) -> f64 {
    if numbers.len() <= LEAF {
        return serial_sum(numbers);
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let (right, left) = scope.join(|s| chili_sum(s, right), |s| chili_sum(s, left));
    left + right
}

pub fn sum(plan: &Plan) {
    let numbers = floats(plan.size);
    let expected = serial_sum(&numbers) as u64;
    match plan.pool.as_str() {
        "serial" => plan.time(expected, || {
            serial_sum(std::hint::black_box(&numbers)) as u64
        }),
        "bedplate" => plan.bedplate().install(|| {
            use bedplate_pool::prelude::*;
            plan.time(expected, || numbers.par_iter().sum::<f64>() as u64);
        }),
        "rayon" => plan.rayon().install(|| {
            use rayon::prelude::*;
            plan.time(expected, || numbers.par_iter().sum::<f64>() as u64);
        }),
        "chili" => {
            let pool = plan.chili();
            let mut scope = pool.scope();
            plan.time(expected, || chili_sum(&mut scope, &numbers) as u64);
        }
        other => panic!("no pool {other}"),
    }
}

pub fn sort(plan: &Plan, stable: bool) {
    let numbers = wholes(plan.size);
    let sorts = |sort: &(dyn Fn(&mut Vec<u32>) + Sync)| {
        for _ in 0..plan.repeats {
            let mut own = numbers.clone();
            let once = Plan { repeats: 1, ..plan.clone() };
            once.time_with(|| sort(&mut own), |()| ());
            check_sorted(&own, &numbers);
        }
    };
    match (plan.pool.as_str(), stable) {
        ("serial", true) => sorts(&|own| own.sort()),
        ("serial", false) => sorts(&|own| own.sort_unstable()),
        ("bedplate", _) => plan.bedplate().install(|| {
            use bedplate_pool::prelude::*;
            if stable {
                sorts(&|own| own.par_sort());
            } else {
                sorts(&|own| own.par_sort_unstable());
            }
        }),
        ("rayon", _) => plan.rayon().install(|| {
            use rayon::prelude::*;
            if stable {
                sorts(&|own| own.par_sort());
            } else {
                sorts(&|own| own.par_sort_unstable());
            }
        }),
        (other, _) => panic!("no pool {other}"),
    }
}
