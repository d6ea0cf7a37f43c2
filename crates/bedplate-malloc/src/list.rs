//! Lists of slabs.
//!
//! # Role
//! A doubly linked list through the slabs' own links: a heap's queues and its full slabs.
//!
//! # Invariants
//! - I1: a slab is on one list at most (slab I3); only the heap's thread, or the holder of the
//!   heaps lock where the heap has none, touches its lists.

use crate::slab::Slab;
use core::cell::Cell;

/// A list of slabs.
#[derive(Debug)]
pub(crate) struct List {
    first: Cell<Option<&'static Slab>>,
    last: Cell<Option<&'static Slab>>,
}

impl List {
    /// An empty list.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self {
            first: Cell::new(None),
            last: Cell::new(None),
        }
    }

    /// The first slab.
    #[must_use]
    pub(crate) fn first(&self) -> Option<&'static Slab> {
        self.first.get()
    }

    /// The last slab.
    #[must_use]
    pub(crate) fn last(&self) -> Option<&'static Slab> {
        self.last.get()
    }

    /// Puts a slab at the end.
    pub(crate) fn push_back(&self, slab: &'static Slab) {
        slab.next.set(None);
        slab.prev.set(self.last.get());
        match self.last.get() {
            Some(last) => last.next.set(Some(slab)),
            None => self.first.set(Some(slab)),
        }
        self.last.set(Some(slab));
    }

    /// Takes a slab off the list; its links are left as they were.
    #[inline(always)]
    pub(crate) fn remove(&self, slab: &'static Slab) {
        let (prev, next) = (slab.prev.get(), slab.next.get());
        match prev {
            Some(prev) => prev.next.set(next),
            None => self.first.set(next),
        }
        match next {
            Some(next) => next.prev.set(prev),
            None => self.last.set(prev),
        }
    }

    /// Takes the first slab off a list that has one.
    #[inline(always)]
    pub(crate) fn drop_front(&self) {
        let next = self.first.get().and_then(|slab| slab.next.get());
        self.first.set(next);
        match next {
            Some(next) => next.prev.set(None),
            None => self.last.set(None),
        }
    }

    /// Calls `each` for every slab; `each` may not change the list.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&'static Slab)) {
        let mut at = self.first.get();
        while let Some(slab) = at {
            at = slab.next.get();
            each(slab);
        }
    }
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::List;
    use crate::slab::Slab;

    fn slab() -> &'static Slab {
        Box::leak(Box::new(Slab::new()))
    }

    #[test]
    fn removal_from_every_place_keeps_the_rest() {
        for gone in 0..3 {
            let list = List::new();
            let slabs = [slab(), slab(), slab()];
            slabs.iter().for_each(|s| list.push_back(s));
            list.remove(slabs[gone]);
            for (i, s) in slabs.iter().enumerate() {
                if i != gone {
                    assert!(list.first().is_some_and(|f| f.is(s)));
                    list.drop_front();
                }
            }
            assert!(list.first().is_none());
        }
    }
}
