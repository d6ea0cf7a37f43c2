//! Jobs that wait for memory: a fake budget, a fake source of pressure, random programs.

use crate::{LONG, until};
use alloc::sync::{Arc, Weak};
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_os::pressure::{Level, PressureMonitor, Settings};
use bedplate_os::sim::pressure::FakePressure;
use bedplate_pool::{
    BuildError, CancelToken, FootprintError, JobError, JobOptions, Narrowing, Priority, ThreadPool,
    ThreadPoolBuilder, blocking, scope,
};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

fn budget(limit: u64) -> Arc<Budget> {
    Arc::new(Budget::new(limit, UNLIMITED))
}

/// A monitor that says that memory is not short, and what changes that.
fn calm() -> (FakePressure, Arc<PressureMonitor>) {
    let (fake, source) = FakePressure::new().expect("there is a descriptor");
    fake.group_percent(0, 10);
    let monitor = PressureMonitor::start(source, Settings::default());
    (fake, Arc::new(monitor.expect("it starts")))
}

fn pool(workers: usize, budget: &Arc<Budget>) -> ThreadPool {
    let (_, monitor) = calm();
    builder(workers, budget)
        .pressure_monitor(monitor)
        .build()
        .expect("a pool can be made here")
}

fn builder(workers: usize, budget: &Arc<Budget>) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new()
        .num_threads(workers)
        .bind_workers(false)
        .memory_budget(Arc::clone(budget))
}

/// Shut until it is opened.
#[derive(Default)]
struct Door {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Door {
    fn pass(&self) {
        blocking(|| {
            let shut = self.open.lock().expect("no panic");
            // Whatever a test that failed leaves shut.
            let opened = self.opened.wait_timeout_while(shut, LONG, |open| !*open);
            drop(opened.expect("no panic"));
        });
    }

    fn open(&self) {
        *self.open.lock().expect("no panic") = true;
        self.opened.notify_all();
    }
}

/// Counts who is inside, and how many were at most.
#[derive(Default)]
struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
    ended: AtomicUsize,
}

impl Crowd {
    fn visit<R>(&self, stay: impl FnOnce() -> R) -> R {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        let result = stay();
        self.inside.fetch_sub(1, Ordering::SeqCst);
        self.ended.fetch_add(1, Ordering::SeqCst);
        result
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }
}

#[test]
fn as_many_run_as_the_budget_has_room_for() {
    let budget = budget(100);
    let pool = pool(4, &budget);
    let (crowd, door) = (Arc::new(Crowd::default()), Arc::new(Door::default()));
    for _ in 0..10 {
        let (crowd, door) = (Arc::clone(&crowd), Arc::clone(&door));
        let job = move || crowd.visit(|| door.pass());
        pool.spawn_with_footprint(40, job).expect("40 of 100");
    }
    until("two are inside", || crowd.inside() == 2);
    // What has no footprint goes by.
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    let plain = pool.spawn_job(JobOptions::new(), || 3).expect("room");
    assert_eq!(plain.wait().expect("it runs"), 3);
    let metrics = pool.metrics();
    assert_eq!(
        (
            metrics.admitted,
            metrics.admission_waiting,
            metrics.footprint_bytes
        ),
        (2, 8, 80)
    );
    assert_eq!(budget.used_bytes(), 80);
    door.open();
    until("all have ended", || crowd.ended() == 10);
    until("all is given back", || budget.used_bytes() == 0);
    assert_eq!(crowd.most.load(Ordering::SeqCst), 2);
    assert_eq!((budget.peak_bytes(), budget.over_released_bytes()), (80, 0));
    let metrics = pool.metrics();
    assert_eq!(
        (
            metrics.admitted,
            metrics.admission_waiting,
            metrics.admitted_beyond
        ),
        (10, 0, 0)
    );
}

#[test]
fn what_is_larger_than_the_whole_budget_is_refused() {
    let budget = budget(100);
    let pool = pool(1, &budget);
    let refused = pool
        .spawn_with_footprint(101, || ())
        .expect_err("101 of 100");
    assert!(refused.to_string().contains("101") && refused.to_string().contains("100"));
    assert!(matches!(
        refused,
        FootprintError::TooLarge {
            footprint_bytes: 101,
            limit_bytes: 100,
            ..
        }
    ));
    refused.into_job()();
    let job = pool
        .spawn_job(JobOptions::new().footprint(101), || ())
        .expect("it says so later");
    assert!(matches!(
        job.wait(),
        Err(JobError::TooLarge {
            footprint_bytes: 101,
            limit_bytes: 100
        })
    ));
    let future = pool.spawn_future(JobOptions::new().footprint(500), async {});
    let error = future.wait().expect_err("500 of 100");
    assert!(error.to_string().contains("500") && format!("{error:?}").contains("TooLarge"));
    pool.scope(|s| {
        assert!(s.spawn_with_footprint(101, |_| ()).is_err());
        assert!(s.spawn_with_footprint(100, |_| ()).is_ok());
    });
}

#[test]
fn what_finds_no_room_in_the_queue_comes_back() {
    let budget = budget(10);
    let (_, monitor) = calm();
    let pool = builder(1, &budget)
        .pressure_monitor(monitor)
        .queue_jobs(2)
        .build();
    let pool = pool.expect("a pool can be made here");
    let door = Arc::new(Door::default());
    let waits = || {
        let door = Arc::clone(&door);
        move || door.pass()
    };
    pool.spawn_with_footprint(10, waits()).expect("room");
    until("it runs", || budget.used_bytes() == 10);
    pool.spawn_with_footprint(10, waits()).expect("room");
    pool.spawn_with_footprint(10, waits()).expect("room");
    let full = pool
        .spawn_with_footprint(10, waits())
        .expect_err("two wait");
    assert!(matches!(full, FootprintError::Full(_)) && full.to_string().contains("queue_jobs"));
    assert!(
        pool.spawn_job(JobOptions::new().footprint(1), || ())
            .is_err()
    );
    door.open();
    drop(pool);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn however_a_job_ends_its_bytes_come_back() {
    let budget = budget(100);
    let (_, monitor) = calm();
    let panics = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&panics);
    let pool = builder(2, &budget)
        .pressure_monitor(monitor)
        .panic_handler(move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .expect("a pool can be made here");
    let options = || JobOptions::new().footprint(100);
    let door = Arc::new(Door::default());
    let own = Arc::clone(&door);
    let first = pool.spawn_job(options(), move || own.pass()).expect("room");
    until("it runs", || budget.used_bytes() == 100);
    // These wait behind it.
    let token = CancelToken::new();
    let off = pool
        .spawn_job(options().cancel(&token), || ())
        .expect("room");
    let late = pool
        .spawn_job(options().deadline(Instant::now()), || ())
        .expect("room");
    let bad = pool.spawn_job(options(), || std::panic::resume_unwind(Box::new(7)));
    let bad = bad.expect("room");
    let unseen = || std::panic::resume_unwind(Box::new(8));
    pool.spawn_with_footprint(100, unseen).expect("room");
    let last = pool
        .spawn_job(options().priority(Priority::Low), || 9)
        .expect("room");
    token.cancel();
    door.open();
    first.wait().expect("it runs");
    assert!(matches!(off.wait(), Err(JobError::Cancelled)));
    assert!(matches!(late.wait(), Err(JobError::DeadlinePassed)));
    assert!(matches!(bad.wait(), Err(JobError::Panicked(_))));
    assert_eq!(last.wait().expect("it runs"), 9);
    assert_eq!(budget.used_bytes(), 0);
    until("the panic was handled", || {
        panics.load(Ordering::SeqCst) == 1
    });
    let metrics = pool.metrics();
    assert_eq!(
        (metrics.admitted, metrics.panics, metrics.footprint_bytes),
        (4, 1, 0)
    );
}

#[test]
fn pressure_narrows_and_widens() {
    let budget = budget(1000);
    let (fake, monitor) = calm();
    let pool = builder(4, &budget)
        .pressure_monitor(Arc::clone(&monitor))
        .build();
    let pool = pool.expect("a pool can be made here");
    fake.group_percent(10, 99);
    until("the monitor says so", || {
        monitor.snapshot().level.known() == Some(&Level::Critical)
    });
    let crowd = Arc::new(Crowd::default());
    let doors: Vec<_> = (0..8).map(|_| Arc::new(Door::default())).collect();
    for door in &doors {
        let (crowd, door) = (Arc::clone(&crowd), Arc::clone(door));
        let job = move || crowd.visit(|| door.pass());
        pool.spawn_with_footprint(10, job).expect("10 of 1000");
    }
    until("one is inside", || crowd.inside() == 1);
    doors[0].open();
    until("the next one is", || {
        crowd.ended() == 1 && crowd.inside() == 1
    });
    assert_eq!(pool.metrics().admitted, 2);
    assert!(pool.metrics().admission_narrowed >= 1);
    // High for long enough: of four workers one still; then some: two. Nobody ends meanwhile.
    for _ in 0..4 {
        fake.group_percent(3000, 82);
    }
    until("the monitor says so", || {
        monitor.snapshot().level.known() == Some(&Level::Some)
    });
    until("a second one is", || crowd.inside() == 2);
    for _ in 0..4 {
        fake.group_percent(3000, 10);
    }
    until("all are", || crowd.inside() == 7);
    assert_eq!(pool.metrics().admission_waiting, 0);
    doors.iter().for_each(|door| door.open());
    drop(pool);
    assert_eq!((crowd.ended(), budget.used_bytes()), (8, 0));
}

#[test]
fn a_narrowing_out_of_order_is_refused() {
    let widens = Narrowing {
        some_percent: 10,
        high_percent: 20,
        critical_percent: 0,
    };
    let error = ThreadPoolBuilder::new()
        .narrowing(widens)
        .build()
        .expect_err("it widens");
    assert!(matches!(error, BuildError::Narrowing(it) if it == widens));
    assert!(error.to_string().contains("10 %, 20 %, 0 %"), "{error}");
}

#[test]
fn a_job_that_waits_for_another_does_not_wait_for_its_own_bytes() {
    let budget = budget(100);
    let pool = Arc::new(pool(2, &budget));
    let own = Arc::clone(&pool);
    let outer = pool.spawn_job(JobOptions::new().footprint(100), move || {
        let inner = own.spawn_job(JobOptions::new().footprint(60), || 6);
        // A scope's end is such a wait, too.
        let mut sum = 0;
        own.scope(|s| {
            let add = |_: &_| sum += 5;
            s.spawn_with_footprint(50, add).expect("50 of 100");
        });
        sum + inner.expect("room").wait().expect("it runs")
    });
    assert_eq!(outer.expect("room").wait().expect("it runs"), 11);
    let metrics = pool.metrics();
    assert_eq!((metrics.admitted, metrics.admission_nested), (3, 2));
    assert!((1..=2).contains(&metrics.admitted_beyond), "{metrics:?}");
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn jobs_that_all_wait_for_deeper_ones_end() {
    fn deep(pool: &Arc<ThreadPool>, depth: u32) -> u32 {
        if depth == 0 {
            return 1;
        }
        let children: Vec<_> = (0..2)
            .map(|_| {
                let own = Arc::clone(pool);
                let options = JobOptions::new().footprint(50);
                pool.spawn_job(options, move || deep(&own, depth - 1))
                    .expect("room")
            })
            .collect();
        children
            .into_iter()
            .map(|child| child.wait().expect("it runs"))
            .sum()
    }
    let budget = budget(100);
    let (_, monitor) = calm();
    let pool = builder(2, &budget)
        .pressure_monitor(monitor)
        .spare_threads(100)
        .build();
    let pool = Arc::new(pool.expect("a pool can be made here"));
    assert_eq!(deep(&pool, 4), 16);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn what_others_hold_is_waited_for_while_something_runs() {
    let budget = budget(100);
    let pool = pool(3, &budget);
    budget.charge(60).expect("another room's");
    let (crowd, door) = (Arc::new(Crowd::default()), Arc::new(Door::default()));
    for _ in 0..3 {
        let (crowd, door) = (Arc::clone(&crowd), Arc::clone(&door));
        let job = move || crowd.visit(|| door.pass());
        pool.spawn_with_footprint(30, job).expect("30 of 100");
    }
    until("one is inside", || crowd.inside() == 1);
    assert_eq!(pool.metrics().admission_waiting, 2);
    // Nobody tells the pool.
    budget.release(60);
    until("all are", || crowd.inside() == 3);
    door.open();
    drop(pool);
    assert_eq!((crowd.ended(), budget.used_bytes()), (3, 0));
}

#[test]
fn one_runs_whatever_others_hold() {
    let budget = budget(100);
    let pool = pool(2, &budget);
    budget.charge(100).expect("another room's");
    let crowd = Arc::new(Crowd::default());
    for _ in 0..5 {
        let crowd = Arc::clone(&crowd);
        pool.spawn_with_footprint(30, move || crowd.visit(|| ()))
            .expect("30 of 100");
    }
    until("all have ended", || crowd.ended() == 5);
    assert_eq!(crowd.most.load(Ordering::SeqCst), 1);
    assert_eq!(pool.metrics().admitted_beyond, 5);
    assert_eq!(
        (budget.used_bytes(), budget.over_released_bytes()),
        (100, 0)
    );
}

#[test]
fn a_large_job_is_not_overtaken_by_small_ones() {
    let budget = budget(100);
    let pool = pool(4, &budget);
    let order = Arc::new(Mutex::new(Vec::new()));
    let door = Arc::new(Door::default());
    let own = Arc::clone(&door);
    pool.spawn_with_footprint(50, move || own.pass())
        .expect("room");
    until("it runs", || budget.used_bytes() == 50);
    for (at, bytes) in [(0, 100), (1, 10), (2, 10)] {
        let order = Arc::clone(&order);
        let job = move || order.lock().expect("no panic").push(at);
        pool.spawn_with_footprint(bytes, job).expect("room");
    }
    assert_eq!(pool.metrics().admission_waiting, 3);
    door.open();
    until("all have ended", || {
        order.lock().expect("no panic").len() == 3
    });
    assert_eq!(order.lock().expect("no panic")[0], 0);
}

#[test]
fn scopes_lend_what_their_weighed_jobs_borrow() {
    let budget = budget(100);
    let pool = pool(2, &budget);
    let mut cells = [0_u64; 20];
    pool.scope(|s| {
        for (at, cell) in (0..).zip(&mut cells) {
            s.spawn_with_footprint(30, move |_| *cell = at + 1)
                .expect("30 of 100");
        }
        s.spawn(|_| ());
    });
    assert_eq!(cells.iter().sum::<u64>(), 210);
    // The bytes are back when the scope is.
    assert_eq!(budget.used_bytes(), 0);
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            s.spawn_with_footprint(30, |_| std::panic::resume_unwind(Box::new(5)))
                .expect("room");
        });
    }));
    assert_eq!(panic.expect_err("it panics").downcast_ref(), Some(&5));
    let ran = AtomicUsize::new(0);
    pool.scope(|s| {
        s.cancel();
        for _ in 0..5 {
            let ran = &ran;
            let job = move |_: &_| {
                ran.fetch_add(1, Ordering::SeqCst);
            };
            s.spawn_with_footprint(100, job).expect("room");
        }
    });
    assert_eq!((ran.into_inner(), budget.used_bytes()), (0, 0));
}

#[test]
fn the_opener_runs_its_own_weighed_jobs_where_nobody_else_can() {
    let budget = budget(100);
    let (_, monitor) = calm();
    let pool = builder(1, &budget)
        .pressure_monitor(monitor)
        .spare_threads(0)
        .build();
    let pool = pool.expect("a pool can be made here");
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    let job = pool.spawn_job(JobOptions::new(), move || {
        scope(|s| {
            for _ in 0..4 {
                let job = |_: &_| {
                    count.fetch_add(1, Ordering::SeqCst);
                };
                s.spawn_with_footprint(60, job).expect("60 of 100");
            }
        });
    });
    job.expect("room").wait().expect("it runs");
    assert_eq!((done.load(Ordering::SeqCst), budget.used_bytes()), (4, 0));
}

#[test]
fn a_future_holds_its_bytes_from_the_first_poll_to_the_end() {
    let budget = budget(100);
    let pool = pool(2, &budget);
    let options = || JobOptions::new().footprint(100);
    let open = Arc::new(AtomicBool::new(false));
    let waker = Arc::new(Mutex::new(None));
    let (is_open, own) = (Arc::clone(&open), Arc::clone(&waker));
    let first = pool.spawn_future(
        options(),
        core::future::poll_fn(move |cx| {
            *own.lock().expect("no panic") = Some(cx.waker().clone());
            if is_open.load(Ordering::SeqCst) {
                core::task::Poll::Ready(1)
            } else {
                core::task::Poll::Pending
            }
        }),
    );
    until("it is polled", || waker.lock().expect("no panic").is_some());
    let second = pool.spawn_future(options(), async { 2 });
    let third = pool.spawn_job(options(), || 3).expect("room");
    assert_eq!(budget.used_bytes(), 100);
    assert!(!second.is_finished() && !third.is_finished());
    open.store(true, Ordering::SeqCst);
    let waker = waker.lock().expect("no panic").take();
    waker.expect("it was polled").wake();
    let results = [first.wait(), second.wait(), third.wait()].map(|r| r.expect("it runs"));
    assert_eq!(results, [1, 2, 3]);
    until("all is given back", || budget.used_bytes() == 0);
}

#[test]
fn a_drop_waits_for_those_that_wait_for_memory() {
    let budget = budget(10);
    let pool = pool(2, &budget);
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..50 {
        let ended = Arc::clone(&ended);
        let job = move || {
            ended.fetch_add(1, Ordering::SeqCst);
        };
        pool.spawn_with_footprint(10, job).expect("10 of 10");
    }
    drop(pool);
    assert_eq!((ended.load(Ordering::SeqCst), budget.used_bytes()), (50, 0));
}

static SHARED: Budget = Budget::new(1 << 20, UNLIMITED);

#[test]
fn the_default_budget_is_a_share_of_the_limit_in_force() {
    let pool = crate::pool(1);
    let limit = pool.memory_budget().limit_bytes();
    assert!(limit > 0 && limit < UNLIMITED, "{limit}");
    let job = pool
        .spawn_job(JobOptions::new().footprint(1 << 20), || 1)
        .expect("room");
    assert_eq!(job.wait().expect("it runs"), 1);
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .memory_budget(&SHARED)
        .build();
    let pool = pool.expect("a pool can be made here");
    let job = pool.spawn_job(JobOptions::new().footprint(1 << 20), || SHARED.used_bytes());
    assert_eq!(job.expect("room").wait().expect("it runs"), 1 << 20);
}

/// What the jobs of a random program hold together, and the most they ever held.
#[derive(Default)]
struct Held {
    now: AtomicU64,
    most: AtomicU64,
    ran: AtomicUsize,
}

impl Held {
    fn hold<R>(&self, bytes: u64, work: impl FnOnce() -> R) -> R {
        let now = self.now.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.most.fetch_max(now, Ordering::SeqCst);
        let result = work();
        self.now.fetch_sub(bytes, Ordering::SeqCst);
        self.ran.fetch_add(1, Ordering::SeqCst);
        result
    }
}

/// A number from a seed.
fn roll(seed: &mut u64, sides: u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed % sides
}

#[test]
fn random_programs_stay_within_the_budget_and_end() {
    for seed in 1..=60_u64 {
        let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let budget = budget(100);
        let pool = pool(1 + usize::try_from(seed % 4).expect("below four"), &budget);
        let held = Arc::new(Held::default());
        let (mut handles, mut expected) = (Vec::new(), 0);
        for _ in 0..40 {
            let bytes = 1 + roll(&mut dice, 100);
            let (own, turns) = (Arc::clone(&held), roll(&mut dice, 2000));
            let work = move || {
                own.hold(bytes, || {
                    assert_eq!(core::hint::black_box(0..turns).count() as u64, turns);
                });
            };
            match roll(&mut dice, 4) {
                0 => {
                    pool.spawn_with_footprint(bytes, work).expect("room");
                    expected += 1;
                }
                1 => {
                    let job = move || {
                        work();
                        std::panic::resume_unwind(Box::new(1))
                    };
                    let job: Result<_, _> =
                        pool.spawn_job::<(), _>(JobOptions::new().footprint(bytes), job);
                    handles.push((job.expect("room"), true));
                    expected += 1;
                }
                2 => {
                    pool.scope(|s| {
                        s.spawn_with_footprint(bytes, |_| work()).expect("room");
                    });
                    expected += 1;
                }
                _ => {
                    let token = CancelToken::new();
                    let options = JobOptions::new().footprint(bytes).cancel(&token);
                    let job = pool.spawn_job(options, work).expect("room");
                    token.cancel();
                    let outcome = job.wait();
                    assert!(
                        matches!(outcome, Ok(()) | Err(JobError::Cancelled)),
                        "seed {seed}"
                    );
                    expected += usize::from(outcome.is_ok());
                }
            }
        }
        let began = Instant::now();
        for (handle, panics) in handles {
            assert_eq!(handle.wait().is_err(), panics, "seed {seed}");
        }
        drop(pool);
        assert!(began.elapsed() < LONG, "seed {seed}");
        assert_eq!(held.ran.load(Ordering::SeqCst), expected, "seed {seed}");
        assert!(held.most.load(Ordering::SeqCst) <= 100, "seed {seed}");
        assert_eq!(
            (budget.used_bytes(), budget.over_released_bytes()),
            (0, 0),
            "seed {seed}"
        );
    }
}

/// The opener of a scope runs a job of it in its own place, which waits for a third: neither of the
/// two gives anything back before that one has run.
#[test]
fn an_opener_that_runs_a_weighed_job_gives_nothing_back_meanwhile() {
    let budget = budget(100);
    let pool = Arc::new(pool(1, &budget));
    let own = Arc::downgrade(&pool);
    let outer = pool.spawn_job(JobOptions::new().footprint(50), move || {
        let sum = AtomicUsize::new(0);
        scope(|s| {
            let middle = |_: &bedplate_pool::Scope<'_>| {
                let inner = own.upgrade().map(|pool| {
                    let inner = pool.spawn_job(JobOptions::new().footprint(50), || 7);
                    inner.expect("room")
                });
                let seven = inner.map_or(0, |inner| inner.wait().expect("it runs"));
                sum.fetch_add(seven, Ordering::Relaxed);
            };
            s.spawn_with_footprint(50, middle).expect("50 of 100");
        });
        sum.load(Ordering::Relaxed)
    });
    let outer = outer.expect("room");
    until("it has ended", || outer.is_finished());
    assert_eq!(outer.wait().expect("it runs"), 7);
}

/// The opener sleeps when the first weighed job of its scope comes: only then it is one that waits
/// for such a job.
#[test]
fn an_opener_that_sleeps_learns_of_the_first_weighed_job() {
    let budget = budget(100);
    let pool = Arc::new(pool(2, &budget));
    let own = Arc::downgrade(&pool);
    let options = JobOptions::new().footprint(60);
    let outer = pool.spawn_job(options, move || late(&own)).expect("room");
    until("it has ended", || outer.is_finished());
    assert!(outer.wait().expect("it runs"));
    until("all is given back", || budget.used_bytes() == 0);
}

/// A scope with a job for each of two workers, of which the one that is not the opener's spawns a
/// weighed one once the opener waits. True if that ran.
fn late(own: &Weak<ThreadPool>) -> bool {
    let (begun, ran) = (AtomicUsize::new(0), AtomicBool::new(false));
    let opener = std::thread::current().id();
    let waits = || own.upgrade().is_none_or(|pool| pool.metrics().waits > 0);
    scope(|s| {
        for _ in 0..2 {
            s.spawn(|s| {
                begun.fetch_add(1, Ordering::Relaxed);
                until("both run", || begun.load(Ordering::Relaxed) == 2);
                if std::thread::current().id() != opener {
                    until("the opener waits", waits);
                    // It has said so, and is about to sleep.
                    std::thread::sleep(Duration::from_millis(2));
                    s.spawn_with_footprint(60, |_| ran.store(true, Ordering::Relaxed))
                        .expect("60 of 100");
                }
            });
        }
    });
    ran.into_inner()
}

/// One worker runs a weighed job, one goes off with a long plain one, be it the one that watches: the
/// third learns that there is room.
#[test]
fn a_watch_is_passed_on_by_who_goes_off_to_work() {
    let budget = budget(100);
    let pool = pool(3, &budget);
    for round in 1..=6 {
        budget.charge(80).expect("another room's");
        let (ran, ended) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let long = || {
            let (ran, ended) = (Arc::clone(&ran), Arc::clone(&ended));
            move || {
                until("what waits for room has run", || ran.load(Ordering::SeqCst));
                ended.fetch_add(1, Ordering::SeqCst);
            }
        };
        pool.spawn_with_footprint(10, long()).expect("room");
        until("it runs", || budget.used_bytes() == 90);
        let told = Arc::clone(&ran);
        pool.spawn_with_footprint(50, move || told.store(true, Ordering::SeqCst))
            .expect("50 of 100");
        pool.spawn(long());
        if round % 2 == 0 {
            until("both run", || pool.metrics().queued == 0);
        }
        budget.release(80);
        until("all have ended", || ended.load(Ordering::SeqCst) == 2);
        until("all is given back", || budget.used_bytes() == 0);
    }
}
