//! The books of a space: who is a candidate, what is alive, what waits to be dropped.
//!
//! # Invariants
//! - I1: an object with the flag `BUFFERED` stands in `candidates` at its slot, one with `DEFERRED` in `deferred`, one with
//!   `IN_PASS` in the pass; no object has two of them. An object whose last reference goes is taken out first, so that they hold
//!   living objects only.
//! - I2: no list is borrowed while code of values runs.

use crate::limits::Limits;
use crate::object::Object;
use crate::pass::Pass;
use crate::stats::Stats;
use crate::word::{self, BUFFERED, DEFERRED, IN_PASS, TOUCHED};
use core::cell::{Cell, RefCell};

/// Survived so many trials, an object bounds them.
pub(crate) const OLD: u64 = 2;

/// Bytes of new objects for each step of a slice. A pass takes six steps for an object, which takes forty bytes or more: so it is
/// done when a third of what it looks at was made anew, or sooner.
const SLICE_BYTES: usize = 2;

/// What the collector of a space is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    /// Values name their references: nothing is freed.
    Tracing,
    /// Values of a dead cycle are dropped.
    Dropping,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    candidates: RefCell<Vec<Object>>,
    deferred: RefCell<Vec<Object>>,
    /// The full pass that is under way.
    pub(crate) pass: RefCell<Option<Pass>>,
    /// Objects without a reference whose values are to be dropped.
    pub(crate) dying: RefCell<Vec<Object>>,
    /// How deep drops of values are inside each other.
    pub(crate) depth: Cell<u32>,
    pub(crate) phase: Cell<Phase>,
    /// Where references to condemned objects lay that are no more.
    pub(crate) ended: RefCell<Vec<usize>>,
    /// Bytes that may be made before the collector looks again.
    allowance: Cell<i64>,
    /// The new candidates that start a trial.
    threshold: Cell<usize>,
    /// Candidates since the last trial.
    noted: Cell<usize>,
    /// The living objects that start a full pass.
    full_at: Cell<usize>,
    pub(crate) limits: Cell<Limits>,
    pub(crate) stats: Cell<Stats>,
    live: Cell<usize>,
    /// Its space is no more: nobody makes objects, and nobody asks for collections.
    pub(crate) is_closed: Cell<bool>,
}

impl Ledger {
    pub(crate) fn new(limits: Limits) -> Self {
        let limits = limits.bounded();
        Self {
            candidates: RefCell::default(),
            deferred: RefCell::default(),
            pass: RefCell::new(None),
            dying: RefCell::default(),
            depth: Cell::new(0),
            phase: Cell::new(Phase::Idle),
            ended: RefCell::default(),
            allowance: Cell::new(0),
            threshold: Cell::new(limits.candidates_min),
            noted: Cell::new(0),
            full_at: Cell::new(limits.growth_min),
            limits: Cell::new(limits),
            stats: Cell::new(Stats::default()),
            live: Cell::new(0),
            is_closed: Cell::new(false),
        }
    }

    /// New limits; thresholds begin anew.
    pub(crate) fn set_limits(&self, limits: Limits) {
        let limits = limits.bounded();
        self.limits.set(limits);
        self.threshold.set(limits.candidates_min);
        self.full_at.set(limits.growth_min);
        self.allowance.set(0);
    }

    #[inline]
    pub(crate) fn note_made(&self, is_tracked: bool) {
        self.live.set(self.live.get() + usize::from(is_tracked));
    }

    #[inline]
    pub(crate) fn note_gone(&self, is_tracked: bool) {
        self.live.set(self.live.get() - usize::from(is_tracked));
    }

    /// Tracked objects whose value is alive.
    pub(crate) const fn live(&self) -> usize {
        self.live.get()
    }

    /// Candidates, and objects left to a full pass.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.candidates.borrow().len(), self.deferred.borrow().len())
    }

    /// Whether a full pass is under way.
    pub(crate) fn is_passing(&self) -> bool {
        self.pass.borrow().is_some()
    }

    /// An object lives that a pass may think dead.
    #[cold]
    pub(crate) fn meet(&self, object: Object) {
        if let Some(pass) = self.pass.borrow_mut().as_mut() {
            pass.meet(object.slot());
        }
    }

    /// Whether there are so many new candidates that a trial is due; counts anew.
    pub(crate) fn take_due(&self) -> bool {
        let is_due = self.noted.get() >= self.threshold.get();
        if is_due {
            self.noted.set(0);
        }
        is_due
    }

    /// A trial begins: candidates count anew.
    pub(crate) fn count_anew(&self) {
        self.noted.set(0);
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }

    /// Notes that an object lost a reference and has others.
    pub(crate) fn note_candidate(&self, object: Object) {
        if object.word() & IN_PASS != 0 {
            object.set(TOUCHED);
            self.meet(object);
            return;
        }
        if word::age(object.word()) >= OLD {
            self.defer(object);
            return;
        }
        object.set(BUFFERED);
        let mut candidates = self.candidates.borrow_mut();
        object.set_slot(candidates.len());
        candidates.push(object);
        let noted = self.noted.get() + 1;
        self.noted.set(noted);
        if noted >= self.threshold.get() {
            self.allowance.set(0);
        }
    }

    /// Leaves an object to the full pass.
    pub(crate) fn defer(&self, object: Object) {
        object.set(DEFERRED);
        let mut deferred = self.deferred.borrow_mut();
        object.set_slot(deferred.len());
        deferred.push(object);
    }

    /// Takes an object out of the list it is in; which flag it had.
    pub(crate) fn take_out(&self, object: Object) -> u64 {
        if object.word() & IN_PASS != 0 {
            object.clear(IN_PASS | TOUCHED);
            if let Some(pass) = self.pass.borrow_mut().as_mut() {
                pass.forget(object.slot());
            }
            return 0;
        }
        let listed = object.word() & (BUFFERED | DEFERRED);
        let list = match listed {
            0 => return 0,
            BUFFERED => &self.candidates,
            _ => &self.deferred,
        };
        let mut list = list.borrow_mut();
        let slot = object.slot();
        list.swap_remove(slot);
        if let Some(moved) = list.get(slot) {
            moved.set_slot(slot);
        }
        object.clear(listed);
        listed
    }

    /// The next candidate, or one left to the full pass where that is wanted; it stays in its list.
    pub(crate) fn next_seed(&self, is_full: bool) -> Option<Object> {
        let candidate = self.candidates.borrow().last().copied();
        if candidate.is_none() && is_full {
            return self.deferred.borrow().last().copied();
        }
        candidate
    }

    /// Spends bytes of the allowance; whether it is used up.
    #[inline]
    pub(crate) fn spend(&self, bytes: usize) -> bool {
        #[expect(
            clippy::cast_possible_wrap,
            reason = "an object is smaller than half of the address space"
        )]
        let left = self.allowance.get() - bytes as i64;
        self.allowance.set(left);
        left < 0
    }

    /// Gives a new allowance; none where trials free much and candidates are enough for another.
    pub(crate) fn allow(&self, is_worth_it: bool) {
        let limits = self.limits.get();
        let is_due = is_worth_it && self.candidates.borrow().len() >= self.threshold.get();
        let bytes = match (limits.automatic, is_due) {
            (false, _) => usize::MAX,
            (true, true) => 0,
            (true, false) if self.is_passing() => limits.trial_objects.saturating_mul(SLICE_BYTES),
            // As far as the next full pass at most: an object takes forty bytes, or more.
            (true, false) => limits.bytes.min(self.growth_left().saturating_mul(40)),
        };
        self.allowance.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Whether so much more is alive than after the last full pass that another pays.
    pub(crate) fn is_full_due(&self) -> bool {
        self.growth_left() == 0
    }

    /// The objects that may be made alive until a full pass is due.
    fn growth_left(&self) -> usize {
        let live = self.live();
        // Where much was freed by counts the next one comes sooner.
        let most = self.full_at.get().min(self.grown(live, 3));
        self.full_at.set(most);
        most.saturating_sub(live)
    }

    /// So many objects and some times as many, or at least the least growth.
    fn grown(&self, live: usize, times: usize) -> usize {
        let growth = live.saturating_mul(times);
        live.saturating_add(growth.max(self.limits.get().growth_min))
    }

    /// Sets when the next full pass is due: later where this one was not worth it. What was made beside it, and may be garbage,
    /// does not count among those that survived it.
    pub(crate) fn note_full(&self, freed: usize, survived: usize) {
        let survived = survived.min(self.live());
        let times = if freed * 4 >= survived { 1 } else { 3 };
        self.full_at.set(self.grown(survived, times));
    }

    /// More often where it was worth it, less often where not. A program without candidates has no trials, and changes
    /// nothing.
    pub(crate) fn adapt(&self, freed: usize, touched: usize) {
        let threshold = self.threshold.get();
        let next = if touched == 0 {
            threshold
        } else if freed * 2 >= touched {
            threshold * 2 / 3
        } else {
            threshold * 3 / 2 + 1
        };
        let limits = self.limits.get();
        self.threshold
            .set(next.clamp(limits.candidates_min, limits.candidates_max));
    }
}
