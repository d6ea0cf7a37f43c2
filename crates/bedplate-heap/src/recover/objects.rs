//! Repairs of objects and of what they refer to.

use super::repair::{Action, Repair};
use crate::bits::{high, join, low};
use crate::header::{self, FINALIZER, HAS_WEAK, IN_TRIAL, Kind, LEAF, ONE, STICKY};
use crate::{Finding, Heap, Misfit, Ref, Value, What};

impl Heap {
    /// Mends objects that do not fit; those that did not fit before are set aside.
    pub(super) fn mend_objects(
        &mut self,
        findings: &[Finding],
        is_first: bool,
        repairs: &mut Vec<Repair>,
    ) {
        for finding in findings {
            let What::Misfit(misfit) = finding.what else {
                continue;
            };
            let at = finding.object.map_or(0, Ref::index);
            let action = match self.mend_misfit(at, misfit) {
                Some(action) if is_first => action,
                _ => {
                    self.set_aside(at);
                    Action::SetAside
                }
            };
            Self::repaired(repairs, finding, action);
        }
    }

    /// Mends an object from what it holds, where that says enough.
    fn mend_misfit(&mut self, at: u32, misfit: Misfit) -> Option<Action> {
        let word = self.words.load(at);
        let kind = header::kind(word);
        match (misfit, kind) {
            (Misfit::Flags, kind) => {
                let leaf = if kind.is_leaf() { LEAF } else { 0 };
                self.words.store(at, word & !(LEAF | IN_TRIAL) | leaf);
                Some(Action::Rebuilt)
            }
            (Misfit::Finalizer, kind) => {
                let is_object = kind != Kind::Free && header::count(word) > 0;
                if !is_object {
                    self.finalizers.by_object.remove(&at);
                } else if self.finalizers.by_object.contains_key(&at) {
                    self.words.store(at, word | FINALIZER);
                } else {
                    self.words.store(at, word & !FINALIZER);
                }
                Some(Action::Rebuilt)
            }
            (Misfit::Entries | Misfit::Length, Kind::Table) => {
                self.recount_table(at);
                Some(Action::Rebuilt)
            }
            (Misfit::Length, Kind::Array) => {
                self.clip_array(at);
                Some(Action::Clipped)
            }
            (Misfit::Buffer | Misfit::Entries, Kind::Array | Kind::Table) => {
                let meta = if kind == Kind::Table {
                    high(self.words.load(at + 2))
                } else {
                    0
                };
                self.words.store(at + 1, 0);
                self.words.store(at + 2, join(0, meta));
                Some(Action::Emptied)
            }
            _ => None,
        }
    }

    /// Makes an array's length what its buffers have room for. Where it is not known how many values are not
    /// moved, all that the other buffer has room for are taken from there: each was the array's once, and in
    /// the new buffer those that never were moved are whatever the memory held. Where there is no other
    /// buffer they are made nil for the same reason.
    fn clip_array(&mut self, at: u32) {
        let (word, buffers) = (self.words.load(at + 1), self.words.load(at + 2));
        let (buffer, old) = (low(buffers), high(buffers));
        let length = low(word).min(self.room(buffer));
        let (said, most) = (high(word), length.min(self.room(old)));
        let unmoved = if said > 0 && said <= most { said } else { most };
        if old == 0 && self.may_move(buffer) {
            for place in 1..=length.min(said) {
                self.put(buffer + place, Value::NIL);
            }
        }
        self.words.store(at + 1, join(length, unmoved));
        if unmoved == 0 {
            self.words.store(at + 2, u64::from(buffer));
        }
    }

    /// Makes an object empty bytes that are never freed; one that is about to be freed is freed as such.
    fn set_aside(&mut self, at: u32) {
        let Some(words) = self.slots.starting_at(at) else {
            return;
        };
        let word = self.words.load(at);
        let is_dying = header::count(word) == 0;
        let count = if is_dying { 0 } else { u64::from(STICKY) * ONE };
        let flags = word & HAS_WEAK;
        self.finalizers.by_object.remove(&at);
        self.words
            .store(at, count | flags | LEAF | Kind::Bytes as u64);
        self.words.store(at + 1, u64::from((words - 2) * 8));
        for place in at + 2..at + words {
            self.words.store(place, 0);
        }
    }

    /// Makes references nil that lead to no object, and ends weak references that cannot be.
    pub(super) fn mend_references(&mut self, findings: &[Finding], repairs: &mut Vec<Repair>) {
        for finding in findings {
            let at = finding.object.map_or(0, Ref::index);
            let action = match finding.what {
                What::RefersTo { place } => self.forget(at, place),
                What::HeldPlace { place } => {
                    if !self.forget_held(place) {
                        continue;
                    }
                    Action::MadeNil
                }
                _ => self.mend_weak(at),
            };
            Self::repaired(repairs, finding, action);
        }
    }

    /// Makes an object's references to a place nil.
    fn forget(&mut self, at: u32, place: u32) -> Action {
        match header::kind(self.words.load(at)) {
            Kind::Host => {
                let host = self.take_host(at);
                self.set_aside(at);
                self.end_hosts(host);
                return Action::SetAside;
            }
            Kind::Table => {
                self.forget_entries(at, place);
                return Action::MadeNil;
            }
            Kind::Node => {
                let links = self.words.load(at + 1);
                let keep = |link| if link == place { 0 } else { link };
                self.words
                    .store(at + 1, join(keep(low(links)), keep(high(links))));
            }
            _ => {
                let edges = self.edges(at);
                for number in 0..edges.count() {
                    let word = edges.word(number);
                    if self.value(word).link() == place {
                        self.put(word, Value::NIL);
                    }
                }
            }
        }
        Action::MadeNil
    }

    /// Makes roots and finalizers nil that keep a place; `false` where it is the host's own reference.
    fn forget_held(&mut self, place: u32) -> bool {
        let mut is_found = false;
        let mut forget = |value: &mut Value| {
            if value.link() == place {
                *value = Value::NIL;
                is_found = true;
            }
        };
        for kept in &mut self.roots.kept {
            forget(&mut kept.value);
        }
        for due in &mut self.finalizers.queue {
            forget(&mut due.finalizer);
        }
        // The order does not matter: each is another value.
        let finalizers = self.finalizers.by_object.values_mut();
        finalizers.for_each(&mut forget);
        let queued = self.finalizers.queue.len();
        let is_other = |due: &crate::Finalization| due.object.index() != place;
        self.finalizers.queue.retain(is_other);
        is_found || self.finalizers.queue.len() < queued
    }

    /// Tells a target that lives of its weak reference; ends one whose generation cannot be.
    fn mend_weak(&mut self, at: u32) -> Action {
        let word = self.words.load(at + 1);
        let target = low(word);
        let is_current = self.slots.generation(target) == high(word);
        let is_slot = self.slots.starting_at(target).is_some();
        let header = if is_slot { self.words.load(target) } else { 0 };
        if is_current && header::count(header) > 0 {
            self.words.store(target, header | HAS_WEAK);
            return Action::MarkedWeak;
        }
        self.words.store(at + 1, 0);
        Action::WeakEnded
    }
}
