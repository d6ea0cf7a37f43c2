//! Lists of free slots and of candidates.

use super::fault::What;
use super::ledger::State;
use super::whole::Pass;
use crate::bits::low;
use crate::slots::{CHUNK_SHIFT, SIZES, Use};

impl Pass<'_> {
    /// Follows the lists of free slots and marks what is in them; the sizes whose list is broken.
    pub(super) fn walk_free_lists(&mut self) -> Vec<u32> {
        let mut broken = Vec::new();
        for (words, first) in SIZES.into_iter().zip(self.heap.slots.free) {
            let mut at = first;
            while at != 0 {
                if let Some((place, what)) = self.look_at_free(at, words) {
                    self.note(place, what);
                    broken.push(words);
                    break;
                }
                at = low(self.heap.words.load(at + 1));
            }
        }
        broken
    }

    /// What is wrong with an entry of a list of free slots.
    fn look_at_free(&mut self, at: u32, words: u32) -> Option<(u32, What)> {
        let is_free = self.ledger.state(at) == State::Free;
        if !is_free || self.heap.slots.words(at) != words {
            return Some((0, What::FreeElsewhere { place: at }));
        }
        if !self.ledger.mark(at, State::Free) {
            return Some((at, What::FreeTwice));
        }
        self.unmarked -= 1;
        None
    }

    /// The spare chunks and the collector's lists say what the chunks and the objects say.
    pub(super) fn look_at_lists(&mut self) {
        let heap = self.heap;
        let mut spare = vec![false; heap.slots.chunks.len()];
        for (first, count) in heap.slots.spare.runs() {
            for chunk in first..first + count {
                let is_free = heap
                    .slots
                    .chunks
                    .get(chunk as usize)
                    .map(|chunk| chunk.used);
                let place = chunk << CHUNK_SHIFT;
                if is_free != Some(Use::Free) {
                    self.note(0, What::FreeElsewhere { place });
                } else if core::mem::replace(&mut spare[chunk as usize], true) {
                    self.note(place, What::FreeTwice);
                }
            }
        }
        for (chunk, is_spare) in (0_u32..).zip(spare) {
            if heap.slots.chunks[chunk as usize].used == Use::Free && !is_spare {
                self.note(chunk << CHUNK_SHIFT, What::SlotOfNobody);
            }
        }
        let refused = heap.unseen_underflows();
        if refused > 0 {
            self.note(0, What::Refused { times: refused });
        }
        for list in [&heap.cycles.candidates, &heap.cycles.deferred] {
            for &place in list.iter() {
                if heap.slots.starting_at(place).is_none() {
                    self.note(0, What::ListedPlace { place });
                }
            }
        }
        // Who is deferred leaves the list with a trial of its own: only candidates are listed as long
        // as they are flagged.
        let [flagged, deferred] = core::mem::take(&mut self.flagged);
        let mut list: Vec<u32> = heap.cycles.candidates.iter().copied().collect();
        list.sort_unstable();
        for at in flagged {
            if list.binary_search(&at).is_err() {
                self.note(at, What::Unlisted);
            }
        }
        // A pass forgets the count: it decides all of them.
        if !heap.cycles.pass.is_marking() {
            let is_alive = |at: &&u32| !heap.is_condemned(heap.words.load(**at));
            let flags = deferred.iter().filter(is_alive).count() as u64;
            if let (Some(&first), true) = (deferred.first(), flags > heap.cycles.deferred_count) {
                self.note(first, What::Unlisted);
            }
        }
    }
}
