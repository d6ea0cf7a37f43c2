//! The figures as words, and when they are written.
//!
//! # Role
//! [`Shown`] is what a reader gets; one function goes over its words, for who writes and who reads.
//!
//! # Layout
//! The magic, the version, a sequence number, how many words of figures there are, the name, the figures.
//!
//! # Concurrency
//! One writer. The sequence number is odd while the rest changes: a reader that finds the same even number
//! before and after has read figures of one moment.

use super::page::Page;
use crate::figures::{ByKind, ByTrigger, Gauges, Pauses, Stats, Trigger, Work};
use core::sync::atomic::{AtomicU64, Ordering, fence};

/// Words of the page.
pub(crate) const WORDS: usize = 512;
/// Where the words of the layout are.
pub(crate) const MAGIC: usize = 0;
pub(crate) const VERSION: usize = 1;
pub(crate) const SEQUENCE: usize = 2;
pub(crate) const COUNT: usize = 3;
const NAME: usize = 4;
pub(crate) const FIGURES: usize = NAME + NAME_BYTES / 8;
/// Bytes of a name that are kept.
pub(crate) const NAME_BYTES: usize = 64;
/// What the page begins with: "bedpheap" in bytes.
pub(crate) const PAGE_MAGIC: u64 = u64::from_le_bytes(*b"bedpheap");
/// The layout's version.
pub(crate) const PAGE_VERSION: u64 = 3;

/// The figures of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    pub(crate) began_ns: u64,
    pub(crate) taken_ns: u64,
    pub(crate) stats: Stats,
    pub(crate) gauges: Gauges,
    pub(crate) pauses: [Pauses; Work::ALL.len()],
}

impl Shown {
    /// Calls for each word, in the one order that there is. What is changed is changed here.
    pub(crate) fn each_word(&mut self, call: &mut dyn FnMut(&mut u64)) {
        call(&mut self.began_ns);
        call(&mut self.taken_ns);
        let stats = &mut self.stats;
        for by_kind in [&mut stats.allocated_by_kind, &mut stats.freed_by_kind] {
            let mut words = *by_kind.words();
            words.iter_mut().for_each(&mut *call);
            *by_kind = ByKind::of_words(words);
        }
        stats.allocated_objects = stats.allocated_by_kind.total();
        stats.freed_objects = stats.freed_by_kind.total();
        for count in [
            &mut stats.trials,
            &mut stats.touched_objects,
            &mut stats.cycles,
            &mut stats.cycle_objects,
            &mut stats.cut_trials,
            &mut stats.full_passes,
            &mut stats.underflows,
            &mut stats.refused_retains,
            &mut stats.candidates,
            &mut stats.deferred,
            &mut stats.given_back_bytes,
            &mut stats.tried,
        ] {
            call(count);
        }
        let mut words = *stats.triggers.words();
        words.iter_mut().for_each(&mut *call);
        stats.triggers = ByTrigger::of_words(words);
        // By number from one; zero where there was none.
        let mut last = stats.last_trigger.map_or(0, |trigger| trigger as u64 + 1);
        call(&mut last);
        let number = last
            .checked_sub(1)
            .and_then(|last| usize::try_from(last).ok());
        stats.last_trigger = number.and_then(|number| Trigger::ALL.get(number)).copied();
        self.gauges.each_word(call);
        for pauses in &mut self.pauses {
            pauses.each_word(call);
        }
    }

    /// How many words there are.
    pub(crate) fn words() -> usize {
        let mut words = 0;
        Self::default().each_word(&mut |_| words += 1);
        words
    }
}

/// The page of a heap, if it has one, and what it is called there.
#[derive(Debug, Default)]
pub(crate) struct Showing {
    page: Option<Page>,
    /// The kernel refused once: it is not asked again.
    is_refused: bool,
    name: [u64; NAME_BYTES / 8],
}

impl Showing {
    pub(crate) fn set_name(&mut self, name: &str) {
        let (name, _) = name.split_at(name.floor_char_boundary(NAME_BYTES));
        self.name = [0; NAME_BYTES / 8];
        for (word, bytes) in self.name.iter_mut().zip(name.as_bytes().chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_ne_bytes(padded);
        }
    }

    /// Writes the figures, and makes the page where there is none.
    pub(crate) fn show(&mut self, mut shown: Shown) {
        if self.page.is_none() && !self.is_refused {
            self.page = Page::make();
            self.is_refused = self.page.is_none();
        }
        let Some(page) = &self.page else { return };
        let words = page.words();
        // Relaxed: only this thread writes it.
        let sequence = words[SEQUENCE].load(Ordering::Relaxed);
        // Relaxed, and the fence: who sees any word that follows sees that the number is odd.
        words[SEQUENCE].store(sequence.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        let mut place = FIGURES;
        shown.each_word(&mut |word| {
            put(words, place, *word);
            place += 1;
        });
        put(words, COUNT, (place - FIGURES) as u64);
        for (at, word) in (NAME..).zip(self.name) {
            put(words, at, word);
        }
        put(words, VERSION, PAGE_VERSION);
        put(words, MAGIC, PAGE_MAGIC);
        // Release: who sees it sees all of the above.
        words[SEQUENCE].store(sequence.wrapping_add(2), Ordering::Release);
    }
}

fn put(words: &[AtomicU64; WORDS], at: usize, word: u64) {
    if let Some(place) = words.get(at) {
        // Relaxed: between the two stores of the sequence number.
        place.store(word, Ordering::Relaxed);
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        if let Some(page) = &self.page {
            // Relaxed: a reader that misses it finds the page gone.
            page.words()[MAGIC].store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FIGURES, Shown, WORDS};
    use crate::Kind;
    use crate::figures::{ByKind, Stats, Trigger};

    #[test]
    fn figures_fit_and_come_back() {
        assert!(Shown::words() + FIGURES <= WORDS);
        // Each word another number, and none of the counts forgotten: all are named here.
        let mut number = 100;
        let mut shown = Shown::default();
        shown.each_word(&mut |word| {
            number += 1;
            *word = number;
        });
        let counted = shown.stats;
        shown.stats = Stats {
            allocated_objects: counted.allocated_by_kind.total(),
            freed_objects: counted.freed_by_kind.total(),
            allocated_by_kind: counted.allocated_by_kind,
            freed_by_kind: counted.freed_by_kind,
            trials: 1,
            touched_objects: 2,
            cycles: 3,
            cycle_objects: 4,
            cut_trials: 5,
            full_passes: 6,
            underflows: 7,
            refused_retains: 8,
            candidates: 9,
            deferred: 10,
            given_back_bytes: 11,
            tried: 12,
            triggers: counted.triggers,
            last_trigger: Some(Trigger::Growth),
        };
        let mut words = Vec::new();
        shown.clone().each_word(&mut |word| words.push(*word));
        let mut read = Shown::default();
        let mut next = words.into_iter();
        read.each_word(&mut |word| *word = next.next().unwrap_or(0));
        assert_eq!(read.stats, shown.stats);
        assert_eq!(read.pauses, shown.pauses);
        assert_eq!(read.gauges.longest_pause, shown.gauges.longest_pause);
        assert_eq!(read.began_ns, 101);
        assert_ne!(read.stats.allocated_by_kind, ByKind::default());
        assert_eq!(read.stats.allocated_by_kind.of(Kind::Cell), 104);
    }
}
