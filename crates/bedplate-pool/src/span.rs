//! What work is done for.
//!
//! # Role
//! A number that belongs to the work and not to the thread: it is current on the thread that forks
//! or spawns, and current again inside the half or the job, wherever that runs.
//!
//! # Not here
//! What the number means. [`span`] makes one and names it in the timeline; a tracing library's own
//! numbers go through [`SpanContext::new`].
//!
//! # Invariants
//! - I1: a thread's number is what it was when a call that sets it returns or unwinds.
//! - I2: a thread of a pool has none between the things it runs.

use crate::current;
use crate::timeline::SliceKind;
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static CURRENT: Cell<SpanContext> = const { Cell::new(SpanContext::NONE) };
}

/// The last number that [`span`] gave.
static LAST: AtomicU64 = AtomicU64::new(0);

/// What work is done for: a request, a frame, a step of a program.
///
/// It is captured where a half of a join is offered and where a job, a batch or a future is
/// spawned, and is current inside it, be it on another thread.
///
/// # Examples
///
/// ```
/// use bedplate_pool::{SpanContext, current_span, join};
///
/// let request = SpanContext::new(42);
/// let (a, b) = request.run(|| join(current_span, current_span));
/// assert_eq!((a, b), (request, request));
/// assert!(current_span().is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanContext {
    id: u64,
}

impl SpanContext {
    /// Nothing in particular.
    pub const NONE: Self = Self { id: 0 };

    /// The context of this number; zero is [`NONE`](Self::NONE). [`span`] counts from one: whoever
    /// uses both and wants to tell them apart takes large numbers here.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self { id }
    }

    /// Its number.
    #[must_use]
    pub const fn id(self) -> u64 {
        self.id
    }

    /// True for [`NONE`](Self::NONE).
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.id == 0
    }

    /// Runs `f` with this context, on the calling thread and wherever parts of it run.
    ///
    /// # Panics
    /// If `f` does.
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        let _outer = Outer(replace(self));
        f()
    }
}

/// The context that the calling thread works in.
#[inline]
#[must_use]
pub fn current_span() -> SpanContext {
    CURRENT.get()
}

/// Runs `f` in a new context, which the timeline shows under `name` on the calling thread and the
/// halves and jobs of which it shows with the same number.
///
/// # Panics
/// If `f` does.
///
/// # Cost
/// One shared counter, and two entries of the calling thread's ring while a timeline is recorded.
/// A thread that works in no pool has no ring: there only the context is set.
pub fn span<R>(name: &'static str, f: impl FnOnce() -> R) -> R {
    // Relaxed: a number each is given once.
    let id = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    let outer = current_span();
    SpanContext { id }.run(|| current::during(SliceKind::Span, Some(name), outer.id, f))
}

/// Makes a context the calling thread's; the result was it before.
#[inline]
pub(crate) fn replace(span: SpanContext) -> SpanContext {
    CURRENT.replace(span)
}

/// The context to go back to, also by a panic.
struct Outer(SpanContext);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
