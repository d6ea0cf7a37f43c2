//! The seat of the calling thread.
//!
//! # Role
//! One thread-local word, for calls that bring no [`Context`].
//!
//! # Invariants
//! - I1: the word names a seat exactly while a [`Seated`] of this thread borrows it; the latest one
//!   counts.

use crate::context::Context;
use crate::engine::Engine;
use crate::seat::Seat;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::NonNull;

thread_local! {
    static SEAT: Cell<Option<NonNull<Seat>>> = const { Cell::new(None) };
}

/// Makes a seat the calling thread's, until dropped.
#[derive(Debug)]
pub(crate) struct Seated<'p> {
    before: Option<NonNull<Seat>>,
    seat: PhantomData<&'p Seat>,
}

impl<'p> Seated<'p> {
    /// Sits down.
    pub(crate) fn at(seat: &'p Seat) -> Self {
        Self {
            before: SEAT.replace(Some(NonNull::from(seat))),
            seat: PhantomData,
        }
    }
}

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        SEAT.set(self.before);
    }
}

/// Calls `f` with the context of the calling thread, if it works in a pool.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(Option<Context<'_>>) -> R) -> R {
    match SEAT.get() {
        None => f(None),
        Some(seat) => {
            // SAFETY: I1: a `Seated` further up this thread's stack borrows the seat, and `f` ends
            // before it does.
            let seat = unsafe { seat.as_ref() };
            f(Some(Context::new(seat)))
        }
    }
}

/// Calls `f` with the context of the calling thread, if it works in this pool.
#[inline]
pub(crate) fn with_engine<R>(engine: &Engine, f: impl FnOnce(Option<Context<'_>>) -> R) -> R {
    with(|cx| f(cx.filter(|cx| core::ptr::eq(cx.seat().engine(), engine))))
}
