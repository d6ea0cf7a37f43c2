//! Scopes whose jobs are first in, first out: all are.

use bedplate_pool::Scope;
use core::fmt;

/// A scope by its other name.
#[repr(transparent)]
pub struct ScopeFifo<'scope>(Scope<'scope>);

impl fmt::Debug for ScopeFifo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeFifo").finish_non_exhaustive()
    }
}

impl<'scope> ScopeFifo<'scope> {
    fn of<'s>(scope: &'s Scope<'scope>) -> &'s Self {
        let scope: *const Scope<'scope> = scope;
        // SAFETY: `Self` is transparent, so the pointer is one to a `Self`, valid for as long.
        unsafe { &*scope.cast::<Self>() }
    }

    /// Has the scope's opener or a worker run `job`.
    pub fn spawn_fifo<F>(&self, job: F)
    where
        F: FnOnce(&Self) + Send + 'scope,
    {
        self.0.spawn(move |scope| job(Self::of(scope)));
    }
}

/// As `scope`, with jobs first in, first out.
pub fn scope_fifo<'scope, F, R>(op: F) -> R
where
    F: FnOnce(&ScopeFifo<'scope>) -> R + Send,
    R: Send,
{
    bedplate_pool::scope(|scope| op(ScopeFifo::of(scope)))
}

/// As `in_place_scope`, with jobs first in, first out.
pub fn in_place_scope_fifo<'scope, F, R>(op: F) -> R
where
    F: FnOnce(&ScopeFifo<'scope>) -> R,
{
    bedplate_pool::in_place_scope(|scope| op(ScopeFifo::of(scope)))
}

/// As [`scope_fifo`], in `pool`.
pub(crate) fn scope_fifo_in<'scope, F, R>(pool: &bedplate_pool::ThreadPool, op: F) -> R
where
    F: FnOnce(&ScopeFifo<'scope>) -> R + Send,
    R: Send,
{
    pool.scope(|scope| op(ScopeFifo::of(scope)))
}

/// As [`in_place_scope_fifo`], in `pool`.
pub(crate) fn in_place_scope_fifo_in<'scope, F, R>(pool: &bedplate_pool::ThreadPool, op: F) -> R
where
    F: FnOnce(&ScopeFifo<'scope>) -> R,
{
    pool.in_place_scope(|scope| op(ScopeFifo::of(scope)))
}
