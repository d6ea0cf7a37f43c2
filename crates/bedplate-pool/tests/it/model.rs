//! Random programs of joins, scopes, detached jobs, panics, cancels, nested entries and changes of the settings against
//! their serial meaning.
//!
//! As many as `BEDPLATE_POOL_PROGRAMS` says, from the seed that `BEDPLATE_POOL_SEED` says; few without. A program that does
//! not mean what it should is printed with its seed.

use crate::until;
use alloc::sync::Arc;
use bedplate_pool::{CancelToken, Context, JobOptions, ThreadPool, ThreadPoolBuilder};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::panic::{catch_unwind, resume_unwind};

/// A program: what it adds to a sum, and where it panics.
#[derive(Clone, Debug)]
enum Program {
    Leaf(u64),
    Spin(u64),
    Panic(u64),
    Join(Box<Self>, Box<Self>),
    Scope(Vec<Self>),
    /// A scope that is cancelled once its jobs are spawned: each of them runs or does not.
    Cancelled(Vec<Self>),
    Enter(Box<Self>),
    Catch(Box<Self>),
    /// A job that nobody waits for.
    Detached(Arc<Self>),
    /// The same, called off after it was spawned: it runs or does not.
    CalledOff(Arc<Self>),
    /// A pool gets so many workers.
    Settings(u64),
}

/// The most workers that a pool is given.
const WORKERS_MAX: u8 = 4;

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
            return match self.roll(120) {
                0 => Program::Settings(self.roll(u64::from(WORKERS_MAX)) + 1),
                1..11 => Program::Panic(self.roll(1000)),
                11..21 => Program::Spin(self.roll(2000)),
                _ => Program::Leaf(self.roll(1000)),
            };
        }
        match self.roll(28) {
            0..12 => Program::Join(
                Box::new(self.program(depth - 1)),
                Box::new(self.program(depth - 1)),
            ),
            12..16 => Program::Scope(self.several(depth)),
            16 => Program::Cancelled(self.several(depth)),
            17..19 => Program::Enter(Box::new(self.program(depth - 1))),
            19..21 => Program::Leaf(self.roll(1000)),
            21 => Program::Detached(Arc::new(self.program(depth - 1))),
            22 => Program::CalledOff(Arc::new(self.program(depth - 1))),
            _ => Program::Catch(Box::new(self.program(depth - 1))),
        }
    }

    fn several(&mut self, depth: u32) -> Vec<Program> {
        let jobs = self.roll(5);
        let mut jobs: Vec<_> = (0..jobs).map(|_| self.program(depth - 1)).collect();
        // Some scopes have more jobs than threads take at a time, and most of them are short.
        if self.roll(16) == 0 {
            for _ in 0..self.roll(200) {
                let at = self.roll(jobs.len() as u64 + 1);
                let at = usize::try_from(at).unwrap_or_default();
                jobs.insert(at, Program::Leaf(self.roll(1000)));
            }
        }
        jobs
    }
}

/// What a program may do.
#[derive(Debug, Default)]
struct Meaning {
    /// What is added for certain.
    sum: u64,
    /// What may be added beyond.
    perhaps: u64,
    /// The payloads that can come out.
    panics: Vec<u64>,
    /// A panic comes out for certain.
    is_panic: bool,
}

impl Meaning {
    fn of(program: &Program) -> Self {
        match program {
            Program::Leaf(n) | Program::Spin(n) => Self {
                sum: *n,
                ..Self::default()
            },
            Program::Settings(_) => Self::default(),
            Program::Panic(n) => Self {
                panics: vec![*n],
                is_panic: true,
                ..Self::default()
            },
            Program::Join(a, b) => {
                let (a, b) = (Self::of(a), Self::of(b));
                // The first half's panic goes before.
                let panics = if a.is_panic {
                    a.panics.clone()
                } else {
                    a.panics.iter().chain(&b.panics).copied().collect()
                };
                Self { panics, ..a.and(b) }
            }
            // Whichever job panics first.
            Program::Scope(jobs) => jobs.iter().map(Self::of).fold(Self::default(), Self::and),
            Program::Cancelled(jobs) => {
                let all = jobs.iter().map(Self::of).fold(Self::default(), Self::and);
                all.perhaps()
            }
            Program::Enter(inner) => Self::of(inner),
            Program::Catch(inner) => {
                let inner = Self::of(inner);
                Self {
                    sum: inner.sum + u64::from(inner.is_panic),
                    perhaps: inner.perhaps + u64::from(!inner.is_panic && !inner.panics.is_empty()),
                    ..Self::default()
                }
            }
            Program::Detached(inner) => Self::of(inner).kept_in(),
            Program::CalledOff(inner) => Self::of(inner).kept_in().perhaps(),
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.sum += other.sum;
        self.perhaps += other.perhaps;
        self.panics.extend(other.panics);
        self.is_panic |= other.is_panic;
        self
    }

    /// If it is not certain to run.
    fn perhaps(self) -> Self {
        Self {
            sum: 0,
            perhaps: self.sum + self.perhaps,
            is_panic: false,
            ..self
        }
    }

    /// Where no panic comes out.
    fn kept_in(self) -> Self {
        Self {
            panics: Vec::new(),
            is_panic: false,
            ..self
        }
    }
}

/// What the runs of a program share.
#[derive(Debug, Default)]
struct Tally {
    sum: AtomicU64,
    /// Detached jobs that neither ran nor were dropped yet.
    pending: AtomicUsize,
}

/// A detached job, until it ran or was dropped.
struct Pending(Arc<Tally>);

impl Pending {
    fn of(tally: &Arc<Tally>) -> Self {
        tally.pending.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(tally))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `check`.
        self.0.pending.fetch_sub(1, Ordering::Release);
    }
}

type Pools = &'static [ThreadPool];

fn run(cx: Context<'_>, pools: Pools, program: &Program, tally: &Arc<Tally>) {
    let add = |n: u64| {
        tally.sum.fetch_add(n, Ordering::Relaxed);
    };
    match program {
        Program::Leaf(n) => add(*n),
        Program::Spin(n) => {
            for i in 0..*n {
                core::hint::black_box(i);
            }
            add(*n);
        }
        // Without the hook, which would print thousands.
        Program::Panic(n) => resume_unwind(Box::new(*n)),
        Program::Join(a, b) => {
            cx.join(|cx| run(cx, pools, a, tally), |cx| run(cx, pools, b, tally));
        }
        Program::Scope(jobs) => scope(pools, jobs, tally, false),
        Program::Cancelled(jobs) => scope(pools, jobs, tally, true),
        Program::Enter(inner) => {
            let other = &pools[cx.index() % pools.len()];
            other.enter(|cx| run(cx, pools, inner, tally));
        }
        Program::Catch(inner) => {
            let out = catch_unwind(AssertUnwindSafe(|| run(cx, pools, inner, tally)));
            add(u64::from(out.is_err()));
        }
        Program::Detached(inner) => {
            let pool = &pools[cx.index() % pools.len()];
            pool.spawn(detached(pools, inner, tally));
        }
        Program::Settings(workers) => {
            let pool = &pools[cx.index() % pools.len()];
            let config = pool
                .config()
                .num_threads(usize::try_from(*workers).expect("a few"));
            pool.update_config(config).expect("there is room for them");
        }
        Program::CalledOff(inner) => {
            let pool = &pools[cx.index() % pools.len()];
            let token = CancelToken::new();
            let options = JobOptions::new().cancel(&token);
            let job = pool.spawn_job(options, detached(pools, inner, tally));
            token.cancel();
            drop(job.expect("there is room"));
        }
    }
}

fn detached(
    pools: Pools,
    program: &Arc<Program>,
    tally: &Arc<Tally>,
) -> impl FnOnce() + Send + use<> {
    let (pending, program) = (Pending::of(tally), Arc::clone(program));
    // A panic goes to the pool's handler, or to the handle, which is dropped.
    move || {
        let tally = &pending.0;
        bedplate_pool::with_context(|cx| run(cx, pools, &program, tally));
    }
}

fn scope(pools: Pools, jobs: &[Program], tally: &Arc<Tally>, is_cancelled: bool) {
    bedplate_pool::scope(|s| {
        for job in jobs {
            s.spawn(move |_| bedplate_pool::with_context(|cx| run(cx, pools, job, tally)));
        }
        if is_cancelled {
            s.cancel();
        }
    });
}

/// Runs the program of a seed and compares; the number of its panics that came out.
fn check(pools: Pools, seed: u64) -> u64 {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let depth = 1 + u32::try_from(dice.roll(9)).expect("below nine");
    let program = dice.program(depth);
    let meaning = Meaning::of(&program);
    let tally = Arc::new(Tally::default());
    let out = catch_unwind(AssertUnwindSafe(|| {
        pools[0].enter(|cx| run(cx, pools, &program, &tally));
    }));
    until("detached jobs have ended", || {
        tally.pending.load(Ordering::Acquire) == 0
    });
    let sum = tally.sum.load(Ordering::Relaxed);
    let bounds = meaning.sum..=meaning.sum + meaning.perhaps;
    assert!(
        bounds.contains(&sum),
        "seed {seed}: {sum} is not in {bounds:?}: {program:?}"
    );
    match out {
        Ok(()) => assert!(!meaning.is_panic, "seed {seed}: no panic came out"),
        Err(panic) => {
            let n = panic
                .downcast_ref::<u64>()
                .expect("a payload of the program");
            let panics = &meaning.panics;
            assert!(panics.contains(n), "seed {seed}: {n} of {panics:?}");
            return 1;
        }
    }
    0
}

fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

#[test]
fn random_programs_mean_what_they_mean_serially() {
    let made = [(3, 8), (1, 8), (2, 1)].map(|(workers, spares)| {
        ThreadPoolBuilder::new()
            .num_threads(workers)
            .max_threads(usize::from(WORKERS_MAX))
            .spare_threads(spares)
            .bind_workers(false)
            .build()
            .expect("a pool can be made here")
    });
    // Jobs that nobody waits for outlive every borrow: so must the pools.
    let pools: Pools = Box::leak(Box::new(made));
    let programs = number("BEDPLATE_POOL_PROGRAMS").unwrap_or(1500);
    let first = number("BEDPLATE_POOL_SEED").unwrap_or(1);
    let panics: u64 = (first..first + programs)
        .map(|seed| check(pools, seed))
        .sum();
    let metrics = pools.iter().map(ThreadPool::metrics);
    let (mut steals, mut leaps, mut jobs, mut waits) = (0, 0, 0, 0);
    for metrics in metrics {
        steals += metrics.steals;
        leaps += metrics.leaps;
        jobs += metrics.jobs;
        waits += metrics.waits;
    }
    println!(
        "{programs} programs from seed {first}: {panics} panics came out; {steals} halves taken, {leaps} in waits, \
         {jobs} jobs of the queues, {waits} waits that slept"
    );
}
