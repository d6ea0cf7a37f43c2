//! References of hosts.
//!
//! # Role
//! [`Root`]: keeps a value until it is dropped, wherever that happens.
//!
//! # Invariants
//! - I1: a number belongs to one handle until that is dropped, also where the heap goes back to a
//!   checkpoint: `holders` is what the host has, and is never rolled back.
//! - I2: a value is a root's where the serials are the same. Serials are used once.
//!
//! # Concurrency
//! A root may be dropped on any thread: it leaves its number in a list behind a lock, which the heap
//! empties with the next root, step, settling or collection. Not while it allocates: what a caller was
//! lent stays there until the caller does one of these or releases something. So a heap may be full
//! while dropped roots hold much: who gets [`HeapError::Full`] collects, and tries once more.

use crate::bits::narrow;
use crate::{Heap, HeapError, Value};
use alloc::sync::Arc;
use std::sync::{Mutex, PoisonError};

/// Dropped roots that a new one sees to.
const DROPPED: usize = 64;

type Dropped = Arc<Mutex<Vec<u32>>>;

/// A reference of the host to a value of a heap.
///
/// What dropped roots kept is not freed while the heap allocates, not even where it is full:
/// [`Heap::step`], [`Heap::settle`] and [`Heap::collect`] see to it.
#[derive(Debug)]
pub struct Root {
    number: u32,
    serial: u64,
    dropped: Dropped,
}

impl Drop for Root {
    fn drop(&mut self) {
        let mut list = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        list.push(self.number);
    }
}

/// A value, and the serial of the root that keeps it; 0 where there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    serial: u64,
    pub(crate) value: Value,
}

impl Kept {
    const NOTHING: Self = Self {
        serial: 0,
        value: Value::NIL,
    };
}

#[derive(Debug, Default)]
pub(crate) struct Roots {
    /// By number.
    pub(crate) kept: Vec<Kept>,
    /// The serial of the handle that has a number; 0 where none has it.
    holders: Vec<u64>,
    free: Vec<u32>,
    last_serial: u64,
    dropped: Dropped,
}

impl Roots {
    /// The numbers whose handles were dropped since this was asked last; they are free now.
    fn take_dropped(&mut self, most: usize) -> Vec<u32> {
        let dropped = {
            let mut list = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
            let left = list.len().saturating_sub(most);
            list.split_off(left)
        };
        for number in &dropped {
            self.holders[*number as usize] = 0;
        }
        self.free.extend(&dropped);
        dropped
    }

    /// Takes the values back that a checkpoint has; those whose handles are dropped since, for their
    /// references to be released.
    pub(crate) fn restore(&mut self, kept: &[Kept]) -> Vec<Value> {
        self.take_dropped(usize::MAX);
        let numbers = self.holders.len();
        self.kept.clear();
        self.kept.extend_from_slice(kept);
        self.kept.resize(numbers, Kept::NOTHING);
        let mut gone = Vec::new();
        for (kept, holder) in self.kept.iter_mut().zip(&self.holders) {
            // A number that has another handle now, or none.
            if kept.serial != *holder {
                gone.push(core::mem::replace(kept, Kept::NOTHING).value);
            }
        }
        gone
    }

    /// Says whose heap this is; the same for no other.
    pub(crate) const fn identity(&self) -> &Arc<Mutex<Vec<u32>>> {
        &self.dropped
    }
}

impl Heap {
    /// Keeps a value for the host, taking one reference over.
    ///
    /// # Panics
    /// With 2^32 roots at a time.
    pub fn root(&mut self, value: Value) -> Root {
        self.drop_some_roots(DROPPED);
        if self.cycles.triggers.is_due {
            self.attend();
        }
        let roots = &mut self.roots;
        let number = roots.free.pop().unwrap_or_else(|| {
            roots.kept.push(Kept::NOTHING);
            roots.holders.push(0);
            narrow(roots.kept.len() - 1)
        });
        roots.last_serial += 1;
        let serial = roots.last_serial;
        roots.kept[number as usize] = Kept { serial, value };
        roots.holders[number as usize] = serial;
        Root {
            number,
            serial,
            dropped: Arc::clone(&roots.dropped),
        }
    }

    /// The value that a root keeps, lent.
    ///
    /// # Errors
    /// - [`HeapError::ForeignRoot`]: the root is of another heap.
    /// - [`HeapError::StaleRoot`]: the heap went back to a checkpoint that is older than the root.
    pub fn rooted(&self, root: &Root) -> Result<Value, HeapError> {
        if !Arc::ptr_eq(&root.dropped, &self.roots.dropped) {
            return Err(HeapError::ForeignRoot);
        }
        match self.roots.kept.get(root.number as usize) {
            Some(kept) if kept.serial == root.serial => Ok(kept.value),
            _ => Err(HeapError::StaleRoot),
        }
    }

    /// Releases what roots kept that are dropped.
    pub(crate) fn drop_roots(&mut self) {
        self.drop_some_roots(usize::MAX);
    }

    /// The same for so many of them. What dies by it is in the list of what waits to be freed: each of
    /// them worked off by itself would be a pause as long as all of them.
    pub(crate) fn drop_some_roots(&mut self, most: usize) {
        for number in self.roots.take_dropped(most) {
            let kept = &mut self.roots.kept[number as usize];
            let value = core::mem::replace(kept, Kept::NOTHING).value;
            if value.link() != 0 {
                self.release_child(value.link());
            }
        }
    }
}
