//! A pool, as rayon has it.

use crate::fifo::{self, ScopeFifo};
use crate::missing::{NoBroadcast, NoPendingTasks, NoThreadIndex, Nothing};
use crate::{Scope, ThreadPoolBuildError, ThreadPoolBuilder, Yield};

/// A pool of threads.
#[derive(Debug)]
pub struct ThreadPool(pub(crate) bedplate_pool::ThreadPool);

impl ThreadPool {
    /// Builds a pool.
    ///
    /// # Errors
    /// - those of [`ThreadPoolBuilder::build`].
    #[deprecated(note = "use `ThreadPoolBuilder::build`")]
    #[expect(clippy::new_ret_no_self, reason = "rayon's signature")]
    pub fn new(builder: ThreadPoolBuilder) -> Result<Self, Box<dyn core::error::Error>> {
        builder
            .build()
            .map_err(|error: ThreadPoolBuildError| error.into())
    }

    /// Runs `op` in the pool, on the calling thread.
    pub fn install<F, R>(&self, op: F) -> R
    where
        F: FnOnce() -> R + Send,
        R: Send,
    {
        self.0.install(op)
    }

    /// How many workers there are.
    #[must_use]
    pub fn current_num_threads(&self) -> usize {
        self.0.current_num_threads()
    }

    /// The calling thread's place in the pool, if it works in it.
    #[must_use]
    #[cfg(bedplate_rayon_index)]
    pub fn current_thread_index(&self) -> Option<usize> {
        self.0.current_thread_index()
    }

    /// Not offered.
    #[must_use]
    #[cfg(not(bedplate_rayon_index))]
    pub fn current_thread_index(&self) -> Option<usize>
    where
        for<'a> Nothing<'a>: NoThreadIndex,
    {
        None
    }

    /// Not offered.
    #[must_use]
    pub fn current_thread_has_pending_tasks(&self) -> Option<bool>
    where
        for<'a> Nothing<'a>: NoPendingTasks,
    {
        None
    }

    /// Runs both halves in the pool.
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        self.0.join(a, b)
    }

    /// Opens a scope in the pool.
    pub fn scope<'scope, F, R>(&self, op: F) -> R
    where
        F: FnOnce(&Scope<'scope>) -> R + Send,
        R: Send,
    {
        self.0.scope(op)
    }

    /// Opens a scope in the pool whose jobs are first in, first out.
    pub fn scope_fifo<'scope, F, R>(&self, op: F) -> R
    where
        F: FnOnce(&ScopeFifo<'scope>) -> R + Send,
        R: Send,
    {
        fifo::scope_fifo_in(&self.0, op)
    }

    /// Opens a scope in the pool; `op` may stay on the calling thread.
    pub fn in_place_scope<'scope, F, R>(&self, op: F) -> R
    where
        F: FnOnce(&Scope<'scope>) -> R,
    {
        self.0.in_place_scope(op)
    }

    /// As [`in_place_scope`](Self::in_place_scope), first in, first out.
    pub fn in_place_scope_fifo<'scope, F, R>(&self, op: F) -> R
    where
        F: FnOnce(&ScopeFifo<'scope>) -> R,
    {
        fifo::in_place_scope_fifo_in(&self.0, op)
    }

    /// Has a worker run `job`.
    pub fn spawn<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.0.spawn(job);
    }

    /// As [`spawn`](Self::spawn).
    pub fn spawn_fifo<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.0.spawn(job);
    }

    /// Not offered.
    pub fn broadcast<F: NoBroadcast, R>(&self, _op: F) -> Vec<R> {
        Vec::new()
    }

    /// Not offered.
    pub fn spawn_broadcast<F: NoBroadcast>(&self, _op: F) {}

    /// Runs a job that waits in the pool, if the calling thread is in it.
    pub fn yield_now(&self) -> Option<Yield> {
        self.0.yield_now()
    }

    /// As [`yield_now`](Self::yield_now).
    pub fn yield_local(&self) -> Option<Yield> {
        self.0.yield_now()
    }
}
