//! Configurations that change while the pool runs, and the machines that pools are built for.

use crate::{LONG, until};
use alloc::sync::Arc;
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_os::source::Machine;
use bedplate_pool::{
    BuildError, Context, Degraded, JobOptions, Narrowing, PoolConfig, Priority, ThreadPool,
    ThreadPoolBuilder, blocking,
};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bedplate-os/fixtures");
    root.join(name)
}

fn free(workers: usize, most: usize) -> ThreadPool {
    ThreadPoolBuilder::new()
        .config(PoolConfig::basic().num_threads(workers))
        .max_threads(most)
        .build()
        .expect("a pool can be made here")
}

/// Jobs that wait for each other.
#[derive(Default)]
struct Gathering {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Gathering {
    /// Comes in, and stays until so many have been inside at a time.
    fn visit(&self, wanted: usize) {
        let began = Instant::now();
        let now = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        while self.most.load(Ordering::SeqCst) < wanted && began.elapsed() < LONG {
            std::thread::yield_now();
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The most jobs of a pool that run at a time, of many.
fn at_a_time(pool: &ThreadPool) -> usize {
    let wanted = pool.current_num_threads();
    let gathering = Gathering::default();
    pool.scope(|s| (0..wanted * 2).for_each(|_| s.spawn(|_| gathering.visit(wanted))));
    gathering.most.into_inner()
}

#[test]
fn workers_go_up_and_down_within_the_places() {
    let pool = free(1, 4);
    for workers in [4, 2, 1, 3] {
        let config = pool.config().num_threads(workers);
        pool.update_config(config).expect("there are four places");
        assert_eq!(pool.current_num_threads(), workers);
        assert_eq!(pool.metrics().workers, workers as u64);
        // The opener may run one as well.
        let most = at_a_time(&pool);
        assert!(
            (workers..=workers + 1).contains(&most),
            "{most} of {workers}"
        );
    }
    assert_eq!(pool.metrics().reconfigured, 4);
    // Threads that were started stay, asleep.
    assert!(pool.metrics().threads >= 4);
}

#[test]
fn after_a_change_no_more_jobs_run_than_workers() {
    let pool = free(4, 4);
    let (inside, most, ended) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let figures = Arc::new((inside, most, ended));
    for round in 1..=20 {
        let wide = pool.config().num_threads(4);
        pool.update_config(wide).expect("there are four places");
        // All four are awake.
        assert!(at_a_time(&pool) >= 4);
        let narrow = pool.config().num_threads(1);
        pool.update_config(narrow).expect("there are four places");
        for _ in 0..50 {
            let figures = Arc::clone(&figures);
            pool.spawn(move || {
                let (inside, most, ended) = &*figures;
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                (0..200).for_each(|_| core::hint::spin_loop());
                inside.fetch_sub(1, Ordering::SeqCst);
                ended.fetch_add(1, Ordering::SeqCst);
            });
        }
        until("they have run", || {
            figures.2.load(Ordering::SeqCst) == round * 50
        });
        assert_eq!(figures.1.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_configuration_that_cannot_be_changes_nothing() {
    let pool = free(2, 3);
    let budget = Arc::new(Budget::new(7, UNLIMITED));
    let good = || {
        pool.config()
            .memory_budget(Arc::clone(&budget))
            .num_threads(3)
    };
    let spares = usize::MAX;
    let widens = Narrowing {
        some_percent: 1,
        high_percent: 2,
        critical_percent: 3,
    };
    let bad = [
        good().num_threads(4),
        good().queue_jobs(0),
        good().spare_threads(spares),
        good().narrowing(widens),
    ];
    for config in bad {
        let error = pool.update_config(config).expect_err("out of bounds");
        assert!(matches!(
            error,
            BuildError::Setting { .. } | BuildError::Narrowing(_)
        ));
        assert_eq!(pool.current_num_threads(), 2);
        assert_ne!(pool.memory_budget().limit_bytes(), 7);
        assert_eq!(pool.metrics().reconfigured, 0);
    }
    pool.update_config(good()).expect("within bounds");
    assert_eq!(pool.current_num_threads(), 3);
    assert_eq!(pool.memory_budget().limit_bytes(), 7);
    assert!(
        ThreadPoolBuilder::new()
            .num_threads(3)
            .max_threads(2)
            .build()
            .is_err()
    );
}

#[test]
fn queues_and_admission_change_with_it() {
    let pool = free(1, 1);
    let (go, started) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (goes, starts) = (Arc::clone(&go), Arc::clone(&started));
    pool.spawn(move || {
        starts.store(true, Ordering::SeqCst);
        while !goes.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    until("it runs", || started.load(Ordering::SeqCst));
    pool.update_config(pool.config().queue_jobs(1))
        .expect("within bounds");
    assert!(pool.try_spawn(Priority::Normal, || ()).is_ok());
    assert!(pool.try_spawn(Priority::Normal, || ()).is_err());
    pool.update_config(pool.config().queue_jobs(2))
        .expect("within bounds");
    assert!(pool.try_spawn(Priority::Normal, || ()).is_ok());
    let options = || JobOptions::new().footprint(100);
    let small = Arc::new(Budget::new(10, UNLIMITED));
    let config = pool.config();
    pool.update_config(config.clone().memory_budget(small))
        .expect("within bounds");
    let refused = pool.spawn_job(options(), || ()).expect("it says so later");
    assert!(refused.wait().is_err());
    // Back to the pool's own.
    pool.update_config(config).expect("within bounds");
    let taken = pool.spawn_job(options(), || 1).expect("room");
    go.store(true, Ordering::SeqCst);
    assert_eq!(taken.wait().expect("it runs"), 1);
}

#[test]
fn constructors_only_fill_a_configuration() {
    for pool in [
        ThreadPool::basic(),
        ThreadPool::performance(),
        ThreadPool::advanced(),
    ] {
        let pool = pool.expect("a pool can be made here");
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        pool.update_config(PoolConfig::basic())
            .expect("within bounds");
        pool.update_config(PoolConfig::performance())
            .expect("within bounds");
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
    }
}

/// The sum of a range, by joins.
fn sum(cx: Context<'_>, from: u64, to: u64) -> u64 {
    if to - from < 50 {
        return (from..to).sum();
    }
    let mid = from.midpoint(to);
    let (a, b) = cx.join(|cx| sum(cx, from, mid), |cx| sum(cx, mid, to));
    a + b
}

/// Three hundred configurations, some of them out of bounds.
fn reconfigure(pool: &ThreadPool, budget: &Arc<Budget>) {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..300 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let roll = usize::try_from(seed % 100).expect("below a hundred");
        let config = PoolConfig::basic()
            .num_threads(roll % 7)
            .spare_threads(roll % 5)
            .bind_workers(roll % 2 == 0)
            .queue_jobs(roll);
        let config = if roll % 3 == 0 {
            config
        } else {
            config.memory_budget(Arc::clone(budget))
        };
        // Six workers and no room are out of bounds.
        let is_good = roll % 7 < 6 && roll > 0;
        assert_eq!(pool.update_config(config).is_ok(), is_good, "{roll}");
    }
}

/// Joins, jobs and a scope; how many jobs were taken in.
fn work(pool: &ThreadPool, ended: &Arc<AtomicUsize>) -> usize {
    assert_eq!(pool.enter(|cx| sum(cx, 0, 5000)), 12_497_500);
    let job = || {
        let ended = Arc::clone(ended);
        move || {
            ended.fetch_add(1, Ordering::SeqCst);
        }
    };
    pool.spawn(job());
    let is_taken = pool.spawn_with_footprint(60, job()).is_ok();
    pool.scope(|s| {
        s.spawn(|_| blocking(std::thread::yield_now));
        s.spawn(|_| ());
    });
    1 + usize::from(is_taken)
}

#[test]
fn jobs_and_joins_go_on_while_it_changes() {
    let pool = free(2, 5);
    let budget = Arc::new(Budget::new(100, UNLIMITED));
    let (ended, spawned) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let stop = AtomicBool::new(false);
    let works = || {
        while !stop.load(Ordering::SeqCst) {
            spawned.fetch_add(work(&pool, &ended), Ordering::SeqCst);
        }
    };
    std::thread::scope(|threads| {
        threads.spawn(|| {
            reconfigure(&pool, &budget);
            stop.store(true, Ordering::SeqCst);
        });
        threads.spawn(works);
        threads.spawn(works);
    });
    drop(pool);
    assert_eq!(ended.load(Ordering::SeqCst), spawned.into_inner());
    assert_eq!((budget.used_bytes(), budget.over_released_bytes()), (0, 0));
}

/// A copy of a described machine, gone when dropped.
struct Copied(PathBuf);

impl Copied {
    fn of(name: &str) -> Self {
        fn copy(from: &Path, to: &Path) {
            fs::create_dir_all(to).expect("makes folders");
            for entry in fs::read_dir(from).expect("the folder is there") {
                let from = entry.expect("is readable").path();
                let to = to.join(from.file_name().expect("has a name"));
                if from.is_dir() {
                    copy(&from, &to);
                } else {
                    fs::copy(&from, &to).expect("copies");
                }
            }
        }
        let root =
            std::env::temp_dir().join(format!("bedplate-pool-{}-{name}", std::process::id()));
        copy(&fixture(name), &root);
        Self(root)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// Every file of a name under a folder.
fn found(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("is readable").path();
        if path.is_dir() {
            files.extend(found(&path, name));
        } else if path.ends_with(name) {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_quota_that_changes_is_followed() {
    let copy = Copied::of("cgroup-v2-limits");
    let quota = |text: &str| {
        for file in found(&copy.0, "cpu.max") {
            fs::write(file, text).expect("writes");
        }
    };
    let pool = ThreadPoolBuilder::new()
        .config(PoolConfig::basic())
        .machine(Machine::described_by(&copy.0))
        .build();
    let pool = pool.expect("a pool can be made here");
    // 1.5 CPUs.
    assert_eq!(pool.current_num_threads(), 2);
    for (text, workers) in [
        ("100000 100000\n", 1),
        ("max 100000\n", 2),
        ("50000 100000\n", 1),
        ("150000 100000\n", 2),
    ] {
        quota(text);
        until("it is looked at", || {
            // A worker has something to do, and goes to sleep again.
            pool.spawn(|| ());
            pool.current_num_threads() == workers
        });
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
    }
    // What cannot be read changes nothing and is named; a stated number follows nothing.
    quota("nonsense\n");
    until("it is named", || {
        pool.spawn(|| ());
        let modes = pool.degraded();
        modes.iter().any(|mode| matches!(mode, Degraded::Quota(_)))
    });
    assert_eq!(pool.current_num_threads(), 2);
    pool.update_config(pool.config().num_threads(2))
        .expect("within the places");
    quota("100000 100000\n");
    assert_eq!(pool.current_num_threads(), 2);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
}

#[test]
fn a_pool_for_two_sockets_works_on_one() {
    let machine = Machine::described_by(fixture("two-nodes"));
    let pool = ThreadPoolBuilder::new().machine(machine).build();
    let pool = pool.expect("a pool can be made here");
    assert_eq!(pool.current_num_threads(), 8);
    for _ in 0..20 {
        assert_eq!(pool.enter(|cx| sum(cx, 0, 100_000)), 4_999_950_000);
    }
    // CPUs of the description that are not here are named.
    until("all have tried", || {
        let modes = pool.degraded();
        modes.len() as u64 == pool.metrics().degraded
            && modes
                .iter()
                .all(|mode| matches!(mode, Degraded::Binding { .. }))
    });
}

#[test]
fn without_cpus_a_stated_number_is_a_named_mode() {
    let machine = || Machine::described_by(fixture("no-cpus"));
    let error = ThreadPoolBuilder::new().machine(machine()).build();
    assert!(matches!(error, Err(BuildError::Machine(_))));
    let pool = ThreadPoolBuilder::new()
        .machine(machine())
        .num_threads(2)
        .build();
    let pool = pool.expect("two were asked for");
    assert!(matches!(pool.degraded()[..], [Degraded::Cpus(_)]));
    assert_eq!(
        (pool.join(|| 1, || 2), pool.metrics().degraded),
        ((1, 2), 1)
    );
    assert!(pool.update_config(PoolConfig::performance()).is_err());
}
