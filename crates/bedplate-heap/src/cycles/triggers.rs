//! When something is due.
//!
//! # Role
//! Candidates start trials, deferred objects trials of their own, and what neither could decide a full
//! pass: when it is much, when the heap has grown, or when memory is short. Whatever starts, the program
//! does one bounded piece of it at a time.
//!
//! # Why no program without cycles pays
//! Trials move their threshold by what they freed of what they touched. Without candidates there are no
//! trials, and nothing moves; without deferred objects only a heap that became four times as large is
//! passed, which is seldom however large it becomes.

use crate::bits::narrow;
use crate::figures::Ticks;
use crate::release::FEW_STEPS;
use crate::slots::CHUNK;
use crate::{Heap, Kind, Limits, Trigger, Work};
use bedplate_os::clock;

/// Objects made between two looks at whether a pass is due.
const TICK_OBJECTS: u64 = 4096;
/// Deferred objects that start trials of their own.
const DEFERRED_TRIAL: usize = 64;
/// How often that doubles while they free nothing.
const DEFERRED_SHIFT_MAX: u32 = 5;
/// So many times its size a heap grows before a pass starts that nothing else asked for.
const UNTOLD: usize = 3;
/// A pass that frees less than one of so many objects was not worth it.
const POOR_YIELD: u64 = 64;

#[derive(Clone, Debug)]
pub(crate) struct Triggers {
    /// Whether the next release that frees or leaves something does a piece of work: where objects wait
    /// to be freed, it is set.
    pub(crate) is_due: bool,
    /// When so many objects were made that the next one does.
    pub(crate) ticks: Ticks,
    /// What a release frees before it looks at the clock.
    pub(crate) few_steps: usize,
    /// The candidates that start a trial.
    candidates: usize,
    /// The deferred objects that start trials of their own.
    deferred: usize,
    deferred_shift: u32,
    /// Words of large objects since the last trial.
    large_words: usize,
    /// References that the program let go since the last slice.
    events: usize,
    /// What objects held when the last pass ended, in bytes.
    base_bytes: usize,
    /// The most objects at a time, as seen now and then.
    most_objects: usize,
    /// How often the greatest growth is doubled.
    growth_shift: u32,
    /// Objects that the pass under way freed.
    pass_freed: u64,
}

impl Triggers {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            is_due: false,
            ticks: Ticks::new(if limits.collect_each > 0 {
                0
            } else {
                idle_tick(limits)
            }),
            few_steps: FEW_STEPS.min(limits.release_steps),
            candidates: limits.candidates_min,
            deferred: DEFERRED_TRIAL,
            deferred_shift: 0,
            large_words: 0,
            events: 0,
            base_bytes: 0,
            most_objects: 0,
            growth_shift: 0,
            pass_freed: 0,
        }
    }

    pub(super) const fn pass_freed(&mut self) {
        self.pass_freed += 1;
    }
}

/// Objects made from one look to the next while no pass is under way.
const fn idle_tick(limits: &Limits) -> u64 {
    match limits.collect_each {
        0 => TICK_OBJECTS,
        each => each as u64,
    }
}

impl Heap {
    /// Sees whether candidates are enough for a trial.
    pub(super) fn look_at_candidates(&mut self) {
        let triggers = &mut self.cycles.triggers;
        if self.cycles.candidates.len() >= triggers.candidates {
            triggers.is_due |= self.limits.automatic;
        }
    }

    /// Sees whether deferred objects are enough for trials of their own.
    pub(super) fn look_at_deferred(&mut self) {
        let triggers = &mut self.cycles.triggers;
        if self.cycles.deferred.len() >= triggers.deferred {
            triggers.is_due |= self.limits.automatic;
        }
    }

    /// The program let a reference go while a pass is under way.
    pub(crate) fn pass_event(&mut self) {
        let triggers = &mut self.cycles.triggers;
        triggers.events += 1;
        if triggers.events >= self.limits.pass_events {
            triggers.is_due |= self.limits.automatic;
        }
    }

    /// One bounded piece of work: what waits to be freed, then what is due of trials and passes.
    #[cold]
    #[inline(never)]
    pub(crate) fn attend(&mut self) {
        let left = self.work_off_steps(self.cycles.triggers.few_steps);
        if left == 0 {
            return self.attend_more();
        }
        self.cycles.triggers.is_due = false;
        if self.limits.automatic {
            self.do_what_is_due::<true>(left);
        }
    }

    #[cold]
    #[inline(never)]
    fn attend_more(&mut self) {
        let left = self.work_off_more();
        if left > 0 {
            self.cycles.triggers.is_due = false;
            if self.limits.automatic {
                self.do_what_is_due::<false>(left);
            }
        }
    }

    /// What is due, and so many steps are left; where they are of the first few, all that come after them
    /// are, too.
    fn do_what_is_due<const OF_FEW: bool>(&mut self, left: usize) {
        let triggers = &mut self.cycles.triggers;
        if self.cycles.candidates.len() >= triggers.candidates {
            self.trial_of_candidates(Trigger::Candidates);
        } else if self.cycles.deferred.len() >= triggers.deferred {
            self.trial_of_deferred(Trigger::Deferred);
        } else if triggers.events >= self.limits.pass_events {
            triggers.events = 0;
            let after_few = self.limits.release_steps - triggers.few_steps;
            let more = if OF_FEW { after_few } else { 0 };
            self.timed_slice(left + more);
        }
        self.look_at_candidates();
        self.look_at_deferred();
        if self.is_dying() {
            self.cycles.triggers.is_due = true;
        }
    }

    /// A trial, and how many candidates start the next: fewer where this was worth it, more where not.
    fn trial_of_candidates(&mut self, why: Trigger) {
        let touched = self.stats.touched_objects;
        let freed = self.timed_trial(false, why) as u64;
        let touched = self.stats.touched_objects - touched;
        let limits = &self.limits;
        let triggers = &mut self.cycles.triggers;
        triggers.large_words = 0;
        let next = if touched == 0 {
            triggers.candidates
        } else if freed * 2 >= touched {
            triggers.candidates * 2 / 3
        } else {
            triggers.candidates.saturating_mul(3) / 2
        };
        triggers.candidates = next.clamp(limits.candidates_min, limits.candidates_max);
    }

    /// Trials of deferred objects: one after the other while they free anything, and seldom where not.
    fn trial_of_deferred(&mut self, why: Trigger) {
        let freed = self.timed_trial(true, why);
        let triggers = &mut self.cycles.triggers;
        if freed > 0 {
            triggers.deferred_shift = 0;
            triggers.deferred = 1;
        } else if !self.cycles.trial.is_spent() {
            let more = DEFERRED_TRIAL << triggers.deferred_shift;
            triggers.deferred = self.cycles.deferred.len() + more;
            triggers.deferred_shift = (triggers.deferred_shift + 1).min(DEFERRED_SHIFT_MAX);
        }
    }

    /// A trial that is timed, and why it is made.
    pub(super) fn timed_trial(&mut self, of_deferred: bool, why: Trigger) -> usize {
        self.stats.began(why);
        let began_ns = clock::monotonic_ns();
        let freed = self.trial(of_deferred);
        self.piece_ended(Work::Trial, began_ns);
        freed
    }

    /// A slice of a pass that is timed, where one is under way: so many steps, and no more than a slice.
    fn timed_slice(&mut self, steps: usize) {
        self.timed_steps(steps.min(self.limits.pass_steps));
    }

    /// So many steps of a pass that are timed, where one is under way.
    pub(super) fn timed_steps(&mut self, steps: usize) {
        if steps > 0 && !self.cycles.pass.is_idle() {
            let began_ns = clock::monotonic_ns();
            self.pass_slice(steps);
            self.piece_ended(Work::Pass, began_ns);
        }
    }

    /// An object of a kind is about to be made, and the kind has made its share of what is made until the
    /// next look.
    #[cold]
    #[inline(never)]
    pub(crate) fn tick(&mut self, kind: Kind) {
        if self
            .cycles
            .triggers
            .ticks
            .is_due(self.stats.allocated_objects())
        {
            self.do_what_ticks_do();
            self.set_tick();
        }
        let made = &self.stats.made;
        let ticks = &mut self.cycles.triggers.ticks;
        if made.of(kind) >= ticks.at(kind) {
            ticks.deal(made, Some(kind));
        }
    }

    fn do_what_ticks_do(&mut self) {
        if self.limits.collect_each > 0 {
            self.collect_because(Trigger::Each);
        } else if self.limits.automatic {
            let few = self.cycles.triggers.few_steps;
            let left = match self.work_off_steps(few) {
                0 => self.work_off_more(),
                left => left + (self.limits.release_steps - few),
            };
            self.begin_pass_if_due();
            self.timed_slice(left);
            self.decay_some();
        }
        self.observe_if_due(clock::monotonic_ns());
    }

    fn set_tick(&mut self) {
        self.note_objects();
        let is_exact = self.limits.collect_each > 0;
        let objects = if self.cycles.pass.is_idle() || is_exact || !self.limits.automatic {
            idle_tick(&self.limits)
        } else {
            self.limits.pass_events as u64
        };
        let ticks = &mut self.cycles.triggers.ticks;
        ticks.set(&self.stats.made, objects, is_exact);
    }

    pub(super) fn begin_pass_if_due(&mut self) {
        if self.cycles.pass.is_idle()
            && let Some(why) = self.pass_due()
        {
            self.stats.began(why);
            self.begin_pass();
        }
    }

    /// Why a pass is due: so much is undecided, or the heap grew by so much, or so little memory is left.
    pub(super) fn pass_due(&self) -> Option<Trigger> {
        if !self.limits.automatic {
            return None;
        }
        let deferred = self.cycles.deferred_count;
        let live = self.stats.live_objects();
        let share = live.saturating_mul(self.limits.deferred_percent as u64) / 100;
        let is_any_undecided = deferred > 0 || !self.cycles.candidates.is_empty();
        if deferred > share.max(self.limits.deferred_min as u64) {
            Some(Trigger::Undecided)
        } else if self.relief.is_asked() {
            Some(Trigger::Relief)
        } else if !self.has_grown(is_any_undecided) {
            None
        } else if is_any_undecided {
            Some(Trigger::Growth)
        } else {
            Some(Trigger::Untold)
        }
    }

    /// Whether the heap grew by what the limits say. Without anything undecided it must have grown to a
    /// multiple: who stores the last reference to an object into the object's own ring makes garbage
    /// that no decrement tells of.
    fn has_grown(&self, is_any_undecided: bool) -> bool {
        let (limits, triggers) = (&self.limits, &self.cycles.triggers);
        let base = triggers.base_bytes;
        let growth = if is_any_undecided {
            let share = (base / 100).saturating_mul(limits.growth_percent);
            let most = limits
                .growth_max_bytes
                .saturating_mul(1 << triggers.growth_shift);
            share.min(most).max(limits.growth_min_bytes)
        } else {
            base.max(limits.growth_min_bytes).saturating_mul(UNTOLD)
        };
        self.held_bytes() > base.saturating_add(growth)
    }

    /// About what objects hold. Chunks stay with their class when their objects go, so what is in
    /// classes counts by the objects that are alive, of as many as there ever were.
    pub(crate) fn held_bytes(&self) -> usize {
        let [classes, spans] = self.slots.chunks_used();
        let live = usize::try_from(self.stats.live_objects()).unwrap_or(usize::MAX);
        let most = self.cycles.triggers.most_objects.max(live).max(1);
        (classes.saturating_mul(live) / most + spans) * CHUNK as usize * 8
    }

    fn note_objects(&mut self) {
        let live = usize::try_from(self.stats.live_objects()).unwrap_or(usize::MAX);
        let most = &mut self.cycles.triggers.most_objects;
        *most = live.max(*most);
    }

    pub(super) fn pass_began(&mut self) {
        self.decay.is_asked = self.relief.is_asked();
        self.relief.answer();
        self.cycles.triggers.pass_freed = 0;
        self.set_tick();
    }

    pub(super) fn pass_ended(&mut self) {
        self.stats.full_passes += 1;
        let freed = self.cycles.triggers.pass_freed;
        self.stats.cycles += u64::from(freed > 0);
        self.observed.pass_ended(freed);
        let base_bytes = self.held_bytes();
        let live = self.stats.live_objects();
        let triggers = &mut self.cycles.triggers;
        triggers.base_bytes = base_bytes;
        triggers.deferred = DEFERRED_TRIAL;
        triggers.growth_shift = if triggers.pass_freed < live / POOR_YIELD {
            (triggers.growth_shift + 1).min(16)
        } else {
            0
        };
        self.trim_after_pass();
        self.set_tick();
    }

    /// Notes that a large object is made, before it is: a trial then frees nothing of the caller's.
    #[cold]
    pub(crate) fn note_large(&mut self, words: u32) {
        self.cycles.triggers.large_words += words as usize;
        let is_much = self.cycles.triggers.large_words >= self.limits.large_bytes / 8;
        if is_much && self.limits.automatic {
            self.cycles.triggers.large_words = 0;
            if !self.cycles.candidates.is_empty() {
                self.trial_of_candidates(Trigger::Large);
            } else if !self.cycles.deferred.is_empty() {
                self.trial_of_deferred(Trigger::Large);
            }
            self.work_off();
        }
    }

    /// What can be done where there is no memory left: everything that is garbage goes. `false` where
    /// that was not allowed, or nothing was there.
    #[cold]
    pub(crate) fn collect_for_room(&mut self) -> bool {
        self.limits.automatic && self.collect_because(Trigger::NoRoom).objects > 0
    }

    /// The candidates that start a trial now.
    #[must_use]
    pub fn candidates_threshold(&self) -> u32 {
        narrow(self.cycles.triggers.candidates)
    }
}
