//! Jobs with results, batches, futures.

use crate::{LONG, pool, until};
use alloc::sync::Arc;
use alloc::task::Wake;
use bedplate_pool::{
    CancelToken, JobError, JobHandle, JobOptions, Priority, ThreadPool, ThreadPoolBuilder, block_on,
};
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, mpsc};
use std::time::Instant;

fn job<R: Send + 'static>(
    pool: &ThreadPool,
    options: JobOptions,
    f: impl FnOnce() -> R + Send + 'static,
) -> JobHandle<R> {
    pool.spawn_job(options, f).expect("there is room")
}

/// A pool of one worker that is busy until the sender is used.
fn busy() -> (ThreadPool, mpsc::Sender<()>) {
    let pool = pool(1);
    let (open, gate) = mpsc::channel::<()>();
    let begun = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&begun);
    pool.spawn(move || {
        flag.store(true, Ordering::Relaxed);
        gate.recv().expect("the gate opens");
    });
    until("the worker is busy", || begun.load(Ordering::Relaxed));
    (pool, open)
}

#[test]
fn a_handle_gives_the_result_or_the_panic() {
    let pool = pool(2);
    assert_eq!(job(&pool, JobOptions::new(), || 7).wait().ok(), Some(7));
    let failed = job(&pool, JobOptions::new(), || -> u32 {
        std::panic::panic_any("job")
    });
    match failed.wait() {
        Err(JobError::Panicked(panic)) => {
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"job"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_called_off_or_is_late_does_not_run() {
    let (pool, open) = busy();
    let token = CancelToken::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let count = || {
        let ran = Arc::clone(&ran);
        move || ran.fetch_add(1, Ordering::Relaxed)
    };
    let off = job(&pool, JobOptions::new().cancel(&token), count());
    let late = job(&pool, JobOptions::new().deadline(Instant::now()), count());
    let soon = JobOptions::new()
        .deadline(Instant::now() + LONG)
        .cancel(&CancelToken::new());
    let runs = job(&pool, soon.priority(Priority::Low), count());
    assert!(!off.is_finished());
    token.cancel();
    open.send(()).expect("the worker waits");
    assert!(matches!(off.wait(), Err(JobError::Cancelled)));
    assert!(matches!(late.wait(), Err(JobError::DeadlinePassed)));
    assert!(runs.wait().is_ok());
    assert_eq!(ran.load(Ordering::Relaxed), 1);
    assert!(token.is_cancelled());
}

#[test]
fn a_job_with_a_handle_comes_back_from_a_full_queue() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .queue_jobs(1)
        .build();
    let pool = pool.expect("a pool can be made here");
    let (open, gate) = mpsc::channel::<()>();
    let first = job(&pool, JobOptions::new(), move || gate.recv().is_ok());
    until("the first job has begun", || pool.metrics().queued == 0);
    let second = job(&pool, JobOptions::new(), || 2);
    let full = pool.spawn_job(JobOptions::new(), || 3);
    assert_eq!((full.expect_err("there is no room").0)(), 3);
    open.send(()).expect("the worker waits");
    assert_eq!(first.wait().ok(), Some(true));
    assert_eq!(second.wait().ok(), Some(2));
}

#[test]
fn jobs_wait_for_jobs_on_a_pool_of_one() {
    let pool = Arc::new(pool(1));
    let own = Arc::clone(&pool);
    let outer = job(&pool, JobOptions::new(), move || {
        let inner = job(&own, JobOptions::new(), || 20);
        inner.wait().expect("a spare runs it") + 1
    });
    assert_eq!(outer.wait().ok(), Some(21));
}

#[test]
fn blocking_inside_blocking_and_joins_inside_blocking() {
    let pool = pool(2);
    for _ in 0..100 {
        let sum = pool.install(|| {
            bedplate_pool::blocking(|| {
                let (a, b) = bedplate_pool::join(|| bedplate_pool::blocking(|| 1), || 2);
                a + b
            })
        });
        assert_eq!(sum, 3);
    }
}

#[test]
fn a_batch_calls_each_number_once() {
    for (workers, items) in [(1, 0), (1, 1), (2, 7), (3, 10_000)] {
        let pool = pool(workers);
        let calls: Vec<AtomicUsize> = (0..items).map(|_| AtomicUsize::new(0)).collect();
        pool.scope(|s| {
            s.spawn_batch(0..items, |i| {
                calls[i].fetch_add(1, Ordering::Relaxed);
            });
        });
        assert!(calls.iter().all(|c| c.load(Ordering::Relaxed) == 1));
    }
    let pool = pool(2);
    let sum = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&sum);
    pool.spawn_batch(10..110, move |i| {
        own.fetch_add(i, Ordering::Relaxed);
    });
    drop(pool);
    assert_eq!(sum.load(Ordering::Relaxed), 5950);
}

/// A future that is pending until it was opened.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    fn open(&self) {
        let mut inner = self.0.lock().expect("no panic");
        inner.0 = true;
        let waker = inner.1.take();
        drop(inner);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.0.lock().expect("no panic");
        if inner.0 {
            return Poll::Ready(());
        }
        inner.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[test]
fn futures_wait_without_a_thread() {
    let pool = pool(1);
    let gate = Gate::default();
    let waiting: Vec<_> = (0..100)
        .map(|n| {
            let gate = gate.clone();
            pool.spawn_future(JobOptions::new(), async move {
                Yields(n % 5).await;
                if n == 0 {
                    gate.open();
                }
                n
            })
        })
        .collect();
    let last = gate.clone();
    let sum = pool.spawn_future(JobOptions::new(), async move {
        last.await;
        let mut sum = 0;
        for handle in waiting {
            sum += handle.await.expect("it runs");
        }
        sum
    });
    assert_eq!(block_on(sum).ok(), Some(4950));
}

/// A future that wakes itself some times.
struct Yields(u32);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn futures_are_called_off_and_their_panics_told() {
    let pool = pool(2);
    let token = CancelToken::new();
    let gate = Gate::default();
    let off = pool.spawn_future(JobOptions::new().cancel(&token), gate.clone());
    let panics = pool.spawn_future(JobOptions::new(), async { std::panic::panic_any("poll") });
    assert!(matches!(panics.wait(), Err(JobError::Panicked(_))));
    token.cancel();
    gate.open();
    assert!(matches!(off.wait(), Err(JobError::Cancelled)));
    // One that nobody can wake any more is dropped, and its handle told.
    let lost = pool.spawn_future(JobOptions::new(), core::future::pending::<()>());
    assert!(matches!(lost.wait(), Err(JobError::Cancelled)));
}

#[test]
fn block_on_wakes_by_other_threads() {
    let gate = Gate::default();
    let opener = gate.clone();
    let thread = std::thread::spawn(move || opener.open());
    block_on(gate);
    thread.join().expect("no panic");
}

/// A waker whose end is the end of the job that it is for.
struct EndsPool {
    open: mpsc::Sender<()>,
    pool: Mutex<Option<ThreadPool>>,
}

impl Wake for EndsPool {
    fn wake(self: Arc<Self>) {}
}

impl Drop for EndsPool {
    fn drop(&mut self) {
        self.open.send(()).expect("the worker waits");
        // Waits for the job.
        drop(self.pool.lock().expect("no panic").take());
    }
}

#[test]
fn a_waker_can_wait_for_the_job_when_it_is_dropped() {
    let (pool, open) = busy();
    let mut handle = job(&pool, JobOptions::new(), || 5);
    let waker = Waker::from(Arc::new(EndsPool {
        open,
        pool: Mutex::new(Some(pool)),
    }));
    let mut poll = |waker: &Waker| {
        let mut cx = Context::from_waker(waker);
        Pin::new(&mut handle).poll(&mut cx)
    };
    assert!(poll(&waker).is_pending());
    drop(waker);
    // The first waker goes here.
    assert!(poll(Waker::noop()).is_pending());
    match poll(Waker::noop()) {
        Poll::Ready(Ok(got)) => assert_eq!(got, 5),
        other => panic!("{other:?}"),
    }
}

/// The future uses up the thread's token before it says that it is not ready.
#[test]
fn block_on_wakes_when_the_future_parks_its_thread_itself() {
    let mut polls = 0;
    block_on(core::future::poll_fn(move |cx| {
        polls += 1;
        if polls > 1 {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let waking = std::thread::spawn(move || waker.wake());
        waking.join().expect("no panic");
        // Returns at once: the wake has left the token.
        std::thread::park_timeout(LONG);
        Poll::Pending
    }));
}

/// A future in a future: the inner one's sleep does not swallow the outer one's wake.
#[test]
fn block_on_nests() {
    let mut polls = 0;
    block_on(core::future::poll_fn(move |outer| {
        polls += 1;
        if polls > 1 {
            return Poll::Ready(());
        }
        let (outer, mut inner_polls) = (outer.waker().clone(), 0);
        block_on(core::future::poll_fn(move |inner| {
            inner_polls += 1;
            if inner_polls > 1 {
                return Poll::Ready(());
            }
            let (outer, inner) = (outer.clone(), inner.waker().clone());
            std::thread::spawn(move || {
                outer.wake();
                inner.wake();
            });
            Poll::Pending
        }));
        Poll::Pending
    }));
}
