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
//! - I2: where destructors panic the others run still, and one panic goes on.
//! - I3: nobody looks at a value when it is dropped. Who does holds a reference. One that was there before is named by a claim, and
//!   where something is left of an object each of its claims is done with: the pointer was dropped where it lay, or it lay in a
//!   value of the set and was moved out of it, which nobody could do while it was borrowed. One that a destructor made or moved
//!   may stay, if the value was not reached meanwhile. Else the process ends.

use crate::ledger::{Ledger, Phase};
use crate::object::Object;
use crate::release;
use crate::trace::{Edge, Tracer};
use crate::word::{CONDEMNED, IN_TRIAL, REACHED, SPECIAL};
use alloc::rc::Rc;

/// A dead set whose objects are condemned.
#[derive(Debug)]
pub(crate) struct Garbage {
    pub(crate) objects: Vec<Object>,
    /// The references among them.
    pub(crate) claims: Vec<Edge>,
}

/// The references among the objects that are not live, if they are all there are; the slots are numbers in `objects`.
///
/// The objects are condemned while they are asked, so that weak pointers lead to nothing: a value cannot name a reference that it
/// makes for the purpose, nor drop one.
pub(crate) fn verify(objects: &[Object], is_live: &[bool], ledger: &Ledger) -> Option<Vec<Edge>> {
    let mut claims = Vec::new();
    let dead = || {
        let numbered = objects.iter().zip(is_live);
        numbered
            .filter(|(_, is_live)| !**is_live)
            .map(|(object, _)| object)
    };
    ledger.ended.take();
    dead().for_each(|object| object.set(CONDEMNED | SPECIAL));
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
    let is_still = ledger.ended.borrow().is_empty();
    (is_all && is_still && !is_twice).then_some(claims)
}

/// Drops the values of a dead set, then frees the objects.
///
/// # Panics
/// Where a destructor does, after all of them have run; the first panic goes on.
pub(crate) fn drop_all(ledger: &Rc<Ledger>, garbage: &Garbage) {
    ledger.ended.take();
    let mut left = garbage.objects.iter();
    // Not by a guard's drop: a second panic would then end the process.
    let panic = release::without_panics(|| {
        left.by_ref().for_each(|object| object.drop_value());
    });
    let dropped = Dropped { ledger, garbage };
    if let Some(object) = dropped.find_held() {
        abort_slow(object.type_name());
    }
    dropped.end();
    release::go_on(panic);
}

#[derive(Debug)]
struct Dropped<'a> {
    ledger: &'a Ledger,
    garbage: &'a Garbage,
}

impl Dropped<'_> {
    /// An object to which a reference may be left that was there before, or through which its value was reached (I3).
    fn find_held(&self) -> Option<Object> {
        let is_left = |object: Object| object.count() > 0;
        let mut left = self.garbage.objects.iter().copied();
        let first = left.find(|object| is_left(*object))?;
        if let Some(reached) = core::iter::once(first)
            .chain(left)
            .find(|object| is_left(*object) && object.word() & REACHED != 0)
        {
            return Some(reached);
        }
        let mut ended = self.ledger.ended.take();
        ended.sort_unstable();
        let mut owners: Vec<_> = self.garbage.objects.iter().map(|o| o.place()).collect();
        owners.sort_unstable_by_key(|place| place.start);
        let is_explained = |pointer: usize| {
            let after = owners.partition_point(|place| place.start <= pointer);
            let owner = owners[..after].last();
            owner.is_some_and(|place| place.contains(&pointer))
                || ended.binary_search(&pointer).is_ok()
        };
        let mut claims = self.garbage.claims.iter();
        let held = claims.find(|claim| is_left(claim.target) && !is_explained(claim.pointer));
        held.map(|claim| claim.target)
    }

    fn end(&self) {
        self.ledger.ended.take();
        for object in &self.garbage.objects {
            object.clear(CONDEMNED | SPECIAL | REACHED);
            // SAFETY: all values of the set are dropped, and what is left over is counted (I1).
            drop(unsafe { object.end() });
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
         a `Trace` that is written by hand names a `Cc` of somebody else's, or a destructor moved one away, or kept one through \
         which it reached the value. Derive `Trace`, and let destructors drop what their values own, and keep nothing of it"
    );
    std::process::abort();
}
