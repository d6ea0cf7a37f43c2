//! Programs that hang, starve or nest where a wait runs whatever it finds (rayon #592, #854, #957, #1174).
//!
//! Each is run by two workers and prints one figure: `held`, `scope` and `once` the milliseconds they took, `short`
//! those of a wait for five, `nested` how many jobs stood on one another on a stack. In all of them a thread waits for
//! a half that another has taken, and there is a job that it could begin meanwhile.

use crate::plan::Plan;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How often a program is gone through.
const TIMES: usize = 20;
/// How long the half takes that is waited for.
const HALF: Duration = Duration::from_millis(5);
/// How long the job takes that a short wait must not begin.
const LONG: Duration = Duration::from_millis(500);

/// What the programs use of a pool.
trait Pool: Send + Sync + 'static {
    fn join(&self, a: impl FnOnce() + Send, b: impl FnOnce() + Send);
    fn spawn(&self, job: impl FnOnce() + Send + 'static);
    /// A job of a scope holds a lock around a wait; another of it wants the lock.
    fn held_in_a_scope(&self);
}

macro_rules! pools {
    ($($pool:ty),*) => {$(
        impl Pool for $pool {
            fn join(&self, a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
                self.join(a, b);
            }

            fn spawn(&self, job: impl FnOnce() + Send + 'static) {
                self.spawn(job);
            }

            fn held_in_a_scope(&self) {
                let lock = &Mutex::new(());
                self.scope(|s| {
                    s.spawn(move |s| {
                        let held = lock.lock().expect("no panic");
                        wait(self, || s.spawn(move |_| drop(lock.lock())));
                        drop(held);
                    });
                });
            }
        }
    )*};
}
pools!(bedplate_pool::ThreadPool, rayon::ThreadPool);

/// Waits for a half that another thread has taken, after `before`.
fn wait(pool: &impl Pool, before: impl FnOnce() + Send) {
    let is_taken = AtomicBool::new(false);
    pool.join(
        || {
            wait_until(|| is_taken.load(Ordering::Relaxed));
            before();
        },
        || {
            is_taken.store(true, Ordering::Relaxed);
            spin(HALF);
        },
    );
}

/// Runs the program that the plan names.
pub fn run(plan: &Plan) {
    let two = Plan {
        threads: 2,
        bound: false,
        ..plan.clone()
    };
    match plan.pool.as_str() {
        "bedplate" => one(&two.program, two.bedplate()),
        "rayon" => one(&two.program, two.rayon()),
        other => panic!("no pool {other}"),
    }
}

fn one(program: &str, pool: impl Pool) {
    let pool = Arc::new(pool);
    let began = Instant::now();
    let goes = |go: &dyn Fn()| {
        (0..TIMES).for_each(|_| go());
        milliseconds(began.elapsed())
    };
    let figure = match program {
        "waits-held" => goes(&|| held(&pool)),
        "waits-scope" => goes(&|| pool.held_in_a_scope()),
        "waits-once" => goes(&|| once(&pool)),
        "waits-short" => milliseconds(short(&pool)),
        "waits-nested" => nested(&pool) as f64,
        other => panic!("no program {other}"),
    };
    println!("{figure}");
    // Jobs that still run must not keep the process.
    std::process::exit(0);
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

fn wait_until(is: impl Fn() -> bool) {
    while !is() {
        std::thread::yield_now();
    }
}

/// Has a worker run `job`, and waits for the jobs that count down `left`.
fn worked(pool: &Arc<impl Pool>, left: &Arc<AtomicUsize>, job: impl FnOnce() + Send + 'static) {
    pool.spawn(job);
    wait_until(|| left.load(Ordering::Acquire) == 0);
}

/// A job holds a lock around a wait, and another wants the lock.
fn held(pool: &Arc<impl Pool>) {
    let (lock, left) = (Arc::new(Mutex::new(())), Arc::new(AtomicUsize::new(2)));
    let (own, counted) = (Arc::clone(pool), Arc::clone(&left));
    worked(pool, &left, move || {
        let (other, count) = (Arc::clone(&lock), Arc::clone(&counted));
        let held = lock.lock().expect("no panic");
        wait(&*own, || {
            own.spawn(move || {
                drop(other.lock());
                count.fetch_sub(1, Ordering::Release);
            });
        });
        drop(held);
        counted.fetch_sub(1, Ordering::Release);
    });
}

/// A value made by a join when it is first wanted, and wanted by another job meanwhile.
fn once(pool: &Arc<impl Pool>) {
    let (value, left) = (Arc::new(OnceLock::new()), Arc::new(AtomicUsize::new(2)));
    let (own, counted) = (Arc::clone(pool), Arc::clone(&left));
    worked(pool, &left, move || {
        let (other, count) = (Arc::clone(&value), Arc::clone(&counted));
        value.get_or_init(|| {
            wait(&*own, || {
                own.spawn(move || {
                    other.get_or_init(|| ());
                    count.fetch_sub(1, Ordering::Release);
                });
            });
        });
        counted.fetch_sub(1, Ordering::Release);
    });
}

/// How long the wait for a half takes where a long job was spawned before it.
fn short(pool: &Arc<impl Pool>) -> Duration {
    let took = Arc::new(OnceLock::new());
    let (own, told) = (Arc::clone(pool), Arc::clone(&took));
    pool.spawn(move || {
        let mut from = Instant::now();
        wait(&*own, || {
            own.spawn(|| spin(LONG));
            from = Instant::now();
        });
        told.get_or_init(|| from.elapsed());
    });
    *took.wait()
}

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Most jobs that stood on one another on a stack, where each spawns the next one before it waits.
fn nested(pool: &Arc<impl Pool>) -> usize {
    let (deepest, left) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(TIMES)),
    );
    worked(pool, &left, link(pool, &deepest, &left, TIMES));
    deepest.load(Ordering::Relaxed)
}

/// The next job, with as many behind it.
fn link<P: Pool>(
    pool: &Arc<P>,
    deepest: &Arc<AtomicUsize>,
    left: &Arc<AtomicUsize>,
    count: usize,
) -> Box<dyn FnOnce() + Send> {
    let (pool, deepest, left) = (Arc::clone(pool), Arc::clone(deepest), Arc::clone(left));
    Box::new(move || {
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        deepest.fetch_max(depth, Ordering::Relaxed);
        wait(&*pool, || {
            if count > 1 {
                pool.spawn(link(&pool, &deepest, &left, count - 1));
            }
        });
        DEPTH.set(depth - 1);
        left.fetch_sub(1, Ordering::Release);
    })
}
