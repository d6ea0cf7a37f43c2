//! The functions that find their pool themselves.
//!
//! # Role
//! On a thread that works in a pool they use that pool, elsewhere the pool of the process.

use crate::context::Context;
use crate::current;
use crate::engine::Engine;
use crate::pool::{self, default_pool};
use crate::queue::{Item, Priority};
use crate::scope::{self, Scope};
use crate::timeline::SliceKind;
use crate::worker;

/// Runs both halves, the second on another thread if one wants it, and returns both results.
///
/// `a` runs on the calling thread. As [`Context::join`], which needs no look-up.
///
/// # Examples
///
/// ```
/// let (a, b) = bedplate_pool::join(|| 1 + 1, || "two");
/// assert_eq!((a, b), (2, "two"));
/// ```
///
/// # Panics
/// If a half does, with its payload, once both have run.
#[inline]
pub fn join<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    with_context(|cx| cx.join(|_| a(), |_| b()))
}

/// As [`join`], giving each half the context of the thread that runs it.
///
/// # Panics
/// As [`join`].
#[inline]
pub fn join_context<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce(Context<'_>) -> RA + Send,
    B: FnOnce(Context<'_>) -> RB + Send,
    RA: Send,
    RB: Send,
{
    with_context(|cx| cx.join(a, b))
}

/// Calls `f` with a context on the calling thread: the current pool's, or the one of the pool of
/// the process.
#[inline]
pub fn with_context<R, F>(f: F) -> R
where
    F: FnOnce(Context<'_>) -> R + Send,
    R: Send,
{
    current::with(|cx| match cx {
        Some(cx) => f(cx),
        None => default_pool().enter(f),
    })
}

/// Runs `op`, which may spawn jobs that borrow from outside the call, and returns when all of them
/// have ended.
///
/// `op` runs on the calling thread, which then runs jobs of this scope only. Jobs may spawn more.
///
/// # Examples
///
/// ```
/// let mut counts = [0; 4];
/// bedplate_pool::scope(|s| {
///     for count in &mut counts {
///         s.spawn(move |_| *count += 1);
///     }
/// });
/// assert_eq!(counts, [1; 4]);
/// ```
///
/// # Panics
/// If `op` or a job does, with the first payload, once all have ended.
pub fn scope<'scope, R, F>(op: F) -> R
where
    F: FnOnce(&Scope<'scope>) -> R + Send,
    R: Send,
{
    with_context(|cx| scope::run(cx, op))
}

/// Has a worker of the current pool run `job`, some time; see
/// [`ThreadPool::spawn`](crate::ThreadPool::spawn).
pub fn spawn<F>(job: F)
where
    F: FnOnce() + Send + 'static,
{
    let item = Item::job(move |_| job());
    with_current(|engine| engine.submit(Priority::Normal, item));
}

/// What came of [`yield_now`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// A job was run.
    Executed,
    /// No job waits.
    Idle,
}

/// Runs one job that waits in the queue of the calling thread's pool, whatever it is and however long it takes;
/// `None` if the thread works in no pool.
///
/// For code that itself waits in a loop for jobs. Nothing of the pool yields by itself.
#[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
pub fn yield_now() -> Option<Yield> {
    current::with(|cx| cx.map(yield_at))
}

/// Runs one job on a thread that works in its pool.
pub(crate) fn yield_at(cx: Context<'_>) -> Yield {
    let seat = cx.seat();
    if worker::run_one(seat.engine(), seat) {
        Yield::Executed
    } else {
        Yield::Idle
    }
}

/// As [`scope`](scope()), where `op` may be what cannot be sent: it never leaves the calling thread, also where all seats for
/// threads from outside are taken.
///
/// # Panics
/// As [`scope`](scope()).
pub fn in_place_scope<'scope, R, F>(op: F) -> R
where
    F: FnOnce(&Scope<'scope>) -> R,
{
    with_current(|engine| pool::in_place_scope(engine, op))
}

/// Runs something that may block for long, such as I/O or a lock, while another thread takes the
/// calling one's place in its pool, or in each of them where it entered one from inside another.
///
/// # Panics
/// If `op` does.
pub fn blocking<R>(op: impl FnOnce() -> R) -> R {
    current::during(SliceKind::Blocking, None, 0, || current::while_blocked(op))
}

/// As [`blocking`], where what blocks is a wait for work of a pool.
pub(crate) fn waiting<R>(op: impl FnOnce() -> R) -> R {
    current::during(SliceKind::Wait, None, 0, || current::while_blocked(op))
}

/// How many workers the current pool has.
#[must_use]
pub fn current_num_threads() -> usize {
    with_current(Engine::width)
}

/// The calling thread's place in its pool, if it works in one; see [`Context::index`].
#[must_use]
pub fn current_thread_index() -> Option<usize> {
    current::with(|cx| cx.map(Context::index))
}

/// Calls `f` with the engine of the current pool, or of the pool of the process.
pub(crate) fn with_current<R>(f: impl FnOnce(&Engine) -> R) -> R {
    current::with(|cx| match cx {
        Some(cx) => f(cx.seat().engine()),
        None => f(default_pool().engine()),
    })
}
