//! What the threads of a pool share.
//!
//! # Role
//! The seats, who sleeps, who works, what waits; and the decisions whom to wake.
//!
//! # Not here
//! What a worker does in its life (`worker.rs`), threads themselves (`crew.rs`).
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

use crate::activity::{self, Activity, Step};
use crate::admission::Gate;
use crate::crew::{self, Crew};
use crate::current;
use crate::distance::{Distance, Distances};
use crate::metrics::{Metrics, WorkerMetrics};
use crate::plan::Plan;
use crate::predict;
use crate::protocol::idle::IdleSet;
use crate::queue::{Item, JobQueue, Priority};
use crate::root::{Directions, RootPage};
use crate::seat::Seat;
use crate::shape::Shape;
use crate::timeline::{MarkKind, PlaceKind, Recorder, Timeline};
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

    /// Lets readers from outside find the pool.
    pub(crate) fn show(&self) {
        self.root.get_or_init(|| {
            let word = |word: *const u8| word.expose_provenance() as u64;
            RootPage::make(&Directions {
                name: &self.plan.name,
                workers: self.plan.width,
                spares: self.plan.spares,
                guests: tuning::GUESTS,
                seats: word(self.seats.as_ptr().cast()),
                width: word(core::ptr::from_ref(self.shape.width_word()).cast()),
                working: word(core::ptr::from_ref(self.crew.workers_word()).cast()),
                living: word(core::ptr::from_ref(self.crew.living_word()).cast()),
                started: word(core::ptr::from_ref(self.crew.started_word()).cast()),
                taken: word((&raw const self.guests).cast()),
                queued: word(core::ptr::from_ref(self.queue.count_word()).cast()),
                wakes: word((&raw const self.wakes).cast()),
                forks: crew::forks(),
            })
        });
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

    /// True while fewer threads run than there are workers.
    pub(crate) fn may_hunt(&self) -> bool {
        self.activity.now().running() < self.width()
    }

    /// An offer was made.
    #[inline]
    pub(crate) fn offer_made(&self) {
        // Relaxed: I3.
        if self.asleep.load(Ordering::Relaxed) {
            self.rouse_asleep();
        }
    }

    #[cold]
    #[inline(never)]
    fn rouse_asleep(&self) {
        // Relaxed: whoever clears it wakes.
        if self.asleep.swap(false, Ordering::Relaxed) {
            self.rouse_hunter();
        }
    }

    /// Wakes a worker that may hunt.
    pub(crate) fn rouse_hunter(&self) {
        if self.may_hunt() {
            self.wake_one();
        }
    }

    /// Nobody looks for offers from now on until one is made. The caller looks once more after this.
    pub(crate) fn fall_asleep(&self) {
        // Relaxed: I3.
        self.asleep.store(true, Ordering::Relaxed);
        // The look that follows must not come before the store.
        fence(Ordering::SeqCst);
    }

    /// A thread that is about to do something else sees to it that others look for offers, or that
    /// the next offer wakes somebody who does.
    pub(crate) fn leave_watch(&self) {
        if self.idle.any() && self.is_unwatched() {
            self.fall_asleep();
            if self.may_hunt() && self.has_offers() {
                self.rouse_asleep();
            }
        }
    }

    /// As [`leave_watch`](Self::leave_watch), before a job: where the next offer wakes somebody
    /// anyhow, a job costs no look at the seats.
    pub(crate) fn leave_watch_for_job(&self) {
        // Relaxed: I3.
        if !self.asleep.load(Ordering::Relaxed) {
            self.leave_watch();
        }
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

    /// True if a guest runs on the CPU that the owner of the seat is bound to: what that worker did
    /// would be at the guest's cost, while another CPU is idle.
    pub(crate) fn is_crowded(&self, seat: &Seat) -> bool {
        let Some(cpu) = seat.bound_to() else {
            return false;
        };
        // Relaxed: a hint.
        let mut guests = self.guests.load(Ordering::Relaxed);
        // Bounded by the 64 bits.
        while guests != 0 {
            let guest = &self.seats[self.thread_seats() + guests.trailing_zeros() as usize];
            if guest.has_guest_on(cpu) {
                return true;
            }
            guests &= guests - 1;
        }
        false
    }

    /// Has a worker whose CPU no guest is on look for offers, if one sleeps. The caller does not count
    /// as a hunter any more, and sleeps if this is true: the other one looks at all that stands.
    pub(crate) fn hand_over_hunt(&self) -> bool {
        let is_free = |index: usize| !self.is_crowded(&self.seats[index]);
        self.idle.any() && self.wake(self.idle.claim_only(is_free))
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

    /// Wakes a hunter that naps, unless the next offer wakes somebody anyhow.
    pub(crate) fn rouse_napper(&self) {
        if self.is_asleep() {
            return;
        }
        let is_napping = |index: usize| self.seats[index].is_napping();
        self.wake(self.idle.claim_only(is_napping));
    }

    /// A hunter begins or ends a nap.
    pub(crate) fn note_nap(&self, seat: &Seat, begins: bool) {
        seat.set_napping(begins);
        // Relaxed, both: a hint to whom a wake is worth.
        if begins {
            self.napping.fetch_add(1, Ordering::Relaxed);
        } else {
            self.napping.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// True if nobody looks for offers right now: all workers sleep, work, or nap.
    #[inline]
    pub(crate) fn is_unattended(&self) -> bool {
        // Relaxed, all: a hint.
        let hunters = self.hunters.load(Ordering::Relaxed);
        self.is_asleep() || (hunters > 0 && hunters <= self.napping.load(Ordering::Relaxed))
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

    /// Becomes a hunter, unless there are enough: at most half of the workers look.
    pub(crate) fn hunter(&self) -> Option<Hunter<'_>> {
        // Relaxed: a limit, no order hangs on it.
        let before = self.hunters.fetch_add(1, Ordering::Relaxed);
        let hunter = Hunter { engine: self };
        (before < self.width().div_ceil(2)).then_some(hunter)
    }

    /// True if nobody hunts.
    pub(crate) fn is_unwatched(&self) -> bool {
        // Relaxed: I3.
        self.hunters.load(Ordering::Relaxed) == 0
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

    /// True if an offer stands that somebody could take.
    pub(crate) fn has_offers(&self) -> bool {
        self.seats_at_work()
            .any(|seat| seat.offers.oldest(0).is_some())
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

    /// The age at which an offer is taken, in nanoseconds.
    #[inline]
    pub(crate) fn age_ns(&self) -> u64 {
        // Relaxed: a setting.
        self.age_ns.load(Ordering::Relaxed)
    }

    /// Learns what it cost to take an offer, in nanoseconds.
    pub(crate) fn learn_cost(&self, cost_ns: u64) {
        let wanted = (cost_ns * tuning::AGE_PER_COST).clamp(tuning::AGE_MIN_NS, tuning::AGE_MAX_NS);
        // An eighth of the way. Relaxed: a lost lesson is no loss.
        let now = self.age_ns();
        self.age_ns
            .store(now - now / 8 + wanted / 8, Ordering::Relaxed);
    }

    /// What it costs to share a half with somebody who is awake, in nanoseconds: to find it, to take
    /// it, and to fetch what it works on.
    #[inline]
    pub(crate) fn share_ns(&self) -> u64 {
        (self.age_ns() / tuning::AGE_PER_SHARE).max(tuning::SHARE_MIN_NS)
    }

    /// What it takes from waking a worker until it looks for work, in nanoseconds.
    #[inline]
    pub(crate) fn wake_ns(&self) -> u64 {
        // Relaxed: a figure.
        self.wake_ns.load(Ordering::Relaxed)
    }

    /// The owner of a seat is awake: learns what that took, if somebody woke it.
    pub(crate) fn note_awake(&self, seat: &Seat) {
        let Some(woken_ns) = seat.woken_ns() else {
            return;
        };
        let took_ns = clock::monotonic_ns().saturating_sub(woken_ns);
        let took_ns = took_ns.min(tuning::WAKE_MAX_NS);
        // An eighth of the way. Relaxed: a lost lesson is no loss.
        let now = self.wake_ns();
        self.wake_ns
            .store(now - now / 8 + took_ns / 8, Ordering::Relaxed);
    }

    /// True if workers sleep, none hunts, and the next offer wakes one.
    #[inline]
    pub(crate) fn is_asleep(&self) -> bool {
        // Relaxed: I3.
        self.asleep.load(Ordering::Relaxed)
    }

    /// A guest's seat, if one is free.
    pub(crate) fn guest_seat(&self) -> Option<&Seat> {
        // Relaxed: the exchange decides.
        let mut taken = self.guests.load(Ordering::Relaxed);
        loop {
            let free = (!taken).trailing_zeros();
            if free == 64 {
                // Relaxed: a figure.
                self.guests_refused.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            // Acquire pairs with the Release in `guest_leaves`: the seat's words are the new
            // owner's. Bounded by the other guests that come and go.
            match self.guests.compare_exchange_weak(
                taken,
                taken | 1 << free,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.activity.begin(activity::GUEST);
                    let seat = &self.seats[self.thread_seats() + free as usize];
                    seat.note_guest(bedplate_os::affinity::current_cpu());
                    return Some(seat);
                }
                Err(now) => taken = now,
            }
        }
    }

    /// A guest gives its seat back.
    pub(crate) fn guest_leaves(&self, seat: &Seat) {
        let bit = 1 << (seat.index - self.thread_seats());
        // Release pairs with the Acquire in `guest_seat`.
        self.guests.fetch_and(!bit, Ordering::Release);
        self.disengage(activity::GUEST);
        // Pairs with the fence in `IdleSet::enter`: either a worker on its way to sleep sees that one
        // thread less runs, or it is seen here.
        fence(Ordering::SeqCst);
        // Workers that slept because enough threads ran may hunt now, also for offers that stand.
        self.leave_watch();
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

    pub(crate) fn metrics(&self) -> Metrics {
        let admission = self.admission.figures();
        let (sites, sites_evicted) = predict::sites();
        let mut metrics = Metrics {
            admitted: admission.admitted,
            admission_waiting: admission.waiting,
            admission_narrowed: admission.narrowed,
            admitted_beyond: admission.beyond,
            admission_nested: admission.nested,
            admission_stalls: admission.stalls,
            footprint_bytes: admission.bytes,
            queued: self.queue.count() as u64,
            threads: self.crew.living() as u64,
            spares_failed: self.crew.spares_failed(),
            grown: self.queue.grown(),
            workers: self.width() as u64,
            reconfigured: self.shape.changes(),
            degraded: self.shape.degraded_count() as u64,
            // Relaxed, both: figures.
            wakes: self.wakes.load(Ordering::Relaxed),
            guests_refused: self.guests_refused.load(Ordering::Relaxed),
            fibers_failed: self.fibers_failed.load(Ordering::Relaxed),
            hidden: u64::from(self.root.get().is_none_or(Option::is_none)),
            sites,
            sites_evicted,
            unplaced: self.unplaced.load(Ordering::Relaxed),
            ..Metrics::default()
        };
        let now_ns = clock::monotonic_ns();
        for seat in &self.seats {
            metrics.add(&seat.counts, now_ns);
        }
        metrics
    }

    /// There was no stack for a fiber.
    #[cfg(feature = "fibers")]
    pub(crate) fn count_fiber_failed(&self) {
        // Relaxed: a figure.
        self.fibers_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// What happened at each place that a thread ever had.
    pub(crate) fn worker_metrics(&self) -> Vec<WorkerMetrics> {
        let now_ns = clock::monotonic_ns();
        let seats = self.seats.iter().map(|seat| {
            let (kind, name) = self.place(seat.index);
            let is_owned = self.is_owned(seat.index);
            WorkerMetrics::of((seat.index, kind, name), is_owned, &seat.counts, now_ns)
        });
        seats.filter(|metrics| !metrics.is_untouched()).collect()
    }

    /// True if a thread has the place now.
    fn is_owned(&self, index: usize) -> bool {
        if index < self.thread_seats() {
            return if index < self.plan.width {
                index < self.crew.workers_started()
            } else {
                index < self.plan.width + self.crew.spares_started()
            };
        }
        // Relaxed: a figure.
        self.guests.load(Ordering::Relaxed) >> (index - self.thread_seats()) & 1 == 1
    }

    /// Whose a place is, and what to call it.
    fn place(&self, index: usize) -> (PlaceKind, String) {
        if index < self.plan.width {
            (PlaceKind::Worker, self.plan.thread_name(index))
        } else if index < self.thread_seats() {
            (PlaceKind::Spare, self.plan.thread_name(index))
        } else {
            let guest = index - self.thread_seats();
            (PlaceKind::Guest, format!("guest {guest}"))
        }
    }

    pub(crate) fn start_timeline(&self) {
        self.recorder.start(&self.seats);
    }

    pub(crate) fn take_timeline(&self) -> Timeline {
        self.recorder
            .take(&self.plan.name, &self.seats, |index| self.place(index))
    }
}

/// A worker that looks for halves of joins.
#[derive(Debug)]
pub(crate) struct Hunter<'e> {
    engine: &'e Engine,
}

impl Drop for Hunter<'_> {
    fn drop(&mut self) {
        // Relaxed: as in `hunter`.
        self.engine.hunters.fetch_sub(1, Ordering::Relaxed);
    }
}
