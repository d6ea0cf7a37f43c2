//! The life of a worker.
//!
//! # Role
//! Runs jobs of the queue, else halves of joins of others, else sleeps.
//!
//! # Invariants
//! - I1: jobs of the queue are run here and nowhere else: never inside a wait, unless the user's code yields.
//! - I2: no panic of a job ends a worker.

use crate::activity;
use crate::admission::Watch;
use crate::context::Context;
use crate::current;
use crate::engine::Engine;
use crate::fiber::Fibers;
use crate::frame::Stolen;
use crate::hunt::{Catch, Sightings};
use crate::payload;
use crate::queue::Item;
use crate::seat::Seat;
use crate::span;
use crate::timeline::SliceKind;
use crate::tuning;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

/// Works at a seat until the pool stops, nothing waits and nobody works any more.
pub(crate) fn work(engine: &Engine, index: usize) {
    let seat = engine.seat(index);
    current::seated(seat, || work_at(engine, seat));
}

fn work_at(engine: &Engine, seat: &Seat) {
    let mut sightings = Sightings::new(engine, seat.index);
    // The first one: a thread that was started before a later one was set looks where it is bound.
    let mut epoch = 0;
    let mut fibers = Fibers::new(engine);
    loop {
        let latest = engine.shape.epoch();
        if core::mem::replace(&mut epoch, latest) != latest {
            engine.bind(seat);
        }
        // What has begun comes before what has not.
        if fibers.resume_woken(engine, seat) {
            continue;
        }
        if engine.may_run_jobs() && engine.queue.has_some() && run_next(engine, seat, &mut fibers) {
            continue;
        }
        if engine.may_leave() {
            return;
        }
        match sightings.hunt(engine, seat) {
            Catch::Half(stolen) => {
                engaged(engine, || {
                    // Where there was one half there may be more.
                    engine.rouse_hunter();
                    engine.pass_watch();
                    fibers.run(seat, Task::Half(stolen, sightings.last_place()));
                });
            }
            Catch::Job if engine.may_run_jobs() => {}
            Catch::Job | Catch::Nothing => sleep(engine, seat, true),
            Catch::HandedOver => sleep(engine, seat, false),
        }
    }
}

/// What a worker came by.
pub(crate) enum Task {
    /// From the queue.
    Item(Item),
    /// Taken from the thread at this place.
    Half(Stolen, usize),
}

/// Does it. No panic leaves this.
pub(crate) fn perform(seat: &Seat, task: Task) {
    match task {
        Task::Item(item) => run(seat.engine(), seat, item),
        Task::Half(stolen, from) => stolen.run(Context::new(seat), SliceKind::Half, from),
    }
}

/// Counts this thread among those that have work while it does something.
pub(crate) fn engaged<R>(engine: &Engine, work: impl FnOnce() -> R) -> R {
    engine.activity.begin(activity::WORKER);
    let result = work();
    engine.disengage(activity::WORKER);
    result
}

/// Runs the next job of the queue; false if there is none, or if enough threads run. The thread counts
/// before it takes the job: while others may leave, a job is in the queue or with a thread that counts.
///
/// The count that this takes decides, not a look before it, which several may pass at once. Who backs
/// off may have hidden a place from others meanwhile, and looks at the queue itself before it sleeps.
fn run_next(engine: &Engine, seat: &Seat, fibers: &mut Fibers) -> bool {
    let now = engine.activity.begin(activity::WORKER);
    let ran = now.workers <= engine.width() && take_and_run(engine, seat, fibers);
    engine.disengage(activity::WORKER);
    ran
}

fn take_and_run(engine: &Engine, seat: &Seat, fibers: &mut Fibers) -> bool {
    let Some(item) = next(engine, seat) else {
        return false;
    };
    // This may have been the only thread that looked for offers.
    engine.leave_watch_for_job();
    engine.pass_watch();
    fibers.run(seat, Task::Item(item));
    true
}

/// The next job of the queue for the owner of a seat.
fn next(engine: &Engine, seat: &Seat) -> Option<Item> {
    let has_homes = engine.queue.has_homes();
    let node = has_homes.then(|| engine.node_of(seat)).flatten();
    let (item, strays) = engine.queue.pop(node)?;
    if strays {
        seat.counts.strays.up();
    }
    Some(item)
}

/// Runs a job of the queue on a thread that works in the pool and counts already; false if there is none.
pub(crate) fn run_one(engine: &Engine, seat: &Seat) -> bool {
    let item = next(engine, seat);
    let is_some = item.is_some();
    if let Some(item) = item {
        run(engine, seat, item);
    }
    is_some
}

/// Sleeps until woken, unless something came meanwhile that this worker may run; halves only where it
/// `may_hunt`.
fn sleep(engine: &Engine, seat: &Seat, may_hunt: bool) {
    engine.mind_quota();
    engine.mind_fences();
    let ticket = seat.parking.ticket();
    engine.idle.enter(seat.index);
    // An owner may have ended the watch for an offer that was gone when this worker looked: whoever
    // parks last leaves it to the next offer to wake somebody.
    if may_hunt && engine.is_unwatched() {
        engine.fall_asleep();
    }
    let has_job = engine.queue.has_some() && engine.may_run_jobs();
    let has_half = may_hunt && engine.is_unwatched() && engine.may_hunt() && engine.has_offers();
    let mut watch = None;
    if !has_job && !has_half && !seat.home.has_woken() && !engine.may_leave() {
        seat.counts.parks.up();
        watch = engine.admission.watch();
        match &watch {
            None => seat.sleep(SliceKind::Park, ticket, None),
            Some(watch) => keep_watch(seat, ticket, watch),
        }
        engine.note_awake(seat);
    }
    engine.idle.leave(seat.index);
    // Not before: its end wakes a sleeper to watch instead, which must not be this one.
    drop(watch);
}

/// Sleeps, and looks from time to time whether jobs that wait for memory may start, until woken or
/// until they may.
fn keep_watch(seat: &Seat, ticket: u32, watch: &Watch<'_>) {
    // Bounded by the jobs that wait.
    loop {
        seat.sleep(SliceKind::Park, ticket, Some(tuning::ADMISSION_LOOK_NS));
        if seat.parking.ticket() != ticket || !watch.look() {
            return;
        }
    }
}

/// Runs a job of the queue.
fn run(engine: &Engine, seat: &Seat, item: Item) {
    seat.counts.jobs.up();
    if seat
        .counts
        .jobs
        .get()
        .is_multiple_of(tuning::QUOTA_LOOK_JOBS)
    {
        engine.mind_quota();
    }
    // One wake brings the next: whoever takes a job wakes another for those that still wait.
    if engine.queue.has_some() {
        engine.rouse_for_job();
    }
    let cx = Context::new(seat);
    match item {
        Item::Job(job, span) => {
            // A worker has none of its own between jobs; a job that yields has.
            let outer = span::replace(span);
            let during = seat.during(SliceKind::Job, 0);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(cx))) {
                seat.counts.panics.up();
                engine.plan.handlers.report(panic);
            }
            drop(during);
            span::replace(outer);
        }
        Item::Ticket(shared) => {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| shared.help(cx))) {
                payload::discard(panic);
            }
        }
        Item::Brought(stolen) => stolen.run(cx, SliceKind::Job, seat.index),
    }
}
