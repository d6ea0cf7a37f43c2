//! Random programs of joins, scopes, panics and nested entries against their serial meaning.

use crate::pool;
use bedplate_pool::{Context, ThreadPool};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU64, Ordering};
use std::panic::{catch_unwind, resume_unwind};

/// A program: what it adds to a sum, and where it panics.
#[derive(Clone, Debug)]
enum Program {
    Leaf(u64),
    Spin(u64),
    Panic(u64),
    Join(Box<Self>, Box<Self>),
    Scope(Vec<Self>),
    Enter(Box<Self>),
    Catch(Box<Self>),
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn program(&mut self, depth: u32) -> Program {
        if depth == 0 {
            return match self.roll(12) {
                0 => Program::Panic(self.roll(1000)),
                1 => Program::Spin(self.roll(2000)),
                _ => Program::Leaf(self.roll(1000)),
            };
        }
        match self.roll(12) {
            0..6 => Program::Join(
                Box::new(self.program(depth - 1)),
                Box::new(self.program(depth - 1)),
            ),
            6..8 => {
                let jobs = self.roll(5);
                Program::Scope((0..jobs).map(|_| self.program(depth - 1)).collect())
            }
            8 => Program::Enter(Box::new(self.program(depth - 1))),
            9 => Program::Leaf(self.roll(1000)),
            _ => Program::Catch(Box::new(self.program(depth - 1))),
        }
    }
}

/// The sum of everything that runs, and the payloads that can come out.
fn serial(program: &Program, sum: &mut u64) -> Vec<u64> {
    match program {
        Program::Leaf(n) | Program::Spin(n) => {
            *sum += n;
            Vec::new()
        }
        Program::Panic(n) => vec![*n],
        Program::Join(a, b) => {
            let (a, b) = (serial(a, sum), serial(b, sum));
            if a.is_empty() { b } else { a }
        }
        // Whichever job panics first.
        Program::Scope(jobs) => jobs.iter().flat_map(|job| serial(job, sum)).collect(),
        Program::Enter(inner) => serial(inner, sum),
        Program::Catch(inner) => {
            let out = serial(inner, sum);
            *sum += u64::from(!out.is_empty());
            Vec::new()
        }
    }
}

fn run(cx: Context<'_>, pools: &[ThreadPool], program: &Program, sum: &AtomicU64) {
    match program {
        Program::Leaf(n) => {
            sum.fetch_add(*n, Ordering::Relaxed);
        }
        Program::Spin(n) => {
            for i in 0..*n {
                core::hint::black_box(i);
            }
            sum.fetch_add(*n, Ordering::Relaxed);
        }
        // Without the hook, which would print thousands.
        Program::Panic(n) => resume_unwind(Box::new(*n)),
        Program::Join(a, b) => {
            cx.join(|cx| run(cx, pools, a, sum), |cx| run(cx, pools, b, sum));
        }
        Program::Scope(jobs) => bedplate_pool::scope(|s| {
            for job in jobs {
                s.spawn(move |_| bedplate_pool::with_context(|cx| run(cx, pools, job, sum)));
            }
        }),
        Program::Enter(inner) => {
            let other = &pools[cx.index() % pools.len()];
            other.enter(|cx| run(cx, pools, inner, sum));
        }
        Program::Catch(inner) => {
            let out = catch_unwind(AssertUnwindSafe(|| run(cx, pools, inner, sum)));
            sum.fetch_add(u64::from(out.is_err()), Ordering::Relaxed);
        }
    }
}

#[test]
fn random_programs_mean_what_they_mean_serially() {
    let pools = [pool(3), pool(1)];
    for seed in 1..=1500_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let depth = 1 + u32::try_from(dice.roll(9)).expect("below nine");
        let program = dice.program(depth);
        let mut expected = 0;
        let panics = serial(&program, &mut expected);
        let sum = AtomicU64::new(0);
        let out = catch_unwind(AssertUnwindSafe(|| {
            pools[0].enter(|cx| run(cx, &pools, &program, &sum));
        }));
        assert_eq!(sum.into_inner(), expected, "seed {seed}: {program:?}");
        match out {
            Ok(()) => assert!(panics.is_empty(), "seed {seed}: no panic came out"),
            Err(panic) => {
                let n = panic
                    .downcast_ref::<u64>()
                    .expect("a payload of the program");
                assert!(panics.contains(n), "seed {seed}: {n} of {panics:?}");
            }
        }
    }
}
