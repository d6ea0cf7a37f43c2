//! Dead cycles: the proof, and the drop of their values.
//!
//! # Role
//! Before anything is dropped, [`verify`] asks the values of a dead set for their references once more and compares: every
//! reference to each of them is a different pointer, named by one of them. Then no reference is outside, whatever the passes before
//! thought.
//!
//! # Invariants
//! - I1: a condemned object's memory lives until all values of the set are dropped. Its references count on under the flag, weak
//!   ones lead to nothing, and to reach a dropped value panics. So destructors may do what they like.
//! - I2: where a destructor panics the others run still.

use crate::ledger::{Ledger, Phase};
use crate::object::Object;
use crate::trace::{Edge, Tracer};
use crate::word::{CONDEMNED, IN_TRIAL, REVIVED, SPECIAL};
use alloc::rc::Rc;

/// A dead set whose objects are condemned.
#[derive(Debug)]
pub(crate) struct Garbage {
    pub(crate) objects: Vec<Object>,
    /// The references among them.
    pub(crate) claims: Vec<Edge>,
}

/// The references among the objects that are not live, if they are all there are; the slots are numbers in `objects`.
pub(crate) fn verify(objects: &[Object], is_live: &[bool], ledger: &Ledger) -> Option<Vec<Edge>> {
    let mut claims = Vec::new();
    let dead = || {
        let numbered = objects.iter().zip(is_live);
        numbered
            .filter(|(_, is_live)| !**is_live)
            .map(|(object, _)| object)
    };
    for object in dead() {
        let mut tracer = Tracer::new(&mut claims, ledger, usize::MAX);
        object.trace(&mut tracer);
    }
    let mut found = vec![0_u32; objects.len()];
    claims.retain(|claim| claim.target.word() & IN_TRIAL != 0);
    for claim in &claims {
        let count: &mut u32 = &mut found[claim.target.slot()];
        *count = count.saturating_add(1);
    }
    claims.sort_unstable_by_key(|claim| claim.pointer);
    let is_twice = claims
        .windows(2)
        .any(|pair| pair[0].pointer == pair[1].pointer);
    let is_all = dead().all(|object| object.count() == u64::from(found[object.slot()]));
    (is_all && !is_twice).then_some(claims)
}

/// Drops the values of a dead set, then frees the objects.
pub(crate) fn drop_all(ledger: &Rc<Ledger>, garbage: &Garbage) {
    let mut dropping = Dropping {
        ledger,
        garbage,
        next: 0,
        is_whole: false,
    };
    dropping.run();
    dropping.is_whole = true;
}

#[derive(Debug)]
struct Dropping<'a> {
    ledger: &'a Ledger,
    garbage: &'a Garbage,
    next: usize,
    /// Whether no destructor panicked.
    is_whole: bool,
}

impl Dropping<'_> {
    fn run(&mut self) {
        while let Some(object) = self.garbage.objects.get(self.next) {
            self.next += 1;
            object.drop_value();
        }
    }

    /// Whether the references that an object still has are accounted for: made by destructors, or pointers that lay in the
    /// values themselves and were moved out.
    fn is_explained(&self, object: Object) -> bool {
        let word = object.word();
        if word & REVIVED != 0 || !self.is_whole {
            return true;
        }
        let named = self.garbage.claims.iter();
        named.filter(|claim| claim.target == object).any(|claim| {
            let mut objects = self.garbage.objects.iter();
            objects.any(|owner| owner.has_inside(claim.pointer))
        })
    }
}

impl Drop for Dropping<'_> {
    fn drop(&mut self) {
        self.run();
        for object in &self.garbage.objects {
            if object.count() > 0 && !self.is_explained(*object) {
                abort_slow(object.type_name());
            }
        }
        for object in &self.garbage.objects {
            object.clear(CONDEMNED | SPECIAL | REVIVED);
            // SAFETY: all values of the set are dropped, and what is left over is counted (I1).
            unsafe { object.end() };
        }
        self.ledger.phase.set(Phase::Idle);
    }
}

/// Somebody may be looking at a value that was dropped: no code of theirs may run on.
#[cold]
#[inline(never)]
#[expect(clippy::print_stderr, reason = "the process ends, and must say why")]
fn abort_slow(name: &str) {
    eprintln!(
        "bedplate-cc: a `{name}` was freed as a part of a dead cycle, and a `Cc` to it that its cycle does not own is left; \
         a `Trace` that is written by hand names a `Cc` of somebody else's, or a destructor moved one away. Derive `Trace`, or \
         clone the `Cc` in the destructor instead"
    );
    std::process::abort();
}
