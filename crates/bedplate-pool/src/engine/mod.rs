//! What the threads of a pool share.
//!
//! # Role
//! The seats, who sleeps, who works, what waits; and the decisions whom to wake.
//!
//! # Not here
//! What a worker does in its life (`worker.rs`), threads themselves (`crew.rs`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `watch.rs` | who looks for halves of joins |
//! | `guests.rs` | threads from outside |
//! | `costs.rs` | what sharing costs on this machine |
//! | `figures.rs` | metrics, timeline, the page for readers |
//!
//! # Invariants
//! - I1: a job in the queue is found by a worker: `submit` looks at the counts and the sleepers
//!   after a fence, a worker enters the sleepers with a fence and looks at the queue after.
//! - I2: no more than `width` worker threads run jobs of the queue at a time, but for a moment
//!   after a wait; worker threads hunt for halves of joins only while fewer than `width` threads
//!   run, those from outside among them.
//! - I3: while workers sleep, nobody hunts and a thread may, `asleep` is true: the last worker that
//!   parks or goes off with a job sets it, then looks for offers that stand; an owner that makes an
//!   offer clears it and wakes one. The owner looks without a fence, so that an offer of the same
//!   nanoseconds may go unnoticed: then the owner runs that half itself, and its next offer wakes.
//! - I4: the threads of a pool that stops leave when nothing waits and nobody works. Whoever takes a
//!   job counts as working before the job is out of the queue.
//! - I5: while a job waits and fewer than `width` threads run jobs, `width` threads have not paused, as
//!   far as there are spares: whoever brings a job, or pauses, and finds no sleeper starts one.

mod costs;
mod figures;
mod guests;
mod watch;

use crate::activity::{self, Activity, Step};
use crate::admission::Gate;
use crate::crew::Crew;
use crate::current;
use crate::distance::{Distance, Distances};
use crate::plan::Plan;
use crate::protocol::idle::IdleSet;
use crate::queue::{Item, JobQueue, Priority};
use crate::root::RootPage;
use crate::seat::Seat;
use crate::shape::Shape;
use crate::timeline::{MarkKind, Recorder};
use crate::tuning;
use alloc::sync::{Arc, Weak};
use bedplate_os::clock;
use bedplate_os::lock::Parking;
use bedplate_os::nodes::LogicalNode;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::OnceLock;

/// What the threads of a pool share.
#[derive(Debug)]
pub(crate) struct Engine {
    /// What readers from outside find; gone before what it leads to. `None` where the kernel refused it.
    root: OnceLock<Option<RootPage>>,
    /// Workers, then spares, then guests.
    seats: Box<[Seat]>,
    pub(crate) plan: Plan,
    /// How it runs now.
    pub(crate) shape: Shape,
    pub(crate) crew: Crew,
    pub(crate) idle: IdleSet,
    pub(crate) activity: Activity,
    pub(crate) recorder: Recorder,
    pub(crate) queue: JobQueue,
    /// Jobs that wait for memory.
    pub(crate) admission: Arc<Gate>,
    /// I3.
    asleep: AtomicBool,
    /// Workers that look for halves of joins.
    hunters: AtomicUsize,
    /// Those of them that nap.
    napping: AtomicUsize,
    stopping: AtomicBool,
    /// A worker that goes to sleep should register the process for fences.
    wants_fences: AtomicBool,
    /// Threads of the pool that sleep in a wait or in something that blocks.
    paused: AtomicUsize,
    /// A bit per guest seat that is taken.
    guests: AtomicU64,
    guests_refused: AtomicU64,
    /// Tasks for which there was no stack.
    fibers_failed: AtomicU64,
    /// Sleepers woken.
    wakes: AtomicU64,
    /// Jobs for a node where no thread of it could be chosen.
    unplaced: AtomicU64,
    /// The age in nanoseconds at which an offer is taken.
    age_ns: AtomicU64,
    /// What it takes from waking a worker until it looks for work, in nanoseconds.
    wake_ns: AtomicU64,
    /// Where threads from outside sleep whose job a worker runs.
    pub(crate) lobby: Parking,
    me: Weak<Self>,
}

impl Engine {
    /// An engine without threads.
    pub(crate) fn new(plan: Plan) -> Arc<Self> {
        let threads = plan.width + plan.spares;
        Arc::new_cyclic(|me: &Weak<Self>| {
            // `as_ptr` is where the engine will stand; nobody follows it before it does.
            let at = NonNull::new(me.as_ptr().cast_mut()).unwrap_or(NonNull::dangling());
            let limit = tuning::offers_limit(plan.numbers.width);
            Self {
                root: OnceLock::new(),
                seats: (0..threads + tuning::GUESTS)
                    .map(|index| Seat::new(index, limit, at))
                    .collect(),
                crew: Crew::default(),
                idle: IdleSet::new(threads),
                activity: Activity::default(),
                recorder: Recorder::new(plan.timeline_events),
                queue: JobQueue::new(plan.numbers.terms.room, plan.machinery.distances.nodes()),
                unplaced: AtomicU64::new(0),
                admission: Gate::new(plan.numbers.terms.clone(), me.clone()),
                shape: Shape::new(&plan),
                asleep: AtomicBool::new(true),
                hunters: AtomicUsize::new(0),
                napping: AtomicUsize::new(0),
                stopping: AtomicBool::new(false),
                wants_fences: AtomicBool::new(false),
                paused: AtomicUsize::new(0),
                guests: AtomicU64::new(0),
                guests_refused: AtomicU64::new(0),
                fibers_failed: AtomicU64::new(0),
                wakes: AtomicU64::new(0),
                age_ns: AtomicU64::new(tuning::AGE_MIN_NS),
                wake_ns: AtomicU64::new(tuning::WAKE_NS),
                lobby: Parking::new(),
                me: me.clone(),
                plan,
            }
        })
    }

    /// A counted pointer to it; `None` only while it is dropped.
    pub(crate) fn counted(&self) -> Option<Arc<Self>> {
        self.me.upgrade()
    }

    /// How many workers run at a time.
    #[inline]
    pub(crate) fn width(&self) -> usize {
        self.shape.width()
    }

    /// Seats of workers and spares.
    pub(crate) fn thread_seats(&self) -> usize {
        self.plan.width + self.plan.spares
    }

    pub(crate) fn seat(&self, index: usize) -> &Seat {
        &self.seats[index]
    }

    /// Takes a job in and wakes a worker for it if one sleeps that may run.
    pub(crate) fn submit(&self, priority: Priority, item: Item) {
        self.queue.push(priority, item);
        self.rouse_for_job();
    }

    /// Takes a job in that is better run on a node, and wakes a worker for it: one of the node if one
    /// sleeps, else any. That none could be chosen is counted.
    pub(crate) fn submit_on(&self, node: LogicalNode, item: Item) {
        let is_known = (node.0 as usize) < self.distances().nodes();
        if !is_known {
            // Relaxed: a figure.
            self.unplaced.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(item) = self.queue.push_home(node, item) {
            self.submit(Priority::Normal, item);
            return;
        }
        // Pairs with the fence in `IdleSet::enter` (I1).
        fence(Ordering::SeqCst);
        if !self.may_run_jobs() {
            return;
        }
        let is_home = |index: usize| self.node_of(&self.seats[index]) == Some(node);
        if let Some(index) = self.idle.claim(is_home) {
            if !is_home(index) {
                // Relaxed: a figure.
                self.unplaced.fetch_add(1, Ordering::Relaxed);
            }
            self.wake(Some(index));
        } else {
            self.stand_in();
        }
    }

    /// The node that the owner of a seat is bound to, or was found on.
    pub(crate) fn node_of(&self, seat: &Seat) -> Option<LogicalNode> {
        let cpu = seat.counts.cpu().or_else(|| seat.here());
        self.distances().node(cpu?)
    }

    /// Takes a job in if there is room for it.
    pub(crate) fn submit_bounded(&self, priority: Priority, item: Item) -> Result<(), Item> {
        self.queue.push_bounded(priority, item)?;
        self.rouse_for_job();
        Ok(())
    }

    /// Wakes a worker for a job that waits, if one sleeps that may run.
    pub(crate) fn rouse_for_job(&self) {
        // Pairs with the fence in `IdleSet::enter` (I1).
        fence(Ordering::SeqCst);
        if self.may_run_jobs() && !self.wake_one() {
            self.stand_in();
        }
    }

    /// Starts a spare if so many threads of the pool have paused that fewer than `width` are left, and
    /// fewer run. For a job that finds no sleeper: where a guest filled the place
    /// of a thread that paused, or a sleeper was claimed for two of them, none was started then.
    fn stand_in(&self) {
        // Relaxed: the caller's fence orders it after the job; `pause` counts before its own.
        let paused = self.paused.load(Ordering::Relaxed);
        let wanted = self.width() + paused;
        if self.may_run_jobs()
            && !self.is_over()
            && let Some(place) = self.crew.start_spare(self, wanted)
        {
            current::with_engine(self, |cx| {
                cx.map(|cx| cx.seat().mark(MarkKind::SpareStarted, place as u64))
            });
        }
    }

    /// True once the pool stops and nobody works: its threads end, and no more are started.
    fn is_over(&self) -> bool {
        // Acquire pairs with the Release in `stop`.
        self.stopping.load(Ordering::Acquire) && self.activity.now().engaged == 0
    }

    /// True while fewer than `width` worker threads run.
    pub(crate) fn may_run_jobs(&self) -> bool {
        self.activity.now().workers < self.width()
    }

    /// Wakes a sleeper, if there is one; rather not one that is bound to this CPU or to a guest's,
    /// and rather one of this node.
    fn wake_one(&self) -> bool {
        let here = bedplate_os::affinity::current_cpu();
        let is_liked = |index: usize| {
            let seat = &self.seats[index];
            !seat.is_on(here) && !self.is_crowded(seat) && !self.is_far(here, seat)
        };
        self.wake(self.idle.claim(is_liked))
    }

    /// True if the owner of the seat was last found on another node than a CPU.
    fn is_far(&self, here: Option<u32>, seat: &Seat) -> bool {
        let distances = self.distances();
        !distances.is_flat() && distances.between(here, seat.here()) == Distance::Far
    }

    /// Wakes a sleeper that was claimed.
    fn wake(&self, claimed: Option<usize>) -> bool {
        if let Some(index) = claimed {
            // Relaxed: a figure.
            self.wakes.fetch_add(1, Ordering::Relaxed);
            self.seats[index].note_wake(clock::monotonic_ns());
            self.seats[index].parking.unpark_all();
        }
        claimed.is_some()
    }

    /// Wakes a worker that will look whether jobs that wait for memory may start.
    pub(crate) fn rouse_watch(&self) {
        self.wake_one();
    }

    /// A worker goes off to work that may have been woken to watch: another one does it.
    #[inline]
    pub(crate) fn pass_watch(&self) {
        if self.admission.is_unwatched() && self.idle.any() {
            self.rouse_watch();
        }
    }

    /// Wakes all workers.
    pub(crate) fn wake_all(&self) {
        for seat in self.seats.iter().take(self.thread_seats()) {
            seat.parking.unpark_all();
        }
    }

    /// All seats that may have offers: those of threads, and the guests' that are taken.
    pub(crate) fn seats_at_work(&self) -> impl Iterator<Item = &Seat> {
        // Relaxed: a guest that just came makes an offer later.
        let guests = self.guests.load(Ordering::Relaxed);
        let threads = self.thread_seats();
        let taken =
            move |seat: &&Seat| seat.index < threads || guests >> (seat.index - threads) & 1 == 1;
        self.seats.iter().filter(taken)
    }

    /// How far the machine's CPUs are from each other: as the pool was built.
    pub(crate) fn distances(&self) -> &Distances {
        &self.plan.machinery.distances
    }

    /// Has each thread keep so many offers open.
    pub(crate) fn set_offers_limit(&self, limit: usize) {
        self.seats
            .iter()
            .for_each(|seat| seat.set_offers_limit(limit));
    }

    /// Seats of all kinds.
    pub(crate) fn seat_count(&self) -> usize {
        self.seats.len()
    }

    /// The owner of a seat is about to sleep: another thread takes its place meanwhile. One that is
    /// replaced already, because it sleeps inside something that blocks, is not replaced again.
    pub(crate) fn pause(&self, seat: &Seat) {
        if !seat.pause() {
            return;
        }
        let step = self.runs_as(seat);
        if step == activity::WORKER_RUNS {
            // Relaxed: the fence orders it.
            self.paused.fetch_add(1, Ordering::Relaxed);
        }
        self.activity.end(step);
        // Pairs with the fence in `IdleSet::enter`: a worker that goes to sleep now is found. And with
        // that in `rouse_for_job`: a job that came meanwhile is seen here, or the pause there.
        fence(Ordering::SeqCst);
        let is_wanted = self.may_hunt() || self.queue.has_some() && self.may_run_jobs();
        if is_wanted && !self.wake_one() {
            self.stand_in();
        }
    }

    /// The owner of a seat that was paused runs again.
    pub(crate) fn resume(&self, seat: &Seat) {
        if seat.resume() {
            let step = self.runs_as(seat);
            if step == activity::GUEST_RUNS {
                seat.note_guest(bedplate_os::affinity::current_cpu());
            } else {
                // Relaxed: too many spares cost threads, not jobs.
                self.paused.fetch_sub(1, Ordering::Relaxed);
            }
            self.activity.begin(step);
        }
    }

    /// What the owner of a seat counts as while it runs.
    fn runs_as(&self, seat: &Seat) -> Step {
        if seat.index < self.thread_seats() {
            activity::WORKER_RUNS
        } else {
            activity::GUEST_RUNS
        }
    }

    /// A thread has no more work. The last one of a pool that stops lets the others go.
    pub(crate) fn disengage(&self, step: Step) {
        if self.activity.end(step).engaged == 0 {
            // Pairs with the fence in `stop`: either this sees that the pool stops, or those whom
            // `stop` wakes see that nobody works.
            fence(Ordering::SeqCst);
            if self.may_leave() {
                self.wake_all();
            }
        }
    }

    /// A scope has many jobs, and no fences that one side pays.
    pub(crate) fn want_fences(&self) {
        // Relaxed, here and below: a wish by itself.
        self.wants_fences.store(true, Ordering::Relaxed);
    }

    /// Registers the process for them if that was wished. It takes some milliseconds: for who has nothing
    /// to do.
    pub(crate) fn mind_fences(&self) {
        if self.wants_fences.load(Ordering::Relaxed) {
            self.wants_fences.store(false, Ordering::Relaxed);
            // A kernel that refuses: scopes take their lock for each job, as before.
            let _refused = bedplate_os::barrier::register();
        }
    }

    /// Ends the workers once nothing waits and nobody works any more.
    pub(crate) fn stop(&self) {
        // Release pairs with the Acquire in `may_leave`.
        self.stopping.store(true, Ordering::Release);
        // Pairs with the fences in `IdleSet::enter` and `disengage`.
        fence(Ordering::SeqCst);
        self.wake_all();
    }

    /// True once the pool stops, nothing waits and nobody works: a thread that works may bring more
    /// work, and wait for it.
    pub(crate) fn may_leave(&self) -> bool {
        // Acquire pairs with the Release in `stop`. The count comes last, see `JobQueue::pop_of`.
        self.stopping.load(Ordering::Acquire)
            && !self.admission.has_waiting()
            && !self.queue.has_some()
            && self.activity.now().engaged == 0
    }
}
