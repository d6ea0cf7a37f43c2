//! What a full pass met.
//!
//! # Role
//! One bit of each header is its colour. The heap has one, too: that of objects that are made. While no
//! pass is under way all objects have it; a pass begins by changing the heap's, and all objects are
//! unmet at once, but for those that are made from now on.
//!
//! # What the program tells
//! A pass wants the heap as it was when it began. The program tells it whenever a reference goes that the
//! pass may still count on: the decrement that leaves others (the test of flags that it makes anyhow has
//! fewer flags meanwhile, `quiet`), what is taken out of an object without a decrement (`pop`, an object
//! of the host that is opened to change), what becomes a strong reference from a weak one, and what a
//! finalization takes over. New references need not be told, nor do increments.
//!
//! # Invariants
//! - I1: leaves have any colour: they are in no cycle, and no pass looks at them.
//! - I2: whoever meets an object puts it into `grey`, once, until its references are followed.

use super::pass::Phase;
use crate::Heap;
use crate::header::{self, DEFERRED, LEAF, MARK};

impl Heap {
    /// Whether the pass did not meet it: an object that is alive, that can be in cycles, and is older
    /// than the pass. Never where none is under way.
    #[inline]
    pub(crate) const fn is_unmet(&self, word: u64) -> bool {
        (word ^ self.cycles.colour) & MARK != 0 && word & LEAF == 0 && header::count(word) != 0
    }

    /// Whether it was found to be garbage by the pass, which is about to free it.
    #[inline]
    pub(crate) const fn is_condemned(&self, word: u64) -> bool {
        matches!(self.cycles.pass.phase, Phase::Sweep | Phase::Dispose) && self.is_unmet(word)
    }

    /// The pass is told of an object: it is taken to live, and so is what it leads to.
    #[inline]
    pub(crate) fn met(&mut self, at: u32) {
        let word = self.words.load(at);
        if self.is_unmet(word) {
            // What was deferred before is decided by this; what loses a reference from now on is for
            // the next pass.
            self.words.store(at, (word ^ MARK) & !DEFERRED);
            self.cycles.pass.grey.push(at);
        }
    }

    /// The pass itself meets an object: it lived when the pass began, or something that did was told of it
    /// since. So it is old from now on; a ring of them that has died meanwhile is the next pass's.
    #[inline]
    pub(super) fn found_live(&mut self, at: u32) {
        let word = self.words.load(at);
        if self.is_unmet(word) {
            self.words.store(at, header::old((word ^ MARK) & !DEFERRED));
            self.cycles.pass.grey.push(at);
        }
    }

    /// A reference was taken out of an object without a decrement.
    #[inline]
    pub(crate) fn taken_out(&mut self, at: u32) {
        if self.cycles.pass.is_marking() && at != 0 {
            self.met(at);
        }
    }

    /// An object of the host is opened to change it in any way, for the first time in a pass: it is to be met and all that it holds,
    /// before the pass goes on. Nothing that it holds is counted from then on, so it may be opened again.
    pub(crate) fn opened(&self, at: u32) {
        let number = self.host_number(at);
        if self.cycles.pass.is_marking() && self.hosts.is_first(number) {
            let mut children = self.host_children(at);
            let mut opened = self.cycles.pass.opened.borrow_mut();
            opened.push(at);
            opened.append(&mut children);
            // Only now: where the question panics it is asked again.
            self.hosts.note_opened(number);
        }
    }

    /// Meets what was opened, and what it held then. What of it was freed since is no more unmet.
    pub(super) fn meet_opened(&mut self) {
        for at in self.cycles.pass.opened.take() {
            if self.slots.starting_at(at).is_some() {
                self.met(at);
            }
        }
    }

    /// An entry of a table changes its place: a pass that saw a part of the table would see it twice or not
    /// at all.
    pub(crate) fn moved(&mut self, table: u32, entry: [u32; 2]) {
        if !self.cycles.pass.is_marking() || self.cycles.pass.begun_at() != Some(table) {
            return;
        }
        if self.cycles.pass.phase == Phase::Count {
            // It leaves the set: what it holds is met when it is followed.
            self.cycles.pass.begun = None;
            self.met(table);
        } else {
            entry.into_iter().for_each(|child| self.met(child));
        }
    }

    /// The numbers of a table's references changed: a pass that is inside of it cannot go on from where it
    /// was.
    pub(crate) fn renumbered(&mut self, table: u32) {
        self.moved(table, [0; 2]);
        if self.cycles.pass.is_marking() && self.cycles.pass.begun_at() == Some(table) {
            self.cycles.pass.begun = Some((table, 0));
        }
    }
}
