//! What happens when a reference goes.
//!
//! # Role
//! The last reference drops the value at once, as `Rc` does, up to some values inside each other; what is deeper waits in a list
//! until the outermost drop is done. So a list of any length is dropped on a small stack.
//!
//! # Invariants
//! - I1: an object in `dying` has no reference, and is in no other list.

use crate::ledger::{Ledger, Phase};
use crate::object::Object;
use crate::trial;
use crate::word::{self, CONDEMNED, DROPPED, GONE, LISTED, ONE, QUIET, SPECIAL};
use alloc::rc::Rc;
use core::any::Any;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;

/// Drops of values inside each other; each may take a kilobyte of stack where nothing is optimised.
const DEPTH: u32 = 12;

/// A reference more where the count is not a plain one.
#[cold]
#[inline(never)]
pub(crate) fn retain_slow(object: Object) {
    let word = object.word();
    if word & CONDEMNED != 0 {
        object.set_word(word + ONE);
    } else {
        object.set_word(word::stuck(word));
    }
}

/// A reference less that is not a plain difference: the last, one of what is condemned, or one that makes a candidate. It lay at
/// `pointer`.
#[inline(never)]
pub(crate) fn release_slow(object: Object, pointer: usize) {
    let word = object.word();
    if word & SPECIAL != 0 {
        if word & CONDEMNED != 0 {
            object.set_word(word - ONE);
            object.ledger().ended.borrow_mut().push(pointer);
        }
        return;
    }
    object.set_word(word - ONE);
    if word::count(word) == 1 {
        last_reference(object, word);
    } else if word & QUIET == 0 {
        note(object);
    }
}

fn note(object: Object) {
    let ledger = object.ledger();
    ledger.note_candidate(object);
    if ledger.is_closed.get() && ledger.depth.get() == 0 && ledger.limits.get().automatic {
        // Nobody is left who would make objects or ask for a collection.
        let ledger = Rc::clone(ledger);
        trial::run(&ledger, false);
    }
}

fn last_reference(object: Object, word: u64) {
    if word & DROPPED != 0 {
        end_if_gone(object);
        return;
    }
    let ledger = object.ledger();
    if word & LISTED != 0 {
        ledger.take_out(object);
    }
    if ledger.phase.get() == Phase::Tracing || ledger.depth.get() >= DEPTH {
        ledger.dying.borrow_mut().push(object);
        return;
    }
    ledger.depth.set(ledger.depth.get() + 1);
    let _last = Last(object);
    object.drop_value();
}

/// Ends the object and drops what waits, however its destructor ends.
struct Last(Object);

impl Drop for Last {
    #[inline]
    fn drop(&mut self) {
        let ledger = self.0.ledger();
        ledger.depth.set(ledger.depth.get() - 1);
        // SAFETY: its value is dropped and it has no reference; it is in no list (I1), and not used here any more.
        let ledger = unsafe { self.0.end() };
        drain(&ledger);
    }
}

/// The last weak reference to an object went, or the last reference to one whose value is dropped.
pub(crate) fn end_if_gone(object: Object) {
    if object.word() & GONE != 0 && object.count() == 0 && object.weak() == 0 {
        // SAFETY: its value is gone and nothing leads to it.
        drop(unsafe { object.free() });
    }
}

/// Drops the value of an object without references, and frees it. What its destructor leaves waits for the caller.
fn dispose(ledger: &Ledger, object: Object) {
    let _disposal = Disposal { ledger, object };
    ledger.depth.set(ledger.depth.get() + 1);
    object.drop_value();
}

/// Ends the object also where its destructor panics.
struct Disposal<'a> {
    ledger: &'a Ledger,
    object: Object,
}

impl Drop for Disposal<'_> {
    fn drop(&mut self) {
        self.ledger.depth.set(self.ledger.depth.get() - 1);
        // SAFETY: its value is dropped and it has no reference; it is in no list (I1), and not used here any more.
        drop(unsafe { self.object.end() });
    }
}

/// Drops what waits, unless a drop further out will. Where destructors panic the others run still, and one panic goes on.
pub(crate) fn drain(ledger: &Ledger) {
    let is_empty = ledger.dying.borrow().is_empty();
    if !is_empty && ledger.depth.get() == 0 && ledger.phase.get() != Phase::Tracing {
        drain_slow(ledger);
    }
}

#[cold]
#[inline(never)]
fn drain_slow(ledger: &Ledger) {
    let next = || ledger.dying.borrow_mut().pop();
    go_on(without_panics(|| {
        while let Some(object) = next() {
            dispose(ledger, object);
        }
    }));
}

/// What code of the program's ended with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Begins work again as often as it panics, which is a step ahead each time; the first panic.
pub(crate) fn without_panics(mut work: impl FnMut()) -> Option<Panic> {
    let mut first = None;
    while let Err(panic) = catch_unwind(AssertUnwindSafe(&mut work)) {
        first.get_or_insert(panic);
    }
    first
}

/// A panic goes on, but not inside another, which would end the process.
pub(crate) fn go_on(panic: Option<Panic>) {
    if let Some(panic) = panic
        && !thread::panicking()
    {
        resume_unwind(panic);
    }
}
