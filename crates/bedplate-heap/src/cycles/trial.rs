//! The test of a set.
//!
//! # Role
//! Gathers objects around candidates up to the limits, counts the references among them, and frees what
//! nothing outside holds. A deferred object has a small trial of its own, in which age is no limit.
//!
//! # Invariants
//! - I1: an object of the set has `IN_TRIAL` and its number as scratch number in the header; nobody else
//!   has. What stood there is in `saved` if a pass needs it, and was zero if not.
//! - I2: the references of the first `expanded` objects are counted, each once; those of the others are
//!   not, so that what they hold counts as held from outside.

use super::candidates::OLD;
use crate::Heap;
use crate::bits::narrow;
use crate::header::{self, BUFFERED, FINALIZER, HAS_WEAK, IN_TRIAL, LEAF};
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};

/// Objects in the trial of a deferred one.
const OWN_OBJECTS: usize = 32;
/// Says that something outside leads to an object; no set has so many references.
const LIVE: u32 = 1 << 31;

/// A set under test.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    /// Each object, and the references to it from inside; [`LIVE`] in the end.
    objects: Vec<(u32, u32)>,
    /// Scratch numbers of a pass that is under way, by number.
    saved: Vec<u32>,
    /// The candidates it began with.
    seeds: Vec<u32>,
    /// Those of them that no other led to, by number.
    heads: Vec<u32>,
    /// Live, and their references not followed.
    open: Vec<u32>,
    garbage: Vec<u32>,
    expanded: usize,
    room: usize,
    edges_left: usize,
    /// Places that are still taken out of lists: most of them may be of objects that are freed.
    listed_left: usize,
    /// Whether a limit or an old object was met.
    is_cut: bool,
    /// Whether old objects join.
    takes_old: bool,
}

impl Trial {
    /// Whether the last one met so many places of freed objects that it did not see the list's end.
    pub(super) const fn is_spent(&self) -> bool {
        self.listed_left == 0
    }

    fn begin(&mut self, room: usize) {
        self.objects.clear();
        self.saved.clear();
        self.seeds.clear();
        self.heads.clear();
        self.garbage.clear();
        (self.expanded, self.is_cut) = (0, false);
        (self.room, self.edges_left) = (room, room * 2);
    }
}

impl Heap {
    /// Tests a set around candidates, or small ones around deferred objects; how many objects were
    /// freed.
    pub(super) fn trial(&mut self, of_deferred: bool) -> usize {
        let mut trial = core::mem::take(&mut self.cycles.trial);
        // What objects of the host hold they say themselves.
        let decided = AssertUnwindSafe(|| self.trial_of(&mut trial, of_deferred));
        let freed = catch_unwind(decided).unwrap_or_else(|panic| {
            self.leave_trial(&trial);
            resume_unwind(panic)
        });
        self.cycles.trial = trial;
        freed
    }

    /// A trial is left that was not decided: who waited for it waits on, for a trial of its own.
    #[cold]
    fn leave_trial(&mut self, trial: &Trial) {
        for (number, &(at, _)) in trial.objects.iter().enumerate() {
            let word = self.words.load(at);
            // Else it was decided, and may be freed.
            if word & IN_TRIAL != 0 && header::scratch(word) as usize == number {
                let saved = trial.saved.get(number).copied().unwrap_or(0);
                let word = header::with_scratch(word & !IN_TRIAL, saved.into());
                self.words.store(at, word);
                if trial.seeds.contains(&at) {
                    self.defer(at);
                }
            }
        }
    }

    fn trial_of(&mut self, trial: &mut Trial, of_deferred: bool) -> usize {
        let room = self.limits.trial_objects;
        trial.takes_old = of_deferred;
        trial.listed_left = room * 2;
        let mut freed = 0;
        if of_deferred {
            for _ in 0..room.div_ceil(OWN_OBJECTS) {
                let Some(at) = self.next_deferred(&mut trial.listed_left) else {
                    break;
                };
                trial.begin(OWN_OBJECTS.min(room));
                trial.heads.push(0);
                self.join_set(trial, at, self.words.load(at), 0);
                trial.is_cut = !self.expand(trial);
                freed += self.conclude(trial);
            }
        } else {
            trial.begin(room);
            self.gather(trial);
            freed = self.conclude(trial);
        }
        let tried = (room * 2 - trial.listed_left) as u64;
        self.stats.taken += tried;
        self.observed.trial_ended(tried, freed as u64);
        freed
    }

    /// Decides a set, and frees its garbage.
    fn conclude(&mut self, trial: &mut Trial) -> usize {
        self.judge(trial);
        self.stats.trials += 1;
        self.stats.touched_objects += trial.objects.len() as u64;
        self.stats.cut_trials += u64::from(trial.is_cut);
        if trial.is_cut {
            for &at in &trial.seeds {
                let number = header::scratch(self.words.load(at)) as usize;
                if trial.objects[number].1 >= LIVE {
                    self.defer(at);
                }
            }
        }
        let mut flags = 0;
        for (number, &(at, inside)) in trial.objects.iter().enumerate() {
            let word = self.words.load(at);
            if inside < LIVE {
                flags |= word;
                trial.garbage.push(at);
                continue;
            }
            let saved = trial.saved.get(number).copied().unwrap_or(0);
            let word = header::with_scratch(word & !IN_TRIAL, saved.into());
            let word = if trial.takes_old {
                word
            } else {
                header::aged(word)
            };
            self.words.store(at, word);
        }
        let is_garbage = |head: &&u32| trial.objects[**head as usize].1 < LIVE;
        self.stats.cycles += trial.heads.iter().filter(is_garbage).count() as u64;
        if flags & FINALIZER != 0 {
            self.finalize_garbage(trial);
            return 0;
        }
        self.free_garbage(&trial.garbage, flags & HAS_WEAK != 0);
        trial.garbage.len()
    }

    /// Takes candidates, and what they lead to, while there is room.
    fn gather(&mut self, trial: &mut Trial) {
        while trial.objects.len() < trial.room {
            let Some(at) = self.next_candidate(&mut trial.listed_left) else {
                return;
            };
            let word = self.words.load(at);
            if word & IN_TRIAL == 0 {
                trial.heads.push(narrow(trial.objects.len()));
                self.join_set(trial, at, word, 0);
            }
            trial.seeds.push(at);
            if !self.expand(trial) {
                trial.is_cut = true;
                // The next set begins with it; the first of a set had all the room there is.
                if trial.seeds.len() > 1 {
                    trial.seeds.pop();
                    self.make_candidate(at);
                }
                return;
            }
        }
    }

    #[inline]
    fn join_set(&mut self, trial: &mut Trial, at: u32, word: u64, inside: u32) {
        let number = trial.objects.len() as u64;
        trial.objects.push((at, inside));
        if self.cycles.pass.has_scratch() {
            trial.saved.push(header::scratch(word));
        }
        self.words
            .store(at, header::with_scratch(word, number) | IN_TRIAL);
    }

    /// Counts the references of the objects that joined; `false` where there is no room for it.
    fn expand(&mut self, trial: &mut Trial) -> bool {
        while let Some(&(at, _)) = trial.objects.get(trial.expanded) {
            let is_there = match self.edges_small(at, self.words.load(at)) {
                Some(children) => self.expand_small(trial, children),
                None => self.expand_large(trial, at),
            };
            if !is_there {
                return false;
            }
            trial.expanded += 1;
        }
        true
    }

    #[inline]
    fn expand_small(&mut self, trial: &mut Trial, children: [u32; 2]) -> bool {
        let Some(rest) = trial.edges_left.checked_sub(2) else {
            return false;
        };
        trial.edges_left = rest;
        for child in children {
            if child != 0 {
                self.meet(trial, child);
            }
        }
        true
    }

    #[inline(never)]
    fn expand_large(&mut self, trial: &mut Trial, at: u32) -> bool {
        if self.edges(at).count() as usize > trial.edges_left {
            return false;
        }
        let mut children = core::mem::take(&mut self.cycles.children);
        self.each_edge(at, |child| children.push(child));
        let rest = trial.edges_left.checked_sub(children.len());
        if let Some(rest) = rest {
            trial.edges_left = rest;
            for &child in &children {
                self.meet(trial, child);
            }
        }
        children.clear();
        self.cycles.children = children;
        rest.is_some()
    }

    /// A reference to an object: it joins if it can, and if it is in the set the reference is inside.
    #[inline]
    fn meet(&mut self, trial: &mut Trial, child: u32) {
        let word = self.words.load(child);
        if word & IN_TRIAL != 0 {
            if let Some((_, inside)) = trial.objects.get_mut(header::scratch(word) as usize) {
                *inside += 1;
            }
            return;
        }
        if word & LEAF != 0 || header::count(word) == 0 {
            return;
        }
        let is_old = header::age(word) >= OLD && !trial.takes_old;
        if is_old || trial.objects.len() >= trial.room {
            trial.is_cut = true;
            return;
        }
        self.join_set(trial, child, word, 1);
    }

    /// Marks the objects that something outside the set leads to.
    fn judge(&self, trial: &mut Trial) {
        trial.open.clear();
        for (number, (at, inside)) in (0..).zip(&mut trial.objects) {
            // A count that sticks is greater than any.
            if header::count(self.words.load(*at)) > *inside {
                *inside = LIVE;
                trial.open.push(number);
            }
        }
        while let Some(number) = trial.open.pop() {
            if number >= narrow(trial.expanded) {
                continue;
            }
            let Trial { objects, open, .. } = trial;
            self.each_edge(objects[number as usize].0, |child| {
                let word = self.words.load(child);
                let number = header::scratch(word);
                if word & IN_TRIAL == 0 {
                    return;
                }
                let inside = &mut objects[number as usize].1;
                if *inside < LIVE {
                    *inside = LIVE;
                    open.push(number);
                }
            });
        }
    }

    /// Queues the finalizers of a set of garbage: all of it stays for now, and the release after the
    /// last finalizer makes candidates of what is still garbage.
    #[cold]
    fn finalize_garbage(&mut self, trial: &Trial) {
        for &at in &trial.garbage {
            let word = self.words.load(at);
            let number = header::scratch(word) as usize;
            let saved = trial.saved.get(number).copied().unwrap_or(0);
            let word = header::with_scratch(word & !IN_TRIAL, saved.into());
            self.words.store(at, word | BUFFERED);
            if word & BUFFERED == 0 {
                self.cycles.candidates.push(at);
            }
        }
        for &at in &trial.garbage {
            let word = self.words.load(at);
            if word & FINALIZER != 0 {
                self.end_weak(at, word);
                self.keep_place(at);
                self.queue_finalization(at);
            }
        }
    }

    /// One reference more, for a queue of the heap's.
    pub(crate) fn keep_place(&mut self, at: u32) {
        self.retain(crate::Ref::at(at).into());
    }
}
