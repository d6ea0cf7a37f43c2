//! What programs made for rayon do, on ours.

use rayon::iter::plumbing::{
    Consumer, Folder, Producer, ProducerCallback, UnindexedConsumer, UnindexedProducer, bridge,
    bridge_unindexed,
};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A package's own parallel iterator, indexed: even numbers.
#[derive(Clone)]
struct Evens(Range<usize>);

struct EvensProducer(Range<usize>);

impl Producer for EvensProducer {
    type Item = usize;
    type IntoIter = std::iter::Map<Range<usize>, fn(usize) -> usize>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(|n| 2 * n)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let middle = self.0.start + index;
        (Self(self.0.start..middle), Self(middle..self.0.end))
    }
}

impl ParallelIterator for Evens {
    type Item = usize;

    fn drive_unindexed<C: UnindexedConsumer<usize>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl IndexedParallelIterator for Evens {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn drive<C: Consumer<usize>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn with_producer<B: ProducerCallback<usize>>(self, callback: B) -> B::Output {
        callback.callback(EvensProducer(self.0))
    }
}

/// Another one, which can only be halved.
struct Halved(Range<u64>);

impl UnindexedProducer for Halved {
    type Item = u64;

    fn split(self) -> (Self, Option<Self>) {
        let Range { start, end } = self.0;
        let middle = start + (end - start) / 2;
        if middle == start {
            return (self, None);
        }
        (Self(start..middle), Some(Self(middle..end)))
    }

    fn fold_with<F: Folder<u64>>(self, folder: F) -> F {
        folder.consume_iter(self.0)
    }
}

impl ParallelIterator for Halved {
    type Item = u64;

    fn drive_unindexed<C: UnindexedConsumer<u64>>(self, consumer: C) -> C::Result {
        bridge_unindexed(self, consumer)
    }
}

/// One that passes another's items on, as progress bars do, through a consumer of its own.
struct Watched<'a, I> {
    base: I,
    seen: &'a AtomicUsize,
}

struct WatchedConsumer<'a, C> {
    base: C,
    seen: &'a AtomicUsize,
}

impl<I: ParallelIterator> ParallelIterator for Watched<'_, I> {
    type Item = I::Item;

    fn drive_unindexed<C: UnindexedConsumer<I::Item>>(self, base: C) -> C::Result {
        let seen = self.seen;
        self.base.drive_unindexed(WatchedConsumer { base, seen })
    }

    fn opt_len(&self) -> Option<usize> {
        self.base.opt_len()
    }
}

impl<'a, T, C: Consumer<T>> Consumer<T> for WatchedConsumer<'a, C> {
    type Folder = WatchedConsumer<'a, C::Folder>;
    type Reducer = C::Reducer;
    type Result = C::Result;

    fn split_at(self, index: usize) -> (Self, Self, C::Reducer) {
        let seen = self.seen;
        let (left, right, reducer) = self.base.split_at(index);
        let with = |base| Self { base, seen };
        (with(left), with(right), reducer)
    }

    fn into_folder(self) -> Self::Folder {
        WatchedConsumer {
            base: self.base.into_folder(),
            seen: self.seen,
        }
    }

    fn full(&self) -> bool {
        self.base.full()
    }
}

impl<T, C: UnindexedConsumer<T>> UnindexedConsumer<T> for WatchedConsumer<'_, C> {
    fn split_off_left(&self) -> Self {
        Self {
            base: self.base.split_off_left(),
            seen: self.seen,
        }
    }

    fn to_reducer(&self) -> C::Reducer {
        self.base.to_reducer()
    }
}

impl<T, F: Folder<T>> Folder<T> for WatchedConsumer<'_, F> {
    type Result = F::Result;

    fn consume(self, item: T) -> Self {
        self.seen.fetch_add(1, Ordering::Relaxed);
        Self {
            base: self.base.consume(item),
            seen: self.seen,
        }
    }

    fn complete(self) -> F::Result {
        self.base.complete()
    }

    fn full(&self) -> bool {
        self.base.full()
    }
}

#[test]
fn iterators_of_other_packages_take_part() {
    let evens = || Evens(0..10_000);
    let expected: Vec<usize> = (0..10_000).map(|n| 2 * n).collect();
    assert_eq!(evens().collect::<Vec<_>>(), expected);
    let mut into = Vec::new();
    evens().collect_into_vec(&mut into);
    assert_eq!(into, expected);
    assert_eq!(evens().sum::<usize>(), 99_990_000);
    assert_eq!(evens().enumerate().skip(7).step_by(3).count(), 3331);
    let zipped: Vec<_> = evens().zip(0..10_000_usize).rev().collect();
    assert_eq!(zipped[0], (19_998, 9999));
    assert!(evens().with_min_len(100).all(|n| n % 2 == 0));
    assert_eq!(evens().find_first(|&n| n > 9), Some(10));
    assert_eq!(evens().find_last(|&n| n < 9), Some(8));
    assert_eq!(evens().chain(Evens(3..5)).filter(|&n| n == 6).count(), 2);
    assert_eq!(
        Halved(0..100_000).map(|n| n + 1).sum::<u64>(),
        5_000_050_000
    );
    assert_eq!(Halved(5..10).collect::<Vec<_>>(), [5, 6, 7, 8, 9]);
    assert_eq!(Halved(0..1000).find_any(|&n| n == 700), Some(700));
}

#[test]
fn consumers_of_other_packages_take_part() {
    let seen = AtomicUsize::new(0);
    let base = (0..10_000_usize).into_par_iter();
    let seen = &seen;
    let watched = Watched { base, seen };
    assert_eq!(watched.collect::<Vec<_>>(), (0..10_000).collect::<Vec<_>>());
    assert_eq!(seen.load(Ordering::Relaxed), 10_000);
    let base = (0..1000_u32).into_par_iter().filter(|n| n % 3 == 0);
    let watched = Watched { base, seen };
    assert_eq!(watched.map(u64::from).sum::<u64>(), 166_833);
    let base = Evens(0..100);
    assert_eq!(Watched { base, seen }.max(), Some(198));
}

/// What is installed in a pool whose stacks have a size runs on such a stack, as in rayon.
#[test]
fn what_is_installed_has_the_stack_that_was_asked_for() {
    fn bytes_deep(left: usize) -> usize {
        let room = std::hint::black_box([1_u8; 4096]);
        if left == 0 {
            return 0;
        }
        bytes_deep(left - 1) + std::hint::black_box(room).len()
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(64 << 20)
        .build()
        .expect("a pool");
    // More than a test's thread has.
    assert_eq!(pool.install(|| bytes_deep(1024)), 4 << 20);
    assert_eq!(pool.scope(|_| bytes_deep(1024)), 4 << 20);
}

#[test]
fn scopes_and_forks_have_their_shapes() {
    let order = Mutex::new(Vec::new());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .thread_name(|index| format!("face-{index}"))
        .build()
        .expect("a pool");
    pool.scope_fifo(|s| {
        for n in 0..4 {
            let order = &order;
            s.spawn_fifo(move |_| order.lock().expect("no panic").push(n));
        }
    });
    let mut order = order.into_inner().expect("no panic");
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2, 3]);
    let halves = rayon::join_context(|a| a.migrated(), |b| b.migrated());
    assert!(!halves.0);
    assert_eq!(rayon::in_place_scope_fifo(|_| 3), 3);
    assert!(rayon::yield_now().is_none());
    assert_eq!(pool.install(rayon::current_num_threads), 1);
}

#[test]
fn handlers_see_panics_of_handlers_and_jobs() {
    let (panics, started) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let counts: &'static _ = Box::leak(Box::new((panics, started)));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .start_handler(|index| {
            assert!(index < 2);
            counts.1.fetch_add(1, Ordering::SeqCst);
            std::panic::resume_unwind(Box::new("at the start"));
        })
        .panic_handler(|_| {
            counts.0.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .expect("a pool");
    pool.spawn(|| std::panic::resume_unwind(Box::new("in a job")));
    drop(pool);
    // The pool ends in its own time: two workers start, and one job runs.
    while counts.1.load(Ordering::SeqCst) < 2 || counts.0.load(Ordering::SeqCst) < 3 {
        std::thread::yield_now();
    }
}

#[test]
fn a_drop_does_not_wait_for_jobs() {
    let pool = rayon::ThreadPoolBuilder::new().build().expect("a pool");
    let (go, waiting) = std::sync::mpsc::channel();
    let (ended, end) = std::sync::mpsc::channel();
    pool.spawn(move || {
        let told: u32 = waiting.recv().expect("the test tells");
        rayon::spawn(move || ended.send(told).expect("the test waits"));
    });
    drop(pool);
    go.send(22).expect("the job waits");
    assert_eq!(end.recv(), Ok(22));
}

#[test]
fn a_second_pool_of_the_process_is_refused_as_rayon_does() {
    assert!(
        rayon::ThreadPoolBuilder::new().build_global().is_ok() || rayon::current_num_threads() > 0
    );
    let refused = rayon::ThreadPoolBuilder::new().build_global();
    let error = refused.expect_err("there is one");
    assert_eq!(
        error.to_string(),
        "The global thread pool has already been initialized."
    );
    assert!(std::error::Error::source(&error).is_none());
}
