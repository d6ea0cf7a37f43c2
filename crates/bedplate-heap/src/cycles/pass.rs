//! The test of the whole heap, in slices.
//!
//! # Role
//! The theorem of `mod.rs` with all objects as the set that are older than the pass and that the program
//! did not touch since: complete, and no slice is long. Roots need not be known: they are the counts that
//! the heap itself does not explain.
//!
//! # Phases
//! | phase | what a slice does |
//! |---|---|
//! | count | walks over the objects and counts, in their scratch numbers, the references from inside |
//! | find | walks again: who has more references than that is met; scratch numbers are zero again |
//! | mark | follows the references of what was met, until nothing is left and nobody is dying |
//! | finalize | walks, where there are finalizers: who has one and was not met is queued, and met |
//! | mark | as before |
//! | sweep | walks: who was not met is garbage; what it holds outside of the garbage is released |
//! | dispose | gives the memory of the garbage back |
//! | shapes | frees shapes of which the sweep saw no record (`shapes/unused.rs`) |
//!
//! # Why the program may run between slices
//! Let U be the objects that are unmet, and old, when marking ends. None of them lost a reference since
//! it was counted, or was taken out of anything: it would have been met (`colour.rs`). So each reference
//! that was counted for one of U is still there; it comes from an object that was not met either, or
//! marking would have gone on through it, so from one of U. There were as many as the object's count when
//! it was found not to have more. So when counting ended, everything that referred to U was in U:
//! garbage, that nobody could reach since, and whose counts nobody could change. Increments and new
//! references need no notice: they only make counts greater than what was counted.
//!
//! # Invariants
//! - I1: while it counts, and until it found an object, the object's scratch number and `over` together
//!   are the references that were counted. A trial that comes between keeps the number and writes it back.
//! - I2: `begun` is an object whose references up to a place are done; it is looked at again before it is
//!   gone on with, for it may be freed or made anew meanwhile.

use crate::Heap;
use crate::header::{self, FINALIZER, LEAF, QUIET, SCRATCH_MAX, STICKY};
use crate::pile::Pile;
use crate::slots::Walk;
use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use std::collections::HashMap;
use std::panic::{catch_unwind, resume_unwind};

/// What a pass does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Idle,
    Count,
    Find,
    Mark,
    Finalize,
    MarkFinalized,
    Sweep,
    Dispose,
    Shapes,
}

/// A pass that is under way, or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pass {
    pub(crate) phase: Phase,
    pub(super) walk: Walk,
    pub(super) begun: Option<(u32, u32)>,
    /// Met, and their references not followed.
    pub(super) grey: Pile,
    pub(super) garbage: Pile,
    /// To be met before the pass goes on.
    pub(super) opened: RefCell<Vec<u32>>,
    /// References that did not fit into scratch numbers.
    over: HashMap<u32, u32>,
}

impl Pass {
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// Whether the program has to tell what it takes away.
    #[inline]
    pub(crate) const fn is_marking(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Idle | Phase::Sweep | Phase::Dispose | Phase::Shapes
        )
    }

    /// Whether scratch numbers are in use (I1).
    #[inline]
    pub(super) const fn has_scratch(&self) -> bool {
        matches!(self.phase, Phase::Count | Phase::Find)
    }

    /// Takes places where no object is any more out of its lists, and leaves their chunk.
    pub(super) fn forget_places(&mut self, is_gone: impl Fn(u32) -> bool) {
        self.grey.retain(|at| !is_gone(at));
        self.opened.get_mut().retain(|at| !is_gone(*at));
        self.begun = self.begun.filter(|(at, _)| !is_gone(*at));
        self.over.retain(|at, _| !is_gone(*at));
        self.walk.leave(is_gone);
    }

    /// Garbage that it is about to free.
    pub(crate) fn condemned(&self) -> u64 {
        self.garbage.len() as u64
    }

    pub(super) fn begun_at(&self) -> Option<u32> {
        self.begun.map(|(at, _)| at)
    }
}

impl Heap {
    /// Begins a pass, if none is under way.
    pub(crate) fn begin_pass(&mut self) {
        if !self.cycles.pass.is_idle() {
            return;
        }
        self.cycles.colour ^= header::MARK;
        self.cycles.quiet = LEAF;
        self.observed.deferred_then = self.cycles.deferred_count;
        self.cycles.deferred.clear();
        self.cycles.deferred_count = 0;
        self.hosts.pass_begins();
        self.shapes.pass_begins();
        self.next_phase(Phase::Count);
        self.pass_began();
    }

    /// Leaves a pass that is under way, for one who is about to change objects in ways that it could not
    /// know of. One that is freeing garbage is brought to its end.
    ///
    /// # Cost
    /// A walk over all objects.
    pub(crate) fn abandon_pass(&mut self) {
        if !self.cycles.pass.is_marking() {
            return self.finish_pass(Phase::Idle);
        }
        let places: Vec<u32> = self.slots.places().collect();
        // What was deferred when it began is undecided still.
        self.cycles.deferred.clear();
        self.cycles.deferred_count = 0;
        for at in places {
            let word = self.words.load(at);
            if header::count(word) != 0 {
                self.list_if_deferred(at, word);
                let word = word & !header::MARK | self.cycles.colour;
                self.words.store(at, header::with_scratch(word, 0));
            }
        }
        self.cycles.pass.grey.clear();
        self.cycles.pass.opened.take();
        self.cycles.pass.over.clear();
        self.shapes.pass_is_left();
        self.next_phase(Phase::Idle);
        self.pass_ended();
    }

    pub(super) fn next_phase(&mut self, phase: Phase) {
        let pass = &mut self.cycles.pass;
        pass.phase = phase;
        pass.walk = Walk::default();
        pass.begun = None;
        if phase == Phase::Mark {
            pass.over.clear();
        }
        if !pass.is_marking() {
            self.cycles.quiet = QUIET;
        }
    }

    /// One slice: so many objects and references. How many are left of them.
    pub(crate) fn pass_slice(&mut self, steps: usize) -> usize {
        self.pass_slice_until(Phase::Idle, steps)
    }

    /// The same, but no farther than to the beginning of a phase.
    pub(super) fn pass_slice_until(&mut self, until: Phase, steps: usize) -> usize {
        let slice = AssertUnwindSafe(|| self.slice_until(until, steps));
        catch_unwind(slice).unwrap_or_else(|panic| {
            // What an object of the host holds was not followed: what is unmet then is not garbage.
            if self.cycles.pass.is_marking() {
                self.abandon_pass();
            }
            resume_unwind(panic)
        })
    }

    fn slice_until(&mut self, until: Phase, steps: usize) -> usize {
        let mut left = steps;
        self.meet_opened();
        while left > 0 && self.cycles.pass.phase != until {
            left = match self.cycles.pass.phase {
                Phase::Idle => return left,
                Phase::Count => self.count_some(left),
                Phase::Find => self.find_some(left),
                Phase::Mark | Phase::MarkFinalized => self.mark_some(left),
                Phase::Finalize => self.finalize_some(left),
                Phase::Sweep => self.sweep_some(left),
                Phase::Dispose => self.dispose_some(left),
                Phase::Shapes => self.shapes_some(left),
            };
        }
        0
    }

    /// The object to go on with: the one that is begun if it is still what it was, else the next of the
    /// walk.
    pub(super) fn next_unmet(&mut self) -> Option<(u32, u32)> {
        if let Some((at, from)) = self.cycles.pass.begun.take()
            && self.is_unmet(self.words.load(at))
        {
            return Some((at, from));
        }
        let place = self.slots.next_place(&mut self.cycles.pass.walk)?;
        Some((place, 0))
    }

    fn count_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let Some((at, from)) = self.next_unmet() else {
                self.next_phase(Phase::Find);
                return left;
            };
            left -= 1;
            if self.is_unmet(self.words.load(at)) {
                let (next, rest) = self.some_edges(at, from, left, Self::count_inside);
                self.cycles.pass.begun = next.map(|next| (at, next));
                left = rest;
            }
        }
        0
    }

    /// Counts a reference from inside.
    fn count_inside(&mut self, child: u32) {
        let word = self.words.load(child);
        if !self.is_unmet(word) {
            return;
        }
        let inside = header::scratch(word);
        if inside < SCRATCH_MAX {
            let word = header::with_scratch(word, u64::from(inside) + 1);
            self.words.store(child, word);
        } else {
            let over = self.cycles.pass.over.entry(child).or_default();
            *over = over.saturating_add(1);
        }
    }

    fn find_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let Some(at) = self.slots.next_place(&mut self.cycles.pass.walk) else {
                self.next_phase(Phase::Mark);
                return left;
            };
            left -= 1;
            let word = self.words.load(at);
            let mut inside = header::scratch(word);
            if inside != 0 {
                self.words.store(at, header::with_scratch(word, 0));
                if inside == SCRATCH_MAX {
                    let over = self.cycles.pass.over.get(&at).copied();
                    inside = inside.saturating_add(over.unwrap_or(0));
                }
            }
            let count = header::count(word);
            if count > inside || count == STICKY {
                self.found_live(at);
            }
        }
        0
    }

    fn mark_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let begun = self.cycles.pass.begun.take();
            let next = begun.or_else(|| Some((self.cycles.pass.grey.pop()?, 0)));
            let Some((at, from)) = next else {
                // What is dying holds what may live by now in other ways, and tells when it lets go.
                if self.is_dying() {
                    left = self.work_off_steps(left);
                    continue;
                }
                self.next_phase(self.after_marking());
                return left;
            };
            // Freed and made anew, it is met, and what it holds is met to no harm.
            let (next, rest) = self.some_edges(at, from, left - 1, Self::found_live);
            self.cycles.pass.begun = next.map(|next| (at, next));
            left = rest;
        }
        0
    }

    fn after_marking(&self) -> Phase {
        if self.cycles.pass.phase == Phase::Mark && self.finalizers.is_any() {
            Phase::Finalize
        } else {
            Phase::Sweep
        }
    }

    fn finalize_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let Some(at) = self.slots.next_place(&mut self.cycles.pass.walk) else {
                self.next_phase(Phase::MarkFinalized);
                return left;
            };
            left -= 1;
            let word = self.words.load(at);
            if word & FINALIZER != 0 && self.is_unmet(word) {
                self.end_weak(at, word);
                self.keep_place(at);
                self.queue_finalization(at);
            }
        }
        0
    }
}
