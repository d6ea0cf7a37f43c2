//! The second half of a join, on the stack of the thread that forks.
//!
//! # Role
//! Makes the frame, offers it, runs it here or waits for who took it.
//!
//! # Invariants
//! - I1: a frame whose offer was taken stays where it is until its latch is done; `join_offered`
//!   does not return or unwind before.
//! - I2: whoever got the offer (owner by `take_back`, another by `take`) is the only one that
//!   touches `job` and `outcome`, until the latch is done; from then on the owner.
//! - I3: no panic leaves `Header::run`.
//!
//! # Concurrency
//! `job` and `outcome` are handed over by the offer's number and the latch, see `protocol/`.

use crate::context::Context;
use crate::current;
use crate::fiber::Ticket;
use crate::payload::{self, Payload};
use crate::protocol::latch::Latch;
use crate::span::{self, SpanContext};
use crate::timeline::SliceKind;
use crate::wait;
use bedplate_os::lock::Parking;
use core::cell::UnsafeCell;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::panic::catch_unwind;

/// Nobody has taken the frame.
const NO_THIEF: usize = usize::MAX;

/// The part of a frame that does not depend on its types.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Header {
    run: unsafe fn(NonNull<Self>, Context<'_>),
    pub(crate) latch: Latch,
    /// Where the owner sleeps; outlives the frame.
    sleeper: NonNull<Parking>,
    /// Written by the thief: its seat's index.
    thief: AtomicUsize,
    /// Written by the thief before `thief`: the number of the first offer it makes in the half.
    floor: AtomicU64,
    /// What the half is for.
    span: SpanContext,
    /// The fiber that the owner runs.
    fiber: Ticket,
}

/// Somebody who took a frame, as its owner sees them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thief {
    pub(crate) seat: usize,
    pub(crate) floor: u64,
}

impl Header {
    /// Who took the frame, once it runs.
    pub(crate) fn thief(&self) -> Option<Thief> {
        // Acquire pairs with the Release in `Stolen::run`.
        let seat = self.thief.load(Ordering::Acquire);
        (seat != NO_THIEF).then(|| Thief {
            seat,
            // Relaxed: ordered by the load above.
            floor: self.floor.load(Ordering::Relaxed),
        })
    }
}

/// A frame that this thread took from another, or a whole job brought by a thread from outside: it
/// must be run.
#[derive(Debug)]
#[must_use = "its owner waits until it has run"]
pub(crate) struct Stolen(NonNull<Header>);

// SAFETY: a taken frame is run by whichever thread has the `Stolen`; the job in it is `Send`.
unsafe impl Send for Stolen {}

impl Stolen {
    /// What [`Offers::take`](crate::protocol::offers::Offers::take) returned.
    pub(crate) fn new(frame: *mut Header) -> Option<Self> {
        NonNull::new(frame).map(Self)
    }

    /// Runs the half and ends its latch. `kind` and `from` are for the timeline: what it is, and the
    /// place of the thread it was taken from.
    pub(crate) fn run(self, cx: Context<'_>, kind: SliceKind, from: usize) {
        // SAFETY: I1: the frame lives until the latch is done, which is below.
        let header = unsafe { self.0.as_ref() };
        // Relaxed: published by the next store.
        header
            .floor
            .store(cx.seat().offers.next_number(), Ordering::Relaxed);
        // Release pairs with the Acquire in `thief`.
        header.thief.store(cx.seat().index, Ordering::Release);
        let run = header.run;
        let sleeper = header.sleeper;
        let fiber = header.fiber;
        let outer = span::replace(header.span);
        let during = cx.seat().during(kind, from as u64);
        // SAFETY: I2: the offer was taken by this `Stolen`, which is used up here.
        unsafe { run(self.0, cx) };
        // No panic comes here (I3).
        drop(during);
        span::replace(outer);
        if header.latch.finish() {
            fiber.wake(cx.seat().engine());
            // SAFETY: the place belongs to the core, which the caller's context borrows.
            unsafe { sleeper.as_ref() }.unpark_all();
        }
    }
}

/// A frame with its types.
#[repr(C)]
struct Frame<B, RB> {
    header: Header,
    job: UnsafeCell<ManuallyDrop<B>>,
    outcome: UnsafeCell<MaybeUninit<Result<RB, Payload>>>,
}

impl<B, RB> Frame<B, RB>
where
    B: FnOnce(Context<'_>) -> RB + Send,
    RB: Send,
{
    fn new(job: B, sleeper: &Parking, fiber: Ticket) -> Self {
        Self {
            header: Header {
                run: Self::run,
                latch: Latch::new(),
                sleeper: NonNull::from(sleeper),
                thief: AtomicUsize::new(NO_THIEF),
                floor: AtomicU64::new(0),
                span: span::current_span(),
                fiber,
            },
            job: UnsafeCell::new(ManuallyDrop::new(job)),
            outcome: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// The frame as others know it.
    fn shared(&self) -> NonNull<Header> {
        NonNull::from(self).cast()
    }

    /// The job, moved out.
    ///
    /// # Safety
    /// - The caller got the offer, and takes the job once.
    unsafe fn take_job(&self) -> B {
        // SAFETY: I2: nobody else touches the cell now.
        let job = unsafe { &mut *self.job.get() };
        // SAFETY: the job is taken once, and never dropped in place.
        unsafe { ManuallyDrop::take(job) }
    }

    /// Runs the half on a thread that took it.
    ///
    /// # Safety
    /// - `header` is the header of a frame of these types, whose offer the caller took.
    unsafe fn run(header: NonNull<Header>, cx: Context<'_>) {
        // SAFETY: the caller gives a frame of this type, made by `shared`; it lives (I1).
        let frame = unsafe { header.cast::<Self>().as_ref() };
        // SAFETY: the caller took the offer.
        let job = unsafe { frame.take_job() };
        let outcome = catch_unwind(AssertUnwindSafe(|| job(cx)));
        // SAFETY: I2: nobody else touches the cell before the latch is done.
        let place = unsafe { &mut *frame.outcome.get() };
        place.write(outcome);
    }

    /// What the half came to.
    ///
    /// # Safety
    /// - The latch is done, and this is called once.
    unsafe fn outcome(&self) -> Result<RB, Payload> {
        // SAFETY: I2: the latch is done, so the cell is the owner's.
        let place = unsafe { &*self.outcome.get() };
        // SAFETY: the thief wrote it before it ended the latch; it is read once.
        unsafe { place.assume_init_read() }
    }
}

/// Both halves on this thread.
#[inline(always)]
pub(crate) fn in_turn<A, B, RA, RB>(cx: Context<'_>, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(Context<'_>) -> RA,
    B: FnOnce(Context<'_>) -> RB,
{
    match catch_unwind(AssertUnwindSafe(|| a(cx))) {
        Ok(ra) => (ra, b(cx)),
        Err(panic) => after_panic(cx, b, panic),
    }
}

/// The second half after the first panicked.
#[cold]
#[inline(never)]
fn after_panic<B, RB>(cx: Context<'_>, b: B, panic: Payload) -> !
where
    B: FnOnce(Context<'_>) -> RB,
{
    // The result of a join that panics has no owner.
    match catch_unwind(AssertUnwindSafe(|| drop(b(cx)))) {
        Ok(()) => {}
        Err(second) => payload::discard(second),
    }
    payload::resume(panic)
}

/// Offers the second half, as worth taking at once or not, runs the first, and runs or awaits the
/// second.
#[inline(never)]
pub(crate) fn join_offered<A, B, RA, RB>(cx: Context<'_>, is_ripe: bool, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(Context<'_>) -> RA,
    B: FnOnce(Context<'_>) -> RB + Send,
    RB: Send,
{
    let seat = cx.seat();
    let frame = Frame::new(b, &seat.parking, Ticket::of(seat));
    let Some(offer) = seat.offer(frame.shared(), is_ripe) else {
        // SAFETY: no offer stands: the frame is this thread's alone.
        let b = unsafe { frame.take_job() };
        return in_turn(cx, a, b);
    };
    seat.engine().offer_made();
    // No panic leaves this: I1.
    let ra = catch_unwind(AssertUnwindSafe(|| a(cx)));
    if seat.offers.take_back(offer) {
        seat.set_open();
        // SAFETY: the offer was taken back.
        let b = unsafe { frame.take_job() };
        return match ra {
            Ok(ra) => (ra, b(cx)),
            Err(panic) => after_panic(cx, b, panic),
        };
    }
    join_taken(cx, &frame, ra)
}

/// Waits for who took the second half.
#[inline(never)]
fn join_taken<B, RA, RB>(cx: Context<'_>, frame: &Frame<B, RB>, ra: Result<RA, Payload>) -> (RA, RB)
where
    B: FnOnce(Context<'_>) -> RB + Send,
    RB: Send,
{
    wait::for_thief(cx, &frame.header);
    cx.seat().set_open();
    // SAFETY: the wait ends when the latch is done; this is the only call.
    let rb = unsafe { frame.outcome() };
    payload::both(ra, rb)
}

/// Has a worker run `job` while this thread, which has no seat, sleeps at `lobby`.
pub(crate) fn by_worker<B, RB>(lobby: &Parking, job: B, send: impl FnOnce(Stolen)) -> RB
where
    B: FnOnce(Context<'_>) -> RB + Send,
    RB: Send,
{
    let frame = Frame::new(job, lobby, Ticket::NONE);
    send(Stolen(frame.shared()));
    // It has no seat here, but may have one in another pool.
    current::while_blocked(|| wait::asleep(lobby, &frame.header.latch));
    // SAFETY: the latch is done; this is the only call.
    let outcome = unsafe { frame.outcome() };
    match outcome {
        Ok(result) => result,
        Err(panic) => payload::resume(panic),
    }
}
