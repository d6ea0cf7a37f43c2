//! Fibonacci's numbers, a fork at every step.

use crate::plan::Plan;
use bedplate_pool::Context;

#[inline(never)]
fn serial(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    serial(n - 1) + serial(n - 2)
}

#[inline(never)]
pub fn bedplate(cx: Context<'_>, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = cx.join(|cx| bedplate(cx, n - 1), |cx| bedplate(cx, n - 2));
    a + b
}

#[inline(never)]
fn free(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = bedplate_pool::join(|| free(n - 1), || free(n - 2));
    a + b
}

#[inline(never)]
fn chili(scope: &mut chili::Scope<'_>, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (b, a) = scope.join(|s| chili(s, n - 2), |s| chili(s, n - 1));
    a + b
}

#[inline(never)]
fn rayon(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = rayon::join(|| rayon(n - 1), || rayon(n - 2));
    a + b
}

pub fn run(plan: &Plan) {
    let n = plan.size;
    let expected = serial(n);
    match plan.pool.as_str() {
        // A pure function of a known number would be computed once for all repetitions.
        "serial" => plan.time(expected, || serial(std::hint::black_box(n))),
        "bedplate" => plan
            .bedplate()
            .enter(|cx| plan.time(expected, || bedplate(cx, n))),
        "free" => plan.bedplate().install(|| plan.time(expected, || free(n))),
        "chili" => {
            let pool = plan.chili();
            let mut scope = pool.scope();
            plan.time(expected, || chili(&mut scope, n));
        }
        "rayon" => plan.rayon().install(|| plan.time(expected, || rayon(n))),
        other => panic!("no pool {other}"),
    }
}
