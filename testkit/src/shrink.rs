//! The smallest program that still fails.
//!
//! # Role
//! Drop steps in halves, quarters and singles, then lower the numbers, as long as the failure stays.
//!
//! # Not here
//! Programs that kill the process: those are shrunk by hand, from their seed.

use crate::op::{Op, Program, Step};

/// Shrinks `program` as long as `fails` says so. `fails` runs at most `runs_max` times.
#[must_use]
pub fn shrink(
    program: &Program,
    runs_max: usize,
    mut fails: impl FnMut(&Program) -> bool,
) -> Program {
    let mut budget = runs_max;
    let mut try_one = |candidate: &Program| {
        if budget == 0 {
            return false;
        }
        budget -= 1;
        fails(candidate)
    };
    let mut best = drop_steps(program.clone(), &mut try_one);
    lower_numbers(&mut best, &mut try_one);
    drop_steps(best, &mut try_one)
}

fn drop_steps(mut best: Program, fails: &mut impl FnMut(&Program) -> bool) -> Program {
    let mut chunk = best.0.len().div_ceil(2);
    while chunk > 0 {
        let mut start = 0;
        while start < best.0.len() {
            let end = (start + chunk).min(best.0.len());
            let mut steps = best.0.clone();
            steps.drain(start..end);
            let candidate = Program(steps);
            if fails(&candidate) {
                best = candidate;
            } else {
                start = end;
            }
        }
        chunk /= 2;
    }
    best
}

fn lower_numbers(best: &mut Program, fails: &mut impl FnMut(&Program) -> bool) {
    for index in 0..best.0.len() {
        for simpler in simpler(best.0[index]) {
            let mut candidate = best.clone();
            candidate.0[index] = simpler;
            if fails(&candidate) {
                *best = candidate;
                break;
            }
        }
    }
}

/// Simpler twins of a step, simplest first.
fn simpler(step: Step) -> Vec<Step> {
    let Step { lane, op } = step;
    let ops = match op {
        Op::Malloc { slot, size } => sizes(size).map(|size| Op::Malloc { slot, size }).collect(),
        Op::Realloc { slot, size } => sizes(size)
            .map(|size| Op::Realloc {
                slot,
                size: size.max(1),
            })
            .collect(),
        Op::Memalign {
            slot,
            align_log2,
            size,
        } => {
            let mut ops = vec![Op::Malloc { slot, size }];
            ops.extend(sizes(size).map(|size| Op::Memalign {
                slot,
                align_log2,
                size,
            }));
            ops
        }
        Op::Calloc { slot, count, size } => vec![Op::Malloc {
            slot,
            size: count * size,
        }],
        Op::Free { .. } | Op::Verify { .. } | Op::Trim | Op::EndThread => Vec::new(),
    };
    let mut steps = ops
        .into_iter()
        .map(|op| Step { lane, op })
        .collect::<Vec<_>>();
    if lane != 0 {
        steps.insert(0, Step { lane: 0, op });
    }
    steps
}

fn sizes(size: usize) -> impl Iterator<Item = usize> {
    [1, 16, size / 2, size.saturating_sub(1)]
        .into_iter()
        .filter(move |&smaller| smaller < size)
}

#[cfg(test)]
mod tests {
    use super::shrink;
    use crate::generator::{Shape, generate};
    use crate::op::{Op, Program, Step};

    #[test]
    fn one_guilty_step_is_all_that_stays() {
        let mut program = generate(
            3,
            &Shape {
                step_count: 500,
                ..Shape::default()
            },
        );
        program.0.insert(
            321,
            Step {
                lane: 0,
                op: Op::Malloc {
                    slot: 0,
                    size: 4242,
                },
            },
        );
        let guilty = |step: &Step| matches!(step.op, Op::Malloc { size: 4200.., .. });
        let small = shrink(&program, 5000, |candidate| candidate.0.iter().any(guilty));
        let expected = Step {
            lane: 0,
            op: Op::Malloc {
                slot: small_slot(&small),
                size: small_size(&small),
            },
        };
        assert_eq!(small, Program(vec![expected]));
    }

    fn small_slot(program: &Program) -> usize {
        match program.0.first().map(|step| step.op) {
            Some(Op::Malloc { slot, .. }) => slot,
            _ => usize::MAX,
        }
    }

    fn small_size(program: &Program) -> usize {
        match program.0.first().map(|step| step.op) {
            Some(Op::Malloc { size, .. }) => size,
            _ => usize::MAX,
        }
    }
}
