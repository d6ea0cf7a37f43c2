//! Lists whose links lie in the blocks' records.
//!
//! # Role
//! Doubly linked lists over an array: a block enters and leaves one in constant time, and nothing is
//! allocated.
//!
//! # Invariants
//! - I1: a block is in one list at most; whoever owns the array knows in which.

/// No block.
pub(super) const NONE: u32 = u32::MAX;

/// A record that can be in a list.
pub(super) trait Linked {
    fn links(&mut self) -> &mut Links;
}

/// The neighbours of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    previous: u32,
    next: u32,
}

impl Links {
    pub(super) const NOWHERE: Self = Self {
        previous: NONE,
        next: NONE,
    };
}

/// A list.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    first: u32,
    last: u32,
    count: usize,
}

impl List {
    pub(super) const EMPTY: Self = Self {
        first: NONE,
        last: NONE,
        count: 0,
    };

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) const fn last(&self) -> Option<u32> {
        if self.last == NONE {
            None
        } else {
            Some(self.last)
        }
    }

    #[inline]
    pub(super) fn push_front<T: Linked>(&mut self, records: &mut [T], at: u32) {
        let old = self.first;
        *records[at as usize].links() = Links {
            previous: NONE,
            next: old,
        };
        if old == NONE {
            self.last = at;
        } else {
            records[old as usize].links().previous = at;
        }
        self.first = at;
        self.count += 1;
    }

    pub(super) fn push_back<T: Linked>(&mut self, records: &mut [T], at: u32) {
        let old = self.last;
        *records[at as usize].links() = Links {
            previous: old,
            next: NONE,
        };
        if old == NONE {
            self.first = at;
        } else {
            records[old as usize].links().next = at;
        }
        self.last = at;
        self.count += 1;
    }

    #[inline]
    pub(super) fn pop_front<T: Linked>(&mut self, records: &mut [T]) -> Option<u32> {
        let at = self.first;
        if at == NONE {
            return None;
        }
        let next = records[at as usize].links().next;
        if next == NONE {
            self.last = NONE;
        } else {
            records[next as usize].links().previous = NONE;
        }
        self.first = next;
        self.count -= 1;
        Some(at)
    }

    /// Takes a record out that is in this list.
    pub(super) fn remove<T: Linked>(&mut self, records: &mut [T], at: u32) {
        let Links { previous, next } = *records[at as usize].links();
        if previous == NONE {
            self.first = next;
        } else {
            records[previous as usize].links().next = next;
        }
        if next == NONE {
            self.last = previous;
        } else {
            records[next as usize].links().previous = previous;
        }
        self.count -= 1;
    }
}
