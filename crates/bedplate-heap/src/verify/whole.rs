//! The pass over everything.
//!
//! # Role
//! One walk over the slots that says what begins where, one over all references that counts them, one
//! from what is held that says what is reached; then each object is judged.
//!
//! # Cost
//! Each reference is looked at twice, each object three times; two bytes for each two words that are in
//! use. No recursion.

use super::fault::{Misfit, What};
use super::ledger::{Ledger, State};
use super::report::{Report, Scope};
use crate::bits::{high, low};
use crate::header::{self, BUFFERED, DEFERRED, FINALIZER, HAS_WEAK, IN_TRIAL, Kind, LEAF, STICKY};
use crate::slots::{CHUNK, CHUNK_SHIFT};
use crate::{Heap, Value};
use bedplate_os::clock;
use core::time::Duration;

/// A pass under way.
pub(crate) struct Pass<'h> {
    pub(super) heap: &'h Heap,
    pub(super) ledger: Ledger,
    pub(super) report: Report,
    /// Candidates and deferred objects, by their flags.
    pub(super) flagged: [Vec<u32>; 2],
    /// Objects that do not fit, in order: what they hold is not followed.
    misfits: Vec<u32>,
    /// Objects that a collection is freeing and that let go of what they held, in order.
    swept: Vec<u32>,
    /// Those that it is freeing and that hold something still.
    condemned: Vec<u32>,
    /// Objects that are reached and whose references are to be followed.
    open: Vec<u32>,
    /// Objects whose count sticks.
    sticky: Vec<u32>,
    /// Slots that are to have a mark in the end, and do not.
    pub(super) unmarked: usize,
    /// The objects among them.
    unreached: usize,
}

impl Heap {
    /// Compares everything, but for the references that the host counts itself: where a count is
    /// greater than the references that are known, the rest is taken for the host's.
    ///
    /// # Cost
    /// About twice what one walk over all references costs.
    #[must_use]
    pub fn verify(&self) -> Report {
        let pass = Pass::new(self, Scope::Whole);
        pass.run(core::iter::empty())
    }

    /// Compares everything, each count exactly. `held` are the references that the host counts itself,
    /// each as often as it has one: what it took over from makers and [`Heap::retain`] and did not
    /// give away. What it keeps in [`crate::Root`]s the heap knows.
    ///
    /// # Cost
    /// About twice what one walk over all references costs.
    #[must_use]
    pub fn verify_with(&self, held: impl IntoIterator<Item = Value>) -> Report {
        let pass = Pass::new(self, Scope::Exact);
        pass.run(held.into_iter())
    }
}

impl<'h> Pass<'h> {
    pub(crate) fn new(heap: &'h Heap, scope: Scope) -> Self {
        Self {
            heap,
            ledger: Ledger::new(heap.slots.chunks.len() << CHUNK_SHIFT),
            report: Report::new(scope),
            flagged: [Vec::new(), Vec::new()],
            misfits: Vec::new(),
            swept: heap.swept(),
            condemned: Vec::new(),
            open: Vec::new(),
            sticky: Vec::new(),
            unmarked: 0,
            unreached: 0,
        }
    }

    /// The objects that holders lead to, all of them known.
    #[cfg(feature = "inject")]
    pub(super) fn reached(heap: &'h Heap, held: &[Value]) -> Vec<u32> {
        let mut pass = Self::new(heap, Scope::Exact);
        pass.survey();
        pass.each_slot(Self::count_references);
        pass.count_holders(held.iter().copied());
        pass.follow();
        let mut reached = Vec::new();
        pass.each_slot(|pass, at, _| {
            if pass.ledger.state(at) == State::Object && pass.ledger.is_marked(at) {
                reached.push(at);
            }
        });
        reached
    }

    /// A report with all findings.
    pub(crate) fn complete(mut self, held: impl Iterator<Item = Value>) -> Report {
        self.report.keep_all();
        self.run(held)
    }

    fn run(mut self, held: impl Iterator<Item = Value>) -> Report {
        let start = clock::monotonic_ns();
        self.survey();
        self.each_slot(Self::count_references);
        self.count_holders(held);
        self.lead_from_outside();
        self.follow_and_compare();
        if self.unreached > 0 {
            self.compare_others();
            self.follow();
        }
        self.lead_from_candidates();
        self.follow();
        let broken = self.walk_free_lists();
        if self.unmarked > 0 {
            self.each_slot(|pass, at, words| pass.expect_marked(at, words, &broken));
        }
        self.look_at_lists();
        let duration = clock::monotonic_ns().saturating_sub(start);
        self.report.duration = Duration::from_nanos(duration);
        self.report
    }

    pub(super) fn note(&mut self, at: u32, what: What) {
        self.report.note(self.heap, at, what);
    }

    /// Calls for each slot, with its words.
    fn each_slot(&mut self, mut call: impl FnMut(&mut Self, u32, u32)) {
        let slots = &self.heap.slots;
        for chunk in (0_u32..).take(slots.chunks.len()) {
            let (end, words) = slots.row(chunk);
            for at in (chunk * CHUNK..end).step_by(words as usize) {
                call(self, at, words);
            }
        }
    }

    /// Says what begins where.
    fn survey(&mut self) {
        let heap = self.heap;
        let begun = heap.dying.begun.map(|(at, _)| at);
        let dying = || heap.dying.list.iter().copied().chain(begun);
        for at in dying().filter(|at| heap.slots.starting_at(*at).is_some()) {
            self.ledger.set(at, State::Dying);
        }
        self.each_slot(|pass, at, _| {
            let word = heap.words.load(at);
            let (count, kind) = (header::count(word), header::kind(word));
            let state = match (count, kind) {
                _ if heap.is_condemned(word) => State::Dying,
                (0, Kind::Free) if word == 0 && heap.slots.generation(at) == u32::MAX => {
                    State::Shut
                }
                (0, Kind::Free) if word == 0 => State::Free,
                (0, Kind::Buffer) => State::Buffer,
                (0, _) if pass.ledger.state(at) == State::Dying => State::Dying,
                _ => State::Object,
            };
            pass.ledger.set(at, state);
            pass.unmarked += usize::from(!matches!(state, State::Shut | State::Dying));
            if state == State::Object {
                pass.report.objects += 1;
                pass.unreached += 1;
                if count == STICKY {
                    pass.sticky.push(at);
                }
            }
        });
        for place in dying() {
            if !self.ledger.mark(place, State::Dying) {
                self.note(0, What::FreeElsewhere { place });
            }
        }
    }

    /// Counts the references of an object, if it fits. Most objects are small and have no flags.
    fn count_references(&mut self, at: u32, words: u32) {
        let heap = self.heap;
        let word = heap.words.load(at);
        let is_plain = word & (LEAF | BUFFERED | DEFERRED | FINALIZER | IN_TRIAL) == 0;
        if is_plain && header::count(word) > 0 && !heap.is_condemned(word) {
            match (header::kind(word), words) {
                (Kind::Pair, 3) => {
                    self.refer(at, heap.value(at + 1).link());
                    return self.refer(at, heap.value(at + 2).link());
                }
                (Kind::Node, 3) => {
                    let links = heap.words.load(at + 1);
                    self.refer(at, low(links));
                    return self.refer(at, high(links));
                }
                (Kind::Cell, 2) => return self.refer(at, heap.value(at + 1).link()),
                _ => {}
            }
        }
        if matches!(self.ledger.state(at), State::Object | State::Dying) {
            self.count_others(at, words, word);
        }
    }

    fn count_others(&mut self, at: u32, words: u32, word: u64) {
        let heap = self.heap;
        for (flag, list) in [BUFFERED, DEFERRED].into_iter().zip(&mut self.flagged) {
            if word & flag != 0 && header::count(word) > 0 {
                list.push(at);
            }
        }
        let ledger = &mut self.ledger;
        let unmarked = &mut self.unmarked;
        let own = |room| {
            let is_own = ledger.mark(room, State::Buffer);
            *unmarked -= usize::from(is_own);
            is_own
        };
        let layout = heap.layout(at, words, own);
        if let Err(misfit) = layout.and_then(|()| heap.entries_fit(at)) {
            self.misfits.push(at);
            self.note(at, What::Misfit(misfit));
            return;
        }
        if word & FINALIZER != 0 && !heap.finalizers.by_object.contains_key(&at) {
            self.note(at, What::Misfit(Misfit::Finalizer));
        }
        if heap.is_condemned(word) {
            self.refer_outside(at);
            return;
        }
        if let Some(children) = heap.edges_small(at, word) {
            for child in children {
                self.refer(at, child);
            }
            if header::kind(word) == Kind::Weak {
                self.look_at_weak(at);
            }
            return;
        }
        let from = match heap.dying.begun {
            Some((begun, from)) if begun == at => from,
            _ => 0,
        };
        let edges = heap.edges(at);
        for place in from..edges.count() {
            self.refer(at, edges.at(heap, place));
        }
        if header::kind(word) == Kind::Host {
            for child in heap.host_children(at) {
                self.refer(at, child);
            }
        }
    }

    /// Counts what an object that a collection is freeing holds still: what is not garbage, too, unless
    /// it let go of it.
    fn refer_outside(&mut self, at: u32) {
        if self.swept.binary_search(&at).is_ok() {
            return;
        }
        self.condemned.push(at);
        let heap = self.heap;
        heap.each_edge_from(at, heap.swept_up_to(at), |child| {
            if !heap.is_condemned(heap.words.load(child)) {
                self.refer(at, child);
            }
        });
    }

    #[inline]
    fn refer(&mut self, at: u32, child: u32) {
        if child == 0 {
            return;
        }
        self.report.references += 1;
        if !self.ledger.refer(child) {
            self.note(at, What::RefersTo { place: child });
        }
    }

    /// A generation that goes on has its object; none is ahead of its target's. One without a target was
    /// ended by recovery.
    fn look_at_weak(&mut self, at: u32) {
        let word = self.heap.words.load(at + 1);
        if word == 0 {
            return;
        }
        let (place, found) = (low(word), high(word));
        let current = self.heap.slots.generation(place);
        if found > current {
            self.note(at, What::Generation { found, current });
        } else if found == current {
            let word = self.heap.words.load(place);
            let is_object = self.ledger.state(place) == State::Object;
            if !is_object && !self.heap.is_condemned(word) || word & HAS_WEAK == 0 {
                self.note(at, What::TargetGone { place });
            }
        }
    }

    /// Counts the references of roots, finalizers and the host; what they hold is reached.
    fn count_holders(&mut self, held: impl Iterator<Item = Value>) {
        let heap = self.heap;
        for kept in &heap.roots.kept {
            self.hold(kept.value);
        }
        for due in &heap.finalizers.queue {
            self.hold(due.object.into());
            self.hold(due.finalizer);
        }
        let mut finalizers: Vec<_> = heap.finalizers.by_object.iter().collect();
        finalizers.sort_unstable_by_key(|(at, _)| **at);
        for (&at, &finalizer) in finalizers {
            self.hold(finalizer);
            let is_object = self.ledger.state(at) == State::Object;
            if !is_object || heap.words.load(at) & FINALIZER == 0 {
                self.note(at, What::Misfit(Misfit::Finalizer));
            }
        }
        for value in held {
            self.hold(value);
        }
    }

    fn hold(&mut self, value: Value) {
        let place = value.link();
        if place == 0 {
            return;
        }
        self.report.references += 1;
        if self.ledger.refer(place) {
            self.lead(place);
        } else {
            self.note(0, What::HeldPlace { place });
        }
    }

    /// An object is reached.
    #[inline]
    fn lead(&mut self, at: u32) {
        if self.ledger.mark(at, State::Object) {
            self.unmarked -= 1;
            self.unreached -= 1;
            self.open.push(at);
        }
    }

    /// A count that sticks holds its object for ever. Where only a part of the holders is known, what
    /// has more references than are known is held, too.
    fn lead_from_outside(&mut self) {
        for at in core::mem::take(&mut self.sticky) {
            self.lead(at);
        }
        if self.report.scope == Scope::Exact {
            return;
        }
        self.each_slot(|pass, at, _| {
            let count = header::count(pass.heap.words.load(at));
            if count == STICKY || pass.ledger.state(at) != State::Object {
                return;
            }
            let outside = u64::from(count).saturating_sub(pass.ledger.references(at));
            if outside > 0 {
                pass.report.outside += outside;
                pass.lead(at);
            }
        });
    }

    /// Follows what is held to its end, and compares the count of each object that it meets.
    fn follow_and_compare(&mut self) {
        while let Some(at) = self.open.pop() {
            let word = self.heap.words.load(at);
            if !self.ledger.is_as_counted(at, header::count(word)) {
                self.compare_count(at, header::count(word));
            }
            self.lead_from(at, word);
        }
    }

    /// Follows what is reached to its end.
    fn follow(&mut self) {
        while let Some(at) = self.open.pop() {
            self.lead_from(at, self.heap.words.load(at));
        }
    }

    #[inline]
    fn lead_from(&mut self, at: u32, word: u64) {
        let heap = self.heap;
        if !self.misfits.is_empty() && self.misfits.binary_search(&at).is_ok() {
            return;
        }
        match header::kind(word) {
            Kind::Pair => {
                self.lead(heap.value(at + 1).link());
                self.lead(heap.value(at + 2).link());
            }
            Kind::Node => {
                let links = heap.words.load(at + 1);
                self.lead(low(links));
                self.lead(high(links));
            }
            _ => heap.each_edge(at, |child| self.lead(child)),
        }
    }

    /// Compares the counts of what is not held.
    fn compare_others(&mut self) {
        self.each_slot(|pass, at, _| {
            if pass.ledger.state(at) == State::Object && !pass.ledger.is_marked(at) {
                pass.compare_count(at, header::count(pass.heap.words.load(at)));
            }
        });
    }

    /// Compares a count with what was found. What is held too often and not reached is a leak, and what
    /// it holds is a part of that.
    #[cold]
    fn compare_count(&mut self, at: u32, count: u32) {
        let references = self.ledger.references(at);
        if count == 0 {
            self.note(at, What::CountZero { references });
        } else if u64::from(count) == references || count == STICKY {
        } else if u64::from(count) < references {
            self.note(at, What::Counted { count, references });
        } else if self.report.scope == Scope::Exact {
            if self.ledger.is_marked(at) {
                self.note(at, What::Counted { count, references });
            } else {
                self.note(at, What::HeldByNobody { count, references });
                self.lead(at);
            }
        }
    }

    /// What the collector has before it, or is freeing, is no orphan.
    fn lead_from_candidates(&mut self) {
        let flagged = core::mem::take(&mut self.flagged);
        for at in flagged.iter().flatten() {
            self.lead(*at);
        }
        self.flagged = flagged;
        self.open.append(&mut self.condemned);
        let heap = self.heap;
        let begun = heap.dying.begun.map(|(at, _)| at);
        for at in heap.dying.list.iter().copied().chain(begun) {
            if self.ledger.state(at) == State::Dying {
                self.open.push(at);
            }
        }
    }

    /// What has no mark at the end is nobody's.
    fn expect_marked(&mut self, at: u32, words: u32, broken: &[u32]) {
        let state = self.ledger.state(at);
        if matches!(state, State::Shut | State::Nothing | State::Dying) || self.ledger.is_marked(at)
        {
            return;
        }
        match state {
            State::Object => self.note(at, What::Unreached),
            State::Buffer => self.note(at, What::BufferOfNobody),
            // Behind a break in the list, it is not known.
            State::Free if !broken.contains(&words) => self.note(at, What::SlotOfNobody),
            _ => {}
        }
    }
}
