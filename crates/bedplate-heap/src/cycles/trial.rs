//! The test of a set.
//!
//! # Role
//! Gathers objects around candidates up to the limits, counts the references among them, and frees what
//! nothing outside holds.
//!
//! # Invariants
//! - I1: an object of the set has its number, from 1, as scratch index in the header; nobody else has one.
//! - I2: the references of the first `expanded` objects are counted, each once; those of the others are
//!   not, so that what they hold counts as held from outside.

use super::candidates::OLD;
use crate::Heap;
use crate::header::{self, BUFFERED, FINALIZER, LEAF, STICKY};
use bedplate_os::clock;
use core::time::Duration;

/// A set under test.
#[derive(Debug, Default)]
struct Trial {
    objects: Vec<u32>,
    /// References from inside, by number.
    inside: Vec<u32>,
    expanded: usize,
    edges_left: usize,
    /// The candidates it began with.
    seeds: Vec<u32>,
    /// Whether a limit or an old object was met.
    is_cut: bool,
}

impl Heap {
    /// Tests one set; how many objects were freed.
    pub(crate) fn trial(&mut self) -> usize {
        let mut trial = Trial {
            edges_left: self.limits.trial_objects * 2,
            ..Trial::default()
        };
        self.gather(&mut trial);
        let is_live = self.judge(&trial);
        self.stats.trials += 1;
        self.stats.touched_objects += trial.objects.len() as u64;
        self.stats.cut_trials += u64::from(trial.is_cut);
        if trial.is_cut {
            for &at in &trial.seeds {
                let number = header::scratch(self.words.load(at)) as usize;
                if is_live[number - 1] {
                    self.defer(at);
                }
            }
        }
        let mut garbage = Vec::new();
        for (&at, is_live) in trial.objects.iter().zip(is_live) {
            let word = header::with_scratch(self.words.load(at), 0);
            let word = if is_live { header::aged(word) } else { word };
            self.words.store(at, word);
            if !is_live {
                garbage.push(at);
            }
        }
        self.free_or_finalize(&garbage)
    }

    /// Takes candidates, and what they lead to, while there is room.
    fn gather(&mut self, trial: &mut Trial) {
        while trial.objects.len() < self.limits.trial_objects {
            let Some(at) = self.next_candidate() else {
                return;
            };
            if header::scratch(self.words.load(at)) == 0 {
                self.join_set(trial, at);
            }
            trial.seeds.push(at);
            if !self.expand(trial) {
                trial.is_cut = true;
                // The next set begins with it; the first of a set had all the room there is.
                if trial.seeds.len() > 1 {
                    trial.seeds.pop();
                    let word = self.words.load(at);
                    self.words.store(at, word | BUFFERED);
                    self.cycles.candidates.push(at);
                }
                return;
            }
        }
    }

    fn join_set(&mut self, trial: &mut Trial, at: u32) {
        trial.objects.push(at);
        trial.inside.push(0);
        let word = self.words.load(at);
        let number = trial.objects.len() as u64;
        self.words.store(at, header::with_scratch(word, number));
    }

    /// Counts the references of the objects that joined; `false` where there is no room for it.
    fn expand(&mut self, trial: &mut Trial) -> bool {
        while let Some(&at) = trial.objects.get(trial.expanded) {
            if self.edges(at).count() as usize > trial.edges_left {
                return false;
            }
            let mut children = core::mem::take(&mut self.cycles.children);
            self.each_edge(at, |child| children.push(child));
            let rest = trial.edges_left.checked_sub(children.len());
            if let Some(rest) = rest {
                trial.edges_left = rest;
                trial.expanded += 1;
                for &child in &children {
                    self.meet(trial, child);
                }
            }
            children.clear();
            self.cycles.children = children;
            if rest.is_none() {
                return false;
            }
        }
        true
    }

    /// A reference to an object: it joins if it can, and if it is in the set the reference is inside.
    fn meet(&mut self, trial: &mut Trial, child: u32) {
        let word = self.words.load(child);
        if header::scratch(word) == 0 {
            if word & LEAF != 0 || header::count(word) == 0 {
                return;
            }
            if header::age(word) >= OLD || trial.objects.len() >= self.limits.trial_objects {
                trial.is_cut = true;
                return;
            }
            self.join_set(trial, child);
        }
        let number = header::scratch(self.words.load(child)) as usize;
        trial.inside[number - 1] += 1;
    }

    /// Which objects something outside the set leads to, by number.
    fn judge(&self, trial: &Trial) -> Vec<bool> {
        let mut is_live = vec![false; trial.objects.len()];
        let mut open = Vec::new();
        for (number, &at) in trial.objects.iter().enumerate() {
            let count = header::count(self.words.load(at));
            if count > trial.inside[number] || count == STICKY {
                is_live[number] = true;
                open.push(number);
            }
        }
        while let Some(number) = open.pop() {
            if number >= trial.expanded {
                continue;
            }
            self.each_edge(trial.objects[number], |child| {
                let child = header::scratch(self.words.load(child)) as usize;
                if child != 0 && !is_live[child - 1] {
                    is_live[child - 1] = true;
                    open.push(child - 1);
                }
            });
        }
        is_live
    }

    /// Frees a set of garbage, or queues the finalizers in it: then all of it stays for now, and the
    /// release after the last finalizer makes candidates of what is still garbage.
    pub(crate) fn free_or_finalize(&mut self, garbage: &[u32]) -> usize {
        let has_finalizer = |at: &&u32| self.words.load(**at) & FINALIZER != 0;
        let waiting: Vec<u32> = garbage.iter().filter(has_finalizer).copied().collect();
        if waiting.is_empty() {
            self.free_condemned(garbage);
            return garbage.len();
        }
        for at in waiting {
            let word = self.words.load(at);
            self.end_weak(at, word);
            self.retain_place(at);
            self.queue_finalization(at);
        }
        for &at in garbage {
            let word = self.words.load(at);
            if word & BUFFERED == 0 {
                self.words.store(at, word | BUFFERED);
                self.cycles.candidates.push(at);
            }
        }
        0
    }

    fn retain_place(&mut self, at: u32) {
        self.retain(crate::Ref::at(at).into());
    }

    /// One bounded piece of the collector's work: what waits to be freed, then a trial. Whether there is
    /// more.
    pub fn step(&mut self) -> bool {
        self.drop_roots();
        let steps = self.limits.release_steps;
        if self.work_off_steps(steps) > 0 && !self.cycles.candidates.is_empty() {
            self.trial();
        }
        self.is_dying() || !self.cycles.candidates.is_empty()
    }

    /// Steps until a time is over or nothing is left to do; whether there is more. It may take one
    /// step longer.
    pub fn run_for(&mut self, duration: Duration) -> bool {
        let limit = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let start = clock::monotonic_ns();
        while self.step() {
            if clock::monotonic_ns().saturating_sub(start) >= limit {
                return true;
            }
        }
        false
    }
}
