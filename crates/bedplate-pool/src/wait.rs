//! Waiting for a half that another took.
//!
//! # Role
//! Runs what the thief offers of that very half, else sleeps while another thread takes this one's
//! place.
//!
//! # Invariants
//! - I1: nothing runs inside a wait but descendants of the half that is waited for. An offer of the
//!   thief's that is not older than the half, seen before the latch was seen open, is one: the
//!   thief makes no other offers until it ends the latch.
//!
//! So a lock that is held around a join is only ever wanted by the join's own halves, and the stack
//! grows by descendants, which are fewer at each step.

use crate::context::Context;
use crate::current;
use crate::fiber;
use crate::frame::{Header, Stolen};
use crate::protocol::latch::Latch;
use crate::seat::Seat;
use crate::timeline::SliceKind;
use crate::tuning;
use bedplate_os::clock;
use bedplate_os::lock::Parking;

/// Waits until the frame's half has run.
pub(crate) fn for_thief(cx: Context<'_>, header: &Header) {
    let seat = cx.seat();
    let _during = seat.during(SliceKind::Wait, 0);
    if fiber::wait(seat, &header.latch) {
        return;
    }
    let mut began_ns = clock::monotonic_ns();
    let _account = Account {
        seat,
        began_ns,
        waited_ns: seat.tally.waited_ns(),
    };
    let mut seen = (0, began_ns);
    // Bounded by the time below, anew after each half that was run.
    while !header.latch.is_done() {
        let now_ns = clock::monotonic_ns();
        if let Some((stolen, from)) = leap(cx, header, now_ns, &mut seen) {
            seat.counts.leaps.up();
            stolen.run(cx, SliceKind::Leap, from);
            began_ns = clock::monotonic_ns();
            continue;
        }
        if now_ns - began_ns > tuning::WAIT_SPIN_NS {
            seat.counts.waits.up();
            current::while_blocked(|| asleep(&seat.parking, &header.latch));
            return;
        }
        for _ in 0..tuning::SPIN_TURNS {
            core::hint::spin_loop();
        }
    }
}

/// A wait, put to its seat's account when it ends: a loop's cost is without it.
struct Account<'s> {
    seat: &'s Seat,
    began_ns: u64,
    waited_ns: u64,
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        let took_ns = clock::monotonic_ns() - self.began_ns;
        self.seat.tally.waited(self.waited_ns, took_ns);
    }
}

/// A half of the half that the thief runs, if one has stood long enough, and the thief's place.
/// `seen` is the last one looked at, and since when it stands.
fn leap(
    cx: Context<'_>,
    header: &Header,
    now_ns: u64,
    seen: &mut (u64, u64),
) -> Option<(Stolen, usize)> {
    let engine = cx.seat().engine();
    // A thief that leaves its half to wait goes on with others, whose offers would be taken for
    // that half's.
    if engine.plan.fiber_stack_bytes.is_some() {
        return None;
    }
    let thief = header.thief()?;
    let seat = engine.seat(thief.seat);
    let Some(offer) = seat.offers.oldest(thief.floor) else {
        seat.ask();
        return None;
    };
    if seen.0 != offer.number() {
        *seen = (offer.number(), now_ns);
    }
    // I1: the latch after the offer.
    let is_young = !offer.is_ripe() && now_ns - seen.1 < engine.age_ns();
    if is_young || header.latch.is_done() {
        return None;
    }
    let stolen = seat.offers.take(offer).and_then(Stolen::new)?;
    seat.set_open();
    Some((stolen, thief.seat))
}

/// Sleeps at `place` until the latch is done.
pub(crate) fn asleep(place: &Parking, latch: &Latch) {
    let mut ticket = place.ticket();
    if latch.may_sleep() {
        while !latch.is_done() {
            place.park(ticket, None);
            ticket = place.ticket();
        }
    }
}
