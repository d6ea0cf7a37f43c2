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
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `work.rs` | the jobs, the ticket, the wait |
//! | `lifetime.rs` | jobs without their lifetime; the only unsafe code |
//! | `weighed.rs` | jobs that wait for memory |

#[expect(
    unsafe_code,
    reason = "jobs that borrow are kept without their lifetime"
)]
mod lifetime;
mod weighed;
mod work;

use crate::admission::{Ask, Refusal};
use crate::batch::Batch;
use crate::context::Context;
use crate::engine::Engine;
use crate::error::FootprintError;
use crate::payload;
use crate::queue::Priority;
use crate::seat::Seat;
use crate::span;
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::Ordering;
use lifetime::without_lifetime;
use std::panic::catch_unwind;
use weighed::Weighed;
use work::{Job, Work};

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
    /// length of the range. A call that panics ends the chunk of at most 4,096 numbers that it is in.
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
