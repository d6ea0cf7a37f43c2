//! A chunk at a time.
//!
//! # Role
//! What one object can say about itself and what it refers to, for a chunk: the check of production,
//! which goes round the heap in slices.
//!
//! # Not here
//! Counts: those want everything at once.

use super::fault::What;
use super::report::{Report, Scope};
use crate::Heap;
use crate::bits::{high, low};
use crate::header::{self, HAS_WEAK, Kind};
use crate::slots::CHUNK;
use bedplate_os::clock;
use core::time::Duration;

/// The most references that a slice looks at.
const REFERENCES_MAX: u32 = 512;

/// Where a walk round the heap is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    chunk: u32,
    /// The slot to go on with, and the place among its references.
    at: u32,
    from: u32,
    rounds: u64,
}

impl Round {
    /// How often the whole heap was looked at.
    #[must_use]
    pub const fn rounds(&self) -> u64 {
        self.rounds
    }
}

impl Heap {
    /// Looks at the next chunk, or a part of it where its objects hold much.
    ///
    /// # Cost
    /// At most 16 KiB of slots and five hundred references.
    pub fn verify_part(&self, round: &mut Round) -> Report {
        let start = clock::monotonic_ns();
        let mut report = Report::new(Scope::Part);
        if round.chunk as usize >= self.slots.chunks.len() {
            *round = Round {
                rounds: round.rounds + 1,
                ..Round::default()
            };
        }
        let (end, words) = self.slots.row(round.chunk);
        let first = round.at.max(round.chunk * CHUNK);
        let mut left = REFERENCES_MAX;
        let next = Round {
            chunk: round.chunk + 1,
            at: 0,
            from: 0,
            ..*round
        };
        // The chunk may be another's since: then what was begun is no slot's start.
        let is_slot = first == round.chunk * CHUNK || self.slots.starting_at(first).is_some();
        let places = (first..end).step_by(words as usize);
        for at in places.take_while(|_| is_slot) {
            let from = if at == round.at { round.from } else { 0 };
            let looked = self.look_at_slot(&mut report, at, words, from, left);
            left -= looked;
            if left == 0 {
                round.at = at;
                round.from = from + looked;
                break;
            }
        }
        if left > 0 {
            *round = next;
        }
        let duration = clock::monotonic_ns().saturating_sub(start);
        report.duration = Duration::from_nanos(duration);
        report
    }

    /// Looks at a slot, and at no more than `left` references from a place on; how many it was.
    fn look_at_slot(&self, report: &mut Report, at: u32, words: u32, from: u32, left: u32) -> u32 {
        let word = self.words.load(at);
        if word == 0 {
            self.look_at_next_free(report, at, words);
            return 0;
        }
        // What a collection is freeing holds what is free already.
        if header::count(word) == 0 || self.is_condemned(word) {
            return 0;
        }
        report.objects += 1;
        let is_buffer = |place| {
            let is_slot = self.slots.starting_at(place).is_some();
            is_slot && header::kind(self.words.load(place)) == Kind::Buffer
        };
        let layout = self.layout(at, words, is_buffer);
        let entries = || match self.is_large_table(at) {
            // Longer than a slice: whole verifications count its entries.
            true => Ok(()),
            false => self.entries_fit(at),
        };
        if let Err(misfit) = layout.and_then(|()| entries()) {
            report.note(self, at, What::Misfit(misfit));
            return 0;
        }
        match header::kind(word) {
            Kind::Weak => self.look_at_target(report, at),
            Kind::Host => {
                for child in self.host_children(at) {
                    self.look_at_reference(report, at, child);
                }
            }
            _ => {}
        }
        let edges = self.edges(at);
        let end = edges.count().min(from.saturating_add(left));
        for place in from..end {
            self.look_at_reference(report, at, edges.at(self, place));
        }
        end.saturating_sub(from)
    }

    fn look_at_reference(&self, report: &mut Report, at: u32, place: u32) {
        if place != 0 {
            report.references += 1;
            if !self.is_object_at(place) {
                report.note(self, at, What::RefersTo { place });
            }
        }
    }

    fn look_at_target(&self, report: &mut Report, at: u32) {
        let word = self.words.load(at + 1);
        if word == 0 {
            return;
        }
        let (place, found) = (low(word), high(word));
        let current = self.slots.generation(place);
        if found > current {
            report.note(self, at, What::Generation { found, current });
        } else if found == current {
            let is_weak = self.is_object_at(place) && self.words.load(place) & HAS_WEAK != 0;
            if !is_weak {
                report.note(self, at, What::TargetGone { place });
            }
        }
    }

    /// The next of a free slot is a free slot of the same size.
    fn look_at_next_free(&self, report: &mut Report, at: u32, words: u32) {
        if self.slots.generation(at) == u32::MAX {
            return;
        }
        let place = low(self.words.load(at + 1));
        if place == 0 {
            return;
        }
        if self.slots.starting_at(place) != Some(words) || self.words.load(place) != 0 {
            report.note(self, at, What::FreeElsewhere { place });
        } else if place == at {
            report.note(self, at, What::FreeTwice);
        }
    }
}
