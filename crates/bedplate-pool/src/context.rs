//! The right to fork in a pool, as a value.
//!
//! # Role
//! [`Context`] names the seat of the thread that runs. A join through it needs no look-up.
//!
//! # Invariants
//! - I1: a context is only ever used on the thread that owns its seat: it can neither be sent nor
//!   shared, and its lifetime ends with the closure it was given to.

use crate::frame;
use crate::seat::Seat;
use core::marker::PhantomData;

/// The calling thread's place in a pool. Closures of [`join`](Self::join) get the one of the thread
/// that runs them.
#[derive(Clone, Copy, Debug)]
pub struct Context<'p> {
    seat: &'p Seat,
    /// Neither `Send` nor `Sync` (I1).
    local: PhantomData<*const ()>,
}

impl<'p> Context<'p> {
    /// The context of the thread that owns `seat`.
    #[inline]
    pub(crate) fn new(seat: &'p Seat) -> Self {
        Self {
            seat,
            local: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn seat(self) -> &'p Seat {
        self.seat
    }

    /// Runs both halves, the second one on another thread if one wants it, and returns both
    /// results.
    ///
    /// `a` runs on this thread, first. While it runs, `b` is offered to others, unless enough is
    /// offered already.
    ///
    /// # Examples
    ///
    /// ```
    /// use bedplate_pool::{Context, ThreadPool};
    ///
    /// fn sum(cx: Context<'_>, numbers: &[u64]) -> u64 {
    ///     if numbers.len() <= 100 {
    ///         return numbers.iter().sum();
    ///     }
    ///     let (left, right) = numbers.split_at(numbers.len() / 2);
    ///     let (a, b) = cx.join(|cx| sum(cx, left), |cx| sum(cx, right));
    ///     a + b
    /// }
    ///
    /// let pool = ThreadPool::new()?;
    /// let numbers: Vec<u64> = (0..10_000).collect();
    /// assert_eq!(pool.enter(|cx| sum(cx, &numbers)), 49_995_000);
    /// # Ok::<(), bedplate_pool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// If a half panics, with its payload, once both have run; with the one of `a` if both do.
    ///
    /// # Cost
    /// Two instructions beside the calls where enough is offered. An offer costs one locked
    /// instruction. No clock, no look-up, no allocation, no system call, unless all workers sleep.
    #[inline(always)]
    pub fn join<A, B, RA, RB>(self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(Context<'_>) -> RA,
        B: FnOnce(Context<'_>) -> RB + Send,
        RB: Send,
    {
        self.join_as(false, a, b)
    }

    /// As [`join`](Self::join); where the second half is offered, as worth taking at once or not.
    #[inline(always)]
    pub(crate) fn join_as<A, B, RA, RB>(self, is_ripe: bool, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(Context<'_>) -> RA,
        B: FnOnce(Context<'_>) -> RB + Send,
        RB: Send,
    {
        if self.seat.is_open() {
            frame::join_offered(self, is_ripe, a, b)
        } else {
            frame::in_turn(self, a, b)
        }
    }

    /// True if a join would offer its second half now: others have taken what was offered, or
    /// nothing is. For loops that split only when that helps.
    #[inline]
    #[must_use]
    pub fn offers_wanted(self) -> bool {
        self.seat.is_open()
    }

    /// How many workers the pool has.
    #[must_use]
    pub fn width(self) -> usize {
        self.seat.engine().width()
    }

    /// The number of the calling thread's place: below [`width`](Self::width) for workers, above
    /// for spares and for threads from outside.
    #[must_use]
    pub fn index(self) -> usize {
        self.seat.index
    }
}
