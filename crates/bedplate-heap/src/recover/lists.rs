//! Repairs of counts and lists.

use super::repair::{Action, Repair};
use crate::header::{self, BUFFERED, DEFERRED, Kind, ONE};
use crate::pile::Pile;
use crate::{ByKind, Fault, Finding, Heap, Ref, What};

impl Heap {
    /// Mends counts, and the lists of candidates, of free slots and of what is being freed.
    pub(super) fn mend_lists(&mut self, findings: &[Finding], repairs: &mut Vec<Repair>) {
        let mut frees = Vec::new();
        for finding in findings {
            let at = finding.object.map_or(0, Ref::index);
            let action = match finding.what {
                What::Counted { references, .. }
                | What::HeldByNobody { references, .. }
                | What::CountZero { references } => self.recount(at, references),
                What::Unreached => {
                    let word = self.words.load(at);
                    self.words.store(at, word | BUFFERED);
                    Action::MadeCandidate
                }
                What::BufferOfNobody => {
                    frees.push(at);
                    Action::Freed
                }
                What::Refused { .. } => {
                    self.acknowledge_underflows();
                    Action::Acknowledged
                }
                _ => Action::ListsRebuilt,
            };
            Self::repaired(repairs, finding, action);
        }
        self.rebuild_candidates();
        for buffer in frees {
            self.give_buffer(buffer);
        }
        let is_wrong = |finding: &Finding| {
            let is_slot = finding.what == What::SlotOfNobody;
            is_slot || finding.what.fault() == Fault::DoubleFree
        };
        if findings.iter().any(is_wrong) {
            self.rebuild_dying();
            self.slots.rebuild_free(&mut self.words);
        }
    }

    /// Makes a count what it should be; an object without references is freed.
    fn recount(&mut self, at: u32, references: u64) -> Action {
        let word = self.words.load(at) & (ONE - 1);
        // Beyond what a count can say, it sticks.
        let count = if references < 1 << 31 {
            references
        } else {
            u64::from(header::STICKY)
        };
        self.words.store(at, word | (count * ONE));
        if count > 0 {
            return Action::Recounted;
        }
        self.end_weak(at, word);
        self.finalizers.by_object.remove(&at);
        self.words.store(at, word & !header::FINALIZER);
        self.dying.list.push(at);
        Action::Freed
    }

    /// The lists of candidates say what the flags say.
    fn rebuild_candidates(&mut self) {
        let (mut candidates, mut deferred) = (Pile::default(), Pile::default());
        for at in self.slots.places() {
            let word = self.words.load(at);
            if header::count(word) > 0 {
                if word & BUFFERED != 0 {
                    candidates.push(at);
                }
                if word & DEFERRED != 0 {
                    deferred.push(at);
                }
            }
        }
        self.cycles.deferred_count = deferred.len() as u64;
        self.cycles.candidates = candidates;
        self.cycles.deferred = deferred;
    }

    /// What waits to be freed is without a count, and waits once.
    fn rebuild_dying(&mut self) {
        let (words, slots) = (&self.words, &self.slots);
        let is_dying = |at: u32| {
            let word = words.load(at);
            header::count(word) == 0 && !matches!(header::kind(word), Kind::Free | Kind::Buffer)
        };
        let is_slot = |at: u32| slots.starting_at(at).is_some() && is_dying(at);
        self.dying.begun = self.dying.begun.filter(|(at, _)| is_slot(*at));
        let begun = self.dying.begun.map_or(0, |(at, _)| at);
        let list = self.dying.list.iter().copied();
        let mut list: Vec<u32> = list.filter(|at| is_slot(*at) && *at != begun).collect();
        list.sort_unstable();
        list.dedup();
        self.dying.list.clear();
        list.into_iter().for_each(|at| self.dying.list.push(at));
    }

    /// The figures say how many objects there are: sound ones, and those that are being freed.
    pub(super) fn count_objects(&mut self, objects: u64) {
        let dying = self.dying.list.len() as u64 + u64::from(self.dying.begun.is_some());
        let is_condemned = |at: &u32| self.is_condemned(self.words.load(*at));
        let condemned = self.slots.places().filter(is_condemned).count() as u64;
        let mut there = ByKind::default();
        let places = self.slots.places();
        let kinds = places.map(|at| header::kind(self.words.load(at)));
        kinds
            .filter(|kind| !matches!(kind, Kind::Free | Kind::Buffer))
            .for_each(|kind| there.add(kind));
        debug_assert_eq!(there.total(), objects + dying + condemned);
        self.stats.freed = self.stats.made.less(&there);
        self.stats.made = self.stats.freed.plus(&there);
    }
}

impl crate::slots::Slots {
    /// Makes the lists of free slots and of spare chunks from what chunks and slots say.
    fn rebuild_free(&mut self, memory: &mut crate::raw::Words) {
        self.free.fill(0);
        let places: Vec<u32> = self
            .places()
            .filter(|at| memory.load(*at) == 0 && self.generation(*at) != u32::MAX)
            .collect();
        for at in places.into_iter().rev() {
            self.give(memory, at);
        }
        self.rebuild_spare();
    }
}
