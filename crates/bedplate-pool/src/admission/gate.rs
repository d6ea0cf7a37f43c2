//! Jobs that wait for room, and who may start.
//!
//! # Role
//! A queue by priority, beside the pool's; a ticket in the pool's queue while the next job may start;
//! a look now and then while it may not.
//!
//! # Invariants
//! - I1: `shut` is true exactly while jobs wait and no ticket is in the pool's queue; it is written
//!   under the lock.
//! - I2: a permit's bytes are released before `running` goes down, both before the next decision.
//!
//! # Concurrency
//! One lock around everything that decisions depend on. A decision to wait is safe because whoever
//! ends a job or begins a wait takes the lock after it and decides anew; what happens outside the
//! pool, to the budget or the pressure, is looked at by one sleeping worker.

use super::inside;
use super::line::{Admitted, Line, Waiting};
use super::task::Tagged;
use super::terms::{Ask, Figures, Refusal, Terms};
use crate::context::Context;
use crate::engine::Engine;
use crate::queue::{Item, Shared};
use crate::span;
use crate::tuning;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use bedplate_os::clock;
use core::fmt;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where tagged jobs wait.
pub(crate) struct Gate {
    line: Mutex<Line>,
    /// Jobs that wait.
    waiting: AtomicUsize,
    /// I1.
    shut: AtomicBool,
    /// A sleeping worker looks from time to time.
    watched: AtomicBool,
    engine: Weak<Engine>,
    me: Weak<Self>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate at which nobody waits.
    pub(crate) fn new(terms: Terms, engine: Weak<Engine>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            line: Mutex::new(Line::new(terms)),
            waiting: AtomicUsize::new(0),
            shut: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            engine,
            me: me.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // The only code of others that runs under the lock is a token's and a clock's.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job in. `make` is called only where it is.
    pub(crate) fn submit(
        &self,
        ask: Ask,
        make: impl FnOnce() -> Box<dyn Tagged>,
    ) -> Result<(), Refusal> {
        let Ask {
            bytes,
            priority,
            scope,
            bounded,
        } = ask;
        let is_nested = inside::is_admitted();
        let mut line = self.lock();
        let limit = line.terms.budget.limit_bytes();
        if bytes > limit {
            return Err(Refusal::TooLarge(limit));
        }
        let room = line.terms.room;
        let lane = &mut line.lanes[priority.lane()];
        if bounded && lane.len() >= room {
            return Err(Refusal::Full);
        }
        lane.push_back(Waiting {
            bytes,
            scope,
            narrowed: false,
            task: make(),
            span: span::current_span(),
        });
        line.figures.nested += u64::from(is_nested);
        if line.figures.admitted == 0 {
            line.moved();
        }
        // Release pairs with the Acquire in `has_waiting`.
        self.waiting.fetch_add(1, Ordering::Release);
        drop(line);
        self.call();
        Ok(())
    }

    /// True if jobs wait.
    pub(crate) fn has_waiting(&self) -> bool {
        // Acquire pairs with the Release in `submit` and `take`.
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// How many tagged jobs may run at a time now.
    fn most(&self, workers: usize) -> usize {
        let terms = self.lock().terms.clone();
        // Not under the lock: it may read files.
        terms.narrowing.most(terms.gauge.level(), workers)
    }

    /// Has a worker come by if the next job may start. Called after every change that may let it.
    fn call(&self) {
        // A pool that is gone runs nothing: the jobs are dropped with the gate.
        let (Some(engine), Some(me)) = (self.engine.upgrade(), self.me.upgrade()) else {
            return;
        };
        let most = self.most(engine.width());
        let mut line = self.lock();
        let ticket = if line.ticketed { None } else { line.next(most) };
        line.ticketed |= ticket.is_some();
        let shut = self.note_shut(&line);
        drop(line);
        if let Some(priority) = ticket {
            engine.submit(priority, Item::Ticket(me as Arc<dyn Shared>));
        } else if shut {
            self.see_to_watch(&engine);
        }
    }

    /// I1. Under the lock.
    fn note_shut(&self, line: &Line) -> bool {
        let shut = line.has_waiting() && !line.ticketed;
        // Relaxed: the fence in `see_to_watch` orders it.
        self.shut.store(shut, Ordering::Relaxed);
        shut
    }

    /// Wakes a worker that will look from time to time, if none does.
    fn see_to_watch(&self, engine: &Engine) {
        // Pairs with the fences in `IdleSet::enter`, before `watch` looks at `shut`, and in the drop of
        // a watch: either the other side sees that the gate is shut, or this one that nobody looks.
        fence(Ordering::SeqCst);
        if !self.watched.load(Ordering::Relaxed) {
            engine.rouse_watch();
        }
    }

    /// The next job, if it may start.
    fn take(&self, workers: usize) -> Option<Admitted> {
        let me = self.me.upgrade()?;
        let most = self.most(workers);
        let mut line = self.lock();
        line.ticketed = false;
        let admitted = line
            .front()
            .and_then(|priority| line.admit(&me, priority.lane(), 0, most));
        self.taken(line, admitted)
    }

    /// A job of a scope, if one may start: for its opener, which waits for it.
    pub(crate) fn take_of(&self, scope: usize, engine: &Engine) -> Option<Admitted> {
        if !self.has_waiting() {
            return None;
        }
        let me = self.me.upgrade()?;
        let most = self.most(engine.width());
        let mut line = self.lock();
        if engine.crew.is_forked() {
            // Those that were under way are the parent's, and end for nobody here.
            (line.running, line.held) = (0, 0);
        }
        let of_scope = |lane: &VecDeque<Waiting>| lane.iter().position(|job| job.scope == scope);
        let place = line
            .lanes
            .iter()
            .enumerate()
            .find_map(|(lane, jobs)| of_scope(jobs).map(|at| (lane, at)));
        let admitted = place.and_then(|(lane, at)| line.admit(&me, lane, at, most));
        self.taken(line, admitted)
    }

    fn taken(&self, line: MutexGuard<'_, Line>, admitted: Option<Admitted>) -> Option<Admitted> {
        if admitted.is_some() {
            // Release pairs with the Acquire in `has_waiting`.
            self.waiting.fetch_sub(1, Ordering::Release);
        }
        let shut = self.note_shut(&line);
        drop(line);
        if shut {
            // The next one may fit as well; where it does not, somebody has to look.
            self.call();
        }
        admitted
    }

    /// An admitted job has ended; what it had charged is released already (I2).
    pub(super) fn ended(&self, bytes: u64) {
        let mut line = self.lock();
        line.running = line.running.saturating_sub(1);
        line.figures.bytes = line.figures.bytes.saturating_sub(bytes);
        line.moved();
        drop(line);
        self.call();
    }

    /// An admitted job begins to wait for a tagged one.
    pub(super) fn hold(&self) {
        self.lock().held += 1;
        self.call();
    }

    /// An admitted job has waited.
    pub(super) fn go_on(&self) {
        let mut line = self.lock();
        line.held = line.held.saturating_sub(1);
    }

    /// The right to look from time to time while the gate is shut, if nobody has it.
    pub(crate) fn watch(&self) -> Option<Watch<'_>> {
        // Relaxed: the caller has entered the sleepers, whose fence orders it (see `see_to_watch`).
        let is_wanted =
            self.shut.load(Ordering::Relaxed) && !self.watched.swap(true, Ordering::Relaxed);
        is_wanted.then_some(Watch { gate: self })
    }

    /// True if somebody should look from time to time and nobody does. A hint.
    #[inline]
    pub(crate) fn is_unwatched(&self) -> bool {
        // Relaxed, both: whoever shuts the gate or ends a watch looks for a sleeper with a fence.
        self.shut.load(Ordering::Relaxed) && !self.watched.load(Ordering::Relaxed)
    }

    /// Goes by other terms from now on; those until now are the caller's, to be dropped under no lock:
    /// the end of a monitor joins a thread. Jobs under way keep what they have charged.
    #[must_use = "dropped under no lock"]
    pub(crate) fn set_terms(&self, terms: Terms) -> Terms {
        let before = core::mem::replace(&mut self.lock().terms, terms);
        self.call();
        before
    }

    /// The terms now.
    pub(crate) fn terms(&self) -> Terms {
        self.lock().terms.clone()
    }

    pub(crate) fn figures(&self) -> Figures {
        let line = self.lock();
        Figures {
            waiting: line.lanes.iter().map(|lane| lane.len() as u64).sum(),
            ..line.figures
        }
    }
}

impl Shared for Gate {
    fn help(self: Arc<Self>, cx: Context<'_>) {
        let seat = cx.seat();
        let engine = seat.engine();
        let Some(admitted) = self.take(engine.width()) else {
            return;
        };
        // The others wait for their turns in the pool's queue, where `taken` has put the ticket again.
        // An admitted job that yields to this one gives nothing back before it has ended.
        let run = || inside::held(|| admitted.run(cx));
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            // A job that can panic here is detached: it has no other place for it.
            seat.counts.panics.up();
            engine.plan.handlers.report(panic);
        }
    }
}

/// Looks from time to time, on behalf of all workers.
#[derive(Debug)]
pub(crate) struct Watch<'g> {
    gate: &'g Gate,
}

impl Watch<'_> {
    /// After a nap: has a worker come by if the next job may start, or goes on; false where the gate is
    /// open.
    pub(crate) fn look(&self) -> bool {
        let mut line = self.gate.lock();
        let still_ns = clock::monotonic_ns().saturating_sub(line.moved_ns);
        if line.running > 0 && still_ns > tuning::ADMISSION_STALL_NS && !line.is_stalled {
            line.is_stalled = true;
            line.figures.stalls += 1;
        }
        drop(line);
        self.gate.call();
        self.gate.shut.load(Ordering::Relaxed)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.gate.watched.store(false, Ordering::Relaxed);
        // Pairs with the fence in `see_to_watch`.
        fence(Ordering::SeqCst);
        if self.gate.shut.load(Ordering::Relaxed)
            && let Some(engine) = self.gate.engine.upgrade()
        {
            engine.rouse_watch();
        }
    }
}
