//! The test of a set of objects.
//!
//! # Role
//! Gathers objects around candidates, counts the references among them, and hands what nothing outside holds to
//! [`condemned`](mod@crate::condemned). A collection that is asked for is the same without limits; a pass in slices (`pass.rs`) hands
//! over the sets that it found.
//!
//! # Why any set will do
//! The theorem is the handle heap's (`bedplate-heap`, `cycles`): take any set, subtract from each count the references from
//! inside; what cannot be reached inside from an object with a positive rest is garbage. So a trial may stop anywhere.
//!
//! # Invariants
//! - I1: an object of the set has the flag `IN_TRIAL` and its number as slot; it is in no list meanwhile, and `origin` says
//!   which it was in.
//! - I2: while values name their references nothing is freed, whatever their code does: the phase is `Tracing`. So the objects
//!   of the set live until [`Trial::close`].
//! - I3: the references of an object are counted together or not at all; those not counted hold from outside.

use crate::condemned::{self, Garbage};
use crate::ledger::{Ledger, OLD, Phase};
use crate::object::Object;
use crate::pass;
use crate::release;
use crate::trace::{Edge, Tracer};
use crate::word::{self, BUFFERED, CONDEMNED, DEFERRED, IN_PASS, IN_TRIAL, LENT, REACHED, SPECIAL};
use alloc::rc::Rc;

/// So often a collection looks at what destructors left: there are destructors that make their like.
pub(crate) const ROUNDS_MAX: usize = 1000;

/// A set under test.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    ledger: &'a Rc<Ledger>,
    objects: Vec<Object>,
    /// The list that each came from, as a flag.
    origin: Vec<u64>,
    /// References from inside, by number.
    inside: Vec<u32>,
    /// Where the references of each begin in `targets`; one more than are expanded.
    starts: Vec<usize>,
    /// Numbers of objects.
    targets: Vec<usize>,
    /// Numbers of the candidates it began with.
    seeds: Vec<usize>,
    /// Numbers of objects that may not be looked at.
    lent: Vec<usize>,
    room_objects: usize,
    room_edges: usize,
    extent: Extent,
    is_cut: bool,
    is_closed: bool,
}

/// What a set is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Candidates, and what they lead to, within limits.
    Limited,
    /// Everything that may be garbage.
    Full,
    /// What a pass found, and nothing else.
    Given,
}

/// A `Trace` names references wrongly. Nothing was dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misnamed;

/// Tests one set, or everything that may be garbage; how many objects were freed.
pub(crate) fn run(ledger: &Rc<Ledger>, is_full: bool) -> usize {
    expect_named(try_run(ledger, is_full))
}

/// Tests a set that a pass found, whose objects are in no list; how many were freed.
pub(crate) fn decide(ledger: &Rc<Ledger>, objects: &[Object]) -> usize {
    let mut trial = Trial::new(ledger, Extent::Given);
    for &object in objects {
        trial.join(object);
    }
    trial.expand(&mut Vec::new());
    expect_named(conclude(trial))
}

fn expect_named(freed: Result<usize, Misnamed>) -> usize {
    match freed {
        Ok(freed) => freed,
        Err(Misnamed) => panic!(
            "bug: unexpected references in a dead cycle: a `Trace` that is written by hand names a `Cc` twice, or one \
             that another value owns; nothing was dropped"
        ),
    }
}

/// The same, for places that must not panic.
pub(crate) fn try_run(ledger: &Rc<Ledger>, is_full: bool) -> Result<usize, Misnamed> {
    if ledger.phase.get() != Phase::Idle {
        return Ok(0);
    }
    let extent = if is_full {
        pass::abandon(ledger);
        Extent::Full
    } else {
        Extent::Limited
    };
    let mut trial = Trial::new(ledger, extent);
    trial.gather();
    let freed = conclude(trial)?;
    if is_full {
        ledger.note_full(freed, ledger.live());
    }
    Ok(freed)
}

/// Judges a set that is gathered, and frees what is dead of it; how many objects.
fn conclude(trial: Trial<'_>) -> Result<usize, Misnamed> {
    let ledger = trial.ledger;
    let garbage = {
        let is_live = trial.judge();
        let claims = condemned::verify(&trial.objects, &is_live, ledger);
        let is_sound = claims.is_some();
        let garbage = trial.close(&is_live, claims);
        if !is_sound {
            return Err(Misnamed);
        }
        garbage
    };
    let freed = garbage.objects.len();
    condemned::drop_all(ledger, &garbage);
    release::drain(ledger);
    Ok(freed)
}

/// What is due when an object is made and the allowance is used up.
#[cold]
#[inline(never)]
pub(crate) fn look_slow(ledger: &Rc<Ledger>) {
    ledger.allow(false);
    let limits = ledger.limits.get();
    let is_trial_due = ledger.take_due();
    if !limits.automatic {
        return;
    }
    if ledger.is_passing() {
        if is_trial_due {
            run(ledger, false);
        }
        pass::slice(ledger, limits.trial_objects);
        return ledger.allow(false);
    }
    let (candidates, deferred) = ledger.waiting();
    ledger.count_anew();
    let touched = ledger.stats.get().touched_objects;
    let freed = if candidates > 0 {
        run(ledger, false)
    } else {
        0
    };
    let touched = ledger.stats.get().touched_objects - touched;
    if candidates + deferred > 0 && ledger.is_full_due() {
        if ledger.is_closed.get() {
            // Nobody may be left who makes objects, and with them slices.
            run(ledger, true);
        } else {
            pass::slice(ledger, limits.trial_objects);
        }
    }
    ledger.allow(freed as u64 * 2 >= touched);
}

/// Frees all dead cycles, and those that their destructors leave; how many objects.
pub(crate) fn collect(ledger: &Rc<Ledger>) -> usize {
    let mut total = 0;
    for _ in 0..ROUNDS_MAX {
        let freed = run(ledger, true);
        total += freed;
        let (candidates, _) = ledger.waiting();
        if freed == 0 || candidates == 0 {
            break;
        }
    }
    total
}

impl<'a> Trial<'a> {
    fn new(ledger: &'a Rc<Ledger>, extent: Extent) -> Self {
        ledger.phase.set(Phase::Tracing);
        let limit = ledger.limits.get().trial_objects;
        Self {
            ledger,
            objects: Vec::new(),
            origin: Vec::new(),
            inside: Vec::new(),
            starts: vec![0],
            targets: Vec::new(),
            seeds: Vec::new(),
            lent: Vec::new(),
            room_objects: match extent {
                Extent::Limited => limit,
                Extent::Full => usize::MAX,
                Extent::Given => 0,
            },
            room_edges: match extent {
                Extent::Limited => limit.saturating_mul(2),
                Extent::Full | Extent::Given => usize::MAX,
            },
            extent,
            // What lives of a set that was thought dead is for the next pass.
            is_cut: extent == Extent::Given,
            is_closed: false,
        }
    }

    /// Takes candidates, and what they lead to, while there is room.
    fn gather(&mut self) {
        let mut edges = Vec::new();
        while self.objects.len() < self.room_objects {
            let Some(seed) = self.ledger.next_seed(self.extent == Extent::Full) else {
                return;
            };
            self.seeds.push(self.objects.len());
            self.join(seed);
            if !self.expand(&mut edges) {
                self.is_cut = true;
                // The next set begins with it; the first of a set had all the room there is.
                if self.seeds.len() > 1 {
                    self.seeds.pop();
                }
                return;
            }
        }
    }

    fn join(&mut self, object: Object) {
        let listed = self.ledger.take_out(object);
        self.origin.push(match self.extent {
            Extent::Given => DEFERRED,
            Extent::Limited | Extent::Full => listed,
        });
        object.set(IN_TRIAL);
        object.set_slot(self.objects.len());
        self.objects.push(object);
        self.inside.push(0);
    }

    /// Counts the references of the objects that joined; `false` where there is no room for it.
    fn expand(&mut self, edges: &mut Vec<Edge>) -> bool {
        while let Some(&object) = self.objects.get(self.starts.len() - 1) {
            edges.clear();
            let mut tracer = Tracer::new(edges, self.ledger, self.room_edges);
            object.trace(&mut tracer);
            if tracer.is_cut() {
                return false;
            }
            if object.word() & LENT != 0 {
                self.is_cut = true;
                self.lent.push(self.starts.len() - 1);
            }
            self.room_edges -= edges.len();
            for edge in &*edges {
                self.meet(edge.target);
            }
            self.starts.push(self.targets.len());
        }
        true
    }

    /// A reference to an object: it joins if it can, and if it is in the set the reference is inside.
    fn meet(&mut self, target: Object) {
        let word = target.word();
        if word & IN_TRIAL == 0 {
            if word::count(word) == 0 {
                return;
            }
            let is_old = word::age(word) >= OLD && self.extent != Extent::Full;
            if is_old || word & IN_PASS != 0 || self.objects.len() >= self.room_objects {
                self.is_cut = true;
                return;
            }
            self.join(target);
        }
        let number = target.slot();
        self.inside[number] = self.inside[number].saturating_add(1);
        self.targets.push(number);
    }

    /// Which objects something outside the set leads to, by number.
    fn judge(&self) -> Vec<bool> {
        let mut is_live = vec![false; self.objects.len()];
        let mut open = self.lent.clone();
        for (number, object) in self.objects.iter().enumerate() {
            let word = object.word();
            let count = word::count(word);
            // One without a reference waits to be dropped as any other does.
            if count > u64::from(self.inside[number]) || count == 0 || word::is_stuck(word) {
                open.push(number);
            }
        }
        for &number in &open {
            is_live[number] = true;
        }
        while let Some(number) = open.pop() {
            let Some(&end) = self.starts.get(number + 1) else {
                continue;
            };
            for &target in &self.targets[self.starts[number]..end] {
                if !is_live[target] {
                    is_live[target] = true;
                    open.push(target);
                }
            }
        }
        is_live
    }

    /// Ends the trial: what lives is older, or waits on where the trial was cut; the rest is condemned, if its references were
    /// verified.
    fn close(mut self, is_live: &[bool], claims: Option<Vec<Edge>>) -> Garbage {
        self.is_closed = true;
        let is_sound = claims.is_some();
        // Whoever named references wrongly once does so again.
        self.is_cut &= is_sound || self.extent != Extent::Given;
        let mut garbage = Garbage {
            objects: Vec::new(),
            claims: claims.unwrap_or_default(),
        };
        for (number, &object) in self.objects.iter().enumerate() {
            object.clear(IN_TRIAL | REACHED);
            if !is_live[number] && is_sound {
                garbage.objects.push(object);
                continue;
            }
            pardon(object);
            object.set_word(word::aged(object.word()));
            if self.is_cut {
                let is_seed = self.seeds.binary_search(&number).is_ok();
                self.wait_on(number, is_seed);
            }
        }
        let freed = garbage.objects.len();
        self.ledger.count(|stats| {
            let is_trial = self.extent == Extent::Limited;
            stats.trials += u64::from(is_trial);
            stats.full_passes += u64::from(self.extent == Extent::Full);
            stats.cut_trials += u64::from(self.is_cut && is_trial);
            stats.touched_objects += self.objects.len() as u64;
            stats.cycle_objects += freed as u64;
        });
        if self.extent == Extent::Limited {
            self.ledger.adapt(freed, self.objects.len());
        }
        let next = if is_sound {
            Phase::Dropping
        } else {
            Phase::Idle
        };
        self.ledger.phase.set(next);
        garbage
    }

    /// Lists an object again whose question was not answered.
    fn wait_on(&self, number: usize, is_seed: bool) {
        let (object, origin) = (self.objects[number], self.origin[number]);
        if origin == 0 || object.count() == 0 {
            return;
        }
        if origin == BUFFERED && !is_seed {
            self.ledger.note_candidate(object);
        } else {
            self.ledger.defer(object);
        }
    }
}

/// An object is not dropped that was condemned while it was verified.
fn pardon(object: Object) {
    if object.word() & CONDEMNED != 0 {
        object.clear(CONDEMNED | SPECIAL);
    }
}

impl Drop for Trial<'_> {
    /// A value panicked while it named its references: everything is as before.
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        for (number, object) in self.objects.iter().enumerate() {
            object.clear(IN_TRIAL | REACHED);
            pardon(*object);
            self.wait_on(number, false);
        }
        self.ledger.phase.set(Phase::Idle);
    }
}
