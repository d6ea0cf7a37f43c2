//! Detached jobs with a result.
//!
//! # Role
//! A job that can be waited for, called off before it begins, and given a deadline to begin by.
//!
//! # Invariants
//! - I1: every handle comes to an outcome: a job that is dropped without having run is called off.

use crate::admission::{self, Ask, Permit, Refusal, Tagged};
use crate::engine::Engine;
use crate::error::{FootprintError, Full, JobError};
use crate::fiber;
use crate::here;
use crate::queue::{Item, Priority};
use crate::timeline::SliceKind;
use alloc::sync::Arc;
use core::fmt;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Calls jobs off that have not begun. Clones call off the same jobs.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    cancelled: Arc<AtomicBool>,
}

impl CancelToken {
    /// A token that has called nothing off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls the jobs off. Those that run can ask [`is_cancelled`](Self::is_cancelled).
    pub fn cancel(&self) {
        // Release pairs with the Acquire below.
        self.cancelled.store(true, Ordering::Release);
    }

    /// True once [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        // Acquire pairs with the Release above.
        self.cancelled.load(Ordering::Acquire)
    }
}

/// How a job is to be run.
///
/// # Examples
///
/// ```
/// use bedplate_pool::{JobOptions, Priority, ThreadPool};
///
/// let pool = ThreadPool::new()?;
/// let options = JobOptions::new().priority(Priority::High);
/// let job = pool.spawn_job(options, || 6 * 7).expect("there is room");
/// assert_eq!(job.wait().expect("it runs"), 42);
/// # Ok::<(), bedplate_pool::BuildError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing by themselves"]
pub struct JobOptions {
    pub(crate) priority: Priority,
    deadline: Option<Instant>,
    cancel: Option<CancelToken>,
    pub(crate) footprint_bytes: u64,
}

impl JobOptions {
    /// The usual priority, no deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// How soon it is to run beside others.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// When it must have begun; later it is not run at all.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What can call it off.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = Some(token.clone());
        self
    }

    /// How many bytes it will hold; it waits until the pool's budget has room for them (see
    /// [`ThreadPool::spawn_with_footprint`](crate::ThreadPool::spawn_with_footprint)).
    pub fn footprint(mut self, bytes: u64) -> Self {
        self.footprint_bytes = bytes;
        self
    }

    /// Why the job must not begin now, if it must not.
    pub(crate) fn refusal(&self) -> Option<JobError> {
        if self.is_cancelled() {
            return Some(JobError::Cancelled);
        }
        let late = self.deadline.is_some_and(|at| Instant::now() >= at);
        late.then_some(JobError::DeadlinePassed)
    }

    /// True if the job was called off.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}

/// What a job will have come to. Dropping it changes nothing for the job.
pub struct JobHandle<R> {
    cell: Arc<Cell<R>>,
}

impl<R> fmt::Debug for JobHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle")
            .field("finished", &self.is_finished())
            .finish()
    }
}

impl<R> JobHandle<R> {
    pub(crate) fn of(cell: &Arc<Cell<R>>) -> Self {
        Self {
            cell: Arc::clone(cell),
        }
    }

    /// True once the job has ended, or will not run.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(*self.cell.lock(), State::Open(_))
    }

    /// Sleeps until the job has ended. On a thread of a pool another one takes its place meanwhile.
    ///
    /// # Errors
    /// - [`JobError::Cancelled`], [`JobError::DeadlinePassed`] where it did not run.
    /// - [`JobError::Panicked`] where it did and panicked.
    /// - [`JobError::TooLarge`] where its footprint is larger than the whole budget.
    pub fn wait(self) -> Result<R, JobError> {
        let tagged = self.cell.tagged;
        let wait = || self.wait_here();
        if tagged {
            admission::held(wait)
        } else {
            wait()
        }
    }
}

impl<R> JobHandle<R> {
    fn wait_here(mut self) -> Result<R, JobError> {
        match fiber::drive(|cx| Pin::new(&mut self).poll(cx)) {
            Some(outcome) => outcome,
            None => here::waiting(|| self.cell.wait()),
        }
    }
}

impl<R> Future for JobHandle<R> {
    type Output = Result<R, JobError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Code of others, which may come back to this cell: not under the lock.
        let own = cx.waker().clone();
        let mut state = self.cell.lock();
        if let State::Open(waker) = &mut *state {
            let before = waker.replace(own);
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        // Polled again after its end, a handle says that there is nothing more.
        Poll::Ready(state.take().unwrap_or(Err(JobError::Cancelled)))
    }
}

/// Where a job leaves what it came to.
pub(crate) struct Cell<R> {
    state: Mutex<State<R>>,
    ended: Condvar,
    /// The job has a footprint.
    tagged: bool,
}

/// What is known of a job.
enum State<R> {
    /// It has not ended; this one is polled with its handle.
    Open(Option<Waker>),
    Ended(Result<R, JobError>),
    /// The outcome was taken.
    Taken,
}

impl<R> State<R> {
    fn take(&mut self) -> Option<Result<R, JobError>> {
        match core::mem::replace(self, Self::Taken) {
            Self::Ended(outcome) => Some(outcome),
            Self::Open(_) | Self::Taken => None,
        }
    }
}

impl<R> Cell<R> {
    pub(crate) fn new(options: &JobOptions) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Open(None)),
            ended: Condvar::new(),
            tagged: options.footprint_bytes > 0,
        })
    }

    fn wait(&self) -> Result<R, JobError> {
        let open = |state: &mut State<R>| matches!(state, State::Open(_));
        let ended = self.ended.wait_while(self.lock(), open);
        let mut state = ended.unwrap_or_else(PoisonError::into_inner);
        state.take().unwrap_or(Err(JobError::Cancelled))
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to bring a job to an outcome (I1).
pub(crate) struct Outcome<R>(Arc<Cell<R>>);

impl<R> Outcome<R> {
    pub(crate) fn of(cell: &Arc<Cell<R>>) -> Self {
        Self(Arc::clone(cell))
    }

    /// Leaves the outcome, unless there is one.
    pub(crate) fn leave(&self, outcome: Result<R, JobError>) {
        let mut state = self.0.lock();
        let State::Open(waker) = &mut *state else {
            drop(state);
            return;
        };
        let waker = waker.take();
        *state = State::Ended(outcome);
        drop(state);
        self.0.ended.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<R> Drop for Outcome<R> {
    fn drop(&mut self) {
        self.leave(Err(JobError::Cancelled));
    }
}

/// Puts a job in the queue.
pub(crate) fn spawn<R, F>(
    engine: &Engine,
    options: JobOptions,
    job: F,
) -> Result<JobHandle<R>, Full<F>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    if options.footprint_bytes > 0 {
        return spawn_tagged(engine, options, job);
    }
    let cell = Cell::new(&options);
    let handle = JobHandle::of(&cell);
    let outcome = Outcome::of(&cell);
    let priority = options.priority;
    let kept = Arc::new(Mutex::new(Some(job)));
    let shared = Arc::clone(&kept);
    let item = Item::job(move |_| {
        let job = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(job) = job else { return };
        outcome.leave(match options.refusal() {
            Some(refusal) => Err(refusal),
            None => catch_unwind(AssertUnwindSafe(job)).map_err(JobError::Panicked),
        });
    });
    if engine.submit_bounded(priority, item).is_ok() {
        return Ok(handle);
    }
    let job = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    job.map_or(Ok(handle), |job| Err(Full(job)))
}

/// A job with a footprint.
struct Weighed<R, F> {
    /// Gone once it was taken to be run.
    job: Option<F>,
    options: JobOptions,
    outcome: Outcome<R>,
}

impl<R, F> Tagged for Weighed<R, F>
where
    F: FnOnce() -> R + Send,
    R: Send,
{
    fn is_off(&self) -> bool {
        self.options.refusal().is_some()
    }

    fn run(self: Box<Self>, cx: crate::Context<'_>, permit: Option<Permit>) {
        let _during = cx.seat().during(SliceKind::Job, 0);
        let Self {
            job,
            options,
            outcome,
        } = *self;
        let Some(job) = job else { return };
        let ended = match options.refusal() {
            Some(refusal) => Err(refusal),
            None => {
                let run = || admission::during(permit.as_ref(), job);
                catch_unwind(AssertUnwindSafe(run)).map_err(JobError::Panicked)
            }
        };
        // Whoever learns that the job has ended finds its bytes given back.
        drop(permit);
        outcome.leave(ended);
    }
}

/// Has a job with a footprint wait for room.
fn spawn_tagged<R, F>(engine: &Engine, options: JobOptions, job: F) -> Result<JobHandle<R>, Full<F>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let cell = Cell::new(&options);
    let handle = JobHandle::of(&cell);
    let mut kept = Some(job);
    let ask = Ask::of(&options, true);
    let footprint_bytes = ask.bytes;
    let asked = engine.admission.submit(ask, || {
        Box::new(Weighed {
            job: kept.take(),
            options,
            outcome: Outcome::of(&cell),
        })
    });
    match (asked, kept) {
        (Err(Refusal::Full), Some(job)) => return Err(Full(job)),
        (Err(Refusal::TooLarge(limit_bytes)), _) => {
            Outcome::of(&cell).leave(Err(JobError::TooLarge {
                footprint_bytes,
                limit_bytes,
            }));
        }
        (Ok(()) | Err(Refusal::Full), _) => {}
    }
    Ok(handle)
}

/// A detached job with a footprint.
struct Detached<F>(Option<F>);

impl<F: FnOnce() + Send> Tagged for Detached<F> {
    fn is_off(&self) -> bool {
        false
    }

    fn run(self: Box<Self>, cx: crate::Context<'_>, permit: Option<Permit>) {
        let _during = cx.seat().during(SliceKind::Job, 0);
        if let Some(job) = self.0 {
            admission::during(permit.as_ref(), job);
        }
    }
}

/// Has a detached job with a footprint wait for room.
pub(crate) fn spawn_detached<F>(
    engine: &Engine,
    options: &JobOptions,
    job: F,
) -> Result<(), FootprintError<F>>
where
    F: FnOnce() + Send + 'static,
{
    let mut kept = Some(job);
    let ask = Ask::of(options, true);
    let asked = engine
        .admission
        .submit(ask, || Box::new(Detached(kept.take())));
    Refusal::give_back(asked, ask, kept)
}
