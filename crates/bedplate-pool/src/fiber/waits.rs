//! Waiting on a fiber.

use super::run;
use crate::current;
use crate::engine::Engine;
use crate::protocol::latch::Latch;
use crate::seat::Seat;
use crate::timeline::SliceKind;
use crate::tuning;
use alloc::sync::{Arc, Weak};
use alloc::task::Wake;
use core::task::{Context, Poll, Waker};

/// True if the calling thread, the owner of `seat`, runs a fiber that can leave it now. One that is
/// inside something that blocks cannot: its thread does not count as running, and has been replaced.
fn can_leave(seat: &Seat) -> bool {
    seat.home.running() != 0
        && !seat.is_paused()
        && !std::thread::panicking()
        && current::is_only(seat)
}

/// Waits until the latch is done, if the calling thread runs a fiber at `seat` that can leave;
/// else false, and nothing was done.
pub(crate) fn wait(seat: &Seat, latch: &Latch) -> bool {
    if !can_leave(seat) {
        return false;
    }
    for _ in 0..tuning::FIBER_SPINS {
        if latch.is_done() {
            return true;
        }
        core::hint::spin_loop();
    }
    seat.counts.waits.up();
    if latch.may_sleep() {
        // Bounded by the wakes, one of which comes after the end (I5).
        while !latch.is_done() {
            run::leave(seat);
        }
    }
    true
}

/// Waits until `poll` is ready, if the calling thread runs a fiber that can leave; else `None`, and
/// `poll` was not called.
pub(crate) fn drive<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> Option<R> {
    current::with(|cx| {
        let seat = cx?.seat();
        if !can_leave(seat) {
            return None;
        }
        let engine = seat.engine().counted()?;
        let waker = Waker::from(Arc::new(Alarm {
            engine: Arc::downgrade(&engine),
            seat: seat.index,
            fiber: seat.home.running() - 1,
        }));
        drop(engine);
        seat.counts.waits.up();
        let _during = seat.during(SliceKind::Wait, 0);
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(result) = poll(&mut cx) {
                return Some(result);
            }
            // What `poll` called may have changed it.
            if can_leave(seat) {
                run::leave(seat);
            } else {
                std::thread::yield_now();
            }
        }
    })
}

/// Wakes a fiber.
struct Alarm {
    engine: Weak<Engine>,
    seat: usize,
    fiber: u32,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        if let Some(engine) = self.engine.upgrade() {
            let seat = engine.seat(self.seat);
            seat.home.wake(self.fiber);
            seat.parking.unpark_all();
        }
    }
}
