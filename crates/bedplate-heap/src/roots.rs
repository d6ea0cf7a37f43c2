//! References of hosts.
//!
//! # Role
//! [`Root`]: keeps a value until it is dropped, wherever that happens.
//!
//! # Concurrency
//! A root may be dropped on any thread: it leaves its number in a list behind a lock, which the heap
//! empties with the next root, step, settling or collection. Not while it allocates: what a caller was
//! lent stays there until the caller does one of these or releases something.

use crate::bits::narrow;
use crate::{Heap, HeapError, Value};
use alloc::sync::Arc;
use std::sync::{Mutex, PoisonError};

type Dropped = Arc<Mutex<Vec<u32>>>;

/// A reference of the host to a value of a heap.
#[derive(Debug)]
pub struct Root {
    number: u32,
    dropped: Dropped,
}

impl Drop for Root {
    fn drop(&mut self) {
        let mut list = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        list.push(self.number);
    }
}

#[derive(Debug, Default)]
pub(crate) struct Roots {
    values: Vec<Value>,
    free: Vec<u32>,
    dropped: Dropped,
}

impl Heap {
    /// Keeps a value for the host, taking one reference over.
    ///
    /// # Panics
    /// With 2^32 roots at a time.
    pub fn root(&mut self, value: Value) -> Root {
        self.drop_roots();
        let number = self.roots.free.pop().unwrap_or_else(|| {
            self.roots.values.push(Value::NIL);
            narrow(self.roots.values.len() - 1)
        });
        self.roots.values[number as usize] = value;
        Root {
            number,
            dropped: Arc::clone(&self.roots.dropped),
        }
    }

    /// The value that a root keeps, lent.
    ///
    /// # Errors
    /// - [`HeapError::ForeignRoot`]: the root is of another heap.
    pub fn rooted(&self, root: &Root) -> Result<Value, HeapError> {
        if !Arc::ptr_eq(&root.dropped, &self.roots.dropped) {
            return Err(HeapError::ForeignRoot);
        }
        Ok(self.roots.values[root.number as usize])
    }

    /// Releases what roots kept that are dropped.
    pub(crate) fn drop_roots(&mut self) {
        let dropped = {
            let mut list = self
                .roots
                .dropped
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            core::mem::take(&mut *list)
        };
        for number in dropped {
            let value = core::mem::replace(&mut self.roots.values[number as usize], Value::NIL);
            self.roots.free.push(number);
            self.release(value);
        }
    }
}
