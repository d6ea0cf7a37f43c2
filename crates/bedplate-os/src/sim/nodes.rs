//! Faked nodes.
//!
//! # Role
//! Takes memory policies in the kernel's place and keeps them for a test to look at, because a
//! machine with one node refuses a policy that names a second.
//!
//! # Concurrency
//! Speaks to the thread that started it; others reach the kernel.

use crate::linux::nodes::NODE_WORDS;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ptr::NonNull;

/// A policy that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The first address.
    pub address: usize,
    /// How many bytes.
    pub bytes: usize,
    /// The kernel's number of the policy.
    pub mode: i32,
    /// The physical nodes 0 to 63 as bits.
    pub nodes: u64,
}

std::thread_local! {
    static PLACED: RefCell<Option<Vec<Placed>>> = const { RefCell::new(None) };
}

/// Faked nodes, until dropped.
#[derive(Debug)]
pub struct FakeNodes {
    /// Keeps the value on its thread.
    _here: core::marker::PhantomData<*const ()>,
}

impl FakeNodes {
    /// Takes policies from now on.
    #[must_use]
    pub fn start() -> Self {
        PLACED.with(|placed| placed.replace(Some(Vec::new())));
        Self {
            _here: core::marker::PhantomData,
        }
    }

    /// The policies that were set since the start, in order.
    #[must_use]
    pub fn placed(&self) -> Vec<Placed> {
        PLACED.with(|placed| placed.borrow().clone().unwrap_or_default())
    }
}

impl Drop for FakeNodes {
    fn drop(&mut self) {
        PLACED.with(|placed| placed.replace(None));
    }
}

/// Takes a policy where a fake is on; false where the kernel should.
pub(crate) fn record(at: NonNull<u8>, bytes: usize, mode: i32, nodes: &[u64; NODE_WORDS]) -> bool {
    PLACED.with(|placed| {
        placed.borrow_mut().as_mut().is_some_and(|list| {
            list.push(Placed {
                address: at.addr().get(),
                bytes,
                mode,
                nodes: nodes[0],
            });
            true
        })
    })
}
