//! Jobs that borrow, and the wait for all of them.
//!
//! # Role
//! A scope has its own jobs. The thread that opened it runs them, and so does every worker that finds
//! the scope's ticket in the pool's queue. They take them by chunks (`chunk.rs`).
//!
//! # Invariants
//! - I1: [`run`] returns or unwinds only when every job of the scope has ended: has run, or was
//!   dropped because the scope was cancelled. So jobs may borrow what outlives `run`.
//! - I2: while a job waits and no ticket does, somebody who will look for jobs has not looked yet:
//!   a ticket is put in after the job, unless one is in; whoever comes by it says so before it
//!   looks.
//! - I3: the opener's wait runs jobs of this scope only.

use crate::admission::{self, Ask, Permit, Refusal, Tagged};
use crate::batch::Batch;
use crate::chunk::Jobs;
use crate::context::Context;
use crate::current;
use crate::engine::Engine;
use crate::error::FootprintError;
use crate::fiber;
use crate::payload::{self, Payload};
use crate::queue::{Item, Priority, Shared};
use crate::seat::Seat;
use crate::span::{self, SpanContext};
use crate::timeline::SliceKind;
use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::clock;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{self, Poll, Waker};
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

type Body<'scope> = dyn FnOnce(&Scope<'scope>) + Send + 'scope;

/// A place for jobs that borrow; see [`scope`](crate::scope()).
pub struct Scope<'scope> {
    work: Arc<Work>,
    /// Invariant in `'scope`: jobs take `&Scope<'scope>` and may put borrows of it in.
    marker: PhantomData<fn(&'scope ()) -> &'scope ()>,
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<'scope> Scope<'scope> {
    /// Has the scope's opener or a worker run `job`. Never runs it itself.
    pub fn spawn<F>(&self, job: F)
    where
        F: FnOnce(&Self) + Send + 'scope,
    {
        self.work.add(without_lifetime(Box::new(job)));
    }

    /// As [`spawn`](Self::spawn), for a job that will hold `footprint_bytes`: it waits until the pool's
    /// budget has room for them, see
    /// [`ThreadPool::spawn_with_footprint`](crate::ThreadPool::spawn_with_footprint).
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
        F: FnOnce(&Self) + Send + 'scope,
    {
        let work = &self.work;
        let ask = Ask {
            bytes: footprint_bytes,
            priority: Priority::Normal,
            scope: work.address(),
            bounded: true,
        };
        let mut kept = Some(job);
        // Relaxed: the opener reads it after its own spawns, and after the lock under which it finds
        // itself stirred.
        let is_first = !work.tagged.swap(true, Ordering::Relaxed);
        let mut queue = work.lock();
        queue.added += 1;
        if is_first {
            work.stir(&mut queue);
        }
        drop(queue);
        let asked = work.engine.admission.submit(ask, || {
            let boxed = |job| Job {
                body: without_lifetime(Box::new(job)),
                span: span::current_span(),
            };
            Box::new(Weighed {
                work: Arc::clone(work),
                job: kept.take().map(boxed),
            })
        });
        if asked.is_err() {
            // The caller is itself one that has not ended, or the opener: nobody waits for this one.
            work.lock().added -= 1;
        }
        Refusal::give_back(asked, ask, kept)
    }

    /// Has the scope's threads call `f` with each number of `range`: a job per worker, whatever the
    /// length of the range. A call that panics ends the part of the range it is in.
    pub fn spawn_batch<F>(&self, range: Range<usize>, f: F)
    where
        F: Fn(usize) + Send + Sync + 'scope,
    {
        // One more for the opener, which is not among the workers.
        let threads = self.work.engine.width() + 1;
        let batch = Arc::new(Batch::new(&self.work.engine, range, threads, f));
        for _ in 0..batch.helpers() {
            let own = Arc::clone(&batch);
            self.spawn(move |s| own.run(|| s.is_cancelled()));
        }
    }

    /// Jobs that have not begun are dropped from now on. Those that run can ask
    /// [`is_cancelled`](Self::is_cancelled).
    pub fn cancel(&self) {
        // Release pairs with the Acquire in `is_cancelled`.
        self.work.cancelled.store(true, Ordering::Release);
    }

    /// True once the scope was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.work.is_cancelled()
    }
}

/// A job without its lifetime, for a queue.
fn without_lifetime<'scope>(job: Box<Body<'scope>>) -> Box<Body<'static>> {
    // SAFETY: only the lifetime changes. The job runs or is dropped before `run` returns (I1), and
    // what it borrows outlives that. `'static` in its parameter is a name only: the scope it is called
    // with has no parts that depend on the lifetime.
    unsafe { core::mem::transmute::<Box<Body<'scope>>, Box<Body<'static>>>(job) }
}

/// A job with a footprint.
struct Weighed {
    work: Arc<Work>,
    /// There until it is run.
    job: Option<Job>,
}

impl Tagged for Weighed {
    fn is_off(&self) -> bool {
        self.work.is_cancelled()
    }

    fn run(mut self: Box<Self>, cx: Context<'_>, permit: Option<Permit>) {
        if let Some(job) = self.job.take() {
            self.work.settle(cx, &self.work.scope(), job, permit);
            self.work.count_ended();
        }
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        // A gate whose pool is gone drops what waits; no scope is open then, but one that is must not
        // wait for ever.
        if let Some(job) = self.job.take() {
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(job)));
            self.work.keep_panic(dropped);
            self.work.count_ended();
        }
    }
}

/// What a scope's threads share.
struct Work {
    queue: Mutex<Queue>,
    /// The opener sleeps here.
    ended: Condvar,
    /// True while a ticket is in the pool's queue (I2).
    ticketed: AtomicBool,
    /// True while a worker that ran out of jobs looks for more, which is as good as a ticket (I2).
    attended: AtomicBool,
    /// A job with a footprint was spawned.
    tagged: AtomicBool,
    cancelled: AtomicBool,
    panic: Mutex<Option<Payload>>,
    engine: Arc<Engine>,
}

/// A job, and what it is for.
struct Job {
    body: Box<Body<'static>>,
    span: SpanContext,
}

#[derive(Default)]
struct Queue {
    jobs: Jobs<Job>,
    /// Jobs that were added.
    added: u64,
    /// Jobs that have ended, as far as those who ran them have said.
    ended: u64,
    /// The opener sleeps.
    waiting: bool,
    /// The opener must look anew what it waits for.
    stirred: bool,
    /// Wakes the opener where it waits without a thread.
    alarm: Option<Waker>,
}

impl Queue {
    /// Wakes the opener if it waits without a thread.
    fn rouse(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            alarm.wake();
        }
    }

    /// True if all jobs have ended. Only jobs that have not ended add others, and the opener before it
    /// waits.
    fn all_ended(&self) -> bool {
        self.ended == self.added
    }

    /// True while there is nothing to do for the opener, who runs jobs if it is `helping`.
    fn is_quiet(&self, helping: bool) -> bool {
        !(self.stirred || self.all_ended() || helping && self.jobs.has_some())
    }
}

/// A chunk of a scope's jobs.
type Chunk = crate::chunk::Chunk<Job>;

/// What a thread that looks for jobs finds.
enum Taken {
    /// Some, which others may take, too.
    Chunk(Arc<Chunk>),
    /// None that waits.
    None,
    /// None, and all have ended.
    End,
}

/// Opens a scope on the calling thread.
pub(crate) fn run<'scope, R>(cx: Context<'_>, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    open(cx.seat().engine(), Some(cx.seat()), op)
}

/// Opens a scope on a thread that has no seat: its jobs are all run by workers.
pub(crate) fn run_outside<'scope, R>(engine: &Engine, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    open(engine, None, op)
}

fn open<'scope, R>(
    engine: &Engine,
    seat: Option<&Seat>,
    op: impl FnOnce(&Scope<'scope>) -> R,
) -> R {
    let Some(engine) = engine.counted() else {
        unreachable!("whoever borrows an engine keeps it alive");
    };
    let scope = Scope {
        work: Arc::new(Work::of(engine)),
        marker: PhantomData,
    };
    let result = catch_unwind(AssertUnwindSafe(|| op(&scope)));
    // I1. No panic leaves the wait.
    scope.work.finish(seat);
    scope.work.withdraw();
    let panic = scope.work.lock_panic().take();
    match (result, panic) {
        (Ok(result), None) => result,
        (Ok(result), Some(panic)) => {
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(result))) {
                payload::discard(again);
            }
            payload::resume(panic)
        }
        (Err(panic), other) => {
            if let Some(other) = other {
                payload::discard(other);
            }
            payload::resume(panic)
        }
    }
}

impl Work {
    fn of(engine: Arc<Engine>) -> Self {
        Self {
            queue: Mutex::default(),
            ended: Condvar::new(),
            ticketed: AtomicBool::new(false),
            attended: AtomicBool::new(false),
            tagged: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            panic: Mutex::new(None),
            engine,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code of others runs under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_panic(&self) -> MutexGuard<'_, Option<Payload>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        // Acquire pairs with the Release in `cancel`.
        self.cancelled.load(Ordering::Acquire)
    }

    fn add(self: &Arc<Self>, job: Box<Body<'static>>) {
        let job = Job {
            body: job,
            span: span::current_span(),
        };
        let mut queue = self.lock();
        queue.added += 1;
        queue.jobs.add(job);
        if queue.waiting {
            self.ended.notify_one();
        }
        queue.rouse();
        drop(queue);
        self.invite();
    }

    /// Puts a ticket in the pool's queue unless one is in.
    fn invite(self: &Arc<Self>) {
        // Relaxed: `help` clears it before it takes the lock of the queue. If that was before this
        // thread's turn with the lock, this sees it cleared; if after, `help` sees the job.
        // `attend` does the same.
        if self.ticketed.load(Ordering::Relaxed) || self.attended.load(Ordering::Relaxed) {
            return;
        }
        // Relaxed: as above; the exchange lets one of several put it in.
        if !self.ticketed.swap(true, Ordering::Relaxed) {
            let shared: Arc<dyn Shared> = Arc::clone(self) as Arc<dyn Shared>;
            self.engine.submit(Priority::Normal, Item::Ticket(shared));
        }
    }

    /// Takes the ticket out of the pool's queue once all jobs have ended, lest tickets of scopes that
    /// have ended take the room of jobs.
    fn withdraw(self: &Arc<Self>) {
        // Relaxed: every job has ended, as the lock says, and with it whoever added one and its ticket.
        if self.ticketed.load(Ordering::Relaxed) {
            let shared: Arc<dyn Shared> = Arc::clone(self) as Arc<dyn Shared>;
            self.engine.queue.withdraw(Priority::Normal, &shared);
        }
    }

    /// A chunk of jobs, if any waits; `ended` is how many the caller has run since it last said so.
    fn take(self: &Arc<Self>, ended: u64) -> Taken {
        let mut queue = self.lock();
        queue.ended += ended;
        let Some((chunk, more)) = queue.jobs.chunk() else {
            return if self.tell_end(&mut queue) {
                Taken::End
            } else {
                Taken::None
            };
        };
        drop(queue);
        if more {
            self.invite();
        }
        Taken::Chunk(chunk)
    }

    /// True if all jobs have ended; wakes the opener then.
    fn tell_end(&self, queue: &mut Queue) -> bool {
        let all = queue.all_ended();
        if all {
            if queue.waiting {
                self.ended.notify_all();
            }
            queue.rouse();
        }
        all
    }

    /// Has the opener look anew what it waits for: from the first tagged job on, it counts as one that
    /// gives nothing back.
    fn stir(&self, queue: &mut Queue) {
        queue.stirred = true;
        if queue.waiting {
            self.ended.notify_all();
        }
        queue.rouse();
    }

    /// Looks for more jobs for a moment: where jobs are spawned slower than they run, each would bring a
    /// ticket and a wake. True if some wait.
    fn attend(&self) -> bool {
        // Relaxed, both uses: as in `invite`; one thread is enough.
        if self.attended.swap(true, Ordering::Relaxed) {
            return false;
        }
        let began_ns = clock::monotonic_ns();
        loop {
            for _ in 0..tuning::SPIN_TURNS {
                core::hint::spin_loop();
            }
            let queue = self.lock();
            let is_over = queue.waiting || self.engine.queue.has_some();
            if queue.jobs.has_some() || is_over {
                break;
            }
            drop(queue);
            if clock::monotonic_ns() - began_ns > tuning::ATTEND_NS {
                break;
            }
        }
        self.attended.store(false, Ordering::Relaxed);
        // After the store: whoever adds from now on invites.
        self.lock().jobs.has_some()
    }

    /// Runs jobs of a chunk until none is left; how many.
    fn run(self: &Arc<Self>, cx: Context<'_>, scope: &Scope<'static>, chunk: &Chunk) -> u64 {
        let mut ended = 0;
        // Bounded by the chunk.
        while let Some((job, more)) = chunk.take() {
            if more {
                self.invite();
            }
            self.settle(cx, scope, job, None);
            ended += 1;
        }
        ended
    }

    /// Runs or drops one job. The caller says that it has ended.
    fn settle(&self, cx: Context<'_>, scope: &Scope<'static>, job: Job, permit: Option<Permit>) {
        let cancelled = self.is_cancelled();
        let Job { body, span } = job;
        let outer = span::replace(span);
        let during = cx.seat().during(SliceKind::ScopeJob, 0);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            if cancelled {
                drop(body);
            } else {
                admission::during(permit.as_ref(), || body(scope));
            }
        }));
        drop(during);
        span::replace(outer);
        // Whoever learns that the job has ended finds its bytes given back.
        drop(permit);
        self.keep_panic(ran);
    }

    /// Keeps the first panic of a job for the scope's owner.
    fn keep_panic(&self, ran: Result<(), Payload>) {
        let Err(panic) = ran else { return };
        let mut first = self.lock_panic();
        if first.is_none() {
            *first = Some(panic);
        } else {
            // Its drop is the user's: not under the lock, which it may want.
            drop(first);
            payload::discard(panic);
        }
    }

    /// A job that was in no chunk has run or was dropped.
    fn count_ended(&self) {
        let mut queue = self.lock();
        queue.ended += 1;
        self.tell_end(&mut queue);
    }

    /// Runs jobs of this scope until all have ended.
    fn finish(self: &Arc<Self>, seat: Option<&Seat>) {
        let scope = self.scope();
        let mut ended = 0;
        // Bounded by the jobs.
        loop {
            if let Some(seat) = seat {
                match self.take(core::mem::take(&mut ended)) {
                    Taken::Chunk(chunk) => {
                        ended = self.run(Context::new(seat), &scope, &chunk);
                        continue;
                    }
                    Taken::End => return,
                    Taken::None => {}
                }
            } else if self.lock().all_ended() {
                return;
            }
            // Relaxed: see `spawn_with_footprint`.
            let tagged = self.tagged.load(Ordering::Relaxed);
            if tagged
                && let Some(seat) = seat
                && let Some(admitted) = self.engine.admission.take_of(self.address(), &self.engine)
            {
                // What it waits for may have to go beyond the budget: the opener's own job, if it was
                // admitted, gives nothing back meanwhile.
                admission::held(|| admitted.run(Context::new(seat)));
                continue;
            }
            let is_helping = seat.is_some();
            let sleep = || match fiber::drive(|cx| self.poll(cx, is_helping)) {
                Some(()) => {}
                None => self.block(seat),
            };
            if tagged {
                admission::held(sleep);
            } else {
                sleep();
            }
        }
    }

    /// Sleeps while another thread takes this one's place.
    fn block(&self, seat: Option<&Seat>) {
        let _during = seat.map(|seat| {
            seat.counts.waits.up();
            seat.during(SliceKind::Wait, 0)
        });
        current::while_blocked(|| self.sleep(seat.is_some()));
    }

    /// Sleeps until there is a job for who may run it, until all have ended, or until stirred.
    fn sleep(&self, is_helping: bool) {
        let mut queue = self.lock();
        queue.waiting = true;
        while queue.is_quiet(is_helping) {
            queue = self
                .ended
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue.waiting = false;
        queue.stirred = false;
    }

    /// As [`sleep`](Self::sleep), for a fiber.
    fn poll(&self, cx: &task::Context<'_>, is_helping: bool) -> Poll<()> {
        let mut queue = self.lock();
        let is_quiet = queue.is_quiet(is_helping);
        queue.alarm = is_quiet.then(|| cx.waker().clone());
        if is_quiet {
            Poll::Pending
        } else {
            queue.stirred = false;
            Poll::Ready(())
        }
    }

    /// What tells this scope from others.
    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    /// The scope as its jobs see it.
    fn scope(self: &Arc<Self>) -> Scope<'static> {
        Scope {
            work: Arc::clone(self),
            marker: PhantomData,
        }
    }
}

impl Shared for Work {
    fn help(self: Arc<Self>, cx: Context<'_>) {
        // Relaxed: the lock orders it (see `invite`).
        self.ticketed.store(false, Ordering::Relaxed);
        let scope = self.scope();
        let mut ended = 0;
        // Bounded by the jobs of the scope.
        loop {
            ended = match self.take(ended) {
                Taken::Chunk(chunk) => self.run(cx, &scope, &chunk),
                Taken::None | Taken::End if self.attend() => 0,
                Taken::None | Taken::End => return,
            };
        }
    }
}
