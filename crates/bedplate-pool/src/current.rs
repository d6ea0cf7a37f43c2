//! The seats of the calling thread.
//!
//! # Role
//! A thread-local word, for calls that bring no [`Context`], and a chain of all the seats that the
//! thread has: a thread of one pool takes a seat in another when it enters that one.
//!
//! # Invariants
//! - I1: the words name a seat and a record exactly while a call of [`seated`] up this thread's stack
//!   keeps them; the latest one counts.

use crate::context::Context;
use crate::engine::Engine;
use crate::seat::Seat;
use crate::timeline::SliceKind;
use core::cell::Cell;
use core::ptr::NonNull;

thread_local! {
    /// The latest seat.
    static SEAT: Cell<Option<NonNull<Seat>>> = const { Cell::new(None) };
    /// The latest record.
    static CHAIN: Cell<Option<NonNull<Record>>> = const { Cell::new(None) };
}

/// What tells the calling thread from all others that live; not zero.
#[inline]
pub(crate) fn thread_token() -> usize {
    SEAT.with(|seat| core::ptr::from_ref(seat).addr())
}

/// A seat of this thread's, on its stack. A seat may be in several records of a thread.
#[derive(Debug)]
struct Record {
    seat: NonNull<Seat>,
    outer: Option<NonNull<Self>>,
}

/// Makes a seat the calling thread's while `f` runs.
pub(crate) fn seated<R>(seat: &Seat, f: impl FnOnce() -> R) -> R {
    let record = Record {
        seat: NonNull::from(seat),
        outer: CHAIN.get(),
    };
    let _stands_up = StandsUp {
        seat: SEAT.replace(Some(record.seat)),
        chain: CHAIN.replace(Some(NonNull::from(&record))),
    };
    f()
}

/// The end of a call of [`seated`], also by a panic.
struct StandsUp {
    seat: Option<NonNull<Seat>>,
    chain: Option<NonNull<Record>>,
}

impl Drop for StandsUp {
    fn drop(&mut self) {
        SEAT.set(self.seat);
        CHAIN.set(self.chain);
    }
}

/// The calling thread's seats, the latest first.
#[derive(Clone, Copy, Debug)]
struct Chain<'s> {
    next: Option<&'s Record>,
}

impl<'s> Iterator for Chain<'s> {
    type Item = &'s Seat;

    fn next(&mut self) -> Option<&'s Seat> {
        let record = self.next?;
        // SAFETY: I1: the call that keeps `outer` is up the stack from the one that keeps `record`.
        self.next = record.outer.map(|outer| unsafe { outer.as_ref() });
        // SAFETY: I1: the call that keeps `record` borrows the seat.
        Some(unsafe { record.seat.as_ref() })
    }
}

/// Calls `f` with the seats of the calling thread.
fn with_chain<R>(f: impl FnOnce(Chain<'_>) -> R) -> R {
    // SAFETY: I1: a call of `seated` further up this thread's stack keeps the record, and `f` ends
    // before it does.
    let next = CHAIN.get().map(|record| unsafe { record.as_ref() });
    f(Chain { next })
}

/// Calls `f` with the context of the calling thread, if it works in a pool.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(Option<Context<'_>>) -> R) -> R {
    match SEAT.get() {
        None => f(None),
        Some(seat) => {
            // SAFETY: I1: a call of `seated` further up this thread's stack borrows the seat, and `f`
            // ends before it does.
            let seat = unsafe { seat.as_ref() };
            f(Some(Context::new(seat)))
        }
    }
}

/// Calls `f` with the context of the calling thread in this pool, if it works in it, be it from
/// inside another.
pub(crate) fn with_engine<R>(engine: &Engine, f: impl FnOnce(Option<Context<'_>>) -> R) -> R {
    with_chain(|mut chain| {
        let seat = chain.find(|seat| core::ptr::eq(seat.engine(), engine));
        f(seat.map(Context::new))
    })
}

/// True if the calling thread has this seat and no other.
#[cfg(feature = "fibers")]
pub(crate) fn is_only(seat: &Seat) -> bool {
    with_chain(|mut chain| {
        let is_first = chain.next().is_some_and(|first| core::ptr::eq(first, seat));
        is_first && chain.next().is_none()
    })
}

/// What the words of a thread are, for a fiber that leaves it or comes back.
#[cfg(feature = "fibers")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seats {
    seat: Option<NonNull<Seat>>,
    chain: Option<NonNull<Record>>,
}

#[cfg(feature = "fibers")]
impl Seats {
    pub(crate) fn get() -> Self {
        Self {
            seat: SEAT.get(),
            chain: CHAIN.get(),
        }
    }

    /// Puts the words back. The calls of [`seated`] that they name are on the stacks of the fiber that
    /// goes on and of its worker (I1).
    pub(crate) fn set(self) {
        SEAT.set(self.seat);
        CHAIN.set(self.chain);
    }
}

/// True if this is the seat that calls without a context use.
pub(crate) fn is_latest(seat: &Seat) -> bool {
    SEAT.get() == Some(NonNull::from(seat))
}

/// Calls `f` as a slice of the calling thread's in the timeline of the pool it works in, if any.
pub(crate) fn during<R>(
    kind: SliceKind,
    name: Option<&'static str>,
    other: u64,
    f: impl FnOnce() -> R,
) -> R {
    with(|cx| {
        let _during = cx.map(|cx| cx.seat().during_named(kind, name, other));
        f()
    })
}

/// Runs something that sleeps, with others in place of the calling thread in all pools that it
/// works in.
pub(crate) fn while_blocked<R>(sleep: impl FnOnce() -> R) -> R {
    with_chain(|chain| {
        for seat in chain {
            seat.engine().pause(seat);
        }
        let _resumes = Resumes { chain };
        sleep()
    })
}

/// The end of a sleep, also by a panic.
struct Resumes<'s> {
    chain: Chain<'s>,
}

impl Drop for Resumes<'_> {
    fn drop(&mut self) {
        for seat in self.chain {
            seat.engine().resume(seat);
        }
    }
}
