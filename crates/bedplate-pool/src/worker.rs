//! The life of a worker.
//!
//! # Role
//! Runs jobs of the queue, else halves of joins of others, else sleeps.
//!
//! # Invariants
//! - I1: jobs of the queue are run here and nowhere else: never inside a wait.
//! - I2: no panic of a job ends a worker.

use crate::activity;
use crate::context::Context;
use crate::current::Seated;
use crate::engine::Engine;
use crate::hunt::{Catch, Sightings};
use crate::payload;
use crate::queue::Item;
use crate::seat::Seat;
use crate::tuning;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

/// Works at a seat until the pool stops and nothing waits any more.
pub(crate) fn work(engine: &Engine, index: usize) {
    let seat = engine.seat(index);
    let _seated = Seated::at(seat);
    let mut sightings = Sightings::new(engine, index);
    loop {
        if engine.may_run_jobs()
            && let Some(item) = engine.queue.pop()
        {
            engaged(engine, || {
                // It may have been the only one that looked for offers.
                engine.leave_watch_for_job();
                run(engine, seat, item);
            });
            continue;
        }
        if engine.is_stopping() && !engine.queue.has_some() {
            return;
        }
        match sightings.hunt(engine, seat) {
            Catch::Half(stolen) => {
                engaged(engine, || {
                    // Where there was one half there may be more.
                    engine.rouse_hunter();
                    stolen.run(Context::new(seat));
                });
            }
            Catch::Job if engine.may_run_jobs() => {}
            Catch::Job | Catch::Nothing => sleep(engine, seat),
        }
    }
}

/// Counts this thread among those that have work while it does something.
fn engaged(engine: &Engine, work: impl FnOnce()) {
    engine.activity.begin(activity::WORKER);
    work();
    engine.activity.end(activity::WORKER);
}

/// Sleeps until woken, unless something came meanwhile that this worker may run.
fn sleep(engine: &Engine, seat: &Seat) {
    let ticket = seat.parking.ticket();
    engine.idle.enter(seat.index);
    // An owner may have ended the watch for an offer that was gone when this worker looked: whoever
    // parks last leaves it to the next offer to wake somebody.
    if engine.is_unwatched() {
        engine.fall_asleep();
    }
    let has_job = engine.queue.has_some() && engine.may_run_jobs();
    let has_half = engine.is_unwatched() && engine.may_hunt() && engine.has_offers();
    if engine.is_stopping() {
        // What waits is for workers that run: look again soon.
        if engine.queue.has_some() && !has_job {
            seat.parking.park(ticket, Some(tuning::NAP_LAST_NS));
        }
    } else if !has_job && !has_half {
        seat.counts.parks.up();
        seat.parking.park(ticket, None);
    }
    engine.idle.leave(seat.index);
}

/// Runs a job of the queue.
fn run(engine: &Engine, seat: &Seat, item: Item) {
    seat.counts.jobs.up();
    // One wake brings the next: whoever takes a job wakes another for those that still wait.
    if engine.queue.has_some() {
        engine.rouse_for_job();
    }
    let cx = Context::new(seat);
    match item {
        Item::Job(job) => {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(cx))) {
                seat.counts.panics.up();
                engine.plan.handlers.report(panic);
            }
        }
        Item::Ticket(shared) => {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| shared.help(cx))) {
                payload::discard(panic);
            }
        }
        Item::Brought(stolen) => stolen.run(cx),
    }
}
