//! What a scope's threads share.
//!
//! # Role
//! The jobs, the ticket in the pool's queue, and the opener's wait.

use super::{Body, Scope};
use crate::admission::{self, Permit};
use crate::chunk::{Jobs, Lane, Taker};
use crate::context::Context;
use crate::current;
use crate::engine::Engine;
use crate::fiber;
use crate::payload::{self, Payload};
use crate::queue::{Item, Priority, Shared};
use crate::seat::Seat;
use crate::span::{self, SpanContext};
use crate::sync::heavy;
use crate::timeline::SliceKind;
use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::{barrier, clock};
use core::marker::PhantomData;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{self, Poll, Waker};
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A line of memory, in bytes.
const LINE: usize = 64;
/// Jobs that a scope's opener puts in under the lock before it gets a chunk of its own.
const FEW: u64 = 64;

/// What a scope's threads share.
#[repr(C)]
pub(super) struct Work {
    queue: Mutex<Queue>,
    /// The opener sleeps here.
    ended: Condvar,
    panic: Mutex<Option<Payload>>,
    /// The queue changes with each chunk, and with each job of others than the opener; what is below is read
    /// with each job, and lies on another line of memory.
    apart: [u8; LINE],
    /// True while a ticket is in the pool's queue (I2).
    ticketed: AtomicBool,
    /// True while a worker that ran out of jobs looks for more, which is as good as a ticket (I2).
    attended: AtomicBool,
    /// A job with a footprint was spawned.
    pub(super) tagged: AtomicBool,
    pub(super) cancelled: AtomicBool,
    pub(super) engine: Arc<Engine>,
    /// The lane changes with each job that the opener spawns.
    apart_too: [u8; LINE],
    /// Where the opener puts jobs.
    lane: Lane<Job>,
}

/// A job, and what it is for.
pub(super) struct Job {
    pub(super) body: Box<Body<'static>>,
    pub(super) span: SpanContext,
}

pub(super) struct Queue {
    jobs: Jobs<Job>,
    /// Jobs that were added; those of the lane once it is closed.
    pub(super) added: u64,
    /// Jobs that have ended, as far as those who ran them have said.
    ended: u64,
    /// The opener sleeps.
    waiting: bool,
    /// The opener must look anew what it waits for.
    stirred: bool,
    /// Wakes the opener where it waits without a thread.
    alarm: Option<Waker>,
}

impl Queue {
    /// Wakes the opener if it waits without a thread.
    fn rouse(&mut self) {
        // Looked at first: what is not there is not written.
        if self.alarm.is_some()
            && let Some(alarm) = self.alarm.take()
        {
            alarm.wake();
        }
    }

    /// True if all jobs have ended. Only jobs that have not ended add others, and the opener before it
    /// waits.
    fn all_ended(&self) -> bool {
        self.ended == self.added
    }

    /// True while there is nothing to do for the opener, who runs jobs if it is `helping`.
    fn is_quiet(&self, helping: bool) -> bool {
        !(self.stirred || self.all_ended() || helping && self.jobs.has_some())
    }
}

/// A chunk of a scope's jobs that a thread takes some from.
type Chunk = Taker<Job>;

/// What a thread that looks for jobs has done.
#[derive(Default)]
struct Done {
    /// Jobs that it has run since it last said so.
    ended: u64,
    /// The chunk they were of.
    chunk: Option<Chunk>,
}

/// What a thread that looks for jobs finds.
enum Taken {
    /// Some, which others may take, too.
    Chunk(Chunk),
    /// None that waits.
    None,
    /// None, and all have ended.
    End,
}

impl Work {
    pub(super) fn of(engine: Arc<Engine>) -> Self {
        let has_fences = barrier::is_registered();
        Self {
            queue: Mutex::new(Queue {
                jobs: Jobs::new(has_fences),
                added: 0,
                ended: 0,
                waiting: false,
                stirred: false,
                alarm: None,
            }),
            ended: Condvar::new(),
            panic: Mutex::new(None),
            apart: [0; LINE],
            ticketed: AtomicBool::new(false),
            attended: AtomicBool::new(false),
            tagged: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            engine,
            apart_too: [0; LINE],
            lane: Lane::new(has_fences),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code of others runs under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock_panic(&self) -> MutexGuard<'_, Option<Payload>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        // Acquire pairs with the Release in `cancel`.
        self.cancelled.load(Ordering::Acquire)
    }

    pub(super) fn add(self: &Arc<Self>, job: Box<Body<'static>>) {
        let job = Job {
            body: job,
            span: span::current_span(),
        };
        if let Err(job) = self.lane.push(job) {
            self.add_slow(job);
        }
        self.invite();
    }

    /// Adds a job under the lock, or gets room in the lane.
    #[inline(never)]
    fn add_slow(&self, job: Job) {
        let mut queue = self.lock();
        let has_many = queue.added >= FEW;
        let mut left = Some(job);
        if has_many && self.lane.is_mine() {
            queue.jobs.refill(&self.lane);
            left = left.and_then(|job| self.lane.push(job).err());
        }
        let Some(job) = left else { return };
        queue.added += 1;
        queue.jobs.add(job);
        if queue.waiting {
            self.ended.notify_one();
        }
        queue.rouse();
        drop(queue);
        if has_many && !barrier::is_registered() {
            self.engine.want_fences();
        }
    }

    /// The opener spawns no more: from now on it runs jobs, or sleeps and must be woken for them.
    fn close_lane(&self) {
        if self.lane.is_mine() {
            let mut queue = self.lock();
            queue.added += self.lane.close();
            queue.jobs.end_lane();
        }
    }

    /// Puts a ticket in the pool's queue unless one is in.
    fn invite(self: &Arc<Self>) {
        // Relaxed: `help` clears it before it takes the lock of the queue. If that was before this
        // thread's turn with the lock, this sees it cleared; if after, `help` sees the job. Of a job in
        // the lane there was no turn: there the fences of `push` and `look_anew` say the same.
        // `attend` does as `help`.
        if self.ticketed.load(Ordering::Relaxed) || self.attended.load(Ordering::Relaxed) {
            return;
        }
        // Relaxed: as above; the exchange lets one of several put it in.
        if !self.ticketed.swap(true, Ordering::Relaxed) {
            let shared: Arc<dyn Shared> = Arc::clone(self) as Arc<dyn Shared>;
            self.engine.submit(Priority::Normal, Item::Ticket(shared));
        }
    }

    /// Takes the ticket out of the pool's queue once all jobs have ended, lest tickets of scopes that
    /// have ended take the room of jobs.
    pub(super) fn withdraw(self: &Arc<Self>) {
        // Relaxed: every job has ended, as the lock says, and with it whoever added one and its ticket.
        if self.ticketed.load(Ordering::Relaxed) {
            let shared: Arc<dyn Shared> = Arc::clone(self) as Arc<dyn Shared>;
            self.engine.queue.withdraw(Priority::Normal, &shared);
        }
    }

    /// A chunk of jobs, if any waits, for a thread that has `done` so much since it last asked.
    fn take(self: &Arc<Self>, done: Done) -> Taken {
        let mut queue = self.lock();
        queue.ended += done.ended;
        if let Some(chunk) = done.chunk {
            queue.jobs.give_back(chunk);
        }
        let Some((chunk, more)) = queue.jobs.chunk() else {
            return if self.tell_end(&mut queue) {
                Taken::End
            } else {
                Taken::None
            };
        };
        drop(queue);
        if more {
            self.invite();
        }
        Taken::Chunk(chunk)
    }

    /// True if all jobs have ended; wakes the opener then.
    fn tell_end(&self, queue: &mut Queue) -> bool {
        let all = queue.all_ended();
        if all {
            if queue.waiting {
                self.ended.notify_all();
            }
            queue.rouse();
        }
        all
    }

    /// Has the opener look anew what it waits for: from the first tagged job on, it counts as one that
    /// gives nothing back.
    pub(super) fn stir(&self, queue: &mut Queue) {
        queue.stirred = true;
        if queue.waiting {
            self.ended.notify_all();
        }
        queue.rouse();
    }

    /// Looks for more jobs for a moment: where jobs are spawned slower than they run, each would bring a
    /// ticket and a wake. True if some wait.
    fn attend(&self) -> bool {
        // Relaxed, both uses: as in `invite`; one thread is enough.
        if self.attended.swap(true, Ordering::Relaxed) {
            return false;
        }
        let began_ns = clock::monotonic_ns();
        loop {
            for _ in 0..tuning::SPIN_TURNS {
                core::hint::spin_loop();
            }
            let queue = self.lock();
            let is_over = queue.waiting || self.engine.queue.has_some();
            if queue.jobs.has_some() || is_over {
                break;
            }
            drop(queue);
            if clock::monotonic_ns() - began_ns > tuning::ATTEND_NS {
                break;
            }
        }
        self.attended.store(false, Ordering::Relaxed);
        // After the store: whoever adds from now on invites.
        self.look_anew();
        self.lock().jobs.has_some()
    }

    /// For a thread that has cleared a word because of which others did not invite: what it looks at next
    /// has every job that was added before its maker looked at the word.
    fn look_anew(&self) {
        let has_lane = self.lock().jobs.has_lane();
        if has_lane {
            // Pairs with `light` in `Lane::push`. A lane that is opened later is opened after that turn
            // with the lock, and sees the word cleared. Not under the lock: it interrupts other CPUs.
            heavy();
        }
    }

    /// Runs jobs of a chunk until none is left.
    fn run(self: &Arc<Self>, cx: Context<'_>, scope: &Scope<'static>, mut chunk: Chunk) -> Done {
        let turn = || drop(self.lock());
        let mut taken = chunk.take(turn);
        // Once: whoever comes by the ticket finds what is left of the chunk, and invites in turn.
        if chunk.has_more() {
            self.invite();
        }
        let mut ended = 0;
        // Bounded by the chunk.
        while let Some(job) = taken {
            self.settle(cx, scope, job);
            ended += 1;
            taken = chunk.take(turn);
        }
        let chunk = Some(chunk);
        Done { ended, chunk }
    }

    /// Runs or drops one job. The caller says that it has ended.
    #[inline]
    fn settle(&self, cx: Context<'_>, scope: &Scope<'static>, job: Job) {
        let Job { body, span } = job;
        self.during(cx, span, || {
            if self.is_cancelled() {
                drop(body);
            } else {
                body(scope);
            }
        });
    }

    /// As [`settle`](Self::settle), for a job that the gate has let in, with what it has charged.
    pub(super) fn settle_weighed(
        self: &Arc<Self>,
        cx: Context<'_>,
        job: Job,
        permit: Option<Permit>,
    ) {
        let Job { body, span } = job;
        let scope = self.scope();
        self.during(cx, span, || {
            if self.is_cancelled() {
                drop(body);
            } else {
                admission::during(permit.as_ref(), || body(&scope));
            }
        });
        // Whoever learns that the job has ended finds its bytes given back.
        drop(permit);
    }

    /// Does something as a job does: for its span, in the timeline, its panic kept.
    #[inline]
    fn during(&self, cx: Context<'_>, span: SpanContext, what: impl FnOnce()) {
        let outer = span::replace(span);
        let during = cx.seat().during(SliceKind::ScopeJob, 0);
        let ran = catch_unwind(AssertUnwindSafe(what));
        drop(during);
        span::replace(outer);
        if let Err(panic) = ran {
            self.keep_panic(panic);
        }
    }

    /// Keeps the first panic of a job for the scope's owner.
    #[cold]
    pub(super) fn keep_panic(&self, panic: Payload) {
        let mut first = self.lock_panic();
        if first.is_none() {
            *first = Some(panic);
        } else {
            // Its drop is the user's: not under the lock, which it may want.
            drop(first);
            payload::discard(panic);
        }
    }

    /// A job that was in no chunk has run or was dropped.
    pub(super) fn count_ended(&self) {
        let mut queue = self.lock();
        queue.ended += 1;
        self.tell_end(&mut queue);
    }

    /// Runs jobs of this scope until all have ended.
    pub(super) fn finish(self: &Arc<Self>, seat: Option<&Seat>) {
        self.close_lane();
        let scope = self.scope();
        let mut done = Done::default();
        // Bounded by the jobs.
        loop {
            if let Some(seat) = seat {
                match self.take(core::mem::take(&mut done)) {
                    Taken::Chunk(chunk) => {
                        done = self.run(Context::new(seat), &scope, chunk);
                        continue;
                    }
                    Taken::End => return,
                    Taken::None => {}
                }
            } else if self.lock().all_ended() {
                return;
            }
            // Relaxed: see `spawn_with_footprint`.
            let tagged = self.tagged.load(Ordering::Relaxed);
            if tagged
                && let Some(seat) = seat
                && let Some(admitted) = self.engine.admission.take_of(self.address(), &self.engine)
            {
                // What it waits for may have to go beyond the budget: the opener's own job, if it was
                // admitted, gives nothing back meanwhile.
                admission::held(|| admitted.run(Context::new(seat)));
                continue;
            }
            let is_helping = seat.is_some();
            let sleep = || match fiber::drive(|cx| self.poll(cx, is_helping)) {
                Some(()) => {}
                None => self.block(seat),
            };
            if tagged {
                admission::held(sleep);
            } else {
                sleep();
            }
        }
    }

    /// Sleeps while another thread takes this one's place.
    fn block(&self, seat: Option<&Seat>) {
        let _during = seat.map(|seat| {
            seat.counts.waits.up();
            seat.during(SliceKind::Wait, 0)
        });
        current::while_blocked(|| self.sleep(seat.is_some()));
    }

    /// Sleeps until there is a job for who may run it, until all have ended, or until stirred.
    fn sleep(&self, is_helping: bool) {
        let mut queue = self.lock();
        queue.waiting = true;
        while queue.is_quiet(is_helping) {
            queue = self
                .ended
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue.waiting = false;
        queue.stirred = false;
    }

    /// As [`sleep`](Self::sleep), for a fiber.
    fn poll(&self, cx: &task::Context<'_>, is_helping: bool) -> Poll<()> {
        let mut queue = self.lock();
        let is_quiet = queue.is_quiet(is_helping);
        queue.alarm = is_quiet.then(|| cx.waker().clone());
        if is_quiet {
            Poll::Pending
        } else {
            queue.stirred = false;
            Poll::Ready(())
        }
    }

    /// What tells this scope from others.
    pub(super) fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    /// The scope as its jobs see it.
    pub(super) fn scope(self: &Arc<Self>) -> Scope<'static> {
        Scope {
            work: Arc::clone(self),
            marker: PhantomData,
        }
    }
}

impl Shared for Work {
    fn help(self: Arc<Self>, cx: Context<'_>) {
        // Relaxed: the lock orders it (see `invite`).
        self.ticketed.store(false, Ordering::Relaxed);
        self.look_anew();
        let scope = self.scope();
        let mut done = Done::default();
        // Bounded by the jobs of the scope.
        loop {
            done = match self.take(done) {
                Taken::Chunk(chunk) => self.run(cx, &scope, chunk),
                Taken::None | Taken::End if self.attend() => Done::default(),
                Taken::None | Taken::End => return,
            };
        }
    }
}
