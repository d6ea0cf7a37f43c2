//! A check that takes no time.
//!
//! # Role
//! The figures, the ends of all lists: what goes wrong first where references are given back too often.
//! For a host that wants to know often, with a heap of any size.
//!
//! # Cost
//! Some two hundred loads, however large the heap is; no memory.

use super::fault::What;
use super::report::{Report, Scope};
use crate::Heap;
use crate::bits::low;
use crate::header::{self, Kind};
use crate::slots::SIZES;
use bedplate_os::clock;
use core::time::Duration;

/// So many slots of each list of free slots.
const FREE: usize = 3;
/// So many objects of each of the collector's lists.
const LISTED: usize = 16;

impl Heap {
    /// Looks at the ends of the heap's lists and at what was refused.
    #[must_use]
    pub fn quick_check(&self) -> Report {
        let start = clock::monotonic_ns();
        let mut report = Report::new(Scope::Quick);
        report.objects = self.stats.live_objects();
        let refused = self.unseen_underflows();
        if refused > 0 {
            report.note(self, 0, What::Refused { times: refused });
        }
        for (words, first) in SIZES.into_iter().zip(self.slots.free) {
            self.look_at_free(&mut report, words, first);
        }
        for list in [&self.cycles.candidates, &self.cycles.deferred] {
            for &place in list.iter().take(LISTED) {
                if self.slots.starting_at(place).is_none() {
                    report.note(self, 0, What::ListedPlace { place });
                }
            }
        }
        for &place in self.dying.list.iter().take(LISTED) {
            let is_slot = self.slots.starting_at(place).is_some();
            if !is_slot || !self.is_dying_at(place) {
                report.note(self, 0, What::FreeElsewhere { place });
            }
        }
        for kept in self.roots.kept.iter().rev().take(LISTED) {
            let place = kept.value.link();
            if place != 0 && !self.is_object_at(place) {
                report.note(self, 0, What::HeldPlace { place });
            }
        }
        let duration = clock::monotonic_ns().saturating_sub(start);
        report.duration = Duration::from_nanos(duration);
        report
    }

    /// Follows a list of free slots a few steps.
    fn look_at_free(&self, report: &mut Report, words: u32, first: u32) {
        let mut at = first;
        for _ in 0..FREE {
            if at == 0 {
                return;
            }
            let is_slot = self.slots.starting_at(at) == Some(words);
            if !is_slot || self.words.load(at) != 0 {
                report.note(self, 0, What::FreeElsewhere { place: at });
                return;
            }
            let next = low(self.words.load(at + 1));
            if next == at {
                report.note(self, at, What::FreeTwice);
                return;
            }
            at = next;
        }
    }

    /// Whether a place is an object's that waits to be freed.
    fn is_dying_at(&self, place: u32) -> bool {
        let word = self.words.load(place);
        header::count(word) == 0 && header::kind(word) != Kind::Free
    }

    /// Whether an object begins at a place.
    pub(super) fn is_object_at(&self, place: u32) -> bool {
        self.slots.starting_at(place).is_some() && header::count(self.words.load(place)) > 0
    }
}
