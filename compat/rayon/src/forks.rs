//! Functions whose shape differs from ours.

use bedplate_pool::with_context;

pub use bedplate_pool::Yield;

/// What a closure of [`join_context`] learns about where it runs.
#[derive(Debug)]
pub struct FnContext {
    is_migrated: bool,
    /// Neither `Send` nor `Sync`, as rayon's.
    local: core::marker::PhantomData<*const ()>,
}

impl FnContext {
    fn new(is_migrated: bool) -> Self {
        Self {
            is_migrated,
            local: core::marker::PhantomData,
        }
    }

    /// True where the closure runs on another thread than the one that called [`join_context`].
    #[must_use]
    pub fn migrated(&self) -> bool {
        self.is_migrated
    }
}

/// As `join`, telling each half whether it runs on another thread.
pub fn join_context<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA + Send,
    B: FnOnce(FnContext) -> RB + Send,
    RA: Send,
    RB: Send,
{
    with_context(|cx| {
        let here = cx.index();
        cx.join(
            |cx| a(FnContext::new(cx.index() != here)),
            |cx| b(FnContext::new(cx.index() != here)),
        )
    })
}

/// As `spawn`, which is first in, first out here.
pub fn spawn_fifo<F>(job: F)
where
    F: FnOnce() + Send + 'static,
{
    bedplate_pool::spawn(job);
}

/// The most threads of a pool; more are reduced to it.
#[must_use]
pub fn max_num_threads() -> usize {
    bedplate_pool::rayon::THREADS_MAX
}

/// Runs a job that waits in the current pool, if the calling thread is in one.
pub fn yield_now() -> Option<Yield> {
    bedplate_pool::yield_now()
}

/// As [`yield_now`]: jobs belong to no thread here.
pub fn yield_local() -> Option<Yield> {
    bedplate_pool::yield_now()
}
