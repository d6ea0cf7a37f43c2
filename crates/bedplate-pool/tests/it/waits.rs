//! Programs that hang, overflow or starve where a wait runs whatever it finds.

use crate::{LONG, pool, until};
use alloc::sync::Arc;
use bedplate_pool::{Context, JobOptions, PlaceState, ThreadPool, blocking, scope};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::Instant;

/// A lock is held around a join, and jobs that want the lock wait in the queue: a wait that ran
/// them would wait for itself (rayon #592, #1174).
#[test]
fn a_lock_held_around_a_join_is_not_wanted_inside_the_wait() {
    let pool = Arc::new(pool(2));
    let lock = Arc::new(Mutex::new(0_u64));
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..200 {
        let (own, lock, done) = (Arc::downgrade(&pool), Arc::clone(&lock), Arc::clone(&done));
        pool.spawn(move || {
            let mut held = lock.lock().expect("no panic");
            if let Some(pool) = own.upgrade() {
                let (a, b) = pool.join(|| spin(20), || spin(20));
                *held = held.wrapping_add(a ^ b) | 1;
            }
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    until("all jobs have run", || done.load(Ordering::Relaxed) == 200);
}

/// The same with the jobs in a scope and the lock held around an inner join.
#[test]
fn a_lock_held_in_jobs_of_a_scope_is_not_wanted_inside_the_wait() {
    let pool = pool(3);
    let lock = Mutex::new(0_u64);
    pool.scope(|s| {
        for _ in 0..200 {
            s.spawn(|_| {
                let mut held = lock.lock().expect("no panic");
                let (a, b) = bedplate_pool::join(|| spin(20), || spin(20));
                *held = held.wrapping_add(a ^ b) | 1;
            });
        }
    });
    assert!(*lock.lock().expect("no panic") > 0);
}

/// A short join beside long jobs: its wait must not begin one of them (rayon #957).
#[test]
fn a_short_wait_does_not_begin_a_long_job() {
    let pool = Arc::new(pool(2));
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(AtomicUsize::new(0));
    for _ in 0..4 {
        let (stop, begun) = (Arc::clone(&stop), Arc::clone(&begun));
        pool.spawn(move || {
            begun.fetch_add(1, Ordering::Relaxed);
            until("the test stops it", || stop.load(Ordering::Relaxed));
        });
    }
    until("both workers are busy", || {
        begun.load(Ordering::Relaxed) >= 2
    });
    let began = Instant::now();
    for _ in 0..1000 {
        assert!(pool.join(|| spin(1), || spin(1)).0 > 0);
    }
    assert!(began.elapsed() < LONG);
    assert_eq!(begun.load(Ordering::Relaxed), 2);
    stop.store(true, Ordering::Relaxed);
}

/// Joins inside joins while everybody steals: the stack grows with the depth of the program, not
/// with what was stolen (rayon #854).
#[test]
fn the_stack_grows_with_the_program_and_not_with_the_steals() {
    fn depth(cx: Context<'_>, n: u32, stack: &AtomicUsize) {
        let here = core::hint::black_box(&n);
        let at = core::ptr::from_ref(here).addr();
        stack.fetch_min(at, Ordering::Relaxed);
        if n > 0 {
            cx.join(|cx| depth(cx, n - 1, stack), |cx| depth(cx, n - 1, stack));
        } else {
            core::hint::black_box(spin(5));
        }
    }
    // Threads of 256 KiB: nesting without bound would overflow them.
    let pool = bedplate_pool::ThreadPoolBuilder::new()
        .num_threads(4)
        .stack_size(256 << 10)
        .build()
        .expect("a pool can be made here");
    let (send, receive) = std::sync::mpsc::channel();
    let pool = Arc::new(pool);
    let own = Arc::downgrade(&pool);
    pool.spawn(move || {
        if let Some(pool) = own.upgrade() {
            let stack = AtomicUsize::new(usize::MAX);
            for _ in 0..20 {
                pool.enter(|cx| depth(cx, 10, &stack));
            }
        }
        let _sent = send.send(());
    });
    receive.recv_timeout(LONG).expect("it ends");
}

/// Every worker blocks, and what they wait for is a job behind them in the queue.
#[test]
fn spares_run_while_workers_block() {
    let pool = pool(2);
    let (send, receive) = std::sync::mpsc::channel::<u32>();
    let receive = Arc::new(Mutex::new(receive));
    let sum = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let (receive, sum) = (Arc::clone(&receive), Arc::clone(&sum));
        pool.spawn(move || {
            let got = blocking(|| {
                let receive = receive.lock().expect("no panic");
                receive.recv().expect("the third job sends")
            });
            sum.fetch_add(got as usize, Ordering::Relaxed);
        });
    }
    pool.spawn(move || {
        for n in [1, 2] {
            send.send(n).expect("somebody waits");
        }
    });
    until("all have run", || sum.load(Ordering::Relaxed) == 3);
    assert!(pool.metrics().threads <= 2 + 8);
}

/// A guest fills the place of the worker that blocks, so that nothing replaces it then; what it waits
/// for comes later.
#[test]
fn a_worker_that_blocks_beside_a_guest_is_replaced_once_a_job_comes() {
    let pool = pool(1);
    let (send, receive) = std::sync::mpsc::channel();
    let (up, is_up) = std::sync::mpsc::channel();
    let ended = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&ended);
    let here = &pool;
    let spawn = move || {
        here.spawn(move || {
            blocking(|| {
                up.send(()).expect("the test waits");
                receive.recv().expect("the other job sends");
            });
            own.store(true, Ordering::Relaxed);
        });
        is_up.recv_timeout(LONG)
    };
    pool.install(spawn).expect("the job runs");
    pool.spawn(move || send.send(()).expect("the first job waits"));
    until("both have run", || ended.load(Ordering::Relaxed));
    assert_eq!(pool.metrics().threads, 2);
}

/// The spare that the first worker's pause started sleeps when the second pauses, and is woken for it:
/// two jobs that need each other need one more.
#[test]
fn a_spare_does_not_stand_in_for_two() {
    let pool = pool(2);
    let gate = Arc::new(std::sync::Barrier::new(3));
    for threads in [3, 4] {
        let gate = Arc::clone(&gate);
        pool.spawn(move || {
            blocking(|| gate.wait());
        });
        until("one blocks", || {
            let states = pool.worker_metrics();
            let paused = states.iter().filter(|seat| seat.state == PlaceState::Waits);
            paused.count() == threads - 2
        });
    }
    let met = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let (met, done) = (Arc::clone(&met), Arc::clone(&done));
        pool.spawn(move || {
            met.fetch_add(1, Ordering::Relaxed);
            until("the other runs", || met.load(Ordering::Relaxed) == 2);
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    until("both have run", || done.load(Ordering::Relaxed) == 2);
    gate.wait();
}

/// A job from outside is run although all workers are inside one long tree.
#[test]
fn a_job_is_run_beside_a_long_tree() {
    fn tree(cx: Context<'_>, stop: &AtomicBool) {
        // Bounded by the test's stop.
        while !stop.load(Ordering::Relaxed) {
            cx.join(|_| spin(50), |_| spin(50));
        }
    }
    let pool = pool(2);
    let stop = AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| pool.enter(|cx| cx.join(|cx| tree(cx, &stop), |cx| tree(cx, &stop))));
        until("the tree is shared", || pool.metrics().steals > 0);
        let ran = Arc::new(AtomicBool::new(false));
        let job = Arc::clone(&ran);
        pool.spawn(move || job.store(true, Ordering::Relaxed));
        until("the job has run", || ran.load(Ordering::Relaxed));
        stop.store(true, Ordering::Relaxed);
    });
}

/// Some microseconds of work.
fn spin(us: u64) -> u64 {
    let mut x = 88_172_645_463_325_252_u64;
    for _ in 0..us * 300 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x | 1
}

/// The only worker that looks for offers goes off with a long job: another must look in its place.
#[test]
fn a_hunter_that_takes_a_job_is_replaced() {
    let pool = pool(4);
    for round in 0..20 {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, begun) = (Arc::clone(&stop), Arc::new(AtomicBool::new(false)));
        let own = Arc::clone(&begun);
        std::thread::sleep(core::time::Duration::from_millis(round % 4 * 3));
        pool.enter(|cx| {
            // An offer wakes a worker, which hunts until the job comes.
            cx.join(|_| (), |_| ());
            std::thread::sleep(core::time::Duration::from_micros(40 + 20 * round));
            pool.spawn(move || {
                own.store(true, Ordering::Relaxed);
                until("the test stops it", || flag.load(Ordering::Relaxed));
            });
            until("the job has begun", || begun.load(Ordering::Relaxed));
            let came = AtomicBool::new(false);
            cx.join(
                |cx| {
                    until("the second half is taken", || {
                        cx.join(|_| (), |_| ());
                        came.load(Ordering::Relaxed)
                    });
                },
                |_| came.store(true, Ordering::Relaxed),
            );
        });
        stop.store(true, Ordering::Relaxed);
    }
}

/// As many threads from outside as there are workers; one makes an offer and never forks again,
/// another leaves: a worker takes the offer.
#[test]
fn an_offer_that_stands_when_a_guest_leaves_is_taken() {
    let pool = pool(2);
    for _ in 0..10 {
        let (inside, stands) = (AtomicBool::new(false), AtomicBool::new(false));
        let came = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                pool.enter(|_| {
                    inside.store(true, Ordering::Release);
                    until("the offer stands", || stands.load(Ordering::Acquire));
                    // The workers fall asleep meanwhile.
                    std::thread::sleep(core::time::Duration::from_millis(10));
                });
            });
            until("the guest is inside", || inside.load(Ordering::Acquire));
            pool.join(
                || {
                    stands.store(true, Ordering::Release);
                    until("the second half is taken", || came.load(Ordering::Relaxed));
                },
                || came.store(true, Ordering::Relaxed),
            );
        });
    }
}

/// Beside an owner whose offers are always young the hunter naps, but not past the one that stands.
#[test]
fn a_half_after_many_tiny_joins_is_taken() {
    let pool = pool(2);
    for _ in 0..5 {
        pool.enter(|cx| {
            let began = Instant::now();
            while began.elapsed() < core::time::Duration::from_millis(20) {
                cx.join(|_| (), |_| ());
            }
            let came = AtomicBool::new(false);
            cx.join(
                |_| until("the second half is taken", || came.load(Ordering::Relaxed)),
                |_| came.store(true, Ordering::Relaxed),
            );
        });
    }
}

/// Runs a job in a pool and waits for it.
fn run<R: Send + 'static>(pool: &ThreadPool, job: impl FnOnce() -> R + Send + 'static) -> R {
    let handle = pool.spawn_job(JobOptions::new(), job);
    handle.expect("there is room").wait().expect("it runs")
}

/// A job of one pool enters another and waits there for a job of the first: the thread is replaced
/// in both.
#[test]
fn a_wait_inside_another_pool_is_a_wait_in_both() {
    let (outer, inner) = (Arc::new(pool(1)), Arc::new(pool(2)));
    for _ in 0..20 {
        let (a, b) = (Arc::clone(&outer), Arc::clone(&inner));
        assert_eq!(run(&outer, move || b.install(|| run(&a, || 1))), 1);
        // By a wait for a half that another took.
        let (a, b) = (Arc::clone(&outer), Arc::clone(&inner));
        let joined = run(&outer, move || {
            let taken = AtomicBool::new(false);
            let until_taken = || until("the half runs", || taken.load(Ordering::Relaxed));
            b.join(until_taken, || {
                taken.store(true, Ordering::Relaxed);
                run(&a, || 2)
            })
        });
        assert_eq!(joined.1, 2);
        // By a wait for the jobs of a scope.
        let (a, b) = (Arc::clone(&outer), Arc::clone(&inner));
        assert_eq!(run(&outer, move || b.install(|| in_a_scope(&a))), 3);
    }
}

/// A worker runs a job of the pool and waits for it, as a job of a scope.
fn in_a_scope(pool: &ThreadPool) -> usize {
    let (begun, got) = (AtomicBool::new(false), AtomicUsize::new(0));
    scope(|s| {
        s.spawn(|_| {
            begun.store(true, Ordering::Relaxed);
            got.store(run(pool, || 3), Ordering::Relaxed);
        });
        until("a worker has the job", || begun.load(Ordering::Relaxed));
    });
    got.into_inner()
}

/// Enters two pools in turn, one inside the other.
fn in_turn(a: &ThreadPool, b: &ThreadPool, depth: usize) -> usize {
    if depth == 0 {
        assert_eq!(
            bedplate_pool::current_num_threads(),
            a.current_num_threads()
        );
        return 0;
    }
    b.install(|| {
        assert_eq!(
            bedplate_pool::current_num_threads(),
            b.current_num_threads()
        );
        a.install(|| in_turn(a, b, depth - 1) + 1)
    })
}

/// A thread has one seat in a pool however often it enters, and the free functions use the latest.
#[test]
fn a_thread_has_one_seat_in_a_pool() {
    let (a, b) = (Arc::new(pool(1)), pool(2));
    let own = Arc::clone(&a);
    assert_eq!(run(&a, move || in_turn(&own, &b, 200)), 200);
    assert_eq!(a.metrics().guests_refused, 0);
}

/// A worker of one pool finds no seat in another and sleeps while a worker of that one runs what it
/// brought: it is replaced in its own pool.
#[test]
fn a_worker_that_finds_no_seat_elsewhere_is_replaced() {
    let (own, crowded) = (Arc::new(pool(1)), Arc::new(pool(1)));
    let (inside, leave) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|threads| {
        for _ in 0..64 {
            threads.spawn(|| {
                crowded.install(|| {
                    inside.fetch_add(1, Ordering::Relaxed);
                    blocking(|| until("the test ends", || leave.load(Ordering::Relaxed)));
                });
            });
        }
        until("all seats are taken", || {
            inside.load(Ordering::Relaxed) == 64
        });
        let (a, b) = (Arc::clone(&own), Arc::clone(&crowded));
        let got = run(&own, move || b.install(|| run(&a, || 4)));
        leave.store(true, Ordering::Relaxed);
        assert_eq!(got, 4);
        assert!(crowded.metrics().guests_refused >= 1);
    });
}
