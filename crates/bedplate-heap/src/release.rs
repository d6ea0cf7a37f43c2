//! What happens when counts reach zero.
//!
//! # Role
//! Frees objects and what only they held by a list of work: no recursion, so many steps at a time.
//!
//! # Invariants
//! - I1: an object in the list has count zero and is disposed of once.
//! - I2: weak references to it are dead from the moment when its count is zero.

use crate::bits::{high, low};
use crate::header::{self, FINALIZER, HAS_WEAK, IN_TRIAL, Kind, ONE};
use crate::pile::Pile;
use crate::slots::Slots;
use crate::{Heap, HostObject, Value, Work};
use bedplate_os::clock;

/// What is freed without a look at the clock.
pub(crate) const FEW_STEPS: usize = 128;
/// An object and its two references.
const SMALL_STEPS: usize = 3;
const CELL: usize = Slots::class(2);
const PAIR: usize = Slots::class(3);

/// Objects whose count is zero and whose references are still to be released.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dying {
    pub(crate) list: Pile,
    /// The one whose references were released up to a place.
    pub(crate) begun: Option<(u32, u32)>,
}

impl Heap {
    /// A release that is not a plain difference: the last, a stuck count, or one too many.
    #[inline(never)]
    pub(crate) fn release_slow(&mut self, at: u32, word: u64) {
        if header::is_last_plain(word, Kind::Cell) {
            let held = self.value_near::<1>(at);
            self.give_plain(Kind::Cell, CELL, at);
            if held.is_object() {
                return self.release_held(held.place(), 0);
            }
            self.attend_if_due();
        } else if header::is_last_plain(word, Kind::Node) {
            let links = self.words.load_near::<1>(at);
            self.give_plain(Kind::Node, PAIR, at);
            if links != 0 {
                return self.release_held(low(links), high(links));
            }
            self.attend_if_due();
        } else if header::is_last_plain(word, Kind::Pair) {
            let (first, second) = (self.value_near::<1>(at), self.value_near::<2>(at));
            self.give_plain(Kind::Pair, PAIR, at);
            if first.is_object() || second.is_object() {
                return self.release_held(first.link(), second.link());
            }
            self.attend_if_due();
        } else {
            self.release_other(at, word);
        }
    }

    /// Gives a slot of a class back whose object held nothing that is still to be released.
    #[inline]
    fn give_plain(&mut self, kind: Kind, class: usize, at: u32) {
        self.stats.freed.add(kind);
        self.slots.give_slot(&mut self.words, class, at);
    }

    #[inline]
    fn attend_if_due(&mut self) {
        if self.cycles.triggers.is_due {
            self.attend();
        }
    }

    /// Releases what a small object held that is freed.
    #[inline(never)]
    fn release_held(&mut self, first: u32, second: u32) {
        if first != 0 {
            self.release_child(first);
        }
        if second != 0 {
            self.release_child(second);
        }
        self.attend_if_due();
    }

    #[inline(never)]
    fn release_other(&mut self, at: u32, word: u64) {
        if !header::is_single(word) {
            if header::count(word) == 0 {
                self.stats.underflows += 1;
            }
            return;
        }
        if self.dies(at, word) {
            self.push_dying(at);
        }
        self.attend_if_due();
    }

    /// Puts an object into the list, and sees to it that it is worked off.
    #[inline]
    fn push_dying(&mut self, at: u32) {
        self.dying.list.push(at);
        self.cycles.triggers.is_due = true;
    }

    /// The last reference to an object goes. Whether it dies now: it may be finalized first.
    #[inline]
    fn dies(&mut self, at: u32, word: u64) -> bool {
        if word & (FINALIZER | HAS_WEAK) != 0 {
            self.end_weak(at, word);
            if word & FINALIZER != 0 {
                // The reference is the finalization's now.
                self.queue_finalization(at);
                return false;
            }
        }
        self.words.store(at, word - ONE);
        true
    }

    /// Ends the weak references to an object.
    pub(crate) fn end_weak(&mut self, at: u32, word: u64) {
        if word & HAS_WEAK != 0 {
            self.slots.end_generation(at);
        }
    }

    /// An object that is no more held a reference to this one. Whether it dies for it; who asked then
    /// puts it into the list or frees it.
    #[inline]
    fn lose(&mut self, at: u32) -> bool {
        let word = self.words.load(at);
        let less = word.wrapping_sub(ONE);
        if header::has_left(less) {
            self.words.store(at, less);
            if word & self.cycles.quiet == 0 {
                self.note_loss(at);
            }
            return false;
        }
        self.lose_last(at, word)
    }

    #[inline]
    fn lose_last(&mut self, at: u32, word: u64) -> bool {
        if header::is_single(word) {
            return self.dies(at, word);
        }
        if header::count(word) == 0 {
            self.stats.underflows += 1;
        }
        false
    }

    /// Releases a reference that a dying object held.
    pub(crate) fn release_child(&mut self, at: u32) {
        if self.lose(at) {
            self.push_dying(at);
        }
    }

    /// Works off the list, as many steps as the limits say.
    #[cold]
    #[inline(never)]
    pub(crate) fn work_off(&mut self) {
        if self.work_off_steps(self.cycles.triggers.few_steps) == 0 {
            self.work_off_more();
        }
    }

    /// What is left of it after the first few steps, which is timed. How many steps are left.
    #[cold]
    pub(crate) fn work_off_more(&mut self) -> usize {
        let steps = self.limits.release_steps - self.cycles.triggers.few_steps;
        if steps == 0 || !self.is_dying() {
            return steps;
        }
        let began_ns = clock::monotonic_ns();
        let left = self.work_off_steps(steps);
        self.piece_ended(Work::Release, began_ns);
        left
    }

    /// Works off the whole list.
    pub(crate) fn work_off_all(&mut self) {
        while self.is_dying() {
            self.work_off_steps(usize::MAX);
        }
    }

    /// Whether objects wait to be freed.
    #[inline]
    pub(crate) const fn is_dying(&self) -> bool {
        !self.dying.list.is_empty() || self.dying.begun.is_some()
    }

    /// Works off the list in so many steps; how many are left of them.
    pub(crate) fn work_off_steps(&mut self, steps: usize) -> usize {
        let mut left = steps;
        while left > 0 {
            if let Some((at, from)) = self.dying.begun.take() {
                left = self.release_children(at, from, left);
                continue;
            }
            let Some(at) = self.dying.list.pop() else {
                return left;
            };
            left = self.free_from(at, left);
        }
        0
    }

    /// Frees an object of the list, and what dies by it for as long as that is one chain of small ones.
    fn free_from(&mut self, first: u32, steps: usize) -> usize {
        let (mut at, mut left) = (first, steps);
        loop {
            let word = self.words.load(at);
            let children = match self.edges_small(at, word) {
                Some(children) if word & HAS_WEAK == 0 => children,
                _ => return self.release_children(at, 0, left),
            };
            left = left.saturating_sub(SMALL_STEPS);
            self.give_small(at, word);
            let [first, second] = children;
            let first_dies = first != 0 && self.lose(first);
            let second_dies = second != 0 && self.lose(second);
            at = match (first_dies, second_dies) {
                (true, true) => {
                    self.dying.list.push(second);
                    first
                }
                (true, false) => first,
                (false, true) => second,
                (false, false) => return left,
            };
            if left == 0 {
                self.dying.list.push(at);
                return 0;
            }
        }
    }

    /// Gives the slot of a small object back, which has no weak references.
    #[inline]
    fn give_small(&mut self, at: u32, word: u64) {
        let kind = header::kind(word);
        self.stats.freed.add(kind);
        match kind {
            Kind::Pair | Kind::Node => self.slots.give_slot(&mut self.words, PAIR, at),
            Kind::Cell | Kind::Integer | Kind::Weak => {
                self.slots.give_slot(&mut self.words, CELL, at);
            }
            _ => self.give_place(at),
        }
    }

    /// Releases the references of a dying object from a place on, and disposes of it at the end.
    #[inline(always)]
    fn release_children(&mut self, at: u32, from: u32, steps: usize) -> usize {
        if header::is_of(self.words.load(at), Kind::Host) {
            return self.release_host(at, steps);
        }
        let (next, left) = self.some_edges(at, from, steps.saturating_sub(1), Self::release_child);
        match next {
            Some(next) => self.dying.begun = Some((at, next)),
            None => self.dispose(at),
        }
        left
    }

    /// The same for an object of the host, at once.
    #[cold]
    #[inline(never)]
    fn release_host(&mut self, at: u32, steps: usize) -> usize {
        let steps = steps.saturating_sub(1);
        let (_, left) = self.some_last_edges(at, 0, steps, Self::release_child);
        let host = self.dispose_all_but_host(at);
        self.end_hosts(host);
        left
    }

    /// Gives an object's memory back. Its references are released.
    fn dispose(&mut self, at: u32) {
        drop(self.dispose_all_but_host(at));
    }

    /// The same, but for the host's part: its destructor may panic, so the caller drops it when nothing
    /// is left to do.
    #[must_use]
    pub(crate) fn dispose_all_but_host(&mut self, at: u32) -> Option<Box<dyn HostObject>> {
        let mut host = None;
        let word = self.words.load(at);
        let kind = header::kind(word);
        match kind {
            Kind::Array | Kind::Table => {
                let buffers = [low(self.words.load(at + 2)), self.other_buffer(at)];
                buffers
                    .into_iter()
                    .for_each(|buffer| self.give_buffer(buffer));
            }
            Kind::Record => self.give_buffer(high(self.words.load(at + 1))),
            Kind::Host => host = self.take_host(at),
            _ => {}
        }
        self.stats.freed.add(kind);
        if word & HAS_WEAK != 0 && self.slots.generation(at) == u32::MAX {
            // Its generations are used up: the slot stays empty, so that no old weak reference finds
            // a new object.
            self.words.store(at, 0);
            return host;
        }
        self.give_place(at);
        host
    }

    /// Gives a slot or a span back; what a wrong handle says is refused and counted.
    #[inline]
    fn give_place(&mut self, at: u32) {
        if !self.slots.give(&mut self.words, at) {
            self.stats.underflows += 1;
        }
    }

    /// Gives the room of an object back.
    pub(crate) fn give_buffer(&mut self, buffer: u32) {
        if buffer != 0 {
            self.give_place(buffer);
        }
    }

    /// Frees objects that hold each other and are held by nothing else: those of a trial's set that are
    /// marked as its members still.
    pub(crate) fn free_garbage(&mut self, garbage: &[u32], has_weak: bool) {
        if has_weak {
            for &at in garbage {
                self.end_weak(at, self.words.load(at));
            }
        }
        for &at in garbage {
            match self.edges_small(at, self.words.load(at)) {
                Some([first, second]) => {
                    self.release_unless_garbage(first);
                    self.release_unless_garbage(second);
                }
                None => {
                    self.some_last_edges(at, 0, usize::MAX, Self::release_unless_garbage);
                }
            }
        }
        let mut hosts = Vec::new();
        for &at in garbage {
            let word = self.words.load(at);
            match header::kind(word) {
                kind @ (Kind::Pair | Kind::Node) if word & HAS_WEAK == 0 => {
                    self.give_plain(kind, PAIR, at);
                }
                Kind::Cell if word & HAS_WEAK == 0 => self.give_plain(Kind::Cell, CELL, at),
                _ => hosts.extend(self.dispose_all_but_host(at)),
            }
        }
        self.stats.cycle_objects += garbage.len() as u64;
        if !hosts.is_empty() {
            self.end_hosts(hosts);
        }
    }

    #[inline]
    fn release_unless_garbage(&mut self, child: u32) {
        if child != 0 && self.words.load(child) & IN_TRIAL == 0 {
            self.release_child(child);
        }
    }

    /// Frees what waits to be freed, all of it.
    ///
    /// # Cost
    /// As much as there is: [`Heap::step`] does a part.
    pub fn settle(&mut self) {
        self.drop_roots();
        if self.is_dying() && self.work_off_steps(FEW_STEPS) == 0 {
            let began_ns = clock::monotonic_ns();
            self.work_off_all();
            self.piece_ended(Work::Collection, began_ns);
        }
    }

    /// Releases several values.
    pub(crate) fn release_all(&mut self, values: impl IntoIterator<Item = Value>) {
        for value in values {
            self.release(value);
        }
    }
}
