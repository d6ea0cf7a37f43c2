//! The full pass in slices, beside the program.
//!
//! # Role
//! Finds sets of objects that look dead among all that may be garbage, and hands each to a trial, which decides.
//!
//! # Not here
//! The decision. The program may move a pointer from one value into another between two slices, without a count that changes:
//! nobody is told, so what a pass believes is no proof. It need not be one: the theorem of `trial.rs` holds for any set, and a trial
//! asks the set's values at one time. What is believed wrongly costs that trial and is asked again in the next pass.
//!
//! # Phases
//! | phase | what a slice does |
//! |---|---|
//! | count | asks values for their references, from what may be garbage on, keeps them, and counts those from inside |
//! | find | who has more references than that is met |
//! | mark | who is met meets those that it refers to, by the references that were kept |
//! | group | who was not met joins the set of those that it refers to |
//! | decide | ends the pass for each object; a set that nobody touched goes to a trial |
//! | dispose | gives the pass's own memory back |
//!
//! A reference that goes while others are left meets its object (`TOUCHED`), as the snapshot wants it, and leaves it to the next
//! pass. So what a slice costs depends on [`crate::Limits::trial_objects`], not on how much is alive; what a decision costs depends
//! on how much one set frees.
//!
//! # Invariants
//! - I1: an object in the pass has the flag `IN_PASS` and its number as slot, and is in no list. Whoever drops it takes it out first
//!   (`Ledger::take_out`): entries without an object are of those.
//! - I2: the pass is not borrowed while code of values runs, and nothing is freed while values are asked.

use crate::ledger::{self, Ledger};
use crate::object::Object;
use crate::release;
use crate::rows::Rows;
use crate::trace::{Edge, Tracer};
use crate::trial;
use crate::word::{self, IN_PASS, LENT, TOUCHED};
use alloc::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Count,
    Find,
    Mark,
    Group,
    Decide,
    Dispose,
}

/// What is known of an object.
#[derive(Debug)]
struct Entry {
    object: Option<Object>,
    /// Where its references begin in `edges`; they end where those of the next begin.
    first_edge: usize,
    /// References from inside.
    inside: u32,
    /// Nearer to the first of its set, or itself.
    leader: u32,
    /// The next of its set, in a ring.
    next: u32,
    is_met: bool,
}

/// A pass that is under way.
#[derive(Debug)]
pub(crate) struct Pass {
    phase: Phase,
    entries: Rows<Entry>,
    /// Numbers of objects.
    edges: Rows<u32>,
    /// Met, and their references not followed.
    grey: Rows<u32>,
    /// How far the phase's walk is.
    at: usize,
    /// Objects that were alive when it began.
    live: usize,
    touched: usize,
    freed: usize,
}

/// What is to be decided next.
enum Next {
    /// One object was dealt with.
    Went,
    Set(Vec<Object>),
    Nothing,
}

/// One slice of the pass; begins one where none is under way. Nothing while a collection runs.
pub(crate) fn slice(ledger: &Rc<Ledger>, steps: usize) {
    if ledger.phase.get() != ledger::Phase::Idle {
        return;
    }
    let mut pass = ledger.pass.borrow_mut();
    pass.get_or_insert_with(|| Pass::new(ledger.live()));
    drop(pass);
    ledger.count(|stats| stats.pass_slices += 1);
    let mut left = steps;
    while left > 0 {
        let phase = ledger.pass.borrow().as_ref().map(|pass| pass.phase);
        left = match phase {
            Some(Phase::Count) => count_some(ledger, left),
            Some(Phase::Decide) => decide_some(ledger, left),
            Some(_) => with(ledger, |pass| pass.quiet_some(left)).unwrap_or(0),
            None => break,
        };
        end_if_done(ledger);
    }
    release::drain(ledger);
}

/// Leaves a pass that is under way: all its objects wait for the next.
pub(crate) fn abandon(ledger: &Ledger) {
    let Some(mut pass) = ledger.pass.take() else {
        return;
    };
    while let Some(entry) = pass.entries.pop() {
        if let Some(object) = entry.object {
            object.clear(IN_PASS | TOUCHED);
            ledger.defer(object);
        }
    }
}

fn with<R>(ledger: &Ledger, act: impl FnOnce(&mut Pass) -> R) -> Option<R> {
    ledger.pass.borrow_mut().as_mut().map(act)
}

/// Values are asked; where one panics the pass is over.
struct Asking<'a> {
    ledger: &'a Ledger,
    is_done: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.ledger.phase.set(ledger::Phase::Idle);
        if !self.is_done {
            abandon(self.ledger);
        }
    }
}

fn count_some(ledger: &Ledger, steps: usize) -> usize {
    ledger.phase.set(ledger::Phase::Tracing);
    let mut asking = Asking {
        ledger,
        is_done: false,
    };
    let mut edges = Vec::new();
    let mut left = steps;
    while left > 0 {
        let Some(object) = with(ledger, |pass| pass.next_to_ask(ledger)).flatten() else {
            with(ledger, |pass| pass.enter(Phase::Find));
            break;
        };
        edges.clear();
        object.trace(&mut Tracer::new(&mut edges, ledger, usize::MAX));
        with(ledger, |pass| pass.note(object, &edges, ledger));
        left = left.saturating_sub(1 + edges.len() / 2);
    }
    asking.is_done = true;
    left
}

fn decide_some(ledger: &Rc<Ledger>, steps: usize) -> usize {
    let mut left = steps;
    while left > 0 {
        let next = with(ledger, |pass| pass.next_set(ledger));
        match next.unwrap_or(Next::Nothing) {
            Next::Went => left -= 1,
            Next::Set(set) => {
                left = left.saturating_sub(set.len());
                let freed = trial::decide(ledger, &set);
                with(ledger, |pass| pass.freed += freed);
            }
            Next::Nothing => {
                with(ledger, |pass| pass.enter(Phase::Dispose));
                return left;
            }
        }
    }
    0
}

fn end_if_done(ledger: &Ledger) {
    let is_done = |pass: &mut Pass| pass.phase == Phase::Dispose && pass.entries.len() == 0;
    if with(ledger, is_done) != Some(true) {
        return;
    }
    if let Some(pass) = ledger.pass.take() {
        ledger.count(|stats| {
            stats.full_passes += 1;
            stats.touched_objects += pass.touched as u64;
        });
        ledger.note_full(pass.freed, pass.live.saturating_sub(pass.freed));
    }
}

impl Pass {
    const fn new(live: usize) -> Self {
        Self {
            phase: Phase::Count,
            entries: Rows::new(),
            edges: Rows::new(),
            grey: Rows::new(),
            at: 0,
            live,
            touched: 0,
            freed: 0,
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.at = 0;
        self.touched = self.touched.max(self.entries.len());
    }

    /// The next object whose value is to be asked: one that joined, or one that may be garbage.
    fn next_to_ask(&mut self, ledger: &Ledger) -> Option<Object> {
        loop {
            let first_edge = self.edges.len();
            if let Some(entry) = self.entries.get_mut(self.at) {
                self.at += 1;
                entry.first_edge = first_edge;
                if entry.object.is_some() {
                    return entry.object;
                }
            } else {
                let seed = ledger.next_seed(true)?;
                self.join(seed, ledger);
            }
        }
    }

    fn join(&mut self, object: Object, ledger: &Ledger) {
        ledger.take_out(object);
        object.set(IN_PASS);
        object.set_slot(self.entries.len());
        let number = narrow(self.entries.len());
        self.entries.push(Entry {
            object: Some(object),
            first_edge: 0,
            inside: 0,
            leader: number,
            next: number,
            is_met: false,
        });
    }

    /// Keeps the references of an object that was asked, and counts them.
    fn note(&mut self, object: Object, edges: &[Edge], ledger: &Ledger) {
        if object.word() & LENT != 0 && object.word() & IN_PASS != 0 {
            // It may not be looked at, and is asked again in the next pass.
            object.set(TOUCHED);
            self.meet(object.slot());
        }
        for edge in edges {
            let target = edge.target;
            if target.count() == 0 {
                continue;
            }
            if target.word() & IN_PASS == 0 {
                self.join(target, ledger);
            }
            let number = target.slot();
            if let Some(entry) = self.entries.get_mut(number) {
                entry.inside = entry.inside.saturating_add(1);
                self.edges.push(narrow(number));
            }
        }
    }

    /// It lives, and what it refers to does.
    pub(crate) fn meet(&mut self, number: usize) {
        if let Some(entry) = self.entries.get_mut(number)
            && !entry.is_met
            && entry.object.is_some()
        {
            entry.is_met = true;
            self.grey.push(narrow(number));
        }
    }

    /// An object is about to be dropped.
    pub(crate) fn forget(&mut self, number: usize) {
        if let Some(entry) = self.entries.get_mut(number) {
            entry.object = None;
        }
    }

    /// Where the references of an object are.
    fn edges_of(&self, number: usize) -> core::ops::Range<usize> {
        let first = |number: usize| self.entries.get(number).map(|entry| entry.first_edge);
        let end = self.edges.len();
        first(number).unwrap_or(end)..first(number + 1).unwrap_or(end)
    }

    /// Work that runs no code of values; how many steps are left.
    fn quiet_some(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            let went = match self.phase {
                Phase::Find => self.find_next(),
                Phase::Mark => self.mark_next(),
                Phase::Group => self.group_next(),
                Phase::Dispose => self.dispose_next(),
                Phase::Count | Phase::Decide => return left,
            };
            let Some(went) = went else {
                break;
            };
            left = left.saturating_sub(went);
        }
        left
    }

    fn find_next(&mut self) -> Option<usize> {
        let Some(entry) = self.entries.get(self.at) else {
            self.enter(Phase::Mark);
            return Some(1);
        };
        if let Some(object) = entry.object {
            let count = object.count();
            // One without a reference waits to be dropped as any other does.
            let is_held = count > u64::from(entry.inside) || count == 0;
            if is_held || word::is_stuck(object.word()) {
                self.meet(self.at);
            }
        }
        self.at += 1;
        Some(1)
    }

    fn mark_next(&mut self) -> Option<usize> {
        let Some(number) = self.grey.pop() else {
            self.enter(Phase::Group);
            return Some(1);
        };
        let edges = self.edges_of(number as usize);
        let went = 1 + edges.len() / 2;
        for edge in edges {
            if let Some(&target) = self.edges.get(edge) {
                self.meet(target as usize);
            }
        }
        Some(went)
    }

    fn is_unmet(&self, number: usize) -> bool {
        let entry = self.entries.get(number);
        entry.is_some_and(|entry| !entry.is_met && entry.object.is_some())
    }

    fn group_next(&mut self) -> Option<usize> {
        if self.at >= self.entries.len() {
            self.enter(Phase::Decide);
            return None;
        }
        let number = self.at;
        self.at += 1;
        if !self.is_unmet(number) {
            return Some(1);
        }
        let edges = self.edges_of(number);
        let went = 1 + edges.len();
        for edge in edges {
            if let Some(&target) = self.edges.get(edge)
                && self.is_unmet(target as usize)
            {
                self.unite(narrow(number), target);
            }
        }
        Some(went)
    }

    fn unite(&mut self, one: u32, other: u32) {
        let (one, other) = (self.leader(one), self.leader(other));
        if one == other {
            return;
        }
        let next_of = |pass: &Self, number: u32| pass.entries.get(number as usize).map(|e| e.next);
        let (Some(next_of_one), Some(next_of_other)) = (next_of(self, one), next_of(self, other))
        else {
            return;
        };
        // Two rings become one where their successors are exchanged.
        if let Some(entry) = self.entries.get_mut(one as usize) {
            entry.next = next_of_other;
        }
        if let Some(entry) = self.entries.get_mut(other as usize) {
            entry.next = next_of_one;
            entry.leader = one;
        }
    }

    /// The first of a set; the way there is halved for the next one.
    fn leader(&mut self, number: u32) -> u32 {
        let leader_of = |pass: &Self, number: u32| {
            let entry = pass.entries.get(number as usize);
            entry.map_or(number, |entry| entry.leader)
        };
        let mut at = number;
        loop {
            let leader = leader_of(self, at);
            if leader == at {
                return at;
            }
            let further = leader_of(self, leader);
            if let Some(entry) = self.entries.get_mut(at as usize) {
                entry.leader = further;
            }
            at = further;
        }
    }

    /// Ends the pass for the next object that is in it still, or for its whole set where it was not met.
    fn next_set(&mut self, ledger: &Ledger) -> Next {
        if self.at >= self.entries.len() {
            return Next::Nothing;
        }
        let number = self.at;
        self.at += 1;
        if !self.is_unmet(number) {
            self.leave(number, false, ledger);
            return Next::Went;
        }
        let mut members = vec![number];
        let next_of = |number: usize| self.entries.get(number).map(|entry| entry.next as usize);
        while let Some(next) = members.last().and_then(|last| next_of(*last))
            && next != number
        {
            members.push(next);
        }
        let is_in = |number: &usize| {
            self.entries
                .get(*number)
                .is_some_and(|e| e.object.is_some())
        };
        members.retain(is_in);
        if members.iter().any(|member| !self.is_unmet(*member)) {
            // Somebody was there: all are asked again in the next pass.
            for member in members {
                self.leave(member, true, ledger);
            }
            return Next::Went;
        }
        let take = |number: usize| {
            let object = self.entries.get_mut(number)?.object.take()?;
            object.clear(IN_PASS | TOUCHED);
            Some(object)
        };
        Next::Set(members.into_iter().filter_map(take).collect())
    }

    /// An object that lives leaves the pass, and waits for the next where it was touched.
    fn leave(&mut self, number: usize, is_open: bool, ledger: &Ledger) {
        let taken = self.entries.get_mut(number);
        if let Some(object) = taken.and_then(|entry| entry.object.take()) {
            let is_open = is_open || object.word() & TOUCHED != 0;
            object.clear(IN_PASS | TOUCHED);
            object.set_word(word::aged(object.word()));
            if is_open {
                ledger.defer(object);
            }
        }
    }

    fn dispose_next(&mut self) -> Option<usize> {
        let went = self.grey.pop_piece() || self.edges.pop_piece() || self.entries.pop_piece();
        went.then_some(64)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "lists of four thousand million objects need more memory than there is"
)]
const fn narrow(number: usize) -> u32 {
    number as u32
}
