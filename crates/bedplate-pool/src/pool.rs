//! Pools.
//!
//! # Role
//! [`ThreadPool`] owns its threads and joins them when dropped; a thread from outside works in it
//! by taking a guest's seat. The pool of the process comes into being at its first use and lives
//! as long as the process.

use crate::admission::SharedBudget;
use crate::batch::Batch;
use crate::builder::ThreadPoolBuilder;
use crate::config::PoolConfig;
use crate::context::Context;
use crate::crew;
use crate::current;
use crate::degraded::Degraded;
use crate::engine::Engine;
use crate::error::{BuildError, FootprintError, Full};
use crate::frame;
use crate::future;
use crate::here::{self, Yield};
use crate::job::{self, JobHandle, JobOptions};
use crate::metrics::{Metrics, WorkerMetrics};
use crate::plan::Plan;
use crate::queue::{Item, Priority};
use crate::scope::{self, Scope};
use crate::seat::Seat;
use crate::timeline::{SliceKind, Timeline};
use alloc::sync::Arc;
use bedplate_os::barrier;
use bedplate_os::nodes::LogicalNode;
use core::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A pool of worker threads.
///
/// Dropping it waits until all jobs that were spawned have run, those among them that they spawned,
/// and joins its threads. A drop on a thread that works in the pool waits for nothing, since others
/// may wait for that thread: the pool's threads run what was spawned, and end when all has run.
///
/// # Fork
/// A forked child has none of the threads. Joins and scopes still run there, wholly on the thread
/// that enters; detached jobs never run. Dropping the pool in the child waits for nothing. A fork
/// while another thread is inside a pool call can leave a lock of that pool held in the child: use
/// a pool of the child's own after a fork from a process with several threads.
#[derive(Debug)]
pub struct ThreadPool {
    engine: Arc<Engine>,
}

impl ThreadPool {
    /// A pool with the defaults of [`ThreadPoolBuilder`].
    ///
    /// # Errors
    /// - Those of [`ThreadPoolBuilder::build`].
    pub fn new() -> Result<Self, BuildError> {
        ThreadPoolBuilder::new().build()
    }

    pub(crate) fn with_plan(plan: Plan) -> Result<Self, BuildError> {
        crew::watch_forks()?;
        barrier::register_if_alone();
        let pool = Self {
            engine: Engine::new(plan),
        };
        // On failure the drop ends those that were started.
        pool.engine.start()?;
        pool.engine.show();
        Ok(pool)
    }

    /// Runs `op` in the pool, on the calling thread.
    ///
    /// A thread that is in the pool already just calls it, also from inside another pool; another
    /// thread takes a guest's seat for the time. Where all 64 are taken, a worker runs `op` while the thread sleeps.
    ///
    /// # Panics
    /// If `op` does.
    pub fn enter<R, F>(&self, op: F) -> R
    where
        F: FnOnce(Context<'_>) -> R + Send,
        R: Send,
    {
        enter(&self.engine, op)
    }

    /// Runs `op` in the pool, on the calling thread: [`join`](crate::join) and the other free
    /// functions use this pool in it. As [`enter`](Self::enter), for closures without a context.
    ///
    /// # Panics
    /// If `op` does.
    pub fn install<R, F>(&self, op: F) -> R
    where
        F: FnOnce() -> R + Send,
        R: Send,
    {
        self.enter(|_| op())
    }

    /// Runs both halves in the pool, see [`Context::join`].
    ///
    /// # Panics
    /// If a half does, once both have run.
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        self.enter(|cx| cx.join(|_| a(), |_| b()))
    }

    /// Runs `op`, which may spawn jobs that borrow, and waits for all of them; see
    /// [`scope`](crate::scope()).
    ///
    /// # Panics
    /// If `op` or a job does, once all have ended.
    pub fn scope<'scope, R, F>(&self, op: F) -> R
    where
        F: FnOnce(&Scope<'scope>) -> R + Send,
        R: Send,
    {
        self.enter(|cx| scope::run(cx, op))
    }

    /// As [`scope`](Self::scope), where `op` may be what cannot be sent; see [`in_place_scope`](crate::in_place_scope).
    ///
    /// # Panics
    /// As [`scope`](Self::scope).
    pub fn in_place_scope<'scope, R, F>(&self, op: F) -> R
    where
        F: FnOnce(&Scope<'scope>) -> R,
    {
        in_place_scope(&self.engine, op)
    }

    /// Runs one job that waits in this pool; `None` if the calling thread does not work in it. See
    /// [`yield_now`](crate::yield_now).
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn yield_now(&self) -> Option<Yield> {
        current::with_engine(&self.engine, |cx| {
            cx.map(|cx| current::seated(cx.seat(), || here::yield_at(cx)))
        })
    }

    /// Has a worker run `job`, some time. Never blocks, never runs the job itself; beyond the
    /// room of the queue it grows.
    pub fn spawn<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.spawn_at(Priority::Normal, job);
    }

    /// As [`spawn`](Self::spawn), with a priority.
    pub fn spawn_at<F>(&self, priority: Priority, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.engine.submit(priority, Item::job(move |_| job()));
    }

    /// Has a worker run `job`, one on this node rather than others: workers of the node look for it first,
    /// and one of them is woken if one sleeps; a worker of another node takes it when it has nothing
    /// else to do. `Metrics::unplaced` counts the jobs for which no worker of the node could be chosen,
    /// `Metrics::strays` those that another node's worker ran.
    ///
    /// # Platform
    /// Nodes are told by the CPUs that workers are bound to, or were found on. On a machine of one node
    /// as [`spawn`](Self::spawn).
    pub fn spawn_on<F>(&self, node: LogicalNode, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.engine.submit_on(node, Item::job(move |_| job()));
    }

    /// As [`spawn_at`](Self::spawn_at), where there is room.
    ///
    /// # Errors
    /// - [`Full`] with the job, where the queue has no room for one more of the priority.
    pub fn try_spawn<F>(&self, priority: Priority, job: F) -> Result<(), Full<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        // The job is kept outside the box, so that it can be given back.
        let kept = Arc::new(Mutex::new(Some(job)));
        let shared = Arc::clone(&kept);
        let item = Item::job(move |_| {
            let job = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(job) = job {
                job();
            }
        });
        if self.engine.submit_bounded(priority, item).is_ok() {
            return Ok(());
        }
        let job = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        job.map_or(Ok(()), |job| Err(Full(job)))
    }

    /// Has a worker run `job` and tells what it came to; see [`JobOptions`].
    ///
    /// # Errors
    /// - [`Full`] with the job, where the queue has no room for one more of the priority.
    pub fn spawn_job<R, F>(&self, options: JobOptions, job: F) -> Result<JobHandle<R>, Full<F>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        job::spawn(&self.engine, options, job)
    }

    /// Has a worker run `job`, which will hold `footprint_bytes` of memory, once the pool's budget has
    /// room for them. The bytes are charged when the job starts and given back when it ends, also by a
    /// panic. While memory is short, fewer such jobs run at a time; one always does.
    ///
    /// A job that waits for another with a footprint, by [`JobHandle::wait`] or at the end of a scope,
    /// counts as making no progress: where all that run do, the next one is admitted beyond the
    /// budget. A wait by other means, such as a channel, is not seen: see
    /// [`Metrics::admission_stalls`](crate::Metrics::admission_stalls).
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::new()?;
    /// for _ in 0..4 {
    ///     let job = || drop(vec![0_u8; 1 << 20]);
    ///     pool.spawn_with_footprint(1 << 20, job).expect("the budget is larger");
    /// }
    /// # Ok::<(), bedplate_pool::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// - [`FootprintError::TooLarge`] with the job, where the whole budget is smaller.
    /// - [`FootprintError::Full`] with the job, where as many wait as may.
    pub fn spawn_with_footprint<F>(
        &self,
        footprint_bytes: u64,
        job: F,
    ) -> Result<(), FootprintError<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        let options = JobOptions::new().footprint(footprint_bytes);
        job::spawn_detached(&self.engine, &options, job)
    }

    /// The budget that jobs with a footprint are charged to.
    #[must_use]
    pub fn memory_budget(&self) -> SharedBudget {
        self.engine.admission.terms().budget
    }

    /// Has workers poll `future` to its end; see [`JobOptions`].
    pub fn spawn_future<T>(&self, options: JobOptions, future: T) -> JobHandle<T::Output>
    where
        T: Future + Send + 'static,
        T::Output: Send + 'static,
    {
        future::spawn(&self.engine, options, future)
    }

    /// Has workers call `f` with each number of `range`, some time; one job for all of them.
    /// A call that panics ends the chunk of at most 4,096 numbers that it is in; the panic handler hears of
    /// the first of each worker, once the others were called.
    pub fn spawn_batch<F>(&self, range: Range<usize>, f: F)
    where
        F: Fn(usize) + Send + Sync + 'static,
    {
        let threads = self.engine.width();
        let batch = Arc::new(Batch::new(&self.engine, range, threads, f));
        for _ in 0..batch.helpers() {
            let own = Arc::clone(&batch);
            self.spawn(move || own.run(|| false));
        }
    }

    /// How many workers there are.
    #[must_use]
    pub fn current_num_threads(&self) -> usize {
        self.engine.width()
    }

    /// The calling thread's place in this pool, if it works in it; see [`Context::index`].
    #[must_use]
    pub fn current_thread_index(&self) -> Option<usize> {
        current::with_engine(&self.engine, |cx| cx.map(Context::index))
    }

    /// A pool beside other work, see [`PoolConfig::basic`].
    ///
    /// # Errors
    /// - Those of [`ThreadPoolBuilder::build`].
    pub fn basic() -> Result<Self, BuildError> {
        ThreadPoolBuilder::new().config(PoolConfig::basic()).build()
    }

    /// A pool that has the machine to itself, see [`PoolConfig::performance`].
    ///
    /// # Errors
    /// - Those of [`ThreadPoolBuilder::build`].
    pub fn performance() -> Result<Self, BuildError> {
        ThreadPoolBuilder::new()
            .config(PoolConfig::performance())
            .build()
    }

    /// A pool that is steered while it runs, see [`PoolConfig::advanced`].
    ///
    /// # Errors
    /// - Those of [`ThreadPoolBuilder::build`].
    pub fn advanced() -> Result<Self, BuildError> {
        ThreadPoolBuilder::new()
            .config(PoolConfig::advanced())
            .build()
    }

    /// The configuration that the pool runs by.
    pub fn config(&self) -> PoolConfig {
        self.engine.shape.config()
    }

    /// Runs by another configuration from now on, wholly, or by the present one where it cannot be.
    ///
    /// Jobs and joins go on meanwhile. Workers may be as many as the builder's
    /// [`max_threads`](ThreadPoolBuilder::max_threads), spares as many as the pool was built with.
    /// Workers beyond a smaller number end what they run and sleep. A job with a footprint that runs stays charged to the budget that it
    /// was charged to.
    ///
    /// # Errors
    /// Nothing has changed then.
    /// - [`BuildError::Setting`] where a number is out of its bounds.
    /// - [`BuildError::Narrowing`] where a higher level of pressure would let more jobs run.
    /// - [`BuildError::Machine`] where the CPUs cannot be told and decide the number of workers.
    /// - [`BuildError::Thread`] where a worker cannot be started.
    pub fn update_config(&self, config: PoolConfig) -> Result<(), BuildError> {
        self.engine.update(config)
    }

    /// What the pool does without, because it could not be told of the machine or done on it.
    #[must_use]
    pub fn degraded(&self) -> Vec<Degraded> {
        self.engine.shape.degraded()
    }

    /// What happened in the pool so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.engine.metrics()
    }

    /// The same by places: those that a thread has or had.
    #[must_use]
    pub fn worker_metrics(&self) -> Vec<WorkerMetrics> {
        self.engine.worker_metrics()
    }

    /// Forgets what a timeline has recorded, and records from now on what the threads do: halves
    /// taken, jobs, waits, sleeps, spans.
    ///
    /// # Cost
    /// While it records, two entries of a ring of the thread's own for each of these; a join that
    /// nobody helps with costs nothing. While it does not, a look at a flag for each.
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::{ThreadPool, span};
    ///
    /// let pool = ThreadPool::new()?;
    /// pool.start_timeline();
    /// pool.install(|| span("all", || bedplate_pool::join(|| 1, || 2)));
    /// let timeline = pool.take_timeline();
    /// let mut slices = timeline.tracks.iter().flat_map(|track| &track.slices);
    /// assert!(slices.any(|slice| slice.name == "all"));
    /// # Ok::<(), bedplate_pool::BuildError>(())
    /// ```
    pub fn start_timeline(&self) {
        self.engine.start_timeline();
    }

    /// Ends the recording; the result is what was recorded since it was started. Of each thread the
    /// last events are kept, see [`ThreadPoolBuilder::timeline_events`], and the others counted.
    ///
    /// What goes on is cut at the end. The rings keep their memory until the pool is dropped.
    #[must_use]
    pub fn take_timeline(&self) -> Timeline {
        self.engine.take_timeline()
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.engine.stop();
        let is_inside = current::with_engine(&self.engine, |cx| cx.is_some());
        if !is_inside && !self.engine.plan.is_let_go {
            // What runs here may wait for a job of another pool that this thread works in.
            current::while_blocked(|| self.engine.crew.join());
        }
    }
}

/// Runs `op` in a pool, on the calling thread.
pub(crate) fn enter<R, F>(engine: &Engine, op: F) -> R
where
    F: FnOnce(Context<'_>) -> R + Send,
    R: Send,
{
    current::with_engine(engine, |cx| match cx {
        Some(cx) if current::is_latest(cx.seat()) => op(cx),
        Some(cx) => current::seated(cx.seat(), || op(cx)),
        None => match takes_guests(engine).then(|| Guest::of(engine)).flatten() {
            Some(guest) => current::seated(guest.seat, || {
                let _during = guest.seat.during(SliceKind::Inside, 0);
                op(Context::new(guest.seat))
            }),
            None => frame::by_worker(&engine.lobby, op, |brought| {
                engine.submit(Priority::High, Item::Brought(brought));
            }),
        },
    })
}

/// False where threads from outside have a worker run what they bring: in rayon's place a stack of a
/// size that was asked for is that of all that runs in the pool. A forked child has no workers.
fn takes_guests(engine: &Engine) -> bool {
    let is_rayons = cfg!(feature = "rayon-plumbing");
    !is_rayons || engine.plan.stack_bytes.is_none() || engine.crew.is_forked()
}

/// Runs `op` with a scope of a pool, on the calling thread.
pub(crate) fn in_place_scope<'scope, R, F>(engine: &Engine, op: F) -> R
where
    F: FnOnce(&Scope<'scope>) -> R,
{
    current::with_engine(engine, |cx| match cx {
        Some(cx) => current::seated(cx.seat(), || scope::run(cx, op)),
        None => match Guest::of(engine) {
            Some(guest) => current::seated(guest.seat, || scope::run(Context::new(guest.seat), op)),
            None => scope::run_outside(engine, op),
        },
    })
}

/// A thread from outside while it is in a pool.
#[derive(Debug)]
struct Guest<'p> {
    seat: &'p Seat,
}

impl<'p> Guest<'p> {
    fn of(engine: &'p Engine) -> Option<Self> {
        engine.guest_seat().map(|seat| Self { seat })
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.seat.engine().guest_leaves(self.seat);
    }
}

static DEFAULT: OnceLock<ThreadPool> = OnceLock::new();
/// Held while the pool of the process is made.
static MAKING: Mutex<()> = Mutex::new(());

/// The pool of the process, made at the first call.
///
/// # Panics
/// If it cannot be made: call [`ThreadPoolBuilder::build_global`] first to see the error.
pub fn default_pool() -> &'static ThreadPool {
    if let Some(pool) = DEFAULT.get() {
        return pool;
    }
    match set_default(make_default) {
        Ok(()) | Err(BuildError::DefaultExists) => {}
        Err(error) => panic!("the pool of the process: {error}"),
    }
    DEFAULT.wait()
}

#[cfg(not(feature = "rayon-plumbing"))]
fn make_default() -> Result<ThreadPool, BuildError> {
    ThreadPool::new()
}

#[cfg(feature = "rayon-plumbing")]
fn make_default() -> Result<ThreadPool, BuildError> {
    crate::rayon::default_builder().build()
}

pub(crate) fn set_default(
    make: impl FnOnce() -> Result<ThreadPool, BuildError>,
) -> Result<(), BuildError> {
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if DEFAULT.get().is_some() {
        return Err(BuildError::DefaultExists);
    }
    DEFAULT.set(make()?).map_err(|_| BuildError::DefaultExists)
}
