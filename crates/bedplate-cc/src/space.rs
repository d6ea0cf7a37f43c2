//! Spaces: what is collected together.

use crate::cc::Cc;
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::pass;
use crate::stats::Stats;
use crate::trace::Trace;
use crate::trial;
use alloc::rc::Rc;
use core::cell::{OnceCell, RefCell};
use core::mem::ManuallyDrop;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

thread_local! {
    static THREAD: ObjectSpace = ObjectSpace::default();
    /// The books of what is made while the thread ends and its space is gone. Never freed: it is not known who is last.
    static ENDING: OnceCell<ManuallyDrop<Rc<Ledger>>> = const { OnceCell::new() };
}

/// A space of objects that are collected together, apart from those of [`Cc::new`].
///
/// Objects of one space may hold objects of another: cycles across spaces are not found.
///
/// # Examples
/// ```
/// use bedplate_cc::{Cc, ObjectSpace, Trace, TraceBox};
/// use std::cell::RefCell;
///
/// type List = Cc<RefCell<Vec<TraceBox<dyn Trace>>>>;
/// let space = ObjectSpace::default();
/// let list: List = space.create(RefCell::default());
/// list.borrow_mut().push(TraceBox(Box::new(list.clone())));
/// drop(list);
/// assert_eq!((space.count_tracked(), space.collect_cycles(), space.count_tracked()), (1, 1, 0));
/// ```
#[derive(Debug)]
pub struct ObjectSpace {
    ledger: RefCell<Rc<Ledger>>,
}

impl ObjectSpace {
    /// A space with limits of its own.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        let ledger = RefCell::new(Rc::new(Ledger::new(limits)));
        Self { ledger }
    }

    fn ledger(&self) -> Rc<Ledger> {
        Rc::clone(&self.ledger.borrow())
    }

    /// A value of its own, in this space.
    pub fn create<T: Trace>(&self, value: T) -> Cc<T> {
        Cc::new_in(value, self.ledger())
    }

    /// Tracked objects whose value is alive.
    #[must_use]
    pub fn count_tracked(&self) -> usize {
        self.ledger().live()
    }

    /// Frees all dead cycles; how many objects they were. Nothing while a collection runs.
    ///
    /// # Panics
    /// - where a [`Trace`] that is written by hand names references wrongly, before anything is dropped;
    /// - where a destructor does, after the others have run.
    ///
    /// # Cost
    /// As much as can be reached from what may be garbage: [`ObjectSpace::step`] does a part.
    pub fn collect_cycles(&self) -> usize {
        trial::collect(&self.ledger())
    }

    /// One bounded piece: a trial, or, where no candidates wait, a slice of a full pass. Whether there is more; what a pass left
    /// undecided, and what began to wait beside it, is for the next call.
    ///
    /// # Panics
    /// As [`ObjectSpace::collect_cycles`].
    pub fn step(&self) -> bool {
        let ledger = self.ledger();
        let (candidates, deferred) = ledger.waiting();
        let is_passing = ledger.is_passing();
        if candidates > 0 && !is_passing {
            trial::run(&ledger, false);
        } else if deferred > 0 || is_passing {
            pass::slice(&ledger, ledger.limits.get().trial_objects);
            return ledger.waiting().0 > 0 || ledger.is_passing();
        }
        ledger.waiting() != (0, 0)
    }

    /// Whether a full pass is under way: objects that are made, and [`ObjectSpace::step`], go on with it.
    #[must_use]
    pub fn is_collecting(&self) -> bool {
        self.ledger().is_passing()
    }

    /// Gives up all objects of the space to their own counts: their cycles are not found any more.
    pub fn leak(&self) {
        let limits = self.ledger().limits.get();
        let old = self.ledger.replace(Rc::new(Ledger::new(limits)));
        pass::abandon(&old);
        old.set_limits(Limits {
            automatic: false,
            ..limits
        });
    }

    /// Sets the limits. They are put inside their bounds.
    pub fn set_limits(&self, limits: Limits) {
        self.ledger().set_limits(limits);
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.ledger().limits.get()
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let ledger = self.ledger();
        let (candidates, deferred) = ledger.waiting();
        Stats {
            live_objects: ledger.live(),
            candidates,
            deferred,
            ..ledger.stats.get()
        }
    }
}

impl Default for ObjectSpace {
    fn default() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }
}

impl Drop for ObjectSpace {
    /// Collects; objects that are still held live on, and their cycles are tried as soon as they lose a reference. Cycles whose
    /// `Trace` is wrong leak, and the panic of a destructor or a `Trace` ends here: a thread that ends must not panic.
    fn drop(&mut self) {
        let ledger = self.ledger();
        ledger.is_closed.set(true);
        for _ in 0..trial::ROUNDS_MAX {
            let before = ledger.live();
            let collect = || trial::try_run(&ledger, true);
            match catch_unwind(AssertUnwindSafe(collect)) {
                Ok(Ok(1..)) => {}
                // Destructors panicked; where values do that are asked, they do so again.
                Err(_) if ledger.live() < before => {}
                _ => break,
            }
        }
    }
}

/// The thread's books.
#[inline]
pub(crate) fn thread_ledger() -> Rc<Ledger> {
    let ledger = THREAD.try_with(ObjectSpace::ledger);
    ledger.unwrap_or_else(|_| ending_ledger_slow())
}

#[cold]
#[inline(never)]
fn ending_ledger_slow() -> Rc<Ledger> {
    let new = || {
        let ledger = Ledger::new(Limits::DEFAULT);
        ledger.is_closed.set(true);
        ManuallyDrop::new(Rc::new(ledger))
    };
    ENDING.with(|ledger| Rc::clone(ledger.get_or_init(new)))
}

/// Takes the thread's space, and leaves an empty one.
pub(crate) fn take_thread_space() -> ObjectSpace {
    put_thread_space(ObjectSpace::default())
}

/// Makes a space the thread's; the one it was.
pub(crate) fn put_thread_space(space: ObjectSpace) -> ObjectSpace {
    THREAD.with(|thread| {
        thread.ledger.swap(&space.ledger);
    });
    space
}

/// Frees all dead cycles of the thread's space; how many objects they were.
///
/// # Panics
/// As [`ObjectSpace::collect_cycles`].
#[expect(
    clippy::must_use_candidate,
    reason = "it frees, and the number is a by-product"
)]
pub fn collect_thread_cycles() -> usize {
    trial::collect(&thread_ledger())
}

/// Tracked objects of the thread's space whose value is alive.
#[must_use]
pub fn count_thread_tracked() -> usize {
    thread_ledger().live()
}

/// Calls a function with the thread's space.
pub fn with_thread_object_space<R>(handler: impl FnOnce(&ObjectSpace) -> R) -> R {
    THREAD.with(handler)
}
