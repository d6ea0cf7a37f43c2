//! Shapes that nothing uses any more.
//!
//! # Role
//! Records do not count at their shapes. A full pass goes over all objects, and notes the shape of each record
//! that stays; new records, and those that come to another shape, note it themselves. What was not noted from
//! the beginning of a pass to its end has no record.
//!
//! # Who keeps a shape
//! | who | how long |
//! |---|---|
//! | a record, one that waits to be freed included | as long as it is there |
//! | another shape that goes on from it | as long as that is there |
//! | the host, by [`crate::Heap::shape`] | until [`crate::Heap::release_shape`] |
//! | a checkpoint | as long as it is there |
//! | who asked for it last and has no record of it yet | until another is asked for |
//!
//! # Invariants
//! - I1: what is in use was seen since the last pass began that noted all and came to its end: by that pass,
//!   or when it came into use. So a checkpoint keeps what was seen since then; going back to it brings
//!   that time back, too, until another pass has seen all.
//! - I2: only a pass that saw the whole heap frees any. One that was left, or that a checkpoint brought back,
//!   did not.

use super::Shapes;
use crate::{Heap, Trigger};
use alloc::sync::{Arc, Weak};
use core::cell::RefCell;

/// What freeing a shape counts as, in steps of a pass: two removals from tables.
const STEPS: usize = 8;

/// Who uses shapes.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// The time: passes that began.
    now: u32,
    /// When the last one began that noted all shapes and came to its end.
    whole: u32,
    /// Whether the pass that is under way notes all (I2).
    is_whole: bool,
    /// Who asked for it last may have no record yet.
    guarded: u32,
    /// The next entry to look at, and a shape before it that may be unused.
    at: usize,
    pending: Option<u32>,
    /// Checkpoints, and since when the shapes of their records were seen.
    checkpoints: RefCell<Vec<Weak<u32>>>,
    /// Shapes that are there.
    there: usize,
    /// Shapes made since the last pass, and how many were there after it.
    made: usize,
    left: usize,
}

impl Uses {
    #[inline]
    pub(super) const fn now(&self) -> u32 {
        self.now
    }

    pub(super) const fn guard(&mut self, shape: u32) {
        self.guarded = shape;
    }

    pub(super) const fn made(&mut self) {
        self.made += 1;
        self.there += 1;
    }

    pub(super) const fn freed(&mut self) {
        self.there -= 1;
    }

    pub(super) const fn there(&self) -> usize {
        self.there
    }

    /// What was seen last before this time is not needed.
    fn before(&self) -> u32 {
        let mut checkpoints = self.checkpoints.borrow_mut();
        checkpoints.retain(|checkpoint| checkpoint.strong_count() > 0);
        let times = checkpoints.iter().filter_map(Weak::upgrade);
        times.map(|time| *time).fold(self.now, u32::min)
    }
}

impl Shapes {
    /// The host asked for it.
    pub(super) fn hold(&mut self, shape: u32) {
        if let Some(entry) = self.entry_mut(shape) {
            entry.held = entry.held.saturating_add(1);
        }
    }

    pub(super) fn give_up(&mut self, shape: u32) {
        if let Some(entry) = self.entry_mut(shape)
            && entry.held < u32::MAX
        {
            entry.held = entry.held.saturating_sub(1);
        }
    }

    /// A record is about to come to a shape; when it has, that is to be seen.
    pub(crate) const fn guard(&mut self, shape: u32) {
        self.uses.guard(shape);
    }

    /// What keeps the shapes of now for a checkpoint: the time since when they were seen.
    pub(crate) fn keep_for_checkpoint(&self) -> Arc<u32> {
        let checkpoint = Arc::new(self.uses.whole);
        let mut checkpoints = self.uses.checkpoints.borrow_mut();
        checkpoints.retain(|earlier| earlier.strong_count() > 0);
        checkpoints.push(Arc::downgrade(&checkpoint));
        drop(checkpoints);
        checkpoint
    }

    /// The records of a checkpoint are there again, whose shapes were seen since that time. The pass that
    /// is under way does not see all of them.
    pub(crate) fn are_back(&mut self, kept: u32) {
        self.pass_is_left();
        self.uses.whole = self.uses.whole.min(kept);
    }

    /// A pass begins, which will see all records.
    pub(crate) fn pass_begins(&mut self) {
        self.uses.is_whole = true;
        self.uses.now += 1;
        (self.uses.at, self.uses.pending) = (0, None);
    }

    /// The pass that is under way, if one is, does not see all.
    pub(crate) const fn pass_is_left(&mut self) {
        self.uses.is_whole = false;
    }

    fn is_unused(&self, shape: u32, before: u32) -> bool {
        self.entry(shape).is_some_and(|entry| {
            let is_alone = entry.children == 0 && entry.held == 0 && entry.fields > 0;
            is_alone && entry.seen < before && shape != self.uses.guarded
        })
    }

    /// Frees what is unused, so many steps; how many are left, and whether all was looked at.
    pub(crate) fn free_unused(&mut self, steps: usize) -> (usize, bool) {
        if !self.uses.is_whole {
            return (steps, true);
        }
        let before = self.uses.before();
        let mut left = steps;
        while left > 0 {
            left -= 1;
            let pending = self.uses.pending.take();
            if let Some(shape) = pending.filter(|shape| self.is_unused(*shape, before)) {
                // Nothing goes on from its parent now, perhaps.
                self.uses.pending = Some(self.remove(shape));
                left = left.saturating_sub(STEPS);
                continue;
            }
            let Some(entry) = self.entries.get(self.uses.at) else {
                self.all_are_seen();
                return (left, true);
            };
            self.uses.pending = Some(entry.number);
            self.uses.at += 1;
        }
        (0, false)
    }

    fn all_are_seen(&mut self) {
        self.shrink();
        let left = self.count();
        let uses = &mut self.uses;
        (uses.is_whole, uses.whole) = (false, uses.now);
        (uses.made, uses.left) = (0, left);
    }

    /// Whether so many were made since the last pass that it is worth one: as many as there were then, and
    /// this many.
    pub(crate) fn are_many(&self, least: usize) -> bool {
        self.uses.made >= least.max(self.uses.left)
    }
}

impl Heap {
    /// Shapes were asked for: if they became many, a pass goes over the records; each of them is one of the
    /// things between its slices.
    pub(super) fn attend_to_shapes(&mut self) {
        if self.limits.automatic && self.shapes.are_many(self.limits.shapes_min) {
            if self.is_collecting() {
                self.pass_event();
            } else {
                self.stats.began(Trigger::Shapes);
                self.begin_pass();
            }
        }
    }
}
