//! How values name the references they own.

use crate::ledger::Ledger;
use crate::object::Object;
use crate::word::{DROPPED, UNTRACKED};

/// A reference that a value said it owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) target: Object,
    /// Where the pointer itself lies: two owners cannot both hold it.
    pub(crate) pointer: usize,
}

/// Takes down what [`Trace::trace`] names. It does nothing else: the collector works on the list afterwards.
#[derive(Debug)]
pub struct Tracer<'a> {
    edges: &'a mut Vec<Edge>,
    ledger: &'a Ledger,
    room: usize,
    is_cut: bool,
}

impl<'a> Tracer<'a> {
    pub(crate) const fn new(edges: &'a mut Vec<Edge>, ledger: &'a Ledger, room: usize) -> Self {
        Self {
            edges,
            ledger,
            room,
            is_cut: false,
        }
    }

    /// A pointer that the traced value owns.
    pub(crate) fn note(&mut self, target: Object, pointer: usize) {
        if target.word() & (UNTRACKED | DROPPED) != 0 || !target.is_of(self.ledger) {
            return;
        }
        if self.edges.len() < self.room {
            self.edges.push(Edge { target, pointer });
        } else {
            self.is_cut = true;
        }
    }

    /// Whether there was no room for all.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// Types that can name the [`crate::Cc`]s they own. Derive it.
///
/// # By hand
/// `trace` calls `trace` of each field that may hold a [`crate::Cc`]. It names what the value owns, each once, and changes
/// nothing. What it leaves out is never freed as a part of a cycle, which is safe. What it names twice, and a `Cc` that it makes
/// for the purpose, is found before anything is freed, and is a panic. A `Cc` that it names although another owns it is found when
/// the cycle was dropped, and ends the process, also where a destructor panicked.
///
/// # Destructors
/// `Drop::drop` of a value in a dead cycle runs when others of the cycle may be dropped already: to reach one of them panics.
/// A `Cc` of the cycle that a destructor keeps leads to nothing afterwards. The process ends where the value behind it was reached
/// meanwhile, or where the destructor moved `Cc`s out of a collection of the value and left any of them alive.
///
/// # Examples
/// ```
/// use bedplate_cc::{Cc, Trace};
/// use std::cell::RefCell;
///
/// #[derive(Trace)]
/// #[trace(tracking(force))] // it leads to itself: a type cannot find that out
/// struct Node {
///     next: RefCell<Option<Cc<Node>>>,
///     name: String,
/// }
///
/// let node = Cc::new(Node { next: RefCell::default(), name: "alone".to_owned() });
/// *node.next.borrow_mut() = Some(node.clone());
/// drop(node);
/// assert_eq!(bedplate_cc::collect_thread_cycles(), 1);
/// ```
pub trait Trace: 'static {
    /// Names the references that this value owns.
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let _ = tracer;
    }

    /// Whether values of this type may be a part of a cycle. `true` where that cannot be told.
    #[must_use]
    fn is_type_tracked() -> bool
    where
        Self: Sized,
    {
        true
    }
}

/// Types whose values cannot be a part of a cycle.
///
/// # Safety
/// A wrong implementation leaks, nothing worse. The trait is marked as unsafe because programs that are written for other
/// collectors write `unsafe impl`.
pub unsafe trait Acyclic: Trace {
    /// Used by the derive to ask the same of the fields.
    #[doc(hidden)]
    #[inline]
    fn assert_fields_are_acyclic(&self) {}
}
